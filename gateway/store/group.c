/* One group: changes that wait are applied, committed together, answered together.
 *
 * Nothing is answered before the commit came back (R1). A change that fails takes back what it did and nothing else:
 * nearly all that fail have written nothing by then. One that has ends the try, and the whole group is applied anew,
 * each change in a savepoint of its own; a savepoint costs a copy of every page that the change touches, so the first
 * try goes without. Applying twice is harmless: of the first try nothing is left but files, which are taken once.
 * Some failures end the whole transaction, a full disk for one; then every further statement would commit by itself, so
 * nothing more of the group is run and all of it is answered alike (feasibility.md 3). A failed sync or read ends the
 * writer: what the disk then holds is known only after opening anew, and nobody gets an answer (R2). */
#include "gateway/store/writer_impl.h"

#include <string.h>

#include "gateway/base/crash_point.h"
#include "gateway/base/time.h"

#define STREAM_WAITS 20 /* group_wait_us, in which whoever sent something is one of a stream */

static bool fatal(const struct writer *writer, enum database database)
{
    enum backend_fault fault = backend_fault(writer->desks[database].backend);

    return writer->sync_failed || fault == BACKEND_IO || fault == BACKEND_CORRUPT;
}

static bool has_room(const struct writer *writer, const struct waiting *waiting)
{
    return !writer->no_room || !verbs[waiting->change.verb].takes_room;
}

/* Takes changes for one commit. Those whose worker has given up, or for which there is no room, are answered at once. */
static void group_collect(struct writer *writer, enum database database)
{
    int64_t oldest = time_monotonic() - writer->config->change_timeout_ms;
    uint64_t bytes = 0;
    struct waiting *waiting;

    writer->group_count = 0;
    while (writer->group_count < writer->config->group_max && (waiting = queue_next(&writer->queue, database))) {
        struct outcome *outcome = &writer->group[writer->group_count];

        bytes += waiting->size + waiting->change.spool_size;
        if (writer->group_count && bytes > writer->config->group_bytes)
            break;
        queue_take(&writer->queue, database);
        *outcome = (struct outcome){.waiting = waiting};
        if (waiting->since >= oldest && has_room(writer, waiting)) {
            writer->group_count++;
            continue;
        }
        if (waiting->since < oldest)
            error_set(&outcome->error, ERROR_STORE_BUSY, NULL, "waited too long");
        else
            error_set(&outcome->error, ERROR_STORE_FULL, NULL, "%llu bytes free",
                      (unsigned long long)writer->free_bytes);
        channel_answer(writer, outcome);
        waiting_free(writer, waiting);
    }
}

static struct change change_of(struct writer *writer, enum database database, enum role role)
{
    return (struct change){
        .backend = writer->desks[database].backend,
        .book = &writer->desks[database].book,
        .arena = writer->arena,
        .digests = writer->digests,
        .keeper = writer->keeper,
        .database = database,
        .role = role,
        .now = writer->now,
    };
}

static bool apply_fields(struct writer *writer, struct change *change, const struct waiting *waiting,
                         struct packer *answer, struct error *error)
{
    struct unpacker in = {.at = waiting->fields, .end = waiting->fields + waiting->size};

    if (waiting->change.spool_name) {
        if (!keeper_load(writer->keeper, waiting->spool_name, waiting->change.spool_size, &writer->loaded, error))
            return false;
        in.at = (unsigned char *)writer->loaded.data;
        in.end = in.at + writer->loaded.size;
    }
    if (!verbs[waiting->change.verb].apply(change, &in, answer, error))
        return false;
    return !answer->full || error_set(error, ERROR_OUT_OF_MEMORY, NULL, "an answer of the writer");
}

/* The change is refused; whether what it wrote is gone. Without savepoints it must not have written anything. */
static bool take_back(struct backend *backend, bool careful, uint64_t rows_before)
{
    struct error undo = {0};

    return careful ? backend_savepoint_undo(backend, &undo) : backend_rows_changed(backend) == rows_before;
}

/* False: the group's transaction is over, or, when not careful, has to be. */
static bool apply_one(struct writer *writer, enum database database, bool careful, struct outcome *outcome)
{
    struct change change = change_of(writer, database, outcome->waiting->role);
    struct packer answer = {.buffer = &writer->answers};
    struct book before = *change.book;
    uint64_t rows_before = backend_rows_changed(change.backend);

    outcome->error = (struct error){0};
    outcome->at = writer->answers.size;
    if (careful && !backend_savepoint(change.backend, &outcome->error))
        return false;
    bool ok = apply_fields(writer, &change, outcome->waiting, &answer, &outcome->error);

    arena_reset(writer->arena);
    if (ok && (!careful || backend_savepoint_keep(change.backend, &outcome->error))) {
        outcome->size = writer->answers.size - outcome->at;
        crash_point(CRASH_WRITER_AFTER_CHANGE_APPLIED);
        return true;
    }
    *change.book = before;
    writer->answers.size = outcome->at;
    return backend_in_transaction(change.backend) && !fatal(writer, database)
           && take_back(change.backend, careful, rows_before);
}

static bool group_apply(struct writer *writer, enum database database, bool careful, struct error *error)
{
    if (!backend_begin(writer->desks[database].backend, error))
        return false;
    buffer_clear(&writer->answers);
    for (unsigned i = 0; i < writer->group_count; i++)
        if (!apply_one(writer, database, careful, &writer->group[i])) {
            *error = writer->group[i].error;
            return false;
        }
    return true;
}

/* Quickly, and where a change failed half-way, carefully. */
static bool group_try(struct writer *writer, enum database database, const struct book *before, struct error *error)
{
    struct desk *desk = &writer->desks[database];

    if (group_apply(writer, database, false, error))
        return true;
    if (!backend_in_transaction(desk->backend) || fatal(writer, database))
        return false;
    backend_rollback(desk->backend);
    desk->book = *before;
    *error = (struct error){0};
    return group_apply(writer, database, true, error);
}

