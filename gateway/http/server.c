#include "gateway/http/http.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "gateway/base/crash_point.h"
#include "gateway/base/time.h"
#include "gateway/http/http_impl.h"

#define ARENA_LIMIT ((size_t)14 * 1024 * 1024) /* a skeleton of 4 MB while it grows, and what is made of it */
#define ACCEPT_FAILURES_MAX 100

struct server {
    int socket, epoll, drain;
    FCGX_Request fastcgi;
    struct arena *arena;
};

/* FCGX_Init() installs handlers of its own for SIGPIPE, SIGTERM and SIGUSR1; a worker wants none of them. SIGTERM is the
 * supervisor's alone, whoever sends it to the whole group. */
static bool set_signals(int drain, int *fd)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, standard = {.sa_handler = SIG_DFL};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, drain);
    if (sigaction(SIGPIPE, &ignore, NULL) || sigaction(SIGTERM, &ignore, NULL) || sigaction(SIGUSR1, &standard, NULL)
        || sigprocmask(SIG_BLOCK, &set, NULL))
        return false;
    *fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return *fd >= 0;
}

/* The listening socket wakes one worker a connection (EPOLLEXCLUSIVE); the drain signal is read nowhere else, so it
 * never breaks a request. */
static bool watch(struct server *server)
{
    struct epoll_event connection = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = server->socket};
    struct epoll_event drain = {.events = EPOLLIN, .data.fd = server->drain};

    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    return server->epoll >= 0 && epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->socket, &connection) == 0
           && epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->drain, &drain) == 0;
}

bool server_open(int socket, int drain, struct server **out, struct error *error)
{
    struct server *server = calloc(1, sizeof *server);

    *out = NULL;
    if (!server)
        return error_set(error, ERROR_OUT_OF_MEMORY, "server", NULL);
    server->socket = socket;
    server->epoll = server->drain = -1;
    server->arena = arena_new(ARENA_LIMIT);
    if (!server->arena || FCGX_Init() || FCGX_InitRequest(&server->fastcgi, socket, FCGI_FAIL_ACCEPT_ON_INTR)
        || !set_signals(drain, &server->drain) || !watch(server)) {
        error_set(error, ERROR_INTERNAL, "server", "could not be set up: %s", strerror(errno));
        server_close(server);
        return false;
    }
    *out = server;
    return true;
}

void server_close(struct server *server)
{
    if (!server)
        return;
    if (server->epoll >= 0)
        close(server->epoll);
    if (server->drain >= 0)
        close(server->drain);
    arena_free(server->arena);
    free(server);
}

/* Waits until a connection is there to be taken. False: the drain signal, or a failure. */
static bool wait_for_connection(struct server *server, struct error *error)
{
    struct epoll_event events[2];
    int count;

    do
        count = epoll_wait(server->epoll, events, 2, -1);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return error_set(error, ERROR_INTERNAL, "server", "epoll_wait: %s", strerror(errno));
    for (int i = 0; i < count; i++)
        if (events[i].data.fd == server->drain)
            return error_set(error, ERROR_NONE, NULL, NULL);
    return true;
}

/* Takes a connection and reads its parameters. Negative: there is none, and why, as libfcgi says it. */
static int take_connection(struct server *server)
{
    FCGX_Request *fastcgi = &server->fastcgi;
    int result = FCGX_Accept_r(fastcgi);

    if (result != 0)
        return result;
    /* What came next on a connection that was kept would wake nobody. */
    fastcgi->keepConnection = 0;
    /* libfcgi takes parameters that break off between two of them for whole. */
    if (FCGX_GetError(fastcgi->in) == 0)
        return 0;
    FCGX_Finish_r(fastcgi);
    return -ECONNABORTED;
}

