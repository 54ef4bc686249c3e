/* Things that a process may try; each returns 0, or the errno with which it was refused. */
#ifndef TESTS_UNIT_GATEWAY_PROCESS_RIGHTS_DEEDS_H
#define TESTS_UNIT_GATEWAY_PROCESS_RIGHTS_DEEDS_H

#include "tests/unit/gateway/process/rights_fixture.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nss.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>

static inline int reason(bool done)
{
    return done ? 0 : errno;
}

static inline int open_below(const char *name, int flags)
{
    char path[160];
    int fd;

    snprintf(path, sizeof path, "%s%s%s", name[0] == '/' ? "" : state, name[0] == '/' ? "" : "/", name);
    fd = open(path, flags | O_CLOEXEC, 0640);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static inline int read_password_file(long unused)
{
    (void)unused;
    return open_below("/etc/passwd", O_RDONLY);
}

static inline int read_processes(long unused)
{
    (void)unused;
    return open_below("/proc/self/environ", O_RDONLY);
}

static inline int read_registry(long unused)
{
    (void)unused;
    return open_below("registry/registry.db", O_RDONLY);
}

static inline int read_token_keys(long unused)
{
    (void)unused;
    return open_below(keys_file, O_RDONLY);
}

static inline int write_registry(long unused)
{
    (void)unused;
    return open_below("registry/registry.db", O_RDWR);
}

static inline int read_mail(long unused)
{
    (void)unused;
    return open_below("mail/mail.db", O_RDONLY);
}

static inline int write_mail(long unused)
{
    (void)unused;
    return open_below("mail/mail.db", O_RDWR);
}

static inline int make_file_in_mail(long unused)
{
    (void)unused;
    return open_below("mail/contents/new", O_WRONLY | O_CREAT | O_EXCL);
}

static inline int make_file_elsewhere(long unused)
{
    (void)unused;
    return open_below("/tmp/dp-rights-must-not-be", O_WRONLY | O_CREAT);
}

static inline int spool_a_file(long unused)
{
    int fd = openat(spool_folder, "one", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);

    (void)unused;
    if (fd < 0 || write(fd, "a letter", 8) != 8 || fdatasync(fd) < 0 || close(fd) < 0 || fsync(spool_folder) < 0)
        return errno;
    fd = openat(spool_folder, "one", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || close(fd) < 0)
        return errno;
    return reason(unlinkat(spool_folder, "one", 0) == 0);
}

/* As the writer takes a content over, which needs two folders. */
static inline int take_over(long unused)
{
    char name[40], path[80];
    int fd;

    (void)unused;
    snprintf(name, sizeof name, "two-%d", (int)getpid());
    snprintf(path, sizeof path, "../mail/contents/%s", name);
    fd = openat(spool_folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0 || close(fd) < 0 || renameat(spool_folder, name, spool_folder, path) < 0)
        return errno;
    return reason(unlinkat(spool_folder, path, 0) == 0);
}

static inline int compare_bytes(const void *a, const void *b)
{
    return *(const unsigned char *)a - *(const unsigned char *)b;
}

static inline int have_memory(void)
{
    size_t size = 10u << 20, sorted = 5000;
    unsigned char *bytes = malloc(size);

    if (!bytes)
        return errno;
    memset(bytes, 1, size);
    if (getrandom(bytes, sorted, 0) != (ssize_t)sorted)
        return errno;
    qsort(bytes, sorted, 1, compare_bytes);
    bytes = realloc(bytes, 2 * size);
    if (!bytes)
        return errno;
    free(bytes);
    return 0;
}

static inline int have_time(void)
{
    struct timespec moment = {.tv_nsec = 1000}, now;
    time_t wall = time(NULL);
    struct tm parts;

    if (clock_gettime(CLOCK_MONOTONIC, &now) < 0 || nanosleep(&moment, NULL) < 0)
        return errno;
    return reason(localtime(&wall) && localtime_r(&wall, &parts));
}

static inline int have_signals(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, DRAIN_SIGNAL);
    if (sigaction(SIGPIPE, &ignore, NULL) < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0 || raise(SIGPIPE) < 0)
        return errno;
    fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return reason(fd >= 0 && close(fd) == 0);
}

