#include "handlers/worker.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/base/time.h"
#include "gateway/http/http.h"
#include "handlers/access.h"
#include "handlers/body.h"
#include "handlers/endpoints.h"
#include "handlers/sender/quarantine.h"
#include "handlers/sender/sender.h"
#include "handlers/service.h"

#define FREED_KEPT (4 * 1024 * 1024) /* bytes */
#define TOP_PAD (512 * 1024)

/* What the workers of the sender pool share. */
struct shared {
    struct memo_schemas *schemas;
    struct quarantine *quarantine;
};

struct worker {
    struct service service;
    struct token_issuer issuers[ISSUERS_MAX];
    struct server *server;
};

/* ---- opening ---- */

bool worker_prepare(const struct config *config, void **prepared, struct error *error)
{
    struct shared *shared = calloc(1, sizeof *shared);

    (void)config;
    if (!shared || !(shared->quarantine = quarantine_open())) {
        free(shared);
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    }
    *prepared = shared;
    if (memo_schemas_open(&shared->schemas, error))
        return true;
    worker_release(shared);
    *prepared = NULL;
    return false;
}

void worker_release(void *prepared)
{
    struct shared *shared = prepared;

    memo_schemas_close(shared->schemas);
    quarantine_close(shared->quarantine);
    free(shared);
}

static bool open_spool(struct service *service, struct error *error)
{
    char spool[PATH_MAX];

    if (snprintf(spool, sizeof spool, "%s/spool", service->config->state_dir) >= PATH_MAX)
        return error_set(error, ERROR_CONFIG_INVALID, "dir", "the path is too long");
    return spool_open(spool, &service->spool, error);
}

static bool open_tokens(struct worker *worker, struct error *error)
{
    struct token_rules rules;

    service_token_rules(worker->service.config, worker->issuers, &rules);
    return tokens_open(&rules, worker->service.log, &worker->service.tokens, error);
}

/* What the workers share, and what the one before this may have died of. */
static void open_shared(const struct process *process, struct service *service)
{
    const struct shared *shared = process->prepared;
    char text[UUID_TEXT_SIZE];
    struct uuid message;

    service->schemas = shared->schemas;
    service->quarantine = shared->quarantine;
    service->worker = process->number;
    if (!quarantine_find(service->quarantine, service->worker, &message))
        return;
    uuid_format(&message, text);
    log_line(service->log, LOG_ERROR, NULL, "a message ended the process that read it", LOG_T("id", text));
}

static bool open_service(const struct process *process, struct worker *worker, struct error *error)
{
    const struct config *config = process->config;
    struct service *service = &worker->service;

    *service = (struct service){.config = config, .log = &process->log, .metrics = process->metrics};
    service_limits(config, &service->limits);
    if (process->role == ROLE_MONITOR)
        return true;
    if (process->role == ROLE_SENDER)
        open_shared(process, service);
    if (!store_open(config, process->role, process->slot, &service->store, error)
        || !certificates_open(config->issuers_file, config->certificate_cache, process->metrics, &service->certificates,
                              error))
        return false;
    return (process->role != ROLE_SENDER || open_spool(service, error))
           && (process->role != ROLE_READER || open_tokens(worker, error));
}

/* What a request freed stays with the process: giving it back to the kernel and fetching it again for the next one
 * costs ten page faults a letter. */
static void keep_freed_memory(void)
{
    mallopt(M_TRIM_THRESHOLD, FREED_KEPT);
    mallopt(M_TOP_PAD, TOP_PAD);
}

bool worker_open(struct process *process, void **state, struct error *error)
{
    struct worker *worker = calloc(1, sizeof *worker);

    keep_freed_memory();
    *state = worker;
    if (!worker)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    if (open_service(process, worker, error) && server_open(process->socket, DRAIN_SIGNAL, &worker->server, error))
        return true;
    worker_close(worker);
    *state = NULL;
    return false;
}

void worker_close(void *state)
{
    struct worker *worker = state;

    server_close(worker->server);
    if (worker->service.spool)
        spool_close(worker->service.spool);
    if (worker->service.tokens)
        tokens_close(worker->service.tokens);
    if (worker->service.certificates)
        certificates_close(worker->service.certificates);
    store_close(worker->service.store);
    free(worker);
}

