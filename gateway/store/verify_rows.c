/* Rows among each other: what is counted, and what refers to what. */
#include "gateway/store/verify_impl.h"

#include <stdio.h>

/* Each statement gives a row for each fault: what it is about, how many there are, how many there should be. */
static const struct check {
    enum database database;
    enum statement statement;
    const char *name, *thing, *counted;
    bool by_name; /* the first column is a name of ours; else an id or a digest */
} checks[] = {
    {DATABASE_REGISTRY, STMT_VERIFY_REGISTRY_TOTALS, "counter", "the counter", "rows", true},
    {DATABASE_MAIL, STMT_VERIFY_MAIL_TOTALS, "counter", "the counter", "rows", true},
    {DATABASE_MAIL, STMT_VERIFY_PLACES, "place", "message", "folders of its own mailbox", false},
    {DATABASE_MAIL, STMT_VERIFY_FOLDERS, "counter", "folder", "letters", false},
    {DATABASE_MAIL, STMT_VERIFY_SENDERS, "counter", "system", "receipts", false},
    {DATABASE_MAIL, STMT_VERIFY_REFERENCES, "references", "content", "references", false},
    {DATABASE_MAIL, STMT_VERIFY_BYTES, "references", "bytes", "contents", true},
    {DATABASE_MAIL, STMT_VERIFY_SKELETONS, "references", "message", "skeletons", false},
    {DATABASE_MAIL, STMT_VERIFY_RECEIPTS, "receipts", "message", "business receipts", false},
    {DATABASE_MAIL, STMT_VERIFY_RECEIVED, "event-chain", "message", "events of its reception", false},
    {DATABASE_MAIL, STMT_VERIFY_JOBS, "outbox", "receipt", "pushes", false},
    {DATABASE_MAIL, STMT_VERIFY_OPENINGS, "openings", "message", "events of its opening", false},
    {DATABASE_MAIL, STMT_VERIFY_MISSING, "content-missing", "content", "rows", false},
};
#define CHECKS (sizeof checks / sizeof checks[0])

struct look {
    struct verify *verify;
    const struct check *check;
};

static void name_of(const struct check *check, struct query *query, char *out, size_t room)
{
    size_t size, at = 0;

    if (check->by_name) {
        snprintf(out, room, "%s", query_text(query, 0));
        return;
    }
    const unsigned char *bytes = query_bytes(query, 0, &size);

    for (size_t i = 0; bytes && i < size && at + 3 <= room; i++)
        at += (size_t)snprintf(out + at, room - at, "%02x", bytes[i]);
    out[at] = '\0';
}

static bool look(struct backend *backend, void *state, struct error *error)
{
    const struct look *what = state;
    const struct check *check = what->check;
    char name[DIGEST_HEX_SIZE];
    struct query query;

    if (!query_begin(backend, check->statement, &query, error))
        return false;
    while (query_step(&query)) {
        name_of(check, &query, name, sizeof name);
        verify_found(what->verify, check->name, "%s %s: %lld %s, not %lld", check->thing, name,
                     (long long)query_number(&query, 1), check->counted, (long long)query_number(&query, 2));
    }
    return query_end(&query);
}

bool verify_rows(struct verify *verify, struct error *error)
{
    for (size_t i = 0; i < CHECKS; i++) {
        struct look what = {.verify = verify, .check = &checks[i]};

        if (!store_read(verify->store, checks[i].database, look, &what, error))
            return false;
    }
    return true;
}
