/* Letters as they were accepted: their rows again, held against what the event of the acceptance proves. */
#include "gateway/store/verify_impl.h"

#include <string.h>

/* Where the rows of a letter are found, and their columns: b bytes, n a number, t text. In the order in which
 * accept_proof.c packs them, and as it does. */
static const struct row {
    enum statement statement;
    enum proof_row row;
    const char *columns;
} rows[] = {
    {STMT_VERIFY_DOCUMENTS, PROOF_DOCUMENT, "nbnttt"},
    {STMT_VERIFY_FILES, PROOF_FILE, "nbnbttt"},
};
#define MESSAGE_COLUMNS "bbbbbnnnnnnntttttttttttttttt"

static void pack_row(struct packer *packer, struct query *query, enum proof_row row, int column, const char *columns)
{
    pack_u8(packer, (uint8_t)row);
    for (; *columns; columns++, column++) {
        size_t size;

        if (*columns == 'n')
            pack_u64(packer, (uint64_t)query_number(query, column));
        else if (*columns == 't')
            pack_text(packer, query_text(query, column));
        else {
            const void *bytes = query_bytes(query, column, &size);

            pack_bytes(packer, bytes, size);
        }
    }
}

/* *seq 0: there is no such message. */
static bool pack_message(struct backend *backend, const struct uuid *message, struct packer *packer, int64_t *seq,
                         struct digest *memo, struct error *error)
{
    struct query query;

    *seq = 0;
    if (!query_begin(backend, STMT_VERIFY_MESSAGE, &query, error))
        return false;
    query_set_uuid(&query, ":message", message);
    if (query_step(&query)) {
        *seq = query_number(&query, 0);
        query_digest(&query, 1, memo);
        pack_row(packer, &query, PROOF_MESSAGE, 2, MESSAGE_COLUMNS);
    }
    return query_end(&query);
}

static bool pack_rows(struct backend *backend, const struct row *row, int64_t message, struct packer *packer,
                      struct error *error)
{
    struct query query;

    if (!query_begin(backend, row->statement, &query, error))
        return false;
    query_set_number(&query, ":message", message);
    while (query_step(&query))
        pack_row(packer, &query, row->row, 0, row->columns);
    return query_end(&query);
}

static void tell(struct verify *verify, const struct uuid *message, const char *what)
{
    char text[UUID_TEXT_SIZE];

    uuid_format(message, text);
    verify_found(verify, "letter", "message %s: %s", text, what);
}

/* Rows that do not fit into the packer are not those that were accepted either. */
static bool compare(struct verify *verify, struct backend *backend, const struct event *event, struct packer *packer,
                    struct error *error)
{
    struct digest memo = {0};
    char proof[PROOF_SIZE];
    int64_t seq;
    bool ok = pack_message(backend, event->message, packer, &seq, &memo, error);

    if (ok && !seq) {
        tell(verify, event->message, "it was accepted and is not there");
        return true;
    }
    if (!ok || !event->detail)
        return ok;
    for (size_t i = 0; ok && i < sizeof rows / sizeof rows[0]; i++)
        ok = pack_rows(backend, &rows[i], seq, packer, error);
    if (ok && !(proof_format(verify->digests, &memo, packer, proof) && strcmp(proof, event->detail) == 0))
        tell(verify, event->message, "its rows are not as they were when it was accepted");
    return ok;
}

bool verify_accepted(struct verify *verify, struct backend *backend, const struct event *event, struct error *error)
{
    struct packer packer = {.buffer = &verify->kept};

    if (!event->tag || strcmp(event->tag, EVENT_RECEIVED) != 0 || !event->message
        || (event->detail && strcmp(event->detail, EVENT_REPEATED) == 0))
        return true;
    buffer_clear(&verify->kept);
    verify->kept.limit = PROOF_KEPT_MAX;
    return compare(verify, backend, event, &packer, error);
}
