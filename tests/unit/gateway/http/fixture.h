/* A server in a process of its own behind a fresh socket, and the caller's end of FastCGI written by hand, so that
 * it can be written wrong. */
#ifndef TESTS_UNIT_GATEWAY_HTTP_FIXTURE_H
#define TESTS_UNIT_GATEWAY_HTTP_FIXTURE_H

#include "gateway/http/http.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#define DRAIN SIGUSR1
#define WIRE_MAX ((size_t)32 << 20)
#define PATIENCE 20 /* seconds until a server that says nothing counts as dead */
#define KEEP_IT 1   /* flag of a begin: the connection stays open behind the answer */

enum { BEGIN_REQUEST = 1, ABORT_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES };
enum { RESPONDER = 1 };

struct fixture {
    char folder[32];
    struct sockaddr_un address;
    int socket;
    pid_t server;
};

/* What came back until the server closed. */
struct answer {
    struct buffer out; /* all of STDOUT: head, empty line, body */
    const char *body;  /* NULL: no empty line came */
    size_t body_size;
    int status;   /* 0: none was said */
    bool ended;   /* END_REQUEST came */
    bool strange; /* something else came too, or a record was broken */
};

/* ---- the server ---- */

/* As the worker does: what cannot be understood is refused, the rest of the body is read. */
static inline void fixture_serve(const struct fixture *fixture, void (*serve)(struct request *rq))
{
    struct server *server;
    struct error error = {0};
    struct request rq;

    if (!server_open(fixture->socket, DRAIN, &server, &error))
        _exit(2);
    while (server_accept(server, &rq, &error)) {
        if (rq.error.code == ERROR_NONE)
            serve(&rq);
        if (!rq.status)
            respond_refusal(&rq, NULL, NULL);
        request_drain(&rq);
        server_finish(server, &rq);
    }
    server_close(server);
    _exit(error.code == ERROR_NONE ? 0 : 1);
}

static inline void fixture_open(struct fixture *fixture, void (*serve)(struct request *rq))
{
    sigset_t drain;

    memset(fixture, 0, sizeof *fixture);
    strcpy(fixture->folder, "/tmp/dp-http-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(fixture->folder));
    fixture->address.sun_family = AF_UNIX;
    snprintf(fixture->address.sun_path, sizeof fixture->address.sun_path, "%s/socket", fixture->folder);
    fixture->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(fixture->socket, (struct sockaddr *)&fixture->address, sizeof fixture->address), 0);
    ck_assert_int_eq(listen(fixture->socket, 16), 0);
    sigemptyset(&drain);
    sigaddset(&drain, DRAIN);
    sigprocmask(SIG_BLOCK, &drain, NULL);
    fixture->server = fork();
    ck_assert_int_ge(fixture->server, 0);
    if (!fixture->server)
        fixture_serve(fixture, serve);
    close(fixture->socket); /* so that nobody waits for a server that died */
}

/* The server must have lived until now and must leave in good order. */
static inline void fixture_close(struct fixture *fixture)
{
    int status = -1;

    ck_assert_int_eq(waitpid(fixture->server, &status, WNOHANG), 0);
    kill(fixture->server, DRAIN);
    ck_assert_int_eq(waitpid(fixture->server, &status, 0), fixture->server);
    ck_assert_msg(status == 0, "the server ended with status %#x", (unsigned)status);
    unlink(fixture->address.sun_path);
    ck_assert_int_eq(rmdir(fixture->folder), 0);
}

/* ---- records ---- */

static inline void wire_add(struct buffer *wire, const void *bytes, size_t size)
{
    wire->limit = WIRE_MAX;
    ck_assert(buffer_add(wire, bytes, size));
}

/* A record's head alone: what it says of its content is the caller's to keep or to break. */
static inline void wire_head(struct buffer *wire, int version, int type, size_t size, unsigned padding)
{
    unsigned char head[8] = {(unsigned char)version, (unsigned char)type, 0, 1};

    head[4] = (unsigned char)(size >> 8);
    head[5] = (unsigned char)size;
    head[6] = (unsigned char)padding;
    wire_add(wire, head, sizeof head);
}

/* As many records as it takes, and the empty one that ends a stream when there is nothing. */
static inline void wire_record(struct buffer *wire, int type, const void *content, size_t size)
{
    const char *at = content;

    do {
        size_t part = size > 0xfff8 ? 0xfff8 : size;

        wire_head(wire, 1, type, part, 0);
        if (part)
            wire_add(wire, at, part);
        at += part;
        size -= part;
    } while (size > 0);
}

static inline void wire_begin(struct buffer *wire, int role, int flags)
{
    wire_record(wire, BEGIN_REQUEST, (unsigned char[8]){0, (unsigned char)role, (unsigned char)flags}, 8);
}

/* The length of a name or a value, in four bytes where one would do when `wide`. */
static inline void wire_length(struct buffer *pairs, size_t size, bool wide)
{
    unsigned char bytes[4] = {(unsigned char)(size >> 24 | 0x80), (unsigned char)(size >> 16),
                              (unsigned char)(size >> 8), (unsigned char)size};

    if (size < 128 && !wide)
        wire_add(pairs, bytes + 3, 1);
    else
        wire_add(pairs, bytes, 4);
}

