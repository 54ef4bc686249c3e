#include "gateway/http/http_impl.h"

#include <string.h>

#include "gateway/base/json.h"
#include "gateway/base/text.h"

static const char *const names[PARAM_COUNT] = {
    [PARAM_METHOD] = "REQUEST_METHOD",
    [PARAM_PATH] = "DP_PATH",
    [PARAM_QUERY] = "QUERY_STRING",
    [PARAM_LENGTH] = "CONTENT_LENGTH",
    [PARAM_TYPE] = "CONTENT_TYPE",
    [PARAM_VERDICT] = "SSL_CLIENT_VERDICT",
    [PARAM_CERTIFICATE] = "SSL_CLIENT_CERTIFICATE",
    [PARAM_CREDENTIALS] = "DP_CREDENTIALS",
    [PARAM_ADDRESS] = "REMOTE_ADDR",
    [PARAM_TRACE_ID] = "DP_TRACE_ID",
    [PARAM_TRACEPARENT] = "HTTP_TRACEPARENT",
    [PARAM_AUTHORIZATION] = "HTTP_AUTHORIZATION",
    [PARAM_RANGE] = "HTTP_RANGE",
    [PARAM_IF_RANGE] = "HTTP_IF_RANGE",
    [PARAM_IF_NONE_MATCH] = "HTTP_IF_NONE_MATCH",
    [PARAM_IF_MATCH] = "HTTP_IF_MATCH",
    [PARAM_TYPE_SENT] = "HTTP_CONTENT_TYPE",
};

/* Sorts the environment into values; false: one of them came twice. */
static bool collect(char *const *environment, const char *values[PARAM_COUNT])
{
    bool once = true;

    for (; *environment; environment++) {
        const char *equals = strchr(*environment, '=');
        size_t length = equals ? (size_t)(equals - *environment) : 0;

        for (int i = 0; equals && i < PARAM_COUNT; i++)
            if (strlen(names[i]) == length && memcmp(names[i], *environment, length) == 0) {
                once = once && !values[i];
                if (!values[i])
                    values[i] = equals + 1;
            }
    }
    return once;
}

static bool take_length(struct request *rq, const char *value)
{
    uint64_t length;

    rq->content_length = -1;
    if (!value || !*value)
        return true;
    if (!text_to_number(value, INT64_MAX, &length))
        return error_set(&rq->error, ERROR_REQUEST_MALFORMED, "Content-Length", NULL);
    rq->content_length = (int64_t)length;
    return true;
}

