/* Skeletons: each one's XML again, as far as its frame's check sums tell. */
#include "gateway/store/verify_impl.h"

#define PAGE 200

struct skeletons {
    struct verify *verify;
    struct skeleton_reader *reader;
    struct buffer xml;
    int64_t after; /* the message's seq */
    unsigned rows;
};

static void take_row(struct skeletons *skeletons, struct query *query)
{
    char text[UUID_TEXT_SIZE];
    struct uuid uuid;
    size_t size;
    const void *bytes = query_bytes(query, 2, &size);

    if (!query_uuid(query, 1, &uuid))
        return; /* the query has failed and says so */
    skeletons->after = query_number(query, 0);
    skeletons->rows++;
    if (bytes && skeleton_read(skeletons->reader, bytes, size, &skeletons->xml))
        return;
    uuid_format(&uuid, text);
    verify_found(skeletons->verify, "skeleton", "message %s: its XML cannot be read any more", text);
}

static bool read_page(struct backend *backend, void *state, struct error *error)
{
    struct skeletons *skeletons = state;
    struct query query;

    skeletons->rows = 0;
    if (!query_begin(backend, STMT_VERIFY_XML, &query, error))
        return false;
    query_set_number(&query, ":after", skeletons->after);
    query_set_number(&query, ":most", PAGE);
    while (query_step(&query))
        take_row(skeletons, &query);
    return query_end(&query);
}

bool verify_skeletons(struct verify *verify, struct error *error)
{
    struct skeletons skeletons = {.verify = verify, .reader = skeleton_reader_open()};
    bool ok = skeletons.reader || error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);

    do
        ok = ok && store_read(verify->store, DATABASE_MAIL, read_page, &skeletons, error);
    while (ok && skeletons.rows == PAGE);
    buffer_free(&skeletons.xml);
    skeleton_reader_close(skeletons.reader);
    return ok;
}
