/* A store at work, a dispatcher or two, and letters whose receipts are to be pushed. */
#ifndef TESTS_UNIT_GATEWAY_STORE_JOBS_FIXTURE_H
#define TESTS_UNIT_GATEWAY_STORE_JOBS_FIXTURE_H

#include "fixture.h"

#define CLI_SLOT 7
#define MINUTE 60000

static struct fixture fixture;
static struct store *sender, *dispatcher, *other, *cli;
static struct arena *arena;
static struct error error;

static inline void open_stores(void)
{
    fixture_start(&fixture);
    sender = fixture_store(&fixture, 0);
    cli = fixture_store(&fixture, CLI_SLOT);
    dispatcher = fixture_store(&fixture, DISPATCHER_SLOT);
    other = fixture_store(&fixture, DISPATCHER_SLOT + 1);
    arena = arena_new(1u << 20);
}

static inline void close_stores(void)
{
    store_close(sender);
    store_close(cli);
    store_close(dispatcher);
    store_close(other);
    arena_free(arena);
}

static inline void begin_jobs(void)
{
    fixture_open(&fixture);
    open_stores();
}

static inline void end_jobs(void)
{
    close_stores();
    fixture_close(&fixture);
}

/* What somebody does to the database while no gateway runs. */
static inline void meanwhile(const char *sql)
{
    char command[600];

    close_stores();
    fixture_end(&fixture, DRAIN);
    snprintf(command, sizeof command, "sqlite3 '%s/mail/mail.db' \"%s\"", fixture.folder, sql);
    ck_assert_int_eq(system(command), 0);
    open_stores();
}

/* A letter of a system that wants its receipt pushed. */
static inline void add_letter(unsigned system, unsigned number)
{
    struct letter letter;
    struct acceptance acceptance;

    letter_make(&letter, number);
    letter.system.id = uuid_of(1, system);
    letter.system.receipt_endpoint = "https://example.test/receipts";
    ck_assert_msg(letter_send(sender, &letter, &acceptance, &error), "%s", error.detail);
}

static inline size_t lease(struct store *store, struct job_wish *wish, struct job **jobs)
{
    size_t count = 0;

    ck_assert_msg(jobs_lease(store, wish, arena, jobs, &count, &error), "%s %s", error_kind(error.code)->code,
                  error.detail);
    return count;
}

/* The one job that is due. */
static inline struct job lease_one(struct store *store, int64_t lease_ms)
{
    struct job_wish wish = {.most = 8, .per_target = 8, .lease_ms = lease_ms};
    struct job *jobs;

    ck_assert_uint_eq(lease(store, &wish, &jobs), 1);
    return jobs[0];
}

static inline void expect_none(void)
{
    struct job_wish wish = {.most = 8, .per_target = 8, .lease_ms = MINUTE};
    struct job *jobs;

    ck_assert_uint_eq(lease(dispatcher, &wish, &jobs), 0);
}

static inline bool done(struct store *store, const struct job *job)
{
    bool late = true;

    ck_assert_msg(job_done(store, job, &late, &error), "%s", error.detail);
    return !late;
}

static inline bool failed(struct store *store, const struct job *job, int64_t due)
{
    bool late = true;

    ck_assert_msg(job_failed(store, job, due, "status 500", &late, &error), "%s", error.detail);
    return !late;
}

static inline void expect_counted(uint64_t waiting, uint64_t put_aside)
{
    struct store_status status = {0};
    uint64_t findings = UINT64_MAX;

    ck_assert(store_status(cli, &status, &error));
    ck_assert_uint_eq(status.jobs_waiting, waiting);
    ck_assert_uint_eq(status.jobs_put_aside, put_aside);
    ck_assert(store_verify(cli, letter_restore, NULL, NULL, NULL, &findings, &error));
    ck_assert_uint_eq(findings, 0);
}

static inline void until_over(const struct job *job)
{
    while (time_now() <= job->due)
        usleep(1000);
}

static inline long events(const char *tag)
{
    char sql[200];

    snprintf(sql, sizeof sql, "SELECT count(*) FROM event WHERE tag = '%s'", tag);
    return ask_mail(&fixture, sql);
}

#endif
