/* What each role can still do once it gave up its rights, and what it cannot. */
#include "tests/unit/gateway/process/rights_deeds.h"

Suite *suite_rights(void);

/* ---- what becomes of each deed ---- */

enum outcome { DONE, REFUSED, KILLED, ABORTED, OTHER };
static const char *const outcome_names[] = {"is done", "is refused", "ends the process", "aborts", "fails otherwise"};

enum need { NOTHING, LANDLOCK, LANDLOCK_OR_USERS };

#define ALL(outcome)                                                                                                   \
    {                                                                                                                  \
        (outcome), (outcome), (outcome), (outcome), (outcome)                                                          \
    }
// clang-format off
static const struct {
    const char *says;
    int (*act)(long);
    enum outcome outcomes[ROLES]; /* sender, receipt, reader, monitor, writer */
    enum need needs;              /* to be refused */
} deeds[] = {
    {"living",                      live,                   ALL(DONE),                             NOTHING},
    {"serving",                     serve,                  ALL(DONE),                             NOTHING},
    {"abort()",                     give_up_at_once,        ALL(ABORTED),                          NOTHING},
    /* files */
    {"reading the registry",        read_registry,          {DONE, DONE, DONE, REFUSED, DONE}, LANDLOCK_OR_USERS},
    {"reading the mail",            read_mail,              {REFUSED, DONE, DONE, REFUSED, DONE}, LANDLOCK_OR_USERS},
    {"reading the issuers' keys",   read_token_keys,        {REFUSED, REFUSED, DONE, REFUSED, REFUSED}, LANDLOCK},
    {"spooling a file",             spool_a_file,           {DONE, REFUSED, REFUSED, REFUSED, DONE}, LANDLOCK_OR_USERS},
    {"writing to the registry",     write_registry,         {REFUSED, REFUSED, REFUSED, REFUSED, DONE}, LANDLOCK_OR_USERS},
    {"writing to the mail",         write_mail,             {REFUSED, REFUSED, REFUSED, REFUSED, DONE}, LANDLOCK_OR_USERS},
    {"making a content",            make_file_in_mail,      {REFUSED, REFUSED, REFUSED, REFUSED, DONE}, LANDLOCK_OR_USERS},
    {"taking a spooled file over",  take_over,              {KILLED, REFUSED, REFUSED, REFUSED, DONE}, LANDLOCK_OR_USERS},
    {"reading /etc/passwd",         read_password_file,     ALL(REFUSED),                          LANDLOCK},
    {"reading /proc/self/environ",  read_processes,         ALL(REFUSED),                          LANDLOCK},
    {"making a file elsewhere",     make_file_elsewhere,    ALL(REFUSED),                          LANDLOCK},
    /* calls, with arguments that nothing else is wrong with */
    {"running a program",           other_program,          ALL(KILLED),                           NOTHING},
    {"an internet socket",          internet_socket,        ALL(KILLED),                           NOTHING},
    {"making memory executable",    make_memory_executable, ALL(KILLED),                           NOTHING},
    {"mapping executable memory",   map_executable,         ALL(KILLED),                           NOTHING},
    {"a signal to another process", signal_the_parent,      ALL(KILLED),                           NOTHING},
    {"setting a limit",             lift_a_limit,           ALL(KILLED),                           NOTHING},
    {"typing into a terminal",      type_into_the_terminal, ALL(KILLED),                           NOTHING},
};
// clang-format on
#define DEEDS ((int)(sizeof deeds / sizeof *deeds))

/* Calls that end every role's process, whatever comes with them. */
static const struct {
    const char *says;
    long number;
} calls[] = {
    {"execveat", SYS_execveat},
    {"fork", SYS_fork},
    {"clone", SYS_clone},
    {"clone3", SYS_clone3},
    {"socketpair", SYS_socketpair},
    {"connect", SYS_connect},
    {"bind", SYS_bind},
    {"ptrace", SYS_ptrace},
    {"setuid", SYS_setuid},
    {"setresuid", SYS_setresuid},
    {"setgroups", SYS_setgroups},
    {"mount", SYS_mount},
    {"chroot", SYS_chroot},
    {"unshare", SYS_unshare},
    {"chmod", SYS_chmod},
    {"link", SYS_link},
    {"symlink", SYS_symlink},
    {"prctl", SYS_prctl},
    {"bpf", SYS_bpf},
    {"io_uring_setup", SYS_io_uring_setup},
    {"process_vm_readv", SYS_process_vm_readv},
    {"memfd_create", SYS_memfd_create},
};

static enum outcome outcome_of(int status)
{
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGSYS ? KILLED : WTERMSIG(status) == SIGABRT ? ABORTED : OTHER;
    if (!WEXITSTATUS(status))
        return DONE;
    return WEXITSTATUS(status) == EACCES || WEXITSTATUS(status) == EPERM ? REFUSED : OTHER;
}

/* Whether this machine can show it; says why not. The monitor is refused files by the filter of system calls alone. */
static bool can_show(enum need need, enum role role, bool users)
{
    unsigned abi;
    bool landlock = rights_landlock_available(&abi) && (role != ROLE_WRITER || abi > 1);

    if (need == NOTHING || landlock || (need == LANDLOCK_OR_USERS && users) || role == ROLE_MONITOR)
        return true;
    printf("not shown for %s: this kernel's Landlock has version %u\n", role_name(role), abi);
    return false;
}

static void check_deed(int deed, size_t at, bool users)
{
    struct process process = as(roles[at], users);
    enum outcome wanted = deeds[deed].outcomes[at], got;
    int status;

    if (wanted != DONE && !can_show(deeds[deed].needs, roles[at], users))
        return;
    status = status_of(&process, deeds[deed].act, 0);
    got = outcome_of(status);
    ck_assert_msg(got == wanted, "%s as %s%s %s (wait status %x), but it should be: %s", deeds[deed].says,
                  role_name(roles[at]), users ? ", a user of its own," : "", outcome_names[got], (unsigned)status,
                  outcome_names[wanted]);
}

START_TEST(each_role_can_do_what_is_its_work_and_nothing_else)
{
    for (size_t at = 0; at < ROLES; at++)
        check_deed(_i, at, false);
}
END_TEST

START_TEST(each_role_can_do_no_more_as_a_user_of_its_own)
{
    if (!users_there()) {
        printf("not shown: it takes root, and users and groups that tests/lib/sandbox.sh makes\n");
        return;
    }
    for (size_t at = 0; at < ROLES; at++)
        check_deed(_i, at, true);
}
END_TEST

START_TEST(no_role_makes_a_call_that_no_role_needs)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        for (size_t at = 0; at < ROLES; at++) {
            struct process process = as(roles[at], false);
            int status = status_of(&process, system_call, calls[i].number);

            ck_assert_msg(outcome_of(status) == KILLED, "%s as %s: wait status %x", calls[i].says, role_name(roles[at]),
                          (unsigned)status);
        }
}
END_TEST

Suite *suite_rights(void)
{
    Suite *suite = suite_create("process/rights");
    TCase *tests = tcase_create("rights");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_set_timeout(tests, 30);
    tcase_add_loop_test(tests, each_role_can_do_what_is_its_work_and_nothing_else, 0, DEEDS);
    tcase_add_loop_test(tests, each_role_can_do_no_more_as_a_user_of_its_own, 0, DEEDS);
    tcase_add_test(tests, no_role_makes_a_call_that_no_role_needs);
    suite_add_tcase(suite, tests);
    return suite;
}
