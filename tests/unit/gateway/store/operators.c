/* What operators have: status, backup, verify, and the sweep of files that nobody refers to. */
#include "fixture.h"

#include <errno.h>
#include <time.h>
#include <utime.h>

#define LETTERS 3

Suite *suite_operators(void);

/* A store with letters; `control` reads beside the writer, or without it. */
struct office {
    struct fixture fixture;
    struct store *sender, *control;
    struct error error;
};

/* The writer and who asks it: as dpctl does, through the control socket. */
static void office_start(struct office *office)
{
    fixture_start(&office->fixture);
    office->sender = fixture_store(&office->fixture, 0);
    ck_assert(store_open_control(&office->fixture.config, &office->control, &office->error));
}

/* From here on dpctl is alone. */
static void office_end(struct office *office)
{
    fixture_end(&office->fixture, DRAIN);
    store_close(office->sender);
    office->sender = NULL;
    store_close(office->control);
    close(office->fixture.control);
    unlink(office->fixture.control_path);
    ck_assert(store_open_control(&office->fixture.config, &office->control, &office->error));
}

/* A letter is opened by whom it is for. */
static void letter_is_opened(struct office *office, unsigned number)
{
    struct store *reader = fixture_store(&office->fixture, READER_SLOT);
    struct letter letter;
    struct mailbox mailbox;
    bool found;

    letter_make(&letter, number);
    ck_assert(mailbox_of(reader, letter.number, &found, &mailbox, &office->error) && found);
    struct message_opening opening = {
        .owner = letter.number, .mailbox = mailbox.id, .message = uuid_of(4, number), .identity = uuid_of(9, number)};

    ck_assert_msg(message_opened(reader, &opening, &office->error), "%s", office->error.detail);
    store_close(reader);
}

static void office_open(struct office *office)
{
    memset(office, 0, sizeof *office);
    fixture_open(&office->fixture);
    office_start(office);
    for (unsigned i = 1; i <= LETTERS; i++)
        letter_must_be_taken(office->sender, i, false);
    letter_is_opened(office, 2);
}

static void office_close(struct office *office)
{
    store_close(office->sender);
    store_close(office->control);
    fixture_close(&office->fixture);
}

/* ---- verify ---- */

struct seen {
    char checks[40][32];
    size_t count;
};

static void see(void *state, const struct store_finding *finding)
{
    struct seen *seen = state;

    ck_assert_uint_gt(strlen(finding->text), 8);
    if (seen->count < 40)
        snprintf(seen->checks[seen->count++], 32, "%s", finding->check);
}

static uint64_t verify_it(struct store *store, struct seen *seen)
{
    struct error error = {0};
    uint64_t findings = UINT64_MAX;

    memset(seen, 0, sizeof *seen);
    ck_assert_msg(store_verify(store, letter_restore, NULL, see, seen, &findings, &error), "%s %s %s",
                  error_kind(error.code)->code, error.where, error.detail);
    ck_assert_uint_eq(findings, seen->count);
    return findings;
}

static bool saw(const struct seen *seen, const char *check)
{
    for (size_t i = 0; i < seen->count; i++)
        if (strcmp(seen->checks[i], check) == 0)
            return true;
    return false;
}

START_TEST(a_sound_store_has_no_findings_with_the_writer_and_without_it)
{
    struct office office;
    struct seen seen;

    office_open(&office);
    ck_assert_uint_eq(verify_it(office.control, &seen), 0);
    office_end(&office);
    ck_assert_uint_eq(verify_it(office.control, &seen), 0);
    office_close(&office);
}
END_TEST

