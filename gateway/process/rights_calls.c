/* seccomp: which system calls a process may still make.
 *
 * A call that no list names ends the process, so a list must also have what glibc makes of a function: the newer and
 * the older form of a call, and what an abort() needs, for that is what an operator should get to see. */
#include "gateway/process/rights_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <seccomp.h>

#define REFUSAL SCMP_ACT_ERRNO(EACCES)
#define LISTED(list) .calls = (list), .count = sizeof(list) / sizeof *(list)

/* What every process does: it lives, logs, and ends. */
static const int live[] = {
    /* memory, but for what could be executed (limited, below) */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(rseq),
    SCMP_SYS(set_robust_list), SCMP_SYS(get_robust_list), SCMP_SYS(membarrier),
    /* time */
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(restart_syscall), SCMP_SYS(sched_yield),
    /* signals; sending them only to itself (limited) */
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigtimedwait), SCMP_SYS(rt_sigsuspend), SCMP_SYS(sigaltstack), SCMP_SYS(signalfd4),
    /* who it is and where */
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
    SCMP_SYS(getegid), SCMP_SYS(getgroups), SCMP_SYS(getrlimit), SCMP_SYS(getrusage), SCMP_SYS(uname),
    SCMP_SYS(sysinfo), SCMP_SYS(getcpu), SCMP_SYS(sched_getaffinity), SCMP_SYS(getcwd), SCMP_SYS(umask),
    SCMP_SYS(getrandom),
    /* what is open */
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(write), SCMP_SYS(writev),
    SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(dup), SCMP_SYS(fstat), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select),
    SCMP_SYS(pselect6), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    /* looking at a path, which neither opens nor changes anything */
    SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(statfs), SCMP_SYS(fstatfs),
    /* the end */
    SCMP_SYS(exit), SCMP_SYS(exit_group)};

/* No socket() and no connect(): what it speaks through was there before. A timer ends who works too long. */
static const int serve[] = {SCMP_SYS(accept),      SCMP_SYS(accept4),     SCMP_SYS(recvfrom), SCMP_SYS(recvmsg),
                            SCMP_SYS(sendto),      SCMP_SYS(sendmsg),     SCMP_SYS(shutdown), SCMP_SYS(getsockopt),
                            SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(setitimer)};

static const int read_files[] = {SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(getdents64), SCMP_SYS(fadvise64),
                                 SCMP_SYS(readahead)};

static const int create[] = {SCMP_SYS(fsync),     SCMP_SYS(fdatasync), SCMP_SYS(unlink),
                             SCMP_SYS(unlinkat),  SCMP_SYS(pwrite64),  SCMP_SYS(pwritev),
                             SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(sync_file_range)};

static const int own[] = {SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
                          SCMP_SYS(flock),  SCMP_SYS(fchmod),   SCMP_SYS(fchown)};

/* Sockets and threads of some kinds alone (of_out, below). */
static const int out[] = {SCMP_SYS(connect),    SCMP_SYS(bind),     SCMP_SYS(setsockopt),
                          SCMP_SYS(socketpair), SCMP_SYS(sendmmsg), SCMP_SYS(recvmmsg)};

static const struct {
    const int *calls;
    size_t count;
} groups_of_calls[CALL_GROUP_COUNT] = {
    [CALLS_LIVE] = {LISTED(live)},     [CALLS_SERVE] = {LISTED(serve)}, [CALLS_READ] = {LISTED(read_files)},
    [CALLS_CREATE] = {LISTED(create)}, [CALLS_OWN] = {LISTED(own)},     [CALLS_OUT] = {LISTED(out)},
};

/* A library may try these anywhere and goes on without: SQLite, run as root, gives a log to the database's owner. */
static const int refused[] = {SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(fchmod), SCMP_SYS(fchown)};

