/* The backend SQLite, Debian 12's 3.40.1 or newer.
 *
 * That version has two faults which lose acknowledged commits (feasibility.md 3, reliability.md M1). Neither can be
 * met here: one process alone writes and checkpoints (the writer's lock), and a page never leaves the cache before its
 * commit (cache_spill=off). So no connection checkpoints by itself, not even at its close. */
#include "gateway/store/backend_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OLDEST_VERSION 3037000 /* STRICT tables */
#define FRAME_HEADER 24
#define READER_WAIT_MS 50
#define COPY_PAGES 128

static const char *const controls[CONTROL_COUNT] = {
    [CONTROL_BEGIN_READ] = "BEGIN",     [CONTROL_BEGIN] = "BEGIN IMMEDIATE",   [CONTROL_COMMIT] = "COMMIT",
    [CONTROL_ROLLBACK] = "ROLLBACK",    [CONTROL_SAVEPOINT] = "SAVEPOINT one", [CONTROL_KEEP] = "RELEASE one",
    [CONTROL_UNDO] = "ROLLBACK TO one",
};

/* ---- failures ---- */

static enum backend_fault fault_of(int result)
{
    switch (result & 0xff) {
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
        return BACKEND_AWAY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return BACKEND_BUSY;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
        return BACKEND_FULL;
    case SQLITE_IOERR:
        return BACKEND_IO;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return BACKEND_CORRUPT;
    case SQLITE_CONSTRAINT:
        return result == SQLITE_CONSTRAINT_UNIQUE || result == SQLITE_CONSTRAINT_PRIMARYKEY ? BACKEND_TAKEN
                                                                                            : BACKEND_CONSTRAINT;
    default:
        return BACKEND_OTHER;
    }
}

static const enum error_code fault_codes[] = {
    [BACKEND_FINE] = ERROR_INTERNAL,
    [BACKEND_AWAY] = ERROR_STORE_UNAVAILABLE,
    [BACKEND_FULL] = ERROR_STORE_FULL,
    [BACKEND_IO] = ERROR_STORE_FAILED,
    [BACKEND_CORRUPT] = ERROR_STORE_CORRUPT,
    [BACKEND_TAKEN] = ERROR_ALREADY_EXISTS,
    [BACKEND_CONSTRAINT] = ERROR_CHANGE_MALFORMED,
    [BACKEND_BUSY] = ERROR_STORE_UNAVAILABLE,
    [BACKEND_OTHER] = ERROR_INTERNAL,
};

bool backend_failed(struct backend *backend, int result, const char *where, struct error *error)
{
    backend->fault = fault_of(result);
    if ((result & 0xff) == SQLITE_NOMEM)
        return error_set(error, ERROR_OUT_OF_MEMORY, where, "SQLite");
    /* the index of the log, which no sync has to do with; in the middle of a commit it is as final as any other */
    enum error_code code = result == SQLITE_IOERR_SHMSIZE ? ERROR_STORE_FULL : fault_codes[backend->fault];

    return error_set(error, code, where, "SQLite %d: %s", result, sqlite3_errstr(result));
}

enum backend_fault backend_fault(const struct backend *backend)
{
    return backend->fault;
}

void backend_fault_clear(struct backend *backend)
{
    backend->fault = BACKEND_FINE;
}

/* ---- opening ---- */

static int log_grew(void *state, sqlite3 *connection, const char *name, int pages)
{
    struct backend *backend = state;

    (void)connection;
    (void)name;
    backend->log_bytes = (uint64_t)pages * (backend->page_size + FRAME_HEADER);
    return SQLITE_OK;
}

bool backend_script(struct backend *backend, const char *sql, struct error *error)
{
    int result = sqlite3_exec(backend->connection, sql, NULL, NULL, NULL);

    return result == SQLITE_OK || backend_failed(backend, result, "script", error);
}

/* The one number that a query without values gives. */
static bool ask_number(struct backend *backend, const char *sql, int64_t *number, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(backend->connection, sql, -1, &statement, NULL);

    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return result == SQLITE_ROW || backend_failed(backend, result, sql, error);
}

