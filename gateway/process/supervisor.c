/* The supervisor waits for signals and does what follows from each; nothing else ever reaches it. */
#include "gateway/process/process_impl.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gateway/base/time.h"

#define PAUSE_FIRST 100   /* milliseconds before a process that failed is started again, */
#define PAUSE_MOST 10000  /* doubled with each failure up to this, */
#define PAUSE_AFTER 10000 /* and begun anew once it has run for so long */
#define TURN_MS 1000
#define ROLLING_MS 20

/* ---- settings ---- */

static void tell_findings(const struct config_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct config_finding *finding = &findings->items[i];

        if (finding->line)
            fprintf(stderr, "dpgateway: %s:%u: %s\n", finding->file, finding->line, finding->text);
        else
            fprintf(stderr, "dpgateway: %s%s%s\n", finding->file ? finding->file : "", finding->file ? ": " : "",
                    finding->text);
    }
}

static bool read_config(const struct supervisor *supervisor, struct config **config)
{
    struct config_findings findings = {.count = 0};

    if (!config_open(supervisor->config_file, config, &findings)) {
        tell_findings(&findings);
        return false;
    }
    if (config_check(*config, &findings))
        return true;
    tell_findings(&findings);
    config_close(*config);
    return false;
}

static void release_all(const struct duty *duties, void *prepared[ROLE_COUNT])
{
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        if (prepared[role] && duties[role].release)
            duties[role].release(prepared[role]);
        prepared[role] = NULL;
    }
}

static bool prepare_all(const struct duty *duties, const struct config *config, void *prepared[ROLE_COUNT],
                        struct error *error)
{
    for (enum role role = 0; role < ROLE_COUNT; role++)
        if (duties[role].prepare && !duties[role].prepare(config, &prepared[role], error)) {
            release_all(duties, prepared);
            return false;
        }
    return true;
}

/* ---- starting and ending ---- */

/* While the pools drain, a writer that failed comes back for what they still wait for. */
static bool may_start(const struct supervisor *supervisor, const struct slot *slot)
{
    enum phase last = slot->role == ROLE_WRITER ? PHASE_POOLS_DRAIN : PHASE_SERVE;

    return !slot->pid && !slot->vacant && supervisor->phase <= last && slot->start_at <= time_monotonic();
}

static void start_due(struct supervisor *supervisor)
{
    struct error error = {0};

    for (size_t i = 0; i < supervisor->slot_count; i++) {
        struct slot *slot = &supervisor->slots[i];

        if (may_start(supervisor, slot) && !child_start(supervisor, slot, &error)) {
            log_error(&supervisor->log, LOG_ERROR, NULL, "no process could be started", &error);
            slot->start_at = time_monotonic() + PAUSE_MOST;
        }
    }
}

void slot_drain(struct supervisor *supervisor, struct slot *slot)
{
    if (!slot->pid || slot->kill_at)
        return;
    kill(slot->pid, DRAIN_SIGNAL);
    slot->kill_at = time_monotonic() + (int64_t)supervisor->config->drain_seconds * 1000;
}

static void drain_role(struct supervisor *supervisor, bool pools)
{
    for (size_t i = 0; i < supervisor->slot_count; i++)
        if ((supervisor->slots[i].role != ROLE_WRITER) == pools)
            slot_drain(supervisor, &supervisor->slots[i]);
}

static void kill_overdue(struct supervisor *supervisor)
{
    int64_t now = time_monotonic();

    for (size_t i = 0; i < supervisor->slot_count; i++) {
        struct slot *slot = &supervisor->slots[i];

        if (slot->pid && slot->kill_at && slot->kill_at <= now) {
            log_line(&supervisor->log, LOG_WARNING, NULL, "killed, for it did not drain in time",
                     LOG_T("of", role_name(slot->role)), LOG_N("number", slot->number));
            kill(slot->pid, SIGKILL);
            slot->kill_at = now + TURN_MS;
        }
    }
}

