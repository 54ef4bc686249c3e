/* Preloaded into the gateway: lets every call through and logs those that change files below POWERCUT_STATE, so that
 * powercut_image can tell what a disk would hold after the power went at any moment. The wal-index (-shm) is left out:
 * it is rebuilt from the log after a crash. A call is logged when it is done; a sync counts for what was logged before
 * it began. */
#include "tests/crash/powercut.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char *log_bytes; /* NULL: not logging */
static char state[PATH_MAX];

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t), (*real_fsync)(int), (*real_fdatasync)(int);
static int (*real_renameat)(int, const char *, int, const char *), (*real_unlinkat)(int, const char *, int);
static int (*real_linkat)(int, const char *, int, const char *, int), (*real_mkdirat)(int, const char *, mode_t);
static int (*real_openat)(int, const char *, int, ...);

static void find(const char *name, void *place)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (!found)
        abort();
    memcpy(place, &found, sizeof(found));
}

/* Asked for by each call, for other libraries open files before our constructor has run. */
static void find_real(void)
{
    if (real_openat)
        return;
    find("write", &real_write);
    find("pwrite64", &real_pwrite);
    find("ftruncate64", &real_ftruncate);
    find("fsync", &real_fsync);
    find("fdatasync", &real_fdatasync);
    find("renameat", &real_renameat);
    find("unlinkat", &real_unlinkat);
    find("linkat", &real_linkat);
    find("mkdirat", &real_mkdirat);
    find("openat64", &real_openat); /* the last: now all are known */
}

