#include "gateway/content/content_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/crash_point.h"

#define WRITE_SIZE ((size_t)256 * 1024) /* what is written at once: a call costs as much as copying some KB */
#define FIRST_ROOM ((size_t)4 * 1024)

struct part {
    struct spool *spool;
    size_t inline_max;
    unsigned char *buffer; /* all of it while it is in memory, then what is not yet written */
    size_t filled, room;
    uint64_t size;
    int fd;                     /* -1: not open */
    char name[SPOOL_NAME_SIZE]; /* empty while it is in memory */
    bool finished, handed_over;
};

bool part_open(struct spool *spool, size_t inline_max, struct part **part, struct error *error)
{
    struct part *made = malloc(sizeof *made);

    if (!made)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    *made = (struct part){.spool = spool, .inline_max = inline_max, .fd = -1};
    *part = made;
    return true;
}

static bool make_room(struct part *part, size_t room, struct error *error)
{
    unsigned char *buffer;

    if (room <= part->room)
        return true;
    buffer = realloc(part->buffer, room);
    if (!buffer)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    part->buffer = buffer;
    part->room = room;
    return true;
}

static bool write_all(struct part *part, const unsigned char *bytes, size_t size, struct error *error)
{
    while (size > 0) {
        ssize_t written = write(part->fd, bytes, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return spool_failed(error, "writing to", written < 0 ? errno : EIO);
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

static bool flush(struct part *part, struct error *error)
{
    size_t size = part->filled;

    part->filled = 0;
    return write_all(part, part->buffer, size, error);
}

static bool add_inline(struct part *part, const void *bytes, size_t size, struct error *error)
{
    size_t need = part->filled + size;
    size_t room = part->room ? part->room : FIRST_ROOM;

    while (room < need)
        room *= 2;
    if (!make_room(part, room < part->inline_max ? room : part->inline_max, error))
        return false;
    memcpy(part->buffer + part->filled, bytes, size);
    part->filled = need;
    return true;
}

static bool add_spooled(struct part *part, const void *bytes, size_t size, struct error *error)
{
    if (size > part->room - part->filled && !flush(part, error))
        return false;
    if (size >= part->room)
        return write_all(part, bytes, size, error);
    memcpy(part->buffer + part->filled, bytes, size);
    part->filled += size;
    return true;
}

/* From memory to a file. */
static bool spill(struct part *part, struct error *error)
{
    if (!make_room(part, WRITE_SIZE, error))
        return false;
    part->fd = spool_make(part->spool, part->name, error);
    return part->fd >= 0;
}

bool part_add(struct part *part, const void *bytes, size_t size, struct error *error)
{
    if (part->finished)
        return error_set(error, ERROR_INTERNAL, NULL, "bytes for a content that has ended");
    if (size == 0)
        return true;
    part->size += size;
    if (part->fd < 0 && size <= part->inline_max - part->filled)
        return add_inline(part, bytes, size, error);
    return (part->fd >= 0 || spill(part, error)) && add_spooled(part, bytes, size, error);
}

/* The bytes first, then the name (reliability.md R1). After a failure nothing is tried again on this file. */
static bool settle(struct part *part, struct error *error)
{
    int fd = part->fd;

    if (!flush(part, error))
        return false;
    if (fdatasync(fd) != 0)
        return spool_failed(error, "syncing a file of", errno);
    part->fd = -1;
    if (close(fd) != 0)
        return spool_failed(error, "closing a file of", errno);
    if (!spool_sync(part->spool, error))
        return false;
    crash_point(CRASH_SENDER_AFTER_SPOOL_SYNC);
    free(part->buffer);
    part->buffer = NULL;
    part->room = 0;
    return true;
}

bool part_finish(struct part *part, const void **bytes, const char **name, uint64_t *size, struct error *error)
{
    bool spooled = part->name[0] != '\0';

    if (!part->finished && spooled && !settle(part, error))
        return false;
    part->finished = true;
    *name = spooled ? part->name : NULL;
    *bytes = spooled ? NULL : part->buffer ? part->buffer : (const void *)"";
    *size = part->size;
    return true;
}

static bool digest_file(struct digest_stream *stream, int fd, struct digest *digest, struct error *error)
{
    unsigned char bytes[16 * 1024];
    ssize_t got;

    if (!digest_start(stream))
        return error_set(error, ERROR_INTERNAL, NULL, "no digest");
    while ((got = read(fd, bytes, sizeof bytes)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return spool_failed(error, "reading from", errno);
        if (!digest_add(stream, bytes, (size_t)got))
            return error_set(error, ERROR_INTERNAL, NULL, "no digest");
    }
    return digest_finish(stream, digest) || error_set(error, ERROR_INTERNAL, NULL, "no digest");
}

bool part_digest(struct part *part, struct digest *digest, struct error *error)
{
    struct digest_stream *stream;
    int fd;
    bool ok;

    if (!part->finished)
        return error_set(error, ERROR_INTERNAL, NULL, "a digest of a content that has not ended");
    if (!part->name[0])
        return digest_of(part->buffer, part->filled, digest) || error_set(error, ERROR_INTERNAL, NULL, "no digest");
    fd = openat(part->spool->folder, part->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return spool_failed(error, "reading from", errno);
    stream = digest_open();
    ok = stream ? digest_file(stream, fd, digest, error) : error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    digest_close(stream);
    close(fd);
    return ok;
}

void part_hand_over(struct part *part)
{
    part->handed_over = true;
}

void part_close(struct part *part)
{
    if (!part)
        return;
    if (part->fd >= 0)
        close(part->fd);
    if (part->name[0] && !part->handed_over)
        unlinkat(part->spool->folder, part->name, 0);
    free(part->buffer);
    free(part);
}