static bool open_connection(const char *path, int flags, const char *vfs, struct backend *backend, struct error *error)
{
    if (sqlite3_libversion_number() < OLDEST_VERSION)
        return error_set(error, ERROR_STORE_UNAVAILABLE, NULL, "SQLite %s is too old", sqlite3_libversion());
    int result = sqlite3_open_v2(path, &backend->connection, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs);

    if (result != SQLITE_OK)
        return backend_failed(backend, result, "open", error);
    sqlite3_db_config(backend->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_db_config(backend->connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_busy_timeout(backend->connection, flags & SQLITE_OPEN_READONLY ? READER_WAIT_MS : WRITER_WAIT_MS);
    return backend_script(backend,
                          "PRAGMA temp_store=memory; PRAGMA mmap_size=0; PRAGMA foreign_keys=on;"
                          "PRAGMA trusted_schema=off; PRAGMA cell_size_check=on; PRAGMA wal_autocheckpoint=0;",
                          error);
}

/* Must come before anything else that is asked of SQLite, even for the name of a file system; once it is in use both are
 * refused, and harmless. One thread of a process alone uses SQLite: what guards it against others, and its statistics,
 * were a twentieth of the instructions of a change. */
static void library_set_up(void)
{
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static struct backend *backend_new(enum database database, enum role role, struct error *error)
{
    struct backend *backend = calloc(1, sizeof *backend);

    library_set_up();
    if (!backend) {
        error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
        return NULL;
    }
    backend->database = database;
    backend->role = role;
    backend->file = -1;
    return backend;
}

static bool set_up_writer(struct backend *backend, bool sync, struct error *error)
{
    int persist = 1;
    int64_t page_size = 0;

    if (!backend_script(backend, "PRAGMA journal_mode=wal; PRAGMA cache_spill=off; PRAGMA cache_size=-10000;", error)
        || !backend_script(backend, sync ? "PRAGMA synchronous=full" : "PRAGMA synchronous=off", error)
        || !ask_number(backend, "PRAGMA page_size", &page_size, error))
        return false;
    backend->page_size = (uint64_t)page_size;
    sqlite3_file_control(backend->connection, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    sqlite3_wal_hook(backend->connection, log_grew, backend);
    return true;
}

bool backend_open_writer(const char *path, enum database database, bool sync, struct backend **backend,
                         struct error *error)
{
    *backend = backend_new(database, ROLE_WRITER, error);
    if (*backend
        && open_connection(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, sync ? backend_log_vfs() : NULL, *backend,
                           error)
        && set_up_writer(*backend, sync, error) && backend_steps_open(*backend, path, error))
        return true;
    backend_close(*backend);
    *backend = NULL;
    return false;
}

bool backend_open_reader(const char *path, enum database database, enum role role, struct backend **backend,
                         struct error *error)
{
    char uri[4200];

    *backend = backend_new(database, role, error);
    if (!*backend)
        return false;
    if (strpbrk(path, "?#%") || (size_t)snprintf(uri, sizeof uri, "file:%s?mode=ro&readonly_shm=1", path) >= sizeof uri)
        error_set(error, ERROR_CONFIG_INVALID, "state_dir", "the path is too long or has one of ? # %% in it");
    else if (open_connection(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL, *backend, error)
             && backend_script(*backend, "PRAGMA data_version", error)) /* reads, and so attaches to the log's index */
        return true;
    backend_close(*backend);
    *backend = NULL;
    return false;
}

void backend_close(struct backend *backend)
{
    if (!backend)
        return;
    for (int i = 0; i < CONTROL_COUNT; i++)
        sqlite3_finalize(backend->controls[i]);
    for (int i = 0; i < STMT_COUNT; i++)
        sqlite3_finalize(backend->statements[i]);
    sqlite3_close(backend->connection);
    backend_steps_close(backend);
    free(backend);
}

bool backend_schema(struct backend *backend, unsigned *version, struct error *error)
{
    int64_t number = 0;

    if (!ask_number(backend, "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'", &number, error))
        return false;
    if (number && !ask_number(backend, "SELECT coalesce(max(version), 0) FROM schema_version", &number, error))
        return false;
    *version = (unsigned)number;
    return true;
}

/* ---- transactions ---- */

static bool control(struct backend *backend, enum control what, struct error *error)
{
    sqlite3_stmt **statement = &backend->controls[what];
    int result = SQLITE_OK;

    if (what <= CONTROL_BEGIN)
        backend->fault = BACKEND_FINE;
    if (!*statement)
        result =
            sqlite3_prepare_v3(backend->connection, controls[what], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    if (result == SQLITE_OK) {
        result = sqlite3_step(*statement);
        sqlite3_reset(*statement);
    }
    return result == SQLITE_DONE || backend_failed(backend, result, controls[what], error);
}

bool backend_begin_read(struct backend *backend, struct error *error)
{
    return control(backend, CONTROL_BEGIN_READ, error);
}

bool backend_begin(struct backend *backend, struct error *error)
{
    return control(backend, CONTROL_BEGIN, error);
}

bool backend_commit(struct backend *backend, struct error *error)
{
    return control(backend, CONTROL_COMMIT, error);
}

void backend_rollback(struct backend *backend)
{
    struct error ignored = {0};
    enum backend_fault fault = backend->fault;

    if (backend_in_transaction(backend))
        control(backend, CONTROL_ROLLBACK, &ignored);
    backend->fault = fault;
}

bool backend_savepoint(struct backend *backend, struct error *error)
{
    return control(backend, CONTROL_SAVEPOINT, error);
}

bool backend_savepoint_keep(struct backend *backend, struct error *error)
{
    return control(backend, CONTROL_KEEP, error);
}

bool backend_savepoint_undo(struct backend *backend, struct error *error)
{
    return control(backend, CONTROL_UNDO, error) && control(backend, CONTROL_KEEP, error);
}

uint64_t backend_rows_changed(const struct backend *backend)
{
    return (uint64_t)sqlite3_total_changes64(backend->connection);
}

bool backend_in_transaction(const struct backend *backend)
{
    return !sqlite3_get_autocommit(backend->connection);
}

/* ---- the write-ahead log, copies and checks ---- */

uint64_t backend_log_bytes(const struct backend *backend)
{
    return backend->log_bytes;
}

void backend_limit(struct backend *backend, unsigned pages)
{
    char sql[60];
    struct error ignored = {0};

    snprintf(sql, sizeof sql, "PRAGMA max_page_count=%u", pages);
    backend_script(backend, sql, &ignored);
}

/* The view is taken by reading: a begun transaction has none yet, and without it each step would take one of its own and
 * begin the copy anew where something was committed in between. The new file needs no journal, and its caller syncs it: the
 * sooner the view ends the better. */
static int copy_open(struct backend *backend, const char *path, sqlite3 **target, sqlite3_backup **copy,
                     struct error *error)
{
    int64_t tables;
    int result = sqlite3_open_v2(path, target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

    if (result == SQLITE_OK)
        result = sqlite3_exec(*target, "PRAGMA journal_mode=off; PRAGMA synchronous=off", NULL, NULL, NULL);
    if (result == SQLITE_OK && !ask_number(backend, "SELECT count(*) FROM sqlite_schema", &tables, error))
        return sqlite3_errcode(backend->connection);
    if (result != SQLITE_OK)
        return result;
    *copy = sqlite3_backup_init(*target, "main", backend->connection, "main");
    return *copy ? SQLITE_OK : sqlite3_errcode(*target);
}

bool backend_copy(struct backend *backend, const char *path, backend_copied *each, void *state, struct error *error)
{
    sqlite3 *target = NULL;
    sqlite3_backup *copy = NULL;
    int result = copy_open(backend, path, &target, &copy, error);
    bool going_on = true;

    while (result == SQLITE_OK && going_on) {
        result = sqlite3_backup_step(copy, COPY_PAGES);
        uint64_t total = (uint64_t)sqlite3_backup_pagecount(copy), left = (uint64_t)sqlite3_backup_remaining(copy);

        if (result == SQLITE_OK)
            going_on = each(state, total - left, total, error);
    }
    int finished = sqlite3_backup_finish(copy);

    sqlite3_close(target);
    if (!going_on)
        return false;
    if (result == SQLITE_DONE)
        result = finished;
    return result == SQLITE_OK || backend_failed(backend, result, "copy", error);
}

bool backend_check(struct backend *backend, bool foreign, void (*each)(void *state, const char *line), void *state,
                   struct error *error)
{
    sqlite3_stmt *statement = NULL;
    const char *sql = foreign ? "PRAGMA foreign_key_check" : "PRAGMA integrity_check";
    int result = sqlite3_prepare_v2(backend->connection, sql, -1, &statement, NULL);

    while (result == SQLITE_OK || result == SQLITE_ROW) {
        char line[200];

        result = sqlite3_step(statement);
        if (result != SQLITE_ROW)
            break;
        const char *text = (const char *)sqlite3_column_text(statement, 0);

        if (!foreign && text && !strcmp(text, "ok"))
            continue;
        snprintf(line, sizeof line, foreign ? "%s row %s refers to nothing in %s" : "%s", text ? text : "",
                 foreign ? (const char *)sqlite3_column_text(statement, 1) : "",
                 foreign ? (const char *)sqlite3_column_text(statement, 2) : "");
        each(state, line);
    }
    sqlite3_finalize(statement);
    return result == SQLITE_DONE || backend_failed(backend, result, sql, error);
}
