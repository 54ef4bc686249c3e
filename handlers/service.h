/* What handlers need besides the request: made once by a worker (handlers/worker.c), handed down as rq->service. */
#ifndef HANDLERS_SERVICE_H
#define HANDLERS_SERVICE_H

#include "gateway/base/ids.h"
#include "gateway/config/config.h"
#include "gateway/content/content.h"
#include "gateway/identity/identity.h"
#include "gateway/identity/token.h"
#include "gateway/log/log.h"
#include "gateway/log/metrics.h"
#include "gateway/store/store.h"
#include "schema/memo.h"

struct service {
    const struct config *config;
    const struct log *log;
    struct metrics *metrics;
    struct store *store;                /* NULL in pools without one */
    struct certificates *certificates;  /* NULL in pools without callers by certificate */
    struct tokens *tokens;              /* the reader pool */
    const struct memo_schemas *schemas; /* the sender pool */
    struct memo_limits limits;
    struct spool *spool;           /* the sender pool */
    struct quarantine *quarantine; /* the sender pool */
    int worker;                    /* its number in the pool */
    struct uuid_source uuids;
};

/* What a MeMo may cost by the settings. The strings stay the settings'. */
void service_limits(const struct config *config, struct memo_limits *limits);

/* The settings' issuers of access tokens; `issuers` takes ISSUERS_MAX. The strings stay the settings'. */
void service_token_rules(const struct config *config, struct token_issuer issuers[ISSUERS_MAX],
                         struct token_rules *rules);

#endif
