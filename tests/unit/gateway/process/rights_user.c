/* The user that a role becomes, the limits that hold for it, and what cannot be given up. */
#include "tests/unit/gateway/process/rights_deeds.h"

#include <sys/prctl.h>

Suite *suite_rights_user(void);

/* ---- user ---- */

static struct passwd user;
static gid_t registry_group;

static int is_the_user(long unused)
{
    gid_t groups[64];
    int count = getgroups(64, groups);
    bool in_registry = false;

    (void)unused;
    for (int i = 0; i < count; i++) {
        in_registry = in_registry || groups[i] == registry_group;
        if (groups[i] == 0)
            return 2;
    }
    if (getuid() != user.pw_uid || geteuid() != user.pw_uid || getgid() != user.pw_gid || getegid() != user.pw_gid)
        return 3;
    return in_registry == (strcmp(user.pw_name, "dp-monitor") != 0) ? 0 : 4;
}

static int cannot_be_root_again(long unused)
{
    (void)unused;
    return setuid(0) < 0 && seteuid(0) < 0 && setgid(0) < 0 && setgroups(0, NULL) < 0 ? 0 : 1;
}

START_TEST(root_becomes_the_roles_user_for_good)
{
    if (!users_there()) {
        printf("not shown: it takes root, and users and groups that tests/lib/sandbox.sh makes\n");
        return;
    }
    registry_group = getgrnam("dp-registry")->gr_gid;
    for (size_t at = 0; at < ROLES; at++) {
        struct process process = as(roles[at], true);
        char name[32];

        snprintf(name, sizeof name, "dp-%s", role_name(roles[at]));
        user = *getpwnam(name);
        config.sandbox = true;
        ck_assert_msg(status_of(&process, is_the_user, 0) == 0, "%s", name);
        config.sandbox = false;
        ck_assert_msg(status_of(&process, is_the_user, 0) == 0, "%s without the sandbox", name);
        ck_assert_msg(status_of(&process, cannot_be_root_again, 0) == 0, "%s", name);
    }
}
END_TEST

/* A process that becomes another user is not told of its parent's end, unless it asks once more. */
START_TEST(the_parents_end_is_still_heard_of)
{
    struct process process = as(ROLE_MONITOR, users_there());
    int status, wanted = 0;
    pid_t child;

    config.sandbox = false;
    child = fork();
    ck_assert_int_ge(child, 0);
    if (!child) {
        prctl(PR_SET_PDEATHSIG, DRAIN_SIGNAL);
        give_up_or_end(&process);
        _exit(prctl(PR_GET_PDEATHSIG, &wanted) == 0 && wanted == DRAIN_SIGNAL ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* ---- limits ---- */

static rlim_t most(__rlimit_resource_t resource)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) < 0 || limit.rlim_cur != limit.rlim_max)
        return 1; /* none of those that are looked for */
    return limit.rlim_max;
}

static int limits_are_set(long memory)
{
    if (most(RLIMIT_CORE) != 0)
        return 2;
    if (most(RLIMIT_AS) != (rlim_t)memory)
        return 3;
    if (most(RLIMIT_NOFILE) < 64 || most(RLIMIT_NOFILE) > 4096)
        return 4;
    return most(RLIMIT_FSIZE) == RLIM_INFINITY ? 0 : 5;
}

static int traits_are_set(long unused)
{
    (void)unused;
    if (prctl(PR_GET_DUMPABLE) != 0)
        return 2;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 3;
}

static long memory_of(enum role role)
{
#ifdef __SANITIZE_ADDRESS__
    (void)role;
    return (long)RLIM_INFINITY;
#else
    return role == ROLE_WRITER ? (long)RLIM_INFINITY : (long)MEMORY;
#endif
}

START_TEST(limits_hold_with_and_without_the_sandbox)
{
    for (size_t at = 0; at < ROLES; at++) {
        struct process process = as(roles[at], users_there());

        config.sandbox = true;
        ck_assert_int_eq(status_of(&process, limits_are_set, memory_of(roles[at])), 0);
        config.sandbox = false;
        ck_assert_int_eq(status_of(&process, limits_are_set, memory_of(roles[at])), 0);
        ck_assert_int_eq(status_of(&process, traits_are_set, 0), 0);
    }
}
END_TEST

START_TEST(without_the_sandbox_files_and_calls_are_left)
{
    struct process process = as(ROLE_SENDER, false);

    config.sandbox = false;
    ck_assert_int_eq(status_of(&process, read_password_file, 0), 0);
    ck_assert_int_eq(status_of(&process, internet_socket, 0), 0);
    ck_assert_int_eq(status_of(&process, other_program, 0), 0);
}
END_TEST

/* ---- what cannot be given up ---- */

/* In a child, for some of it may have been given up. */
static void expect_refusal(const struct process *process, enum error_code code, const char *where)
{
    int status;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (!child) {
        struct error error = {0};

        _exit(!rights_give_up(process, &error) && error.code == code && strstr(error.where, where) ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(status == 0, "%s", where);
}

START_TEST(a_role_without_a_row_is_refused)
{
    struct process supervisor = as(ROLE_SUPERVISOR, false), cli = as(ROLE_CLI, false);

    expect_refusal(&supervisor, ERROR_ROLE_NOT_ALLOWED, "supervisor");
    expect_refusal(&cli, ERROR_ROLE_NOT_ALLOWED, "cli");
}
END_TEST

START_TEST(a_user_that_is_not_there_is_refused)
{
    struct process process = as(ROLE_SENDER, true);

    if (geteuid() != 0) {
        printf("not shown: only root becomes another user\n");
        return;
    }
    config.user_prefix = "dp-no-such-";
    expect_refusal(&process, ERROR_CONFIG_INVALID, "dp-no-such-sender");
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_refused)
{
    struct process process = as(ROLE_SENDER, false);
    unsigned abi;

    if (!rights_landlock_available(&abi)) {
        printf("not shown: this kernel has no Landlock\n");
        return;
    }
    config.state_dir = "/nonexistent";
    expect_refusal(&process, ERROR_INTERNAL, "/nonexistent/registry");
}
END_TEST

Suite *suite_rights_user(void)
{
    Suite *suite = suite_create("process/rights_user");
    TCase *tests = tcase_create("rights_user");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, root_becomes_the_roles_user_for_good);
    tcase_add_test(tests, the_parents_end_is_still_heard_of);
    tcase_add_test(tests, limits_hold_with_and_without_the_sandbox);
    tcase_add_test(tests, without_the_sandbox_files_and_calls_are_left);
    tcase_add_test(tests, a_role_without_a_row_is_refused);
    tcase_add_test(tests, a_user_that_is_not_there_is_refused);
    tcase_add_test(tests, a_folder_that_is_not_there_is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