bool server_accept(struct server *server, struct request *rq, struct error *error)
{
    int result;

    for (int failures = 0; failures < ACCEPT_FAILURES_MAX;) {
        if (!wait_for_connection(server, error))
            return false;
        result = take_connection(server);
        if (result == 0) {
            *rq = (struct request){.arena = server->arena, .server = server, .now = time_now()};
            request_fill(rq, server->fastcgi.envp);
            return true;
        }
        /* Another worker was quicker, or nginx went away in between. */
        if (result != -EAGAIN && result != -EINTR && result != -ECONNABORTED)
            failures++;
    }
    return error_set(error, ERROR_INTERNAL, "server", "accept: %s", strerror(-result));
}

void server_finish(struct server *server, struct request *rq)
{
    (void)rq;
    FCGX_Finish_r(&server->fastcgi);
    arena_reset(server->arena);
}

/* ---- writing ---- */

#define RECORD_MAX ((size_t)65528) /* of FCGI_STDOUT: the most that two bytes can tell, in eights, so without padding */
#define DIRECT_LEAST ((size_t)16 * 1024)

/* A record of the FastCGI specification (section 3.3) whose bytes are not copied. */
static bool write_record(const FCGX_Request *fastcgi, const char *bytes, size_t size)
{
    unsigned char head[8] = {1, 6 /* FCGI_STDOUT */, 0, 0, 0, 0, 0, 0};
    struct iovec parts[2] = {{head, sizeof head}, {(char *)(uintptr_t)bytes, size}};
    size_t left = sizeof head + size;

    head[2] = (unsigned char)(fastcgi->requestId >> 8);
    head[3] = (unsigned char)fastcgi->requestId;
    head[4] = (unsigned char)(size >> 8);
    head[5] = (unsigned char)size;
    while (left > 0) {
        ssize_t written = writev(fastcgi->ipcFd, parts, 2);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        left -= (size_t)written;
        for (int i = 0; i < 2; i++) {
            size_t part = (size_t)written < parts[i].iov_len ? (size_t)written : parts[i].iov_len;

            parts[i].iov_base = (char *)parts[i].iov_base + part;
            parts[i].iov_len -= part;
            written -= (ssize_t)part;
        }
    }
    return true;
}

/* libfcgi sends 8 KB at a time, each copied: what is large goes past it, behind what it still holds. */
static bool write_directly(const FCGX_Request *fastcgi, const char *bytes, size_t size)
{
    if (FCGX_FFlush(fastcgi->out) != 0)
        return false;
    while (size > 0) {
        size_t part = size < RECORD_MAX ? size : RECORD_MAX;

        if (!write_record(fastcgi, bytes, part))
            return false;
        bytes += part;
        size -= part;
    }
    return true;
}

bool server_write(struct request *rq, const void *bytes, size_t size)
{
    const char *at = bytes;

    if (size >= DIRECT_LEAST)
        return write_directly(&rq->server->fastcgi, bytes, size);
    while (size > 0) {
        int part = size > 1 << 20 ? 1 << 20 : (int)size;
        int written = FCGX_PutStr(at, part, rq->server->fastcgi.out);

        if (written <= 0)
            return false;
        at += written;
        size -= (size_t)written;
    }
    return true;
}

bool request_read(struct request *rq, void *bytes, size_t room, size_t *got, struct error *error)
{
    int64_t left = rq->content_length - (int64_t)rq->body_read;
    int count = 0;

    *got = 0;
    if (left > 0 && room > 0) {
        size_t most = (uint64_t)left < room ? (size_t)left : room;

        count = FCGX_GetStr(bytes, most > 1 << 20 ? 1 << 20 : (int)most, rq->server->fastcgi.in);
        if (count <= 0)
            return error_set(error, ERROR_BODY_CUT_OFF, NULL, "%llu of %lld bytes came",
                             (unsigned long long)rq->body_read, (long long)rq->content_length);
    }
    rq->body_read += (uint64_t)count;
    *got = (size_t)count;
    if (left > 0 && count == left)
        crash_point(CRASH_SENDER_AFTER_BODY_READ);
    return true;
}

void request_drain(struct request *rq)
{
    struct error ignored;
    char bytes[16384];
    size_t got = 1;

    while (got > 0 && request_read(rq, bytes, sizeof bytes, &got, &ignored))
        ;
}
