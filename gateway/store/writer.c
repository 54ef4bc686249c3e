/* The writer: the one process that changes the databases. */
#include "gateway/store/writer_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/base/time.h"

#define INBOX_SIZE (CHANGE_INLINE_MAX + 4096u)
#define ARENA_MAX (16u * 1024 * 1024)
#define EVENTS 64
#define LOOK_US 1000 /* between two looks at what has come, while a group waits for more */
#define TURN_MS 1000

static volatile sig_atomic_t draining;

static void on_drain(int signal)
{
    (void)signal;
    draining = 1;
}

/* ---- opening ---- */

/* In the order in which they are made. */
static const char *const folders[] = {"registry", "mail", STORE_CONTENTS, STORE_SPOOL};

static bool make_folders(const struct config *config, struct error *error)
{
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[PATH_MAX];

        store_path(config, folders[i], path);
        if (mkdir(path, 0750) < 0 && errno != EEXIST)
            return error_set(error, ERROR_STORE_UNAVAILABLE, folders[i], "%s", strerror(errno));
    }
    return true;
}

/* The names of folders and databases are on disk before anything is promised below them: those made just now, and those
 * of a writer that died, or of somebody who copied a state back. The 256 of contents/ are the keeper's. */
static bool sync_folders(const struct config *config, struct error *error)
{
    static const char *const above[] = {"registry", "mail", ""};

    for (size_t i = 0; i < sizeof above / sizeof *above; i++) {
        char path[PATH_MAX];

        store_path(config, above[i], path);
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
            return error_set(error, ERROR_STORE_UNAVAILABLE, path, "%s", strerror(errno));
        bool synced = fsync(fd) == 0 || error_set(error, ERROR_STORE_FAILED, path, "sync: %s", strerror(errno));

        close(fd);
        if (!synced)
            return false;
    }
    return true;
}

