#include "handlers/receipt/receipt.h"

static bool add_body(const struct receipt *receipt, struct arena *arena, struct parcel *parcel, struct error *error)
{
    struct buffer json = {.limit = RECEIPT_JSON_MAX};

    if (receipt_object(receipt, &json)) {
        parcel->body = arena_copy(arena, json.data, json.size);
        parcel->size = json.size;
    }
    buffer_free(&json);
    return parcel->body || error_set(error, ERROR_OUT_OF_MEMORY, NULL, "a receipt");
}

bool push_receipt(struct store *store, const struct job *job, int64_t now, struct arena *arena, struct parcel *parcel,
                  struct error *error)
{
    struct receipt receipt;

    if (!registry_receipt_endpoint(store, &job->target, now, arena, &parcel->url, error))
        return false;
    if (!parcel->url)
        return error_set(error, ERROR_NOT_FOUND, NULL, "the system has no receipt endpoint now");
    return receipts_fetch(store, &job->target, &job->subject, now, INT64_MAX, arena, &receipt, error)
           && add_body(&receipt, arena, parcel, error);
}
