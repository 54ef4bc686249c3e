/* A worker asks the writer for a change and waits until it is on disk.
 *
 * The writer may die in between. The slot outlives it: what was sent and not read is read by the next writer, which
 * first says hello, upon which the same change is sent once more. Verbs are such that a change which was already made
 * is recognised, so doing it twice is harmless; but a refusal that did not look at the store tells nothing about the
 * first time, and no answer tells nothing at all: both are ERROR_STORE_UNSURE. */
#include "gateway/store/store_impl.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "gateway/base/crash_point.h"
#include "gateway/base/time.h"
#include "gateway/store/writer_impl.h"

#define HEADER_MAX 1024
#define REQUEST_KEPT (512u * 1024) /* memory that stays for the next change */

/* One change on its way. */
struct asking {
    struct store *store;
    struct buffer *message; /* what is sent: the request itself, or a header that names its spool file */
    struct part *spooled;
    int64_t deadline; /* time_monotonic() */
    unsigned sent;    /* how often */
    size_t received;  /* bytes in store->inbox */
};

struct packer *change_begin(struct store *store, enum verb verb, const struct uuid *party)
{
    struct wire_change change = {.verb = verb};

    if (party)
        change.party = *party;
    if (getrandom(&change.id, sizeof change.id, 0) != sizeof change.id)
        change.id = (uint64_t)time_monotonic();
    if (store->request.capacity > REQUEST_KEPT)
        buffer_free(&store->request);
    buffer_clear(&store->request);
    store->request.limit = CHANGE_MAX + HEADER_MAX;
    store->packer = (struct packer){.buffer = &store->request};
    store->change_id = change.id;
    wire_pack_change(&store->packer, &change);
    return &store->packer;
}

