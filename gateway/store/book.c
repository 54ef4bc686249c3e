/* The event chain and the counters: what the writer knows by heart and moves with every change. */
#include "gateway/store/writer_impl.h"

#include <string.h>

#define EVENT_MAX 16384

static const char *const names[TOTAL_COUNT] = {
    [TOTAL_MESSAGES] = "messages", [TOTAL_HELD] = "held",
    [TOTAL_CONTENTS] = "contents", [TOTAL_CONTENT_BYTES] = "content_bytes",
    [TOTAL_RECEIPTS] = "receipts", [TOTAL_EVENTS] = "events",
    [TOTAL_JOBS] = "jobs",         [TOTAL_JOBS_PUT_ASIDE] = "jobs_put_aside",
};

/* The same statement in either database. */
static const struct {
    enum statement event_add, event_last, counters, counter_set;
} own[DATABASE_COUNT] = {
    [DATABASE_REGISTRY] = {STMT_REGISTRY_EVENT_ADD, STMT_REGISTRY_EVENT_LAST, STMT_REGISTRY_COUNTERS,
                           STMT_REGISTRY_COUNTER_SET},
    [DATABASE_MAIL] = {STMT_MAIL_EVENT_ADD, STMT_MAIL_EVENT_LAST, STMT_MAIL_COUNTERS, STMT_MAIL_COUNTER_SET},
};

const char *total_name(enum total total)
{
    return names[total];
}

static void total_read(struct book *book, const char *name, int64_t value)
{
    for (int i = 0; i < TOTAL_COUNT; i++)
        if (name && !strcmp(names[i], name))
            book->totals[i] = value;
}

bool book_read(struct desk *desk, enum database database, struct error *error)
{
    struct query query;

    desk->book = (struct book){0};
    if (!query_begin(desk->backend, own[database].event_last, &query, error))
        return false;
    if (query_step(&query)) {
        desk->book.event = query_number(&query, 0);
        query_digest(&query, 1, &desk->book.head);
        desk->book.time = query_number(&query, 2);
    }
    if (!query_end(&query) || !query_begin(desk->backend, own[database].counters, &query, error))
        return false;
    while (query_step(&query))
        total_read(&desk->book, query_text(&query, 0), query_number(&query, 1));
    return query_end(&query);
}

bool book_write(const struct desk *desk, enum database database, const struct book *before, struct error *error)
{
    for (int i = 0; i < TOTAL_COUNT; i++) {
        struct query query;

        if (desk->book.totals[i] == before->totals[i])
            continue;
        if (!query_begin(desk->backend, own[database].counter_set, &query, error))
            return false;
        query_set_text(&query, ":name", names[i]);
        query_set_number(&query, ":value", desk->book.totals[i]);
        if (!query_run(&query, NULL))
            return false;
    }
    return true;
}

static void pack_uuid(struct packer *packer, const struct uuid *uuid)
{
    pack_bytes(packer, uuid ? uuid->bytes : NULL, sizeof uuid->bytes);
}

bool event_hash(struct digest_stream *digests, const struct digest *previous, int64_t seq, int64_t time,
                const struct event *event, struct digest *hash)
{
    struct buffer bytes = {.limit = EVENT_MAX};
    struct packer packer = {.buffer = &bytes};

    pack_u64(&packer, (uint64_t)seq);
    pack_u64(&packer, (uint64_t)time);
    pack_text(&packer, event->tag);
    pack_uuid(&packer, event->message);
    pack_uuid(&packer, event->organisation);
    pack_uuid(&packer, event->system);
    pack_text(&packer, event->actor);
    pack_text(&packer, event->detail);
    bool ok = !packer.full && digest_start(digests) && digest_add(digests, previous->bytes, DIGEST_SIZE)
              && digest_add(digests, bytes.data, bytes.size) && digest_finish(digests, hash);

    buffer_free(&bytes);
    return ok;
}

bool event_append(struct change *change, const struct event *event, struct error *error)
{
    struct book *book = change->book;
    struct digest hash;
    struct query query;

    if (!event_hash(change->digests, &book->head, book->event + 1, change->now, event, &hash))
        return error_set(error, ERROR_INTERNAL, NULL, "hashing an event");
    if (!query_begin(change->backend, own[change->database].event_add, &query, error))
        return false;
    query_set_number(&query, ":seq", book->event + 1);
    query_set_number(&query, ":time", change->now);
    query_set_text(&query, ":tag", event->tag);
    query_set_uuid(&query, ":message", event->message);
    query_set_uuid(&query, ":organisation", event->organisation);
    query_set_uuid(&query, ":system", event->system);
    query_set_text(&query, ":actor", event->actor);
    query_set_text(&query, ":detail", event->detail);
    query_set_digest(&query, ":hash", &hash);
    if (!query_run(&query, NULL))
        return false;
    book->head = hash;
    book->event++;
    if (change->now > book->time)
        book->time = change->now;
    book->totals[TOTAL_EVENTS]++;
    return true;
}

bool job_add(struct change *change, const char *kind, const struct uuid *target, const struct uuid *subject,
             struct error *error)
{
    struct uuid id;
    struct query query;

    if (!uuid_random(&id))
        return error_set(error, ERROR_INTERNAL, NULL, "no randomness");
    if (!query_begin(change->backend, STMT_JOB_ADD, &query, error))
        return false;
    query_set_uuid(&query, ":id", &id);
    query_set_text(&query, ":kind", kind);
    query_set_uuid(&query, ":target", target);
    query_set_uuid(&query, ":subject", subject);
    query_set_number(&query, ":due", change->now);
    if (!query_run(&query, NULL))
        return false;
    change->book->totals[TOTAL_JOBS]++;
    return true;
}