/* Milliseconds until the next thing that has its time. */
static int64_t next_turn(const struct supervisor *supervisor)
{
    int64_t now = time_monotonic(), wait = supervisor->rolling ? ROLLING_MS : TURN_MS;

    for (size_t i = 0; i < supervisor->slot_count; i++) {
        const struct slot *slot = &supervisor->slots[i];
        int64_t at = slot->pid ? slot->kill_at : slot->vacant ? 0 : slot->start_at;

        if (at && at - now < wait)
            wait = at > now ? at - now : 0;
    }
    return wait;
}

/* ---- what became of a child ---- */

/* The store is not down while a writer that drained makes room for another: what comes in waits, and should it wait long,
 * the writer's beat tells. */
static void count_exit(struct supervisor *supervisor, const struct slot *slot, int status)
{
    bool drained = WIFEXITED(status) && WEXITSTATUS(status) == CHILD_DRAINED;
    unsigned living = 0;

    for (size_t i = 0; i < supervisor->slot_count; i++)
        living += supervisor->slots[i].role == slot->role && supervisor->slots[i].pid > 0;
    if (slot->role < POOL_COUNT)
        metrics_set(supervisor->metrics, METRIC_WORKERS, slot->role, living);
    else if (slot->role == ROLE_WRITER && !drained)
        metrics_set(supervisor->metrics, METRIC_STORE_STATE, 0, STORE_DOWN);
    metrics_add(supervisor->metrics, METRIC_WORKER_EXITS, drained ? 0 : WIFEXITED(status) ? 1 : 2, 1);
    log_line(&supervisor->log, drained ? LOG_DEBUG : LOG_WARNING, NULL, drained ? "drained" : "ended",
             LOG_T("of", role_name(slot->role)), LOG_N("number", slot->number),
             LOG_N("exit", WIFEXITED(status) ? WEXITSTATUS(status) : 0),
             LOG_N("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
}

static void plan_restart(struct supervisor *supervisor, struct slot *slot, int status)
{
    int64_t now = time_monotonic();

    if (slot->role == ROLE_WRITER && WIFEXITED(status) && WEXITSTATUS(status) == CHILD_CANNOT_SERVE) {
        slot->vacant = true;
        log_line(&supervisor->log, LOG_ERROR, NULL,
                 "the writer is not started again: look at the disk, run dpctl verify, then start the gateway anew");
    }
    if (slot->kill_at || now - slot->started >= PAUSE_AFTER)
        slot->pause = 0;
    else
        slot->pause = !slot->pause ? PAUSE_FIRST : slot->pause * 2 > PAUSE_MOST ? PAUSE_MOST : slot->pause * 2;
    slot->start_at = now + slot->pause;
    slot->kill_at = 0;
}

/* ---- a new build ---- */

/* It would begin with a writer, and one that stopped for good is not to be started again (reliability.md R2). */
static bool may_take_over(const struct supervisor *supervisor)
{
    if (!supervisor->slots[0].vacant)
        return true;
    log_line(&supervisor->log, LOG_ERROR, NULL,
             "no new build takes over, for the writer stopped for good: look at the disk, then start the gateway anew");
    return false;
}

static void try_successor(struct supervisor *supervisor)
{
    struct error error = {0};

    if (supervisor->successor || !may_take_over(supervisor))
        return;
    log_line(&supervisor->log, LOG_INFO, NULL, "a new build is asked whether it can take over");
    if (!handover_try(supervisor, &error))
        log_error(&supervisor->log, LOG_ERROR, NULL, "no new build could be tried", &error);
}

/* It was on trial, and ended. */
static void hear_successor(struct supervisor *supervisor, int status)
{
    struct error error = {0};

    supervisor->successor = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        log_line(&supervisor->log, LOG_ERROR, NULL, "the new build cannot take over, this one goes on");
    else if (supervisor->phase == PHASE_SERVE && may_take_over(supervisor) && !handover_do(supervisor, &error))
        log_error(&supervisor->log, LOG_ERROR, NULL, "the new build did not start, this one goes on", &error);
}

bool supervisor_could_take_over(const char *config_file, const char *handover)
{
    struct supervisor trial = {.config_file = (char *)(uintptr_t)config_file};
    struct config *config;

    if (!handover_could(handover)) {
        fprintf(stderr, "dpgateway: what the running build hands over is of another form; it needs a new start\n");
        return false;
    }
    if (!read_config(&trial, &config))
        return false;
    config_close(config);
    return true;
}

static void reap(struct supervisor *supervisor)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == supervisor->successor)
            hear_successor(supervisor, status);
        for (size_t i = 0; i < supervisor->slot_count; i++) {
            struct slot *slot = &supervisor->slots[i];

            if (slot->pid != pid)
                continue;
            slot->pid = 0;
            count_exit(supervisor, slot, status);
            plan_restart(supervisor, slot, status);
        }
    }
}

