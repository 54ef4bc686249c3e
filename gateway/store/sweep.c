/* Files that nobody refers to: contents whose change never came to be, spool files whose worker died. They are looked at
 * a few at a time, of either kind, and only once they are older than anything under way can be. */
#include "gateway/store/store_impl.h"

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

#define FOLDERS 256 /* of contents/ */
#define HOUR_MS (INT64_C(3600) * 1000)

struct sweep {
    int contents, spool, lock;
    int64_t age; /* milliseconds */
    unsigned folder;
    DIR *entries; /* of `folder`; NULL: not begun */
    DIR *spooled; /* of the spool; NULL: not begun */
};

static int open_below(const struct config *config, const char *below, int flags)
{
    char path[PATH_MAX];

    store_path(config, below, path);
    return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0640);
}

bool sweep_open(const struct config *config, struct sweep **sweep, struct error *error)
{
    struct sweep *made = calloc(1, sizeof *made);

    *sweep = made;
    if (!made)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    made->age = (int64_t)config->orphan_hours * HOUR_MS;
    made->contents = open_below(config, STORE_CONTENTS, O_RDONLY | O_DIRECTORY);
    made->spool = open_below(config, STORE_SPOOL, O_RDONLY | O_DIRECTORY);
    made->lock = open_below(config, STORE_SWEEP_LOCK, O_RDWR | O_CREAT);
    if (made->contents >= 0 && made->spool >= 0 && made->lock >= 0)
        return true;
    error_set(error, ERROR_STORE_UNAVAILABLE, "sweep", "%s", strerror(errno));
    sweep_close(made);
    *sweep = NULL;
    return false;
}

void sweep_close(struct sweep *sweep)
{
    if (sweep->entries)
        closedir(sweep->entries);
    if (sweep->spooled)
        closedir(sweep->spooled);
    if (sweep->contents >= 0)
        close(sweep->contents);
    if (sweep->spool >= 0)
        close(sweep->spool);
    if (sweep->lock >= 0)
        close(sweep->lock);
    free(sweep);
}

static bool open_entries(int folder, const char *name, DIR **entries, struct error *error)
{
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    *entries = fd >= 0 ? fdopendir(fd) : NULL;
    if (*entries)
        return true;
    if (fd >= 0)
        close(fd);
    return error_set(error, ERROR_STORE_UNAVAILABLE, "sweep", "%s", strerror(errno));
}

/* Whether a row says that the content lies in this file. */
static bool content_named(struct backend *mail, const struct digest *digest, bool *named, struct error *error)
{
    struct query query;

    if (!query_begin(mail, STMT_CONTENT_FIND, &query, error))
        return false;
    query_set_digest(&query, ":digest", digest);
    *named = query_step(&query) && query_number(&query, 1);
    return query_end(&query);
}

static bool is_old(const struct sweep *sweep, int folder, const char *name, int64_t now)
{
    struct stat status;

    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode)
           && now - (int64_t)status.st_mtim.tv_sec * 1000 >= sweep->age;
}

/* A name that is none of ours is left alone, here and in the spool. */
static bool look_at_content(const struct sweep *sweep, struct backend *mail, const char *name, int64_t now,
                            struct error *error)
{
    struct digest digest;
    bool named;

    if (!digest_parse(name, &digest) || !is_old(sweep, dirfd(sweep->entries), name, now))
        return true;
    if (!content_named(mail, &digest, &named, error))
        return false;
    if (!named)
        unlinkat(dirfd(sweep->entries), name, 0);
    return true;
}

static bool sweep_contents(struct sweep *sweep, struct backend *mail, unsigned most, int64_t now, struct error *error)
{
    while (most-- > 0) {
        char name[3];

        snprintf(name, sizeof name, "%02x", sweep->folder & 0xff);
        if (!sweep->entries && !open_entries(sweep->contents, name, &sweep->entries, error))
            return false;
        const struct dirent *entry = readdir(sweep->entries);

        if (entry && !look_at_content(sweep, mail, entry->d_name, now, error))
            return false;
        if (entry)
            continue;
        closedir(sweep->entries);
        sweep->entries = NULL;
        sweep->folder = (sweep->folder + 1) % FOLDERS;
    }
    return true;
}

/* To its end at most: the spool is mostly empty. */
static bool sweep_spool(struct sweep *sweep, unsigned most, int64_t now, struct error *error)
{
    const struct dirent *entry = NULL;

    if (!sweep->spooled && !open_entries(sweep->spool, ".", &sweep->spooled, error))
        return false;
    while (most-- > 0 && (entry = readdir(sweep->spooled))) {
        struct uuid uuid;

        if (uuid_parse(entry->d_name, &uuid) && is_old(sweep, sweep->spool, entry->d_name, now))
            unlinkat(sweep->spool, entry->d_name, 0);
    }
    if (entry)
        return true;
    closedir(sweep->spooled);
    sweep->spooled = NULL;
    return true;
}

bool sweep_step(struct sweep *sweep, struct backend *mail, unsigned most, int64_t now, struct error *error)
{
    /* a backup is copying: what its databases name must stay */
    if (flock(sweep->lock, LOCK_EX | LOCK_NB) < 0)
        return true;
    bool ok = sweep_spool(sweep, most, now, error) && sweep_contents(sweep, mail, most, now, error);

    flock(sweep->lock, LOCK_UN);
    return ok;
}