__attribute__((constructor)) static void open_log(void)
{
    const char *file = getenv("POWERCUT_LOG"), *folder = getenv("POWERCUT_STATE");
    int fd;

    find_real();
    if (!file || !folder || !realpath(folder, state))
        return;
    fd = real_openat(AT_FDCWD, file, O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        void *mapped = mmap(NULL, POWERCUT_LOG_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);

        log_bytes = mapped == MAP_FAILED ? NULL : mapped;
        close(fd);
    }
    if (!log_bytes)
        abort();
    uint64_t unused = 0;

    __atomic_compare_exchange_n(&((struct powercut_head *)(void *)log_bytes)->used, &unused, POWERCUT_FIRST, false,
                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static uint64_t position(void)
{
    return log_bytes ? __atomic_load_n(&((struct powercut_head *)(void *)log_bytes)->used, __ATOMIC_SEQ_CST) : 0;
}

static void record(enum powercut_kind kind, const struct powercut_record *what, const char *path, const char *target,
                   const void *data)
{
    struct powercut_head *head = (void *)log_bytes;
    size_t path_size = path ? strlen(path) : 0, target_size = target ? strlen(target) : 0;
    uint64_t size = (sizeof(*what) + path_size + target_size + what->data_size + 7) / 8 * 8;
    struct timespec now;

    /* Before the record has its place: what was promised earlier than that was synced by records before this one. A process
     * that loses the processor while it fills its record in must not date it later than a promise behind it. */
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t at = __atomic_fetch_add(&head->used, size, __ATOMIC_SEQ_CST);
    struct powercut_record *r = (void *)(log_bytes + at);
    char *rest = (char *)(r + 1);

    if (at + size > POWERCUT_LOG_SIZE) {
        __atomic_add_fetch(&head->lost, 1, __ATOMIC_SEQ_CST);
        return;
    }
    *r = *what;
    r->size = size;
    r->path_size = (uint32_t)path_size;
    r->target_size = (uint32_t)target_size;
    if (path_size)
        memcpy(rest, path, path_size);
    if (target_size)
        memcpy(rest + path_size, target, target_size);
    if (what->data_size)
        memcpy(rest + path_size + target_size, data, what->data_size);
    r->time = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    __atomic_store_n(&r->kind, kind, __ATOMIC_SEQ_CST);
}

/* What of `path` lies below the state folder; NULL: it is elsewhere, or not for the log. */
static const char *below(const char *path)
{
    size_t size = strlen(state), length = strlen(path);

    if (strncmp(path, state, size) != 0 || (path[size] != '/' && path[size] != '\0'))
        return NULL;
    if (length > 4 && strcmp(path + length - 4, "-shm") == 0)
        return NULL;
    return path[size] == '/' ? path + size + 1 : "";
}

/* The path of a descriptor; also of a file that lost its name meanwhile. */
static const char *fd_path(int fd, char path[PATH_MAX])
{
    char name[64];
    ssize_t size;
    int before = errno;

    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    size = readlink(name, path, PATH_MAX - 1);
    errno = before;
    if (size <= 0)
        return NULL;
    path[size] = '\0';
    return below(path);
}

/* The path of a name in a folder, its folder part resolved. */
static const char *at_path(int folder, const char *name, char path[PATH_MAX])
{
    char joined[PATH_MAX], parent[PATH_MAX], *slash;

    if (name[0] == '/' || folder == AT_FDCWD) {
        snprintf(joined, sizeof(joined), "%s%s", name[0] == '/' ? "" : "./", name);
    } else {
        char base[PATH_MAX];

        if (!fd_path(folder, base))
            return NULL;
        if (snprintf(joined, sizeof(joined), "%s/%s", base, name) >= PATH_MAX)
            return NULL;
    }
    slash = strrchr(joined, '/');
    *slash = '\0';
    if (!realpath(joined[0] ? joined : "/", parent) || snprintf(path, PATH_MAX, "%s/%s", parent, slash + 1) >= PATH_MAX)
        return NULL;
    return below(path);
}

/* Whether calls on this descriptor are for the log; fills in the inode. */
static const char *logged_fd(int fd, struct powercut_record *r, bool *folder, char path[PATH_MAX])
{
    struct stat info;
    const char *name;
    int before = errno;

    if (!log_bytes || !(name = fd_path(fd, path)))
        return NULL;
    if (fstat(fd, &info) != 0 || (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)))
        name = NULL;
    errno = before;
    if (folder)
        *folder = S_ISDIR(info.st_mode);
    r->inode = (uint64_t)info.st_ino;
    return name;
}

static void log_written(int fd, const void *bytes, ssize_t size, off_t offset)
{
    struct powercut_record r = {.offset = (uint64_t)offset, .data_size = (uint64_t)size};
    char path[PATH_MAX];
    const char *name = logged_fd(fd, &r, NULL, path);

    if (name)
        record(POWERCUT_WRITE, &r, name, NULL, bytes);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    ssize_t done;

    find_real();
    done = real_write(fd, bytes, size);
    if (done > 0 && log_bytes)
        log_written(fd, bytes, done, lseek(fd, 0, SEEK_CUR) - done);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    ssize_t done;

    find_real();
    done = real_pwrite(fd, bytes, size, offset);
    if (done > 0)
        log_written(fd, bytes, done, offset);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset)
{
    return pwrite(fd, bytes, size, offset);
}

int ftruncate(int fd, off_t size)
{
    struct powercut_record r = {.offset = (uint64_t)size};
    char path[PATH_MAX];
    const char *name;
    int result;

    find_real();
    result = real_ftruncate(fd, size);
    name = result == 0 ? logged_fd(fd, &r, NULL, path) : NULL;
    if (name)
        record(POWERCUT_TRUNCATE, &r, name, NULL, NULL);
    return result;
}

int ftruncate64(int fd, off_t size)
{
    return ftruncate(fd, size);
}

static int synced(int fd, int (*real)(int))
{
    struct powercut_record r = {.began = position()};
    int result = real(fd);
    char path[PATH_MAX];
    bool folder = false;
    const char *name = result == 0 ? logged_fd(fd, &r, &folder, path) : NULL;

    if (name)
        record(folder ? POWERCUT_SYNC_DIR : POWERCUT_SYNC, &r, name, NULL, NULL);
    return result;
}

int fsync(int fd)
{
    find_real();
    return synced(fd, real_fsync);
}

int fdatasync(int fd)
{
    find_real();
    return synced(fd, real_fdatasync);
}

static void log_name(enum powercut_kind kind, int folder, const char *path, int target_folder, const char *target)
{
    struct powercut_record r = {0};
    char a[PATH_MAX], b[PATH_MAX];
    int before = errno;
    const char *from = log_bytes ? at_path(folder, path, a) : NULL;
    const char *to = from && target ? at_path(target_folder, target, b) : NULL;

    if (from && (to || !target))
        record(kind, &r, from, to, NULL);
    errno = before;
}

int renameat(int folder, const char *path, int target_folder, const char *target)
{
    int result;

    find_real();
    result = real_renameat(folder, path, target_folder, target);
    if (result == 0)
        log_name(POWERCUT_RENAME, folder, path, target_folder, target);
    return result;
}

int rename(const char *path, const char *target)
{
    return renameat(AT_FDCWD, path, AT_FDCWD, target);
}

int linkat(int folder, const char *path, int target_folder, const char *target, int flags)
{
    int result;

    find_real();
    result = real_linkat(folder, path, target_folder, target, flags);
    if (result == 0)
        log_name(POWERCUT_LINK, folder, path, target_folder, target);
    return result;
}

int link(const char *path, const char *target)
{
    return linkat(AT_FDCWD, path, AT_FDCWD, target, 0);
}

int unlinkat(int folder, const char *path, int flags)
{
    int result;

    find_real();
    result = real_unlinkat(folder, path, flags);
    if (result == 0)
        log_name(POWERCUT_UNLINK, folder, path, AT_FDCWD, NULL);
    return result;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    int result;

    find_real();
    result = real_mkdirat(folder, path, mode);
    if (result == 0)
        log_name(POWERCUT_MKDIR, folder, path, AT_FDCWD, NULL);
    return result;
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

static void log_opened(int fd, int flags)
{
    struct powercut_record r = {0};
    char path[PATH_MAX];
    const char *name = logged_fd(fd, &r, NULL, path);

    if (name && (flags & O_CREAT))
        record(POWERCUT_ENTRY, &r, name, NULL, NULL);
    if (name && (flags & O_TRUNC))
        record(POWERCUT_TRUNCATE, &r, name, NULL, NULL);
}

static int opened(int folder, const char *path, int flags, mode_t mode)
{
    int fd;

    find_real();
    fd = real_openat(folder, path, flags, mode);
    if (fd >= 0 && log_bytes && (flags & (O_CREAT | O_TRUNC)) && (flags & O_TMPFILE) != O_TMPFILE)
        log_opened(fd, flags);
    return fd;
}

static mode_t mode_of(int flags, va_list rest)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    int fd;

    va_start(rest, flags);
    fd = opened(AT_FDCWD, path, flags, mode_of(flags, rest));
    va_end(rest);
    return fd;
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    int fd;

    va_start(rest, flags);
    fd = opened(AT_FDCWD, path, flags, mode_of(flags, rest));
    va_end(rest);
    return fd;
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list rest;
    int fd;

    va_start(rest, flags);
    fd = opened(folder, path, flags, mode_of(flags, rest));
    va_end(rest);
    return fd;
}

int openat64(int folder, const char *path, int flags, ...)
{
    va_list rest;
    int fd;

    va_start(rest, flags);
    fd = opened(folder, path, flags, mode_of(flags, rest));
    va_end(rest);
    return fd;
}
