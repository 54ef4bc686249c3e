/* What the files of gateway/process share. */
#ifndef GATEWAY_PROCESS_PROCESS_IMPL_H
#define GATEWAY_PROCESS_PROCESS_IMPL_H

#include "gateway/process/process.h"

#include <stdint.h>
#include <sys/types.h>

/* How a child ends. */
enum child_exit {
    CHILD_DRAINED = 0,
    CHILD_NOT_STARTED = 1, /* it did not get as far as serving */
    CHILD_CANNOT_SERVE = 2
};

/* A place for a process. Its socketpair is made once and outlives whoever sits in it. */
struct slot {
    enum role role;
    int number;
    int worker_end, writer_end; /* -1: no business with the writer */
    pid_t pid;                  /* 0: nobody */
    int64_t started, start_at;  /* monotonic milliseconds; not started before */
    int64_t kill_at;            /* 0: it was not told to drain */
    unsigned pause;             /* milliseconds of back-off after the last failure */
    bool vacant;                /* not to be started (again) */
};

enum phase { PHASE_SERVE, PHASE_POOLS_DRAIN, PHASE_WRITER_DRAIN };

struct supervisor {
    char *config_file;
    const struct duty *duties;
    struct config *config;
    struct log log;
    struct metrics *metrics;
    void *prepared[ROLE_COUNT];
    int sockets[POOL_COUNT], control, pid_file;
    struct slot *slots; /* slots[0] is the writer's */
    size_t slot_count;
    pid_t pid;
    enum phase phase;
};

/* ---- sockets.c ---- */

/* Takes the pid file with its lock, makes the pools' sockets and the control socket in run_dir. A second gateway on the
 * same folder is refused. */
bool sockets_open(struct supervisor *supervisor, struct error *error);
void sockets_close(struct supervisor *supervisor); /* removes them too */

/* ---- slots.c ---- */

/* Makes slots until every pool has as many as the settings say; those beyond become vacant. */
bool slots_fit(struct supervisor *supervisor, struct error *error);
void slots_close(struct supervisor *supervisor);
/* Live processes of the pools, or the writer. */
unsigned slots_living(const struct supervisor *supervisor, bool pools);

/* ---- child.c ---- */

/* Forks. In the parent slot->pid is set; the child does not come back. */
bool child_start(struct supervisor *supervisor, struct slot *slot, struct error *error);

/* ---- title.c ---- */

/* Makes room for titles where main()'s arguments and environment lie. Once, before titles are set. */
void title_open(int argc, char **argv);
/* What ps shows. */
void title_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
