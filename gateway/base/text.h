/* Text from outside: UTF-8, hexadecimal, base64, percent-encoding, numbers. None of these trusts its input. */
#ifndef GATEWAY_BASE_TEXT_H
#define GATEWAY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether `bytes` are well-formed UTF-8 (RFC 3629: no surrogates, nothing overlong, nothing above U+10FFFF). */
bool text_is_utf8(const void *bytes, size_t size);

/* Lower-case hexadecimal; `out` takes 2 x size + 1 bytes. */
void text_to_hex(const void *bytes, size_t size, char *out);
/* Exactly 2 x size hex digits of either case. */
bool text_from_hex(const char *hex, void *out, size_t size);

/* RFC 4648 base64 without line breaks. Returns the number of bytes, or -1 when `text` is not base64 or needs more
 * than `room`. */
long text_from_base64(const char *text, size_t length, void *out, size_t room);
/* `out` takes 4 x ((size + 2) / 3) + 1 bytes. Returns the length written without the NUL. */
size_t text_to_base64(const void *bytes, size_t size, char *out);
/* The same with the alphabet of URLs and without padding (RFC 7515, section 2); no stray bits. */
long text_from_base64url(const char *text, size_t length, void *out, size_t room);
size_t text_to_base64url(const void *bytes, size_t size, char *out);

/* Undoes %XX (and '+' to blank where `plus`), in place, NUL-terminated; `text[length]` must be writable. Returns the
 * new length, or -1 on a broken escape or an encoded NUL. */
long text_from_percent(char *text, size_t length, bool plus);

/* A decimal number without sign, blank or leading plus, at most `max`. */
bool text_to_number(const char *text, uint64_t max, uint64_t *number);

bool text_is_digits(const char *text, size_t length);

/* Compares without case over ASCII. */
bool text_same(const char *a, const char *b);

/* Whether a and b are equal, in a time that depends on `size` alone. */
bool text_same_secret(const void *a, const void *b, size_t size);

#endif
