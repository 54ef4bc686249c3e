/* Letters: each one's document again, from its skeleton, its contents and their layouts, and its SHA-256 held against the
 * one that it came with. One letter is in memory at a time, and of a content that is a file a piece. */
#include "gateway/store/verify_impl.h"

#include <stdlib.h>

#define PIECE ((size_t)64 * 1024)
#define LAYOUTS_MAX ((size_t)512 * 1024 * 1024) /* more than any setting lets in */

/* A content of the letter, and how its base64 was laid out: `layout_size` bytes of `layouts`, or a content of its own. */
struct enclosed {
    struct message_file content, layout;
    bool layout_kept;
    size_t layout_at, layout_size;
};

struct letters {
    struct verify *verify;
    struct skeleton_reader *reader;
    int64_t after; /* the message's seq */
    /* the letter at hand */
    bool found, readable;
    int64_t seq;
    struct uuid uuid;
    struct digest digest;
    uint64_t size, written;
    struct buffer xml, layouts, layout;
    struct enclosed *enclosed;
    uint64_t *offsets;
    unsigned count, room;
    struct content_reading *open; /* of content number `opened` */
    unsigned opened;
    char piece[PIECE];
};

static void tell(const struct letters *letters, const char *check, const char *what, const char *why)
{
    char text[UUID_TEXT_SIZE];

    uuid_format(&letters->uuid, text);
    verify_found(letters->verify, check, "message %s: %s%s%s", text, what, why[0] ? ": " : "", why);
}

/* ---- reading its rows ---- */

static void take_letter(struct letters *letters, struct query *query)
{
    size_t size;
    const void *bytes = query_bytes(query, 4, &size);

    letters->seq = query_number(query, 0);
    letters->found = query_uuid(query, 1, &letters->uuid) && query_digest(query, 2, &letters->digest);
    letters->size = (uint64_t)query_number(query, 3);
    letters->readable = bytes && skeleton_read(letters->reader, bytes, size, &letters->xml);
}

static bool make_room(struct letters *letters)
{
    unsigned room = letters->room ? 2 * letters->room : 64;

    if (letters->count < letters->room)
        return true;
    struct enclosed *enclosed = realloc(letters->enclosed, room * sizeof *enclosed);

    if (enclosed)
        letters->enclosed = enclosed;
    uint64_t *offsets = realloc(letters->offsets, room * sizeof *offsets);

    if (offsets)
        letters->offsets = offsets;
    if (enclosed && offsets)
        letters->room = room;
    return enclosed && offsets;
}

/* The columns digest, size, bytes; a content without a row is found nowhere, which is told when it is opened. */
static void take_content(struct query *query, int column, struct message_file *content)
{
    query_digest(query, column, &content->digest);
    content->size = (uint64_t)query_number(query, column + 1);
    content->bytes = query_number(query, column + 2);
}

static bool take_enclosed(struct letters *letters, struct query *query, struct error *error)
{
    struct enclosed enclosed = {.layout_at = letters->layouts.size, .layout_kept = !query_is_null(query, 5)};
    const void *layout = query_bytes(query, 1, &enclosed.layout_size);

    if (!make_room(letters) || !buffer_add(&letters->layouts, layout ? layout : "", enclosed.layout_size))
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, "a letter's contents");
    take_content(query, 2, &enclosed.content);
    if (enclosed.layout_kept)
        take_content(query, 5, &enclosed.layout);
    letters->enclosed[letters->count] = enclosed;
    letters->offsets[letters->count++] = (uint64_t)query_number(query, 0);
    return true;
}

static bool read_enclosed(struct backend *backend, struct letters *letters, struct error *error)
{
    struct query query;
    bool ok = true;

    letters->count = 0;
    buffer_clear(&letters->layouts);
    if (!query_begin(backend, STMT_VERIFY_PARTS, &query, error))
        return false;
    query_set_number(&query, ":message", letters->seq);
    while (ok && query_step(&query))
        ok = take_enclosed(letters, &query, error);
    return query_end(&query) && ok;
}

static bool read_letter(struct backend *backend, void *state, struct error *error)
{
    struct letters *letters = state;
    struct query query;

    letters->found = false;
    if (!query_begin(backend, STMT_VERIFY_LETTER, &query, error))
        return false;
    query_set_number(&query, ":after", letters->after);
    if (query_step(&query))
        take_letter(letters, &query);
    return query_end(&query) && (!letters->found || read_enclosed(backend, letters, error));
}

/* ---- what putting it together asks for ---- */

static void close_content(struct letters *letters)
{
    if (letters->open)
        content_close(letters->open);
    letters->open = NULL;
}

/* The database may be away for a while; a file that cannot be read is as good as lost. */
static bool unreadable(const struct message_file *content, struct error *error)
{
    if (!content->bytes)
        error->code = ERROR_STORE_CORRUPT;
    return false;
}

