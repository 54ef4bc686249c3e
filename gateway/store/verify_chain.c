/* The event log: every hash again, from the first event to the last, and as many as the counter says, for a chain does
 * not show that its end was cut off. What an event proves of a letter is looked at on the way. */
#include "gateway/store/verify_impl.h"

#include <string.h>

#define PAGE 2000

struct chain {
    struct verify *verify;
    enum database database;
    struct digest head;
    int64_t seq;      /* of the last event that was walked */
    int64_t expected; /* the counter's, as of the same view as the last page */
    bool last;
};

static const struct {
    enum statement events, counters;
    const char *name;
} of[DATABASE_COUNT] = {
    [DATABASE_REGISTRY] = {STMT_REGISTRY_EVENT_PAGE, STMT_REGISTRY_COUNTERS, "registry.db"},
    [DATABASE_MAIL] = {STMT_MAIL_EVENT_PAGE, STMT_MAIL_COUNTERS, "mail.db"},
};

static const struct uuid *uuid_of(struct query *query, int column, struct uuid *uuid)
{
    return !query_is_null(query, column) && query_uuid(query, column, uuid) ? uuid : NULL;
}

/* One row: its hash must be that of the row before and its own fields. A broken link is told once: the walk goes on from
 * the hash that stands there. */
static bool walk_event(struct chain *chain, struct backend *backend, struct query *query, struct error *error)
{
    struct uuid message, organisation, system;
    struct event event = {
        .tag = query_text(query, 2),
        .message = uuid_of(query, 3, &message),
        .organisation = uuid_of(query, 4, &organisation),
        .system = uuid_of(query, 5, &system),
        .actor = query_text(query, 6),
        .detail = query_text(query, 7),
    };
    int64_t seq = query_number(query, 0);
    struct digest hash, stored;

    if (!query_digest(query, 8, &stored))
        return true; /* the query has failed and says so */
    if (!event_hash(chain->verify->digests, &chain->head, seq, query_number(query, 1), &event, &hash))
        return error_set(error, ERROR_INTERNAL, NULL, "hashing an event");
    if (seq != chain->seq + 1)
        verify_found(chain->verify, "event-chain", "%s: event %lld follows event %lld", of[chain->database].name,
                     (long long)seq, (long long)chain->seq);
    else if (!digest_same(&hash, &stored))
        verify_found(chain->verify, "event-chain", "%s: event %lld is not as it was written", of[chain->database].name,
                     (long long)seq);
    chain->head = stored;
    chain->seq = seq;
    return chain->database != DATABASE_MAIL || verify_accepted(chain->verify, backend, &event, error);
}

static bool read_counter(struct backend *backend, struct chain *chain, struct error *error)
{
    struct query query;

    chain->expected = 0;
    if (!query_begin(backend, of[chain->database].counters, &query, error))
        return false;
    while (query_step(&query))
        if (query_text(&query, 0) && strcmp(query_text(&query, 0), total_name(TOTAL_EVENTS)) == 0)
            chain->expected = query_number(&query, 1);
    return query_end(&query);
}

static bool walk_page(struct backend *backend, void *state, struct error *error)
{
    struct chain *chain = state;
    struct query query;
    unsigned rows = 0;
    bool ok = true;

    if (!query_begin(backend, of[chain->database].events, &query, error))
        return false;
    query_set_number(&query, ":after", chain->seq);
    query_set_number(&query, ":most", PAGE);
    for (; ok && query_step(&query); rows++)
        ok = walk_event(chain, backend, &query, error);
    if (!query_end(&query) || !ok)
        return false;
    chain->last = rows < PAGE;
    return !chain->last || read_counter(backend, chain, error);
}

bool verify_chain(struct verify *verify, enum database database, struct error *error)
{
    struct chain chain = {.verify = verify, .database = database};

    while (!chain.last)
        if (!store_read(verify->store, database, walk_page, &chain, error))
            return false;
    if (chain.expected != chain.seq)
        verify_found(verify, "event-chain", "%s: the last event is %lld, the counter says %lld", of[database].name,
                     (long long)chain.seq, (long long)chain.expected);
    return true;
}
