/* Log lines: one JSON object a line on standard error.
 *
 * Nothing that a stranger sent is logged but its length, digest and id. As a second net the writer blots out runs of
 * ten digits that look like a CPR number and long runs of base64, whatever field they stand in (reliability.md R25). */
#ifndef GATEWAY_LOG_LOG_H
#define GATEWAY_LOG_LOG_H

#include "gateway/base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR, LOG_LEVEL_COUNT };

#define TRACE_ID_SIZE 33 /* 32 lower-case hex digits and the NUL */

/* W3C trace context of what is being done; all fields empty when there is none. */
struct trace {
    char trace_id[TRACE_ID_SIZE];
    char span_id[17];   /* ours */
    char parent_id[17]; /* the caller's */
};

/* Takes over `traceparent` (W3C Trace Context, version 00), or begins a trace when it is absent or broken.
 * `fallback_id` (32 hex digits, may be NULL) is then used as trace id. */
void trace_begin(struct trace *trace, const char *traceparent, const char *fallback_id);

/* One "key":value of a line. */
struct log_field {
    const char *key;
    enum { LOG_TEXT, LOG_NUMBER, LOG_BOOL } kind;
    const char *text;
    int64_t number;
};
#define LOG_T(k, v)                                                                                                    \
    {                                                                                                                  \
        .key = (k), .kind = LOG_TEXT, .text = (v)                                                                      \
    }
#define LOG_N(k, v)                                                                                                    \
    {                                                                                                                  \
        .key = (k), .kind = LOG_NUMBER, .number = (int64_t)(v)                                                         \
    }
#define LOG_B(k, v)                                                                                                    \
    {                                                                                                                  \
        .key = (k), .kind = LOG_BOOL, .number = (v)                                                                    \
    }

/* What every line of this process carries and from which level on lines are written. Set once a process. */
struct log {
    const char *role; /* "sender", "writer", ... */
    int slot;         /* of the worker in its pool; -1: none */
    enum log_level least;
    int fd; /* STDERR_FILENO, another in tests */
};

/* Writes one line {"ts","level","role","slot","pid","msg",["trace_id"], fields...} with a single write(2). `trace` may
 * be NULL; `fields` ends with a field whose key is NULL. Never fails towards the caller. */
void log_write(const struct log *log, enum log_level level, const struct trace *trace, const char *message,
               const struct log_field *fields);

/* Shorthand: log_line(log, LOG_INFO, NULL, "worker started", LOG_N("pid", pid)) */
#define log_line(log, level, trace, message, ...)                                                                      \
    log_write(log, level, trace, message, (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.key = NULL}})

/* An error with its code, place and detail. */
void log_error(const struct log *log, enum log_level level, const struct trace *trace, const char *message,
               const struct error *error);

const char *log_level_name(enum log_level level);
bool log_level_parse(const char *name, enum log_level *level);

#endif
