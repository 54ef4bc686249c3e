#include "gateway/process/process_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A change travels in one message, so the kernel must take the largest (gateway/store). */
#define SLOT_BUFFER (512 * 1024)

static bool make_pair(struct slot *slot, struct error *error)
{
    int ends[2], size = SLOT_BUFFER;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_set(error, ERROR_INTERNAL, "slots", "socketpair: %s", strerror(errno));
    for (int i = 0; i < 2; i++)
        setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    slot->worker_end = ends[0];
    slot->writer_end = ends[1];
    return true;
}

static bool add_slot(struct supervisor *supervisor, enum role role, int number, struct error *error)
{
    struct slot *slots = realloc(supervisor->slots, (supervisor->slot_count + 1) * sizeof *slots);
    struct slot slot = {.role = role, .number = number, .worker_end = -1, .writer_end = -1};

    if (!slots)
        return error_set(error, ERROR_OUT_OF_MEMORY, "slots", NULL);
    supervisor->slots = slots;
    if (supervisor->slot_count == SLOTS_MAX)
        return error_set(error, ERROR_CONFIG_INVALID, "workers", "more than %d processes", SLOTS_MAX);
    if (role != ROLE_WRITER && role != ROLE_MONITOR && !make_pair(&slot, error))
        return false;
    slots[supervisor->slot_count++] = slot;
    return true;
}

/* Takes the pool's slots up to `wanted` into use, and the others out of it. Returns how many there are. */
static unsigned use_slots(struct supervisor *supervisor, enum role role, unsigned wanted)
{
    unsigned count = 0;

    for (size_t i = 0; i < supervisor->slot_count; i++)
        if (supervisor->slots[i].role == role)
            supervisor->slots[i].vacant = count++ >= wanted;
    return count;
}

/* The slot of a role that has one process. A build before this one may not have had it. */
static bool fit_single(struct supervisor *supervisor, enum role role, struct error *error)
{
    for (size_t i = 0; i < supervisor->slot_count; i++)
        if (supervisor->slots[i].role == role)
            return true;
    return add_slot(supervisor, role, 0, error);
}

bool slots_fit(struct supervisor *supervisor, struct error *error)
{
    if (!fit_single(supervisor, ROLE_WRITER, error) || !fit_single(supervisor, ROLE_DISPATCHER, error))
        return false;
    for (enum role role = 0; role < POOL_COUNT; role++) {
        unsigned wanted = supervisor->config->workers[role], count = use_slots(supervisor, role, wanted);

        for (; count < wanted; count++)
            if (!add_slot(supervisor, role, (int)count + 1, error))
                return false;
    }
    return true;
}

void slots_close(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->slot_count; i++) {
        struct slot *slot = &supervisor->slots[i];

        if (slot->worker_end >= 0) {
            close(slot->worker_end);
            close(slot->writer_end);
        }
    }
    free(supervisor->slots);
    supervisor->slots = NULL;
    supervisor->slot_count = 0;
}

unsigned slots_living(const struct supervisor *supervisor, bool pools)
{
    unsigned count = 0;

    for (size_t i = 0; i < supervisor->slot_count; i++)
        count += supervisor->slots[i].pid > 0 && (supervisor->slots[i].role != ROLE_WRITER) == pools;
    return count;
}
