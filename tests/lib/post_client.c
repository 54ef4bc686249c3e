#include "tests/lib/post.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void interest_set(struct client *c, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = c};

    if (c->interest == events)
        return;
    epoll_ctl(c->post->epoll, c->interest ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &event);
    c->interest = events;
}

void client_close(struct client *c)
{
    if (c->ssl)
        SSL_free(c->ssl);
    if (c->fd >= 0)
        close(c->fd);
    c->ssl = NULL;
    c->fd = -1;
    c->interest = 0;
    if (c->state != CLIENT_FINISHED)
        c->state = CLIENT_CLOSED;
}

/* The connection is of no more use. A request under way on it has failed. */
static void broken(struct client *c)
{
    bool counts = c->has_letter || c->state == CLIENT_BUSY;

    client_close(c);
    if (counts) {
        answer_end(&c->answer);
        post_count(c->post, c, c->answer.state == ANSWER_DONE);
    } else {
        c->state = CLIENT_WAITING; /* the server is away: try again soon */
        c->wake = c->post->now + 0.05;
    }
}

static bool ssl_begin(struct client *c)
{
    unsigned char address[16];
    const char *host = c->post->options.host;

    c->ssl = SSL_new(c->post->ssl);
    if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1)
        return false;
    SSL_set_connect_state(c->ssl);
    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c->ssl), host) == 1;
    return SSL_set_tlsext_host_name(c->ssl, host) == 1 && SSL_set1_host(c->ssl, host) == 1;
}

void client_connect(struct client *c)
{
    const struct addrinfo *a = c->post->address;
    int one = 1;

    c->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    c->state = CLIENT_CONNECTING;
    answer_begin(&c->answer);
    if (c->fd >= 0)
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (c->fd < 0 || (connect(c->fd, a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS) || !ssl_begin(c)) {
        broken(c);
        return;
    }
    interest_set(c, EPOLLOUT);
}

/* What OpenSSL wants to wait for; false: the connection is over. */
static bool wants(struct client *c, int result, uint32_t *events)
{
    int error = SSL_get_error(c->ssl, result);

    if (error == SSL_ERROR_WANT_WRITE)
        *events = EPOLLIN | EPOLLOUT;
    else if (error == SSL_ERROR_WANT_READ)
        *events = EPOLLIN;
    else
        return false;
    return true;
}

static void handshake(struct client *c)
{
    uint32_t events;
    int result = SSL_do_handshake(c->ssl);

    c->state = CLIENT_HANDSHAKE;
    if (result == 1) {
        interest_set(c, EPOLLIN);
        c->state = CLIENT_IDLE;
    } else if (wants(c, result, &events)) {
        interest_set(c, events);
    } else {
        if (SSL_get_verify_result(c->ssl) != X509_V_OK && c->post->figures.first_bad[0] == '\0')
            snprintf(c->post->figures.first_bad, sizeof(c->post->figures.first_bad), "server certificate: %s",
                     X509_verify_cert_error_string(SSL_get_verify_result(c->ssl)));
        broken(c);
    }
}

bool client_prepare(struct client *c)
{
    struct post *post = c->post;
    const struct options *o = &post->options;
    bool with_letter = post->template_count > 0;

    if (!c->has_letter) {
        if (with_letter && !letter_new(&c->letter, post->templates[post->begun % post->template_count]))
            return false;
        c->has_letter = true;
        c->tries = 0;
        c->give_up = post->now + o->retry_seconds;
        post->begun++;
        if (post->ledger && with_letter) {
            struct digest digest;

            if (!letter_digest(&c->letter, &digest))
                return false;
            ledger_intent(post->ledger, c->letter.uuid, &digest);
        }
    }
    return true;
}

static size_t head_write(struct client *c)
{
    const struct options *o = &c->post->options;
    const char *connection = o->fresh ? "close" : "keep-alive";
    const char *uuid = o->receipts ? c->letter.uuid : "";
    int n = snprintf(c->out, OUT_ROOM,
                     "%s %s%s%s HTTP/1.1\r\nHost: %s:%s\r\nConnection: %s\r\nAccept: application/json\r\n", o->method,
                     o->path, o->query, uuid, o->host, o->port, connection);

    if (o->auth)
        n += snprintf(c->out + n, OUT_ROOM - (size_t)n, "Authorization: %s\r\n", o->auth);
    if (c->post->template_count)
        n += snprintf(c->out + n, OUT_ROOM - (size_t)n, "Content-Type: application/xml\r\nContent-Length: %llu\r\n",
                      (unsigned long long)letter_size(&c->letter));
    n += snprintf(c->out + n, OUT_ROOM - (size_t)n, "\r\n");
    return (size_t)n;
}

/* Fills the buffer behind what it holds; afterwards unsent tells whether anything is left. */
static void fill(struct client *c)
{
    if (c->out_done == c->out_size)
        c->out_done = c->out_size = 0;
    if (c->post->template_count && c->out_size < OUT_ROOM && c->out_done == 0)
        c->out_size += letter_read(&c->letter, c->out + c->out_size, OUT_ROOM - c->out_size);
    c->unsent = c->out_done < c->out_size;
}

static void push(struct client *c)
{
    uint32_t events = EPOLLIN;

    while (c->unsent) {
        int n = SSL_write(c->ssl, c->out + c->out_done, (int)(c->out_size - c->out_done));

        if (n <= 0) {
            if (!wants(c, n, &events))
                c->unsent = false; /* an early answer may still be readable */
            break;
        }
        c->out_done += (size_t)n;
        c->post->figures.bytes += (uint64_t)n;
        if (c->out_done == c->out_size)
            fill(c);
    }
    interest_set(c, c->unsent ? events : EPOLLIN);
}

void client_send(struct client *c)
{
    c->state = CLIENT_BUSY;
    c->began = post_clock();
    c->tries++;
    answer_begin(&c->answer);
    letter_rewind(&c->letter);
    c->out_done = 0;
    c->out_size = head_write(c);
    fill(c);
    push(c);
}

static void answered(struct client *c)
{
    bool keep = !c->answer.close && !c->unsent && !c->post->options.fresh;

    if (keep)
        c->state = CLIENT_IDLE;
    else
        client_close(c);
    post_count(c->post, c, true);
}

static void pull(struct client *c)
{
    char bytes[16384];
    uint32_t events = EPOLLIN;

    for (;;) {
        int n = SSL_read(c->ssl, bytes, sizeof(bytes));

        if (n <= 0) {
            if (!wants(c, n, &events))
                broken(c);
            return;
        }
        if (c->state != CLIENT_BUSY) { /* bytes that nobody asked for */
            broken(c);
            return;
        }
        answer_feed(&c->answer, bytes, (size_t)n);
        if (c->answer.state == ANSWER_BROKEN) {
            broken(c);
            return;
        }
        if (c->answer.state == ANSWER_DONE) {
            answered(c);
            return;
        }
    }
}

static void connected(struct client *c)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
        broken(c);
    else
        handshake(c);
}

void client_event(struct client *c, uint32_t events)
{
    if (c->state == CLIENT_CONNECTING) {
        connected(c);
    } else if (c->state == CLIENT_HANDSHAKE) {
        handshake(c);
    } else if (c->state == CLIENT_IDLE || c->state == CLIENT_BUSY) {
        if (c->unsent && c->state == CLIENT_BUSY && (events & (EPOLLOUT | EPOLLIN)))
            push(c);
        if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            pull(c);
    }
}