/* The media type alone, in lower case. */
static bool take_type(struct request *rq, const char *value)
{
    size_t length;
    char *type;

    if (!value || !*value)
        return true;
    length = strcspn(value, "; \t");
    type = arena_copy(rq->arena, value, length);
    if (!type)
        return error_set(&rq->error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    for (char *c = type; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + ('a' - 'A'));
    rq->content_type = type;
    return true;
}

static bool decode(struct request *rq, char *text, size_t length, const char **out)
{
    long size;

    text[length] = '\0';
    size = text_from_percent(text, length, true);
    if (size < 0 || !text_is_utf8(text, (size_t)size))
        return error_set(&rq->error, ERROR_PARAMETER_INVALID, NULL, "a broken escape or no UTF-8");
    *out = text;
    return true;
}

static bool take_parameter(struct request *rq, char *pair, size_t length)
{
    struct parameter *parameter = &rq->parameters[rq->parameter_count];
    char *equals = memchr(pair, '=', length);
    size_t name = equals ? (size_t)(equals - pair) : length;

    if (length == 0)
        return true;
    if (rq->parameter_count == PARAMETERS_MAX)
        return error_set(&rq->error, ERROR_PARAMETER_INVALID, NULL, "more than %d parameters", PARAMETERS_MAX);
    parameter->value = "";
    if ((equals && !decode(rq, equals + 1, length - name - 1, &parameter->value))
        || !decode(rq, pair, name, &parameter->name))
        return false;
    if (request_parameter(rq, parameter->name))
        return error_set(&rq->error, ERROR_PARAMETER_INVALID, NULL, "a parameter came twice");
    rq->parameter_count++;
    return true;
}

static bool take_query(struct request *rq, const char *value)
{
    char *at = value ? arena_text(rq->arena, value) : NULL;

    if (value && !at)
        return error_set(&rq->error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    while (at && *at) {
        size_t length = strcspn(at, "&");
        bool last = !at[length];

        if (!take_parameter(rq, at, length))
            return false;
        at += length + !last;
    }
    return true;
}

bool request_fill(struct request *rq, char *const *environment)
{
    const char *values[PARAM_COUNT] = {0};
    bool once = collect(environment, values);

    rq->method = values[PARAM_METHOD] ? values[PARAM_METHOD] : "";
    rq->path = values[PARAM_PATH] ? values[PARAM_PATH] : "";
    rq->certificate_verdict = values[PARAM_VERDICT];
    rq->certificate = values[PARAM_CERTIFICATE];
    rq->token_port = values[PARAM_CREDENTIALS] && strcmp(values[PARAM_CREDENTIALS], "token") == 0;
    rq->authorization = values[PARAM_AUTHORIZATION];
    rq->range = values[PARAM_RANGE];
    rq->if_range = values[PARAM_IF_RANGE];
    rq->if_none_match = values[PARAM_IF_NONE_MATCH];
    rq->if_match = values[PARAM_IF_MATCH];
    rq->remote_address = values[PARAM_ADDRESS] ? values[PARAM_ADDRESS] : "";
    trace_begin(&rq->trace, values[PARAM_TRACEPARENT], values[PARAM_TRACE_ID]);
    if (!take_length(rq, values[PARAM_LENGTH]) || !take_type(rq, values[PARAM_TYPE])
        || !take_query(rq, values[PARAM_QUERY]))
        return false;
    return once || error_set(&rq->error, ERROR_HEADER_REPEATED, NULL, NULL);
}

const char *request_parameter(const struct request *rq, const char *name)
{
    for (size_t i = 0; i < rq->parameter_count; i++)
        if (strcmp(rq->parameters[i].name, name) == 0)
            return rq->parameters[i].value;
    return NULL;
}

bool request_parameters_known(struct request *rq, const char *const *known)
{
    for (size_t i = 0; i < rq->parameter_count; i++) {
        size_t k = 0;

        while (known[k] && strcmp(known[k], rq->parameters[i].name) != 0)
            k++;
        if (!known[k])
            return error_set(&rq->error, ERROR_PARAMETER_UNKNOWN, NULL, "parameter %zu of the query", i + 1);
    }
    return true;
}

#define SIZE_DEFAULT 100
#define SIZE_MOST 1000
#define DEPTH_MOST 10000

static bool page_number(struct request *rq, const char *name, uint64_t standard, uint64_t *number)
{
    const char *value = request_parameter(rq, name);

    *number = standard;
    return !value || text_to_number(value, INT32_MAX, number)
           || error_set(&rq->error, ERROR_PARAMETER_INVALID, name, "not a plain number");
}

bool request_page_size(struct request *rq, struct page *page)
{
    page->page = 0;
    if (!page_number(rq, "size", SIZE_DEFAULT, &page->size))
        return false;
    return (page->size >= 1 && page->size <= SIZE_MOST) || error_set(&rq->error, ERROR_PAGE_TOO_LARGE, "size", NULL);
}

bool request_page(struct request *rq, struct page *page)
{
    return request_page_size(rq, page) && page_number(rq, "page", 0, &page->page)
           && (!page_too_deep(page) || error_set(&rq->error, ERROR_PAGE_TOO_DEEP, "page", NULL));
}

bool page_too_deep(const struct page *page)
{
    return page->page * page->size > DEPTH_MOST;
}

bool request_if_match(struct request *rq, int64_t *version)
{
    char digits[20];
    uint64_t number;
    size_t length = rq->if_match ? strlen(rq->if_match) : 0;
    bool quoted = length > 2 && rq->if_match[0] == '"' && rq->if_match[length - 1] == '"';

    if (!length)
        return error_set(&rq->error, ERROR_IF_MATCH_MISSING, "If-Match", NULL);
    length -= quoted ? 2 : 0;
    if (length >= sizeof digits)
        return error_set(&rq->error, ERROR_PARAMETER_INVALID, "If-Match", "not a version");
    memcpy(digits, rq->if_match + quoted, length);
    digits[length] = '\0';
    if (!text_to_number(digits, INT64_MAX, &number))
        return error_set(&rq->error, ERROR_PARAMETER_INVALID, "If-Match", "not a version");
    *version = (int64_t)number;
    return true;
}

static bool read_whole(struct request *rq, char *bytes, size_t room, size_t *size)
{
    size_t got = 1;

    for (*size = 0; got > 0 && *size < room; *size += got)
        if (!request_read(rq, bytes + *size, room - *size, &got, &rq->error))
            return false;
    return true;
}

bool request_json(struct request *rq, size_t most, struct json **json)
{
    char *bytes = arena_alloc(rq->arena, most + 1);
    size_t size;

    *json = NULL;
    if (!rq->content_type || strcmp(rq->content_type, "application/json") != 0)
        return error_set(&rq->error, ERROR_MEDIA_TYPE, "Content-Type", NULL);
    if (rq->content_length < 0)
        return error_set(&rq->error, ERROR_LENGTH_REQUIRED, "Content-Length", NULL);
    if ((uint64_t)rq->content_length > most)
        return error_set(&rq->error, ERROR_BODY_TOO_LARGE, NULL, NULL);
    if (!bytes)
        return error_set(&rq->error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    if (!read_whole(rq, bytes, most, &size))
        return false;
    *json = json_read(bytes, size);
    return *json || error_set(&rq->error, ERROR_JSON_MALFORMED, NULL, NULL);
}
