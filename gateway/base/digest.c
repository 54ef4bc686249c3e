#include "gateway/base/digest.h"

#include "gateway/base/text.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

struct digest_stream {
    EVP_MD_CTX *context;
    EVP_MD *sha256; /* fetched once: looking it up by name costs more than hashing a kilobyte */
};

struct digest_stream *digest_open(void)
{
    struct digest_stream *stream = calloc(1, sizeof *stream);

    if (!stream)
        return NULL;
    stream->context = EVP_MD_CTX_new();
    stream->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (stream->context && stream->sha256)
        return stream;
    digest_close(stream);
    return NULL;
}

bool digest_start(struct digest_stream *stream)
{
    return EVP_DigestInit_ex(stream->context, stream->sha256, NULL) == 1;
}

bool digest_add(struct digest_stream *stream, const void *bytes, size_t size)
{
    return EVP_DigestUpdate(stream->context, bytes, size) == 1;
}

bool digest_finish(struct digest_stream *stream, struct digest *digest)
{
    return EVP_DigestFinal_ex(stream->context, digest->bytes, NULL) == 1;
}

void digest_close(struct digest_stream *stream)
{
    if (!stream)
        return;
    EVP_MD_CTX_free(stream->context);
    EVP_MD_free(stream->sha256);
    free(stream);
}

bool digest_of(const void *bytes, size_t size, struct digest *digest)
{
    static struct digest_stream *stream; /* for as long as the process lives, which has one thread */

    if (!stream)
        stream = digest_open();
    return stream && digest_start(stream) && digest_add(stream, bytes, size) && digest_finish(stream, digest);
}

void digest_format(const struct digest *digest, char out[DIGEST_HEX_SIZE])
{
    text_to_hex(digest->bytes, sizeof digest->bytes, out);
}

bool digest_parse(const char *hex, struct digest *digest)
{
    return strnlen(hex, DIGEST_HEX_SIZE) == 2 * DIGEST_SIZE && text_from_hex(hex, digest->bytes, DIGEST_SIZE);
}

bool digest_same(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}
