/* JSON from outside, read: one object, names never twice, nothing behind it. */
#ifndef GATEWAY_BASE_JSON_H
#define GATEWAY_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;

/* NULL: not exactly one JSON object in UTF-8, a name twice in any object of it, or a NUL in a text. Free with
 * json_free(). */
struct json *json_read(const char *text, size_t length);
void json_free(struct json *json);

/* How many members it has. */
size_t json_size(const struct json *json);
bool json_has(const struct json *json, const char *name);

/* Texts belong to the object. NULL: absent, or no text. */
const char *json_text(const struct json *json, const char *name);

/* A number, cut to whole; false: absent, no number, or beyond what 53 bits count exactly. */
bool json_number(const struct json *json, const char *name, int64_t *number);

/* False: absent, or neither true nor false. */
bool json_flag(const struct json *json, const char *name, bool *flag);

/* An array: its length, 0 also when absent or no array; its elements, NULL when of another kind. An element belongs
 * to the object. */
bool json_has_array(const struct json *json, const char *name);
size_t json_count(const struct json *json, const char *name);
const char *json_text_at(const struct json *json, const char *name, size_t index);
const struct json *json_object_at(const struct json *json, const char *name, size_t index);

/* As text again; free() it. NULL: no memory. */
char *json_format(const struct json *json);

#endif
