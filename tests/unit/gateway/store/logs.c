/* What becomes of the write-ahead log when nobody waits: its pages go into the database, its file stays for the next
 * commits to write over, and only one that grew long is cut. */
#include "fixture.h"

#include <sqlite3.h>

#define PATIENCE_MS 8000  /* the writer looks once a second, and waits a second before */
#define LIMIT (128 << 10) /* bytes */
#define MANY 60

Suite *suite_logs(void);

struct logs {
    struct fixture fixture;
    struct store *store;
    char database[120], log[130];
    unsigned sent;
    pid_t reader;
    int asked; /* the socket through which it is told to begin and to end */
};

static sqlite3 *open_file(const char *path, bool alone)
{
    sqlite3 *connection;
    char uri[200];

    snprintf(uri, sizeof uri, "file:%s?mode=ro%s", path, alone ? "&immutable=1" : "");
    ck_assert_int_eq(sqlite3_open_v2(uri, &connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL), SQLITE_OK);
    return connection;
}

/* A process of its own, as readers are: a writer that is started later would have a copy of a connection of this one. */
static void reader_run(const char *database, int asked)
{
    sqlite3 *connection = NULL;
    char what;

    while (read(asked, &what, 1) == 1) {
        if (what == 'b') {
            connection = open_file(database, false);
            if (sqlite3_exec(connection, "BEGIN; SELECT count(*) FROM message", NULL, NULL, NULL) != SQLITE_OK)
                break;
        } else if (sqlite3_close(connection) != SQLITE_OK)
            break;
        if (write(asked, &what, 1) != 1)
            break;
    }
    _exit(0);
}

static void reader_ask(const struct logs *logs, char what)
{
    char answer = 0;

    ck_assert_int_eq(write(logs->asked, &what, 1), 1);
    ck_assert_int_eq(read(logs->asked, &answer, 1), 1);
    ck_assert_int_eq(answer, what);
}

/* Until it is let go, nothing that is written after it is moved. */
static void reader_begin(const struct logs *logs)
{
    reader_ask(logs, 'b');
}

static void reader_end(const struct logs *logs)
{
    reader_ask(logs, 'e');
}

static void logs_open(struct logs *logs)
{
    int ends[2];

    fixture_open(&logs->fixture);
    logs->fixture.config.wal_checkpoint = LIMIT;
    fixture_start(&logs->fixture);
    logs->sent = 0;
    snprintf(logs->database, sizeof logs->database, "%s/mail/mail.db", logs->fixture.folder);
    snprintf(logs->log, sizeof logs->log, "%s-wal", logs->database);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    logs->reader = fork();
    ck_assert_int_ge(logs->reader, 0);
    if (!logs->reader) {
        close(ends[0]);
        reader_run(logs->database, ends[1]);
    }
    close(ends[1]);
    logs->asked = ends[0];
    logs->store = fixture_store(&logs->fixture, 0);
}

static void logs_close(struct logs *logs)
{
    kill(logs->reader, SIGKILL);
    close(logs->asked);
    ck_assert_int_eq(waitpid(logs->reader, NULL, 0), logs->reader);
    store_close(logs->store);
    fixture_close(&logs->fixture);
}

static void send_letters(struct logs *logs, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct acceptance acceptance;
        struct error error = {0};
        struct letter letter;

        letter_make(&letter, ++logs->sent);
        ck_assert_msg(letter_send(logs->store, &letter, &acceptance, &error), "%s", error.detail);
    }
}

static off_t length_of_log(const struct logs *logs)
{
    struct stat status;

    ck_assert_int_eq(stat(logs->log, &status), 0);
    return status.st_size;
}

/* Messages in the database's own file, as if there were no log. */
static unsigned in_database(const struct logs *logs)
{
    sqlite3 *connection = open_file(logs->database, true);
    sqlite3_stmt *statement;
    unsigned count = 0;

    if (sqlite3_prepare_v2(connection, "SELECT count(*) FROM message", -1, &statement, NULL) == SQLITE_OK
        && sqlite3_step(statement) == SQLITE_ROW)
        count = (unsigned)sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(connection);
    return count;
}

