#include "gateway/outbox/outbox_impl.h"

#include <errno.h>
#include <malloc.h>
#include <netdb.h>
#include <nss.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "gateway/base/time.h"

#define LOOK_MS 500             /* between two looks for jobs, when nothing else happens */
#define PATIENCE_MS 5000        /* for what is under way when we are to end: who hangs must not hold up a stop */
#define ARENA_MOST (1u << 20)   /* a parcel; the jobs of a lease */
#define LOOKUP_STACK (1u << 18) /* of a thread that looks a name up */

enum errand_state { ERRAND_FREE, ERRAND_UNDER_WAY, ERRAND_ENDED };

/* A leased job, until its report is on disk or its lease is over. */
struct errand {
    enum errand_state state;
    struct job job;
    int64_t began, ended; /* monotonic */
    /* once it ended: */
    bool done;
    unsigned status;
    uint64_t retry_after;
    char reason[JOB_REASON_MAX + 1];
};

struct outbox {
    const struct config *config;
    const struct log *log;
    struct metrics *metrics;
    struct store *store;
    const struct outbox_kind *kinds;
    struct courier *courier;
    struct arena *leased, *parcel;
    struct errand *errands; /* config->outbox_concurrent of them */
    unsigned free;
    struct uuid after; /* the target served last */
    int64_t look_at;   /* monotonic: when to look for jobs again */
    bool away;         /* the store could not be asked the last time, which was logged */
    int drain;         /* signalfd; -1 before it serves */
};

/* ---- opening ---- */

/* Names come from /etc/hosts and the name servers alone: other sources would load libraries, which this process may not
 * once it gave up its rights. A thread that looks one up needs little; glibc would give it 8 MB and an arena. */
static void prepare_lookups(void)
{
    pthread_attr_t attributes;

    __nss_configure_lookup("hosts", "files dns");
    mallopt(M_ARENA_MAX, 1);
    if (pthread_attr_init(&attributes))
        return;
    if (!pthread_attr_setstacksize(&attributes, LOOKUP_STACK))
        pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
}

bool outbox_open(const struct config *config, const struct log *log, struct metrics *metrics, struct store *store,
                 const struct outbox_kind *kinds, struct outbox **outbox, struct error *error)
{
    struct outbox *made = calloc(1, sizeof *made);

    *outbox = made;
    if (!made)
        return error_set(error, ERROR_OUT_OF_MEMORY, "outbox", NULL);
    *made = (struct outbox){.config = config, .log = log, .metrics = metrics, .store = store, .kinds = kinds};
    made->drain = -1;
    made->free = config->outbox_concurrent;
    made->errands = calloc(config->outbox_concurrent, sizeof *made->errands);
    made->leased = arena_new(ARENA_MOST);
    made->parcel = arena_new(ARENA_MOST);
    prepare_lookups();
    if (!made->errands || !made->leased || !made->parcel)
        error_set(error, ERROR_OUT_OF_MEMORY, "outbox", NULL);
    else if (courier_open(config, config->outbox_concurrent, &made->courier, error))
        return true;
    outbox_close(made);
    *outbox = NULL;
    return false;
}

void outbox_close(struct outbox *outbox)
{
    if (!outbox)
        return;
    courier_close(outbox->courier);
    arena_free(outbox->leased);
    arena_free(outbox->parcel);
    free(outbox->errands);
    if (outbox->drain >= 0)
        close(outbox->drain);
    free(outbox);
}

/* ---- reports ---- */

/* Where the store cannot be asked it is told once, not each half second. */
static void tell_away(struct outbox *outbox, bool ok, const struct error *error)
{
    if (!ok && !outbox->away)
        log_error(outbox->log, LOG_WARNING, NULL, "the store cannot be asked", error);
    if (ok && outbox->away)
        log_line(outbox->log, LOG_INFO, NULL, "the store can be asked again");
    outbox->away = !ok;
}

