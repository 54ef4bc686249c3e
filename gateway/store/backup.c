/* A copy of everything, beside the running writer.
 *
 * The databases are copied first, each as it is at one moment; then every file of contents/. A content is a file before
 * the row that names it is committed, and never changes, so the files are at least those that the copied rows name.
 * While the copy goes on the sweep stands still (the lock), so that none of them goes away meanwhile.
 *
 * The one moment of a database is a view of it that is held until its last page is copied, and for so long the write-ahead
 * log grows. Where it grows towards the length from which on mail is refused, the copy gives up: mail goes first. */
#include "gateway/store/backup_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTIAL ".partial"
#define PIECE ((size_t)1 << 20)
#define LOG_QUARTERS 3 /* of wal_cap, to which a log may grow while its database is copied */

struct backup {
    struct store *store;
    char target[PATH_MAX];
    store_progress *progress;
    void *state;
    uint64_t base, total, database; /* bytes: done before this database, in all, of this database */
    char *piece;
};

static bool failed(struct error *error, const char *where)
{
    enum error_code code = errno == ENOSPC || errno == EDQUOT ? ERROR_STORE_FULL : ERROR_UNAVAILABLE;

    return error_set(error, code, where, "%s", strerror(errno));
}

static bool target_path(const struct backup *backup, const char *below, char out[PATH_MAX], struct error *error)
{
    int length = snprintf(out, PATH_MAX, "%s%s%s", backup->target, *below ? "/" : "", below);

    return (length > 0 && length < PATH_MAX) || error_set(error, ERROR_UNAVAILABLE, "target", "its path is too long");
}

/* ---- folders ---- */

static bool make_folder(const struct backup *backup, const char *below, struct error *error)
{
    char path[PATH_MAX];

    return target_path(backup, below, path, error) && (mkdir(path, 0750) == 0 || failed(error, path));
}

static bool make_folders(const struct backup *backup, struct error *error)
{
    static const char *const folders[] = {"registry", "mail", STORE_CONTENTS, STORE_SPOOL};

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (!make_folder(backup, folders[i], error))
            return false;
    return true;
}