/* What somebody or a bad disk may do to the rows, and which check has to see it. */
static const struct damage {
    const char *sql, *check;
} damages[] = {
    {"DELETE FROM event WHERE seq = 4", "event-chain"},
    {"DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)", "event-chain"},
    {"UPDATE event SET tag = 'MEMO_SEND_REPEATED' WHERE seq = 2", "event-chain"},
    {"UPDATE event SET time = time + 1 WHERE seq = 2", "event-chain"},
    {"UPDATE event SET actor = 'somebody else' WHERE seq = 3", "event-chain"},
    {"UPDATE event SET hash = zeroblob(32) WHERE seq = 3", "event-chain"},
    {"UPDATE content_bytes SET bytes = zeroblob(length(bytes)) WHERE seq = 2", "content-digest"},
    {"UPDATE content_bytes SET bytes = substr(bytes, 2) WHERE seq = 2", "content-digest"},
    {"UPDATE content SET bytes = NULL WHERE bytes = 2; DELETE FROM content_bytes WHERE seq = 2", "content-missing"},
    {"PRAGMA foreign_keys=off; DELETE FROM content WHERE bytes = 2", "content-missing"},
    {"UPDATE content SET refs = refs + 1 WHERE bytes = 2", "references"},
    {"INSERT INTO content_bytes (bytes) VALUES (x'00')", "references"},
    {"DELETE FROM skeleton WHERE message = 2", "references"},
    {"UPDATE skeleton SET bytes = substr(bytes, 1, length(bytes) - 1) WHERE message = 2", "skeleton"},
    {"UPDATE skeleton SET bytes = CAST(bytes || x'00' AS BLOB) WHERE message = 2", "skeleton"},
    {"UPDATE skeleton SET bytes = CAST(substr(bytes, 1, 4) || zeroblob(length(bytes) - 4) AS BLOB) WHERE message = 2",
     "skeleton"},
    {"UPDATE skeleton SET bytes = CAST(substr(bytes, 1, length(bytes) - 8) || zeroblob(8) AS BLOB) WHERE message = 2",
     "skeleton"},
    {"UPDATE skeleton SET bytes = (SELECT bytes FROM skeleton WHERE message = 1) WHERE message = 2", "letter"},
    {"UPDATE skeleton SET bytes = CAST('<a/>' AS BLOB) WHERE message = 2", "letter"},
    {"UPDATE message SET digest = randomblob(32) WHERE seq = 2", "letter"},
    {"UPDATE message SET size = size + 1 WHERE seq = 2", "letter"},
    {"UPDATE message SET size = size - 1 WHERE seq = 2", "letter"},
    {"UPDATE file SET skeleton_offset = skeleton_offset - 1 WHERE message = 2 AND number = 3", "letter"},
    {"UPDATE file SET skeleton_offset = 0 WHERE message = 2 AND number = 3", "letter"},
    {"UPDATE file SET skeleton_offset = 8001 WHERE message = 2 AND number = 4", "letter"},
    {"UPDATE file SET layout = x'819b05' WHERE message = 2 AND number = 3", "letter"},
    {"UPDATE file SET layout = NULL WHERE message = 2 AND number = 3", "letter"},
    {"UPDATE file SET layout = x'80' WHERE message = 2 AND number = 3", "letter"},
    {"UPDATE file SET layout = x'09ffffffffffffffff7f' WHERE message = 2 AND number = 3", "letter"},
    {"UPDATE file SET layout_digest = digest WHERE message = 2 AND number = 3", "letter"},
    {"UPDATE file SET digest = (SELECT digest FROM file WHERE message = 1 AND number = 2) WHERE message = 2"
     " AND number = 2",
     "letter"},
    {"UPDATE content SET bytes = (SELECT bytes FROM content WHERE digest = (SELECT digest FROM file WHERE message = 1"
     " AND number = 2)) WHERE digest = (SELECT digest FROM file WHERE message = 2 AND number = 2)",
     "letter"},
    {"UPDATE content SET size = 1 << 61 WHERE bytes = 2", "letter"},
    {"UPDATE message SET view = '' WHERE seq = 2", "letter"},
    {"UPDATE message SET label = 'Et andet brev' WHERE seq = 2", "letter"},
    {"UPDATE message SET label = NULL WHERE seq = 2", "letter"},
    {"UPDATE message SET legal_notification = 1 WHERE seq = 2", "letter"},
    {"UPDATE message SET available = available + 1 WHERE seq = 2", "letter"},
    {"UPDATE message SET mailbox = 1 WHERE seq = 2", "letter"},
    {"UPDATE message SET message_id = '', label = message_id || label WHERE seq = 2", "letter"},
    {"UPDATE document SET label = '' WHERE message = 2", "letter"},
    {"UPDATE document SET actions = '[]' WHERE message = 2", "letter"},
    {"UPDATE file SET filename = 'brev.html' WHERE message = 2 AND number = 1", "letter"},
    {"UPDATE file SET format = 'text/html' WHERE message = 2 AND number = 1", "letter"},
    {"UPDATE file SET id = randomblob(16) WHERE message = 2 AND number = 1", "letter"},
    {"PRAGMA foreign_keys=off; DELETE FROM message WHERE seq = 2; DELETE FROM skeleton WHERE message = 2; DELETE FROM"
     " document WHERE message = 2; DELETE FROM file WHERE message = 2; DELETE FROM receipt WHERE message = 2; DELETE "
     "FROM"
     " opening WHERE message = 2",
     "letter"},
    {"PRAGMA foreign_keys=off; DELETE FROM document WHERE message = 2", "foreign-keys"},
    {"UPDATE counter SET value = value + 1 WHERE name = 'messages'", "counter"},
    {"UPDATE folder SET total = total + 1", "counter"},
    /* in another's mailbox, with every number right */
    {"UPDATE message SET folder = (SELECT seq FROM folder WHERE mailbox = 1 AND type = 1) WHERE seq = 2;"
     " UPDATE folder SET total = (SELECT count(*) FROM message WHERE folder = folder.seq AND state = 1),"
     " unread = (SELECT count(*) FROM message WHERE folder = folder.seq AND state = 1 AND read = 0)",
     "place"},
    {"UPDATE folder SET unread = 0", "counter"},
    {"UPDATE sender SET receipts = receipts + 1", "counter"},
    {"DELETE FROM receipt WHERE message = 2", "receipts"},
    {"INSERT INTO receipt (id, sender, message, status, time) VALUES (randomblob(16), 1, 2, 1, 1)", "receipts"},
    {"UPDATE receipt SET status = 3 WHERE message = 2", "receipts"},
    {"INSERT INTO outbox (id, kind, target, subject, due) VALUES (randomblob(16), 'RECEIPT_PUSH', randomblob(16),"
     " randomblob(16), 1)",
     "outbox"},
    {"DELETE FROM opening", "openings"},
    {"UPDATE opening SET identity = randomblob(16)", "openings"},
    {"INSERT INTO opening (message, identity, first, last) SELECT 3, identity, first, last FROM opening", "openings"},
};