/* Of the target only its id: an address may hold secrets. */
static void tell_end(const struct outbox *outbox, const struct errand *errand, int64_t due, bool late)
{
    static const char *const messages[] = {"pushed", "not pushed, to be tried again", "not pushed, put aside"};
    static const enum log_level levels[] = {LOG_INFO, LOG_WARNING, LOG_ERROR};
    unsigned outcome = errand->done ? 0 : due ? 1 : 2;
    char job[UUID_TEXT_SIZE], target[UUID_TEXT_SIZE];

    uuid_format(&errand->job.id, job);
    uuid_format(&errand->job.target, target);
    if (!late)
        metrics_add(outbox->metrics, METRIC_PUSHES, outcome, 1);
    log_line(outbox->log, late ? LOG_WARNING : levels[outcome], NULL,
             late ? "reported too late, the job is another's" : messages[outcome], LOG_T("job", job),
             LOG_T("kind", errand->job.kind), LOG_T("target", target), LOG_N("tries", errand->job.tries),
             LOG_N("status", errand->status), LOG_T("reason", errand->done ? NULL : errand->reason),
             LOG_N("ms", errand->ended - errand->began), LOG_N("again_in_s", due ? (due - time_now()) / 1000 : 0));
}

static void end_errand(struct outbox *outbox, struct errand *errand)
{
    *errand = (struct errand){.state = ERRAND_FREE};
    outbox->free++;
    outbox->look_at = 0;
}

/* False: the store could not be asked. The report is kept, to be made again while the lease lasts: twice is harmless. */
static bool report(struct outbox *outbox, struct errand *errand, int64_t due)
{
    struct error error = {0};
    bool late = false, ok = errand->done ? job_done(outbox->store, &errand->job, &late, &error)
                                         : job_failed(outbox->store, &errand->job, due, errand->reason, &late, &error);

    tell_away(outbox, ok, &error);
    if (!ok && time_now() < errand->job.due)
        return false;
    tell_end(outbox, errand, due, late || !ok);
    end_errand(outbox, errand);
    return ok;
}

static void report_ended(struct outbox *outbox)
{
    bool ok = true;

    for (unsigned i = 0; ok && i < outbox->config->outbox_concurrent; i++) {
        struct errand *errand = &outbox->errands[i];

        if (errand->state == ERRAND_ENDED)
            ok = report(
                outbox, errand,
                errand->done ? 0 : outbox_retry(&errand->job.id, errand->job.tries, time_now(), errand->retry_after));
    }
}

/* ---- on the way ---- */

static void ended(struct errand *errand)
{
    errand->state = ERRAND_ENDED;
    errand->ended = time_monotonic();
}

static void failed(struct errand *errand, const char *reason)
{
    ended(errand);
    errand->done = false;
    snprintf(errand->reason, sizeof errand->reason, "%.*s", JOB_REASON_MAX, reason);
}

/* Any 2xx is taken as taken. Anything else is tried again, a refusal (4xx) too: the contract says nothing of it, and most
 * of those are a mistake that somebody mends within the week. A redirect is not followed. */
static void take_reply(struct outbox *outbox, const struct reply *reply)
{
    struct errand *errand = &outbox->errands[reply->number];
    char status[32];

    errand->status = reply->status;
    errand->retry_after = reply->retry_after;
    ended(errand);
    errand->done = !reply->problem && reply->status / 100 == 2;
    snprintf(status, sizeof status, "status %u", reply->status);
    if (!errand->done)
        failed(errand, reply->problem ? reply->problem : status);
}

static const struct outbox_kind *find_kind(const struct outbox *outbox, const char *name)
{
    const struct outbox_kind *kind = outbox->kinds;

    while (kind->name && strcmp(kind->name, name))
        kind++;
    return kind;
}

static void begin_errand(struct outbox *outbox, unsigned number, const struct job *job)
{
    const struct outbox_kind *kind = find_kind(outbox, job->kind);
    struct errand *errand = &outbox->errands[number];
    struct parcel parcel = {.url = NULL};
    struct error error = {0};

    *errand = (struct errand){.state = ERRAND_UNDER_WAY, .job = *job, .began = time_monotonic()};
    errand->job.kind = kind->name; /* the job's own lives no longer than this lease */
    outbox->free--;
    arena_reset(outbox->parcel);
    if (!kind->name)
        failed(errand, "no such kind");
    else if (!kind->prepare(outbox->store, job, time_now(), outbox->parcel, &parcel, &error)
             || !courier_post(outbox->courier, number, &parcel, &error))
        failed(errand, error.detail[0] ? error.detail : error_kind(error.code)->code);
}

