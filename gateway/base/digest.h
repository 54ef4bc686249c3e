/* SHA-256, of a whole and of a stream. */
#ifndef GATEWAY_BASE_DIGEST_H
#define GATEWAY_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_SIZE 32
#define DIGEST_HEX_SIZE 65

struct digest {
    unsigned char bytes[DIGEST_SIZE];
};

struct digest_stream;

/* NULL: no memory. One stream serves many digests, one after the other. */
struct digest_stream *digest_open(void);
bool digest_start(struct digest_stream *stream);
bool digest_add(struct digest_stream *stream, const void *bytes, size_t size);
bool digest_finish(struct digest_stream *stream, struct digest *digest);
void digest_close(struct digest_stream *stream);

/* False only when OpenSSL fails, or without memory at the first call. Not for several threads at once. */
bool digest_of(const void *bytes, size_t size, struct digest *digest);

void digest_format(const struct digest *digest, char out[DIGEST_HEX_SIZE]);
bool digest_parse(const char *hex, struct digest *digest);
bool digest_same(const struct digest *a, const struct digest *b);

#endif
