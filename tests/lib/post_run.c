#include "tests/lib/post.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_SECONDS 5 /* how long the clock waits for all clients to be connected */

double post_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool more(const struct post *post)
{
    const struct options *o = &post->options;

    if (o->count > 0 && post->begun >= o->count)
        return false;
    return o->seconds <= 0 || post->start <= 0 || post->now < post->start + o->seconds;
}

static void note_latency(struct figures *f, double milliseconds)
{
    if (f->latency_count == f->latency_room) {
        size_t room = f->latency_room ? 2 * f->latency_room : 65536;
        float *bigger = realloc(f->latency, room * sizeof(*bigger));

        if (!bigger)
            return;
        f->latency = bigger;
        f->latency_room = room;
    }
    f->latency[f->latency_count++] = (float)milliseconds;
}

/* What is wrong with an answer; NULL: nothing. */
static const char *judge(struct post *post, struct client *c, bool whole, char transmission[UUID_TEXT_SIZE])
{
    if (!whole)
        return "the connection broke";
    if (c->unsent && c->answer.status < 300)
        return "accepted before all of it was sent";
    if (post->options.receipts)
        return answer_check_receipt(&c->answer, c->letter.uuid, transmission);
    return answer_check_json(&c->answer, post->options.expect);
}

static void note_fault(struct post *post, const struct client *c, const char *fault)
{
    struct figures *f = &post->figures;

    if (f->first_bad[0] == '\0')
        snprintf(f->first_bad, sizeof(f->first_bad), "status %d: %s", c->answer.status, fault);
    if (post->options.verbose)
        fprintf(stderr, "post: status %d: %s\n%.*s\n", c->answer.status, fault,
                (int)(c->answer.body_size < 2000 ? c->answer.body_size : 2000), c->answer.body);
}

static bool may_repeat(const struct post *post, const struct client *c, bool whole)
{
    int status = c->answer.status;

    return post->options.retry && post->now < c->give_up
           && (!whole || status == 429 || (status >= 500 && status < 600));
}

/* The letter is over; the client goes on with the next, when there is a connection to go on with. */
static void letter_over(struct client *c)
{
    c->has_letter = false;
}

static void wait_and_repeat(struct post *post, struct client *c)
{
    double pause = 0.02 * (double)(1u << (c->tries < 6 ? c->tries : 6));

    post->figures.retries++;
    client_close(c);
    c->state = CLIENT_WAITING;
    c->wake = post->now + pause;
}

void post_count(struct post *post, struct client *c, bool whole)
{
    struct figures *f = &post->figures;
    char transmission[UUID_TEXT_SIZE] = "-";
    const char *fault = judge(post, c, whole, transmission);
    int status = whole && c->answer.status > 0 && c->answer.status < 600 ? c->answer.status : 0;

    f->requests++;
    f->by_status[status] += whole;
    f->broken += !whole;
    if (whole)
        note_latency(f, (post_clock() - c->began) * 1000);
    if (post->ledger && post->template_count && whole)
        ledger_ack(post->ledger, c->letter.uuid, status, transmission);
    if (!fault) {
        f->ok++;
        letter_over(c);
    } else if (may_repeat(post, c, whole)) {
        wait_and_repeat(post, c);
    } else {
        note_fault(post, c, fault);
        f->bad += whole;
        f->given_up += post->options.retry && (!whole || status == 429 || status >= 500);
        letter_over(c);
    }
    post->end = post_clock();
}

static void finish(struct client *c)
{
    c->state = CLIENT_FINISHED;
    client_close(c);
}

/* Brings a client that is not waiting for the server a step on; true when it has a request ready to be sent. */
static bool step(struct post *post, struct client *c)
{
    bool over = !c->has_letter && !more(post);

    if (over && c->state != CLIENT_FINISHED && c->state != CLIENT_BUSY)
        finish(c);
    if (c->state == CLIENT_WAITING && post->now >= c->wake)
        c->state = CLIENT_CLOSED;
    if (c->state == CLIENT_CLOSED)
        client_connect(c);
    if (c->state == CLIENT_BUSY && post->now > c->began + post->options.timeout) {
        client_close(c);
        post_count(post, c, false);
    }
    return c->state == CLIENT_IDLE;
}

/* One turn after the events: prepares what is to be sent, syncs the ledger once, sends. */
static void turn(struct post *post, bool go)
{
    unsigned clients = post->options.clients;

    for (unsigned i = 0; i < clients; i++) {
        struct client *c = &post->clients[i];

        if (!step(post, c) || !go)
            continue;
        if (!client_prepare(c)) {
            fprintf(stderr, "post: no letter can be made\n");
            exit(2);
        }
    }
    ledger_sync(post->ledger);
    for (unsigned i = 0; go && i < clients; i++) {
        struct client *c = &post->clients[i];

        if (c->state != CLIENT_IDLE || !c->has_letter)
            continue;
        if (post->start <= 0)
            post->start = post_clock();
        client_send(c);
    }
}

static bool all_connected(const struct post *post)
{
    for (unsigned i = 0; i < post->options.clients; i++) {
        if (post->clients[i].state != CLIENT_IDLE)
            return false;
    }
    return true;
}

static bool all_finished(const struct post *post)
{
    for (unsigned i = 0; i < post->options.clients; i++) {
        if (post->clients[i].state != CLIENT_FINISHED)
            return false;
    }
    return true;
}

/* How long the loop may sleep: briefly while a client waits for its time. */
static int patience(const struct post *post)
{
    for (unsigned i = 0; i < post->options.clients; i++) {
        if (post->clients[i].state == CLIENT_WAITING || post->clients[i].state == CLIENT_CLOSED)
            return 5;
    }
    return 100;
}

static bool clients_open(struct post *post)
{
    post->epoll = epoll_create1(EPOLL_CLOEXEC);
    post->clients = calloc(post->options.clients, sizeof(*post->clients));
    if (post->epoll < 0 || !post->clients)
        return false;
    for (unsigned i = 0; i < post->options.clients; i++) {
        post->clients[i] = (struct client){.post = post, .fd = -1, .out = malloc(OUT_ROOM)};
        if (!post->clients[i].out)
            return false;
    }
    return true;
}

static void clients_close(struct post *post)
{
    for (unsigned i = 0; i < post->options.clients; i++)
        free(post->clients[i].out);
    free(post->clients);
    close(post->epoll);
}

/* A server that never lets anybody in: the run ends, unless its letters are to be repeated. */
static bool hopeless(const struct post *post, double began)
{
    double limit = post->options.retry ? post->options.retry_seconds : CONNECT_SECONDS;

    return post->figures.requests == 0 && post->start <= 0 && post->now > began + limit;
}

void post_run(struct post *post)
{
    struct epoll_event events[64];
    double began = post_clock();
    bool go = false;

    if (!clients_open(post)) {
        fprintf(stderr, "post: %s\n", strerror(errno));
        exit(2);
    }
    for (;;) {
        post->now = post_clock();
        go = go || all_connected(post) || post->now > began + CONNECT_SECONDS;
        turn(post, go);
        if (all_finished(post) || hopeless(post, began))
            break;
        int count = epoll_wait(post->epoll, events, 64, patience(post));

        post->now = post_clock();
        for (int i = 0; i < count; i++)
            client_event(events[i].data.ptr, events[i].events);
    }
    ledger_sync(post->ledger);
    clients_close(post);
}
