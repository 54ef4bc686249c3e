/* A letter's file, found for its owner, and its content, read by offset and length however it is kept. */
#include "gateway/store/store_impl.h"

#include <stdlib.h>
#include <string.h>

/* ---- the file ---- */

struct finding_file {
    const struct file_query *asked;
    struct arena *arena;
    struct message_file *found;
};

static void read_columns(struct query *query, struct arena *arena, struct message_file *found)
{
    query_digest(query, 0, &found->digest);
    found->size = (uint64_t)query_number(query, 1);
    found->filename = query_copy(query, 2, arena);
    found->format = query_copy(query, 3, arena);
    found->bytes = query_is_null(query, 4) ? 0 : query_number(query, 4);
    found->opened = query_is_null(query, 5) ? 0 : query_number(query, 5);
}

static bool read_file(struct backend *backend, void *state, struct error *error)
{
    struct finding_file *finding = state;
    const struct file_query *asked = finding->asked;
    struct query query;
    bool there;

    if (!query_begin(backend, STMT_MESSAGE_FILE, &query, error))
        return false;
    query_set_text(&query, ":owner", asked->owner);
    query_set_uuid(&query, ":mailbox", &asked->mailbox);
    query_set_uuid(&query, ":message", &asked->message);
    query_set_uuid(&query, ":document", &asked->document);
    query_set_uuid(&query, ":file", &asked->file);
    query_set_uuid(&query, ":identity", &asked->identity);
    there = query_step(&query);
    if (there)
        read_columns(&query, finding->arena, finding->found);
    return query_end(&query) && (there || error_set(error, ERROR_NOT_FOUND, NULL, "file"));
}

bool message_file(struct store *store, const struct file_query *query, struct arena *arena, struct message_file *found,
                  struct error *error)
{
    struct finding_file finding = {query, arena, found};

    return store_read(store, DATABASE_MAIL, read_file, &finding, error);
}

/* ---- the content ---- */

struct content_reading {
    uint64_t size;
    int64_t bytes; /* as in struct message_file */
    char *inline_bytes;
    struct content_file file; /* where it is none of the database's */
};

static bool read_bytes(struct backend *backend, void *state, struct error *error)
{
    struct content_reading *reading = state;
    struct query query;
    bool fits = false;

    if (!query_begin(backend, STMT_CONTENT_BYTES, &query, error))
        return false;
    query_set_number(&query, ":seq", reading->bytes);
    if (query_step(&query)) {
        size_t size;
        const void *bytes = query_bytes(&query, 0, &size);

        fits = size == reading->size;
        if (fits && size)
            memcpy(reading->inline_bytes, bytes, size);
    }
    return query_end(&query) && (fits || error_set(error, ERROR_STORE_CORRUPT, NULL, "a content's bytes"));
}

static bool open_inline(struct store *store, struct content_reading *reading, struct error *error)
{
    reading->inline_bytes = malloc(reading->size + 1);
    if (!reading->inline_bytes)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, "a content");
    return store_read(store, DATABASE_MAIL, read_bytes, reading, error);
}

bool content_open(struct store *store, const struct message_file *file, struct content_reading **open,
                  struct error *error)
{
    struct content_reading *reading = calloc(1, sizeof *reading);
    int folder;
    bool ok;

    *open = reading;
    if (!reading)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, "a content");
    *reading = (struct content_reading){.size = file->size, .bytes = file->bytes, .file.fd = -1};
    ok = file->bytes ? open_inline(store, reading, error)
                     : store_contents(store, &folder, error)
                           && content_file_open(folder, &file->digest, file->size, &reading->file, error);
    if (!ok) {
        content_close(reading);
        *open = NULL;
    }
    return ok;
}

bool content_read(struct content_reading *open, uint64_t offset, void *bytes, size_t size, struct error *error)
{
    if (offset > open->size || size > open->size - offset)
        return error_set(error, ERROR_INTERNAL, NULL, "beyond a content's end");
    if (!open->inline_bytes)
        return content_file_read(&open->file, offset, bytes, size, error);
    memcpy(bytes, open->inline_bytes + offset, size);
    return true;
}

void content_close(struct content_reading *open)
{
    if (open->file.fd >= 0)
        content_file_close(&open->file);
    free(open->inline_bytes);
    free(open);
}
