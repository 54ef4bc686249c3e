/* Statements of the closed list, run by the backend SQLite. */
#include "gateway/store/backend_impl.h"

bool query_begin(struct backend *backend, enum statement statement, struct query *query, struct error *error)
{
    const struct statement_row *row = &statements[statement];
    sqlite3_stmt **prepared = &backend->statements[statement];

    *query = (struct query){.backend = backend, .error = error};
    if (!(row->roles & ROLE_SET(backend->role)) || row->database != backend->database)
        return error_set(error, ERROR_ROLE_NOT_ALLOWED, NULL, "statement %d as %s", (int)statement,
                         role_name(backend->role));
    if (!*prepared) {
        int result = sqlite3_prepare_v3(backend->connection, row->text, -1, SQLITE_PREPARE_PERSISTENT, prepared, NULL);

        if (result != SQLITE_OK)
            return backend_failed(backend, result, "prepare", error);
    }
    query->statement = *prepared;
    query->places = backend->places[statement];
    return true;
}

/* The number of a name; 0, and the run fails, when the statement has no such name. The names are constants and come in
 * the same order each time, so that most are known by their address alone. */
static int place(struct query *query, const char *name)
{
    struct place *known = query->next < PLACES_KNOWN ? &query->places[query->next++] : NULL;

    if (known && known->name == name)
        return known->number;
    int number = sqlite3_bind_parameter_index(query->statement, name);

    if (known)
        *known = (struct place){name, number};
    if (!number && !query->failed) {
        query->failed = true;
        error_set(query->error, ERROR_INTERNAL, name, "the statement has no such value");
    }
    return number;
}

static void bound(struct query *query, const char *name, int result)
{
    if (result == SQLITE_OK || query->failed)
        return;
    query->failed = true;
    backend_failed(query->backend, result, name, query->error);
}

void query_set_number(struct query *query, const char *name, int64_t number)
{
    bound(query, name, sqlite3_bind_int64(query->statement, place(query, name), number));
}

void query_set_text(struct query *query, const char *name, const char *text)
{
    bound(query, name, sqlite3_bind_text(query->statement, place(query, name), text, -1, SQLITE_STATIC));
}

void query_set_bytes(struct query *query, const char *name, const void *bytes, size_t size)
{
    bound(query, name, sqlite3_bind_blob64(query->statement, place(query, name), bytes, size, SQLITE_STATIC));
}

void query_set_null(struct query *query, const char *name)
{
    bound(query, name, sqlite3_bind_null(query->statement, place(query, name)));
}

bool query_step(struct query *query)
{
    if (query->failed)
        return false;
    int result = sqlite3_step(query->statement);

    if (result == SQLITE_ROW)
        return true;
    if (result != SQLITE_DONE) {
        query->failed = true;
        backend_failed(query->backend, result, "step", query->error);
    }
    return false;
}

bool query_is_null(const struct query *query, int column)
{
    return sqlite3_column_type(query->statement, column) == SQLITE_NULL;
}

int64_t query_number(const struct query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

const char *query_text(const struct query *query, int column)
{
    return (const char *)sqlite3_column_text(query->statement, column);
}

const void *query_bytes(const struct query *query, int column, size_t *size)
{
    const void *bytes = sqlite3_column_blob(query->statement, column);

    *size = (size_t)sqlite3_column_bytes(query->statement, column);
    return bytes;
}

bool query_end(struct query *query)
{
    sqlite3_reset(query->statement);
    sqlite3_clear_bindings(query->statement);
    return !query->failed;
}

bool query_run(struct query *query, uint64_t *rows)
{
    while (query_step(query)) {
    }
    if (rows)
        *rows = query->failed ? 0 : (uint64_t)sqlite3_changes64(query->backend->connection);
    return query_end(query);
}

int64_t query_last_id(const struct backend *backend)
{
    return sqlite3_last_insert_rowid(backend->connection);
}
