#include "handlers/receipt/receipt.h"

#include <string.h>

#include "gateway/identity/identity.h"
#include "handlers/service.h"

#define HOUR INT64_C(3600000)

/* The id in the path. Anything that is no UUID is as absent as an unknown one. */
static bool receipt_id(struct request *rq, struct uuid *id)
{
    return uuid_parse(rq->arguments[0], id) || error_set(&rq->error, ERROR_NOT_FOUND, "", NULL);
}

static bool wants_deletion(struct request *rq, bool *wanted)
{
    const char *value = request_parameter(rq, "delete");

    *wanted = !value || strcmp(value, "true") == 0;
    return *wanted || strcmp(value, "false") == 0
           || error_set(&rq->error, ERROR_PARAMETER_INVALID, "delete", "neither true nor false");
}

static bool send_receipt(struct request *rq, const struct receipt *receipt)
{
    struct buffer json = {.limit = RECEIPT_JSON_MAX};
    bool ok = receipt_object(receipt, &json) ? respond_json(rq, 200, &json)
                                             : error_set(&rq->error, ERROR_OUT_OF_MEMORY, "", NULL);

    buffer_free(&json);
    return ok;
}

bool fetch_receipt(struct request *rq)
{
    static const char *const known[] = {"delete", NULL};
    const struct system *caller = rq->caller;
    struct service *service = rq->service;
    struct receipt receipt;
    struct uuid id;
    bool deletes;

    if (!request_parameters_known(rq, known) || !receipt_id(rq, &id) || !wants_deletion(rq, &deletes)
        || !receipts_fetch(service->store, &caller->id, &id, rq->now, service->config->receipt_grace_hours * HOUR,
                           rq->arena, &receipt, &rq->error))
        return false;
    /* HEAD asks what a GET would say; it takes nothing away. */
    if (deletes && strcmp(rq->method, "HEAD") != 0
        && !receipts_delete(service->store, &caller->id, &id, rq->now, &rq->error))
        return false;
    return send_receipt(rq, &receipt);
}

bool delete_receipt(struct request *rq)
{
    static const char *const known[] = {NULL};
    const struct system *caller = rq->caller;
    struct uuid id;

    return request_parameters_known(rq, known) && receipt_id(rq, &id)
           && receipts_delete(rq->service->store, &caller->id, &id, rq->now, &rq->error) && respond_empty(rq, 204);
}
