/* The writer's hands on files: it takes spooled contents over by rename. */
#include "gateway/store/writer_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "gateway/base/crash_point.h"

#define FOLDERS 256

struct keeper {
    int contents, spool;
    bool touched[FOLDERS]; /* folders of contents/ with a name that may not be on disk yet */
    bool any_touched;
};

static bool failed(struct error *error, const char *where)
{
    enum error_code code = errno == ENOSPC || errno == EDQUOT ? ERROR_STORE_FULL
                           : errno == EIO                     ? ERROR_STORE_FAILED
                                                              : ERROR_STORE_UNAVAILABLE;

    return error_set(error, code, where, "%s", strerror(errno));
}

/* The 256 folders, on disk before the first file goes into one; also those that a writer made which then died. */
static bool make_folders(int contents, struct error *error)
{
    for (int i = 0; i < FOLDERS; i++) {
        char name[3];

        snprintf(name, sizeof name, "%02x", (unsigned)i);
        if (mkdirat(contents, name, 0750) < 0 && errno != EEXIST)
            return failed(error, STORE_CONTENTS);
    }
    return fsync(contents) == 0 || error_set(error, ERROR_STORE_FAILED, STORE_CONTENTS, "sync: %s", strerror(errno));
}

static bool open_folder(const struct config *config, const char *below, int *fd, struct error *error)
{
    char path[PATH_MAX];

    store_path(config, below, path);
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *fd >= 0 || failed(error, below);
}

bool keeper_open(const struct config *config, struct keeper **keeper, struct error *error)
{
    *keeper = calloc(1, sizeof **keeper);
    if (!*keeper)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    (*keeper)->contents = (*keeper)->spool = -1;
    return open_folder(config, STORE_CONTENTS, &(*keeper)->contents, error)
           && open_folder(config, STORE_SPOOL, &(*keeper)->spool, error) && make_folders((*keeper)->contents, error);
}

void keeper_close(struct keeper *keeper)
{
    if (!keeper)
        return;
    if (keeper->contents >= 0)
        close(keeper->contents);
    if (keeper->spool >= 0)
        close(keeper->spool);
    free(keeper);
}

/* A spool name is a UUID's text; nothing else is a name here. */
static bool is_spool_name(const char *name)
{
    struct uuid uuid;

    return name && uuid_parse(name, &uuid);
}

static bool is_file_of(int folder, const char *name, uint64_t size)
{
    struct stat status;

    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1
           && (uint64_t)status.st_size == size;
}

void keeper_drop(struct keeper *keeper, const char *spool_name)
{
    if (is_spool_name(spool_name))
        unlinkat(keeper->spool, spool_name, 0);
}

bool keeper_take(struct keeper *keeper, const struct digest *digest, uint64_t size, const char *spool_name,
                 struct error *error)
{
    char path[CONTENT_PATH_SIZE];

    if (!is_spool_name(spool_name))
        return error_set(error, ERROR_CHANGE_MALFORMED, NULL, "a spool file's name");
    content_path(digest, path);
    /* whether the folder was synced after a rename of an earlier try is not known, so it is synced again */
    keeper->touched[digest->bytes[0]] = keeper->any_touched = true;
    if (is_file_of(keeper->contents, path, size)) {
        keeper_drop(keeper, spool_name);
        return true;
    }
    crash_point(CRASH_WRITER_BEFORE_CONTENT_RENAME);
    if (renameat(keeper->spool, spool_name, keeper->contents, path) < 0)
        return error_set(error, errno == ENOSPC ? ERROR_STORE_FULL : ERROR_SPOOL_FAILED, NULL, "taking over: %s",
                         strerror(errno));
    crash_point(CRASH_WRITER_AFTER_CONTENT_RENAME);
    /* looked at only now, where the worker can no longer put something else in its place */
    if (is_file_of(keeper->contents, path, size))
        return true;
    unlinkat(keeper->contents, path, 0);
    return error_set(error, ERROR_SPOOL_FAILED, NULL, "a spool file is not a file of %llu bytes",
                     (unsigned long long)size);
}

static bool sync_folder(const struct keeper *keeper, int number, struct error *error)
{
    char name[3];

    snprintf(name, sizeof name, "%02x", (unsigned)number);
    int fd = openat(keeper->contents, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        failed(error, STORE_CONTENTS);
    if (fd >= 0)
        close(fd);
    return ok;
}

bool keeper_sync(struct keeper *keeper, struct error *error)
{
    if (!keeper->any_touched)
        return true;
    for (int i = 0; i < FOLDERS; i++) {
        if (keeper->touched[i] && !sync_folder(keeper, i, error))
            return false;
        keeper->touched[i] = false;
    }
    keeper->any_touched = false;
    return true;
}

static bool read_all(int fd, uint64_t size, struct buffer *fields, struct error *error)
{
    char chunk[16384];

    while (fields->size <= size) {
        ssize_t got = read(fd, chunk, sizeof chunk);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(error, ERROR_SPOOL_FAILED, NULL, "reading a change: %s", strerror(errno));
        if (!got)
            break;
        if (!buffer_add(fields, chunk, (size_t)got))
            return error_set(error, ERROR_OUT_OF_MEMORY, NULL, "a spooled change");
    }
    return fields->size == size || error_set(error, ERROR_CHANGE_MALFORMED, NULL, "a spooled change's size");
}

bool keeper_load(struct keeper *keeper, const char *spool_name, uint64_t size, struct buffer *fields,
                 struct error *error)
{
    if (!is_spool_name(spool_name) || size > CHANGE_MAX)
        return error_set(error, ERROR_CHANGE_MALFORMED, NULL, "a spooled change");
    int fd = openat(keeper->spool, spool_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return error_set(error, ERROR_SPOOL_FAILED, NULL, "opening a change: %s", strerror(errno));
    buffer_clear(fields);
    fields->limit = CHANGE_MAX + 16384;
    bool ok = read_all(fd, size, fields, error);

    close(fd);
    return ok;
}

bool keeper_free_bytes(const struct keeper *keeper, uint64_t *bytes)
{
    struct statvfs status;

    if (fstatvfs(keeper->contents, &status) < 0)
        return false;
    *bytes = (uint64_t)status.f_bavail * status.f_frsize;
    return true;
}