START_TEST(verify_sees_each_damage)
{
    const struct damage *damage = &damages[_i];
    struct office office;
    struct seen seen;
    char command[1000];

    office_open(&office);
    office_end(&office);
    snprintf(command, sizeof command, "sqlite3 '%s/mail/mail.db' \"%s\"", office.fixture.folder, damage->sql);
    ck_assert_int_eq(system(command), 0);
    ck_assert_msg(verify_it(office.control, &seen) > 0, "not seen: %s", damage->sql);
    ck_assert_msg(saw(&seen, damage->check), "%s: %s, not %s", damage->sql, seen.checks[0], damage->check);
    office_close(&office);
}
END_TEST

/* The page is read from the database, for the log is emptied before. */
START_TEST(verify_sees_pages_that_do_not_hang_together)
{
    struct office office;
    struct seen seen;
    char path[200], command[300], zeros[4096] = {0};

    office_open(&office);
    office_end(&office);
    store_close(office.control);
    snprintf(path, sizeof path, "%s/mail/mail.db", office.fixture.folder);
    snprintf(command, sizeof command, "sqlite3 '%s' 'PRAGMA wal_checkpoint(TRUNCATE)'", path);
    ck_assert_int_eq(system(command), 0);
    long page = ask_mail(&office.fixture, "SELECT rootpage FROM sqlite_schema WHERE name = 'receipt_waiting'");
    int fd = open(path, O_WRONLY);

    ck_assert_int_gt(page, 1);
    ck_assert_int_eq(pwrite(fd, zeros, sizeof zeros, (page - 1) * 4096), sizeof zeros);
    close(fd);
    ck_assert(store_open_control(&office.fixture.config, &office.control, &office.error));
    ck_assert_uint_gt(verify_it(office.control, &seen), 0);
    ck_assert(saw(&seen, "integrity"));
    office_close(&office);
}
END_TEST

/* ---- backup ---- */

