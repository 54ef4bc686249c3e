#include "handlers/reader/reader_impl.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PIECE ((size_t)4 * 65528)  /* records of FastCGI */
#define HEADERS_MAX ((size_t)8192) /* a file name of 256 characters (ngdp-api.md, File), each of 4 bytes, in %XX */

/* ---- headers ---- */

/* What the MeMo calls the form, where it is a media type: it goes into a header. */
static const char *media_type(const char *format)
{
    size_t slashes = 0;

    for (const char *c = format ? format : ""; *c; c++) {
        slashes += *c == '/';
        if (!isalnum((unsigned char)*c) && !strchr("/!#$&^_.+-", *c))
            return "application/octet-stream";
    }
    return slashes == 1 && format[0] != '/' && format[strlen(format) - 1] != '/' ? format : "application/octet-stream";
}

/* One byte of a character's later ones in UTF-8. */
static bool text_goes_on(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

static bool is_odd(char byte)
{
    return byte < ' ' || byte > '~' || strchr("\"\\%/;", byte);
}

/* A file name for every client (RFC 6266): plain with what is odd replaced, and whole in UTF-8. */
static bool add_disposition(const char *filename, struct buffer *headers)
{
    const char *name = filename && *filename ? filename : "document";
    bool ok = buffer_add_text(headers, "Content-Disposition: attachment; filename=\"");

    for (const char *c = name; ok && *c; c++)
        ok = text_goes_on(*c) || buffer_format(headers, "%c", is_odd(*c) ? '_' : *c);
    ok = ok && buffer_add_text(headers, "\"; filename*=UTF-8''");
    for (const char *c = name; ok && *c; c++)
        ok = buffer_format(headers, isalnum((unsigned char)*c) || strchr("-._~", *c) ? "%c" : "%%%02X",
                           (unsigned char)*c);
    return ok && buffer_add_text(headers, "\r\n");
}

/* A letter's HTML is a stranger's: nothing in it may run as if it were the portal's. */
static bool add_headers(const struct message_file *file, const char *etag, struct buffer *headers)
{
    return buffer_format(headers, "ETag: %s\r\nAccept-Ranges: bytes\r\n", etag)
           && buffer_add_text(headers, "Content-Security-Policy: default-src 'none'; sandbox\r\n")
           && add_disposition(file->filename, headers);
}

/* ---- the opening ---- */

/* Who gets a letter's bytes, or is told that the own copy holds, opened it: that is on disk before the first byte. HEAD
 * and a range beyond the end show nothing of the letter. */
static bool remember_opening(struct request *rq, const struct file_query *query, const struct message_file *file)
{
    const struct person *person = rq->caller;
    struct message_opening opening = {query->owner, person->client, query->mailbox, query->message, query->identity};

    if (strcmp(rq->method, "HEAD") == 0 || (file->opened && rq->now - file->opened < OPENING_GATHERED))
        return true;
    return message_opened(rq->service->store, &opening, &rq->error);
}

/* ---- the bytes ---- */

/* What breaks off here ends the answer short of its Content-Length, which nginx tells the caller by closing the
 * connection. */
static bool send_pieces(struct request *rq, struct content_reading *content, uint64_t begin, uint64_t length)
{
    char *piece = arena_alloc(rq->arena, PIECE);

    if (!piece)
        return error_set(&rq->error, ERROR_OUT_OF_MEMORY, "", NULL);
    while (length > 0) {
        size_t size = length < PIECE ? (size_t)length : PIECE;

        if (!content_read(content, begin, piece, size, &rq->error))
            return false;
        if (!respond_more(rq, piece, size))
            return true;
        begin += size;
        length -= size;
    }
    return true;
}

/* The content is read before the opening is written: one that is lost was not opened. */
static bool send_content(struct request *rq, const struct file_query *query, const struct message_file *file,
                         struct buffer *headers)
{
    uint64_t begin, length;
    enum range range = range_read(rq->range, file->size, &begin, &length);
    struct content_reading *content;
    bool ok;

    if (range == RANGE_BEYOND) {
        rq->refusal_headers =
            arena_format(rq->arena, "Content-Range: bytes */%llu\r\n", (unsigned long long)file->size);
        return error_set(&rq->error, ERROR_RANGE, "Range", NULL);
    }
    if (range == RANGE_PART
        && !buffer_format(headers, "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)begin,
                          (unsigned long long)(begin + length - 1), (unsigned long long)file->size))
        return error_set(&rq->error, ERROR_OUT_OF_MEMORY, "", NULL);
    if (!content_open(rq->service->store, file, &content, &rq->error))
        return false;
    ok = remember_opening(rq, query, file)
         && respond_begin(rq, range == RANGE_PART ? 206 : 200, media_type(file->format), headers->data, length)
         && strcmp(rq->method, "HEAD") != 0 && send_pieces(rq, content, begin, length);
    content_close(content);
    return ok || rq->error.code == ERROR_NONE;
}

static bool answer(struct request *rq, const struct file_query *query, const struct message_file *file)
{
    struct buffer headers = {.limit = HEADERS_MAX};
    char etag[DIGEST_HEX_SIZE + 2] = "\"";
    bool ok;

    digest_format(&file->digest, etag + 1);
    strcat(etag, "\"");
    /* Ranges are of GET alone (RFC 9110, section 14.2). */
    if (strcmp(rq->method, "HEAD") == 0 || (rq->if_range && strcmp(rq->if_range, etag) != 0))
        rq->range = NULL;
    ok = add_headers(file, etag, &headers) || error_set(&rq->error, ERROR_OUT_OF_MEMORY, "", NULL);
    if (ok && etag_named(rq->if_none_match, etag))
        ok = remember_opening(rq, query, file) && respond_bytes(rq, 304, NULL, headers.data, NULL, 0);
    else if (ok)
        ok = send_content(rq, query, file, &headers);
    buffer_free(&headers);
    return ok;
}

bool fetch_content(struct request *rq)
{
    static const char *const known[] = {NULL};
    const struct person *person = rq->caller;
    struct uuid ids[ENDPOINT_ARGUMENTS];
    struct file_query query;
    struct message_file file;

    if (!request_parameters_known(rq, known) || !reader_ids(rq, ids))
        return false;
    query = (struct file_query){reader_owner(rq), ids[ID_MAILBOX], ids[ID_MESSAGE],
                                ids[ID_DOCUMENT], ids[ID_FILE],    person->identity};
    return message_file(rq->service->store, &query, rq->arena, &file, &rq->error) && answer(rq, &query, &file);
}
