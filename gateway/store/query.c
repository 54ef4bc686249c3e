/* What the queries of every backend have alike. */
#include "gateway/store/store_impl.h"

#include <string.h>

void query_set_uuid(struct query *query, const char *name, const struct uuid *uuid)
{
    query_set_bytes(query, name, uuid ? uuid->bytes : NULL, sizeof uuid->bytes);
}

void query_set_digest(struct query *query, const char *name, const struct digest *digest)
{
    query_set_bytes(query, name, digest ? digest->bytes : NULL, DIGEST_SIZE);
}

static bool fixed(struct query *query, int column, void *out, size_t room)
{
    size_t size;
    const void *bytes = query_bytes(query, column, &size);

    if (bytes && size == room) {
        memcpy(out, bytes, size);
        return true;
    }
    memset(out, 0, room);
    query->failed = true;
    return error_set(query->error, ERROR_STORE_CORRUPT, NULL, "a column has %zu bytes instead of %zu", size, room);
}

bool query_uuid(struct query *query, int column, struct uuid *uuid)
{
    return fixed(query, column, uuid->bytes, sizeof uuid->bytes);
}

bool query_digest(struct query *query, int column, struct digest *digest)
{
    return fixed(query, column, digest->bytes, DIGEST_SIZE);
}

const char *query_copy(struct query *query, int column, struct arena *arena)
{
    const char *text = query_text(query, column);
    const char *copy = text ? arena_text(arena, text) : NULL;

    if (text && !copy) {
        query->failed = true;
        error_set(query->error, ERROR_OUT_OF_MEMORY, NULL, "a text of the store");
    }
    return copy;
}