START_TEST(a_backup_beside_the_writer_is_whole_and_verifies)
{
    struct office office;
    struct seen seen;
    char target[100], run[100];

    office_open(&office);
    snprintf(target, sizeof target, "%s/copy", office.fixture.folder);
    ck_assert_msg(store_backup(office.control, target, NULL, NULL, &office.error), "%s", office.error.detail);
    letter_must_be_taken(office.sender, LETTERS + 1, false);
    struct config copied = office.fixture.config;
    struct store *copy;

    snprintf(run, sizeof run, "%s/nobody", office.fixture.folder);
    copied.state_dir = target;
    copied.run_dir = run;
    ck_assert_int_eq(mkdir(run, 0700), 0);
    ck_assert_msg(store_open_control(&copied, &copy, &office.error), "%s", office.error.detail);
    ck_assert_uint_eq(verify_it(copy, &seen), 0);
    struct store_status status;

    ck_assert(store_status(copy, &status, &office.error));
    ck_assert_uint_eq(status.messages, LETTERS);
    ck_assert(!status.writer_running);
    store_close(copy);
    office_close(&office);
}
END_TEST

START_TEST(a_backup_never_touches_what_is_there)
{
    struct office office;
    char target[100], inside[120];

    office_open(&office);
    snprintf(target, sizeof target, "%s/copy", office.fixture.folder);
    snprintf(inside, sizeof inside, "%s/mine", target);
    ck_assert_int_eq(mkdir(target, 0700), 0);
    close(open(inside, O_CREAT | O_WRONLY, 0600));
    ck_assert(!store_backup(office.control, target, NULL, NULL, &office.error));
    ck_assert_int_eq(access(inside, F_OK), 0);
    office_close(&office);
}
END_TEST

/* ---- status ---- */

START_TEST(status_counts_what_is_there)
{
    struct office office;
    struct store_status status;

    office_open(&office);
    ck_assert(store_status(office.control, &status, &office.error));
    ck_assert_uint_eq(status.messages, LETTERS);
    ck_assert_uint_eq(status.held, 0);
    ck_assert_uint_eq(status.contents, LETTERS * (LETTER_FILES - 1) + 1);
    ck_assert_uint_eq(status.content_bytes, 4000 * (LETTERS * (LETTER_FILES - 1) + 1));
    ck_assert_uint_eq(status.receipts, LETTERS);
    ck_assert_uint_gt(status.events, LETTERS);
    ck_assert_uint_gt(status.free_bytes, 0);
    ck_assert(status.writer_running);
    office_end(&office);
    ck_assert(store_status(office.control, &status, &office.error));
    ck_assert(!status.writer_running);
    ck_assert_uint_eq(status.messages, LETTERS);
    office_close(&office);
}
END_TEST

/* ---- a gateway whose writer is dead for good: the supervisor keeps the socket ---- */

#define CALLS 20 /* more than the socket takes in unanswered */
#define PATIENCE_MS 4000

/* dpctl calls, reads, and asks for a change; whether it heard a writer. */
static bool heard(struct office *office)
{
    struct store_status status;
    struct uuid nothing = uuid_of(8, 1);

    office->error = (struct error){0};
    store_close(office->control);
    ck_assert_msg(store_open_control(&office->fixture.config, &office->control, &office->error), "%s",
                  office->error.detail);
    ck_assert_msg(store_status(office->control, &status, &office->error), "%s", office->error.detail);
    ck_assert_uint_eq(status.messages, LETTERS);
    ck_assert_int_ne(status.writer_running, status.writer_silent);
    ck_assert(!job_retry(office->control, &nothing, &office->error));
    ck_assert_int_eq(office->error.code, status.writer_silent ? ERROR_STORE_UNAVAILABLE : ERROR_NOT_FOUND);
    return status.writer_running;
}

static void fill_queue(const struct office *office)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    strcpy(address.sun_path, office->fixture.control_path);
    for (int i = 0; i < CALLS; i++) {
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        ck_assert(connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN);
    }
}

START_TEST(a_writer_that_does_not_answer_is_told_from_one_that_runs)
{
    struct office office;

    office_open(&office);
    ck_assert(heard(&office));
    kill(office.fixture.writer, SIGSTOP);
    for (int full = 0; full <= 1; full++) {
        int64_t begun = time_monotonic();

        ck_assert(!heard(&office));
        ck_assert_int_lt(time_monotonic() - begun, PATIENCE_MS);
        fill_queue(&office);
    }
    kill(office.fixture.writer, SIGCONT);
    ck_assert(heard(&office));
    office_close(&office);
}
END_TEST

/* ---- sweep ---- */

