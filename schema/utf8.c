#include "schema/memo_impl.h"

#include <string.h>

/* The first byte tells how many follow and, for some, narrows the second (RFC 3629, section 4). */
static bool utf8_first(struct utf8 *utf8, unsigned char byte)
{
    utf8->low = 0x80;
    utf8->high = 0xBF;
    if (byte >= 0xC2 && byte <= 0xDF)
        utf8->left = 1;
    else if (byte >= 0xE0 && byte <= 0xEF)
        utf8->left = 2;
    else if (byte >= 0xF0 && byte <= 0xF4)
        utf8->left = 3;
    else
        return false;
    if (byte == 0xE0)
        utf8->low = 0xA0;
    else if (byte == 0xED)
        utf8->high = 0x9F;
    else if (byte == 0xF0)
        utf8->low = 0x90;
    else if (byte == 0xF4)
        utf8->high = 0x8F;
    return true;
}

static bool utf8_next(struct utf8 *utf8, unsigned char byte)
{
    if (byte < utf8->low || byte > utf8->high)
        return false;
    utf8->left--;
    utf8->low = 0x80;
    utf8->high = 0xBF;
    return true;
}

/* How many bytes of ASCII come first, eight at a time. */
static size_t ascii_run(const unsigned char *bytes, size_t size)
{
    size_t at = 0;

    for (; size - at >= 8; at += 8) {
        uint64_t eight;

        memcpy(&eight, bytes + at, 8);
        if (eight & UINT64_C(0x8080808080808080))
            break;
    }
    while (at < size && bytes[at] < 0x80)
        at++;
    return at;
}

bool utf8_add(struct utf8 *utf8, const unsigned char *bytes, size_t size, size_t *bad)
{
    for (size_t at = 0; at < size; at++) {
        if (utf8->left == 0) {
            at += ascii_run(bytes + at, size - at);
            if (at == size)
                return true;
        }
        if (!(utf8->left ? utf8_next(utf8, bytes[at]) : utf8_first(utf8, bytes[at]))) {
            *bad = at;
            return false;
        }
    }
    return true;
}
