#include "gateway/base/ids.h"

#include "gateway/base/text.h"

#include <string.h>
#include <sys/random.h>

#define TIME_BYTES 6 /* of version 7 */

static void set_version(struct uuid *uuid, unsigned version)
{
    uuid->bytes[6] = (unsigned char)((uuid->bytes[6] & 0x0f) | version << 4);
    uuid->bytes[8] = (unsigned char)((uuid->bytes[8] & 0x3f) | 0x80);
}

bool uuid_random(struct uuid *uuid)
{
    /* so few bytes come whole, and never wait once the machine has started */
    if (getrandom(uuid->bytes, sizeof uuid->bytes, 0) != sizeof uuid->bytes)
        return false;
    set_version(uuid, 4);
    return true;
}

bool uuid_draw(struct uuid_source *source, struct uuid *uuid)
{
    if (!source->left) {
        /* more than 256 bytes may come in part, when a signal interrupts */
        for (size_t i = 0; i < UUIDS_AHEAD; i += 16)
            if (getrandom(source->bytes[i], 256, 0) != 256)
                return false;
        source->left = UUIDS_AHEAD;
    }
    memcpy(uuid->bytes, source->bytes[--source->left], sizeof uuid->bytes);
    set_version(uuid, 4);
    return true;
}

void uuid_order(struct uuid *uuid, int64_t time)
{
    for (int i = 0; i < TIME_BYTES; i++)
        uuid->bytes[i] = (unsigned char)((uint64_t)time >> 8 * (TIME_BYTES - 1 - i));
    set_version(uuid, 7);
}

bool uuid_parse(const char *text, struct uuid *uuid)
{
    static const unsigned char starts[] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

    if (strnlen(text, UUID_TEXT_SIZE) != UUID_TEXT_SIZE - 1)
        return false;
    if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
        return false;
    for (size_t i = 0; i < sizeof starts; i++)
        if (!text_from_hex(text + starts[i], uuid->bytes + i, 1))
            return false;
    return true;
}

bool uuid_parse_v4(const char *text, struct uuid *uuid)
{
    return uuid_parse(text, uuid) && uuid->bytes[6] >> 4 == 4 && uuid->bytes[8] >> 6 == 2;
}

void uuid_format(const struct uuid *uuid, char out[UUID_TEXT_SIZE])
{
    char hex[33];

    text_to_hex(uuid->bytes, sizeof uuid->bytes, hex);
    for (size_t i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            *out++ = '-';
        *out++ = hex[i];
    }
    *out = '\0';
}

bool uuid_same(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
