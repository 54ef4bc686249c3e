/* A child gives up what its role does not need.
 *
 * The order has reasons. Users and groups are looked up first, while files can be read. Files come before the user, for
 * a rule is made by opening a path. System calls come last, for giving up the rest takes some that no role needs. */
#include "gateway/process/rights_impl.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define GROUPS_MAX 64
#define FILES_SPARE 256 /* descriptors of a process beside its slots */

#ifdef __SANITIZE_ADDRESS__
#define LIMITS_MEMORY false /* its shadow takes terabytes of addresses */
#else
#define LIMITS_MEMORY true
#endif

#define RANDOMNESS                                                                                                     \
    {                                                                                                                  \
        "/dev/urandom", FILES_READ                                                                                     \
    } /* SQLite's */

/* What each role needs once it serves. The supervisor has no row: it starts the others, so it keeps what they have; it
 * reads no byte from outside. A tool runs with the rights of who calls it. */
static const struct role_rights rights[ROLE_COUNT] = {
    [ROLE_SENDER] =
        {
            .files = {{"registry", FILES_READ}, {"spool", FILES_SPOOL}, RANDOMNESS},
            .calls = {CALLS_LIVE, CALLS_SERVE, CALLS_READ, CALLS_CREATE},
            .memory_limit = true,
        },
    [ROLE_RECEIPT] =
        {
            .files = {{"registry", FILES_READ}, {"mail", FILES_READ}, RANDOMNESS},
            .calls = {CALLS_LIVE, CALLS_SERVE, CALLS_READ},
            .memory_limit = true,
        },
    /* Somebody sits in front of it, which of a sender's system is not so: it goes before them. Short turns do more for
     * that than a larger share, which the senders would lack. */
    [ROLE_READER] =
        {
            .files = {{"registry", FILES_READ}, {"mail", FILES_READ}, RANDOMNESS},
            .calls = {CALLS_LIVE, CALLS_SERVE, CALLS_READ},
            .memory_limit = true,
            .token_keys = true,
            .niceness = -4,
            .turn_us = 200,
        },
    [ROLE_MONITOR] =
        {
            .calls = {CALLS_LIVE, CALLS_SERVE},
            .memory_limit = true,
        },
    /* Names are looked up as /etc says, whose files are replaced rather than written, so that a rule for each would soon
     * be one for a file that is gone. What it shows and whom it trusts was read before. */
    [ROLE_DISPATCHER] =
        {
            .files = {{"registry", FILES_READ},
                      {"mail", FILES_READ},
                      RANDOMNESS,
                      {"/etc", FILES_READ},
                      {"/run/systemd/resolve", FILES_READ, .may_lack = true},
                      {"/run/resolvconf", FILES_READ, .may_lack = true},
                      {"/run/NetworkManager", FILES_READ, .may_lack = true}},
            .calls = {CALLS_LIVE, CALLS_SERVE, CALLS_READ, CALLS_OUT},
            .memory_limit = true,
            .outward = true,
        },
    /* Its memory is bounded by queue_max and group_bytes; a limit of addresses would stop it amid a group. It goes before
     * the others, for all who change something wait for it: behind sixteen senders, it came late from each sync, and a
     * tenth of the machine was idle meanwhile. */
    [ROLE_WRITER] =
        {
            .files = {{".", FILES_OWN}, RANDOMNESS},
            .calls = {CALLS_LIVE, CALLS_SERVE, CALLS_READ, CALLS_CREATE, CALLS_OWN},
            .niceness = -10,
        },
};

/* A user as the system knows it. */
struct identity {
    uid_t uid;
    gid_t gid, groups[GROUPS_MAX];
    int group_count;
};

static bool failed(const char *where, struct error *error)
{
    return error_set(error, ERROR_INTERNAL, where, "%s", strerror(errno));
}

/* ---- limits ---- */

static bool set_limit(__rlimit_resource_t resource, rlim_t most, const char *name, struct error *error)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) < 0)
        return failed(name, error);
    if (most < limit.rlim_max)
        limit.rlim_max = most;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(resource, &limit) == 0 || failed(name, error);
}

static bool set_limits(const struct process *process, const struct role_rights *row, struct error *error)
{
    rlim_t memory = LIMITS_MEMORY && row->memory_limit ? process->config->worker_memory : RLIM_INFINITY;

    return set_limit(RLIMIT_CORE, 0, "core dumps", error) && set_limit(RLIMIT_AS, memory, "worker_memory", error)
           && set_limit(RLIMIT_NOFILE, FILES_SPARE + process->slot_count, "open files", error)
           && set_limit(RLIMIT_FSIZE, RLIM_INFINITY, "size of files", error)
           && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 || failed("no new privileges", error));
}

/* What the kernel calls struct sched_attr, in its first version; its own header does not go together with sched.h. */
struct scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period; /* nanoseconds */
};

/* Linux 6.12 and later: the sooner a turn ends, the sooner the next one begins. */
static void set_turn(unsigned microseconds)
{
    struct scheduling scheduling = {.size = sizeof scheduling};

    if (syscall(SYS_sched_getattr, 0, &scheduling, sizeof scheduling, 0) != 0 || scheduling.policy != SCHED_OTHER)
        return;
    scheduling.runtime = (uint64_t)microseconds * 1000;
    syscall(SYS_sched_setattr, 0, &scheduling, 0);
}

