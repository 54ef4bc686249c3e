/* Flat bytes for messages between our own processes: fixed-width little-endian numbers and counted strings.
 * The reading side trusts nothing: any length beyond the end sets `bad` and every later read gives nought. */
#ifndef GATEWAY_BASE_PACK_H
#define GATEWAY_BASE_PACK_H

#include "gateway/base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packer {
    struct buffer *buffer;
    bool full; /* something did not fit; what was packed is useless */
};

void pack_u8(struct packer *packer, uint8_t number);
void pack_u32(struct packer *packer, uint32_t number);
void pack_u64(struct packer *packer, uint64_t number);
void pack_fixed(struct packer *packer, const void *bytes, size_t size);
/* NULL is kept apart from the empty string. */
void pack_text(struct packer *packer, const char *text);
void pack_bytes(struct packer *packer, const void *bytes, size_t size);

struct unpacker {
    const unsigned char *at, *end;
    bool bad;
};

uint8_t unpack_u8(struct unpacker *unpacker);
uint32_t unpack_u32(struct unpacker *unpacker);
uint64_t unpack_u64(struct unpacker *unpacker);
void unpack_fixed(struct unpacker *unpacker, void *out, size_t size);
/* Points into the packed bytes, which hold the NUL; NULL if NULL was packed, or bad. */
const char *unpack_text(struct unpacker *unpacker);
const void *unpack_bytes(struct unpacker *unpacker, size_t *size);
/* True when everything was read, nothing is left over and nothing was bad. */
bool unpack_done(const struct unpacker *unpacker);

#endif
