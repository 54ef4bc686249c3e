/* Identifiers: UUIDs in 16 bytes. Outward ids are random (version 4), a receipt's begins with its time (version 7). */
#ifndef GATEWAY_BASE_IDS_H
#define GATEWAY_BASE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_TEXT_SIZE 37 /* 36 characters and the NUL */

struct uuid {
    unsigned char bytes[16];
};

/* A random UUID of version 4. False: the machine gave no randomness. */
bool uuid_random(struct uuid *uuid);

/* Randomness fetched ahead, for who needs many: one call of the kernel for UUIDS_AHEAD of them. Zero-initialise after
 * the fork; each is handed out once. */
#define UUIDS_AHEAD 64
struct uuid_source {
    unsigned char bytes[UUIDS_AHEAD][16];
    unsigned left;
};
bool uuid_draw(struct uuid_source *source, struct uuid *uuid);

/* Makes a random UUID one of version 7 (RFC 9562, 5.7): its first 48 bits become `time`, milliseconds since 1970, UTC, 74
 * stay random. For ids under which rows are found later: those of one second stand side by side in an index, where random
 * ones would each touch a page of their own. */
void uuid_order(struct uuid *uuid, int64_t time);

/* 8-4-4-4-12 hex digits of either case, any version; `text` NUL-terminated. */
bool uuid_parse(const char *text, struct uuid *uuid);

/* The same, and the version must be 4 and the variant RFC 4122's. */
bool uuid_parse_v4(const char *text, struct uuid *uuid);

/* Lower case. */
void uuid_format(const struct uuid *uuid, char out[UUID_TEXT_SIZE]);

bool uuid_same(const struct uuid *a, const struct uuid *b);

#endif
