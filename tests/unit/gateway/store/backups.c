/* A copy that is made while letters come in all the time. */
#include "fixture.h"

#include <errno.h>
#include <sys/file.h>

#define LETTERS 170 /* 6 MB of mail.db: a dozen pieces of a copy */
#define PIECES_MOST 200
#define GROWTH (200L * 1024) /* of the log in each piece, by some letters */

Suite *suite_backups(void);

struct office {
    struct fixture fixture;
    struct store *control;
    struct error error;
    pid_t sender; /* sends letters without end; ends with 1 when one was refused */
    char log[100], target[100], partial[110], dies_at[140];
    long log_bytes; /* at the piece before */
    int pieces;
};

static void send_without_end(struct fixture *fixture)
{
    struct store *store = fixture_store(fixture, 1);

    for (unsigned number = LETTERS + 1;; number++) {
        struct letter letter;
        struct acceptance acceptance;
        struct error error;

        letter_make(&letter, number);
        if (!letter_send(store, &letter, &acceptance, &error))
            _exit(1);
    }
}

static void office_open(struct office *office, uint64_t wal_cap)
{
    memset(office, 0, sizeof *office);
    fixture_open(&office->fixture);
    office->fixture.config.wal_checkpoint = 256u << 10;
    office->fixture.config.wal_cap = wal_cap;
    snprintf(office->log, sizeof office->log, "%s/mail/mail.db-wal", office->fixture.folder);
    snprintf(office->target, sizeof office->target, "%s/copy", office->fixture.folder);
    snprintf(office->partial, sizeof office->partial, "%s.partial", office->target);
    fixture_start(&office->fixture);
    struct store *sender = fixture_store(&office->fixture, 0);

    for (unsigned i = 1; i <= LETTERS; i++)
        letter_must_be_taken(sender, i, false);
    store_close(sender);
    ck_assert(store_open_control(&office->fixture.config, &office->control, &office->error));
    office->sender = fork();
    ck_assert_int_ge(office->sender, 0);
    if (!office->sender)
        send_without_end(&office->fixture);
}

/* Nobody's letter was refused. */
static void sender_ends(struct office *office)
{
    int status;

    ck_assert_int_eq(waitpid(office->sender, &status, WNOHANG), 0);
    kill(office->sender, SIGKILL);
    waitpid(office->sender, &status, 0);
}

static void office_close(struct office *office)
{
    store_close(office->control);
    fixture_close(&office->fixture);
}

static long log_bytes(const struct office *office)
{
    struct stat status;

    return stat(office->log, &status) == 0 ? (long)status.st_size : 0;
}

/* Between two pieces of the copy of mail.db letters come in. */
static void letters_come_in(void *state, uint64_t done, uint64_t total)
{
    struct office *office = state;

    ck_assert_int_lt(++office->pieces, PIECES_MOST);
    if (done < total)
        usleep(10000);
}

/* The same, until the log has grown by some. */
static void log_grows(void *state, uint64_t done, uint64_t total)
{
    struct office *office = state;

    ck_assert_int_lt(++office->pieces, PIECES_MOST);
    office->log_bytes = log_bytes(office);
    for (int i = 0; done < total && i < 500 && log_bytes(office) < office->log_bytes + GROWTH; i++)
        usleep(2000);
}

static uint64_t findings_of_copy(struct office *office, struct store_status *status)
{
    struct config copied = office->fixture.config;
    struct store *copy;
    char run[100];
    uint64_t findings = UINT64_MAX;

    snprintf(run, sizeof run, "%s/nobody", office->fixture.folder);
    ck_assert_int_eq(mkdir(run, 0700), 0);
    copied.state_dir = office->target;
    copied.run_dir = run;
    ck_assert_msg(store_open_control(&copied, &copy, &office->error), "%s", office->error.detail);
    ck_assert(store_verify(copy, letter_restore, NULL, NULL, NULL, &findings, &office->error));
    ck_assert(store_status(copy, status, &office->error));
    store_close(copy);
    return findings;
}

static void copy_is_whole(struct office *office)
{
    struct store_status status;

    office->error = (struct error){0};
    ck_assert_msg(store_backup(office->control, office->target, NULL, NULL, &office->error), "%s %s",
                  office->error.where, office->error.detail);
    ck_assert_uint_eq(findings_of_copy(office, &status), 0);
    ck_assert_int_eq(access(office->partial, F_OK), -1);
}