static inline void wire_pair(struct buffer *pairs, const char *name, const char *value)
{
    wire_length(pairs, strlen(name), false);
    wire_length(pairs, strlen(value), false);
    wire_add(pairs, name, strlen(name));
    wire_add(pairs, value, strlen(value));
}

/* The pairs of a request that is well-formed; `length` NULL: no Content-Length. */
static inline void wire_pairs(struct buffer *pairs, const char *method, const char *path, const char *length)
{
    wire_pair(pairs, "REQUEST_METHOD", method);
    wire_pair(pairs, "DP_PATH", path);
    if (length)
        wire_pair(pairs, "CONTENT_LENGTH", length);
}

/* A begin and parameters with the end of their stream. */
static inline void wire_request(struct buffer *wire, const char *method, const char *path, const char *length)
{
    struct buffer pairs = {0};

    wire_pairs(&pairs, method, path, length);
    wire_begin(wire, RESPONDER, 0);
    wire_record(wire, PARAMS, pairs.data, pairs.size);
    wire_record(wire, PARAMS, NULL, 0);
    buffer_free(&pairs);
}

/* ---- the caller ---- */

static inline int wire_connect(const struct fixture *fixture)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = PATIENCE};

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&fixture->address, sizeof fixture->address), 0);
    return fd;
}

/* Less than all is sent when the server closes first; that it stays silent instead is a failure. */
static inline void wire_send(int fd, const struct buffer *wire)
{
    for (size_t sent = 0; sent < wire->size;) {
        ssize_t part = send(fd, wire->data + sent, wire->size - sent, MSG_NOSIGNAL);

        if (part <= 0) {
            ck_assert_msg(errno == EPIPE || errno == ECONNRESET, "send: %s", strerror(errno));
            return;
        }
        sent += (size_t)part;
    }
}

static inline void take_records(struct answer *answer, const unsigned char *at, size_t left)
{
    while (left >= 8 && !answer->strange) {
        size_t size = (size_t)at[4] << 8 | at[5], whole = 8 + size + at[6];

        answer->strange = at[0] != 1 || at[2] != 0 || at[3] != 1 || whole > left || answer->ended;
        if (answer->strange)
            return;
        if (at[1] == STDOUT)
            wire_add(&answer->out, at + 8, size);
        else if (at[1] == END_REQUEST)
            answer->ended = size == 8;
        else
            answer->strange = true;
        at += whole;
        left -= whole;
    }
    answer->strange = answer->strange || left > 0;
}

/* Reads until the server closes. */
static inline struct answer wire_receive(int fd)
{
    struct answer answer = {0};
    struct buffer all = {0};
    char bytes[65536];
    ssize_t got;

    while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0)
        wire_add(&all, bytes, (size_t)got);
    ck_assert_msg(got == 0 || errno == ECONNRESET, "recv: %s", strerror(errno));
    take_records(&answer, (const unsigned char *)all.data, all.size);
    buffer_free(&all);
    wire_add(&answer.out, "", 0);
    answer.body = strstr(answer.out.data, "\r\n\r\n");
    if (answer.body) {
        answer.body += 4;
        answer.body_size = answer.out.size - (size_t)(answer.body - answer.out.data);
    }
    if (strncmp(answer.out.data, "Status: ", 8) == 0)
        answer.status = atoi(answer.out.data + 8);
    return answer;
}

/* Sends the bytes, then (`close_early`) says that no more will come, and waits for whatever comes back. */
static inline struct answer ask_bytes(const struct fixture *fixture, const struct buffer *wire, bool close_early)
{
    struct answer answer;
    int fd = wire_connect(fixture);

    wire_send(fd, wire);
    if (close_early)
        shutdown(fd, SHUT_WR);
    answer = wire_receive(fd);
    close(fd);
    return answer;
}

/* A well-formed request whose body has `size` bytes, whatever `length` says. */
static inline struct answer ask(const struct fixture *fixture, const char *method, const char *path, const char *length,
                                const void *body, size_t size)
{
    struct buffer wire = {0};
    struct answer answer;

    wire_request(&wire, method, path, length);
    if (size)
        wire_record(&wire, STDIN, body, size);
    wire_record(&wire, STDIN, NULL, 0);
    answer = ask_bytes(fixture, &wire, false);
    buffer_free(&wire);
    ck_assert(answer.ended && !answer.strange);
    ck_assert_int_ne(answer.status, 0);
    ck_assert_ptr_nonnull(answer.body);
    return answer;
}

static inline void answer_free(struct answer *answer)
{
    buffer_free(&answer->out);
}

/* Whether the head has exactly this line. */
static inline bool has_header(const struct answer *answer, const char *line)
{
    const char *found = strstr(answer->out.data, line), *end = answer->body - 2;

    return found && found < end && (found == answer->out.data || found[-1] == '\n')
           && strncmp(found + strlen(line), "\r\n", 2) == 0;
}

#endif
