/* Contents come into the store: kept once under their digest, however many letters have them. */
#include "gateway/store/accept_impl.h"

/* *there: it is kept already, and one more letter has it now. */
static bool count_again(struct change *change, const struct kept_content *content, bool *there, struct error *error)
{
    struct query query;
    uint64_t rows = 0;

    if (!query_begin(change->backend, STMT_CONTENT_COUNT, &query, error))
        return false;
    query_set_digest(&query, ":digest", &content->digest);
    if (!query_run(&query, &rows))
        return false;
    *there = rows != 0;
    return true;
}

/* Where a kept content is a file, a new copy in the spool takes the place of a file that was lost; where it lies in the
 * database, the copy is not needed. */
static bool take_copy(struct change *change, const struct kept_content *content, struct error *error)
{
    struct query query;
    bool is_file = false;
    int64_t size = -1;

    if (!content->spool_name)
        return true;
    if (!query_begin(change->backend, STMT_CONTENT_FIND, &query, error))
        return false;
    query_set_digest(&query, ":digest", &content->digest);
    if (query_step(&query)) {
        size = query_number(&query, 0);
        is_file = query_number(&query, 1);
    }
    if (!query_end(&query))
        return false;
    if (size != (int64_t)content->size)
        return error_set(error, ERROR_CHANGE_MALFORMED, "accept", "a content's size");
    if (is_file)
        return keeper_take(change->keeper, &content->digest, content->size, content->spool_name, error);
    keeper_drop(change->keeper, content->spool_name);
    return true;
}

static bool digest_holds(struct change *change, const struct kept_content *content, struct error *error)
{
    struct digest digest;

    if (!digest_start(change->digests) || !digest_add(change->digests, content->bytes, (size_t)content->size)
        || !digest_finish(change->digests, &digest))
        return error_set(error, ERROR_INTERNAL, NULL, "digest of a content");
    return digest_same(&digest, &content->digest)
           || error_set(error, ERROR_CHANGE_MALFORMED, "accept", "a content's digest");
}

static bool add_bytes(struct change *change, const struct kept_content *content, int64_t *seq, struct error *error)
{
    struct query query;

    if (!query_begin(change->backend, STMT_CONTENT_BYTES_ADD, &query, error))
        return false;
    query_set_bytes(&query, ":bytes", content->bytes, (size_t)content->size);
    if (!query_run(&query, NULL))
        return false;
    *seq = query_last_id(change->backend);
    return true;
}

static bool add_row(struct change *change, const struct kept_content *content, int64_t bytes, struct error *error)
{
    struct query query;

    if (!query_begin(change->backend, STMT_CONTENT_ADD, &query, error))
        return false;
    query_set_digest(&query, ":digest", &content->digest);
    query_set_number(&query, ":size", (int64_t)content->size);
    query_set_number(&query, ":since", change->now);
    if (bytes)
        query_set_number(&query, ":bytes", bytes);
    if (!query_run(&query, NULL))
        return false;
    change->book->totals[TOTAL_CONTENTS]++;
    change->book->totals[TOTAL_CONTENT_BYTES] += (int64_t)content->size;
    return true;
}

bool content_keep(struct change *change, const struct kept_content *content, struct error *error)
{
    bool there = false;
    int64_t bytes = 0;

    if (content->bytes && !digest_holds(change, content, error))
        return false;
    if (!count_again(change, content, &there, error))
        return false;
    if (there)
        return take_copy(change, content, error);
    if (content->bytes ? !add_bytes(change, content, &bytes, error)
                       : !keeper_take(change->keeper, &content->digest, content->size, content->spool_name, error))
        return false;
    return add_row(change, content, bytes, error);
}
