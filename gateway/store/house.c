/* What the writer does besides: room on the disk, held letters, the size of the logs, sweeping. */
#include "gateway/store/writer_impl.h"

#include "gateway/base/crash_point.h"
#include "gateway/base/time.h"

#include "gateway/store/accept_impl.h"

#define HELD_AT_ONCE 100  /* released in one change, so that who comes in between waits no longer */
#define SWEPT_IDLE 100    /* files looked at in one second in which nobody waits, */
#define SWEPT_BUSY 25     /* and in any other */
#define IDLE_MS 1000      /* without a change, before the logs are moved into the databases whatever their length */
#define TRY_AGAIN_SHARE 4 /* a checkpoint that readers held up is tried again a quarter of its limit later */
#define STEP_SHARE 8      /* an eighth of a checkpoint's limit is moved in one step */
#define LONG_TIMES 2      /* a file of so many times the limit is cut when nobody waits */

/* ---- held letters ---- */

struct due {
    int64_t message, folder;
    struct uuid message_uuid, organisation, system;
};

static bool held_find(struct change *change, struct due *due, unsigned *count, struct error *error)
{
    struct query query;

    *count = 0;
    if (!query_begin(change->backend, STMT_HELD_DUE, &query, error))
        return false;
    query_set_number(&query, ":now", change->now);
    query_set_number(&query, ":most", HELD_AT_ONCE);
    while (*count < HELD_AT_ONCE && query_step(&query)) {
        struct due *one = &due[*count];

        one->message = query_number(&query, 0);
        one->folder = query_number(&query, 4);
        if (!query_uuid(&query, 1, &one->message_uuid) || !query_uuid(&query, 2, &one->organisation)
            || !query_uuid(&query, 3, &one->system))
            break;
        (*count)++;
    }
    return query_end(&query);
}

static bool held_release(struct change *change, const struct due *due, struct error *error)
{
    struct event event = {
        .tag = "MEMO_AVAILABLE_TO_RECIPIENT",
        .message = &due->message_uuid,
        .organisation = &due->organisation,
        .system = &due->system,
    };
    struct query query;

    if (!query_begin(change->backend, STMT_HELD_RELEASE, &query, error))
        return false;
    query_set_number(&query, ":seq", due->message);
    if (!query_run(&query, NULL) || !place_count(change, due->folder, error) || !event_append(change, &event, error))
        return false;
    change->book->totals[TOTAL_HELD]--;
    return true;
}

bool held_release_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    struct due *due = arena_alloc(change->arena, HELD_AT_ONCE * sizeof *due);
    unsigned count = 0;

    (void)in;
    (void)out;
    if (!due)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, "held letters");
    if (!held_find(change, due, &count, error))
        return false;
    for (unsigned i = 0; i < count; i++)
        if (!held_release(change, &due[i], error))
            return false;
    return true;
}

static bool look_for_due(struct writer *writer, struct error *error)
{
    struct query query;

    writer->any_due = false;
    if (!writer->desks[DATABASE_MAIL].book.totals[TOTAL_HELD])
        return true;
    if (!query_begin(writer->desks[DATABASE_MAIL].backend, STMT_HELD_DUE, &query, error))
        return false;
    query_set_number(&query, ":now", writer->now);
    query_set_number(&query, ":most", 1);
    writer->any_due = query_step(&query);
    return query_end(&query);
}

/* While a batch is full there may be more, and the next follows at once; one that failed is tried a second later. Where the
 * room is short there is one batch a second. */
bool house_release(struct writer *writer, struct error *error)
{
    const int64_t *held = &writer->desks[DATABASE_MAIL].book.totals[TOTAL_HELD];
    int64_t before = *held;

    if (!writer->any_due)
        return true;
    writer->busy = time_monotonic();
    if (!group_own(writer, held_release_apply, NULL, error))
        return false;
    writer->any_due = before - *held == HELD_AT_ONCE && !writer->no_room;
    return house_checkpoint(writer, DATABASE_MAIL, false, error);
}

/* ---- room ---- */

static void look_for_room(struct writer *writer)
{
    const struct config *config = writer->config;
    uint64_t log = 0;

    for (enum database database = 0; database < DATABASE_COUNT; database++)
        log = backend_log_bytes(writer->desks[database].backend) > log
                  ? backend_log_bytes(writer->desks[database].backend)
                  : log;
    if (!keeper_free_bytes(writer->keeper, &writer->free_bytes))
        writer->free_bytes = 0;
    bool no_room = writer->free_bytes < config->free_floor || log > config->wal_cap
                   || writer->desks[DATABASE_REGISTRY].stuck || writer->desks[DATABASE_MAIL].stuck;

    if (no_room != writer->no_room && writer->log)
        log_line(writer->log, LOG_WARNING, NULL, no_room ? "no room for mail" : "room for mail again",
                 LOG_N("free_bytes", writer->free_bytes), LOG_N("log_bytes", log));
    writer->no_room = no_room;
    metrics_set(writer->metrics, METRIC_FREE_BYTES, 0, writer->free_bytes);
    metrics_set(writer->metrics, METRIC_STORE_STATE, 0, no_room ? STORE_NO_MAIL : STORE_OK);
}

