/* The load client: many kept connections with a client certificate, one thread, every answer checked.
 *
 * Per turn of its loop it (1) handles what came in, (2) makes the next letters and writes their intents and the
 * answers just received to the ledger with one sync, (3) sends. So no byte of a letter leaves before its intent is on
 * disk, and no answer counts before its line is. */
#ifndef TESTS_LIB_POST_H
#define TESTS_LIB_POST_H

#include "gateway/base/digest.h"
#include "gateway/base/ids.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

/* ---- letters ---- */

/* A template file cut at its markers @UUID@ and @DAY@, with one more document of `pad` decoded bytes when asked. */
struct template;
struct template *template_open(const char *file, const char *day, uint64_t pad);
void template_close(struct template *template);

/* One letter: the template with a UUID filled in, read front to back as often as wanted. */
struct letter {
    const struct template *template;
    char uuid[UUID_TEXT_SIZE];
    size_t piece; /* where the reading stands */
    uint64_t offset;
};
bool letter_new(struct letter *letter, const struct template *template);
void letter_rewind(struct letter *letter);
size_t letter_read(struct letter *letter, char *out, size_t room);
uint64_t letter_size(const struct letter *letter);
bool letter_digest(struct letter *letter, struct digest *digest);

/* ---- answers ---- */

#define ANSWER_BODY_MAX 65536
#define OUT_ROOM 32768 /* bytes of a request that wait in memory */

/* Reads one HTTP/1.1 answer in pieces cut anywhere: with Content-Length, chunked, or ended by the connection. */
struct answer {
    enum {
        ANSWER_LINES,
        ANSWER_LENGTH,
        ANSWER_CHUNK_SIZE,
        ANSWER_CHUNK,
        ANSWER_CHUNK_END,
        ANSWER_TRAILERS,
        ANSWER_TO_END,
        ANSWER_DONE,
        ANSWER_BROKEN
    } state;
    int status; /* 0 until its line was read */
    bool json, close, chunked;
    bool sized;
    uint64_t left; /* of the body or chunk */
    unsigned retry_after;
    char line[4096];
    size_t line_size;
    char body[ANSWER_BODY_MAX];
    size_t body_size;
    bool first_line_seen, body_cut; /* body_cut: longer than is kept */
    bool any;                       /* at least one byte came */
};
void answer_begin(struct answer *answer);
/* Returns how many bytes it took; state is ANSWER_DONE or ANSWER_BROKEN when it is over. */
size_t answer_feed(struct answer *answer, const char *bytes, size_t size);
/* The connection ended. */
void answer_end(struct answer *answer);

/* NULL when the answer is a technical receipt for this messageUUID, else what is wrong. `transmission` gets the
 * receipt's transmissionId. */
const char *answer_check_receipt(const struct answer *answer, const char *uuid, char transmission[UUID_TEXT_SIZE]);
/* NULL when it is JSON with the status expected. */
const char *answer_check_json(const struct answer *answer, int expected);

/* ---- the ledger ---- */

struct ledger;
/* `late`: written now and then and synced at the end alone, for runs in which nothing is killed: the syncs of a ledger
 * would be measured as the store's. */
struct ledger *ledger_open(const char *file, bool late);
void ledger_intent(struct ledger *ledger, const char *uuid, const struct digest *digest);
void ledger_ack(struct ledger *ledger, const char *uuid, int status, const char *transmission);
/* Writes and syncs what was added. Ends the program when it cannot: a run without its ledger proves nothing. */
void ledger_sync(struct ledger *ledger);
void ledger_close(struct ledger *ledger);

/* ---- clients ---- */

#define PADS_MAX 16

enum client_state {
    CLIENT_CLOSED,
    CLIENT_CONNECTING,
    CLIENT_HANDSHAKE,
    CLIENT_IDLE,
    CLIENT_BUSY,
    CLIENT_WAITING,
    CLIENT_FINISHED
};

struct post;
struct client {
    struct post *post;
    enum client_state state;
    int fd;
    SSL *ssl;
    uint32_t interest; /* epoll events asked for */
    bool unsent;       /* bytes of the request are left */
    bool has_letter;   /* a letter is under way, kept over its repeats */
    char *out;         /* OUT_ROOM bytes */
    size_t out_size, out_done;
    struct letter letter;
    struct answer answer;
    double began;   /* this try's sending */
    double give_up; /* when its repeats end */
    double wake;    /* CLIENT_WAITING until then */
    unsigned tries;
};

struct options {
    const char *host, *port; /* of the URL */
    const char *cert, *key, *ca, *auth, *template, *path, *method, *ledger, *day;
    const char *query; /* behind the path; a letter's UUID follows it */
    bool receipts;     /* an answer must be a technical receipt */
    unsigned clients;
    double seconds;          /* 0: by count */
    uint64_t count;          /* 0: by time */
    uint64_t pads[PADS_MAX]; /* letters take them in turn; none: the template as it is */
    size_t pad_count;
    int expect;
    bool late_ledger, retry, fresh; /* fresh: a connection per request */
    double retry_seconds, timeout;
    bool verbose;
};

struct figures {
    uint64_t requests, ok, bad, broken, retries, given_up, bytes;
    uint64_t by_status[600];
    float *latency; /* milliseconds of each answer */
    size_t latency_count, latency_room;
    char first_bad[160];
};

struct post {
    struct options options;
    struct template *templates[PADS_MAX];
    size_t template_count; /* 0: requests without a body */
    struct ledger *ledger;
    SSL_CTX *ssl;
    struct addrinfo *address;
    int epoll;
    struct client *clients;
    struct figures figures;
    double now, start, end; /* seconds; start 0 until the first letter leaves */
    uint64_t begun;         /* letters */
};

double post_clock(void);
void post_run(struct post *post);
/* What came of one answer or broken connection; client.c calls it once per try. */
void post_count(struct post *post, struct client *client, bool whole);

void client_connect(struct client *client);
void client_close(struct client *client);
/* Something can be read or written. */
void client_event(struct client *client, uint32_t events);
/* Makes the next letter, or keeps the one to repeat. */
bool client_prepare(struct client *client);
void client_send(struct client *client);

#endif
