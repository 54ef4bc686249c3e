#include "gateway/process/process_impl.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "gateway/base/time.h"

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* What other roles have is none of this one's business. */
static void close_foreign(struct supervisor *supervisor, const struct slot *own)
{
    for (enum role role = 0; role < POOL_COUNT; role++)
        if (role != own->role)
            close_one(&supervisor->sockets[role]);
    if (own->role != ROLE_WRITER)
        close_one(&supervisor->control);
    close_one(&supervisor->pid_file);
    close_one(&supervisor->metrics_memory);
    for (size_t i = 0; i < supervisor->slot_count; i++) {
        struct slot *slot = &supervisor->slots[i];

        if (slot != own)
            close_one(&slot->worker_end);
        if (own->role != ROLE_WRITER)
            close_one(&slot->writer_end);
    }
}

/* Only the supervisor ends a child, by draining it; a signal to the whole group (Ctrl-C) must not break a request. The
 * drain signal stays blocked but where it is waited for. Without a supervisor there is nothing to serve. */
static bool set_signals(const struct supervisor *supervisor)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t blocked;

    sigemptyset(&blocked);
    sigaddset(&blocked, DRAIN_SIGNAL);
    return sigaction(SIGTERM, &ignore, NULL) == 0 && sigaction(SIGINT, &ignore, NULL) == 0
           && sigaction(SIGHUP, &ignore, NULL) == 0 && sigaction(SIGPIPE, &ignore, NULL) == 0
           && sigprocmask(SIG_SETMASK, &blocked, NULL) == 0 && prctl(PR_SET_PDEATHSIG, DRAIN_SIGNAL) == 0
           && getppid() == supervisor->pid;
}

static bool find_slots(struct supervisor *supervisor, struct process *process)
{
    struct process_slot *slots = calloc(supervisor->slot_count, sizeof *slots);

    if (!slots)
        return false;
    for (size_t i = 0; i < supervisor->slot_count; i++)
        if (supervisor->slots[i].writer_end >= 0)
            slots[process->slot_count++] =
                (struct process_slot){.fd = supervisor->slots[i].writer_end, .role = supervisor->slots[i].role};
    process->slots = slots;
    return true;
}

static int socket_of(const struct supervisor *supervisor, enum role role)
{
    if (role == ROLE_WRITER)
        return supervisor->control;
    return role < POOL_COUNT ? supervisor->sockets[role] : -1;
}

static bool make_process(struct supervisor *supervisor, const struct slot *slot, struct process *process)
{
    bool writer = slot->role == ROLE_WRITER;

    *process = (struct process){
        .role = slot->role,
        .number = slot->number,
        .config = supervisor->config,
        .metrics = supervisor->metrics,
        .log = supervisor->log,
        .socket = socket_of(supervisor, slot->role),
        .slot = slot->worker_end,
        .prepared = supervisor->prepared[slot->role],
    };
    process->log.role = role_name(slot->role);
    process->log.slot = slot->number ? slot->number : -1;
    return !writer || find_slots(supervisor, process);
}

/* A writer that found the disk failing, or damage, while it opened the store: the next one could find the same bytes in the
 * kernel's memory and take them for what is on the disk (reliability.md R2). */
static bool is_final(const struct slot *slot, const struct error *error)
{
    return slot->role == ROLE_WRITER && (error->code == ERROR_STORE_FAILED || error->code == ERROR_STORE_CORRUPT);
}

static enum child_exit run(struct supervisor *supervisor, const struct slot *slot)
{
    const struct duty *duty = &supervisor->duties[slot->role];
    struct process process;
    struct error error = {0};
    void *state = NULL;
    bool ok;

    if (!set_signals(supervisor) || !make_process(supervisor, slot, &process))
        return CHILD_NOT_STARTED;
    close_foreign(supervisor, slot);
    if (!duty->open(&process, &state, &error) || !rights_give_up(&process, &error)) {
        log_error(&process.log, LOG_ERROR, NULL, "not started", &error);
        return is_final(slot, &error) ? CHILD_CANNOT_SERVE : CHILD_NOT_STARTED;
    }
    supervisor->serving[slot - supervisor->slots] = true;
    ok = duty->serve(&process, state, &error);
    if (!ok)
        log_error(&process.log, LOG_ERROR, NULL, "cannot go on", &error);
    duty->close(state);
    if (ok)
        return CHILD_DRAINED;
    /* what ends it is outside, and mended without it */
    return error.code == ERROR_CLOCK_BEHIND ? CHILD_NOT_STARTED : CHILD_CANNOT_SERVE;
}

bool child_start(struct supervisor *supervisor, struct slot *slot, struct error *error)
{
    pid_t pid;

    supervisor->serving[slot - supervisor->slots] = false;
    pid = fork();
    if (pid < 0)
        return error_set(error, ERROR_INTERNAL, role_name(slot->role), "fork: %s", strerror(errno));
    if (pid == 0) {
        if (!slot->number)
            title_set("dpgateway: %s", role_name(slot->role));
        else
            title_set("dpgateway: %s %d", role_name(slot->role), slot->number);
        _exit(run(supervisor, slot));
    }
    slot->pid = pid;
    slot->started = time_monotonic();
    slot->began = time_now();
    slot->generation = supervisor->generation;
    slot->kill_at = 0;
    return true;
}
