/* Settings: one INI file, each setting also as an environment variable DP_<SECTION>_<NAME>, which wins.
 *
 * The closed list stands in settings.c as a table: section, name, kind, default, smallest, largest, one line of help.
 * An unknown section or name, a name given twice, a value out of range or of the wrong form is a finding with file and
 * line; so is a variable DP_<SECTION>_... of one of our sections that names no setting. Relative paths are taken from
 * the folder of the settings file (without one: from the working directory). */
#ifndef GATEWAY_CONFIG_CONFIG_H
#define GATEWAY_CONFIG_CONFIG_H

#include "gateway/base/arena.h"
#include "gateway/base/role.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* An issuer of access tokens, by its name (the claim iss), and the file of its public keys (RFC 7517). */
#define ISSUERS_MAX 16
struct issuer_setting {
    const char *name, *keys_file;
};

/* Everything is read once and never changed afterwards; a reload makes a new one. Strings belong to it. Paths are
 * absolute. */
struct config {
    struct arena *arena; /* in which it lies with its strings */
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
    bool empty_address;                      /* what the bench measures against is served */
    /* [log] */
    const char *log_level;
    /* [store] */
    uint64_t free_floor;              /* bytes: below, mail gets 503 */
    uint64_t wal_checkpoint, wal_cap; /* bytes: when to checkpoint, when to refuse mail */
    unsigned clock_back_seconds;      /* behind the newest event: further, and the writer refuses to run */
    uint64_t inline_content;          /* contents up to this many bytes lie in the database */
    unsigned group_max;               /* changes a commit */
    uint64_t group_bytes;
    unsigned group_wait_us;     /* for more letters, where four or more workers send them */
    unsigned change_timeout_ms; /* how long a worker waits for the writer's answer */
    unsigned queue_max;         /* changes waiting; above, new work is refused */
    unsigned orphan_hours;      /* before a content without a row, or a spool file, is swept */
    bool sync;                  /* synchronous=FULL; off only for the proof that the tests see it */
    /* [identity] */
    const char *issuers_file;   /* PEM: root and issuing CA certificates that client certificates must chain to; may be
                                   "" until config_check */
    unsigned certificate_cache; /* entries a worker */
    const struct issuer_setting *token_issuers; /* ends with one whose name is NULL */
    const char *token_audience;
    const char *cpr_claim, *cvr_claim, *employee_claim, *scope_claim, *privileges_claim;
    /* [memo] */
    const char *on_invalid; /* "door" or "receipt" (CONTRACT.md, Submission) */
    uint64_t body_max, content_max, skeleton_max, tag_max;
    unsigned attributes_max, depth_max, elements_max;
    unsigned reading_cpu_ms; /* processor time that reading a message may take */
    unsigned notification_1_1, notification_1_2, furthest_days, additional_documents_max, files_max;
    const char *const *extensions; /* lower case, NULL-terminated */
    unsigned receipt_grace_hours;  /* a deleted receipt still gives the same body for so long: 24 */
    /* [outbox] */
    unsigned outbox_concurrent, outbox_per_target;           /* pushes at a time */
    unsigned outbox_connect_seconds, outbox_timeout_seconds; /* of one push */
    unsigned outbox_lease_seconds;                           /* more than a push may last */
    const char *outbox_ca_file;                              /* PEM; "": whom the system trusts */
    const char *outbox_certificate, *outbox_key;             /* PEM, what we show; "": nothing */
    bool outbox_plain_http;                                  /* for tests on one machine */
};

/* One problem of the settings. */
struct config_finding {
    const char *file; /* as it was named to config_open; NULL: the environment or the machine */
    unsigned line;    /* 0: none in particular */
    char text[200];
};

#define CONFIG_FINDINGS_MAX 32 /* what comes after that is left out */
struct config_findings {
    struct config_finding items[CONFIG_FINDINGS_MAX];
    size_t count;
};

#define CONFIG_DEFAULT "/etc/digitalpost/gateway.ini"

/* The file of the settings where none is named: $DP_CONFIG, else CONFIG_DEFAULT when it is there, else NULL. */
const char *config_default_file(void);

/* Reads `file` (NULL: defaults and environment alone) and looks at the form of what stands there. False with every
 * problem in *findings; *config is then NULL. */
bool config_open(const char *file, struct config **config, struct config_findings *findings);
void config_close(struct config *config);

/* Whether this machine has what the settings name: the folders of `dpctl init`, a place for the sockets, the issuers'
 * certificates, and, where every role becomes a user of its own, users and groups. False with every problem in
 * *findings. What `dpgateway --check` prints, one line each, is this and config_open. */
bool config_check(const struct config *config, struct config_findings *findings);

/* The settings in force as an INI file with their help lines; config_open reads it back to the same settings. No
 * setting is secret, so none is left out. */
void config_print(const struct config *config, FILE *out);

/* Every setting with its default and help line, for --help. */
void config_help(FILE *out);

#endif
