/* What the files of gateway/http share. */
#ifndef GATEWAY_HTTP_HTTP_IMPL_H
#define GATEWAY_HTTP_HTTP_IMPL_H

#include "gateway/http/http.h"

/* The parameters that nginx/gateway.conf.in sets, and those headers that are used. Each may come once. */
enum fastcgi_parameter {
    PARAM_METHOD,
    PARAM_PATH,
    PARAM_QUERY,
    PARAM_LENGTH,
    PARAM_TYPE,
    PARAM_VERDICT,
    PARAM_CERTIFICATE,
    PARAM_CREDENTIALS,
    PARAM_ADDRESS,
    PARAM_TRACE_ID,
    PARAM_TRACEPARENT,
    PARAM_AUTHORIZATION,
    PARAM_RANGE,
    PARAM_IF_RANGE,
    PARAM_IF_NONE_MATCH,
    PARAM_IF_MATCH,
    PARAM_TYPE_SENT, /* the header as it came: nginx makes PARAM_TYPE of the first and is silent about a second */
    PARAM_COUNT
};

/* Fills the request in from the environment of a FastCGI request ("NAME=value", NULL at the end). False with rq->error
 * set: something in it cannot be. */
bool request_fill(struct request *rq, char *const *environment);

/* Writes to the caller; false: nginx is gone. */
bool server_write(struct request *rq, const void *bytes, size_t size);

#endif
