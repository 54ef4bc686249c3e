/* Contents: each one's bytes again, in the database or in its file. */
#include "gateway/store/verify_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE 200
#define PIECE ((size_t)256 * 1024)

struct outside {
    struct digest digest;
    uint64_t size;
};

struct contents {
    struct verify *verify;
    struct digest after;
    struct outside outside[PAGE]; /* those of this page that are files */
    size_t outside_count, rows;
    uint64_t bytes;
};

static void tell(const struct contents *contents, const char *check, const struct digest *digest, const char *what)
{
    char hex[DIGEST_HEX_SIZE];

    digest_format(digest, hex);
    verify_found(contents->verify, check, "content %s %s", hex, what);
}

/* One that lies in the database. */
static bool check_inside(struct contents *contents, struct query *query, const struct digest *digest, uint64_t size,
                         struct error *error)
{
    struct digest_stream *digests = contents->verify->digests;
    struct digest is;
    size_t length;
    const void *bytes = query_bytes(query, 3, &length);

    if (!bytes && size > 0) {
        tell(contents, "content-missing", digest, "is not in the database");
        return true;
    }
    if (!digest_start(digests) || !digest_add(digests, bytes ? bytes : "", length) || !digest_finish(digests, &is))
        return error_set(error, ERROR_INTERNAL, NULL, "digest of a content");
    if (length != size || !digest_same(&is, digest))
        tell(contents, "content-digest", digest, "has other bytes in the database");
    contents->bytes += length;
    return true;
}

static bool take_row(struct contents *contents, struct query *query, struct error *error)
{
    struct digest digest;
    uint64_t size = (uint64_t)query_number(query, 1);

    if (!query_digest(query, 0, &digest))
        return true; /* the query has failed and says so */
    contents->after = digest;
    contents->rows++;
    if (query_is_null(query, 2)) {
        contents->outside[contents->outside_count++] = (struct outside){.digest = digest, .size = size};
        return true;
    }
    return check_inside(contents, query, &digest, size, error);
}

static bool read_page(struct backend *backend, void *state, struct error *error)
{
    struct contents *contents = state;
    const struct digest after = contents->after;
    struct query query;
    bool ok = true;

    contents->outside_count = contents->rows = 0;
    if (!query_begin(backend, STMT_VERIFY_CONTENTS, &query, error))
        return false;
    query_set_digest(&query, ":after", &after);
    query_set_number(&query, ":most", PAGE);
    while (ok && query_step(&query))
        ok = take_row(contents, &query, error);
    ok = query_end(&query) && ok;
    if (!ok)
        contents->after = after; /* for a page that is read anew */
    return ok;
}

static bool digest_file(struct contents *contents, const struct content_file *file, char *piece, struct digest *is,
                        struct error *error)
{
    struct digest_stream *digests = contents->verify->digests;

    if (!digest_start(digests))
        return error_set(error, ERROR_INTERNAL, NULL, "digest of a content");
    for (uint64_t at = 0; at < file->size;) {
        size_t size = file->size - at < PIECE ? (size_t)(file->size - at) : PIECE;

        if (!content_file_read(file, at, piece, size, error) || !digest_add(digests, piece, size))
            return false;
        at += size;
        verify_moved(contents->verify, size);
    }
    return digest_finish(digests, is) || error_set(error, ERROR_INTERNAL, NULL, "digest of a content");
}

static void check_outside(struct contents *contents, int folder, const struct outside *outside, char *piece)
{
    struct content_file file;
    struct error error = {0};
    struct digest is;

    if (!content_file_open(folder, &outside->digest, outside->size, &file, &error)) {
        tell(contents, "content-missing", &outside->digest, "has no file of its size");
        return;
    }
    if (!digest_file(contents, &file, piece, &is, &error))
        tell(contents, "content-missing", &outside->digest, "cannot be read");
    else if (!digest_same(&is, &outside->digest))
        tell(contents, "content-digest", &outside->digest, "has other bytes in its file");
    content_file_close(&file);
}

static bool walk(struct contents *contents, int folder, char *piece, struct error *error)
{
    do {
        contents->bytes = 0;
        if (!store_read(contents->verify->store, DATABASE_MAIL, read_page, contents, error))
            return false;
        verify_moved(contents->verify, contents->bytes);
        for (size_t i = 0; i < contents->outside_count; i++)
            check_outside(contents, folder, &contents->outside[i], piece);
    } while (contents->rows == PAGE);
    return true;
}

bool verify_contents(struct verify *verify, struct error *error)
{
    struct contents *contents = calloc(1, sizeof *contents);
    char *piece = malloc(PIECE), path[PATH_MAX];
    int folder;
    bool ok;

    store_path(verify->store->config, STORE_CONTENTS, path);
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        ok = error_set(error, ERROR_STORE_UNAVAILABLE, STORE_CONTENTS, "%s", strerror(errno));
    else if (!contents || !piece)
        ok = error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    else {
        contents->verify = verify;
        ok = walk(contents, folder, piece, error);
    }
    if (folder >= 0)
        close(folder);
    free(piece);
    free(contents);
    return ok;
}
