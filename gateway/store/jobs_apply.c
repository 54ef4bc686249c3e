/* The outbox: the writer's side. A job is moved by STMT_JOB_LEASE, STMT_JOB_END and STMT_JOB_RETRY alone. */
#include "gateway/store/jobs_impl.h"

#include <string.h>

#define LEASE_MOST_MS (24 * INT64_C(3600000))

/* ---- leasing ---- */

struct leasing {
    struct change *change;
    struct job_wish wish;
    int64_t until;
    struct job *jobs; /* of one target, JOBS_LEASED_MAX of them */
    unsigned count;   /* leased */
};

/* The target with open jobs that comes behind `after` in order of ids. */
static bool next_target(struct change *change, const struct uuid *after, struct uuid *target, bool *found,
                        struct error *error)
{
    struct query query;

    *found = false;
    if (!query_begin(change->backend, STMT_JOB_TARGET, &query, error))
        return false;
    query_set_uuid(&query, ":after", after);
    if (query_step(&query) && !query_is_null(&query, 0))
        *found = query_uuid(&query, 0, target);
    return query_end(&query);
}

static bool find_due(const struct leasing *leasing, const struct uuid *target, unsigned *count, struct error *error)
{
    unsigned most = leasing->wish.most - leasing->count;
    struct query query;

    *count = 0;
    if (!query_begin(leasing->change->backend, STMT_JOB_DUE, &query, error))
        return false;
    query_set_uuid(&query, ":target", target);
    query_set_number(&query, ":now", leasing->change->now);
    query_set_number(&query, ":most", most);
    query_set_number(&query, ":per_target", leasing->wish.per_target);
    while (*count < most && query_step(&query) && job_read(&query, leasing->change->arena, &leasing->jobs[*count]))
        (*count)++;
    return query_end(&query);
}

static void pack_job(struct packer *out, const struct job *job)
{
    pack_u8(out, 1);
    pack_u64(out, (uint64_t)job->seq);
    pack_fixed(out, job->id.bytes, sizeof job->id.bytes);
    pack_text(out, job->kind);
    pack_fixed(out, job->target.bytes, sizeof job->target.bytes);
    pack_fixed(out, job->subject.bytes, sizeof job->subject.bytes);
    pack_u32(out, job->tries + 1);
}

static bool lease_one(const struct leasing *leasing, const struct job *job, struct packer *out, struct error *error)
{
    struct query query;

    if (!query_begin(leasing->change->backend, STMT_JOB_LEASE, &query, error))
        return false;
    query_set_number(&query, ":seq", job->seq);
    query_set_number(&query, ":until", leasing->until);
    pack_job(out, job);
    pack_u64(out, (uint64_t)leasing->until);
    return query_run(&query, NULL);
}

static bool lease_of(struct leasing *leasing, const struct uuid *target, struct packer *out, struct error *error)
{
    unsigned count;

    if (!find_due(leasing, target, &count, error))
        return false;
    for (unsigned i = 0; i < count; i++)
        if (!lease_one(leasing, &leasing->jobs[i], out, error))
            return false;
    leasing->count += count;
    if (count)
        leasing->wish.after = *target;
    return true;
}

/* One round over the targets, from behind the one served last to that one. */
static bool lease_round(struct leasing *leasing, struct packer *out, struct error *error)
{
    const struct uuid start = leasing->wish.after;
    struct uuid at = start, target;
    bool found, again = false;

    while (leasing->count < leasing->wish.most) {
        if (!next_target(leasing->change, &at, &target, &found, error))
            return false;
        if (again && (!found || memcmp(&target, &start, sizeof start) > 0))
            return true;
        again = again || !found;
        at = found ? target : (struct uuid){{0}};
        if (found && !lease_of(leasing, &target, out, error))
            return false;
    }
    return true;
}

bool jobs_lease_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    struct leasing leasing = {.change = change};
    struct job_wish *wish = &leasing.wish;

    wish->most = unpack_u32(in);
    wish->per_target = unpack_u32(in);
    wish->lease_ms = take_number(in);
    take_uuid(in, &wish->after);
    if (!unpack_done(in) || wish->most > JOBS_LEASED_MAX || wish->lease_ms > LEASE_MOST_MS)
        return error_set(error, ERROR_CHANGE_MALFORMED, "jobs_lease", NULL);
    leasing.until = change->now + wish->lease_ms;
    leasing.jobs = arena_alloc(change->arena, JOBS_LEASED_MAX * sizeof *leasing.jobs);
    if (!leasing.jobs)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, "due jobs");
    if (!lease_round(&leasing, out, error))
        return false;
    pack_u8(out, 0);
    pack_fixed(out, wish->after.bytes, sizeof wish->after.bytes);
    return true;
}

/* ---- the end of a lease ---- */

/* What the log says of each kind when its job is over. */
static const struct {
    const char *kind, *done, *put_aside;
} tags[] = {
    {"RECEIPT_PUSH", "BUSINESS_RECEIPT_SEND_TO_SENDER_SYSTEM", "BUSINESS_RECEIPT_SEND_TO_SENDER_SYSTEM_FAILED"},
};

struct ending {
    int64_t seq, lease_until, due;
    unsigned tries;
    enum job_state state;
    const char *reason; /* NULL: none */
};