/* ---- leasing ---- */

static void begin_all(struct outbox *outbox, const struct job *jobs, size_t count)
{
    size_t begun = 0;

    for (unsigned i = 0; begun < count && i < outbox->config->outbox_concurrent; i++)
        if (outbox->errands[i].state == ERRAND_FREE)
            begin_errand(outbox, i, &jobs[begun++]);
}

/* Whether anything is due is seen without the writer, which thus hears of us only when there is work. */
static bool lease(struct outbox *outbox, struct error *error)
{
    struct job_wish wish = {.most = outbox->free < JOBS_LEASED_MAX ? outbox->free : JOBS_LEASED_MAX,
                            .per_target = outbox->config->outbox_per_target,
                            .lease_ms = (int64_t)outbox->config->outbox_lease_seconds * 1000,
                            .after = outbox->after};
    struct job *jobs = NULL;
    size_t count = 0;
    int64_t due;

    if (!jobs_next(outbox->store, &due, error))
        return false;
    if (due > time_now())
        return true;
    arena_reset(outbox->leased);
    if (!jobs_lease(outbox->store, &wish, outbox->leased, &jobs, &count, error))
        return false;
    outbox->after = wish.after;
    begin_all(outbox, jobs, count);
    return true;
}

static void look_for_jobs(struct outbox *outbox)
{
    struct error error = {0};

    if (!outbox->free || time_monotonic() < outbox->look_at)
        return;
    outbox->look_at = time_monotonic() + LOOK_MS;
    tell_away(outbox, lease(outbox, &error), &error);
}

/* ---- serving ---- */

static bool hear_drain(struct outbox *outbox, int drain_signal, struct error *error)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, drain_signal);
    if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
        outbox->drain = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return outbox->drain >= 0 || error_set(error, ERROR_INTERNAL, "outbox", "signals: %s", strerror(errno));
}

static bool has_drain_come(const struct outbox *outbox)
{
    struct signalfd_siginfo info;

    return read(outbox->drain, &info, sizeof info) == sizeof info;
}

static bool turn(struct outbox *outbox, int wake, struct error *error)
{
    struct reply reply;
    int64_t wait = outbox->look_at - time_monotonic();

    if (wait < 0 || !outbox->free)
        wait = outbox->free ? 0 : LOOK_MS;
    if (!courier_turn(outbox->courier, wait > LOOK_MS ? LOOK_MS : (int)wait, wake, error))
        return false;
    while (courier_next(outbox->courier, &reply))
        take_reply(outbox, &reply);
    report_ended(outbox);
    return true;
}

/* What did not end in time goes to the next dispatcher; this try counts, for it may have arrived. */
static void give_back(struct outbox *outbox)
{
    bool ok = true;

    for (unsigned i = 0; ok && i < outbox->config->outbox_concurrent; i++) {
        struct errand *errand = &outbox->errands[i];

        if (errand->state == ERRAND_UNDER_WAY) {
            courier_drop(outbox->courier, i);
            failed(errand, "broken off, the gateway ended");
            ok = report(outbox, errand, time_now());
        }
    }
}

bool outbox_serve(struct outbox *outbox, int drain_signal, struct error *error)
{
    unsigned most = outbox->config->outbox_concurrent;
    int64_t until = 0;

    if (!hear_drain(outbox, drain_signal, error))
        return false;
    for (;;) {
        if (!until && has_drain_come(outbox))
            until = time_monotonic() + PATIENCE_MS;
        if (until && (outbox->free == most || time_monotonic() >= until))
            break;
        if (!until)
            look_for_jobs(outbox);
        if (!turn(outbox, until ? -1 : outbox->drain, error))
            return false;
    }
    give_back(outbox);
    return true;
}
