#include "schema/memo_impl.h"

#include <string.h>

#define X BASE64_BAD
#define B BASE64_BLANK
#define ROW_OF_16(v) v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v

const unsigned char base64_values[256] = {
    /* clang-format off */
    X, X, X, X, X, X, X, X, X, B, B, X, X, B, X, X,
    ROW_OF_16(X),
    B, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, BASE64_PAD, X, X,
    X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, X,
    X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
    ROW_OF_16(X), ROW_OF_16(X), ROW_OF_16(X), ROW_OF_16(X),
    ROW_OF_16(X), ROW_OF_16(X), ROW_OF_16(X), ROW_OF_16(X),
    /* clang-format on */
};

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

typedef signed char bytes16 __attribute__((vector_size(16)));
typedef uint32_t words4 __attribute__((vector_size(16)));
typedef uint64_t halves2 __attribute__((vector_size(16)));

/* Sixteen characters to twelve bytes (and two bytes of rubbish behind them). False: not all are of the alphabet. */
static bool decode_16(const unsigned char *text, unsigned char *out)
{
    bytes16 t, upper, lower, digit, plus, slash;
    words4 v, packed;
    halves2 good;

    memcpy(&t, text, sizeof t);
    upper = (t >= 'A') & (t <= 'Z');
    lower = (t >= 'a') & (t <= 'z');
    digit = (t >= '0') & (t <= '9');
    plus = t == '+';
    slash = t == '/';
    good = (halves2)(upper | lower | digit | plus | slash);
    if ((good[0] & good[1]) != UINT64_MAX)
        return false;
    t += (upper & -'A') | (lower & (26 - 'a')) | (digit & (52 - '0')) | (plus & (62 - '+')) | (slash & (63 - '/'));

    /* four six-bit values a word to three bytes, still a word each */
    v = (words4)t;
    packed = (v << 2 & 0xFC) | (v >> 12 & 0x03);
    packed |= (v << 4 & 0xF000) | (v >> 10 & 0x0F00);
    packed |= (v << 6 & 0xC00000) | (v >> 8 & 0x3F0000);

    good = (halves2)packed;
    good = (good & 0xFFFFFF) | (good >> 8 & UINT64_C(0xFFFFFF000000));
    memcpy(out, &good, 8);
    memcpy(out + 6, (const char *)&good + 8, 8);
    return true;
}

#else

static bool decode_16(const unsigned char *text, unsigned char *out)
{
    (void)text;
    (void)out;
    return false;
}

#endif

size_t base64_decode(const unsigned char *text, size_t size, unsigned char *out)
{
    const unsigned char *value = base64_values;
    size_t at = 0;

    for (; size - at >= 16 && decode_16(text + at, out); at += 16)
        out += 12;
    for (; size - at >= 4; at += 4, out += 3) {
        unsigned a = value[text[at]], b = value[text[at + 1]], c = value[text[at + 2]], d = value[text[at + 3]];

        if ((a | b | c | d) & 0xC0)
            break;
        out[0] = (unsigned char)(a << 2 | b >> 4);
        out[1] = (unsigned char)(b << 4 | c >> 2);
        out[2] = (unsigned char)(c << 6 | d);
    }
    return at;
}

void base64_encode(const unsigned char *bytes, size_t size, char out[4])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = (unsigned)bytes[0] << 16;

    if (size > 1)
        bits |= (unsigned)bytes[1] << 8;
    if (size > 2)
        bits |= bytes[2];
    out[0] = alphabet[bits >> 18];
    out[1] = alphabet[bits >> 12 & 63];
    out[2] = size > 1 ? alphabet[bits >> 6 & 63] : '=';
    out[3] = size > 2 ? alphabet[bits & 63] : '=';
}