static const char *tag_of(const char *kind, enum job_state state)
{
    for (size_t i = 0; kind && i < sizeof tags / sizeof *tags; i++)
        if (!strcmp(kind, tags[i].kind))
            return state == JOB_DONE ? tags[i].done : tags[i].put_aside;
    return NULL;
}

struct about {
    const char *kind;
    struct uuid target, message, organisation;
    bool of_message;
};

static bool find_about(struct change *change, int64_t seq, struct about *about, struct error *error)
{
    struct query query;

    if (!query_begin(change->backend, STMT_JOB_ABOUT, &query, error))
        return false;
    query_set_number(&query, ":seq", seq);
    if (query_step(&query) && query_uuid(&query, 1, &about->target)) {
        about->kind = query_copy(&query, 0, change->arena);
        about->of_message = !query_is_null(&query, 2) && query_uuid(&query, 2, &about->message)
                            && query_uuid(&query, 3, &about->organisation);
    }
    return query_end(&query);
}

static bool tell_end(struct change *change, const struct ending *ending, struct error *error)
{
    struct buffer detail = {.limit = 1000};
    struct about about = {0};

    if (!find_about(change, ending->seq, &about, error))
        return false;
    struct event event = {
        .tag = tag_of(about.kind, ending->state),
        .message = about.of_message ? &about.message : NULL,
        .organisation = about.of_message ? &about.organisation : NULL,
        .system = &about.target,
    };
    bool ok = buffer_format(&detail, "{\"tries\":%u", ending->tries)
              && (!ending->reason || buffer_add_member(&detail, "reason", ending->reason))
              && buffer_add_text(&detail, "}");

    event.detail = detail.data;
    ok = ok ? !event.tag || event_append(change, &event, error) : error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    buffer_free(&detail);
    return ok;
}

/* *late: this lease is over, so nothing is changed. */
static bool end_lease(struct change *change, const struct ending *ending, bool *late, struct error *error)
{
    struct query query;
    uint64_t rows = 0;

    if (!query_begin(change->backend, STMT_JOB_END, &query, error))
        return false;
    query_set_number(&query, ":seq", ending->seq);
    query_set_number(&query, ":tries", ending->tries);
    query_set_number(&query, ":lease_until", ending->lease_until);
    query_set_number(&query, ":state", ending->state);
    query_set_number(&query, ":due", ending->due);
    if (!query_run(&query, &rows))
        return false;
    *late = rows == 0;
    if (*late || ending->state == JOB_WAITING)
        return true;
    change->book->totals[TOTAL_JOBS]--;
    change->book->totals[TOTAL_JOBS_PUT_ASIDE] += ending->state == JOB_PUT_ASIDE;
    return tell_end(change, ending, error);
}

static void take_lease(struct unpacker *in, struct ending *ending)
{
    ending->seq = take_number(in);
    ending->tries = unpack_u32(in);
    ending->lease_until = take_number(in);
}

bool job_done_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    struct ending ending = {.state = JOB_DONE, .due = change->now};
    bool late;

    take_lease(in, &ending);
    if (!unpack_done(in))
        return error_set(error, ERROR_CHANGE_MALFORMED, "job_done", NULL);
    if (!end_lease(change, &ending, &late, error))
        return false;
    pack_u8(out, late);
    return true;
}

bool job_failed_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    struct ending ending = {.state = JOB_WAITING};
    bool late;

    take_lease(in, &ending);
    ending.due = take_number(in);
    ending.reason = take_text(in);
    if (!unpack_done(in) || (ending.reason && strlen(ending.reason) > JOB_REASON_MAX))
        return error_set(error, ERROR_CHANGE_MALFORMED, "job_failed", NULL);
    if (!ending.due) {
        ending.state = JOB_PUT_ASIDE;
        ending.due = change->now;
    }
    if (!end_lease(change, &ending, &late, error))
        return false;
    pack_u8(out, late);
    return true;
}

/* ---- an operator's wish ---- */

static bool find_job(struct change *change, const struct uuid *id, int64_t *seq, enum job_state *state,
                     struct error *error)
{
    struct query query;

    *seq = 0;
    if (!query_begin(change->backend, STMT_JOB_FIND, &query, error))
        return false;
    query_set_uuid(&query, ":id", id);
    if (query_step(&query)) {
        *seq = query_number(&query, 0);
        *state = (enum job_state)query_number(&query, 1);
    }
    return query_end(&query);
}

/* It has all its tries anew, also where it only waits: who asks for it has mended something. */
bool job_retry_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    enum job_state state = JOB_LEASED;
    struct query query;
    struct uuid id;
    int64_t seq;

    (void)out;
    take_uuid(in, &id);
    if (!unpack_done(in))
        return error_set(error, ERROR_CHANGE_MALFORMED, "job_retry", NULL);
    if (!find_job(change, &id, &seq, &state, error))
        return false;
    if (!seq || state == JOB_LEASED)
        return error_set(error, ERROR_NOT_FOUND, NULL, "no job that waits or was put aside");
    if (!query_begin(change->backend, STMT_JOB_RETRY, &query, error))
        return false;
    query_set_number(&query, ":seq", seq);
    query_set_number(&query, ":now", change->now);
    change->book->totals[TOTAL_JOBS] += state == JOB_PUT_ASIDE;
    change->book->totals[TOTAL_JOBS_PUT_ASIDE] -= state == JOB_PUT_ASIDE;
    return query_run(&query, NULL);
}