/* Who is not root, and has no such right either, stays where he is; so does everybody on a kernel that knows no turns. */
static void set_precedence(const struct role_rights *row)
{
    if (row->niceness)
        setpriority(PRIO_PROCESS, 0, row->niceness);
    if (row->turn_us)
        set_turn(row->turn_us);
}

/* ---- user ---- */

static bool find_user(const struct process *process, struct identity *identity, struct error *error)
{
    const struct passwd *user;
    char name[64];

    snprintf(name, sizeof name, "%s%s", process->config->user_prefix, role_name(process->role));
    user = getpwnam(name);
    if (!user)
        return error_set(error, ERROR_CONFIG_INVALID, name, "there is no such user");
    if (user->pw_uid == 0 || user->pw_gid == 0)
        return error_set(error, ERROR_CONFIG_INVALID, name, "it must not be root");
    identity->uid = user->pw_uid;
    identity->gid = user->pw_gid;
    identity->group_count = GROUPS_MAX;
    return getgrouplist(name, user->pw_gid, identity->groups, &identity->group_count) >= 0
           || error_set(error, ERROR_CONFIG_INVALID, name, "it has more than %d groups", GROUPS_MAX);
}

/* That there is no way back, rather than that each step said it was done. */
static bool is_for_good(const struct identity *identity)
{
    uid_t real, effective, saved;
    gid_t real_group, effective_group, saved_group;

    return getresuid(&real, &effective, &saved) == 0 && getresgid(&real_group, &effective_group, &saved_group) == 0
           && real == identity->uid && effective == identity->uid && saved == identity->uid
           && real_group == identity->gid && effective_group == identity->gid && saved_group == identity->gid
           && setuid(0) < 0 && seteuid(0) < 0 && setgid(0) < 0;
}

/* The kernel forgets with the change of user that this process wants to hear of its parent's end. */
static bool become(const struct identity *identity, struct error *error)
{
    pid_t parent = getppid();
    int wanted = 0;

    if (prctl(PR_GET_PDEATHSIG, &wanted) < 0 || setgroups((size_t)identity->group_count, identity->groups) < 0
        || setresgid(identity->gid, identity->gid, identity->gid) < 0
        || setresuid(identity->uid, identity->uid, identity->uid) < 0)
        return failed("switch_user", error);
    if (!is_for_good(identity))
        return error_set(error, ERROR_INTERNAL, "switch_user", "it could become root again");
    if (prctl(PR_SET_PDEATHSIG, wanted) < 0)
        return failed("switch_user", error);
    return !wanted || getppid() == parent || error_set(error, ERROR_INTERNAL, "supervisor", "it is gone");
}

/* ---- the whole ---- */

/* The writer says it for all: there is one of it. */
static void tell_unconfined(const struct process *process)
{
    unsigned abi;

    if (process->role != ROLE_WRITER)
        return;
    rights_landlock_available(&abi);
    log_line(&process->log, LOG_INFO, NULL,
             abi ? "Landlock of this kernel is too old for the writer" : "Landlock is not available in this kernel");
}

/* The folders of the issuers' keys, for a key set is replaced by rename. */
static bool add_token_keys(const struct issuer_setting *issuer, char folders[][PATH_MAX], struct file_rule *rule,
                           struct error *error)
{
    for (size_t i = 0; issuer && issuer->name; issuer++, i++) {
        if (i == ISSUERS_MAX || strlen(issuer->keys_file) >= PATH_MAX)
            return error_set(error, ERROR_CONFIG_INVALID, "token_issuers", "too many, or too long a path");
        strcpy(folders[i], issuer->keys_file);
        *rule++ = (struct file_rule){.path = dirname(folders[i]), .right = FILES_READ};
    }
    return true;
}

static bool confine_files(const struct process *process, const struct role_rights *row, struct error *error)
{
    struct file_rule rules[PATHS_MAX + ISSUERS_MAX + 1] = {0};
    char folders[ISSUERS_MAX][PATH_MAX];
    size_t count = 0;
    bool confined = false;

    if (!process->config->sandbox)
        return true;
    for (; count < PATHS_MAX && row->files[count].path; count++)
        rules[count] = row->files[count];
    if (row->token_keys && !add_token_keys(process->config->token_issuers, folders, rules + count, error))
        return false;
    if (!rights_confine_files(process->config->state_dir, rules, row->outward, &confined, error))
        return false;
    if (!confined)
        tell_unconfined(process);
    return true;
}

bool rights_give_up(const struct process *process, struct error *error)
{
    const struct role_rights *row = &rights[process->role];
    bool switches = geteuid() == 0 && process->config->switch_user;
    struct identity identity;

    if (row->calls[0] == CALLS_NONE)
        return error_set(error, ERROR_ROLE_NOT_ALLOWED, role_name(process->role), "it has no rights of its own");
    tzset(); /* reads the time zone's file */
    if (switches && !find_user(process, &identity, error))
        return false;
    set_precedence(row);
    if (!set_limits(process, row, error) || !confine_files(process, row, error)
        || (switches && !become(&identity, error)))
        return false;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) /* set anew by a change of user */
        return failed("dumpable", error);
    return !process->config->sandbox || rights_confine_calls(row->calls, error);
}
