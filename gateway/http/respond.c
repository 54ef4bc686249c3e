#include "gateway/http/http.h"

#include <stdio.h>
#include <string.h>

#include "gateway/http/http_impl.h"

#define HEAD_MAX ((size_t)12 * 1024) /* nginx takes 16 KB */
#define ERROR_JSON_MAX ((size_t)256 * 1024)
#define RETRY_AFTER_SECONDS 5

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {206, "Partial Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Status";
}

bool respond_begin(struct request *rq, int status, const char *type, const char *extra, uint64_t size)
{
    struct buffer head = {.limit = HEAD_MAX};
    bool ok = buffer_format(&head, "Status: %d %s\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
                            status, reason(status))
              && buffer_format(&head, "traceparent: 00-%s-%s-01\r\n", rq->trace.trace_id, rq->trace.span_id)
              && (!type || buffer_format(&head, "Content-Type: %s\r\n", type))
              && (status == 204 || status == 304
                  || buffer_format(&head, "Content-Length: %llu\r\n", (unsigned long long)size))
              && (!extra || buffer_add_text(&head, extra)) && buffer_add_text(&head, "\r\n");

    rq->status = ok ? status : 500;
    ok = ok && server_write(rq, head.data, head.size);
    buffer_free(&head);
    return ok;
}

bool respond_more(struct request *rq, const void *bytes, size_t size)
{
    if (strcmp(rq->method, "HEAD") == 0 || size == 0)
        return true;
    rq->body_sent += size;
    return server_write(rq, bytes, size);
}

bool respond_bytes(struct request *rq, int status, const char *type, const char *extra, const void *body, size_t size)
{
    if (respond_begin(rq, status, type, extra, size))
        respond_more(rq, body, size);
    /* When nginx is gone there is nobody left to tell, and what was promised stays kept. */
    return true;
}

bool respond_json(struct request *rq, int status, const struct buffer *json)
{
    return respond_bytes(rq, status, "application/json", NULL, json->data, json->size);
}

bool respond_empty(struct request *rq, int status)
{
    return respond_bytes(rq, status, NULL, NULL, NULL, 0);
}

/* The error that the answer is about: the first finding of severity error where there are findings and the error is one
 * of the document, else the error itself. */
static enum error_code outer_code(const struct request *rq)
{
    if (error_kind(rq->error.code)->status == 400)
        for (size_t i = 0; i < rq->findings.count; i++)
            if (rq->findings.items[i].severity == SEVERITY_ERROR)
                return rq->findings.items[i].code;
    return rq->error.code;
}

/* A rejected value, at most REJECTED_MAX characters of it. */
static bool add_rejected(struct buffer *json, const char *value)
{
    char cut[REJECTED_MAX * 4 + 1];
    size_t characters = 0, size = 0;

    for (; value && value[size] && size < sizeof cut - 1; size++) {
        characters += ((unsigned char)value[size] & 0xc0) != 0x80;
        if (characters > REJECTED_MAX)
            break;
        cut[size] = value[size];
    }
    cut[size] = '\0';
    return buffer_add_member(json, "rejectedValue", value ? cut : NULL);
}

/* What the code says, and what this one document has to do with it. */
static bool add_sentences(struct buffer *json, const char *general, const char *detail)
{
    char text[400];

    snprintf(text, sizeof text, "%s%s%s", general, detail ? " " : "", detail ? detail : "");
    return buffer_add_json(json, text);
}

static bool add_finding(struct buffer *json, const struct finding *finding)
{
    const struct error_kind *kind = error_kind(finding->code);
    bool ok = buffer_add_text(json, "{\"resource\":\"Message\"") && buffer_add_member(json, "field", finding->field)
              && buffer_add_member(json, "code", kind->code) && buffer_add_text(json, ",\"message\":");

    ok = ok && add_sentences(json, kind->en, finding->detail) && buffer_add_text(json, ",\"messageDa\":")
         && add_sentences(json, kind->da, finding->danish) && add_rejected(json, finding->rejected);
    if (finding->line)
        return ok && buffer_format(json, ",\"line\":%u}", finding->line);
    return ok && buffer_add_text(json, ",\"line\":null}");
}

