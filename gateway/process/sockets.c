#include "gateway/process/process_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void run_path(const struct supervisor *supervisor, char out[PATH_MAX], const char *name, const char *ending)
{
    snprintf(out, PATH_MAX, "%s/%s%s", supervisor->config->run_dir, name, ending);
}

/* The lock, not the file, says that a gateway runs: the kernel takes it back however the holder ends. */
static bool take_pid_file(struct supervisor *supervisor, struct error *error)
{
    char path[PATH_MAX], text[24];
    int length = snprintf(text, sizeof text, "%d\n", (int)supervisor->pid);

    run_path(supervisor, path, "dpgateway", ".pid");
    supervisor->pid_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (supervisor->pid_file < 0)
        return error_set(error, ERROR_UNAVAILABLE, path, "%s", strerror(errno));
    if (flock(supervisor->pid_file, LOCK_EX | LOCK_NB) < 0)
        return error_set(error, ERROR_UNAVAILABLE, path, "another gateway runs in this folder");
    if (ftruncate(supervisor->pid_file, 0) < 0 || pwrite(supervisor->pid_file, text, (size_t)length, 0) != length)
        return error_set(error, ERROR_UNAVAILABLE, path, "%s", strerror(errno));
    return true;
}

/* With the lock in our hands a socket that lies there is a leftover. */
static bool make_socket(const char *path, int type, int backlog, int *fd, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    mode_t before;
    bool ok;

    if (length >= sizeof address.sun_path)
        return error_set(error, ERROR_CONFIG_INVALID, path, "is too long for a socket's path");
    memcpy(address.sun_path, path, length + 1);
    unlink(path);
    before = umask(0177); /* nobody connects before the owner is right */
    *fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ok = *fd >= 0 && bind(*fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(*fd, backlog) == 0;
    umask(before);
    return ok || error_set(error, ERROR_UNAVAILABLE, path, "%s", strerror(errno));
}

static bool make_pool_socket(struct supervisor *supervisor, enum role role, struct error *error)
{
    const struct group *group = getgrnam(supervisor->config->socket_group);
    char path[PATH_MAX];

    run_path(supervisor, path, role_name(role), ".sock");
    if (!group)
        return error_set(error, ERROR_CONFIG_INVALID, supervisor->config->socket_group, "there is no such group");
    if (!make_socket(path, SOCK_STREAM, (int)supervisor->config->backlog, &supervisor->sockets[role], error))
        return false;
    if (chown(path, (uid_t)-1, group->gr_gid) < 0 || chmod(path, 0660) < 0)
        return error_set(error, ERROR_UNAVAILABLE, path, "cannot be given to the group %s: %s",
                         supervisor->config->socket_group, strerror(errno));
    return true;
}

/* The writer's own: dpctl comes here, as root or as the writer's user. */
static bool make_control_socket(struct supervisor *supervisor, struct error *error)
{
    const struct config *config = supervisor->config;
    const struct passwd *writer;
    char path[PATH_MAX], user[64];

    run_path(supervisor, path, "control", ".sock");
    if (!make_socket(path, SOCK_SEQPACKET, 16, &supervisor->control, error))
        return false;
    if (geteuid() != 0 || !config->switch_user)
        return true;
    snprintf(user, sizeof user, "%s%s", config->user_prefix, role_name(ROLE_WRITER));
    writer = getpwnam(user);
    if (!writer)
        return error_set(error, ERROR_CONFIG_INVALID, user, "there is no such user");
    return chown(path, writer->pw_uid, writer->pw_gid) == 0
           || error_set(error, ERROR_UNAVAILABLE, path, "%s", strerror(errno));
}

bool sockets_open(struct supervisor *supervisor, struct error *error)
{
    const char *folder = supervisor->config->run_dir;

    if (mkdir(folder, 0755) < 0 && errno != EEXIST)
        return error_set(error, ERROR_UNAVAILABLE, folder, "%s", strerror(errno));
    /* What a build before us handed over is there already. */
    if (supervisor->pid_file < 0 && !take_pid_file(supervisor, error))
        return false;
    for (enum role role = 0; role < POOL_COUNT; role++)
        if (supervisor->sockets[role] < 0 && !make_pool_socket(supervisor, role, error))
            return false;
    return supervisor->control >= 0 || make_control_socket(supervisor, error);
}

static void remove_socket(const struct supervisor *supervisor, int *fd, const char *name)
{
    char path[PATH_MAX];

    if (*fd < 0)
        return;
    run_path(supervisor, path, name, ".sock");
    unlink(path);
    close(*fd);
    *fd = -1;
}

void sockets_close(struct supervisor *supervisor)
{
    char path[PATH_MAX];

    for (enum role role = 0; role < POOL_COUNT; role++)
        remove_socket(supervisor, &supervisor->sockets[role], role_name(role));
    remove_socket(supervisor, &supervisor->control, "control");
    if (supervisor->pid_file >= 0 && flock(supervisor->pid_file, LOCK_EX | LOCK_NB) == 0) {
        run_path(supervisor, path, "dpgateway", ".pid");
        unlink(path);
    }
    if (supervisor->pid_file >= 0)
        close(supervisor->pid_file);
    supervisor->pid_file = -1;
}
