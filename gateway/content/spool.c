#include "gateway/content/content_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/ids.h"

/* The folder is shared with the writer through a group, which may take a file over by rename because the folder is its
 * own too. The file stays its maker's, in a group that the readers of contents/ are not in, and nobody else could give it
 * away: so who may read it is decided by the folder that it lies in, and by that alone. */
#define SPOOL_FILE_MODE 0644
#define SPOOL_UMASK 022

bool spool_failed(struct error *error, const char *doing, int reason)
{
    enum error_code code = reason == ENOSPC || reason == EDQUOT ? ERROR_STORE_FULL : ERROR_SPOOL_FAILED;

    return error_set(error, code, NULL, "%s the spool: %s", doing, strerror(reason));
}

bool spool_open(const char *folder, struct spool **spool, struct error *error)
{
    struct spool *made = malloc(sizeof *made);

    if (!made)
        return error_set(error, ERROR_OUT_OF_MEMORY, folder, NULL);
    made->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (made->folder < 0) {
        free(made);
        return error_set(error, ERROR_SPOOL_FAILED, folder, "%s", strerror(errno));
    }
    *spool = made;
    return true;
}

void spool_close(struct spool *spool)
{
    if (!spool)
        return;
    close(spool->folder);
    free(spool);
}

int spool_make(const struct spool *spool, char name[SPOOL_NAME_SIZE], struct error *error)
{
    struct uuid random;
    mode_t before;
    int fd;

    if (!uuid_random(&random)) {
        error_set(error, ERROR_INTERNAL, NULL, "no randomness");
        return -1;
    }
    uuid_format(&random, name);
    before = umask(SPOOL_UMASK);
    fd = openat(spool->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, SPOOL_FILE_MODE);
    umask(before);
    if (fd >= 0)
        return fd;
    spool_failed(error, "making a file in", errno);
    name[0] = '\0';
    return -1;
}

bool spool_sync(const struct spool *spool, struct error *error)
{
    return fsync(spool->folder) == 0 || spool_failed(error, "syncing", errno);
}