/* Everything since the begin is on disk for good, or nothing of it. */
static bool commit(struct writer *writer, enum database database, const struct book *before, struct error *error)
{
    struct desk *desk = &writer->desks[database];
    int64_t start = time_monotonic();

    writer->sync_failed = !keeper_sync(writer->keeper, error);
    if (writer->sync_failed || !book_write(desk, database, before, error))
        return false;
    crash_point(CRASH_WRITER_BEFORE_COMMIT);
    if (!backend_commit(desk->backend, error))
        return false;
    crash_point(CRASH_WRITER_AFTER_COMMIT);
    metrics_add(writer->metrics, METRIC_COMMITS, database, 1);
    metrics_observe(writer->metrics, METRIC_COMMIT_SECONDS, 0, (uint64_t)(time_monotonic() - start) * 1000);
    metrics_set(writer->metrics, METRIC_WAL_BYTES, database, backend_log_bytes(desk->backend));
    return true;
}

static unsigned metric_outcome(const struct error *error)
{
    if (error->code == ERROR_NONE)
        return 0;
    return error_kind(error->code)->status == 503 ? 2 : 1;
}

static void answer_all(struct writer *writer)
{
    for (unsigned i = 0; i < writer->group_count; i++) {
        channel_answer(writer, &writer->group[i]);
        if (i == 0)
            crash_point(CRASH_WRITER_AFTER_FIRST_ANSWER);
        metrics_add(writer->metrics, METRIC_CHANGES, metric_outcome(&writer->group[i].error), 1);
    }
}

/* Nothing of the group came to be. */
static void group_lost(struct writer *writer, const struct error *error)
{
    enum error_code code = error->code == ERROR_STORE_FULL ? ERROR_STORE_FULL : ERROR_STORE_UNAVAILABLE;

    for (unsigned i = 0; i < writer->group_count; i++)
        error_set(&writer->group[i].error, code, NULL, "the group was lost: %s", error->detail);
    if (writer->log)
        log_error(writer->log, LOG_ERROR, NULL, "a group of changes was lost", error);
    answer_all(writer);
}

static void group_free(struct writer *writer)
{
    for (unsigned i = 0; i < writer->group_count; i++)
        waiting_free(writer, writer->group[i].waiting);
    writer->group_count = 0;
}

static bool group_finish(struct writer *writer, enum database database, struct error *error)
{
    struct desk *desk = &writer->desks[database];
    struct book before = desk->book;
    bool done = group_try(writer, database, &before, error);

#ifdef BREAK_ANSWER_FIRST /* for the proof that the crash tests see it */
    answer_all(writer);
#endif
    done = done && commit(writer, database, &before, error);
    if (!done) {
        backend_rollback(desk->backend);
        desk->book = before;
        if (fatal(writer, database))
            return false;
        group_lost(writer, error);
        return true;
    }
    metrics_observe(writer->metrics, METRIC_GROUP_SIZE, 0, writer->group_count);
#ifndef BREAK_ANSWER_FIRST
    answer_all(writer);
#endif
    return true;
}

/* How many sender workers are one stream: what they sent came within some waits. None after a wait in vain. */
static unsigned streaming(const struct writer *writer)
{
    int64_t since = time_monotonic() - (int64_t)writer->config->group_wait_us * STREAM_WAITS / 1000;
    unsigned count = 0;

    if (writer->in_vain && writer->in_vain >= since)
        return 0;
    for (const struct channel *channel = writer->channels; channel; channel = channel->next)
        count += channel->streamed && channel->streamed >= since;
    return count;
}

/* Where letters stream in, a writer that takes what is there commits one or two at a time. Each commit writes the pages
 * that all letters touch, and makes every reader forget what it has read of the database; both cost processor time that
 * the stream and the readers then lack. So half of those who send are waited for: the other half is at work meanwhile.
 * Nobody who sends one letter after the other waits, nor anybody before a screen, and where nothing came nobody waits
 * again for a while. */
bool group_waits(const struct writer *writer)
{
    unsigned waiting = queue_count(&writer->queue);

    return writer->config->group_wait_us && waiting && waiting < writer->config->group_max
           && !writer->queue.count[LANE_INTERACTIVE] && waiting < streaming(writer) / 2;
}

bool group_run(struct writer *writer, enum database database, struct error *error)
{
    group_collect(writer, database);
    if (!writer->group_count)
        return true;
    crash_point(CRASH_WRITER_BEFORE_BEGIN);
    bool going_on = group_finish(writer, database, error);

    group_free(writer);
    if (writer->loaded.capacity > CHANGE_INLINE_MAX)
        buffer_free(&writer->loaded);
    return going_on && house_checkpoint(writer, database, false, error);
}

bool group_own(struct writer *writer, change_apply *step, struct unpacker *in, struct error *error)
{
    struct desk *desk = &writer->desks[DATABASE_MAIL];
    struct change change = change_of(writer, DATABASE_MAIL, ROLE_WRITER);
    struct book before = desk->book;
    struct packer answer = {.buffer = &writer->answers};
    bool ok = backend_begin(desk->backend, error) && step(&change, in, &answer, error)
              && commit(writer, DATABASE_MAIL, &before, error);

    arena_reset(writer->arena);
    if (ok)
        return true;
    backend_rollback(desk->backend);
    desk->book = before;
    if (fatal(writer, DATABASE_MAIL))
        return false;
    if (writer->log)
        log_error(writer->log, LOG_ERROR, NULL, "the writer's own change failed", error);
    *error = (struct error){0};
    return true;
}
