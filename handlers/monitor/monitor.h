/* The gateway's own addresses, outside the contract: health, readiness, metrics, and the bench's empty handler. */
#ifndef HANDLERS_MONITOR_MONITOR_H
#define HANDLERS_MONITOR_MONITOR_H

#include "gateway/http/http.h"

/* GET /healthz: 200 {"status":"up"} as long as a worker answers at all. */
bool handle_healthz(struct request *rq);

/* GET /readyz: 200 {"status":"ready"} when letters can be accepted; else ERROR_STORE_UNAVAILABLE (no writer, or one that
 * has not moved for 5 s) or ERROR_STORE_FULL (no room for mail; reading and deleting go on). */
bool handle_readyz(struct request *rq);

/* GET /metrics: Prometheus text, format 0.0.4. */
bool handle_metrics(struct request *rq);

/* POST /apis/gateway/v1/empty: reads the whole body, does nothing, 201 {}. What everything around a handler costs: the
 * counterpart of each figure of `make bench`. 404 unless the setting [process] empty_address is on. */
bool handle_empty(struct request *rq);

#endif
