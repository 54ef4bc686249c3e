#include "gateway/store/writer_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/base/crash_point.h"
#include "gateway/base/time.h"

#define MESSAGE_MAX (CHANGE_INLINE_MAX + 2048u)

struct channel *channel_add(struct writer *writer, int fd, enum role role, bool connection)
{
    struct channel *channel = calloc(1, sizeof *channel);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = channel};

    if (!channel || epoll_ctl(writer->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
        free(channel);
        return NULL;
    }
    channel->fd = fd;
    channel->role = role;
    channel->connection = connection;
    channel->next = writer->channels;
    writer->channels = channel;
    return channel;
}

static void channel_forget(struct writer *writer, struct channel *channel)
{
    struct channel **at = &writer->channels;

    while (*at && *at != channel)
        at = &(*at)->next;
    if (*at)
        *at = channel->next;
    free(channel);
}

void channel_close(struct writer *writer, struct channel *channel)
{
    if (channel->fd >= 0) {
        epoll_ctl(writer->epoll, EPOLL_CTL_DEL, channel->fd, NULL);
        if (channel->connection)
            close(channel->fd);
    }
    channel->fd = -1;
    if (!channel->waiting)
        channel_forget(writer, channel);
}

void waiting_free(struct writer *writer, struct waiting *waiting)
{
    struct channel *channel = waiting->channel;

    free(waiting);
    if (!channel)
        return;
    channel->waiting--;
    if (!channel->waiting && channel->fd < 0)
        channel_forget(writer, channel);
}

static void channel_send(const struct channel *channel, const struct buffer *message)
{
    if (channel->fd < 0)
        return;
    while (send(channel->fd, message->data, message->size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

void channel_hello(struct writer *writer, const struct channel *channel)
{
    struct packer packer = {.buffer = &writer->message};

    buffer_clear(&writer->message);
    wire_pack_hello(&packer);
    channel_send(channel, &writer->message);
}

void channel_answer(struct writer *writer, const struct outcome *outcome)
{
    const struct waiting *waiting = outcome->waiting;
    struct buffer *message = waiting->channel ? &writer->message : writer->own_answer;
    struct packer packer = {.buffer = message};

    buffer_clear(message);
    wire_pack_answer(&packer, waiting->change.id, &outcome->error);
    if (outcome->error.code == ERROR_NONE && outcome->size)
        pack_fixed(&packer, writer->answers.data + outcome->at, outcome->size);
    if (waiting->channel && !packer.full)
        channel_send(waiting->channel, message);
}

/* Answers a change that is not even queued. */
static void turn_away(struct writer *writer, struct waiting *waiting, enum error_code code, const char *why)
{
    struct outcome outcome = {.waiting = waiting};

    error_set(&outcome.error, code, NULL, "%s", why);
    channel_answer(writer, &outcome);
    waiting_free(writer, waiting);
}

static struct waiting *waiting_new(struct channel *channel, const struct wire_change *change,
                                   const struct unpacker *fields)
{
    size_t size = (size_t)(fields->end - fields->at);
    struct waiting *waiting = calloc(1, sizeof *waiting + size);

    if (!waiting)
        return NULL;
    waiting->channel = channel;
    waiting->role = channel->role;
    waiting->since = time_monotonic();
    waiting->change = *change;
    if (change->spool_name) {
        strncpy(waiting->spool_name, change->spool_name, sizeof waiting->spool_name - 1);
        waiting->change.spool_name = waiting->spool_name;
    }
    waiting->size = size;
    memcpy(waiting->fields, fields->at, size);
    channel->waiting++;
    return waiting;
}

static void take_in(struct writer *writer, struct channel *channel, size_t size)
{
    struct unpacker in = {.at = writer->inbox, .end = writer->inbox + size};
    struct wire_change change;

    if (!wire_unpack_change(&in, &change)) {
        if (writer->log)
            log_line(writer->log, LOG_WARNING, NULL, "malformed change", LOG_T("from", role_name(channel->role)),
                     LOG_N("bytes", size));
        return;
    }
    struct waiting *waiting = waiting_new(channel, &change, &in);

    if (!waiting)
        return;
    if (!(verbs[change.verb].roles & ROLE_SET(channel->role)))
        turn_away(writer, waiting, ERROR_ROLE_NOT_ALLOWED, verbs[change.verb].name);
    else if (change.spool_size > CHANGE_MAX || (change.spool_name && strlen(change.spool_name) >= SPOOL_NAME_SIZE))
        turn_away(writer, waiting, ERROR_CHANGE_MALFORMED, "its spool file");
    else if (queue_count(&writer->queue) >= writer->config->queue_max)
        turn_away(writer, waiting, ERROR_STORE_BUSY, "the queue is full");
    else if (!queue_add(&writer->queue, waiting))
        turn_away(writer, waiting, ERROR_OUT_OF_MEMORY, "the queue");
    else if (channel->role == ROLE_SENDER)
        channel->streamed = waiting->since;
}

bool channel_read(struct writer *writer, struct channel *channel)
{
    ssize_t size = recv(channel->fd, writer->inbox, MESSAGE_MAX, MSG_DONTWAIT);

    if (size > 0) {
        crash_point(CRASH_WRITER_CHANGE_RECEIVED);
        take_in(writer, channel, (size_t)size);
        return true;
    }
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    channel_close(writer, channel);
    return false;
}