/* The kernel gives the lock back when its holder dies. */
static bool take_lock(struct writer *writer, struct error *error)
{
    char path[PATH_MAX];

    store_path(writer->config, STORE_LOCK, path);
    writer->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (writer->lock < 0)
        return error_set(error, ERROR_STORE_UNAVAILABLE, STORE_LOCK, "%s", strerror(errno));
    if (flock(writer->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    return error_set(error, ERROR_STORE_LOCKED, STORE_LOCK, "%s", strerror(errno));
}

/* The log may hold what a writer before this one wrote and never saw synced: nothing is served from it until it is on
 * disk in its place (reliability.md R2). Its file keeps its length, as house_checkpoint() tells: what a commit appends
 * takes twice as long to sync as what it writes over, and after a restart that would be so for the first 64 MB. A long one
 * is cut at the writer's first look. */
static bool open_desk(struct writer *writer, enum database database, struct error *error)
{
    struct desk *desk = &writer->desks[database];
    char path[PATH_MAX];
    bool whole;

    store_path(writer->config, store_database_paths[database], path);
    desk->longest = store_log_bytes(writer->config, database);
    return backend_open_writer(path, database, writer->config->sync, &desk->backend, error)
           && migrations_run(desk->backend, database, error) && backend_checkpoint(desk->backend, false, &whole, error)
           && book_read(desk, database, error);
}

static bool open_desks(struct writer *writer, struct error *error)
{
    for (enum database database = 0; database < DATABASE_COUNT; database++)
        if (!open_desk(writer, database, error))
            return false;
    return true;
}

static bool find_memory(struct writer *writer, struct error *error)
{
    writer->digests = digest_open();
    writer->arena = arena_new(ARENA_MAX);
    writer->group = calloc(writer->config->group_max ? writer->config->group_max : 1, sizeof *writer->group);
    writer->inbox = malloc(INBOX_SIZE);
    writer->answers.limit = CHANGE_MAX;
    writer->message.limit = ANSWER_MAX;
    writer->loaded.limit = CHANGE_MAX;
    return (writer->digests && writer->arena && writer->group && writer->inbox)
           || error_set(error, ERROR_OUT_OF_MEMORY, NULL, "the writer");
}

/* What happened is told in order by its numbers, but what ends or begins at a moment goes by the clock: with one that was
 * set back, letters would be held and tokens be good for longer than anybody wanted (reliability.md R9). */
static bool clock_holds(const struct writer *writer, struct error *error)
{
    int64_t newest = TIME_FLOOR, back = (int64_t)writer->config->clock_back_seconds * 1000;

    for (enum database database = 0; database < DATABASE_COUNT; database++)
        if (writer->desks[database].book.time - back > newest)
            newest = writer->desks[database].book.time - back;
    return writer->now >= newest
           || error_set(error, ERROR_CLOCK_BEHIND, NULL, "%lld seconds more than [store] clock_back_seconds allows",
                        (long long)((newest - writer->now) / 1000));
}

bool writer_open(const struct config *config, const struct log *log, struct metrics *metrics, struct error *error,
                 struct writer **writer)
{
    mode_t before = umask(027); /* the databases are for their group to read */
    struct writer *made = calloc(1, sizeof *made);

    *writer = made;
    if (!made)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    *made = (struct writer){.config = config, .log = log, .metrics = metrics, .lock = -1, .epoll = -1};
    made->now = time_now();
    bool ok = find_memory(made, error) && make_folders(config, error) && take_lock(made, error)
              && keeper_open(config, &made->keeper, error) && sweep_open(config, &made->sweep, error)
              && open_desks(made, error) && sync_folders(config, error) && clock_holds(made, error);

    umask(before);
    if (ok)
        return true;
    writer_close(made);
    *writer = NULL;
    return false;
}

static void forget_waiting(struct writer *writer)
{
    for (enum database database = 0; database < DATABASE_COUNT; database++) {
        struct waiting *waiting;

        while ((waiting = queue_next(&writer->queue, database))) {
            queue_take(&writer->queue, database);
            waiting_free(writer, waiting);
        }
    }
}

void writer_close(struct writer *writer)
{
    if (!writer)
        return;
    forget_waiting(writer);
    while (writer->channels)
        channel_close(writer, writer->channels);
    for (enum database database = 0; database < DATABASE_COUNT; database++)
        backend_close(writer->desks[database].backend);
    if (writer->sweep)
        sweep_close(writer->sweep);
    keeper_close(writer->keeper);
    digest_close(writer->digests);
    arena_free(writer->arena);
    buffer_free(&writer->answers);
    buffer_free(&writer->message);
    buffer_free(&writer->loaded);
    free(writer->group);
    free(writer->inbox);
    if (writer->epoll >= 0)
        close(writer->epoll);
    if (writer->lock >= 0)
        close(writer->lock);
    free(writer);
}

/* ---- serving ---- */

/* dpctl calls: only root and the writer's own user. */
static bool may_call(int fd)
{
    struct ucred caller;
    socklen_t size = sizeof caller;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &caller, &size) == 0 && (caller.uid == 0 || caller.uid == geteuid());
}

static void accept_connection(struct writer *writer, int control)
{
    int fd = accept4(control, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct channel *channel = NULL;

    if (fd < 0)
        return;
    if (may_call(fd))
        channel = channel_add(writer, fd, ROLE_CLI, true);
    if (channel)
        channel_hello(writer, channel);
    else
        close(fd);
}

static bool set_up_epoll(struct writer *writer, const struct writer_slot *slots, size_t slot_count, int control,
                         struct error *error)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = writer}; /* the writer itself stands for `control` */

    writer->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (writer->epoll < 0 || (control >= 0 && epoll_ctl(writer->epoll, EPOLL_CTL_ADD, control, &event) < 0))
        return error_set(error, ERROR_INTERNAL, NULL, "epoll: %s", strerror(errno));
    for (size_t i = 0; i < slot_count; i++) {
        struct channel *channel = channel_add(writer, slots[i].fd, slots[i].role, false);

        if (!channel)
            return error_set(error, ERROR_INTERNAL, NULL, "epoll: %s", strerror(errno));
        channel_hello(writer, channel);
    }
    return true;
}

/* Takes in what has come, waiting at most `wait` ms for it. *came: how many channels had something. */
static bool take_in(struct writer *writer, int control, int wait, const sigset_t *open, int *came, struct error *error)
{
    struct epoll_event events[EVENTS];

    *came = epoll_pwait(writer->epoll, events, EVENTS, wait, open);
    if (*came < 0 && errno != EINTR)
        return error_set(error, ERROR_INTERNAL, NULL, "epoll: %s", strerror(errno));
    for (int i = 0; i < *came; i++) {
        if (events[i].data.ptr == writer)
            accept_connection(writer, control);
        else
            channel_read(writer, events[i].data.ptr);
    }
    return true;
}

