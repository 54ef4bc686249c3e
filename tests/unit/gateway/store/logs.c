/* What becomes of the write-ahead log when nobody waits: its pages go into the database, its file stays for the next
 * commits to write over, and only one that grew long is cut. */
#include "fixture.h"

#include <sqlite3.h>

#define PATIENCE_MS 8000 /* the writer looks once a second, and waits a second before */
#define MANY 60

Suite *suite_logs(void);

struct logs {
    struct fixture fixture;
    struct store *store;
    char database[120], log[130];
    unsigned sent;
};

static void logs_open(struct logs *logs)
{
    fixture_open(&logs->fixture);
    logs->fixture.config.wal_checkpoint = 64u << 10;
    fixture_start(&logs->fixture);
    logs->store = fixture_store(&logs->fixture, 0);
    logs->sent = 0;
    snprintf(logs->database, sizeof logs->database, "%s/mail/mail.db", logs->fixture.folder);
    snprintf(logs->log, sizeof logs->log, "%s-wal", logs->database);
}

static void logs_close(struct logs *logs)
{
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

static sqlite3 *open_file(const char *path, bool alone)
{
    sqlite3 *connection;
    char uri[200];

    snprintf(uri, sizeof uri, "file:%s?mode=ro%s", path, alone ? "&immutable=1" : "");
    ck_assert_int_eq(sqlite3_open_v2(uri, &connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL), SQLITE_OK);
    return connection;
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

/* Until it is let go, nothing that is written after it is moved. */
static sqlite3 *reader_begin(const struct logs *logs)
{
    sqlite3 *reader = open_file(logs->database, false);

    ck_assert_int_eq(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM message", NULL, NULL, NULL), SQLITE_OK);
    return reader;
}

static void reader_end(sqlite3 *reader)
{
    ck_assert_int_eq(sqlite3_close(reader), SQLITE_OK);
}

START_TEST(is_moved_when_nobody_waits_and_its_file_is_written_over)
{
    struct logs logs;

    logs_open(&logs);
    sqlite3 *reader = reader_begin(&logs);

    send_letters(&logs, 1);
    off_t length = length_of_log(&logs);

    ck_assert_int_gt(length, 0);
    ck_assert(!is_moved(&logs));
    reader_end(reader);
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
    sqlite3 *reader = reader_begin(&logs);

    send_letters(&logs, MANY);
    off_t length = length_of_log(&logs);

    ck_assert_int_gt(length, 3 * (64 << 10));
    reader_end(reader);
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

Suite *suite_logs(void)
{
    Suite *suite = suite_create("logs");
    TCase *tcase = tcase_create("logs");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, is_moved_when_nobody_waits_and_its_file_is_written_over);
    tcase_add_test(tcase, is_cut_when_it_grew_long);
    suite_add_tcase(suite, tcase);
    return suite;
}
