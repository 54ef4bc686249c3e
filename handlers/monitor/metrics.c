#include "handlers/monitor/monitor.h"

#include "handlers/service.h"

#define TEXT_MAX ((size_t)256 * 1024)

bool handle_metrics(struct request *rq)
{
    struct buffer text = {.limit = TEXT_MAX};
    bool ok = metrics_write(rq->service->metrics, &text) || error_set(&rq->error, ERROR_OUT_OF_MEMORY, NULL, "metrics");

    ok = ok && respond_bytes(rq, 200, "text/plain; version=0.0.4", NULL, text.data, text.size);
    buffer_free(&text);
    return ok;
}
