/* A page of a mailbox's messages.
 *
 * Read and unread letters of each folder are runs of one index (migration 0002), each in order. A page takes the first
 * keys of every run that the query names and merges them; only its own messages are read then. So a page costs as much
 * in a mailbox of 100,000 as in one of 1,000. */
#include "gateway/store/messages_impl.h"

#include <stdlib.h>
#include <string.h>

/* ---- keys ---- */

struct message_key message_key_first(bool oldest_first)
{
    return oldest_first ? (struct message_key){INT64_MIN, INT64_MIN} : (struct message_key){INT64_MAX, INT64_MAX};
}

bool message_keys(struct backend *backend, int64_t folder, bool read, bool oldest_first,
                  const struct message_key *after, uint64_t most, struct message_key *keys, size_t *count,
                  struct error *error)
{
    struct query query;

    *count = 0;
    if (!query_begin(backend, oldest_first ? STMT_MESSAGE_OLDEST : STMT_MESSAGE_NEWEST, &query, error))
        return false;
    query_set_number(&query, ":folder", folder);
    query_set_number(&query, ":read", read);
    query_set_number(&query, ":available", after->available);
    query_set_number(&query, ":seq", after->seq);
    query_set_number(&query, ":most", (int64_t)most);
    while (*count < most && query_step(&query))
        keys[(*count)++] = (struct message_key){query_number(&query, 0), query_number(&query, 1)};
    return query_end(&query);
}

