#include "handlers/reader/reader_impl.h"

#include <stdio.h>
#include <string.h>

#include "gateway/base/text.h"

/* ---- where a list goes on ---- */

#define NEXT_BYTES 44 /* page 4, time 8, message 16, check 16 */
#define CHECKED 16

static void put(unsigned char *at, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (unsigned char)(number >> (8 * (bytes - 1 - i)));
}

static uint64_t get(const unsigned char *at, int bytes)
{
    uint64_t number = 0;

    for (int i = 0; i < bytes; i++)
        number = number << 8 | at[i];
    return number;
}

/* A place in one list is none in another. Who computes this anew gets a place in a list of the own mailbox, for the
 * store asks for the owner all the same: so it takes no key. */
static void add_check(unsigned char next[NEXT_BYTES], const struct message_query *query)
{
    unsigned char text[28 + 16 + 16 + 3];
    struct digest digest;

    memcpy(text, next, 28);
    memcpy(text + 28, query->mailbox.bytes, 16);
    memcpy(text + 44, query->folder.bytes, 16);
    text[60] = query->by_folder;
    text[61] = (unsigned char)query->read;
    text[62] = query->oldest_first;
    digest_of(text, sizeof text, &digest);
    memcpy(next + 28, digest.bytes, CHECKED);
}

void next_write(const struct message_query *query, const struct message_page *page, uint64_t number,
                char out[NEXT_TEXT_SIZE])
{
    unsigned char next[NEXT_BYTES];

    put(next, number, 4);
    put(next + 4, (uint64_t)page->last_available, 8);
    memcpy(next + 12, page->last.bytes, 16);
    add_check(next, query);
    text_to_base64url(next, NEXT_BYTES, out);
}

bool next_read(const char *text, struct message_query *query, uint64_t *number)
{
    unsigned char next[NEXT_BYTES], again[NEXT_BYTES];

    if (text_from_base64url(text, strnlen(text, NEXT_TEXT_SIZE), next, sizeof next) != NEXT_BYTES)
        return false;
    memcpy(again, next, NEXT_BYTES);
    add_check(again, query);
    if (memcmp(again, next, NEXT_BYTES) != 0)
        return false;
    *number = get(next, 4);
    query->follows = true;
    query->after_available = (int64_t)get(next + 4, 8);
    memcpy(query->after.bytes, next + 12, 16);
    return true;
}

/* ---- the query ---- */

static bool take_folder(struct request *rq, struct message_query *query)
{
    const char *value = request_parameter(rq, "folderId");

    query->by_folder = value != NULL;
    return !value || uuid_parse(value, &query->folder)
           || error_set(&rq->error, ERROR_PARAMETER_INVALID, "folderId", "not a UUID");
}

static bool take_read(struct request *rq, struct message_query *query)
{
    const char *value = request_parameter(rq, "read");

    if (!value)
        return true;
    query->read = strcmp(value, "true") == 0 ? READ_YES : READ_NO;
    return query->read == READ_YES || strcmp(value, "false") == 0
           || error_set(&rq->error, ERROR_PARAMETER_INVALID, "read", "neither true nor false");
}

static bool take_order(struct request *rq, struct message_query *query)
{
    static const char *const fields[] = {"receivedDateTime", NULL};
    bool descending = true;
    size_t field;

    if (!reader_sort(rq, fields, &field, &descending))
        return false;
    query->oldest_first = !descending;
    return true;
}

/* With `next`, `page` says nothing. */
static bool take_place(struct request *rq, struct message_query *query, struct page *page)
{
    const char *next = request_parameter(rq, "next");

    if (!(next ? request_page_size(rq, page) : request_page(rq, page)))
        return false;
    query->size = page->size;
    query->skip = next ? 0 : page->page * page->size;
    return !next || next_read(next, query, &page->page)
           || error_set(&rq->error, ERROR_PARAMETER_INVALID, "next", "not of this list");
}

static bool take_query(struct request *rq, struct message_query *query, struct page *page)
{
    static const char *const known[] = {"folderId", "read", "page", "size", "next", "sortFields", NULL};
    struct uuid ids[ENDPOINT_ARGUMENTS];

    if (!request_parameters_known(rq, known) || !reader_ids(rq, ids))
        return false;
    *query = (struct message_query){.owner = reader_owner(rq), .mailbox = ids[ID_MAILBOX]};
    return take_folder(rq, query) && take_read(rq, query) && take_order(rq, query) && take_place(rq, query, page);
}

/* ---- the answer ---- */

/* The messages are written while they are read, behind nothing; what comes before them is known afterwards. */
struct writing {
    struct buffer messages;
    const struct uuid *mailbox;
};

static bool begin(void *state, struct error *error)
{
    struct writing *writing = state;

    (void)error;
    buffer_clear(&writing->messages);
    return true;
}

static bool add_message(void *state, const struct message *message, struct error *error)
{
    struct writing *writing = state;

    return ((!writing->messages.size || buffer_add_text(&writing->messages, ","))
            && message_json(message, writing->mailbox, &writing->messages))
           || error_set(error, ERROR_PAGE_TOO_LARGE, "size", "of bytes");
}

/* In three pieces, so that the messages are not copied once more. */
static bool send(struct request *rq, const struct message_query *query, const struct page *page,
                 const struct message_page *found, const struct buffer *messages)
{
    static const char end[] = "]}";
    struct buffer head = {.limit = 4096};
    char next[NEXT_TEXT_SIZE];
    struct reader_list list = {
        .page = page->page, .size = page->size, .elements = found->count, .total = found->total, .name = "messages"};
    bool ok;

    if (found->more) {
        next_write(query, found, page->page + 1, next);
        list.next = next;
    }
    ok = reader_list_begin(&head, &list) || error_set(&rq->error, ERROR_OUT_OF_MEMORY, "", NULL);
    if (ok && respond_begin(rq, 200, "application/json", NULL, head.size + messages->size + sizeof end - 1)
        && respond_more(rq, head.data, head.size) && respond_more(rq, messages->data, messages->size))
        respond_more(rq, end, sizeof end - 1);
    buffer_free(&head);
    return ok;
}

bool list_messages(struct request *rq)
{
    struct message_query query;
    struct message_page found;
    struct page page;
    struct writing writing = {.messages.limit = READER_JSON_MAX, .mailbox = &query.mailbox};
    struct message_sink sink = {begin, add_message, &writing};
    bool ok;

    if (!take_query(rq, &query, &page))
        return false;
    ok = messages_list(rq->service->store, &query, &sink, rq->arena, &found, &rq->error)
         && send(rq, &query, &page, &found, &writing.messages);
    buffer_free(&writing.messages);
    return ok;
}
