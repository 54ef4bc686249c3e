/* Landlock: which files a process may still open.
 *
 * Debian 12's kernel (6.1) has version 2 of the interface, newer kernels have more, and the headers of the build may
 * have less than the kernel that it runs on. So the numbers stand here, each with the version that brought it, and what
 * a kernel does not know is not asked of it. What was opened before stays open and usable. */
#include "gateway/process/rights_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/landlock.h>

#define EXECUTE LANDLOCK_ACCESS_FS_EXECUTE
#define WRITE_FILE LANDLOCK_ACCESS_FS_WRITE_FILE
#define READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define READ_DIR LANDLOCK_ACCESS_FS_READ_DIR
#define REMOVE_FILE LANDLOCK_ACCESS_FS_REMOVE_FILE
#define MAKE_REG LANDLOCK_ACCESS_FS_MAKE_REG
#define REFER ((uint64_t)1 << 13)
#define TRUNCATE ((uint64_t)1 << 14)

#define CONNECT_TCP ((uint64_t)1 << 1)

#define OF_PLAIN_FILES (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE) /* the others are rights of folders */

/* What each version of the interface added; a version has all before it too. */
static const struct {
    uint64_t files;   /* EXECUTE to MAKE_SYM, then renames between folders, truncate, ioctl of devices */
    uint64_t network; /* bind and connect over TCP */
    uint64_t scopes;  /* abstract Unix sockets of others, signals to others */
} added[] = {
    [1] = {.files = ((uint64_t)1 << 13) - 1}, [2] = {.files = REFER}, [3] = {.files = TRUNCATE}, [4] = {.network = 3},
    [5] = {.files = (uint64_t)1 << 15},       [6] = {.scopes = 3},
};
#define VERSIONS (sizeof added / sizeof *added)

static const uint64_t allowed[FILE_RIGHT_COUNT] = {
    [FILES_READ] = READ_FILE | READ_DIR,
    [FILES_SPOOL] = READ_FILE | WRITE_FILE | MAKE_REG | REMOVE_FILE,
    [FILES_OWN] = READ_FILE | READ_DIR | WRITE_FILE | MAKE_REG | REMOVE_FILE | REFER | TRUNCATE,
};

/* landlock_create_ruleset(2) as newer kernels know it. An older one takes it when what it does not know is nought. */
struct ruleset {
    uint64_t files, network, scopes;
};

bool rights_landlock_available(unsigned *abi)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);

    *abi = version > 0 ? (unsigned)version : 0;
    return version > 0;
}

/* Everything that this kernel can take away. */
static struct ruleset everything(unsigned abi)
{
    struct ruleset all = {0};

    for (size_t version = 1; version < VERSIONS && version <= abi; version++) {
        all.files |= added[version].files;
        all.network |= added[version].network;
        all.scopes |= added[version].scopes;
    }
    return all;
}

/* The first version cannot allow a rename from one folder to another, so it is of no use to who needs one. */
static bool is_enough(uint64_t handled, const struct file_rule *rules)
{
    for (; rules->path; rules++)
        if (allowed[rules->right] & REFER & ~handled)
            return false;
    return true;
}

static bool failed(const char *where, const char *doing, struct error *error)
{
    return error_set(error, ERROR_INTERNAL, where, "Landlock, %s: %s", doing, strerror(errno));
}

static bool allow_open(int ruleset, int path, uint64_t rights, const char *name, struct error *error)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = path};
    struct stat status;

    if (fstat(path, &status) < 0)
        return failed(name, "looking", error);
    if (!S_ISDIR(status.st_mode))
        rule.allowed_access &= OF_PLAIN_FILES;
    return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0
           || failed(name, "a rule", error);
}

static bool allow(int ruleset, const char *state_dir, const struct file_rule *rule, uint64_t handled,
                  struct error *error)
{
    char path[PATH_MAX];
    bool absolute = rule->path[0] == '/';
    int fd;
    bool ok;

    if (snprintf(path, sizeof path, "%s%s%s", absolute ? "" : state_dir, absolute ? "" : "/", rule->path) >= PATH_MAX)
        return error_set(error, ERROR_CONFIG_INVALID, "dir", "the path is too long");
    fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return (rule->may_lack && errno == ENOENT) || failed(path, "opening", error);
    ok = allow_open(ruleset, fd, allowed[rule->right] & handled, path, error);
    close(fd);
    return ok;
}

bool rights_confine_files(const char *state_dir, const struct file_rule *rules, bool outward, bool *confined,
                          struct error *error)
{
    unsigned abi;
    struct ruleset all;
    int ruleset;
    bool ok = true;

    *confined = false;
    if (!rights_landlock_available(&abi))
        return true;
    all = everything(abi);
    if (!is_enough(all.files, rules))
        return true;
    if (outward)
        all.network &= ~CONNECT_TCP;
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (ruleset < 0)
        return failed(NULL, "a set of rules", error);
    for (; ok && rules->path; rules++)
        ok = allow(ruleset, state_dir, rules, all.files, error);
    ok = ok && (syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 || failed(NULL, "the restriction", error));
    close(ruleset);
    *confined = ok;
    return ok;
}
