/* A run of bytes that grows up to a limit. */
#ifndef GATEWAY_BASE_BUFFER_H
#define GATEWAY_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* `data` is NUL-terminated behind `size` once anything was added. Zero-initialise with .limit set. */
struct buffer {
    char *data;
    size_t size, capacity, limit;
};

/* False: the limit or memory is reached; the buffer is then unchanged. */
bool buffer_add(struct buffer *buffer, const void *bytes, size_t size);
bool buffer_add_text(struct buffer *buffer, const char *text);
bool buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. NULL adds null. */
bool buffer_add_json(struct buffer *buffer, const char *text);

/* ,"name":"text", null for NULL. `name` is one of our own and is not escaped. */
bool buffer_add_member(struct buffer *buffer, const char *name, const char *text);

/* Keeps the memory. */
void buffer_clear(struct buffer *buffer);
void buffer_free(struct buffer *buffer);

#endif
