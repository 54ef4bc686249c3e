#include "tests/lib/post.h"

#include "gateway/base/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LATE_BYTES ((size_t)1 << 20)

struct ledger {
    int fd;
    bool late;
    struct buffer waiting;
};

static void give_up(const char *what)
{
    fprintf(stderr, "post: the ledger cannot be %s: %s\n", what, strerror(errno));
    exit(3);
}

struct ledger *ledger_open(const char *file, bool late)
{
    struct ledger *ledger = calloc(1, sizeof(*ledger));

    if (!ledger)
        give_up("opened");
    ledger->fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (ledger->fd < 0)
        give_up("opened");
    ledger->waiting.limit = 16 << 20;
    ledger->late = late;
    return ledger;
}

void ledger_intent(struct ledger *ledger, const char *uuid, const struct digest *digest)
{
    char hex[DIGEST_HEX_SIZE];

    digest_format(digest, hex);
    if (!buffer_format(&ledger->waiting, "intent %s %s\n", uuid, hex))
        give_up("kept in memory");
}

void ledger_ack(struct ledger *ledger, const char *uuid, int status, const char *transmission)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!buffer_format(&ledger->waiting, "ack %s %d %s %lld.%09ld\n", uuid, status, transmission, (long long)now.tv_sec,
                       now.tv_nsec))
        give_up("kept in memory");
}

void ledger_sync(struct ledger *ledger)
{
    size_t done = 0;

    if (!ledger || ledger->waiting.size == 0 || (ledger->late && ledger->waiting.size < LATE_BYTES))
        return;
    while (done < ledger->waiting.size) {
        ssize_t n = write(ledger->fd, ledger->waiting.data + done, ledger->waiting.size - done);

        if (n < 0 && errno != EINTR)
            give_up("written");
        if (n > 0)
            done += (size_t)n;
    }
    if (!ledger->late && fdatasync(ledger->fd) != 0)
        give_up("synced");
    buffer_clear(&ledger->waiting);
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger)
        return;
    ledger->late = false;
    ledger_sync(ledger);
    close(ledger->fd);
    buffer_free(&ledger->waiting);
    free(ledger);
}