static void count_living(struct supervisor *supervisor)
{
    unsigned living[POOL_COUNT] = {0};

    for (size_t i = 0; i < supervisor->slot_count; i++)
        if (supervisor->slots[i].role < POOL_COUNT)
            living[supervisor->slots[i].role] += supervisor->slots[i].pid > 0;
    for (enum role role = 0; role < POOL_COUNT; role++)
        metrics_set(supervisor->metrics, METRIC_WORKERS, role, living[role]);
}

/* ---- signals ---- */

static bool same_places(const struct config *a, const struct config *b)
{
    return strcmp(a->state_dir, b->state_dir) == 0 && strcmp(a->run_dir, b->run_dir) == 0
           && strcmp(a->socket_group, b->socket_group) == 0;
}

/* New settings, or the old ones if there is anything against the new. Every process is replaced, pool by pool (roll.c). */
static void reload(struct supervisor *supervisor)
{
    void *prepared[ROLE_COUNT] = {0};
    struct config *config, *before = supervisor->config;
    struct error error = {0};

    if (!read_config(supervisor, &config)) {
        log_line(&supervisor->log, LOG_ERROR, NULL, "not reloaded: the settings have faults");
        return;
    }
    if (!same_places(before, config) || !prepare_all(supervisor->duties, config, prepared, &error)) {
        if (error.code == ERROR_NONE)
            error_set(&error, ERROR_CONFIG_INVALID, "dir, run_dir, socket_group", "need a new start to change");
        log_error(&supervisor->log, LOG_ERROR, NULL, "not reloaded", &error);
        config_close(config);
        return;
    }
    release_all(supervisor->duties, supervisor->prepared);
    memcpy(supervisor->prepared, prepared, sizeof prepared);
    supervisor->config = config;
    config_close(before);
    log_level_parse(config->log_level, &supervisor->log.least);
    if (!slots_fit(supervisor, &error))
        log_error(&supervisor->log, LOG_ERROR, NULL, "not as many workers as the settings say", &error);
    roll_begin(supervisor);
    log_line(&supervisor->log, LOG_INFO, NULL, "reloaded");
}

static void stop(struct supervisor *supervisor)
{
    if (supervisor->phase != PHASE_SERVE)
        return;
    supervisor->phase = PHASE_POOLS_DRAIN;
    log_line(&supervisor->log, LOG_INFO, NULL, "stopping");
    drain_role(supervisor, true);
}

/* The writer goes last: until then somebody may wait for its answer. */
static bool stopped(struct supervisor *supervisor)
{
    if (supervisor->phase == PHASE_POOLS_DRAIN && slots_living(supervisor, true) == 0) {
        supervisor->phase = PHASE_WRITER_DRAIN;
        drain_role(supervisor, false);
    }
    return supervisor->phase == PHASE_WRITER_DRAIN && slots_living(supervisor, false) == 0;
}