static int compare(const void *a, const void *b)
{
    const struct message_key *x = a, *y = b;

    if (x->available != y->available)
        return x->available < y->available ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static int compare_newest(const void *a, const void *b)
{
    return compare(b, a);
}

/* ---- a page ---- */

struct paging {
    const struct message_query *query;
    const struct message_sink *sink;
    struct arena *arena;
    struct message_page *page;
    struct message_key after;
    struct message_key *keys; /* room for twice `wanted` */
    size_t wanted, count;
};

static bool is_asked_for(const struct message_query *query, const struct folder *folder)
{
    return !query->by_folder || uuid_same(&query->folder, &folder->id);
}

static bool wants(const struct message_query *query, bool read)
{
    return query->read == READ_EITHER || query->read == (read ? READ_YES : READ_NO);
}

/* Adds a run, and keeps the first `wanted` of all. */
static bool add_run(struct backend *backend, struct paging *paging, int64_t folder, bool read, struct error *error)
{
    bool oldest_first = paging->query->oldest_first;
    size_t count;

    if (!message_keys(backend, folder, read, oldest_first, &paging->after, paging->wanted, paging->keys + paging->count,
                      &count, error))
        return false;
    paging->count += count;
    if (count)
        qsort(paging->keys, paging->count, sizeof *paging->keys, oldest_first ? compare : compare_newest);
    if (paging->count > paging->wanted)
        paging->count = paging->wanted;
    return true;
}

static bool find_keys(struct backend *backend, struct paging *paging, struct error *error)
{
    const struct message_query *query = paging->query;
    struct folder_rows folders;

    paging->page->total = 0;
    paging->count = 0;
    if (!folder_rows_read(backend, query->owner, &query->mailbox, paging->arena, &folders, error))
        return false;
    for (size_t i = 0; i < folders.count; i++) {
        const struct folder *folder = &folders.rows[i].folder;
        const uint64_t letters[2] = {folder->unread, folder->total - folder->unread};

        if (!is_asked_for(query, folder))
            continue;
        for (int read = 0; read <= 1; read++) {
            if (!letters[read] || !wants(query, read))
                continue;
            paging->page->total += letters[read];
            if (!add_run(backend, paging, folders.rows[i].seq, read, error))
                return false;
        }
    }
    return true;
}

/* Where the page before ended. */
static bool find_position(struct backend *backend, struct paging *paging, struct error *error)
{
    const struct message_query *asked = paging->query;
    struct query query;
    bool found;

    paging->after = message_key_first(asked->oldest_first);
    if (!asked->follows)
        return true;
    if (!query_begin(backend, STMT_MESSAGE_POSITION, &query, error))
        return false;
    query_set_uuid(&query, ":message", &asked->after);
    query_set_number(&query, ":available", asked->after_available);
    query_set_uuid(&query, ":mailbox", &asked->mailbox);
    query_set_text(&query, ":owner", asked->owner);
    found = query_step(&query);
    if (found)
        paging->after = (struct message_key){asked->after_available, query_number(&query, 0)};
    return query_end(&query) && (found || error_set(error, ERROR_PARAMETER_INVALID, "next", "no such message"));
}

static bool read_message(struct query *query, struct message *message)
{
    message->received = query_number(query, 3);
    message->available = query_number(query, 4);
    message->read = query_number(query, 5);
    message->version = query_number(query, 6);
    message->view = query_text(query, 7);
    return query_uuid(query, 0, &message->id) && query_uuid(query, 1, &message->transmission_id)
           && query_uuid(query, 2, &message->folder);
}

static bool show(struct backend *backend, struct paging *paging, int64_t seq, struct error *error)
{
    struct message_page *page = paging->page;
    struct message message;
    struct query query;

    if (!query_begin(backend, STMT_MESSAGE_SHOW, &query, error))
        return false;
    query_set_number(&query, ":seq", seq);
    if (query_step(&query) && read_message(&query, &message)) {
        page->last = message.id;
        page->last_available = message.available;
        page->count++;
        query.failed = !paging->sink->each(paging->sink->state, &message, error);
    }
    return query_end(&query);
}

static bool read_page(struct backend *backend, void *state, struct error *error)
{
    struct paging *paging = state;
    const struct message_query *query = paging->query;
    size_t end = query->skip + query->size;

    paging->page->count = 0;
    if (!paging->sink->begin(paging->sink->state, error) || !find_position(backend, paging, error)
        || !find_keys(backend, paging, error))
        return false;
    paging->page->more = paging->count > end;
    if (end > paging->count)
        end = paging->count;
    for (size_t i = query->skip; i < end; i++)
        if (!show(backend, paging, paging->keys[i].seq, error))
            return false;
    return true;
}

bool messages_list(struct store *store, const struct message_query *query, const struct message_sink *sink,
                   struct arena *arena, struct message_page *page, struct error *error)
{
    struct paging paging = {.query = query, .sink = sink, .arena = arena, .page = page};

    *page = (struct message_page){0};
    paging.wanted = query->skip + query->size + 1;
    paging.keys = arena_alloc(arena, 2 * paging.wanted * sizeof *paging.keys);
    if (!paging.keys)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, "a page of messages");
    return store_read(store, DATABASE_MAIL, read_page, &paging, error);
}

/* ---- one message ---- */

struct fetching {
    const char *owner;
    const struct uuid *mailbox, *id;
    struct arena *arena;
    struct message *message;
};

static bool read_one(struct backend *backend, void *state, struct error *error)
{
    struct fetching *fetching = state;
    struct query query;
    bool found = false;

    if (!query_begin(backend, STMT_MESSAGE_FETCH, &query, error))
        return false;
    query_set_uuid(&query, ":message", fetching->id);
    query_set_uuid(&query, ":mailbox", fetching->mailbox);
    query_set_text(&query, ":owner", fetching->owner);
    if (query_step(&query) && read_message(&query, fetching->message)) {
        found = true;
        fetching->message->view = query_copy(&query, 7, fetching->arena);
    }
    return query_end(&query) && (found || error_set(error, ERROR_NOT_FOUND, NULL, "message"));
}

bool message_fetch(struct store *store, const char *owner, const struct uuid *mailbox, const struct uuid *id,
                   struct arena *arena, struct message *message, struct error *error)
{
    struct fetching fetching = {owner, mailbox, id, arena, message};

    return store_read(store, DATABASE_MAIL, read_one, &fetching, error);
}
