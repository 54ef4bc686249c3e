#include "gateway/base/text.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

/* Length of the well-formed UTF-8 sequence that starts at p, 0 if there is none (RFC 3629, section 4). */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t size;

    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        size = 2;
    else if (p[0] >= 0xe0 && p[0] <= 0xef)
        size = 3;
    else if (p[0] >= 0xf0 && p[0] <= 0xf4)
        size = 4;
    else
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0;
    if (p[0] == 0xed)
        high = 0x9f;
    if (p[0] == 0xf0)
        low = 0x90;
    if (p[0] == 0xf4)
        high = 0x8f;
    if (size > left || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return size;
}

bool text_is_utf8(const void *bytes, size_t size)
{
    const unsigned char *p = bytes, *end = p + size;

    while (p < end) {
        uint64_t eight;

        if (end - p >= 8 && (memcpy(&eight, p, 8), (eight & UINT64_C(0x8080808080808080)) == 0)) {
            p += 8;
            continue;
        }
        size_t sequence = utf8_sequence(p, (size_t)(end - p));

        if (!sequence)
            return false;
        p += sequence;
    }
    return true;
}

void text_to_hex(const void *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = bytes;

    for (size_t i = 0; i < size; i++) {
        *out++ = digits[p[i] >> 4];
        *out++ = digits[p[i] & 15];
    }
    *out = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool text_from_hex(const char *hex, void *out, size_t size)
{
    unsigned char *p = out;

    for (size_t i = 0; i < size; i++) {
        int high = hex_value(hex[2 * i]);
        int low = high < 0 ? -1 : hex_value(hex[2 * i + 1]);

        if (low < 0)
            return false;
        p[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

/* `extra` is the alphabet's last two characters. */
static int base64_value(char c, const char *extra)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == extra[0] ? 62 : c == extra[1] ? 63 : -1;
}

/* `length` characters without padding. Bits behind the last byte must be zero. */
static long decode_base64(const char *text, size_t length, const char *extra, void *out, size_t room)
{
    size_t size = length / 4 * 3 + (length % 4 * 3) / 4, whole = (length + 3) / 4 * 4;
    unsigned char *p = out;
    uint32_t bits = 0;

    if (length % 4 == 1 || length / 4 > (size_t)INT32_MAX || size > room)
        return -1;
    for (size_t i = 0, at = 0; i < whole; i++) {
        int value = i < length ? base64_value(text[i], extra) : 0;

        if (value < 0)
            return -1;
        bits = bits << 6 | (uint32_t)value;
        for (int part = 2; i % 4 == 3 && part >= 0; part--, at++) {
            unsigned char byte = (unsigned char)(bits >> (8 * part));

            if (at < size)
                p[at] = byte;
            else if (byte)
                return -1;
        }
    }
    return (long)size;
}

long text_from_base64(const char *text, size_t length, void *out, size_t room)
{
    size_t padding = 0;

    while (padding < 2 && length > padding && text[length - 1 - padding] == '=')
        padding++;
    return length % 4 ? -1 : decode_base64(text, length - padding, "+/", out, room);
}

long text_from_base64url(const char *text, size_t length, void *out, size_t room)
{
    return decode_base64(text, length, "-_", out, room);
}

size_t text_to_base64url(const void *bytes, size_t size, char *out)
{
    size_t length = text_to_base64(bytes, size, out);

    while (length && out[length - 1] == '=')
        length--;
    out[length] = '\0';
    for (char *c = out; *c; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    return length;
}

size_t text_to_base64(const void *bytes, size_t size, char *out)
{
    return (size_t)EVP_EncodeBlock((unsigned char *)out, bytes, (int)size);
}

long text_from_percent(char *text, size_t length, bool plus)
{
    size_t to = 0;

    for (size_t from = 0; from < length; from++, to++) {
        text[to] = text[from];
        if (plus && text[from] == '+')
            text[to] = ' ';
        if (text[from] != '%')
            continue;
        if (length - from < 3 || !text_from_hex(text + from + 1, text + to, 1) || !text[to])
            return -1;
        from += 2;
    }
    text[to] = '\0';
    return (long)to;
}

bool text_to_number(const char *text, uint64_t max, uint64_t *number)
{
    uint64_t sum = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        uint64_t digit = (uint64_t)(*text - '0');

        if (sum > (max - digit) / 10 || digit > max)
            return false;
        sum = sum * 10 + digit;
    }
    *number = sum;
    return true;
}

bool text_is_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return text[length] == '\0';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool text_same(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

bool text_same_secret(const void *a, const void *b, size_t size)
{
    return CRYPTO_memcmp(a, b, size) == 0;
}
