/* Processes: the supervisor, the pools it keeps, and what each role may do.
 *
 * The supervisor makes every socket, starts the writer first, then dispatcher and pools, restarts what dies (with
 * back-off), reloads on SIGHUP, becomes a new build on SIGUSR2, drains on SIGTERM and SIGINT, and reads no outside byte.
 * Every worker slot has a socketpair to the writer, made once; the supervisor keeps both ends, so that a restart of either
 * side loses nothing. */
#ifndef GATEWAY_PROCESS_PROCESS_H
#define GATEWAY_PROCESS_PROCESS_H

#include "gateway/base/error.h"
#include "gateway/base/role.h"
#include "gateway/config/config.h"
#include "gateway/log/log.h"
#include "gateway/log/metrics.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#define DRAIN_SIGNAL SIGUSR1 /* blocked for good in every child; let in only where it waits for work */

/* One end of a slot's socketpair that the writer holds, and whose changes come through it. */
struct process_slot {
    int fd;
    enum role role;
};

/* What a child knows of itself. Everything belongs to the supervisor's memory as it was at the fork. */
struct process {
    enum role role;
    int number; /* of the worker in its pool; 0 for one of which there is one */
    const struct config *config;
    struct metrics *metrics;
    struct log log;
    int socket; /* a pool: its listening socket, non-blocking; the writer: its control socket; -1 */
    int slot;   /* a worker: its end of the socketpair to the writer; -1: none */
    const struct process_slot *slots; /* the writer: its ends of all of them */
    size_t slot_count;
    void *prepared; /* what the duty's prepare made */
};

/* What a role does. The table of them is the program's (handlers/dpgateway.c). */
struct duty {
    /* Run once in the supervisor before it forks, again at a reload: what all workers share read-only. May be NULL. */
    bool (*prepare)(const struct config *config, void **prepared, struct error *error);
    void (*release)(void *prepared);
    /* Run in the child with all its rights still: opens what it needs. A child that cannot is started again, but for a
     * writer with ERROR_STORE_FAILED or ERROR_STORE_CORRUPT (reliability.md R2). */
    bool (*open)(struct process *process, void **state, struct error *error);
    /* Run in the child after it gave up its rights; returns when drained (true) or when it cannot go on (false). A
     * worker that cannot go on is started again; a writer is not (reliability.md R2). */
    bool (*serve)(struct process *process, void *state, struct error *error);
    void (*close)(void *state);
};

/* Runs until SIGTERM or SIGINT came and everything is drained. `argc` and `argv` are main()'s: the processes' titles
 * ("dpgateway: sender 3") go there. Returns the exit status of the program: 0, or 1 where it could not start. */
int supervisor_run(int argc, char **argv, const char *config_file, const struct duty duties[ROLE_COUNT]);

/* Whether this program could take over from the one that asks, with these settings; what is against it is told on standard
 * error. `handover` is the number of a descriptor (handover.c). */
bool supervisor_could_take_over(const char *config_file, const char *handover);

/* Gives up what the role does not need, in this order: files (Landlock), user, system calls (seccomp), core dumps and
 * memory limits set on the way (rights.c has one row a role). Called by the supervisor's child between open and
 * serve; with config->sandbox off only the limits and the user. */
bool rights_give_up(const struct process *process, struct error *error);

/* Whether this kernel can confine a process to files (Landlock), and in which version of its interface (*abi, from 1
 * on; 0: not at all). Without it users, file modes and the filter of system calls hold. */
bool rights_landlock_available(unsigned *abi);

#endif
