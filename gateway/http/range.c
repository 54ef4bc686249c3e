#include "gateway/http/http.h"

#include <string.h>
#include <strings.h>

#include "gateway/base/text.h"

#define UNIT "bytes="
#define DIGITS_MAX 18

/* A number of digits alone, "" being none; what is too long for one lies beyond everything. */
static bool read_number(const char *text, size_t length, uint64_t *number)
{
    char digits[DIGITS_MAX + 1];

    *number = INT64_MAX;
    if (strspn(text, "0123456789") < length)
        return false;
    if (length > DIGITS_MAX)
        return true;
    memcpy(digits, text, length);
    digits[length] = '\0';
    return text_to_number(digits, INT64_MAX, number);
}

/* "-5": the last five. */
static enum range suffix(uint64_t last, uint64_t size, uint64_t *begin, uint64_t *length)
{
    if (last == 0 || size == 0)
        return RANGE_BEYOND;
    *length = last < size ? last : size;
    *begin = size - *length;
    return RANGE_PART;
}

enum range range_read(const char *header, uint64_t size, uint64_t *begin, uint64_t *length)
{
    const char *first, *dash, *end;
    uint64_t from, to;

    *begin = 0;
    *length = size;
    if (!header || strncasecmp(header, UNIT, sizeof UNIT - 1) != 0)
        return RANGE_WHOLE;
    first = header + sizeof UNIT - 1;
    dash = strchr(first, '-');
    if (!dash)
        return RANGE_WHOLE;
    end = dash + 1 + strlen(dash + 1);
    if (dash == first)
        return read_number(dash + 1, (size_t)(end - dash - 1), &to) && dash[1] ? suffix(to, size, begin, length)
                                                                               : RANGE_WHOLE;
    to = UINT64_MAX;
    if (!read_number(first, (size_t)(dash - first), &from)
        || (dash[1] && !read_number(dash + 1, (size_t)(end - dash - 1), &to)) || to < from)
        return RANGE_WHOLE;
    if (from >= size)
        return RANGE_BEYOND;
    *begin = from;
    *length = (to < size ? to + 1 : size) - from;
    return RANGE_PART;
}

bool etag_named(const char *header, const char *etag)
{
    size_t length = strlen(etag);

    while (header && *header) {
        header += strspn(header, " \t,");
        if (*header == '*')
            return true;
        if (strncmp(header, "W/", 2) == 0)
            header += 2;
        if (strncmp(header, etag, length) == 0 && strchr(" \t,", header[length]))
            return true;
        header += strcspn(header, ",");
    }
    return false;
}