static bool run_groups(struct writer *writer, struct error *error)
{
    for (enum database database = 0; database < DATABASE_COUNT; database++) {
        if (!queue_next(&writer->queue, database))
            continue;
        writer->busy = time_monotonic();
        if (!group_run(writer, database, error))
            return false;
    }
    return true;
}

/* Until enough are there or the time is up. Plain sleeps: being woken by each change that comes would cost what the wait
 * is to save. */
static bool gather(struct writer *writer, int control, const sigset_t *open, struct error *error)
{
    unsigned before = queue_count(&writer->queue), left = writer->config->group_wait_us;

    while (left && group_waits(writer)) {
        unsigned sleep_us = left < LOOK_US ? left : LOOK_US;
        struct timespec wait = {.tv_nsec = (long)sleep_us * 1000};
        int came;

        nanosleep(&wait, NULL);
        left -= sleep_us;
        if (!take_in(writer, control, 0, open, &came, error))
            return false;
    }
    if (!left && queue_count(&writer->queue) == before)
        writer->in_vain = time_monotonic();
    return true;
}

static bool serve(struct writer *writer, int control, const sigset_t *open, struct error *error)
{
    for (;;) {
        bool last = draining, idle = !last && !queue_count(&writer->queue) && !writer->any_due;
        int came = 0;

        if (!take_in(writer, control, idle ? TURN_MS : 0, open, &came, error)
            || (!last && !gather(writer, control, open, error)))
            return false;
        writer->now = time_now();
        if (!clock_holds(writer, error) || !house_keep(writer, error) || !run_groups(writer, error)
            || (!last && !house_release(writer, error)))
            return false;
        if (last && came <= 0 && !queue_count(&writer->queue))
            return true;
    }
}

bool writer_serve(struct writer *writer, const struct writer_slot *slots, size_t slot_count, int control,
                  int drain_signal, struct error *error)
{
    struct sigaction action = {.sa_handler = on_drain};
    sigset_t open, blocked;

    draining = 0;
    sigemptyset(&blocked);
    sigaddset(&blocked, drain_signal);
    if (sigprocmask(SIG_BLOCK, &blocked, &open) < 0 || sigaction(drain_signal, &action, NULL) < 0)
        return error_set(error, ERROR_INTERNAL, NULL, "signals: %s", strerror(errno));
    sigdelset(&open, drain_signal);
    if (!set_up_epoll(writer, slots, slot_count, control, error))
        return false;
    bool drained = serve(writer, control, &open, error);

    if (!drained)
        metrics_set(writer->metrics, METRIC_STORE_STATE, 0, STORE_DOWN);
    return drained;
}

/* ---- without a socket ---- */

static struct waiting *own_waiting(const struct buffer *request, enum role role)
{
    struct unpacker in = {.at = (unsigned char *)request->data, .end = (unsigned char *)request->data + request->size};
    struct wire_change change;

    if (!wire_unpack_change(&in, &change))
        return NULL;
    struct waiting *waiting = calloc(1, sizeof *waiting + (size_t)(in.end - in.at));

    if (!waiting)
        return NULL;
    waiting->change = change;
    waiting->change.spool_name = NULL;
    waiting->role = role;
    waiting->since = time_monotonic();
    waiting->size = (size_t)(in.end - in.at);
    memcpy(waiting->fields, in.at, waiting->size);
    return waiting;
}

bool writer_run(struct writer *writer, enum role role, const struct buffer *request, struct buffer *answer,
                struct error *error)
{
    struct waiting *waiting = own_waiting(request, role);

    if (!waiting)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, "a change");
    if (!(verbs[waiting->change.verb].roles & ROLE_SET(role)) || !queue_add(&writer->queue, waiting)) {
        free(waiting);
        return error_set(error, ERROR_ROLE_NOT_ALLOWED, NULL, "%s", role_name(role));
    }
    writer->own_answer = answer;
    writer->now = time_now();
    return group_run(writer, verbs[waiting->change.verb].database, error);
}
