/* What the files of gateway/process share. */
#ifndef GATEWAY_PROCESS_PROCESS_IMPL_H
#define GATEWAY_PROCESS_PROCESS_IMPL_H

#include "gateway/process/process.h"

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

/* How a child ends. */
enum child_exit {
    CHILD_DRAINED = 0,
    CHILD_NOT_STARTED = 1, /* it did not get as far as serving, or waits for a clock that is right */
    CHILD_CANNOT_SERVE = 2 /* a writer: not to be started again */
};

/* A place for a process. Its socketpair is made once and outlives whoever sits in it. */
struct slot {
    enum role role;
    int number;
    int worker_end, writer_end; /* -1: no business with the writer */
    pid_t pid;                  /* 0: nobody */
    int64_t started, start_at;  /* monotonic milliseconds; not started before */
    int64_t kill_at;            /* 0: it was not told to drain */
    int64_t began;              /* wall clock, milliseconds */
    unsigned generation;        /* of the supervisor, when it was started */
    unsigned pause;             /* milliseconds of back-off after the last failure */
    bool vacant;                /* not to be started (again) */
};

#define SLOTS_MAX 4096

enum phase { PHASE_SERVE, PHASE_POOLS_DRAIN, PHASE_WRITER_DRAIN };

struct supervisor {
    char *config_file;
    const struct duty *duties;
    struct config *config;
    struct log log;
    struct metrics *metrics;
    int metrics_memory; /* its descriptor */
    void *prepared[ROLE_COUNT];
    int sockets[POOL_COUNT], control, pid_file;
    struct slot *slots;              /* slots[0] is the writer's */
    volatile unsigned char *serving; /* shared with the children, one a slot: it gave up its rights and serves */
    size_t slot_count;
    pid_t pid;
    enum phase phase;
    unsigned generation; /* one more with each build and each reading of the settings */
    bool rolling;        /* processes of older generations are being replaced */
    char program[PATH_MAX];
    pid_t successor; /* a new build on trial; 0: none */
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
/* Live processes of the pools and the dispatcher, or the writer. */
unsigned slots_living(const struct supervisor *supervisor, bool pools);

/* Tells it to end, and remembers when it will be killed. */
void slot_drain(struct supervisor *supervisor, struct slot *slot);

/* ---- roll.c ---- */

/* From now on every process is of an older generation. */
void roll_begin(struct supervisor *supervisor);
/* Takes the next step, if there is one to take now. */
void roll_on(struct supervisor *supervisor);

/* ---- handover.c ---- */

#define HANDOVER_VARIABLE "DP_HANDOVER"
#define HANDOVER_METRICS "DP_HANDOVER_METRICS"
#define HANDOVER_OPTION "--could-take-over"

/* Where this program was started from; a newer one may lie there later. */
bool handover_program(char path[PATH_MAX]);
/* Runs the program that lies there now, to hear whether it could take over: supervisor->successor ends with status 0. */
bool handover_try(struct supervisor *supervisor, struct error *error);
/* Becomes that program. Returns only where it could not, with everything as it was. */
bool handover_do(struct supervisor *supervisor, struct error *error);
/* Whether this process is a new build that takes over; it then takes sockets, pid file, slots, children and, where the
 * build before handed it on, the metrics' memory. */
bool handover_is(void);
bool handover_take(struct supervisor *supervisor, struct error *error);
/* On trial: whether it could. */
bool handover_could(const char *number);

/* ---- child.c ---- */

/* Forks. In the parent slot->pid is set; the child does not come back. */
bool child_start(struct supervisor *supervisor, struct slot *slot, struct error *error);

/* ---- title.c ---- */

/* Makes room for titles where main()'s arguments and environment lie. Once, before titles are set. */
void title_open(int argc, char **argv);
/* What ps shows. */
void title_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