static bool sync_path(const char *path, int flags, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        failed(error, path);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool sync_below(const struct backup *backup, const char *below, int flags, struct error *error)
{
    char path[PATH_MAX];

    return target_path(backup, below, path, error) && sync_path(path, flags, error);
}

/* ---- databases ---- */

static void tell(const struct backup *backup, uint64_t done)
{
    if (backup->progress)
        backup->progress(backup->state, done < backup->total ? done : backup->total, backup->total);
}

struct copying {
    struct backup *backup;
    enum database database;
    uint64_t log_before; /* bytes of its file, which keeps the length of an earlier time */
};

static bool log_allows(const struct copying *copying, struct error *error)
{
    const struct store *store = copying->backup->store;
    uint64_t log = store_log_bytes(store->config, copying->database), most = store->config->wal_cap / 4 * LOG_QUARTERS;

    return log <= most || log <= copying->log_before
           || error_set(
               error, ERROR_UNAVAILABLE, store_database_paths[copying->database],
               "its log grew to %llu bytes while it was copied; try at a quieter hour, or raise [store] wal_cap",
               (unsigned long long)log);
}

/* Comes in pages. */
static bool copied_pages(void *state, uint64_t done, uint64_t total, struct error *error)
{
    const struct copying *copying = state;
    const struct backup *backup = copying->backup;

    tell(backup, backup->base + (total ? backup->database * done / total : 0));
    return log_allows(copying, error);
}

static uint64_t file_bytes(const struct backup *backup, enum database database)
{
    char path[PATH_MAX];
    struct stat info;

    store_path(backup->store->config, store_database_paths[database], path);
    return stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
}

static bool copy_database(struct backend *backend, void *state, struct error *error)
{
    struct copying *copying = state;
    char path[PATH_MAX];

    if (!target_path(copying->backup, store_database_paths[copying->database], path, error))
        return false;
    unlink(path); /* of a try before, when the writer was away */
    copying->log_before = store_log_bytes(copying->backup->store->config, copying->database);
    return backend_copy(backend, path, copied_pages, copying, error) && (chmod(path, 0640) == 0 || failed(error, path));
}

static bool copy_databases(struct backup *backup, struct error *error)
{
    for (enum database database = 0; database < DATABASE_COUNT; database++) {
        struct copying copying = {.backup = backup, .database = database};

        backup->database = file_bytes(backup, database);
        if (!store_read(backup->store, database, copy_database, &copying, error)
            || !sync_below(backup, store_database_paths[database], 0, error))
            return false;
        backup->base += backup->database;
    }
    return true;
}

/* ---- contents ---- */

static bool copy_bytes(struct backup *backup, int from, int to)
{
    for (;;) {
        ssize_t got = read(from, backup->piece, PIECE), put = 0;

        if (got <= 0)
            return got == 0;
        while (put < got) {
            ssize_t written = write(to, backup->piece + put, (size_t)(got - put));

            if (written < 0)
                return false;
            put += written;
        }
        backup->base += (uint64_t)got;
        tell(backup, backup->base);
    }
}

/* A file that went away meanwhile was named by nobody. */
static bool copy_file(struct backup *backup, int from_folder, const char *name, const char *to, struct error *error)
{
    int from = openat(from_folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), copy = -1;
    bool ok;

    if (from < 0 && errno == ENOENT)
        return true;
    if (from >= 0)
        copy = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    ok = copy >= 0 && copy_bytes(backup, from, copy) && fsync(copy) == 0;
    if (!ok)
        failed(error, to);
    if (copy >= 0)
        close(copy);
    if (from >= 0)
        close(from);
    return ok;
}

static bool copy_entry(struct backup *backup, int entries, const char *folder, const char *name, struct error *error)
{
    char below[PATH_MAX], to[PATH_MAX];
    struct digest digest;

    if (!digest_parse(name, &digest))
        return true;
    return snprintf(below, sizeof below, "%s/%.64s", folder, name) < PATH_MAX && target_path(backup, below, to, error)
           && copy_file(backup, entries, name, to, error);
}

static bool copy_files(struct backup *backup, DIR *entries, const char *folder, struct error *error)
{
    const struct dirent *entry;

    for (;;) {
        errno = 0; /* the end of a folder and a failure look the same */
        entry = readdir(entries);
        if (!entry)
            return !errno || failed(error, folder);
        if (!copy_entry(backup, dirfd(entries), folder, entry->d_name, error))
            return false;
    }
}

static bool copy_folder(struct backup *backup, unsigned number, struct error *error)
{
    char folder[sizeof STORE_CONTENTS + 4], path[PATH_MAX];
    DIR *entries;
    bool ok;

    snprintf(folder, sizeof folder, STORE_CONTENTS "/%02x", number & 0xff);
    store_path(backup->store->config, folder, path);
    entries = opendir(path);
    if (!entries)
        return errno == ENOENT || failed(error, path);
    ok = make_folder(backup, folder, error) && copy_files(backup, entries, folder, error)
         && sync_below(backup, folder, O_DIRECTORY, error);
    closedir(entries);
    return ok;
}

static bool copy_contents(struct backup *backup, struct error *error)
{
    for (unsigned number = 0; number < 256; number++)
        if (!copy_folder(backup, number, error))
            return false;
    return sync_below(backup, STORE_CONTENTS, O_DIRECTORY, error) && sync_below(backup, "mail", O_DIRECTORY, error)
           && sync_below(backup, "registry", O_DIRECTORY, error) && sync_below(backup, "", O_DIRECTORY, error);
}

/* ---- the whole ---- */

static int hold_sweep(const struct config *config)
{
    char path[PATH_MAX];
    int fd;

    store_path(config, STORE_SWEEP_LOCK, path);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd >= 0 && flock(fd, LOCK_SH) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* The name that was asked for exists only when all of it is on disk. */
static bool put_in_place(const struct backup *backup, const char *target, struct error *error)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(target, '/');

    if (rename(backup->target, target) < 0)
        return failed(error, target);
    if (!slash)
        snprintf(folder, sizeof folder, ".");
    else
        snprintf(folder, sizeof folder, "%.*s", slash == target ? 1 : (int)(slash - target), target);
    return sync_path(folder, O_DIRECTORY, error);
}

static bool copy_all(struct backup *backup, const char *target, struct error *error)
{
    struct store_status status = {0};
    int lock = hold_sweep(backup->store->config), partial;
    bool ok;

    if (lock < 0)
        return failed(error, STORE_SWEEP_LOCK);
    if (!partial_take(backup->target, &partial, error)) {
        close(lock);
        return false;
    }
    ok = store_status(backup->store, &status, error);
    backup->total = status.content_bytes + file_bytes(backup, DATABASE_MAIL) + file_bytes(backup, DATABASE_REGISTRY);
    ok = ok && make_folders(backup, error) && copy_databases(backup, error) && copy_contents(backup, error)
         && put_in_place(backup, target, error);
    if (!ok)
        partial_remove(backup->target, partial);
    close(partial);
    close(lock);
    return ok;
}

bool store_backup(struct store *store, const char *target, store_progress *progress, void *state, struct error *error)
{
    struct backup backup = {.store = store, .progress = progress, .state = state};
    size_t length = strlen(target);
    struct stat info;
    bool ok;

    while (length > 1 && target[length - 1] == '/')
        length--;
    if (length == 0 || length + sizeof PARTIAL > PATH_MAX)
        return error_set(error, ERROR_UNAVAILABLE, "target", "its path is empty or too long");
    char whole[PATH_MAX];

    snprintf(whole, sizeof whole, "%.*s", (int)length, target);
    snprintf(backup.target, sizeof backup.target, "%.*s" PARTIAL, (int)length, target);
    if (lstat(whole, &info) == 0)
        return error_set(error, ERROR_ALREADY_EXISTS, whole, "a backup goes into a new folder");
    backup.piece = malloc(PIECE);
    ok = backup.piece ? copy_all(&backup, whole, error) : error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    free(backup.piece);
    return ok;
}
