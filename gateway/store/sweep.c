/* Files that nobody refers to: contents whose change never came to be, spool files whose worker died. They are looked at
 * a few at a time while the writer is idle, and only once they are older than anything under way can be. */
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

#define FOLDERS 257 /* the 256 of contents/, then the spool */
#define SPOOL_FOLDER 256
#define HOUR_MS (INT64_C(3600) * 1000)

struct sweep {
    int contents, spool, lock;
    int64_t age; /* milliseconds */
    unsigned folder;
    DIR *entries; /* of `folder`; NULL: not begun */
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
    if (sweep->contents >= 0)
        close(sweep->contents);
    if (sweep->spool >= 0)
        close(sweep->spool);
    if (sweep->lock >= 0)
        close(sweep->lock);
    free(sweep);
}

static bool open_folder(struct sweep *sweep, struct error *error)
{
    char name[3] = ".";
    int fd;

    if (sweep->folder != SPOOL_FOLDER)
        snprintf(name, sizeof name, "%02x", sweep->folder & 0xff);
    fd = openat(sweep->folder == SPOOL_FOLDER ? sweep->spool : sweep->contents, name,
                O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    sweep->entries = fd >= 0 ? fdopendir(fd) : NULL;
    if (sweep->entries)
        return true;
    if (fd >= 0)
        close(fd);
    return error_set(error, ERROR_STORE_UNAVAILABLE, "sweep", "%s", strerror(errno));
}

static void next_folder(struct sweep *sweep)
{
    closedir(sweep->entries);
    sweep->entries = NULL;
    sweep->folder = (sweep->folder + 1) % FOLDERS;
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

/* *orphan: it is a name of ours, and nobody needs the file. Names that are none of ours are left alone. */
static bool is_orphan(const struct sweep *sweep, struct backend *mail, const char *name, bool *orphan,
                      struct error *error)
{
    struct digest digest;
    struct uuid uuid;
    bool named = true;

    if (sweep->folder == SPOOL_FOLDER)
        *orphan = uuid_parse(name, &uuid);
    else if (digest_parse(name, &digest) && !content_named(mail, &digest, &named, error))
        return false;
    else
        *orphan = !named;
    return true;
}

static bool look_at(struct sweep *sweep, struct backend *mail, const char *name, int64_t now, struct error *error)
{
    int folder = dirfd(sweep->entries);
    struct stat status;
    bool orphan = false;

    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode)
        || now - (int64_t)status.st_mtim.tv_sec * 1000 < sweep->age)
        return true;
    if (!is_orphan(sweep, mail, name, &orphan, error))
        return false;
    if (orphan)
        unlinkat(folder, name, 0);
    return true;
}

bool sweep_step(struct sweep *sweep, struct backend *mail, unsigned most, int64_t now, struct error *error)
{
    bool ok = true;

    /* a backup is copying: what its databases name must stay */
    if (flock(sweep->lock, LOCK_EX | LOCK_NB) < 0)
        return true;
    while (ok && most-- > 0) {
        const struct dirent *entry;

        ok = sweep->entries || open_folder(sweep, error);
        entry = ok ? readdir(sweep->entries) : NULL;
        if (entry)
            ok = look_at(sweep, mail, entry->d_name, now, error);
        else if (ok)
            next_folder(sweep);
    }
    flock(sweep->lock, LOCK_UN);
    return ok;
}
