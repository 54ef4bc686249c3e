#include "gateway/store/backup_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDERS 256 /* of contents/ */

static bool failed(const char *path, struct error *error)
{
    return error_set(error, ERROR_UNAVAILABLE, path, "%s", strerror(errno));
}

/* False but for what was not there anyway. */
static bool removed(int folder, const char *name, int flags)
{
    return unlinkat(folder, name, flags) == 0 || errno == ENOENT;
}

static bool clear_contents(int folder, unsigned number)
{
    char name[sizeof STORE_CONTENTS + 4];
    const struct dirent *entry = NULL;
    struct digest digest;
    bool ok = true;

    snprintf(name, sizeof name, STORE_CONTENTS "/%02x", number & 0xff);
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;

    if (!entries)
        return fd < 0 && errno == ENOENT;
    while (ok && (entry = readdir(entries)))
        ok = !digest_parse(entry->d_name, &digest) || removed(dirfd(entries), entry->d_name, 0);
    closedir(entries);
    return ok && removed(folder, name, AT_REMOVEDIR);
}

/* A folder in which something else lies does not go. A journal is what a copy that died may leave beside its database. */
static bool clear(int folder)
{
    static const char *const files[] = {"registry/registry.db", "registry/registry.db-journal", "mail/mail.db",
                                        "mail/mail.db-journal"};
    static const char *const folders[] = {STORE_CONTENTS, "mail", "registry", STORE_SPOOL};
    bool ok = true;

    for (unsigned number = 0; ok && number < FOLDERS; number++)
        ok = clear_contents(folder, number);
    for (size_t i = 0; ok && i < sizeof files / sizeof *files; i++)
        ok = removed(folder, files[i], 0);
    for (size_t i = 0; ok && i < sizeof folders / sizeof *folders; i++)
        ok = removed(folder, folders[i], AT_REMOVEDIR);
    return ok;
}

/* Between our opening and our lock another backup may have come to its end, and its folder to its name. */
static bool is_at(const char *path, int fd)
{
    struct stat there, here;

    return lstat(path, &there) == 0 && fstat(fd, &here) == 0 && there.st_dev == here.st_dev
           && there.st_ino == here.st_ino;
}

bool partial_take(const char *path, int *lock, struct error *error)
{
    *lock = -1;
    if (mkdir(path, 0750) < 0 && errno != EEXIST)
        return failed(path, error);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return failed(path, error);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 || !is_at(path, fd))
        error_set(error, ERROR_ALREADY_EXISTS, path, "another backup is at work there");
    else if (!clear(fd))
        failed(path, error);
    else
        *lock = fd;
    if (*lock < 0)
        close(fd);
    return *lock >= 0;
}

void partial_remove(const char *path, int lock)
{
    if (clear(lock))
        rmdir(path);
}
