/* The outbox: the side of the dispatcher and of dpctl. What is packed here is unpacked in jobs_apply.c. */
#include "gateway/store/jobs_impl.h"

#define PAGE 200
#define PAGE_BYTES ((size_t)PAGE * 400)

static const char *const state_names[JOB_STATE_COUNT] = {
    [JOB_WAITING] = "waiting",
    [JOB_LEASED] = "leased",
    [JOB_DONE] = "done",
    [JOB_PUT_ASIDE] = "put aside",
};

const char *job_state_name(enum job_state state)
{
    return state < JOB_STATE_COUNT ? state_names[state] : "";
}

bool job_read(struct query *query, struct arena *arena, struct job *job)
{
    *job = (struct job){
        .seq = query_number(query, 0), .kind = query_copy(query, 2, arena), .tries = (unsigned)query_number(query, 5)};
    return query_uuid(query, 1, &job->id) && query_uuid(query, 3, &job->target)
           && (query_is_null(query, 4) || query_uuid(query, 4, &job->subject)) && !query->failed;
}

static void pack_uuid(struct packer *packer, const struct uuid *uuid)
{
    pack_fixed(packer, uuid->bytes, sizeof uuid->bytes);
}

static bool malformed(struct error *error)
{
    return error_set(error, ERROR_STORE_UNSURE, NULL, "the writer's answer is malformed");
}

/* ---- leasing ---- */

static bool unpack_job(struct unpacker *in, struct arena *arena, struct job *job)
{
    *job = (struct job){.state = JOB_LEASED, .seq = take_number(in)};
    take_uuid(in, &job->id);
    const char *kind = take_text(in);

    take_uuid(in, &job->target);
    take_uuid(in, &job->subject);
    job->tries = unpack_u32(in);
    job->due = take_number(in);
    job->kind = kind ? arena_text(arena, kind) : NULL;
    return job->kind && !in->bad;
}

bool jobs_lease(struct store *store, struct job_wish *wish, struct arena *arena, struct job **jobs, size_t *count,
                struct error *error)
{
    struct packer *packer = change_begin(store, VERB_JOBS_LEASE, NULL);
    struct unpacker answer;

    pack_u32(packer, wish->most);
    pack_u32(packer, wish->per_target);
    pack_u64(packer, (uint64_t)wish->lease_ms);
    pack_uuid(packer, &wish->after);
    *count = 0;
    if (!change_ask(store, &answer, error))
        return false;
    *jobs = arena_alloc(arena, JOBS_LEASED_MAX * sizeof **jobs);
    if (!*jobs)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, "leased jobs");
    while (*count < JOBS_LEASED_MAX && unpack_u8(&answer)) {
        if (!unpack_job(&answer, arena, &(*jobs)[*count]))
            return malformed(error);
        (*count)++;
    }
    take_uuid(&answer, &wish->after);
    return unpack_done(&answer) || malformed(error);
}

/* ---- reporting ---- */

static void pack_lease(struct packer *packer, const struct job *job)
{
    pack_u64(packer, (uint64_t)job->seq);
    pack_u32(packer, job->tries);
    pack_u64(packer, (uint64_t)job->due);
}

static bool ask_late(struct store *store, bool *late, struct error *error)
{
    struct unpacker answer;

    if (!change_ask(store, &answer, error))
        return false;
    bool was_late = take_flag(&answer);

    if (late)
        *late = was_late;
    return unpack_done(&answer) || malformed(error);
}

bool job_done(struct store *store, const struct job *job, bool *late, struct error *error)
{
    pack_lease(change_begin(store, VERB_JOB_DONE, NULL), job);
    return ask_late(store, late, error);
}

bool job_failed(struct store *store, const struct job *job, int64_t due, const char *reason, bool *late,
                struct error *error)
{
    struct packer *packer = change_begin(store, VERB_JOB_FAILED, NULL);

    pack_lease(packer, job);
    pack_u64(packer, (uint64_t)due);
    pack_text(packer, reason);
    return ask_late(store, late, error);
}

bool job_retry(struct store *store, const struct uuid *id, struct error *error)
{
    struct packer *packer = change_begin(store, VERB_JOB_RETRY, NULL);
    struct unpacker answer;

    pack_uuid(packer, id);
    return change_ask(store, &answer, error);
}

/* ---- looking ---- */

static bool read_next(struct backend *backend, void *state, struct error *error)
{
    int64_t *due = state;
    struct query query;

    *due = INT64_MAX;
    if (!query_begin(backend, STMT_JOB_NEXT, &query, error))
        return false;
    if (query_step(&query))
        *due = query_number(&query, 0);
    return query_end(&query);
}

bool jobs_next(struct store *store, int64_t *due, struct error *error)
{
    return store_read(store, DATABASE_MAIL, read_next, due, error);
}

/* A page at a time, so that a slow terminal holds up no checkpoint. */
struct job_page {
    struct uuid after;
    struct arena *arena;
    struct job *jobs;
    size_t count;
};

static bool read_page(struct backend *backend, void *state, struct error *error)
{
    struct job_page *page = state;
    struct query query;

    arena_reset(page->arena);
    page->count = 0;
    page->jobs = arena_alloc(page->arena, PAGE * sizeof *page->jobs);
    if (!page->jobs)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, "a list of jobs");
    if (!query_begin(backend, STMT_JOB_LIST, &query, error))
        return false;
    query_set_uuid(&query, ":after", &page->after);
    query_set_number(&query, ":most", PAGE);
    while (page->count < PAGE && query_step(&query) && job_read(&query, page->arena, &page->jobs[page->count])) {
        page->jobs[page->count].due = query_number(&query, 6);
        page->jobs[page->count++].state = (enum job_state)query_number(&query, 7);
    }
    return query_end(&query);
}

bool jobs_list(struct store *store, job_each *each, void *state, struct error *error)
{
    struct job_page page = {.arena = arena_new(PAGE_BYTES)};
    bool ok = page.arena || error_set(error, ERROR_OUT_OF_MEMORY, NULL, "a list of jobs"), more = ok;

    while (more) {
        ok = store_read(store, DATABASE_MAIL, read_page, &page, error);
        for (size_t i = 0; ok && more && i < page.count; i++)
            more = each(state, &page.jobs[i]);
        more = ok && more && page.count == PAGE;
        if (more)
            page.after = page.jobs[PAGE - 1].id;
    }
    arena_free(page.arena);
    return ok;
}