static void supervise(struct supervisor *supervisor, const sigset_t *signals)
{
    while (!stopped(supervisor)) {
        start_due(supervisor);
        if (supervisor->phase == PHASE_SERVE)
            roll_on(supervisor);
        count_living(supervisor);
        int64_t wait = next_turn(supervisor);
        struct timespec timeout = {.tv_sec = wait / 1000, .tv_nsec = wait % 1000 * 1000000};
        int signal = sigtimedwait(signals, NULL, &timeout);

        if (signal == SIGHUP && supervisor->phase == PHASE_SERVE)
            reload(supervisor);
        else if (signal == SIGUSR2 && supervisor->phase == PHASE_SERVE)
            try_successor(supervisor);
        else if (signal == SIGTERM || signal == SIGINT)
            stop(supervisor);
        reap(supervisor);
        kill_overdue(supervisor);
    }
}

/* ---- the whole ---- */

static bool block_signals(sigset_t *signals)
{
    sigset_t blocked;

    sigemptyset(signals);
    sigaddset(signals, SIGCHLD);
    sigaddset(signals, SIGHUP);
    sigaddset(signals, SIGUSR2);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    blocked = *signals;
    sigaddset(&blocked, DRAIN_SIGNAL); /* so that a child never has it open, not even for a moment */
    return sigprocmask(SIG_BLOCK, &blocked, NULL) == 0;
}

/* The page of the build before, where there was one that counts the same: processes of both are at work for a while, and
 * each has to tell of all. */
static bool find_metrics(struct supervisor *supervisor)
{
    if (supervisor->metrics_memory >= 0)
        supervisor->metrics = metrics_map(supervisor->metrics_memory);
    if (supervisor->metrics)
        return true;
    if (supervisor->metrics_memory >= 0)
        close(supervisor->metrics_memory);
    supervisor->metrics_memory = metrics_memory();
    supervisor->metrics = supervisor->metrics_memory < 0 ? NULL : metrics_map(supervisor->metrics_memory);
    return supervisor->metrics != NULL;
}

static bool start(struct supervisor *supervisor, struct error *error)
{
    if (handover_is() && !handover_take(supervisor, error))
        return false;
    supervisor->serving = mmap(NULL, SLOTS_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!find_metrics(supervisor) || supervisor->serving == MAP_FAILED)
        return error_set(error, ERROR_OUT_OF_MEMORY, "metrics", NULL);
    if (supervisor->slot_count)
        roll_begin(supervisor);
    return sockets_open(supervisor, error)
           && prepare_all(supervisor->duties, supervisor->config, supervisor->prepared, error)
           && slots_fit(supervisor, error);
}

int supervisor_run(int argc, char **argv, const char *config_file, const struct duty duties[ROLE_COUNT])
{
    struct supervisor supervisor = {
        .config_file = config_file ? strdup(config_file) : NULL, /* titles are written over the arguments */
        .duties = duties,
        .log = {.role = role_name(ROLE_SUPERVISOR), .slot = -1, .fd = STDERR_FILENO},
        .control = -1,
        .pid_file = -1,
        .metrics_memory = -1,
        .pid = getpid(),
    };
    struct error error = {0};
    sigset_t signals;
    bool ok;

    for (enum role role = 0; role < POOL_COUNT; role++)
        supervisor.sockets[role] = -1;
    if (!read_config(&supervisor, &supervisor.config)) {
        free(supervisor.config_file);
        return 1;
    }
    log_level_parse(supervisor.config->log_level, &supervisor.log.least);
    title_open(argc, argv);
    handover_program(supervisor.program);
    ok = block_signals(&signals) && start(&supervisor, &error);
    if (ok) {
        title_set("dpgateway: supervisor");
        log_line(&supervisor.log, LOG_INFO, NULL, supervisor.rolling ? "took over" : "started",
                 LOG_N("processes", supervisor.slot_count));
        supervise(&supervisor, &signals);
        log_line(&supervisor.log, LOG_INFO, NULL, "stopped");
    } else {
        fprintf(stderr, "dpgateway: %s: %s\n", error.where,
                error.detail[0] ? error.detail : error_kind(error.code)->en);
    }
    sockets_close(&supervisor);
    slots_close(&supervisor);
    release_all(duties, supervisor.prepared);
    if (supervisor.metrics)
        metrics_close(supervisor.metrics);
    config_close(supervisor.config);
    free(supervisor.config_file);
    return ok ? 0 : 1;
}
