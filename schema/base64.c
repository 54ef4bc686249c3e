#include "schema/memo_impl.h"

#include <endian.h>
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

/* Eight characters a turn: eight look-ups, one test, six bytes out. */
size_t base64_decode(const unsigned char *text, size_t size, unsigned char *out)
{
    const unsigned char *value = base64_values;
    size_t at = 0;

    for (; size - at >= 8; at += 8, out += 6) {
        const unsigned char *t = text + at;
        unsigned a = value[t[0]], b = value[t[1]], c = value[t[2]], d = value[t[3]];
        unsigned e = value[t[4]], f = value[t[5]], g = value[t[6]], h = value[t[7]];
        uint64_t bits;

        if ((a | b | c | d | e | f | g | h) & 0xC0)
            break;
        bits = (uint64_t)(a << 18 | b << 12 | c << 6 | d) << 40 | (uint64_t)(e << 18 | f << 12 | g << 6 | h) << 16;
        bits = htobe64(bits);
        memcpy(out, &bits, 6);
    }
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
