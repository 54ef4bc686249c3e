/* FastCGI requests behind nginx: one at a time, one process each.
 *
 * Identity is read only from parameters that our nginx configuration sets itself (no HTTP_ prefix, reliability.md
 * R11). Any header used here that was sent twice is refused. */
#ifndef GATEWAY_HTTP_HTTP_H
#define GATEWAY_HTTP_HTTP_H

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/finding.h"
#include "gateway/base/role.h"
#include "gateway/log/log.h"
#include "gateway/log/metrics.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request;
struct service; /* what handlers need besides the request; defined in handlers/service.h, opaque here */

/* CALLER_READER: a person whose token has the scope READ, and an employee's one of the privileges to see a company's
 * mail; CALLER_CHANGER: who may change mailboxes too. */
enum caller_kind { CALLER_NOBODY, CALLER_SENDER_SYSTEM, CALLER_READER, CALLER_CHANGER, CALLER_KIND_COUNT };

/* What a row takes as a body; handlers/body.c knows how many bytes of each. */
enum body_kind { NO_BODY, MEMO_BODY, ANY_BODY, JSON_BODY };

#define ENDPOINT_ARGUMENTS 4

/* One line of the endpoint table (handlers/endpoints.c). The table ends with a row whose path is NULL. */
struct endpoint {
    enum role pool;
    const char *method; /* "GET", ... ; HEAD is served where GET is */
    const char *path;   /* "/memos/", "/receipts/{receipt}": relative to /apis/v1, or absolute when it begins with
                         * "/apis/gateway/" or is one of /healthz /readyz /metrics. A last slash is optional for callers */
    enum caller_kind caller;
    enum body_kind body;
    bool (*handle)(struct request *rq);
};

struct parameter {
    const char *name, *value; /* decoded, UTF-8 */
};
#define PARAMETERS_MAX 32

/* What a handler works on. Everything lies in the arena and is gone after the answer. */
struct request {
    const struct endpoint *endpoint;
    const char *method, *path;                 /* path as nginx normalised it, without the query */
    const char *arguments[ENDPOINT_ARGUMENTS]; /* values of the {...} in the row's path, in order */
    struct parameter parameters[PARAMETERS_MAX];
    size_t parameter_count;
    int64_t content_length;          /* of the body; -1: the caller gave none */
    const char *content_type;        /* media type in lower case without parameters; NULL: none */
    const char *authorization;       /* NULL: none */
    const char *certificate;         /* URL-escaped PEM as nginx gives it; NULL: none */
    const char *certificate_verdict; /* nginx's: SUCCESS, NONE, FAILED:reason */
    bool token_port;                 /* came to the port of bearer tokens, which knows no certificates */
    const char *remote_address;
    const char *range, *if_range, *if_none_match, *if_match; /* headers as they came; NULL: none */
    int64_t now;                                             /* wall clock at the beginning */
    struct trace trace;
    struct arena *arena;
    struct error error;
    struct findings findings;    /* what the refusal tells besides error */
    const char *refusal_headers; /* lines for a refusal, each ended by CRLF; NULL: none */
    struct service *service;
    void *caller; /* who calls, once access was checked: struct system of gateway/store, struct person of
                   * gateway/identity */
    struct server *server;
    int status; /* 0 until answered */
    uint64_t body_read, body_sent;
    const char *log_id; /* harmless id for the log line, e.g. the messageUUID */
};

/* One worker's end of a pool's socket. */
struct server;

/* `socket`: listening, non-blocking, made by the supervisor. `drain`: blocked for good by the caller and let in only
 * while waiting for a request. */
bool server_open(int socket, int drain, struct server **server, struct error *error);
void server_close(struct server *server);
/* Waits for the next request. False: the drain signal came (error->code ERROR_NONE), or the socket failed. On true the
 * request is filled in; one that cannot be understood (bad query, repeated header) has rq->error set. */
bool server_accept(struct server *server, struct request *rq, struct error *error);

/* Sends what is left, ends the request and resets the arena. */
void server_finish(struct server *server, struct request *rq);

/* Up to `room` bytes of the body; *got 0 at the end. A body shorter than content_length is ERROR_BODY_CUT_OFF. */
bool request_read(struct request *rq, void *bytes, size_t room, size_t *got, struct error *error);

/* Reads and discards the rest of the body, so that nginx can keep its connection with the caller. */
void request_drain(struct request *rq);

/* The parameter's value, NULL when it is absent. A name given twice is refused when the request is read. */
const char *request_parameter(const struct request *rq, const char *name);

/* Finds the row. False: ERROR_NOT_FOUND or ERROR_METHOD_NOT_ALLOWED (then the answer's Allow lists the methods). */
bool route_find(struct request *rq, const struct endpoint *endpoints, enum role pool);

/* The methods that the request's path takes, "GET, HEAD, DELETE", in any pool. */
bool route_methods(const struct request *rq, const struct endpoint *endpoints, struct buffer *methods);

/* The whole answer at once. `extra` is NULL or header lines, each ended by CRLF. */
bool respond_bytes(struct request *rq, int status, const char *type, const char *extra, const void *body, size_t size);
bool respond_json(struct request *rq, int status, const struct buffer *json);
bool respond_empty(struct request *rq, int status);

/* The same in pieces: `size` bytes in all follow by respond_more(), none where the method is HEAD. False: nginx is gone,
 * so what would follow is of no use. */
bool respond_begin(struct request *rq, int status, const char *type, const char *extra, uint64_t size);
bool respond_more(struct request *rq, const void *bytes, size_t size);

/* Which bytes of `size` a Range header asks for (RFC 9110, section 14): RANGE_WHOLE also where it is absent, malformed
 * or asks for several, which may be answered with everything. */
enum range { RANGE_WHOLE, RANGE_PART, RANGE_BEYOND };
enum range range_read(const char *header, uint64_t size, uint64_t *begin, uint64_t *length);

/* Whether an If-None-Match header names this entity tag ("\"...\""), strong or weak, or any ("*"). */
bool etag_named(const char *header, const char *etag);

/* The answer for rq->error and rq->findings, as CONTRACT.md, Errors: {code, message, messageDa, fault, retry, traceId,
 * fieldErrors}. With findings of severity error the first of them in document order is the outer code. 429 and 503
 * carry Retry-After, 405 `allow` (may be NULL). `more` (may be NULL) adds members, each with a comma before it. */
void respond_refusal(struct request *rq, const char *allow,
                     bool (*more)(const struct request *rq, struct buffer *json));

/* The members of that object without the braces. */
bool error_members(const struct request *rq, struct buffer *json);

/* page and size of a list (CONTRACT.md, Reading): page from 0, size default 100 at most 1000, page x size at most
 * 10,000, both plain numbers. */
struct page {
    uint64_t page, size;
};
bool request_page(struct request *rq, struct page *page);
/* `size` alone; page is 0. For a list that is followed otherwise. */
bool request_page_size(struct request *rq, struct page *page);
bool page_too_deep(const struct page *page);

/* The version in If-Match, 3 or "3" (CONTRACT.md, Reading). */
bool request_if_match(struct request *rq, int64_t *version);

/* The body, a JSON object of at most `most` bytes; free it with json_free(). */
struct json;
bool request_json(struct request *rq, size_t most, struct json **json);

/* Refuses parameters that are not among `known` (ends with NULL). */
bool request_parameters_known(struct request *rq, const char *const *known);

#endif