static void leave_file(const struct office *office, const char *below, int hours, char *path, size_t room)
{
    struct utimbuf times = {.actime = time(NULL) - hours * 3600, .modtime = time(NULL) - hours * 3600};
    char folder[160];

    snprintf(path, room, "%s/%s", office->fixture.folder, below);
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    ck_assert(mkdir(folder, 0750) == 0 || errno == EEXIST);
    int fd = open(path, O_CREAT | O_WRONLY | O_EXCL, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "left", 4), 4);
    close(fd);
    ck_assert_int_eq(utime(path, &times), 0);
}

static bool gone_within(const char *path, int seconds)
{
    for (int i = 0; i < seconds * 50 && access(path, F_OK) == 0; i++)
        usleep(20000);
    return access(path, F_OK) != 0;
}

#define ORPHAN_REST "00000000000000000000000000000000000000000000000000000000000000"
#define ORPHAN "000000000000000000000000000000000000000000000000000000000000000" /* and one digit */

START_TEST(old_files_that_nobody_refers_to_are_swept_and_no_others)
{
    struct office office;
    char old[200], young[200], referred[200], spooled[200], sql[400];

    office_open(&office);
    /* A content that a letter has, as a file as old as the one that goes. */
    fixture_end(&office.fixture, DRAIN);
    snprintf(sql, sizeof sql,
             "sqlite3 '%s/mail/mail.db' \"UPDATE content SET digest = CAST(zeroblob(31) || x'01' AS BLOB), bytes = "
             "NULL WHERE bytes = 2\"",
             office.fixture.folder);
    ck_assert_int_eq(system(sql), 0);
    leave_file(&office, STORE_CONTENTS "/00/" ORPHAN "1", 25, referred, sizeof referred);
    leave_file(&office, STORE_CONTENTS "/00/" ORPHAN "2", 23, young, sizeof young);
    leave_file(&office, STORE_CONTENTS "/00/" ORPHAN "0", 25, old, sizeof old);
    leave_file(&office, STORE_SPOOL "/00000000-0000-4000-8000-000000000000", 25, spooled, sizeof spooled);
    store_close(office.sender);
    store_close(office.control);
    office_start(&office);
    ck_assert(gone_within(old, 30));
    ck_assert(gone_within(spooled, 5)); /* it does not wait for a round of contents/ */
    ck_assert_int_eq(access(referred, F_OK), 0);
    ck_assert_int_eq(access(young, F_OK), 0);
    office_close(&office);
}
END_TEST

static void send_without_end(struct office *office)
{
    for (unsigned number = LETTERS + 1;; number++) {
        letter_must_be_taken(office->sender, number, false);
        usleep(50000);
    }
}

START_TEST(a_writer_that_is_never_idle_sweeps_too)
{
    struct office office;
    char old[200], spooled[200];

    office_open(&office);
    pid_t sender = fork();

    ck_assert_int_ge(sender, 0);
    if (!sender)
        send_without_end(&office);
    sleep(1);
    leave_file(&office, STORE_CONTENTS "/20/20" ORPHAN_REST, 25, old, sizeof old);
    leave_file(&office, STORE_SPOOL "/00000000-0000-4000-8000-000000000000", 25, spooled, sizeof spooled);
    ck_assert(gone_within(spooled, 5));
    ck_assert(gone_within(old, 60)); /* a round of contents/ */
    ck_assert_int_eq(waitpid(sender, NULL, WNOHANG), 0);
    kill(sender, SIGKILL);
    waitpid(sender, NULL, 0);
    office_close(&office);
}
END_TEST

Suite *suite_operators(void)
{
    Suite *suite = suite_create("operators");
    TCase *tests = tcase_create("operators");

    tcase_set_timeout(tests, 90);
    tcase_add_test(tests, a_sound_store_has_no_findings_with_the_writer_and_without_it);
    tcase_add_loop_test(tests, verify_sees_each_damage, 0, sizeof damages / sizeof *damages);
    tcase_add_test(tests, verify_sees_pages_that_do_not_hang_together);
    tcase_add_test(tests, a_backup_beside_the_writer_is_whole_and_verifies);
    tcase_add_test(tests, a_backup_never_touches_what_is_there);
    tcase_add_test(tests, status_counts_what_is_there);
    tcase_add_test(tests, a_writer_that_does_not_answer_is_told_from_one_that_runs);
    tcase_add_test(tests, old_files_that_nobody_refers_to_are_swept_and_no_others);
    tcase_add_test(tests, a_writer_that_is_never_idle_sweeps_too);
    suite_add_tcase(suite, tests);
    return suite;
}
