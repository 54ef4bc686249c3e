/* What the files of the backend SQLite share; nobody else includes it, or SQLite. */
#ifndef GATEWAY_STORE_BACKEND_IMPL_H
#define GATEWAY_STORE_BACKEND_IMPL_H

#include "gateway/store/store_impl.h"

#include <sqlite3.h>

#define WRITER_WAIT_MS 2000
#define PLACES_KNOWN 48 /* no statement has more values */

enum control {
    CONTROL_BEGIN_READ,
    CONTROL_BEGIN,
    CONTROL_COMMIT,
    CONTROL_ROLLBACK,
    CONTROL_SAVEPOINT,
    CONTROL_KEEP,
    CONTROL_UNDO,
    CONTROL_COUNT
};

/* A value's name, by its address, and its number in the statement. */
struct place {
    const char *name;
    int number;
};

struct backend {
    sqlite3 *connection;
    enum database database;
    enum role role;
    enum backend_fault fault;
    uint64_t log_bytes;
    uint64_t page_size;
    sqlite3 *view; /* of the writer: holds the end of a step (backend_checkpoint.c) */
    bool viewing;
    int file; /* of the writer: the database, for starting its way to the disk; -1 */
    sqlite3_stmt *controls[CONTROL_COUNT];
    sqlite3_stmt *statements[STMT_COUNT]; /* prepared once each */
    struct place places[STMT_COUNT][PLACES_KNOWN];
};

/* Fills *error from SQLite's code and returns false. SQLite's own message may quote SQL, never a value; the code's name is
 * enough. */
bool backend_failed(struct backend *backend, int result, const char *where, struct error *error);

/* What the steps of a checkpoint need (backend_checkpoint.c); closed after the connection. */
bool backend_steps_open(struct backend *backend, const char *path, struct error *error);
void backend_steps_close(struct backend *backend);

/* The name of the file system for a connection that writes and syncs (backend_log.c); NULL, which is SQLite's own, when
 * there is no memory for it. */
const char *backend_log_vfs(void);

#endif