static inline int live(long unused)
{
    struct log log = {.role = "test", .slot = 1, .least = LOG_INFO, .fd = null};
    struct rlimit limit;
    int failure = have_memory();

    (void)unused;
    if (!failure)
        failure = have_time();
    if (!failure)
        failure = have_signals();
    if (failure)
        return failure;
    log_line(&log, LOG_INFO, NULL, "alive", LOG_T("what", strerror(EIO)), LOG_B("tty", isatty(null)));
    fprintf(stderr, "%s", "");
    return reason(getrlimit(RLIMIT_NOFILE, &limit) == 0 && getppid() > 0);
}

static inline bool would_wait(long result)
{
    return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static inline int serve(long unused)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = listening};
    struct pollfd ready = {.fd = ends[0], .events = POLLOUT};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    char byte;

    (void)unused;
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &event) < 0 || epoll_wait(epoll, &event, 1, 0) != 0
        || poll(&ready, 1, 0) != 1)
        return errno ? errno : EIO;
    if (!would_wait(accept(listening, NULL, NULL)) || !would_wait(accept4(listening, NULL, NULL, SOCK_CLOEXEC)))
        return errno ? errno : EIO;
    if (send(ends[0], "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1 || recv(ends[1], &byte, 1, MSG_DONTWAIT) != 1)
        return errno;
    return reason(close(epoll) == 0);
}

static inline int give_up_at_once(long unused)
{
    (void)unused;
    abort();
}

static inline int make_memory_executable(long unused)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)unused;
    return reason(page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
}

static inline int map_executable(long unused)
{
    (void)unused;
    return reason(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static inline int signal_the_parent(long unused)
{
    (void)unused;
    return reason(kill(getppid(), 0) == 0);
}

static inline int lift_a_limit(long unused)
{
    struct rlimit limit = {.rlim_cur = 0, .rlim_max = 0};

    (void)unused;
    return reason(setrlimit(RLIMIT_CORE, &limit) == 0);
}

static inline int type_into_the_terminal(long unused)
{
    (void)unused;
    return reason(ioctl(null, TIOCSTI, "x") == 0);
}

static inline int internet_socket(long unused)
{
    (void)unused;
    return reason(socket(AF_INET, SOCK_STREAM, 0) >= 0);
}

/* As glibc looks a name up, in a thread of libcurl. */
static inline void *look_a_name_up(void *result)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;

    *(int *)result = getaddrinfo("localhost", "443", &hints, &found);
    if (!*(int *)result)
        freeaddrinfo(found);
    return NULL;
}

static inline int look_up_in_a_thread(long unused)
{
    pthread_t thread;
    int result = EIO, failure;

    (void)unused;
    __nss_configure_lookup("hosts", "files dns");
    failure = pthread_create(&thread, NULL, look_a_name_up, &result);
    if (!failure)
        failure = pthread_join(thread, NULL);
    return failure ? failure : result ? EIO : 0;
}

/* To a port of this machine on which nobody listens. */
static inline int connect_out(long unused)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

    (void)unused;
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) < 0)
        return errno;
    address.sin_port = htons(1);
    return reason(connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == ECONNREFUSED);
}

static inline int unix_socket(long unused)
{
    (void)unused;
    return reason(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
}

static inline int listen_to_others(long unused)
{
    (void)unused;
    return reason(listen(listening, 8) == 0);
}

static inline int other_program(long unused)
{
    char name[] = "true", *arguments[] = {name, NULL};

    (void)unused;
    execve("/bin/true", arguments, arguments + 1);
    return errno;
}

static inline int system_call(long number)
{
    return reason(syscall(number, 0L, 0L, 0L, 0L, 0L, 0L) >= 0);
}

#endif
