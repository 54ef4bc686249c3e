#include "gateway/store/store_impl.h"

/* Fills `receipt` from the columns that the receipt statements have first. */
static bool receipt_read(struct query *query, struct arena *arena, struct receipt *receipt)
{
    *receipt = (struct receipt){.time = query_number(query, 6), .status = (enum receipt_status)query_number(query, 7)};
    if (!query_uuid(query, 0, &receipt->id) || !query_uuid(query, 1, &receipt->transmission_id)
        || !query_uuid(query, 2, &receipt->message_uuid))
        return false;
    receipt->message_id = query_copy(query, 3, arena);
    receipt->error_code = query_copy(query, 4, arena);
    receipt->error_message = query_copy(query, 5, arena);
    return !query->failed;
}

/* ---- the list ---- */

struct listing {
    const struct uuid *system;
    uint64_t page, size;
    struct arena *arena;
    struct receipt *receipts;
    size_t count;
    uint64_t total;
};

static bool find_total(struct backend *backend, struct listing *listing, int64_t *sender, struct error *error)
{
    struct query query;

    *sender = 0;
    listing->total = 0;
    if (!query_begin(backend, STMT_SENDER_FIND, &query, error))
        return false;
    query_set_uuid(&query, ":system", listing->system);
    if (query_step(&query)) {
        *sender = query_number(&query, 0);
        listing->total = (uint64_t)query_number(&query, 1);
    }
    return query_end(&query);
}

static bool read_list(struct backend *backend, void *state, struct error *error)
{
    struct listing *listing = state;
    struct query query;
    int64_t sender;
    uint64_t skip = listing->page * listing->size, rows;

    listing->count = 0;
    listing->receipts = NULL;
    if (!find_total(backend, listing, &sender, error))
        return false;
    rows = listing->total > skip ? listing->total - skip : 0;
    if (rows > listing->size)
        rows = listing->size;
    if (!rows)
        return true;
    listing->receipts = arena_alloc(listing->arena, rows * sizeof *listing->receipts);
    if (!listing->receipts)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, "a list of receipts");
    if (!query_begin(backend, STMT_RECEIPT_LIST, &query, error))
        return false;
    query_set_number(&query, ":sender", sender);
    query_set_number(&query, ":size", (int64_t)rows);
    query_set_number(&query, ":skip", (int64_t)skip);
    while (listing->count < rows && query_step(&query)
           && receipt_read(&query, listing->arena, &listing->receipts[listing->count]))
        listing->count++;
    return query_end(&query);
}

bool receipts_list(struct store *store, const struct uuid *system, uint64_t page, uint64_t size, struct arena *arena,
                   struct receipt **receipts, size_t *count, uint64_t *total, struct error *error)
{
    struct listing listing = {.system = system, .page = page, .size = size, .arena = arena};

    if (size > UINT32_MAX || page > UINT32_MAX)
        return error_set(error, ERROR_PAGE_TOO_DEEP, NULL, NULL);
    if (!store_read(store, DATABASE_MAIL, read_list, &listing, error))
        return false;
    *receipts = listing.receipts;
    *count = listing.count;
    *total = listing.total;
    return true;
}

/* ---- one ---- */

struct fetching {
    const struct uuid *system, *id;
    int64_t now, grace;
    struct arena *arena;
    struct receipt *receipt;
};

static bool read_one(struct backend *backend, void *state, struct error *error)
{
    struct fetching *fetching = state;
    struct query query;
    bool found = false;

    if (!query_begin(backend, STMT_RECEIPT_FETCH, &query, error))
        return false;
    query_set_uuid(&query, ":id", fetching->id);
    query_set_uuid(&query, ":system", fetching->system);
    if (query_step(&query) && receipt_read(&query, fetching->arena, fetching->receipt))
        found = query_is_null(&query, 8) || fetching->now - query_number(&query, 8) < fetching->grace;
    return query_end(&query) && (found || error_set(error, ERROR_NOT_FOUND, NULL, "receipt"));
}

bool receipts_fetch(struct store *store, const struct uuid *system, const struct uuid *id, int64_t now, int64_t grace,
                    struct arena *arena, struct receipt *receipt, struct error *error)
{
    struct fetching fetching = {system, id, now, grace, arena, receipt};

    return store_read(store, DATABASE_MAIL, read_one, &fetching, error);
}

/* ---- deleting ---- */

bool receipts_delete(struct store *store, const struct uuid *system, const struct uuid *id, int64_t now,
                     struct error *error)
{
    struct packer *packer = change_begin(store, VERB_RECEIPT_DELETE, system);
    struct unpacker answer;

    pack_fixed(packer, system->bytes, sizeof system->bytes);
    pack_fixed(packer, id->bytes, sizeof id->bytes);
    pack_u64(packer, (uint64_t)now);
    return change_ask(store, &answer, error);
}

static bool mark_deleted(struct change *change, int64_t seq, int64_t sender, int64_t now, struct error *error)
{
    struct query query;
    uint64_t rows = 0;

    if (!query_begin(change->backend, STMT_RECEIPT_DELETE, &query, error))
        return false;
    query_set_number(&query, ":seq", seq);
    query_set_number(&query, ":now", now);
    if (!query_run(&query, &rows) || !query_begin(change->backend, STMT_SENDER_COUNT, &query, error))
        return false;
    query_set_number(&query, ":seq", sender);
    query_set_number(&query, ":change", -(int64_t)rows);
    return query_run(&query, NULL);
}

bool receipt_delete_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    struct uuid system, id;
    struct query query;
    int64_t seq = 0, sender = 0;
    bool waiting = false;

    (void)out;
    unpack_fixed(in, system.bytes, sizeof system.bytes);
    unpack_fixed(in, id.bytes, sizeof id.bytes);
    uint64_t now = unpack_u64(in);

    if (!unpack_done(in) || now > INT64_MAX)
        return error_set(error, ERROR_CHANGE_MALFORMED, "receipt_delete", NULL);
    if (!query_begin(change->backend, STMT_RECEIPT_FIND, &query, error))
        return false;
    query_set_uuid(&query, ":id", &id);
    query_set_uuid(&query, ":system", &system);
    if (query_step(&query)) {
        seq = query_number(&query, 0);
        sender = query_number(&query, 1);
        waiting = query_number(&query, 2);
    }
    if (!query_end(&query))
        return false;
    if (!seq)
        return error_set(error, ERROR_NOT_FOUND, NULL, "receipt");
    return !waiting || mark_deleted(change, seq, sender, (int64_t)now, error);
}
