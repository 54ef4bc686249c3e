/* What each role can still do once it gave up its rights, and what it cannot. */
#include "tests/unit/gateway/process/rights_deeds.h"

Suite *suite_rights(void);

/* ---- what becomes of each deed ---- */

enum outcome { DONE, REFUSED, KILLED, ABORTED, OTHER };
static const char *const outcome_names[] = {"is done", "is refused", "ends the process", "aborts", "fails otherwise"};

enum need { NOTHING, LANDLOCK, LANDLOCK_OR_USERS };

#define ALL(outcome)                                                                                                   \
    {                                                                                                                  \
        (outcome), (outcome), (outcome), (outcome), (outcome), (outcome)                                               \
    }
#define ONE_ALONE                                                                                                      \
    {                                                                                                                  \
        KILLED, KILLED, KILLED, KILLED, DONE, KILLED                                                                   \
    }
// clang-format off
static const struct {
    const char *says;
    int (*act)(long);
    enum outcome outcomes[ROLES]; /* sender, receipt, reader, monitor, dispatcher, writer */
    enum need needs;              /* to be refused */
} deeds[] = {
    {"living",                      live,                   ALL(DONE), NOTHING},
    {"serving",                     serve,                  ALL(DONE), NOTHING},
    {"abort()",                     give_up_at_once,        ALL(ABORTED), NOTHING},
    /* files */
    {"reading the registry",        read_registry,          {DONE, DONE, DONE, REFUSED, DONE, DONE}, LANDLOCK_OR_USERS},
    {"reading the mail",            read_mail,              {REFUSED, DONE, DONE, REFUSED, DONE, DONE}, LANDLOCK_OR_USERS},
    {"reading the issuers' keys",   read_token_keys,        {REFUSED, REFUSED, DONE, REFUSED, REFUSED, REFUSED}, LANDLOCK},
    {"spooling a file",             spool_a_file,           {DONE, REFUSED, REFUSED, REFUSED, REFUSED, DONE}, LANDLOCK_OR_USERS},
    {"writing to the registry",     write_registry,         {REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, DONE}, LANDLOCK_OR_USERS},
    {"writing to the mail",         write_mail,             {REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, DONE}, LANDLOCK_OR_USERS},
    {"making a content",            make_file_in_mail,      {REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, DONE}, LANDLOCK_OR_USERS},
    {"taking a spooled file over",  take_over,              {KILLED, REFUSED, REFUSED, REFUSED, REFUSED, DONE}, LANDLOCK_OR_USERS},
    {"reading /etc/passwd",         read_password_file,     {REFUSED, REFUSED, REFUSED, REFUSED, DONE, REFUSED}, LANDLOCK},
    {"reading /proc/self/environ",  read_processes,         ALL(REFUSED), LANDLOCK},
    {"making a file elsewhere",     make_file_elsewhere,    ALL(REFUSED), LANDLOCK},
    /* the world outside */
    {"a connection to others",      connect_out,            ONE_ALONE, NOTHING},
    {"looking a name up",           look_up_in_a_thread,    ONE_ALONE, NOTHING},
    {"an internet socket",          internet_socket,        ONE_ALONE, NOTHING},
    {"a socket of this machine",    unix_socket,            ALL(KILLED), NOTHING},
    {"listening to others",         listen_to_others,       ALL(KILLED), NOTHING},
    /* calls, with arguments that nothing else is wrong with */
    {"running a program",           other_program,          ALL(KILLED), NOTHING},
    {"making memory executable",    make_memory_executable, ALL(KILLED), NOTHING},
    {"mapping executable memory",   map_executable,         ALL(KILLED), NOTHING},
    {"a signal to another process", signal_the_parent,      ALL(KILLED), NOTHING},
    {"setting a limit",             lift_a_limit,           ALL(KILLED), NOTHING},
    {"typing into a terminal",      type_into_the_terminal, ALL(KILLED), NOTHING},
};
// clang-format on
#define DEEDS ((int)(sizeof deeds / sizeof *deeds))

/* Calls that end every role's process, whatever comes with them; but for some of the one that connects to others. */
static const struct {
    const char *says;
    long number;
    bool to_connect;
} calls[] = {
    {"execveat", SYS_execveat, false},
    {"fork", SYS_fork, false},
    {"clone", SYS_clone, false},
    {"clone3", SYS_clone3, true},
    {"socketpair", SYS_socketpair, true},
    {"connect", SYS_connect, true},
    {"bind", SYS_bind, true},
    {"ptrace", SYS_ptrace, false},
    {"setuid", SYS_setuid, false},
    {"setresuid", SYS_setresuid, false},
    {"setgroups", SYS_setgroups, false},
    {"mount", SYS_mount, false},
    {"chroot", SYS_chroot, false},
    {"unshare", SYS_unshare, false},
    {"chmod", SYS_chmod, false},
    {"link", SYS_link, false},
    {"symlink", SYS_symlink, false},
    {"prctl", SYS_prctl, false},
    {"bpf", SYS_bpf, false},
    {"io_uring_setup", SYS_io_uring_setup, false},
    {"process_vm_readv", SYS_process_vm_readv, false},
    {"memfd_create", SYS_memfd_create, false},
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
            bool may = calls[i].to_connect && roles[at] == ROLE_DISPATCHER;

            ck_assert_msg((outcome_of(status) == KILLED) != may, "%s as %s: wait status %x", calls[i].says,
                          role_name(roles[at]), (unsigned)status);
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