/* What is wrong with a parameter or header stands in fieldErrors too, under its name. */
static bool add_place(struct buffer *json, const struct request *rq)
{
    const struct error_kind *kind = error_kind(rq->error.code);

    return buffer_add_text(json, rq->error.where[0] == '/' ? "{\"resource\":\"Message\"" : "{\"resource\":\"Request\"")
           && buffer_add_member(json, "field", rq->error.where) && buffer_add_member(json, "code", kind->code)
           && buffer_add_member(json, "message", kind->en) && buffer_add_member(json, "messageDa", kind->da)
           && buffer_add_text(json, ",\"rejectedValue\":null,\"line\":null}");
}

static bool add_field_errors(struct buffer *json, const struct request *rq)
{
    bool of_document = outer_code(rq) != rq->error.code || rq->findings.count > 0, ok = true;

    if (!of_document)
        return !rq->error.where[0] || error_kind(rq->error.code)->status >= 500 || add_place(json, rq);
    for (size_t i = 0; ok && i < rq->findings.count; i++)
        ok = (i == 0 || buffer_add_text(json, ",")) && add_finding(json, &rq->findings.items[i]);
    return ok;
}

/* What a system that sends does wrong elsewhere, a portal does on the port of tokens. */
static enum fault fault_of(const struct request *rq, const struct error_kind *kind)
{
    return kind->fault == FAULT_SENDER && rq->token_port ? FAULT_READER : kind->fault;
}

bool error_members(const struct request *rq, struct buffer *json)
{
    const struct error_kind *kind = error_kind(outer_code(rq));

    return buffer_add_text(json, "\"code\":") && buffer_add_json(json, kind->code)
           && buffer_add_member(json, "message", kind->en) && buffer_add_member(json, "messageDa", kind->da)
           && buffer_add_member(json, "fault", fault_name(fault_of(rq, kind)))
           && buffer_format(json, ",\"retry\":%s", kind->retry ? "true" : "false")
           && buffer_add_member(json, "traceId", rq->trace.trace_id) && buffer_add_text(json, ",\"fieldErrors\":[")
           && add_field_errors(json, rq) && buffer_add_text(json, "]");
}

static void error_headers(const struct request *rq, int status, const char *allow, char *out, size_t room)
{
    unsigned seconds = rq->error.retry_after ? rq->error.retry_after : RETRY_AFTER_SECONDS;

    snprintf(out, room, "%s", rq->refusal_headers ? rq->refusal_headers : "");
    if (status == 429 || status == 503)
        snprintf(out, room, "Retry-After: %u\r\n", seconds);
    else if (status == 401 && error_kind(rq->error.code)->fault == FAULT_READER)
        snprintf(out, room, "WWW-Authenticate: Bearer%s\r\n",
                 rq->error.code == ERROR_TOKEN_MISSING ? "" : " error=\"invalid_token\"");
    else if (status == 401)
        snprintf(out, room, "WWW-Authenticate: Basic realm=\"Digital Post\"\r\n");
    else if (status == 405 && allow)
        snprintf(out, room, "Allow: %s\r\n", allow);
}

void respond_refusal(struct request *rq, const char *allow, bool (*more)(const struct request *rq, struct buffer *json))
{
    struct buffer json = {.limit = ERROR_JSON_MAX};
    int status = error_kind(outer_code(rq))->status;
    char headers[256];

    if (status < 400) /* nobody said what went wrong */
        status = error_kind(rq->error.code = ERROR_INTERNAL)->status;
    error_headers(rq, status, allow, headers, sizeof headers);
    if (buffer_add_text(&json, "{") && error_members(rq, &json) && (!more || more(rq, &json))
        && buffer_add_text(&json, "}"))
        respond_bytes(rq, status, "application/json", headers, json.data, json.size);
    else
        respond_bytes(rq, status, NULL, headers, NULL, 0);
    buffer_free(&json);
}