/* ---- one request ---- */

static void refuse(struct request *rq)
{
    struct buffer methods = {.limit = 128};
    bool not_allowed = rq->error.code == ERROR_METHOD_NOT_ALLOWED, receipt = false;

    if (not_allowed && (!route_methods(rq, endpoints, &methods) || !buffer_add(&methods, "", 1)))
        not_allowed = false;
    if (rq->endpoint && rq->endpoint->handle == submit_memo)
        receipt = error_kind(rq->error.code)->status == 503;
    respond_refusal(rq, not_allowed ? methods.data : NULL, receipt ? receipt_without_status : NULL);
    buffer_free(&methods);
}

/* Everything that a request passes, in order; each step that fails says why in rq->error. */
static void answer(struct request *rq, enum role pool)
{
    if (rq->error.code == ERROR_NONE && route_find(rq, endpoints, pool) && body_check(rq) && access_check(rq)
        && rq->endpoint->handle(rq))
        return;
    if (!rq->status)
        refuse(rq);
}

enum refusal { REFUSED_CALLER, REFUSED_LIMIT, REFUSED_SCHEMA, REFUSED_RULE, REFUSED_CONFLICT, REFUSED_STORE };

static enum refusal refusal_kind(const struct request *rq)
{
    switch (rq->status) {
    case 401:
    case 403:
        return REFUSED_CALLER;
    case 409:
        return REFUSED_CONFLICT;
    case 413:
        return REFUSED_LIMIT;
    default:
        break;
    }
    if (rq->status >= 500)
        return REFUSED_STORE;
    return findings_errors(&rq->findings) && rq->error.code == ERROR_SCHEMA_INVALID ? REFUSED_RULE : REFUSED_SCHEMA;
}

static void count(const struct request *rq, enum role pool, int64_t milliseconds)
{
    struct metrics *metrics = rq->service->metrics;
    unsigned class = rq->status >= 100 && rq->status < 600 ? (unsigned)rq->status / 100 - 1 : 4;

    metrics_add(metrics, METRIC_REQUESTS, pool * 5 + class, 1);
    metrics_observe(metrics, METRIC_REQUEST_SECONDS, pool, (uint64_t)milliseconds * 1000);
    metrics_add(metrics, METRIC_BODY_BYTES, pool, rq->body_read);
    if (rq->endpoint && rq->endpoint->handle == submit_memo && rq->status >= 400)
        metrics_add(metrics, METRIC_REFUSED, refusal_kind(rq), 1);
}

/* What a line tells of a request: the row it came to, never its path, for a path may hold anything. */
static void log_request(const struct request *rq, int64_t milliseconds)
{
    enum log_level level = rq->status >= 500 ? LOG_WARNING : LOG_INFO;
    const char *code = rq->error.code == ERROR_NONE ? NULL : error_kind(rq->error.code)->code;

    log_line(rq->service->log, level, &rq->trace, "request",
             LOG_T("method", rq->endpoint ? rq->endpoint->method : NULL),
             LOG_T("endpoint", rq->endpoint ? rq->endpoint->path : NULL), LOG_N("status", rq->status),
             LOG_N("body_bytes", rq->body_read), LOG_N("sent_bytes", rq->body_sent), LOG_N("ms", milliseconds),
             LOG_T("error", code), LOG_T("detail", code ? rq->error.detail : NULL), LOG_T("id", rq->log_id));
}

static void handle_request(struct worker *worker, struct request *rq, enum role pool)
{
    int64_t start = time_monotonic(), milliseconds;

    rq->service = &worker->service;
    answer(rq, pool);
    request_drain(rq);
    milliseconds = time_monotonic() - start;
    count(rq, pool, milliseconds);
    log_request(rq, milliseconds);
    server_finish(worker->server, rq);
}

bool worker_serve(struct process *process, void *state, struct error *error)
{
    struct worker *worker = state;
    struct request rq;

    while (server_accept(worker->server, &rq, error))
        handle_request(worker, &rq, process->role);
    return error->code == ERROR_NONE;
}
