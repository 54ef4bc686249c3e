/* dpctl init: the folders and databases of a new gateway.
 *
 * Which process may touch what begins here, in the owners and modes of folders: the writer owns the state; who may read
 * a database is in its group; the sender pool writes into the spool alone. */
#include "handlers/cli/cli_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum group_choice { GROUP_WRITER, GROUP_REGISTRY, GROUP_MAIL, GROUP_SPOOL };

/* From the top down. What is made in a folder with the set-group-ID bit gets the folder's group. */
static const struct {
    const char *name;
    mode_t mode;
    enum group_choice group;
} folders[] = {
    {"", 0755, GROUP_WRITER},       {"/registry", 02750, GROUP_REGISTRY},
    {"/mail", 02750, GROUP_MAIL},   {"/mail/contents", 02750, GROUP_MAIL},
    {"/spool", 02770, GROUP_SPOOL},
};
#define FOLDERS (sizeof folders / sizeof folders[0])

static bool find_group(const struct config *config, enum group_choice choice, gid_t writer, gid_t *gid,
                       struct error *error)
{
    char spool[64];
    const char *names[] = {
        [GROUP_REGISTRY] = config->registry_group, [GROUP_MAIL] = config->mail_group, [GROUP_SPOOL] = spool};
    const struct group *group;

    *gid = writer;
    if (choice == GROUP_WRITER)
        return true;
    snprintf(spool, sizeof spool, "%sspool", config->user_prefix);
    group = getgrnam(names[choice]);
    if (!group)
        return error_set(error, ERROR_CONFIG_INVALID, names[choice], "there is no such group");
    *gid = group->gr_gid;
    return true;
}

/* A folder is made, or taken as it is; mode and, with `owner`, owner and group are put right by descriptor, so that
 * nobody can slip a link in between. */
static bool make_folder(const char *path, mode_t mode, const struct passwd *owner, gid_t gid, struct error *error)
{
    int fd;
    bool ok;

    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return error_set(error, ERROR_UNAVAILABLE, path, "%s", strerror(errno));
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_set(error, ERROR_UNAVAILABLE, path, "%s", strerror(errno));
    ok = (!owner || fchown(fd, owner->pw_uid, gid) == 0) && fchmod(fd, mode) == 0;
    if (!ok)
        error_set(error, ERROR_UNAVAILABLE, path, "%s", strerror(errno));
    close(fd);
    return ok;
}

/* Who shall own the state: the writer's user where we are root and roles have users, else nobody in particular. */
static bool find_writer(const struct config *config, const struct passwd **writer, struct error *error)
{
    char name[64];

    *writer = NULL;
    if (geteuid() != 0 || !config->switch_user)
        return true;
    snprintf(name, sizeof name, "%s%s", config->user_prefix, role_name(ROLE_WRITER));
    *writer = getpwnam(name);
    return *writer || error_set(error, ERROR_CONFIG_INVALID, name, "there is no such user");
}

static bool make_folders(const struct config *config, struct error *error)
{
    const struct passwd *writer;
    char path[PATH_MAX];
    gid_t gid = 0;

    if (!find_writer(config, &writer, error))
        return false;
    for (size_t i = 0; i < FOLDERS; i++) {
        snprintf(path, sizeof path, "%s%s", config->state_dir, folders[i].name);
        if ((writer && !find_group(config, folders[i].group, writer->pw_gid, &gid, error))
            || !make_folder(path, folders[i].mode, writer, gid, error))
            return false;
    }
    if (mkdir(config->run_dir, 0755) != 0 && errno != EEXIST)
        return error_set(error, ERROR_UNAVAILABLE, config->run_dir, "%s", strerror(errno));
    return true;
}

static int told(const struct cli *cli, const char *state_dir)
{
    struct buffer json = {.limit = 65536};
    int status;

    if (!cli->json) {
        fprintf(cli->out, "The state in %s is ready.\n", state_dir);
        return CLI_OK;
    }
    buffer_add_text(&json, "{");
    cli_json_text(&json, "state", state_dir);
    buffer_add_text(&json, "}");
    status = cli_json_print(cli, &json);
    buffer_free(&json);
    return status;
}

static int run_init(const struct cli *cli, const struct cli_arguments *arguments)
{
    struct config *config;
    struct store *store;
    struct error error = {0};
    int status;
    bool ok;

    (void)arguments;
    if (!cli_config(cli, &config))
        return CLI_FINDINGS;
    ok = make_folders(config, &error);
    config_close(config);
    if (!ok)
        return cli_failed(cli, &error);
    if (!cli_store(cli, &config, &store))
        return CLI_FINDINGS;
    status = told(cli, config->state_dir);
    cli_store_close(config, store);
    return status;
}

const struct cli_command cli_init = {
    .name = "init",
    .says = "Makes the folders and databases of a new gateway, or leaves them as they are",
    .example = "dpctl --config /etc/digitalpost/gateway.ini init",
    .run = run_init,
};
