/* The write-ahead log as SQLite's writer sees it: what a commit appends is gathered and leaves in a few writes before its
 * sync. SQLite itself writes each page and the 24 bytes before it apart, dozens of calls for a group of letters.
 *
 * Nothing is promised earlier for it: SQLite syncs the log before it tells the readers where a commit ends, and the sync
 * writes first. What is asked of the file in between (its size, a read, a cut) finds everything written. So this is for
 * connections that sync, and for the log alone: every other file is opened by SQLite's own file system. */
#include "gateway/store/backend_impl.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "dp-gathered-log"
/* Bytes; a commit of more leaves in several writes. SQLite's own file system takes at most 128 KB - 1 in one. */
#define GATHERED_MAX (96 * 1024)

struct log_file {
    sqlite3_file base;
    sqlite3_file *real; /* lies behind this struct */
    sqlite3_int64 from; /* where in the file the gathered bytes begin */
    int size;
    int file;                /* the log once more, for starting its way to the disk; -1 */
    unsigned char *gathered; /* not here: SQLite zeroes such a struct for every temporary table */
};

static struct log_file *log_of(sqlite3_file *file)
{
    return (struct log_file *)(void *)file;
}

static int flush(struct log_file *log)
{
    int size = log->size;

    log->size = 0;
    return size ? log->real->pMethods->xWrite(log->real, log->gathered, size, log->from) : SQLITE_OK;
}

/* The file itself, with everything written; NULL with *result when that failed. */
static sqlite3_file *written(sqlite3_file *file, int *result)
{
    struct log_file *log = log_of(file);

    *result = flush(log);
    return *result == SQLITE_OK ? log->real : NULL;
}

/* More of the commit is to come: the disk begins with what there is, while SQLite works on the rest. Nothing is promised
 * by that, and nothing lost where the kernel does not. */
static int flush_early(struct log_file *log)
{
    int size = log->size, result = flush(log);

    if (result == SQLITE_OK && log->file >= 0)
        sync_file_range(log->file, log->from, size, SYNC_FILE_RANGE_WRITE);
    return result;
}

static int gather(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
    struct log_file *log = log_of(file);
    int result = SQLITE_OK;

    if (log->size && (at != log->from + log->size || size > GATHERED_MAX - log->size))
        result = flush_early(log);
    if (result != SQLITE_OK)
        return result;
    if (size > GATHERED_MAX)
        return log->real->pMethods->xWrite(log->real, bytes, size, at);
    if (!log->size)
        log->from = at;
    memcpy(log->gathered + log->size, bytes, (size_t)size);
    log->size += size;
    return SQLITE_OK;
}

static int read_back(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
    int result;
    sqlite3_file *real = written(file, &result);

    return real ? real->pMethods->xRead(real, bytes, size, at) : result;
}

static int cut(sqlite3_file *file, sqlite3_int64 size)
{
    int result;
    sqlite3_file *real = written(file, &result);

    return real ? real->pMethods->xTruncate(real, size) : result;
}

static int sync_all(sqlite3_file *file, int flags)
{
    int result;
    sqlite3_file *real = written(file, &result);

    return real ? real->pMethods->xSync(real, flags) : result;
}

static int size_of(sqlite3_file *file, sqlite3_int64 *size)
{
    int result;
    sqlite3_file *real = written(file, &result);

    return real ? real->pMethods->xFileSize(real, size) : result;
}

/* What was never synced was never promised, but it is not lost for that. */
static int close_all(sqlite3_file *file)
{
    struct log_file *log = log_of(file);
    int flushed = flush(log), closed = log->real->pMethods->xClose(log->real);

    free(log->gathered);
    if (log->file >= 0)
        close(log->file);
    return flushed == SQLITE_OK ? closed : flushed;
}

/* SQLite locks the database, never the log. */
static int no_lock(sqlite3_file *file, int level)
{
    (void)file;
    (void)level;
    return SQLITE_OK;
}

static int nothing_reserved(sqlite3_file *file, int *taken)
{
    (void)file;
    *taken = 0;
    return SQLITE_OK;
}

static int control(sqlite3_file *file, int operation, void *value)
{
    sqlite3_file *real = log_of(file)->real;

    return real->pMethods->xFileControl(real, operation, value);
}

static int sector_size(sqlite3_file *file)
{
    sqlite3_file *real = log_of(file)->real;

    return real->pMethods->xSectorSize(real);
}

static int traits(sqlite3_file *file)
{
    sqlite3_file *real = log_of(file)->real;

    return real->pMethods->xDeviceCharacteristics(real);
}

static const sqlite3_io_methods log_methods = {
    .iVersion = 1,
    .xClose = close_all,
    .xRead = read_back,
    .xWrite = gather,
    .xTruncate = cut,
    .xSync = sync_all,
    .xFileSize = size_of,
    .xLock = no_lock,
    .xUnlock = no_lock,
    .xCheckReservedLock = nothing_reserved,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = traits,
};

/* ---- the file system: SQLite's own, but for opening a log ---- */

static sqlite3_vfs *own(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *got)
{
    struct log_file *log = log_of(file);

    if (!(flags & SQLITE_OPEN_WAL))
        return own(vfs)->xOpen(own(vfs), name, file, flags, got);
    *log = (struct log_file){.real = (sqlite3_file *)(void *)(log + 1), .file = -1, .gathered = malloc(GATHERED_MAX)};
    if (!log->gathered)
        return SQLITE_NOMEM;
    int result = own(vfs)->xOpen(own(vfs), name, log->real, flags, got);

    if (result != SQLITE_OK) {
        free(log->gathered);
        return result;
    }
    /* What a writer before this one wrote may never have been synced, and what is read of it here will be answered: the
     * checkpoint of an opening writer does not see to it where a reader stands in its way (reliability.md R2). */
    result = log->real->pMethods->xSync(log->real, SQLITE_SYNC_NORMAL);
    if (result != SQLITE_OK) {
        log->real->pMethods->xClose(log->real);
        free(log->gathered);
        return result;
    }
    log->file = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    log->base.pMethods = &log_methods;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    return own(vfs)->xDelete(own(vfs), name, sync);
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    return own(vfs)->xAccess(own(vfs), name, flags, result);
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int room, char *out)
{
    return own(vfs)->xFullPathname(own(vfs), name, room, out);
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *out)
{
    return own(vfs)->xRandomness(own(vfs), size, out);
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    return own(vfs)->xSleep(own(vfs), microseconds);
}

static int vfs_time(sqlite3_vfs *vfs, double *now)
{
    return own(vfs)->xCurrentTime(own(vfs), now);
}

static int vfs_last_error(sqlite3_vfs *vfs, int room, char *out)
{
    return own(vfs)->xGetLastError(own(vfs), room, out);
}

/* SQLite holds it until the program ends. Both sizes are multiples of 8, so that the file's own part is aligned. */
const char *backend_log_vfs(void)
{
    sqlite3_vfs *sqlites = sqlite3_vfs_find(NULL), *vfs;

    _Static_assert(sizeof(struct log_file) % 8 == 0, "what lies behind it is aligned");
    if (sqlite3_vfs_find(NAME))
        return NAME;
    vfs = sqlites ? calloc(1, sizeof *vfs) : NULL;
    if (!vfs)
        return NULL;
    *vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(struct log_file) + sqlites->szOsFile,
        .mxPathname = sqlites->mxPathname,
        .zName = NAME,
        .pAppData = sqlites,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_last_error,
    };
    return sqlite3_vfs_register(vfs, 0) == SQLITE_OK ? NAME : NULL;
}
