/* Settings: one INI file, each setting also as an environment variable DP_<SECTION>_<NAME>, which wins.
 *
 * The closed list stands in config.c as a table: section, name, kind, default, smallest, largest, one line of help. An
 * unknown section or name, a value out of range or of the wrong form is a finding with file and line. Relative paths
 * are taken from the folder of the settings file. */
#ifndef GATEWAY_CONFIG_CONFIG_H
#define GATEWAY_CONFIG_CONFIG_H

#include "gateway/base/error.h"
#include "gateway/base/role.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Everything is read once and never changed afterwards; a reload makes a new one. Strings belong to it. */
struct config {
    /* [state] */
    const char *state_dir; /* registry/registry.db, mail/mail.db, mail/contents/, spool/ lie under it */
    const char *run_dir;   /* sockets and pid file; at most 80 characters, for a Unix socket's path has 108 */
    /* [process] */
    bool sandbox;                            /* seccomp and Landlock */
    bool switch_user;                        /* an own user a role; only where started as root */
    const char *user_prefix;                 /* users are <prefix><role>, e.g. dp-writer */
    const char *mail_group, *registry_group; /* who may read the databases */
    const char *socket_group;                /* nginx's group: may connect to the pools */
    unsigned workers[POOL_COUNT];            /* processes a pool, indexed by enum role */
    unsigned backlog;                        /* of the listening sockets */
    unsigned drain_seconds;                  /* then a worker is killed */
    uint64_t worker_memory;                  /* RLIMIT_AS in bytes */
    /* [log] */
    const char *log_level;
    /* [store] */
    uint64_t free_floor;              /* bytes: below, mail gets 503 */
    uint64_t wal_checkpoint, wal_cap; /* bytes: when to checkpoint, when to refuse mail */
    uint64_t inline_content;          /* contents up to this many bytes lie in the database */
    unsigned group_max;               /* changes a commit */
    uint64_t group_bytes;
    unsigned change_timeout_ms; /* how long a worker waits for the writer's answer */
    unsigned queue_max;         /* changes waiting; above, new work is refused */
    unsigned orphan_hours;      /* before a content without a row, or a spool file, is swept */
    bool sync;                  /* synchronous=FULL; off only for the proof that the tests see it */
    /* [identity] */
    const char *issuers_file;   /* PEM: root and issuing CA certificates that client certificates must chain to */
    unsigned certificate_cache; /* entries a worker */
    /* [memo] */
    const char *on_invalid; /* "door" or "receipt" (CONTRACT.md, Submission) */
    uint64_t body_max, content_max, skeleton_max;
    unsigned notification_1_1, notification_1_2, furthest_days, additional_documents_max, files_max;
    const char *const *extensions; /* lower case, NULL-terminated */
    bool keep_copy_companies, keep_copy_authorities;
    unsigned receipt_grace_hours; /* a deleted receipt still gives the same body for so long: 24 */
};

/* One problem of a settings file. */
struct config_finding {
    const char *file;
    unsigned line; /* 0: environment or the whole */
    char text[200];
};

#define CONFIG_FINDINGS_MAX 32
struct config_findings {
    struct config_finding items[CONFIG_FINDINGS_MAX];
    size_t count;
};

/* Reads `file` (NULL: defaults and environment alone). False with every problem in *findings (also missing folders,
 * unreadable certificates, unknown users: what `dpgateway --check` prints, one line each). */
bool config_open(const char *file, struct config **config, struct config_findings *findings);
void config_close(struct config *config);

/* The settings in force as an INI file with their help lines, secrets left out. */
void config_print(const struct config *config, FILE *out);

#endif
