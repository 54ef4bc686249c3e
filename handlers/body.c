#include "handlers/body.h"

#include "handlers/service.h"

static uint64_t bytes_taken(enum body_kind kind, const struct config *config)
{
    switch (kind) {
    case JSON_BODY:
        return JSON_BODY_MAX;
    case MEMO_BODY:
    case ANY_BODY:
        return config->body_max;
    case NO_BODY:
        break;
    }
    return 0;
}

bool body_check(struct request *rq)
{
    uint64_t most = bytes_taken(rq->endpoint->body, rq->service->config);

    /* Without a length there is no body: request_read gives none. */
    if (rq->content_length <= 0 || (uint64_t)rq->content_length <= most)
        return true;
    return error_set(&rq->error, ERROR_BODY_TOO_LARGE, NULL, "%lld bytes, and %llu are taken",
                     (long long)rq->content_length, (unsigned long long)most);
}