/* A size that no content or layout of the letter can have is the damage, and nothing to find memory for. */
static bool open_content(const struct letters *letters, const struct message_file *content,
                         struct content_reading **open, struct error *error)
{
    if (content->size / 2 > letters->size)
        return error_set(error, ERROR_STORE_CORRUPT, NULL, "a content is larger than its letter");
    return content_open(letters->verify->store, content, open, error) || unreadable(content, error);
}

static bool fetch(void *state, unsigned index, uint64_t offset, void *bytes, size_t room, size_t *got,
                  struct error *error)
{
    struct letters *letters = state;
    const struct message_file *content = &letters->enclosed[index].content;

    if (letters->open && letters->opened != index)
        close_content(letters);
    if (!letters->open && !open_content(letters, content, &letters->open, error))
        return false;
    letters->opened = index;
    uint64_t left = content->size - offset;

    *got = left < room ? (size_t)left : room;
    return content_read(letters->open, offset, bytes, *got, error) || unreadable(content, error);
}

static bool read_layout(struct letters *letters, const struct message_file *layout, struct content_reading *open,
                        struct error *error)
{
    buffer_clear(&letters->layout);
    for (uint64_t at = 0; at < layout->size;) {
        size_t size = layout->size - at < PIECE ? (size_t)(layout->size - at) : PIECE;

        if (!content_read(open, at, letters->piece, size, error))
            return false;
        if (!buffer_add(&letters->layout, letters->piece, size))
            return error_set(error, ERROR_OUT_OF_MEMORY, NULL, "a layout");
        at += size;
    }
    return true;
}

static bool layout(void *state, unsigned index, const void **bytes, size_t *size, struct error *error)
{
    struct letters *letters = state;
    const struct enclosed *enclosed = &letters->enclosed[index];
    struct content_reading *open;

    if (!enclosed->layout_kept) {
        *bytes = letters->layouts.data ? letters->layouts.data + enclosed->layout_at : NULL;
        *size = enclosed->layout_size;
        return true;
    }
    if (!open_content(letters, &enclosed->layout, &open, error))
        return false;
    bool ok = read_layout(letters, &enclosed->layout, open, error) || unreadable(&enclosed->layout, error);

    content_close(open);
    *bytes = letters->layout.data;
    *size = letters->layout.size;
    return ok;
}

/* A damaged layout may stand for any number of bytes. */
static bool write_piece(void *state, const void *bytes, size_t size, struct error *error)
{
    struct letters *letters = state;

    if (size > letters->size - letters->written)
        return error_set(error, ERROR_STORE_CORRUPT, NULL, "it is longer than it came");
    letters->written += size;
    return digest_add(letters->verify->digests, bytes, size)
           || error_set(error, ERROR_INTERNAL, NULL, "digest of a letter");
}

/* ---- the check ---- */

static bool check_letter(struct letters *letters, struct error *error)
{
    const struct letter_parts parts = {
        .skeleton = letters->xml.data ? letters->xml.data : "",
        .skeleton_size = letters->xml.size,
        .offsets = letters->offsets,
        .count = letters->count,
        .state = letters,
        .fetch = fetch,
        .layout = layout,
        .write = write_piece,
    };
    struct error why = {0};
    struct digest is;

    letters->written = 0;
    if (!digest_start(letters->verify->digests))
        return error_set(error, ERROR_INTERNAL, NULL, "digest of a letter");
    bool restored = letters->verify->restore(&parts, &why);

    close_content(letters);
    if (!restored && why.code == ERROR_STORE_UNAVAILABLE) {
        *error = why;
        return false;
    }
    if (!restored) {
        tell(letters, "letter", "its document cannot be put together again", why.detail);
        return true;
    }
    if (!digest_finish(letters->verify->digests, &is))
        return error_set(error, ERROR_INTERNAL, NULL, "digest of a letter");
    if (letters->written != letters->size || !digest_same(&is, &letters->digest))
        tell(letters, "letter", "its document is not the one that came in", "");
    return true;
}

static bool walk(struct letters *letters, struct error *error)
{
    for (;;) {
        if (!store_read(letters->verify->store, DATABASE_MAIL, read_letter, letters, error))
            return false;
        if (!letters->found)
            return true;
        letters->after = letters->seq;
        if (!letters->readable)
            tell(letters, "skeleton", "its XML cannot be read any more", "");
        else if (!check_letter(letters, error))
            return false;
        verify_moved(letters->verify, letters->verify->letter_bytes);
    }
}

bool verify_letters(struct verify *verify, struct error *error)
{
    struct letters *letters = calloc(1, sizeof *letters);
    bool ok;

    if (!letters || !(letters->reader = skeleton_reader_open())) {
        free(letters);
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    }
    letters->verify = verify;
    letters->layouts.limit = letters->layout.limit = LAYOUTS_MAX;
    ok = walk(letters, error);
    skeleton_reader_close(letters->reader);
    buffer_free(&letters->xml);
    buffer_free(&letters->layouts);
    buffer_free(&letters->layout);
    free(letters->enclosed);
    free(letters->offsets);
    free(letters);
    return ok;
}
