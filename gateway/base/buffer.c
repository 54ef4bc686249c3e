#include "gateway/base/buffer.h"

#include "gateway/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool buffer_reserve(struct buffer *buffer, size_t more)
{
    size_t need = buffer->size + more + 1;

    if (more > buffer->limit || buffer->size > buffer->limit - more)
        return false;
    if (need <= buffer->capacity)
        return true;
    size_t capacity = buffer->capacity ? buffer->capacity * 2 : 512;

    if (capacity < need)
        capacity = need;
    char *data = realloc(buffer->data, capacity);

    if (!data)
        return false;
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool buffer_add(struct buffer *buffer, const void *bytes, size_t size)
{
    if (!buffer_reserve(buffer, size))
        return false;
    if (size)
        memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
    return true;
}

bool buffer_add_text(struct buffer *buffer, const char *text)
{
    return buffer_add(buffer, text, strlen(text));
}

/* Most texts fit into what is there already, so the first try is into it. */
bool buffer_format(struct buffer *buffer, const char *format, ...)
{
    size_t room = buffer->capacity - buffer->size;
    va_list arguments, again;
    bool ok = false;

    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(room ? buffer->data + buffer->size : NULL, room, format, arguments);

    if (length >= 0 && buffer_reserve(buffer, (size_t)length)) {
        if ((size_t)length >= room)
            vsnprintf(buffer->data + buffer->size, (size_t)length + 1, format, again);
        buffer->size += (size_t)length;
        ok = true;
    } else if (room) {
        buffer->data[buffer->size] = '\0';
    }
    va_end(again);
    va_end(arguments);
    return ok;
}

static bool add_json_character(struct buffer *buffer, unsigned char c)
{
    switch (c) {
    case '"':
        return buffer_add_text(buffer, "\\\"");
    case '\\':
        return buffer_add_text(buffer, "\\\\");
    case '\n':
        return buffer_add_text(buffer, "\\n");
    case '\r':
        return buffer_add_text(buffer, "\\r");
    case '\t':
        return buffer_add_text(buffer, "\\t");
    default:
        return buffer_format(buffer, "\\u%04x", c);
    }
}

/* Bytes of the UTF-8 character at `at`, 0 when it is none. */
static size_t character_size(const char *at)
{
    size_t left = strnlen(at, 4);

    for (size_t size = 1; size <= left; size++)
        if (text_is_utf8(at, size))
            return size;
    return 0;
}

/* Bytes that stand in JSON as they are; `utf8`: those beyond ASCII do too. */
static size_t plain_run(const char *text, bool utf8)
{
    size_t run = 0;

    for (unsigned char c; (c = (unsigned char)text[run]) >= 0x20; run++)
        if (c >= 0x7f ? !utf8 || c == 0x7f : c == '"' || c == '\\')
            break;
    return run;
}

bool buffer_add_json(struct buffer *buffer, const char *text)
{
    size_t before = buffer->size;
    bool ok = true, utf8;

    if (!text)
        return buffer_add_text(buffer, "null");
    utf8 = text_is_utf8(text, strlen(text));
    ok = buffer_add(buffer, "\"", 1);
    while (ok && *text) {
        size_t plain = plain_run(text, utf8);

        if (plain) {
            ok = buffer_add(buffer, text, plain);
            text += plain;
            continue;
        }
        if ((unsigned char)*text < 0x80) {
            ok = add_json_character(buffer, (unsigned char)*text++);
            continue;
        }
        size_t size = character_size(text);

        ok = size ? buffer_add(buffer, text, size) : buffer_add_text(buffer, "\xef\xbf\xbd");
        text += size ? size : 1;
    }
    if (ok && buffer_add(buffer, "\"", 1))
        return true;
    buffer->size = before;
    if (buffer->data)
        buffer->data[before] = '\0';
    return false;
}

bool buffer_add_member(struct buffer *buffer, const char *name, const char *text)
{
    return buffer_add(buffer, ",\"", 2) && buffer_add_text(buffer, name) && buffer_add(buffer, "\":", 2)
           && buffer_add_json(buffer, text);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    if (buffer->data)
        buffer->data[0] = '\0';
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    buffer->data = NULL;
    buffer->size = buffer->capacity = 0;
}
