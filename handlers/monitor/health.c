#include "handlers/monitor/monitor.h"

#include <string.h>

#include "handlers/service.h"

#define BEAT_MS 5000 /* the writer turns once a second; one that has not for so long hangs */

static bool respond_status(struct request *rq, const char *json)
{
    return respond_bytes(rq, 200, "application/json", NULL, json, strlen(json));
}

bool handle_healthz(struct request *rq)
{
    return respond_status(rq, "{\"status\":\"up\"}");
}

bool handle_readyz(struct request *rq)
{
    const struct metrics *metrics = rq->service->metrics;
    uint64_t state = metrics_get(metrics, METRIC_STORE_STATE, 0);
    int64_t beat = (int64_t)metrics_get(metrics, METRIC_WRITER_BEAT, 0);

    if (!beat)
        return error_set(&rq->error, ERROR_STORE_UNAVAILABLE, NULL, "the writer has not begun");
    if (state == STORE_DOWN || rq->now - beat > BEAT_MS)
        return error_set(&rq->error, ERROR_STORE_UNAVAILABLE, NULL, "the writer last moved %lld ms ago",
                         (long long)(rq->now - beat));
    if (state == STORE_NO_MAIL)
        return error_set(&rq->error, ERROR_STORE_FULL, NULL, NULL);
    return respond_status(rq, "{\"status\":\"ready\"}");
}
