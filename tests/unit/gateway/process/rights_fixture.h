/* A fresh state folder as `dpctl init` makes it, and children that give up their rights in it. */
#ifndef TESTS_UNIT_GATEWAY_PROCESS_RIGHTS_FIXTURE_H
#define TESTS_UNIT_GATEWAY_PROCESS_RIGHTS_FIXTURE_H

#include "gateway/process/process.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_GIVEN_UP 99 /* exit status of a child in which rights_give_up failed */
#define MEMORY ((uint64_t)512 * 1024 * 1024)

/* One test at a time; each runs in a process of its own. */
static char state[64], keys_folder[64], keys_file[80];
static struct issuer_setting issuers[2];
static struct config config;
static int spool_folder, listening, ends[2], null;

static const enum role roles[] = {ROLE_SENDER, ROLE_RECEIPT, ROLE_READER, ROLE_MONITOR, ROLE_DISPATCHER, ROLE_WRITER};
#define ROLES (sizeof roles / sizeof *roles)

/* Whether a role can become a user of its own: root alone can, and the users must be there (sandbox.sh makes them). */
static inline bool users_there(void)
{
    static const char *const users[] = {"dp-sender",  "dp-receipt",    "dp-reader",
                                        "dp-monitor", "dp-dispatcher", "dp-writer"};
    static const char *const groups[] = {"dp-registry", "dp-mail", "dp-spool"};

    for (size_t i = 0; i < sizeof users / sizeof *users; i++)
        if (!getpwnam(users[i]))
            return false;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (!getgrnam(groups[i]))
            return false;
    return geteuid() == 0;
}

static inline void state_file(const char *folder, const char *name, mode_t mode, const char *group)
{
    const bool users = users_there();
    const struct passwd *writer = getpwnam("dp-writer");
    const struct group *owners = group ? getgrnam(group) : NULL;
    char path[160];
    int fd;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (strchr(name, '.')) {
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        ck_assert_int_ge(fd, 0);
        close(fd);
    } else {
        ck_assert(mkdir(path, 0700) == 0 || !*name);
    }
    if (users)
        ck_assert_int_eq(chown(path, writer->pw_uid, owners ? owners->gr_gid : writer->pw_gid), 0);
    ck_assert_int_eq(chmod(path, mode), 0);
}

/* The folders of handlers/cli/init.c, with its modes and, where there are users, its owners. */
static inline void state_make(const char *folder)
{
    state_file(folder, "", 0755, NULL);
    state_file(folder, "registry", 02750, "dp-registry");
    state_file(folder, "mail", 02750, "dp-mail");
    state_file(folder, "mail/contents", 02750, "dp-mail");
    state_file(folder, "spool", 02770, "dp-spool");
}

static inline void state_remove(const char *folder)
{
    char command[100];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static inline void make_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "%s/pool.sock", state);
    listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listening, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listening, 8), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

/* An issuer's keys lie elsewhere. */
static inline void make_keys(void)
{
    strcpy(keys_folder, "/tmp/dp-keys-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(keys_folder));
    state_file(keys_folder, "keys.json", 0644, NULL);
    ck_assert_int_eq(chmod(keys_folder, 0755), 0);
    snprintf(keys_file, sizeof keys_file, "%s/keys.json", keys_folder);
    issuers[0] = (struct issuer_setting){"issuer", keys_file};
}

static inline void begin(void)
{
    char path[100];

    strcpy(state, "/tmp/dp-rights-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(state));
    state_make(state);
    state_file(state, "registry/registry.db", 0640, "dp-registry");
    state_file(state, "mail/mail.db", 0640, "dp-mail");
    snprintf(path, sizeof path, "%s/spool", state);
    spool_folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    ck_assert(spool_folder >= 0 && null >= 0);
    make_socket();
    make_keys();
    config = (struct config){
        .state_dir = state,
        .run_dir = state,
        .sandbox = true,
        .user_prefix = "dp-",
        .worker_memory = MEMORY,
        .token_issuers = issuers,
    };
}

static inline void end(void)
{
    close(spool_folder);
    close(null);
    close(listening);
    close(ends[0]);
    close(ends[1]);
    state_remove(state);
    state_remove(keys_folder);
}

static inline struct process as(enum role role, bool users)
{
    config.switch_user = users;
    return (struct process){
        .role = role,
        .config = &config,
        .log = {.role = role_name(role), .slot = -1, .least = LOG_ERROR, .fd = STDERR_FILENO},
        .socket = listening,
        .slot = ends[0],
    };
}

static inline void give_up_or_end(const struct process *process)
{
    struct error error = {0};

    if (rights_give_up(process, &error))
        return;
    fprintf(stderr, "rights_give_up as %s: %s %s %s\n", role_name(process->role), error_kind(error.code)->code,
            error.where, error.detail);
    _exit(NOT_GIVEN_UP);
}

/* Runs `act` in a child that gave up its rights. Returns its wait status; it exits with what `act` returns. */
static inline int status_of(const struct process *process, int (*act)(long), long argument)
{
    int status = 0;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (!child) {
        give_up_or_end(process);
        _exit(act(argument));
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

#endif