/* ---- the logs ---- */

/* What came of moving a log. Where there was no room for it, nothing is lost and nothing is wrong with the disk: no more
 * mail until there is (reliability.md R10). Every other failure is final (R2). */
static bool settled(struct writer *writer, struct desk *desk, bool ok, struct error *error)
{
    bool before = desk->stuck;

    desk->stuck = !ok && backend_fault(desk->backend) == BACKEND_FULL;
    if (desk->stuck && !before && writer->log)
        log_error(writer->log, LOG_ERROR, NULL, "no room to move the log into the database", error);
    if (desk->stuck)
        *error = (struct error){0};
    if (desk->stuck != before)
        look_for_room(writer);
    return ok || desk->stuck;
}

/* A step begins after one commit and is done after another. */
static bool step(struct writer *writer, struct desk *desk, uint64_t bytes, uint64_t share, struct error *error)
{
    if (desk->stepping) {
        desk->stepping = false;
        desk->stepped_to = bytes;
        bool ok = backend_step(desk->backend, error);

        crash_point(CRASH_WRITER_AFTER_STEP);
        return settled(writer, desk, ok, error);
    }
    if (bytes >= desk->stepped_to + share)
        desk->stepping = backend_step_begin(desk->backend);
    return true;
}

/* The file of a log keeps its length and is written over: a sync of what lies on the disk already has bytes to wait for
 * and no blocks, which takes half the time. Only one that readers made long, or a burst, gives its room back. */
bool house_checkpoint(struct writer *writer, enum database database, bool idle, struct error *error)
{
    struct desk *desk = &writer->desks[database];
    uint64_t bytes = backend_log_bytes(desk->backend), limit = writer->config->wal_checkpoint;
    bool whole = false;

    if (bytes > desk->longest)
        desk->longest = bytes;
    bool shorten = idle && desk->longest > limit * LONG_TIMES;

    if ((!bytes && !shorten) || (desk->stuck && !idle))
        return true;
    if (!idle && (bytes < limit || bytes < desk->checked_at + limit / TRY_AGAIN_SHARE))
        return step(writer, desk, bytes, limit / STEP_SHARE, error);
    desk->stepping = false;
    crash_point(CRASH_WRITER_BEFORE_CHECKPOINT);
    bool ok = backend_checkpoint(desk->backend, shorten, &whole, error);

    crash_point(CRASH_WRITER_AFTER_CHECKPOINT);
    desk->checked_at = desk->stepped_to = whole ? 0 : bytes;
    if (whole && shorten)
        desk->longest = 0;
    metrics_add(writer->metrics, METRIC_CHECKPOINTS, !ok ? 2 : whole ? 0 : 1, 1);
    return settled(writer, desk, ok, error);
}

/* ---- once a second ---- */

/* A log that found no room is tried again however busy the writer is. */
static bool move_logs(struct writer *writer, bool idle, struct error *error)
{
    for (enum database database = 0; database < DATABASE_COUNT; database++)
        if ((idle || writer->desks[database].stuck) && !house_checkpoint(writer, database, true, error))
            return false;
    return true;
}

static void sweep(struct writer *writer, unsigned most)
{
    struct error swept = {0};

    if (!sweep_step(writer->sweep, writer->desks[DATABASE_MAIL].backend, most, writer->now, &swept) && writer->log)
        log_error(writer->log, LOG_WARNING, NULL, "sweeping failed", &swept);
}

bool house_keep(struct writer *writer, struct error *error)
{
    int64_t monotonic = time_monotonic();
    bool idle = monotonic >= writer->busy + IDLE_MS;

    metrics_set(writer->metrics, METRIC_WRITER_BEAT, 0, (uint64_t)writer->now);
    metrics_set(writer->metrics, METRIC_QUEUE, 0, writer->queue.count[LANE_INTERACTIVE]);
    metrics_set(writer->metrics, METRIC_QUEUE, 1, writer->queue.count[LANE_BULK]);
    metrics_set(writer->metrics, METRIC_JOBS, 0, (uint64_t)writer->desks[DATABASE_MAIL].book.totals[TOTAL_JOBS]);
    metrics_set(writer->metrics, METRIC_JOBS, 1,
                (uint64_t)writer->desks[DATABASE_MAIL].book.totals[TOTAL_JOBS_PUT_ASIDE]);
    if (monotonic < writer->second + 1000)
        return true;
    writer->second = monotonic;
    if (!move_logs(writer, idle, error))
        return false;
    look_for_room(writer);
    if (!look_for_due(writer, error))
        return false;
    sweep(writer, idle ? SWEPT_IDLE : SWEPT_BUSY);
    return true;
}
