#include "handlers/monitor/monitor.h"

#include "handlers/service.h"

#define PIECE ((size_t)64 * 1024)

bool handle_empty(struct request *rq)
{
    char *bytes = arena_alloc(rq->arena, PIECE);
    size_t got = 1;

    if (!rq->service->config->empty_address)
        return error_set(&rq->error, ERROR_NOT_FOUND, NULL, NULL);
    if (!bytes)
        return error_set(&rq->error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    while (got > 0)
        if (!request_read(rq, bytes, PIECE, &got, &rq->error))
            return false;
    return respond_bytes(rq, 201, "application/json", NULL, "{}", 2);
}