START_TEST(a_copy_made_under_load_ends_and_is_of_one_moment)
{
    struct office office;
    struct store_status status;

    office_open(&office, 64u << 20);
    ck_assert_msg(store_backup(office.control, office.target, letters_come_in, &office, &office.error), "%s",
                  office.error.detail);
    sender_ends(&office);
    ck_assert_uint_eq(findings_of_copy(&office, &status), 0);
    ck_assert_uint_ge(status.messages, LETTERS);
    ck_assert_int_lt((long)status.messages, ask_mail(&office.fixture, "SELECT count(*) FROM message"));
    office_close(&office);
}
END_TEST

START_TEST(a_copy_gives_up_before_mail_would_be_refused)
{
    struct office office;

    office_open(&office, 2u << 20);
    ck_assert(!store_backup(office.control, office.target, log_grows, &office, &office.error));
    ck_assert_int_eq(office.error.code, ERROR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(office.error.detail, "wal_cap"));
    sleep(2); /* the writer looks at the room once a second */
    sender_ends(&office);
    ck_assert_int_eq(access(office.target, F_OK), -1);
    ck_assert_int_eq(access(office.partial, F_OK), -1);
    copy_is_whole(&office);
    office_close(&office);
}
END_TEST

/* ---- what a copy that did not end leaves ---- */

static void dies(void *state, uint64_t done, uint64_t total)
{
    struct office *office = state;

    (void)done;
    (void)total;
    if (access(office->dies_at, F_OK) == 0)
        kill(getpid(), SIGKILL);
}

static void die_at(struct office *office, const char *below)
{
    int status;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    snprintf(office->dies_at, sizeof office->dies_at, "%s/%s", office->partial, below);
    if (!child) {
        ck_assert(store_open_control(&office->fixture.config, &office->control, &office->error));
        _exit(store_backup(office->control, office->target, dies, office, &office->error));
    }
    waitpid(child, &status, 0);
    ck_assert(WIFSIGNALED(status));
}

/* A content that is a file, and not yet any letter's. */
static void keep_content(const struct office *office)
{
    char path[200];

    snprintf(path, sizeof path, "%s/mail/contents/00/%064d", office->fixture.folder, 0);
    int fd = open(path, O_CREAT | O_WRONLY | O_EXCL, 0640);

    ck_assert_int_eq(write(fd, "content", 7), 7);
    close(fd);
}

START_TEST(a_copy_that_died_is_in_nobodys_way)
{
    struct office office;
    char content[100];

    office_open(&office, 64u << 20);
    sender_ends(&office);
    keep_content(&office);
    snprintf(content, sizeof content, "mail/contents/00/%064d", 0);
    die_at(&office, "mail/mail.db");
    die_at(&office, content);
    copy_is_whole(&office);
    office_close(&office);
}
END_TEST

START_TEST(what_no_backup_put_there_stays)
{
    struct office office;
    char mine[120];

    office_open(&office, 64u << 20);
    sender_ends(&office);
    die_at(&office, "mail/mail.db");
    snprintf(mine, sizeof mine, "%s/mail/mine", office.partial);
    close(open(mine, O_CREAT | O_WRONLY, 0600));
    ck_assert(!store_backup(office.control, office.target, NULL, NULL, &office.error));
    ck_assert_int_eq(access(mine, F_OK), 0);
    office_close(&office);
}
END_TEST

START_TEST(two_copies_to_one_place_do_not_meet)
{
    struct office office;

    office_open(&office, 64u << 20);
    sender_ends(&office);
    ck_assert_int_eq(mkdir(office.partial, 0750), 0);
    int other = open(office.partial, O_RDONLY | O_DIRECTORY);

    ck_assert_int_eq(flock(other, LOCK_EX), 0);
    ck_assert(!store_backup(office.control, office.target, NULL, NULL, &office.error));
    ck_assert_int_eq(office.error.code, ERROR_ALREADY_EXISTS);
    close(other);
    copy_is_whole(&office);
    office_close(&office);
}
END_TEST

Suite *suite_backups(void)
{
    Suite *suite = suite_create("backups");
    TCase *tests = tcase_create("backups");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_copy_made_under_load_ends_and_is_of_one_moment);
    tcase_add_test(tests, a_copy_gives_up_before_mail_would_be_refused);
    tcase_add_test(tests, a_copy_that_died_is_in_nobodys_way);
    tcase_add_test(tests, what_no_backup_put_there_stays);
    tcase_add_test(tests, two_copies_to_one_place_do_not_meet);
    suite_add_tcase(suite, tests);
    return suite;
}
