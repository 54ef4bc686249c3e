#include "gateway/store/messages_impl.h"

#include <string.h>

#define ROWS_FIRST 16

const char *folder_type_name(enum folder_type type)
{
    static const char *const names[FOLDER_TYPE_COUNT] = {
        [FOLDER_USER_DEFINED] = "USER_DEFINED",
        [FOLDER_INBOX] = "INBOX",
        [FOLDER_DRAFTS] = "DRAFTS",
        [FOLDER_SENT] = "SENT",
        [FOLDER_DELETED] = "DELETED",
    };

    return names[type];
}

static bool read_row(struct query *query, struct arena *arena, struct folder_row *row)
{
    struct folder *folder = &row->folder;
    int64_t type = query_number(query, 3);

    *row = (struct folder_row){.seq = query_number(query, 0)};
    folder->type = type > 0 && type < FOLDER_TYPE_COUNT ? (enum folder_type)type : FOLDER_USER_DEFINED;
    folder->name = query_copy(query, 4, arena);
    folder->total = (uint64_t)query_number(query, 5);
    folder->unread = (uint64_t)query_number(query, 6);
    folder->created = query_number(query, 7);
    folder->version = query_number(query, 8);
    return query_uuid(query, 1, &folder->id) && (query_is_null(query, 2) || query_uuid(query, 2, &folder->parent))
           && !query->failed;
}

/* Room for one more; an arena's memory is not given back, so it grows by doubling. */
static bool make_room(struct arena *arena, struct folder_rows *folders, size_t *room, struct error *error)
{
    size_t wanted = *room ? *room * 2 : ROWS_FIRST;
    struct folder_row *rows;

    if (folders->count < *room)
        return true;
    rows = arena_alloc(arena, wanted * sizeof *rows);
    if (!rows)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, "folders");
    if (folders->count)
        memcpy(rows, folders->rows, folders->count * sizeof *rows);
    folders->rows = rows;
    *room = wanted;
    return true;
}

bool folder_rows_read(struct backend *backend, const char *owner, const struct uuid *mailbox, struct arena *arena,
                      struct folder_rows *folders, struct error *error)
{
    struct query query;
    size_t room = 0;

    *folders = (struct folder_rows){0};
    if (!query_begin(backend, STMT_FOLDER_LIST, &query, error))
        return false;
    query_set_uuid(&query, ":mailbox", mailbox);
    query_set_text(&query, ":owner", owner);
    while (query_step(&query)) {
        if (!make_room(arena, folders, &room, error))
            query.failed = true;
        if (query.failed || !read_row(&query, arena, &folders->rows[folders->count]))
            break;
        folders->count++;
    }
    /* A mailbox comes with its folders, so one that has none is none. */
    return query_end(&query) && (folders->count || error_set(error, ERROR_NOT_FOUND, NULL, "mailbox"));
}

/* ---- the verb ---- */

struct listing {
    const char *owner;
    const struct uuid *mailbox;
    struct arena *arena;
    struct folder *folders;
    size_t count;
};

static bool find_latest(struct backend *backend, int64_t seq, int64_t *latest, struct error *error)
{
    struct message_key first = message_key_first(false), key;
    size_t count;

    *latest = 0;
    for (int read = 0; read <= 1; read++) {
        if (!message_keys(backend, seq, read, false, &first, 1, &key, &count, error))
            return false;
        if (count && key.available > *latest)
            *latest = key.available;
    }
    return true;
}

static bool read_folders(struct backend *backend, void *state, struct error *error)
{
    struct listing *listing = state;
    struct folder_rows rows;

    if (!folder_rows_read(backend, listing->owner, listing->mailbox, listing->arena, &rows, error))
        return false;
    listing->count = rows.count;
    listing->folders = arena_alloc(listing->arena, rows.count * sizeof *listing->folders);
    if (!listing->folders)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, "folders");
    for (size_t i = 0; i < rows.count; i++) {
        listing->folders[i] = rows.rows[i].folder;
        if (!find_latest(backend, rows.rows[i].seq, &listing->folders[i].latest, error))
            return false;
    }
    return true;
}

bool folders_list(struct store *store, const char *owner, const struct uuid *mailbox, struct arena *arena,
                  struct folder **folders, size_t *count, struct error *error)
{
    struct listing listing = {.owner = owner, .mailbox = mailbox, .arena = arena};

    if (!store_read(store, DATABASE_MAIL, read_folders, &listing, error))
        return false;
    *folders = listing.folders;
    *count = listing.count;
    return true;
}
