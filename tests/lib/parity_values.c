/* Values to try: at the edges of the types, on both sides. */
#include "parity.h"

#include <stdio.h>
#include <string.h>

unsigned dice_below(struct dice *dice, unsigned limit)
{
    /* splitmix64 */
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((z ^ (z >> 31)) % limit);
}

#define TRIED 24

static const struct pool {
    const char *base;
    const char *values[TRIED];
} pools[] = {
    {"string",
     {"",
      "x",
      " ",
      "Blåbærgrød på Æbeløgade 7",
      "1234567890",
      "12345678",
      "123456789",
      "61019000011",
      "CPR",
      "CVR",
      "cpr",
      "DIGITALPOST",
      "NEMSMS",
      "digitalpost",
      "a\nb",
      "  to blanke  ",
      "d3b1f6a2-4c1e-4f7a-9b0c-1a2b3c4d5e6f",
      "D3B1F6A2-4C1E-4F7A-9B0C-1A2B3C4D5E6F",
      "d3b1f6a2-4c1e-1f7a-9b0c-1a2b3c4d5e6f",
      "@150",
      "@151",
      "@160",
      "@161",
      "@256"}},
    {"boolean", {"true", "false", "1", "0", " true ", "\n0\n", "TRUE", "yes", "", "2", "01", "tr ue", "False"}},
    {"dateTime",
     {"2026-11-23T12:00:00Z",
      "2026-11-23T12:00:00.5Z",
      "2026-11-23T12:00:00.123456789Z",
      "2026-11-23T24:00:00Z",
      "2024-02-29T00:00:00Z",
      "2026-02-29T00:00:00Z",
      "2026-11-23T12:00:00+01:00",
      "2026-11-23T12:00:00",
      "",
      "2026-11-23",
      "2026-11-23T12:00Z",
      "2026-11-23T25:00:00Z",
      "2026-11-31T12:00:00Z",
      "-0044-03-15T12:00:00Z",
      "12026-11-23T12:00:00Z",
      "0000-01-01T00:00:00Z",
      "2026-13-01T00:00:00Z",
      "2026-11-23t12:00:00z",
      " 2026-11-23T12:00:00Z ",
      "2026-11-23T12:00:60Z",
      "2026-11-23T12:60:00Z",
      "2026-11-23T12:00:00.Z",
      "2026-11-23T12:00:00-14:00",
      "2026-11-23T12:00:00+14:01"}},
    {"date",
     {"2026-11-23", "2026-11-23Z", "2026-11-23+01:00", " 2026-11-23 ", "2024-02-29", "2026-02-29", "2026-1-1", "",
      "2026-11-23T00:00:00", "23-11-2026", "12026-11-23", "-0001-01-01", "0000-01-01", "2026-11-31", "2026-11-23-14:00",
      "2026-11-23+14:30", "20261123"}},
    {"long",
     {"0",
      "1",
      "-1",
      "+7",
      "007",
      "5798000000001",
      "1234567890123",
      "123456789012",
      "12345678901234",
      "1234567890",
      "999999999",
      "9999999999",
      "10000000000",
      "9223372036854775807",
      "9223372036854775808",
      "1.0",
      "1e3",
      "",
      " 42 ",
      "4 2",
      "9999999999999",
      "10000000000000",
      "-0"}},
    {"integer",
     {"0", "1", "-1", "+7", "007", "1234567890123456789012345", "1.0", "1.", "", " 42 ", "0x10", "--1", "2026"}},
    {"int", {"0", "1", "-1", "2147483647", "2147483648", "-2147483648", "1.0", "", " 42 ", "1,5", "2026"}},
    {"decimal", {"0", "1.5", "-1.50", "+.5", "5.", ".", "", "1e5", " 7 ", "1,5", "00.10", "INF", "NaN", "1.1.1", "-"}},
    {"double", {"0", "1.5", "-1.5e10", "INF", "-INF", "NaN", "+INF", "", " 7 ", "1e", "1,5"}},
    {"language",
     {"da", "en", "en-GB", "DA", "i-klingon", "x", "abcdefgh", "abcdefghi", "en_GB", "", " da ", "da-", "-da", "dansk",
      "da-DK-x-lang", "d1", "1d", "ab1-2cd"}},
    {"anyURI",
     {"https://example.test/", "https://example.test/a?b=c&d=e#f", "http://example.test", "", "a b", "::", "%",
      "https://[::1]/", "urn:x:y", "https://example.test/\xc3\xa6", "mailto:a@example.test", "//x", "http://[",
      " https://example.test/ ", "https://exa mple.test/", "javascript:alert(1)", "x{y}", "@256"}},
    {"base64Binary",
     {"QnJldg==",
      "QnJl",
      "QnJldmU=",
      "QnJl dg==",
      "\nQnJl\ndg==\n",
      "QR==",
      "QQ==",
      "QUI=",
      "QUJ=",
      "Q",
      "QQ",
      "QQ=",
      "QUJD=",
      "=",
      "====",
      "Q=Q=",
      "QQ= =",
      "QQ==QQ==",
      "Qn\xc3\xa6",
      "QnJldg",
      "Q!==",
      "  QnJl  dg==  ",
      "",
      "Q Q = ="}},
};
#define POOLS (sizeof pools / sizeof *pools)

static const char *from_pool(struct dice *dice, const struct pool *pool)
{
    unsigned count = 0;

    while (count < TRIED && pool->values[count])
        count++;
    return pool->values[dice_below(dice, count)];
}

/* "@256": as many letters. */
static const char *written_out(const char *value)
{
    static char text[600];
    unsigned size;

    if (sscanf(value, "@%u", &size) != 1 || size >= sizeof text)
        return value;
    memset(text, 'n', size);
    text[size] = '\0';
    return text;
}

/* One character more, less, or another; the bytes stay UTF-8 where they were. */
static const char *edited(struct dice *dice, const char *is)
{
    static char text[600];
    static const char letters[] = "0a9Z -.:+=/\n";
    size_t size = strlen(is), at = size ? dice_below(dice, (unsigned)size) : 0;

    if (size + 2 > sizeof text)
        return "x";
    strcpy(text, is);
    if (size == 0 || (unsigned char)text[at] >= 0x80)
        return strcat(text, "9");
    switch (dice_below(dice, 3)) {
    case 0:
        memmove(text + at, text + at + 1, size - at);
        break;
    case 1:
        memmove(text + at + 1, text + at, size - at + 1);
        text[at] = letters[dice_below(dice, sizeof letters - 1)];
        break;
    default:
        text[at] = letters[dice_below(dice, sizeof letters - 1)];
    }
    return text;
}

const char *value_for(struct dice *dice, const char *base, const char *is)
{
    const struct pool *pool = &pools[0];

    for (size_t i = 0; i < POOLS; i++)
        if (strcmp(pools[i].base, base) == 0)
            pool = &pools[i];
    switch (dice_below(dice, 6)) {
    case 0:
        return written_out(from_pool(dice, &pools[dice_below(dice, POOLS)]));
    case 1:
        return edited(dice, is);
    default:
        return written_out(from_pool(dice, pool));
    }
}
