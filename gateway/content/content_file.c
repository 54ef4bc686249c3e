#include "gateway/content/content.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void content_path(const struct digest *digest, char out[CONTENT_PATH_SIZE])
{
    digest_format(digest, out + 3);
    out[0] = out[3];
    out[1] = out[4];
    out[2] = '/';
}

static bool is_as_told(int fd, uint64_t size, const char *path, struct error *error)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return error_set(error, ERROR_STORE_UNAVAILABLE, path, "%s", strerror(errno));
    if (!S_ISREG(info.st_mode))
        return error_set(error, ERROR_STORE_CORRUPT, path, "no plain file");
    if ((uint64_t)info.st_size != size)
        return error_set(error, ERROR_STORE_CORRUPT, path, "%lld bytes instead of %llu", (long long)info.st_size,
                         (unsigned long long)size);
    return true;
}

bool content_file_open(int folder, const struct digest *digest, uint64_t size, struct content_file *file,
                       struct error *error)
{
    char path[CONTENT_PATH_SIZE];

    content_path(digest, path);
    *file = (struct content_file){.fd = openat(folder, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (file->fd < 0)
        return error_set(error, errno == ENOENT || errno == ELOOP ? ERROR_STORE_CORRUPT : ERROR_STORE_UNAVAILABLE, path,
                         "%s", strerror(errno));
    file->size = size;
    if (is_as_told(file->fd, size, path, error))
        return true;
    content_file_close(file);
    return false;
}

bool content_file_read(const struct content_file *file, uint64_t offset, void *bytes, size_t size, struct error *error)
{
    unsigned char *at = bytes;

    if (offset > file->size || size > file->size - offset)
        return error_set(error, ERROR_STORE_CORRUPT, NULL, "a content is asked for beyond its end");
    while (size > 0) {
        ssize_t got = pread(file->fd, at, size, (off_t)offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(error, ERROR_STORE_UNAVAILABLE, NULL, "reading a content: %s", strerror(errno));
        if (got == 0)
            return error_set(error, ERROR_STORE_CORRUPT, NULL, "a content's file was cut short");
        at += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}

void content_file_close(struct content_file *file)
{
    close(file->fd);
    file->fd = -1;
}
