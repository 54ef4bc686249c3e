/* dpctl init: the folders and databases of a new gateway.
 *
 * Which process may touch what begins here, in the owners and modes of folders: the writer owns the state; who may read
 * a database is in its group; the sender pool writes into the spool alone. */
#include "handlers/cli/cli_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum group_choice { GROUP_WRITER, GROUP_REGISTRY, GROUP_MAIL, GROUP_SPOOL };

/* From the top down. What is made in a folder with the set-group-ID bit gets the folder's group; what a restored copy
 * brought along does not. */
/* clang-format off */
static const struct {
    const char *name;
    mode_t mode;
    enum group_choice group;
    unsigned below; /* levels of what is in it, that get its group too; 0: what comes and goes there is another's */
} folders[] = {
    {"",               0755,  GROUP_WRITER,   0},
    {"/registry",      02750, GROUP_REGISTRY, 1},
    {"/mail",          02750, GROUP_MAIL,     1},
    {"/mail/contents", 02750, GROUP_MAIL,     2},
    {"/spool",         02770, GROUP_SPOOL,    0},
};
/* clang-format on */
#define FILE_MODE 0640
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

struct right {
    const struct passwd *owner; /* NULL: who has it keeps it, and the group too */
    gid_t gid;
};

/* Mode and, with an owner, owner and group are put right by descriptor, so that nobody can slip a link in between. */
static bool put_right(int fd, mode_t mode, const struct right *right, const char *path, struct error *error)
{
    return ((!right->owner || fchown(fd, right->owner->pw_uid, right->gid) == 0) && fchmod(fd, mode) == 0)
           || error_set(error, ERROR_UNAVAILABLE, path, "%s", strerror(errno));
}

/* A folder is made, or taken as it is. */
static bool make_folder(const char *path, mode_t mode, const struct right *right, struct error *error)
{
    int fd;
    bool ok;

    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return error_set(error, ERROR_UNAVAILABLE, path, "%s", strerror(errno));
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_set(error, ERROR_UNAVAILABLE, path, "%s", strerror(errno));
    ok = put_right(fd, mode, right, path, error);
    close(fd);
    return ok;
}

/* ---- what lies in a folder already ---- */

static bool keep_entries(int fd, unsigned below, mode_t mode, const struct right *right, const char *path,
                         struct error *error);

/* A file with a second name may be somebody else's, and other things are none of ours. */
static bool keep_entry(int fd, unsigned below, mode_t mode, const struct right *right, const char *path,
                       struct error *error)
{
    struct stat info;

    if (fstat(fd, &info) < 0)
        return error_set(error, ERROR_UNAVAILABLE, path, "%s", strerror(errno));
    if (S_ISREG(info.st_mode) && info.st_nlink == 1)
        return put_right(fd, FILE_MODE, right, path, error);
    return !S_ISDIR(info.st_mode) || below == 1
           || (put_right(fd, mode, right, path, error) && keep_entries(fd, below - 1, mode, right, path, error));
}

/* The folder's files, and, `below` more than one level, its folders and theirs. */
static bool keep_entries(int fd, unsigned below, mode_t mode, const struct right *right, const char *path,
                         struct error *error)
{
    DIR *entries = fdopendir(dup(fd));
    const struct dirent *entry = NULL;
    bool ok = entries;

    while (ok && (errno = 0, entry = readdir(entries))) {
        if (entry->d_name[0] == '.')
            continue;
        int one = openat(fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

        if (one < 0 && (errno == ENOENT || errno == ELOOP || errno == ENXIO))
            continue;
        ok = one >= 0 && keep_entry(one, below, mode, right, path, error);
        if (one >= 0)
            close(one);
    }
    if (error->code == ERROR_NONE && (!ok || errno))
        ok = error_set(error, ERROR_UNAVAILABLE, path, "%s", strerror(errno));
    if (entries)
        closedir(entries);
    return ok;
}

static bool keep_folder(const char *path, unsigned below, mode_t mode, const struct right *right, struct error *error)
{
    int fd = below ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

    if (!below)
        return true;
    if (fd < 0)
        return error_set(error, ERROR_UNAVAILABLE, path, "%s", strerror(errno));
    bool ok = keep_entries(fd, below, mode, right, path, error);

    close(fd);
    return ok;
}

/* ---- the whole ---- */

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

/* The state folder's own name; those below it the writer syncs. Where the folder above is not ours to open, neither did we
 * make this one. */
static bool sync_above(const char *state_dir, struct error *error)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/..", state_dir);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 && errno == EACCES)
        return true;
    bool ok = (fd >= 0 && fsync(fd) == 0) || error_set(error, ERROR_UNAVAILABLE, path, "%s", strerror(errno));

    if (fd >= 0)
        close(fd);
    return ok;
}

static bool make_folders(const struct config *config, struct error *error)
{
    struct right right = {.gid = 0};
    char path[PATH_MAX];

    if (!find_writer(config, &right.owner, error))
        return false;
    for (size_t i = 0; i < FOLDERS; i++) {
        snprintf(path, sizeof path, "%s%s", config->state_dir, folders[i].name);
        if ((right.owner && !find_group(config, folders[i].group, right.owner->pw_gid, &right.gid, error))
            || !make_folder(path, folders[i].mode, &right, error)
            || !keep_folder(path, folders[i].below, folders[i].mode, &right, error))
            return false;
    }
    if (!sync_above(config->state_dir, error))
        return false;
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
    .says = "Makes the folders and databases of a new gateway, or puts the owners and modes of those there right",
    .example = "dpctl --config /etc/digitalpost/gateway.ini init",
    .run = run_init,
};
