#include "tests/lib/post.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

void answer_begin(struct answer *a)
{
    a->state = ANSWER_LINES;
    a->status = 0;
    a->json = a->close = a->chunked = a->sized = a->first_line_seen = a->body_cut = a->any = false;
    a->left = 0;
    a->retry_after = 0;
    a->line_size = a->body_size = 0;
}

static bool starts(const char *line, const char *name, const char **value)
{
    size_t size = strlen(name);

    if (strncasecmp(line, name, size) != 0 || line[size] != ':')
        return false;
    *value = line + size + 1 + strspn(line + size + 1, " \t");
    return true;
}

static void header(struct answer *a, const char *line)
{
    const char *value;

    if (starts(line, "Content-Length", &value)) {
        a->sized = true;
        a->left = strtoull(value, NULL, 10);
    } else if (starts(line, "Transfer-Encoding", &value)) {
        a->chunked = strcasecmp(value, "chunked") == 0;
    } else if (starts(line, "Content-Type", &value)) {
        a->json = strncasecmp(value, "application/json", 16) == 0;
    } else if (starts(line, "Connection", &value)) {
        a->close = strcasecmp(value, "close") == 0;
    } else if (starts(line, "Retry-After", &value)) {
        a->retry_after = (unsigned)strtoul(value, NULL, 10);
    }
}

static void head_ended(struct answer *a)
{
    if (a->status >= 100 && a->status < 200) { /* 100 Continue: the answer is still to come */
        bool any = a->any;

        answer_begin(a);
        a->any = any;
    } else if (a->chunked) {
        a->state = ANSWER_CHUNK_SIZE;
    } else if (a->status == 204 || a->status == 304 || (a->sized && a->left == 0)) {
        a->state = ANSWER_DONE;
    } else if (a->sized) {
        a->state = ANSWER_LENGTH;
    } else {
        a->close = true;
        a->state = ANSWER_TO_END;
    }
}

static void line_ended(struct answer *a)
{
    char *end;

    switch ((int)a->state) {
    case ANSWER_LINES:
        if (!a->first_line_seen) {
            a->first_line_seen = true;
            if (strncmp(a->line, "HTTP/1.", 7) != 0 || strlen(a->line) < 12)
                a->state = ANSWER_BROKEN;
            else
                a->status = atoi(a->line + 9);
        } else if (a->line_size == 0) {
            head_ended(a);
        } else {
            header(a, a->line);
        }
        break;
    case ANSWER_CHUNK_SIZE:
        a->left = strtoull(a->line, &end, 16);
        a->state = end == a->line ? ANSWER_BROKEN : a->left == 0 ? ANSWER_TRAILERS : ANSWER_CHUNK;
        break;
    case ANSWER_CHUNK_END:
        a->state = a->line_size == 0 ? ANSWER_CHUNK_SIZE : ANSWER_BROKEN;
        break;
    case ANSWER_TRAILERS:
        if (a->line_size == 0)
            a->state = ANSWER_DONE;
        break;
    }
    a->line_size = 0;
}

static void line_byte(struct answer *a, char byte)
{
    if (byte == '\n') {
        if (a->line_size > 0 && a->line[a->line_size - 1] == '\r')
            a->line_size--;
        a->line[a->line_size] = '\0';
        line_ended(a);
    } else if (a->line_size + 1 < sizeof(a->line)) {
        a->line[a->line_size++] = byte;
    } else {
        a->state = ANSWER_BROKEN;
    }
}

static size_t body_bytes(struct answer *a, const char *bytes, size_t size)
{
    size_t part = a->state == ANSWER_TO_END || size < a->left ? size : (size_t)a->left;
    size_t kept = part < sizeof(a->body) - a->body_size ? part : sizeof(a->body) - a->body_size;

    memcpy(a->body + a->body_size, bytes, kept);
    a->body_size += kept;
    a->body_cut = a->body_cut || kept < part;
    if (a->state == ANSWER_TO_END)
        return part;
    a->left -= part;
    if (a->left == 0)
        a->state = a->state == ANSWER_CHUNK ? ANSWER_CHUNK_END : ANSWER_DONE;
    return part;
}

size_t answer_feed(struct answer *a, const char *bytes, size_t size)
{
    size_t done = 0;

    a->any = a->any || size > 0;
    while (done < size && a->state != ANSWER_DONE && a->state != ANSWER_BROKEN) {
        if (a->state == ANSWER_LENGTH || a->state == ANSWER_CHUNK || a->state == ANSWER_TO_END)
            done += body_bytes(a, bytes + done, size - done);
        else
            line_byte(a, bytes[done++]);
    }
    return done;
}

void answer_end(struct answer *a)
{
    if (a->state != ANSWER_DONE)
        a->state = a->state == ANSWER_TO_END ? ANSWER_DONE : ANSWER_BROKEN;
}

static const char *check_receipt(const json_t *root, const char *uuid, char transmission[UUID_TEXT_SIZE])
{
    const char *message = json_string_value(json_object_get(root, "messageUUID"));
    const char *status = json_string_value(json_object_get(root, "receiptStatus"));
    const char *id = json_string_value(json_object_get(root, "transmissionId"));
    struct uuid parsed;

    if (!message || strcasecmp(message, uuid) != 0)
        return "messageUUID is not the one sent";
    if (!status || strcmp(status, "RECEIVED") != 0)
        return "receiptStatus is not RECEIVED";
    if (!id || !uuid_parse(id, &parsed))
        return "transmissionId is not a UUID";
    uuid_format(&parsed, transmission);
    return NULL;
}

const char *answer_check_json(const struct answer *a, int expected)
{
    json_t *root;

    if (a->status != expected)
        return "the status is not the one expected";
    if (!a->json)
        return "the Content-Type is not application/json";
    root = a->body_cut ? NULL : json_loadb(a->body, a->body_size, JSON_REJECT_DUPLICATES, NULL);
    if (!root)
        return "the body is not JSON";
    json_decref(root);
    return NULL;
}

const char *answer_check_receipt(const struct answer *a, const char *uuid, char transmission[UUID_TEXT_SIZE])
{
    const char *fault = answer_check_json(a, 201);
    json_t *root;

    if (fault)
        return fault;
    root = json_loadb(a->body, a->body_size, JSON_REJECT_DUPLICATES, NULL);
    fault = check_receipt(root, uuid, transmission);
    json_decref(root);
    return fault;
}
