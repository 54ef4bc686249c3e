/* A step of a checkpoint moves what was committed into the database, and changes nothing for anybody. */
#include "fixture.h"

#include <sqlite3.h>

#define ROWS 40       /* of a commit: some pages */
#define COMMITS 60    /* of the long tests */
#define ROW_BYTES 900 /* of a row */

Suite *suite_steps(void);

struct steps {
    char folder[64], path[100], log[110], copy[110];
    struct backend *backend;
    int commits;
};

static struct backend *writer_backend(const char *path)
{
    struct error error = {0};
    struct backend *backend;

    ck_assert_msg(backend_open_writer(path, DATABASE_MAIL, true, &backend, &error), "%s", error.detail);
    return backend;
}

static void steps_open(struct steps *steps)
{
    struct error error = {0};

    *steps = (struct steps){.folder = "/tmp/dp-steps-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(steps->folder));
    snprintf(steps->path, sizeof steps->path, "%s/mail.db", steps->folder);
    snprintf(steps->log, sizeof steps->log, "%s-wal", steps->path);
    snprintf(steps->copy, sizeof steps->copy, "%s.copy", steps->path);
    steps->backend = writer_backend(steps->path);
    ck_assert(backend_script(steps->backend, "CREATE TABLE row (turn INTEGER NOT NULL, bytes BLOB NOT NULL)", &error));
}

static void steps_close(struct steps *steps)
{
    char command[100];

    backend_close(steps->backend);
    snprintf(command, sizeof command, "rm -rf %s", steps->folder);
    ck_assert_int_eq(system(command), 0);
}

/* Adds rows, and writes those of an earlier commit again. */
static void steps_commit(struct steps *steps)
{
    struct error error = {0};
    char sql[300];
    int turn = ++steps->commits;

    snprintf(sql, sizeof sql,
             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
             " INSERT INTO row SELECT %d, randomblob(%d) FROM n;"
             " UPDATE row SET bytes = randomblob(%d) WHERE turn = %d",
             ROWS, turn, ROW_BYTES, ROW_BYTES, turn / 2);
    ck_assert(backend_begin(steps->backend, &error));
    ck_assert_msg(backend_script(steps->backend, sql, &error), "%s", error.detail);
    ck_assert_msg(backend_commit(steps->backend, &error), "%s", error.detail);
}

static off_t size_of(const char *path)
{
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    return status.st_size;
}

static int asked(sqlite3 *connection, const char *sql)
{
    sqlite3_stmt *statement;

    ck_assert_int_eq(sqlite3_prepare_v2(connection, sql, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    int number = sqlite3_column_int(statement, 0);

    sqlite3_finalize(statement);
    return number;
}

/* The rows in the database alone, as if there were no log; it must be whole. */
static int rows_without_log(const struct steps *steps)
{
    sqlite3 *connection;
    char command[500];

    snprintf(command, sizeof command, "cp %s %s", steps->path, steps->copy);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(sqlite3_open(steps->copy, &connection), SQLITE_OK);
    ck_assert_int_eq(asked(connection, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    int rows = asked(connection, "SELECT count(*) FROM row");

    sqlite3_close(connection);
    snprintf(command, sizeof command, "rm -f %s %s-wal %s-shm", steps->copy, steps->copy, steps->copy);
    ck_assert_int_eq(system(command), 0);
    return rows;
}

static void whole(struct steps *steps)
{
    struct error error = {0};
    bool all = false;

    ck_assert(backend_checkpoint(steps->backend, false, &all, &error));
    ck_assert(all);
    ck_assert_uint_eq(backend_log_bytes(steps->backend), 0);
}

START_TEST(moves_what_the_log_held_when_it_began)
{
    struct error error = {0};
    struct steps steps;

    steps_open(&steps);
    steps_commit(&steps);
    whole(&steps);
    steps_commit(&steps);
    ck_assert(backend_step_begin(steps.backend));
    steps_commit(&steps);
    uint64_t bytes = backend_log_bytes(steps.backend);
    off_t log = size_of(steps.log), database = size_of(steps.path);

    ck_assert_int_eq(rows_without_log(&steps), ROWS);
    ck_assert(backend_step(steps.backend, &error));
    ck_assert_int_gt(size_of(steps.path),
                     database); /* the pages of the second commit alone, but for those written since */
    ck_assert_int_lt(size_of(steps.path), database + (off_t)ROWS * 2 * ROW_BYTES);
    ck_assert_uint_eq(backend_log_bytes(steps.backend), bytes); /* the log goes on */
    steps_commit(&steps);
    ck_assert_uint_gt(backend_log_bytes(steps.backend), bytes);
    ck_assert_int_gt(size_of(steps.log), log);
    whole(&steps);
    ck_assert_int_eq(rows_without_log(&steps), 4 * ROWS);
    steps_close(&steps);
}
END_TEST

/* Who reads while steps are taken sees one state from beginning to end, and the newest when he begins again. */
START_TEST(readers_see_what_they_saw)
{
    struct error error = {0};
    struct steps steps;
    sqlite3 *reader;

    steps_open(&steps);
    steps_commit(&steps);
    ck_assert_int_eq(sqlite3_open_v2(steps.path, &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(reader, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(asked(reader, "SELECT count(*) FROM row"), ROWS);
    for (int i = 0; i < COMMITS; i++) {
        ck_assert(backend_step_begin(steps.backend));
        steps_commit(&steps);
        ck_assert(backend_step(steps.backend, &error));
        ck_assert_int_eq(asked(reader, "SELECT count(*) FROM row"), ROWS);
    }
    ck_assert_int_eq(asked(reader, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    ck_assert_int_eq(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(asked(reader, "SELECT count(*) FROM row"), (COMMITS + 1) * ROWS);
    whole(&steps);
    ck_assert_int_eq(asked(reader, "SELECT count(*) FROM row"), (COMMITS + 1) * ROWS);
    ck_assert_int_eq(asked(reader, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    sqlite3_close(reader);
    steps_close(&steps);
}
END_TEST

/* Commits with a step after every second one, and dies with the log half moved. */
static void die_between_steps(struct steps *steps)
{
    struct error error = {0};

    steps->backend = writer_backend(steps->path);
    for (int i = 0; i < COMMITS; i++) {
        ck_assert(backend_step_begin(steps->backend));
        steps_commit(steps);
        ck_assert(i % 2 || backend_step(steps->backend, &error));
    }
    kill(getpid(), SIGKILL);
}

START_TEST(a_killed_writer_leaves_every_commit)
{
    struct steps steps;
    int status = 0;

    steps_open(&steps);
    backend_close(steps.backend);
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (!child)
        die_between_steps(&steps);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_gt(size_of(steps.log), 0);
    steps.backend = writer_backend(steps.path);
    steps_commit(&steps);
    whole(&steps);
    ck_assert_int_eq(rows_without_log(&steps), (COMMITS + 1) * ROWS);
    steps_close(&steps);
}
END_TEST

Suite *suite_steps(void)
{
    Suite *suite = suite_create("steps");
    TCase *tests = tcase_create("steps");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, moves_what_the_log_held_when_it_began);
    tcase_add_test(tests, readers_see_what_they_saw);
    tcase_add_test(tests, a_killed_writer_leaves_every_commit);
    suite_add_tcase(suite, tests);
    return suite;
}
