#include "gateway/base/pack.h"

#include <string.h>

#define NO_BYTES UINT32_MAX /* the length that stands for NULL */

void pack_fixed(struct packer *packer, const void *bytes, size_t size)
{
    if (!packer->full && !buffer_add(packer->buffer, bytes, size))
        packer->full = true;
}

void pack_u8(struct packer *packer, uint8_t number)
{
    pack_fixed(packer, &number, 1);
}

void pack_u32(struct packer *packer, uint32_t number)
{
    unsigned char bytes[4];

    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    pack_fixed(packer, bytes, sizeof bytes);
}

void pack_u64(struct packer *packer, uint64_t number)
{
    pack_u32(packer, (uint32_t)number);
    pack_u32(packer, (uint32_t)(number >> 32));
}

void pack_bytes(struct packer *packer, const void *bytes, size_t size)
{
    if (!bytes) {
        pack_u32(packer, NO_BYTES);
        return;
    }
    if (size >= NO_BYTES) {
        packer->full = true;
        return;
    }
    pack_u32(packer, (uint32_t)size);
    pack_fixed(packer, bytes, size);
}

void pack_text(struct packer *packer, const char *text)
{
    pack_bytes(packer, text, text ? strlen(text) + 1 : 0);
}

static const unsigned char *unpack_run(struct unpacker *unpacker, size_t size)
{
    const unsigned char *at = unpacker->at;

    if (unpacker->bad || size > (size_t)(unpacker->end - at)) {
        unpacker->bad = true;
        return NULL;
    }
    unpacker->at += size;
    return at;
}

uint8_t unpack_u8(struct unpacker *unpacker)
{
    const unsigned char *at = unpack_run(unpacker, 1);

    return at ? *at : 0;
}

uint32_t unpack_u32(struct unpacker *unpacker)
{
    const unsigned char *at = unpack_run(unpacker, 4);

    return at ? (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24 : 0;
}

uint64_t unpack_u64(struct unpacker *unpacker)
{
    uint64_t low = unpack_u32(unpacker);

    return low | (uint64_t)unpack_u32(unpacker) << 32;
}

void unpack_fixed(struct unpacker *unpacker, void *out, size_t size)
{
    const unsigned char *at = unpack_run(unpacker, size);

    if (at)
        memcpy(out, at, size);
    else
        memset(out, 0, size);
}

const void *unpack_bytes(struct unpacker *unpacker, size_t *size)
{
    uint32_t length = unpack_u32(unpacker);

    *size = 0;
    if (unpacker->bad || length == NO_BYTES)
        return NULL;
    const void *at = unpack_run(unpacker, length);

    if (at)
        *size = length;
    return at;
}

const char *unpack_text(struct unpacker *unpacker)
{
    size_t size;
    const char *text = unpack_bytes(unpacker, &size);

    if (!text)
        return NULL;
    if (!size || strnlen(text, size) != size - 1) {
        unpacker->bad = true;
        return NULL;
    }
    return text;
}

bool unpack_done(const struct unpacker *unpacker)
{
    return !unpacker->bad && unpacker->at == unpacker->end;
}
