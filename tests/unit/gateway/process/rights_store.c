/* A store at work whose processes gave up their rights: what they need is still theirs. */
#include "tests/unit/gateway/process/rights_fixture.h"
#include "tests/unit/gateway/store/fixture.h"

#include <signal.h>

#define SENDER_SLOT 0
#define RECEIPT_SLOT 6
#define LARGE (300u * 1024) /* more than goes through a slot at once */

Suite *suite_rights_store(void);

static struct fixture fixture;

static struct process process_as(enum role role)
{
    return (struct process){
        .role = role,
        .config = &fixture.config,
        .metrics = fixture.metrics,
        .log = {.role = role_name(role), .slot = -1, .least = LOG_ERROR, .fd = STDERR_FILENO},
    };
}

/* As `dpctl init`, the databases are made by the writer's own user. */
static void make_databases(void)
{
    struct error error = {0};
    struct writer *writer;
    int status;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (!child) {
        const struct passwd *user = users_there() ? getpwnam("dp-writer") : NULL;

        if (user && (initgroups("dp-writer", user->pw_gid) || setgid(user->pw_gid) || setuid(user->pw_uid)))
            _exit(2);
        if (!writer_open(&fixture.config, NULL, NULL, &error, &writer))
            _exit(3);
        writer_close(writer);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

static void start_writer(void)
{
    struct process process = process_as(ROLE_WRITER);
    struct error error = {0};
    struct writer *writer;
    sigset_t drain;
    int ready[2];
    char byte;

    process.slot_count = SLOTS;
    ck_assert_int_eq(pipe(ready), 0);
    fixture.writer = fork();
    ck_assert_int_ge(fixture.writer, 0);
    if (!fixture.writer) {
        sigemptyset(&drain);
        sigaddset(&drain, DRAIN);
        sigprocmask(SIG_BLOCK, &drain, NULL);
        if (!writer_open(&fixture.config, &process.log, fixture.metrics, &error, &writer))
            _exit(2);
        give_up_or_end(&process);
        if (write(ready[1], "", 1) != 1)
            _exit(3);
        bool drained = writer_serve(writer, fixture.slots, SLOTS, fixture.control, DRAIN, &error);

        writer_close(writer);
        _exit(drained ? 0 : 1);
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
}

static void begin_store(void)
{
    fixture_open(&fixture);
    fixture.config.sandbox = true;
    fixture.config.switch_user = users_there();
    fixture.config.user_prefix = "dp-";
    fixture.config.worker_memory = MEMORY;
    state_make(fixture.folder);
    make_databases();
    start_writer();
}

static void end_store(void)
{
    fixture_close(&fixture);
}

/* ---- children; each opens, gives up its rights, works, and exits with 0 when all went well ---- */

static bool send_spooled(struct store *store, struct spool *spool, unsigned number)
{
    static unsigned char bytes[LARGE];
    struct letter letter;
    struct acceptance acceptance;
    struct error error = {0};
    struct part *part;
    const void *inside;
    struct kept_content *content = &letter.contents[1];

    letter_make(&letter, number);
    memset(bytes, (int)number, sizeof bytes);
    if (!part_open(spool, 0, &part, &error) || !part_add(part, bytes, sizeof bytes, &error)
        || !part_finish(part, &inside, &content->spool_name, &content->size, &error)
        || !part_digest(part, &content->digest, &error))
        return false;
    content->bytes = NULL;
    part_hand_over(part);
    bool sent = letter_send(store, &letter, &acceptance, &error);

    part_close(part);
    return sent;
}

/* Its skeleton is too large for the slot, so the change itself goes through the spool. */
static bool send_large(struct store *store, unsigned number)
{
    static char skeleton[LARGE];
    struct letter letter;
    struct acceptance acceptance;
    struct error error = {0};

    letter_make(&letter, number);
    no_pattern(skeleton, sizeof skeleton);
    letter.submission.skeleton = skeleton;
    letter.submission.skeleton_size = sizeof skeleton;
    return letter_send(store, &letter, &acceptance, &error);
}

static bool send_small(struct store *store, unsigned number)
{
    struct letter letter;
    struct acceptance acceptance;
    struct error error = {0};

    letter_make(&letter, number);
    return letter_send(store, &letter, &acceptance, &error);
}

static int send_three(struct store *store, struct spool *spool, unsigned first)
{
    struct digest certificate = {{1}};
    struct error error = {0};
    bool revoked;

    if (!registry_revoked(store, &certificate, &revoked, &error))
        return 10;
    if (!send_small(store, first))
        return 11;
    if (!send_large(store, first + 1))
        return 12;
    return send_spooled(store, spool, first + 2) ? 0 : 13;
}

/* Sends, says so, waits to be told, and sends again, by then with another writer. */
static int sender(int say, int hear)
{
    struct process process = process_as(ROLE_SENDER);
    struct store *store = fixture_store(&fixture, SENDER_SLOT);
    struct error error = {0};
    char path[100], byte;
    struct spool *spool;
    int failure;

    snprintf(path, sizeof path, "%s/spool", fixture.folder);
    if (!spool_open(path, &spool, &error))
        return 2;
    give_up_or_end(&process);
    failure = send_three(store, spool, 1);
    if (failure || write(say, "", 1) != 1 || read(hear, &byte, 1) != 1)
        return failure ? failure : 3;
    failure = send_three(store, spool, 11);
    store_close(store);
    spool_close(spool);
    return failure;
}

static int receiver(void)
{
    struct process process = process_as(ROLE_RECEIPT);
    struct store *store = fixture_store(&fixture, RECEIPT_SLOT);
    struct arena *arena = arena_new(1u << 20);
    struct uuid system = uuid_of(1, 1);
    struct receipt *receipts;
    struct error error = {0};
    uint64_t total;
    size_t count;

    give_up_or_end(&process);
    if (!receipts_list(store, &system, 0, 10, arena, &receipts, &count, &total, &error) || count != 6)
        return 2;
    if (!receipts_delete(store, &system, &receipts[0].id, time_now(), &error))
        return 3;
    if (!receipts_list(store, &system, 0, 10, arena, &receipts, &count, &total, &error) || count != 5)
        return 4;
    store_close(store);
    return 0;
}

static int end_of(pid_t child)
{
    int status;

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(letters_are_taken_and_receipts_read_with_the_rights_that_are_left)
{
    int says[2], hears[2];
    char byte;
    pid_t child;

    ck_assert(pipe(says) == 0 && pipe(hears) == 0);
    child = fork();
    if (!child)
        _exit(sender(says[1], hears[0]));
    close(says[1]);
    ck_assert_msg(read(says[0], &byte, 1) == 1, "the sender ended: %x", (unsigned)end_of(child));
    fixture_end(&fixture, SIGKILL);
    start_writer();
    ck_assert_int_eq(write(hears[1], "", 1), 1);
    ck_assert_int_eq(end_of(child), 0);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM message"), 6);

    child = fork();
    if (!child)
        _exit(receiver());
    ck_assert_int_eq(end_of(child), 0);
    ck_assert_int_eq(fixture_end(&fixture, DRAIN), 0);
}
END_TEST

Suite *suite_rights_store(void)
{
    Suite *suite = suite_create("process/rights_store");
    TCase *tests = tcase_create("rights_store");

    tcase_add_checked_fixture(tests, begin_store, end_store);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, letters_are_taken_and_receipts_read_with_the_rights_that_are_left);
    suite_add_tcase(suite, tests);
    return suite;
}