static bool is_moved(const struct logs *logs)
{
    return in_database(logs) == logs->sent;
}

static bool is_cut(const struct logs *logs)
{
    return length_of_log(logs) == 0;
}

static void until(const struct logs *logs, bool (*holds)(const struct logs *logs))
{
    int64_t end = time_monotonic() + PATIENCE_MS;

    while (!holds(logs) && time_monotonic() < end)
        usleep(50000);
    ck_assert(holds(logs));
}

START_TEST(is_moved_when_nobody_waits_and_its_file_is_written_over)
{
    struct logs logs;

    logs_open(&logs);
    reader_begin(&logs);
    send_letters(&logs, 1);
    off_t length = length_of_log(&logs);

    ck_assert_int_gt(length, 0);
    ck_assert(!is_moved(&logs));
    reader_end(&logs);
    until(&logs, is_moved);
    ck_assert_int_eq(length_of_log(&logs), length);
    send_letters(&logs, 1);
    ck_assert_int_eq(length_of_log(&logs), length);
    until(&logs, is_moved);
    logs_close(&logs);
}
END_TEST

/* A reader that does not end keeps the log from beginning anew. */
START_TEST(is_cut_when_it_grew_long)
{
    struct logs logs;

    logs_open(&logs);
    send_letters(&logs, 1);
    reader_begin(&logs);
    send_letters(&logs, MANY);
    off_t length = length_of_log(&logs);

    ck_assert_int_gt(length, 3 * LIMIT);
    reader_end(&logs);
    until(&logs, is_cut);
    ck_assert(is_moved(&logs));
    send_letters(&logs, 1);
    off_t after = length_of_log(&logs);

    ck_assert_int_gt(after, 0);
    ck_assert_int_lt(after, length);
    until(&logs, is_moved);
    ck_assert_int_eq(length_of_log(&logs), after);
    logs_close(&logs);
}
END_TEST

/* Killed, so that nothing of it was moved when nobody waited. */
static void start_again(struct logs *logs)
{
    store_close(logs->store);
    ck_assert_int_ne(fixture_end(&logs->fixture, SIGKILL), 0);
    fixture_start(&logs->fixture);
    logs->store = fixture_store(&logs->fixture, 0);
}

START_TEST(is_moved_by_a_writer_that_opens_and_its_file_is_written_over)
{
    struct logs logs;

    logs_open(&logs);
    reader_begin(&logs);
    send_letters(&logs, 1);
    off_t length = length_of_log(&logs);

    reader_end(&logs);
    ck_assert(!is_moved(&logs));
    start_again(&logs);
    ck_assert(is_moved(&logs));
    ck_assert_int_eq(length_of_log(&logs), length);
    send_letters(&logs, 1);
    ck_assert_int_eq(length_of_log(&logs), length);
    until(&logs, is_moved);
    logs_close(&logs);
}
END_TEST

/* At the first look, or, where a reader is in its way, once that is gone. */
START_TEST(is_cut_by_a_writer_that_finds_it_long)
{
    for (unsigned in_the_way = 0; in_the_way < 2; in_the_way++) {
        struct logs logs;

        logs_open(&logs);
        send_letters(&logs, 1);
        reader_begin(&logs);
        send_letters(&logs, MANY);
        ck_assert_int_gt(length_of_log(&logs), 3 * LIMIT);
        if (!in_the_way)
            reader_end(&logs);
        start_again(&logs);
        if (in_the_way) {
            usleep(100000);
            ck_assert(!is_cut(&logs));
            reader_end(&logs);
        }
        until(&logs, is_cut);
        ck_assert(is_moved(&logs));
        logs_close(&logs);
    }
}
END_TEST

Suite *suite_logs(void)
{
    Suite *suite = suite_create("logs");
    TCase *tcase = tcase_create("logs");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, is_moved_when_nobody_waits_and_its_file_is_written_over);
    tcase_add_test(tcase, is_cut_when_it_grew_long);
    tcase_add_test(tcase, is_moved_by_a_writer_that_opens_and_its_file_is_written_over);
    tcase_add_test(tcase, is_cut_by_a_writer_that_finds_it_long);
    suite_add_tcase(suite, tcase);
    return suite;
}
