#include "gateway/log/log.h"

#include "gateway/base/buffer.h"
#include "gateway/base/ids.h"
#include "gateway/base/text.h"
#include "gateway/base/time.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_SIZE ((size_t)4000) /* below PIPE_BUF, so that a line is written in one piece */
#define VALUE_MAX_SIZE ((size_t)512)
#define BASE64_RUN 40

static const char *const level_names[LOG_LEVEL_COUNT] = {"debug", "info", "warning", "error"};

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

bool log_level_parse(const char *name, enum log_level *level)
{
    for (int i = 0; i < LOG_LEVEL_COUNT; i++)
        if (strcmp(name, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_base64(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/' || c == '=';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Bytes of a CPR-shaped run at `text`: ten digits, or six, a hyphen and four, and no digit behind; else 0. */
static size_t cpr_size(const char *text)
{
    size_t digits = 0, at = 0;

    for (; is_digit(text[at]) || (digits == 6 && text[at] == '-' && at == 6); at++)
        digits += is_digit(text[at]);
    return digits == 10 ? at : 0;
}

/* Bytes of a long run of base64 at `text` that is no hexadecimal digest or id; else 0. */
static size_t secret_size(const char *text)
{
    size_t size = 0, hex = 0;

    for (; is_base64(text[size]); size++)
        hex += is_hex(text[size]);
    return size >= BASE64_RUN && hex < size ? size : 0;
}

/* Copies with what looks like a person or a secret blotted out (reliability.md R25). `out` takes VALUE_MAX_SIZE + 1. */
static void blot(const char *text, char *out)
{
    size_t to = 0, size;
    char before = ' ';

    while (*text && to < VALUE_MAX_SIZE) {
        bool begins_digits = is_digit(*text) && !is_digit(before), begins_run = is_base64(*text) && !is_base64(before);

        size = begins_digits && !is_hex(before) && before != '-' ? cpr_size(text) : 0;
        if (!size && begins_run)
            size = secret_size(text);
        if (size) {
            out[to++] = '#';
            text += size;
            before = '#';
            continue;
        }
        before = *text;
        out[to++] = *text++;
    }
    out[to] = '\0';
}

static bool add_value(struct buffer *line, const struct log_field *field)
{
    char safe[VALUE_MAX_SIZE + 1];

    switch (field->kind) {
    case LOG_NUMBER:
        return buffer_format(line, "%lld", (long long)field->number);
    case LOG_BOOL:
        return buffer_add_text(line, field->number ? "true" : "false");
    default:
        if (!field->text)
            return buffer_add_text(line, "null");
        blot(field->text, safe);
        return buffer_add_json(line, safe);
    }
}

static bool add_field(struct buffer *line, const struct log_field *field)
{
    size_t before = line->size;

    if (buffer_format(line, ",\"%s\":", field->key) && add_value(line, field))
        return true;
    line->size = before; /* what does not fit is left out whole */
    return false;
}

void log_write(const struct log *log, enum log_level level, const struct trace *trace, const char *message,
               const struct log_field *fields)
{
    struct buffer line = {.limit = LINE_MAX_SIZE};
    char time[TIME_TEXT_SIZE];

    if (level < log->least)
        return;
    time_format(time_now(), time);
    if (buffer_format(&line, "{\"ts\":\"%s\",\"level\":\"%s\",\"role\":\"%s\",\"pid\":%d", time, level_names[level],
                      log->role ? log->role : "", (int)getpid())) {
        if (log->slot >= 0)
            add_field(&line, &(struct log_field)LOG_N("slot", log->slot));
        add_field(&line, &(struct log_field)LOG_T("msg", message));
        if (trace && trace->trace_id[0])
            add_field(&line, &(struct log_field)LOG_T("trace_id", trace->trace_id));
        for (; fields && fields->key; fields++)
            add_field(&line, fields);
        line.limit += 2;
        if (buffer_add_text(&line, "}\n") && write(log->fd, line.data, line.size) < 0) {
            /* There is nowhere to say that a line could not be said. */
        }
    }
    buffer_free(&line);
}

void log_error(const struct log *log, enum log_level level, const struct trace *trace, const char *message,
               const struct error *error)
{
    log_line(log, level, trace, message, LOG_T("code", error_kind(error->code)->code), LOG_T("where", error->where),
             LOG_T("detail", error->detail));
}

static bool all_zero(const char *text)
{
    return text[strspn(text, "0")] == '\0';
}

/* `size` lower-case hex digits that are not all nought. */
static bool take_id(const char *text, size_t size, char *out)
{
    for (size_t i = 0; i < size; i++)
        if (!is_hex(text[i]) || (text[i] >= 'A' && text[i] <= 'F'))
            return false;
    memcpy(out, text, size);
    out[size] = '\0';
    return !all_zero(out);
}

/* version "-" trace-id "-" parent-id "-" flags; a version above 00 may have more behind. */
static bool take_parent(struct trace *trace, const char *text)
{
    char version[3], flags[3];

    if (strlen(text) < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-')
        return false;
    memcpy(version, text, 2);
    version[2] = '\0';
    if (!is_hex(version[0]) || !is_hex(version[1]) || text_same(version, "ff"))
        return false;
    if (text[55] && (all_zero(version) || text[55] != '-'))
        return false;
    memcpy(flags, text + 53, 2);
    return is_hex(flags[0]) && is_hex(flags[1]) && take_id(text + 3, 32, trace->trace_id)
           && take_id(text + 36, 16, trace->parent_id);
}

void trace_begin(struct trace *trace, const char *traceparent, const char *fallback_id)
{
    struct uuid random = {{1}};
    char hex[33];

    *trace = (struct trace){{0}, {0}, {0}};
    if (!uuid_random(&random))
        random.bytes[0] = 1; /* an id that is no secret may repeat */
    text_to_hex(random.bytes, sizeof random.bytes, hex);
    memcpy(trace->span_id, hex, 16);
    if (traceparent && take_parent(trace, traceparent))
        return;
    trace->parent_id[0] = '\0';
    if (!fallback_id || strlen(fallback_id) != 32 || !take_id(fallback_id, 32, trace->trace_id)) {
        if (uuid_random(&random))
            text_to_hex(random.bytes, sizeof random.bytes, hex);
        memcpy(trace->trace_id, hex, sizeof trace->trace_id);
    }
}
