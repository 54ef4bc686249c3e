#include "gateway/config/config_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const state_folders[] = {"registry", "mail", "mail/contents", "spool"};
#define STATE_FOLDERS (sizeof state_folders / sizeof state_folders[0])

static void check_state(const struct config *config, struct config_findings *findings)
{
    char path[PATH_MAX];
    struct stat info;

    for (size_t i = 0; i < STATE_FOLDERS; i++) {
        snprintf(path, sizeof path, "%s/%s", config->state_dir, state_folders[i]);
        if (stat(path, &info) != 0)
            finding_tell(findings, NULL, 0, "[state] dir: %s in %.80s: %s%s", state_folders[i], config->state_dir,
                         strerror(errno), errno == ENOENT ? "; run dpctl init" : "");
        else if (!S_ISDIR(info.st_mode))
            finding_tell(findings, NULL, 0, "[state] dir: %s in %.80s is no folder", state_folders[i],
                         config->state_dir);
    }
}

/* A folder for the sockets is there and can be written, or can be made. */
static void check_run(const struct config *config, struct config_findings *findings)
{
    char parent[PATH_MAX];
    struct stat info;
    char *slash;

    if (stat(config->run_dir, &info) == 0) {
        if (!S_ISDIR(info.st_mode))
            finding_tell(findings, NULL, 0, "[state] run_dir: %s is no folder", config->run_dir);
        else if (faccessat(AT_FDCWD, config->run_dir, W_OK | X_OK, AT_EACCESS) != 0)
            finding_tell(findings, NULL, 0, "[state] run_dir: %s: %s", config->run_dir, strerror(errno));
        return;
    }
    snprintf(parent, sizeof parent, "%s", config->run_dir);
    slash = strrchr(parent, '/');
    slash[slash == parent] = '\0';
    if (faccessat(AT_FDCWD, parent, W_OK | X_OK, AT_EACCESS) != 0)
        finding_tell(findings, NULL, 0, "[state] run_dir: %s is not there and cannot be made: %s", config->run_dir,
                     strerror(errno));
}

static void check_issuers(const struct config *config, struct config_findings *findings)
{
    if (!*config->issuers_file)
        finding_tell(findings, NULL, 0, "[identity] issuers_file: needs a value");
    else if (faccessat(AT_FDCWD, config->issuers_file, R_OK, AT_EACCESS) != 0)
        finding_tell(findings, NULL, 0, "[identity] issuers_file: %.100s: %s", config->issuers_file, strerror(errno));
}

static void check_token_keys(const struct config *config, struct config_findings *findings)
{
    for (const struct issuer_setting *issuer = config->token_issuers; issuer->name; issuer++)
        if (faccessat(AT_FDCWD, issuer->keys_file, R_OK, AT_EACCESS) != 0)
            finding_tell(findings, NULL, 0, "[identity] token_issuers: %.100s: %s", issuer->keys_file, strerror(errno));
}

static void check_readable(const char *setting, const char *path, struct config_findings *findings)
{
    if (*path && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0)
        finding_tell(findings, NULL, 0, "[outbox] %s: %.100s: %s", setting, path, strerror(errno));
}

static void check_outbox(const struct config *config, struct config_findings *findings)
{
    check_readable("ca_file", config->outbox_ca_file, findings);
    check_readable("certificate", config->outbox_certificate, findings);
    check_readable("key", config->outbox_key, findings);
}

static void check_group(const char *setting, const char *name, struct config_findings *findings)
{
    if (!getgrnam(name))
        finding_tell(findings, NULL, 0, "[process] %s: there is no group %s", setting, name);
}

static void check_users(const struct config *config, struct config_findings *findings)
{
    char name[64];

    for (int role = 0; role < ROLE_COUNT; role++) {
        if (role >= POOL_COUNT && role != ROLE_WRITER && role != ROLE_DISPATCHER)
            continue;
        snprintf(name, sizeof name, "%s%s", config->user_prefix, role_name((enum role)role));
        if (!getpwnam(name))
            finding_tell(findings, NULL, 0, "[process] user_prefix: there is no user %s", name);
    }
    snprintf(name, sizeof name, "%sspool", config->user_prefix);
    check_group("user_prefix", name, findings);
    check_group("mail_group", config->mail_group, findings);
    check_group("registry_group", config->registry_group, findings);
    check_group("socket_group", config->socket_group, findings);
}

bool config_check(const struct config *config, struct config_findings *findings)
{
    findings->count = 0;
    check_state(config, findings);
    check_run(config, findings);
    check_issuers(config, findings);
    check_token_keys(config, findings);
    check_outbox(config, findings);
    if (geteuid() == 0 && config->switch_user)
        check_users(config, findings);
    return !findings->count;
}
