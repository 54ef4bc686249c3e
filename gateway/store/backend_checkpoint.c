/* Moving the write-ahead log into the database, whole or in steps.
 *
 * A whole checkpoint copies every page that is new and waits until the disk has all of them; the log begins anew only
 * after that. For a long log that takes a tenth of a second, in which nothing is committed. So most of it is done before:
 * a step copies the pages of some megabytes, but for those that were written again since, and starts them on their way
 * to the disk.
 *
 * Nothing is promised by a step. SQLite copies no further than the oldest view of the database that somebody holds, and
 * while pages are left to copy it neither syncs the database nor begins the log anew; a view of our own, one commit old,
 * makes every step such a one. What a step has written counts as durable only once the whole checkpoint synced it. The
 * same holds for a copy that the disk had no room for: the log has every page still, and the next checkpoint begins where
 * the last whole one ended. */
#include "gateway/store/backend_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool view_run(struct backend *backend, const char *sql)
{
    return sqlite3_exec(backend->view, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static void view_end(struct backend *backend)
{
    if (backend->viewing)
        view_run(backend, "ROLLBACK");
    backend->viewing = false;
}

/* The view is a connection that only reads, the second one of this process; both belong to its one thread. The file is
 * open a second time, since SQLite shows nobody its own descriptor. Closing it ends every lock that this process has on
 * the database (POSIX), so it is closed last. */
bool backend_steps_open(struct backend *backend, const char *path, struct error *error)
{
    int result = sqlite3_open_v2(path, &backend->view, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

    if (result != SQLITE_OK)
        return backend_failed(backend, result, "open", error);
    sqlite3_db_config(backend->view, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (!view_run(backend, "PRAGMA mmap_size=0; PRAGMA cache_size=8"))
        return backend_failed(backend, sqlite3_extended_errcode(backend->view), "open", error);
    backend->file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return backend->file >= 0 || error_set(error, ERROR_STORE_UNAVAILABLE, "open", "%s", strerror(errno));
}

void backend_steps_close(struct backend *backend)
{
    sqlite3_close(backend->view);
    if (backend->file >= 0)
        close(backend->file);
}

static int checkpoint(struct backend *backend, int mode, int *in_log, int *moved)
{
    sqlite3_busy_timeout(backend->connection, 0); /* a reader at work must not hold up the mail */
    int result = sqlite3_wal_checkpoint_v2(backend->connection, "main", mode, in_log, moved);

    sqlite3_busy_timeout(backend->connection, WRITER_WAIT_MS);
    return result;
}

bool backend_checkpoint(struct backend *backend, bool shorten, bool *whole, struct error *error)
{
    int in_log = 0, moved = 0;

    view_end(backend);
    int result = checkpoint(backend, shorten ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);

    *whole = result == SQLITE_OK && in_log == moved;
    if (*whole)
        backend->log_bytes = 0;
    return result == SQLITE_OK || (result & 0xff) == SQLITE_BUSY
           || backend_failed(backend, result, "checkpoint", error);
}

bool backend_step_begin(struct backend *backend)
{
    view_end(backend);
    backend->viewing = view_run(backend, "BEGIN; SELECT 1 FROM sqlite_schema");
    if (!backend->viewing && !sqlite3_get_autocommit(backend->view))
        view_run(backend, "ROLLBACK");
    return backend->viewing;
}

bool backend_step(struct backend *backend, struct error *error)
{
    int in_log = 0, moved = 0;
    int result = checkpoint(backend, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);

    view_end(backend);
    if (result != SQLITE_OK)
        return (result & 0xff) == SQLITE_BUSY || backend_failed(backend, result, "checkpoint", error);
    sync_file_range(backend->file, 0, 0, SYNC_FILE_RANGE_WRITE); /* to the end; when it cannot, the sync does it all */
    return true;
}
