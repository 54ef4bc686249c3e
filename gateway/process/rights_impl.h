/* What the files of rights share: a role's row, and the two parts of the kernel that hold a process to it. */
#ifndef GATEWAY_PROCESS_RIGHTS_IMPL_H
#define GATEWAY_PROCESS_RIGHTS_IMPL_H

#include "gateway/process/process.h"

#include <stdint.h>

#define PATHS_MAX 8
#define CALLS_MAX 6

/* What may be done with the files below a path. */
enum file_right {
    FILES_READ,  /* files and lists of files */
    FILES_SPOOL, /* new files: written, read, removed; no change of what lies there */
    FILES_OWN,   /* whatever can be done with plain files, rename from folder to folder with it */
    FILE_RIGHT_COUNT
};

struct file_rule {
    const char *path; /* absolute, or below state_dir; NULL behind the last */
    enum file_right right;
    bool may_lack; /* else it must be there */
};

/* The system calls that come with one kind of work; a role has several. */
enum call_group {
    CALLS_NONE,   /* behind the last of a role */
    CALLS_LIVE,   /* memory, time, signals to itself, randomness, reading and writing what is open */
    CALLS_SERVE,  /* taking connections and messages from sockets that are there already */
    CALLS_READ,   /* opening files for reading, and SQLite's locks on them */
    CALLS_CREATE, /* making, syncing and removing files */
    CALLS_OWN,    /* the rest of a database's writer */
    CALLS_OUT,    /* connections over the internet, and the threads that look names up for them */
    CALL_GROUP_COUNT
};

/* One row a role. Its user is <user_prefix><role>; its groups are those that the system gives that user. */
struct role_rights {
    struct file_rule files[PATHS_MAX];
    enum call_group calls[CALLS_MAX];
    bool memory_limit; /* worker_memory holds for it */
    bool token_keys;   /* reads the files of the issuers' keys too */
    bool outward;      /* it connects to others */
    int niceness;      /* below 0: before the others */
    unsigned turn_us;  /* on the processor, in microseconds: shorter ones come sooner; 0: the kernel's */
};

/* ---- rights_files.c ---- */

/* From now on the process opens only what the rules name. Without Landlock, or with one too old for these rules,
 * nothing happens and *confined is false. Where the kernel can forbid connections over TCP, only `outward` leaves them. */
bool rights_confine_files(const char *state_dir, const struct file_rule *rules, bool outward, bool *confined,
                          struct error *error);

/* ---- rights_calls.c ---- */

/* From now on any other system call ends the process (SIGSYS), but for the few whose refusal a library takes: those get
 * EACCES. For good: no later step can be one that the groups do not allow. */
bool rights_confine_calls(const enum call_group *groups, struct error *error);

#endif