/* Calls that every process may make with some values of one argument. */
struct limited_call {
    int call;
    unsigned argument;
    enum scmp_compare compare;
    uint64_t first, second; /* the value; or a mask and what must be left under it */
};
#define NOT_EXECUTABLE SCMP_CMP_MASKED_EQ, PROT_EXEC, 0
#define ONLY(value) SCMP_CMP_EQ, (value), 0
static const struct limited_call limited[] = {
    {SCMP_SYS(mmap), 2, NOT_EXECUTABLE},         {SCMP_SYS(mprotect), 2, NOT_EXECUTABLE},
    {SCMP_SYS(prlimit64), 2, ONLY(0)}, /* reads a limit, sets none */
    {SCMP_SYS(ioctl), 1, ONLY(TCGETS)},          {SCMP_SYS(ioctl), 1, ONLY(FIONREAD)},
    {SCMP_SYS(ioctl), 1, ONLY(FIONBIO)},         {SCMP_SYS(fcntl), 1, ONLY(F_DUPFD)},
    {SCMP_SYS(fcntl), 1, ONLY(F_DUPFD_CLOEXEC)}, {SCMP_SYS(fcntl), 1, ONLY(F_GETFD)},
    {SCMP_SYS(fcntl), 1, ONLY(F_SETFD)},         {SCMP_SYS(fcntl), 1, ONLY(F_GETFL)},
    {SCMP_SYS(fcntl), 1, ONLY(F_SETFL)},         {SCMP_SYS(fcntl), 1, ONLY(F_GETLK)},
    {SCMP_SYS(fcntl), 1, ONLY(F_SETLK)},         {SCMP_SYS(fcntl), 1, ONLY(F_SETLKW)},
    {SCMP_SYS(fcntl), 1, ONLY(F_OFD_GETLK)},     {SCMP_SYS(fcntl), 1, ONLY(F_OFD_SETLK)},
    {SCMP_SYS(fcntl), 1, ONLY(F_OFD_SETLKW)},
};

/* For CALLS_OUT: sockets of the internet, and the one by which glibc asks the kernel for the machine's addresses; a
 * thread, but no process. */
static const struct limited_call of_out[] = {
    {SCMP_SYS(socket), 0, ONLY(AF_INET)},
    {SCMP_SYS(socket), 0, ONLY(AF_INET6)},
    {SCMP_SYS(socket), 0, ONLY(AF_NETLINK)},
    {SCMP_SYS(clone), 0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD},
};

/* A signal goes to the process itself or to nobody: abort(), raise(). */
static const int to_itself[] = {SCMP_SYS(kill), SCMP_SYS(tgkill)};

static int allow_calls(scmp_filter_ctx filter, enum call_group group)
{
    int failure = 0;

    for (size_t i = 0; !failure && i < groups_of_calls[group].count; i++)
        failure = seccomp_rule_add(filter, SCMP_ACT_ALLOW, groups_of_calls[group].calls[i], 0);
    return failure;
}

static int allow_rows(scmp_filter_ctx filter, const struct limited_call *rows, size_t count)
{
    int failure = 0;

    for (size_t i = 0; !failure && i < count; i++) {
        struct scmp_arg_cmp wanted = {rows[i].argument, rows[i].compare, rows[i].first, rows[i].second};

        failure = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rows[i].call, 1, &wanted);
    }
    return failure;
}

/* clone3() hides its flags from a filter; told that there is none, glibc takes clone(). */
static int allow_out(scmp_filter_ctx filter)
{
    int failure = allow_rows(filter, of_out, sizeof of_out / sizeof *of_out);

    return failure ? failure : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

static int allow_limited(scmp_filter_ctx filter)
{
    int failure = allow_rows(filter, limited, sizeof limited / sizeof *limited);

    for (size_t i = 0; !failure && i < sizeof to_itself / sizeof *to_itself; i++)
        failure = seccomp_rule_add(filter, SCMP_ACT_ALLOW, to_itself[i], 1, SCMP_A0(SCMP_CMP_EQ, (uint64_t)getpid()));
    return failure;
}

static bool is_allowed(const enum call_group *groups, int call)
{
    for (; *groups != CALLS_NONE; groups++)
        for (size_t i = 0; i < groups_of_calls[*groups].count; i++)
            if (groups_of_calls[*groups].calls[i] == call)
                return true;
    return false;
}

static int refuse_calls(scmp_filter_ctx filter, const enum call_group *groups)
{
    int failure = 0;

    for (size_t i = 0; !failure && i < sizeof refused / sizeof *refused; i++)
        if (!is_allowed(groups, refused[i]))
            failure = seccomp_rule_add(filter, REFUSAL, refused[i], 0);
    return failure;
}

static int fill(scmp_filter_ctx filter, const enum call_group *groups)
{
    int failure = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

    if (!failure)
        failure = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree, for it is walked at every call */
    for (const enum call_group *group = groups; !failure && *group != CALLS_NONE; group++) {
        failure = allow_calls(filter, *group);
        if (!failure && *group == CALLS_OUT)
            failure = allow_out(filter);
    }
    if (!failure)
        failure = allow_limited(filter);
    return failure ? failure : refuse_calls(filter, groups);
}

bool rights_confine_calls(const enum call_group *groups, struct error *error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int failure = filter ? fill(filter, groups) : -ENOMEM;

    if (!failure)
        failure = seccomp_load(filter);
    if (filter)
        seccomp_release(filter);
    return !failure || error_set(error, ERROR_INTERNAL, NULL, "seccomp: %s", strerror(-failure));
}