/* Waits for `events` until the deadline. False: it passed. */
static bool wait_for(const struct asking *asking, short events)
{
    struct pollfd slot = {.fd = asking->store->slot, .events = events};

    for (;;) {
        int64_t left = asking->deadline - time_monotonic();

        if (left <= 0)
            return false;
        int ready = poll(&slot, 1, left > INT_MAX ? INT_MAX : (int)left);

        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

static bool no_answer(const struct asking *asking, const char *why, struct error *error)
{
    enum error_code code = asking->sent ? ERROR_STORE_UNSURE : ERROR_STORE_UNAVAILABLE;

    return error_set(error, code, NULL, "%s", why);
}

/* Too large for one message, the fields go into the spool and their file's name through the slot. */
static bool spool_request(struct asking *asking, struct buffer *header, struct error *error)
{
    struct store *store = asking->store;
    struct unpacker in = {.at = (unsigned char *)store->request.data,
                          .end = (unsigned char *)store->request.data + store->request.size};
    struct packer packer = {.buffer = header};
    struct wire_change change;
    const void *bytes;
    char folder[PATH_MAX];

    store_path(store->config, STORE_SPOOL, folder);
    if (!wire_unpack_change(&in, &change))
        return error_set(error, ERROR_INTERNAL, NULL, "a change's own header");
    if ((!store->spool && !spool_open(folder, &store->spool, error))
        || !part_open(store->spool, 0, &asking->spooled, error)
        || !part_add(asking->spooled, in.at, (size_t)(in.end - in.at), error)
        || !part_finish(asking->spooled, &bytes, &change.spool_name, &change.spool_size, error))
        return false;
    wire_pack_change(&packer, &change);
    asking->message = header;
    return true;
}

static bool send_request(struct asking *asking, struct error *error)
{
    crash_point(CRASH_SENDER_BEFORE_CHANGE_SENT);
    for (;;) {
        ssize_t sent =
            send(asking->store->slot, asking->message->data, asking->message->size, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent >= 0)
            break;
        if (errno == EAGAIN && !wait_for(asking, POLLOUT))
            return no_answer(asking, "the slot is full", error);
        if (errno != EINTR && errno != EAGAIN)
            return no_answer(asking, strerror(errno), error);
    }
    asking->sent++;
    crash_point(CRASH_SENDER_AFTER_CHANGE_SENT);
    return true;
}

/* Takes what lies in the slot from before: answers nobody waited for, hellos. */
static void empty_slot(const struct store *store)
{
    char byte;

    while (recv(store->slot, &byte, 1, MSG_DONTWAIT | MSG_TRUNC) > 0 || errno == EINTR) {
    }
}

/* The next message into store->inbox. False: none came, or the other end is gone. */
static bool receive(struct asking *asking, struct error *error)
{
    for (;;) {
        ssize_t size = recv(asking->store->slot, asking->store->inbox, ANSWER_MAX, MSG_DONTWAIT);

        if (size > 0) {
            asking->received = (size_t)size;
            return true;
        }
        if (size == 0)
            return no_answer(asking, "the writer closed the connection", error);
        if (errno == EAGAIN && !wait_for(asking, POLLIN))
            return no_answer(asking, "no answer of the writer in time", error);
        if (errno != EINTR && errno != EAGAIN)
            return no_answer(asking, strerror(errno), error);
    }
}

/* A refusal of a change that was sent twice says nothing about the first one, unless the store was looked at. */
static bool refused(const struct asking *asking, struct error *error)
{
    if (asking->sent > 1 && error_kind(error->code)->status == 503)
        error->code = ERROR_STORE_UNSURE;
    return false;
}

static bool await_answer(struct asking *asking, struct unpacker *answer, struct error *error)
{
    const unsigned char *inbox = asking->store->inbox;

    while (receive(asking, error)) {
        uint64_t id;

        if (asking->received == 1 && inbox[0] == WIRE_HELLO) {
            if (!send_request(asking, error))
                return false;
            continue;
        }
        *answer = (struct unpacker){.at = inbox, .end = inbox + asking->received};
        if (!wire_unpack_answer(answer, &id, error) || id != asking->store->change_id)
            continue;
        if (error->code != ERROR_NONE)
            return refused(asking, error);
        crash_point(CRASH_SENDER_BEFORE_ANSWER);
        return true;
    }
    return false;
}

static bool ask_slot(struct asking *asking, struct unpacker *answer, struct error *error)
{
    struct buffer header = {.limit = HEADER_MAX};
    bool ok = asking->store->request.size <= CHANGE_INLINE_MAX || spool_request(asking, &header, error);

    empty_slot(asking->store);
    ok = ok && send_request(asking, error) && await_answer(asking, answer, error);
    part_close(asking->spooled);
    buffer_free(&header);
    return ok;
}

/* dpctl with no writer running. */
static bool ask_own_writer(struct store *store, struct unpacker *answer, struct error *error)
{
    uint64_t id;

    if (!writer_run(store->writer, store->role, &store->request, &store->answer, error))
        return false;
    *answer = (struct unpacker){.at = (unsigned char *)store->answer.data,
                                .end = (unsigned char *)store->answer.data + store->answer.size};
    if (!wire_unpack_answer(answer, &id, error))
        return error_set(error, ERROR_INTERNAL, NULL, "the writer's own answer");
    return error->code == ERROR_NONE;
}

bool change_ask(struct store *store, struct unpacker *answer, struct error *error)
{
    struct asking asking = {.store = store, .message = &store->request};

    if (store->packer.full)
        return error_set(error, ERROR_BODY_TOO_LARGE, NULL, "a change of more than %u bytes", CHANGE_MAX);
    if (store->writer)
        return ask_own_writer(store, answer, error);
    if (store->silent)
        return error_set(error, ERROR_STORE_UNAVAILABLE, NULL, "the writer does not answer");
    if (store->slot < 0)
        return error_set(error, ERROR_ROLE_NOT_ALLOWED, NULL, "%s has no slot", role_name(store->role));
    asking.deadline = time_monotonic() + store->config->change_timeout_ms;
    return ask_slot(&asking, answer, error);
}
