#include "handlers/cli/cli_impl.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void tell_finding(const struct cli *cli, const struct config_finding *finding)
{
    if (finding->line > 0)
        fprintf(cli->err, "dpctl: %s:%u: %s\n", finding->file, finding->line, finding->text);
    else
        fprintf(cli->err, "dpctl: %s%s%s\n", finding->file ? finding->file : "", finding->file ? ": " : "",
                finding->text);
}

bool cli_config(const struct cli *cli, struct config **config)
{
    struct config_findings findings = {.count = 0};

    if (config_open(cli->config_file, config, &findings))
        return true;
    for (size_t i = 0; i < findings.count; i++)
        tell_finding(cli, &findings.items[i]);
    if (!cli->config_file)
        fprintf(cli->err, "dpctl: No settings file was named: use --config FILE or $DP_CONFIG.\n");
    return false;
}

bool cli_become_owner(const struct config *config, struct error *error)
{
    const struct passwd *owner;
    struct stat info;

    if (geteuid() != 0)
        return true;
    if (stat(config->state_dir, &info) != 0)
        return error_set(error, ERROR_UNAVAILABLE, config->state_dir, "%s", strerror(errno));
    if (info.st_uid == 0)
        return true;
    owner = getpwuid(info.st_uid);
    if (!owner)
        return error_set(error, ERROR_UNAVAILABLE, config->state_dir, "its owner is no user of this machine");
    if (initgroups(owner->pw_name, owner->pw_gid) != 0 || setgid(owner->pw_gid) != 0 || setuid(owner->pw_uid) != 0)
        return error_set(error, ERROR_UNAVAILABLE, config->state_dir, "cannot become its owner: %s", strerror(errno));
    return true;
}

bool cli_store(const struct cli *cli, struct config **config, struct store **store)
{
    struct error error = {0};

    if (!cli_config(cli, config))
        return false;
    umask(027);
    if (cli_become_owner(*config, &error) && store_open_control(*config, store, &error)) {
        if (store_writer_is_silent(*store))
            fprintf(cli->err, "dpctl: The gateway runs, but its writer does not answer: nothing can be changed now.\n");
        return true;
    }
    cli_failed(cli, &error);
    config_close(*config);
    return false;
}

void cli_store_close(struct config *config, struct store *store)
{
    store_close(store);
    config_close(config);
}
