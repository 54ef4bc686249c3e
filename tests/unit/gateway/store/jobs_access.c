/* The outbox: who may look at it and ask for what, and jobs that came from elsewhere. */
#include "jobs_fixture.h"

Suite *suite_jobs_access(void);

/* ---- looking ---- */

struct listed {
    struct job jobs[8];
    size_t count;
};

static bool list_row(void *state, const struct job *job)
{
    struct listed *listed = state;

    listed->jobs[listed->count++] = *job;
    return listed->count < 8;
}

START_TEST(jobs_that_are_not_done_are_listed)
{
    static const char *const names[] = {"waiting", "leased", "done", "put aside"};
    struct job_wish wish = {.most = 3, .per_target = 8, .lease_ms = MINUTE};
    struct listed listed = {.count = 0};
    unsigned of_state[JOB_STATE_COUNT] = {0};
    struct job *jobs;

    for (unsigned i = 1; i <= 4; i++)
        add_letter(1, i);
    ck_assert_uint_eq(lease(dispatcher, &wish, &jobs), 3);
    ck_assert(done(dispatcher, &jobs[0]));
    ck_assert(failed(dispatcher, &jobs[1], 0));
    ck_assert(jobs_list(cli, list_row, &listed, &error));
    ck_assert_uint_eq(listed.count, 3);
    for (size_t i = 0; i < listed.count; i++)
        of_state[listed.jobs[i].state]++;
    ck_assert(of_state[JOB_WAITING] == 1 && of_state[JOB_LEASED] == 1 && of_state[JOB_PUT_ASIDE] == 1);
    for (int state = 0; state < JOB_STATE_COUNT; state++)
        ck_assert_str_eq(job_state_name((enum job_state)state), names[state]);
}
END_TEST

static bool count_row(void *state, const struct job *job)
{
    (void)job;
    (*(unsigned *)state)++;
    return true;
}

START_TEST(a_long_list_is_whole)
{
    unsigned count = 0;

    meanwhile("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 450)"
              " INSERT INTO outbox (id, kind, target, due) SELECT randomblob(16), 'x', randomblob(16), i FROM n");
    ck_assert_msg(jobs_list(cli, count_row, &count, &error), "%s", error.detail);
    ck_assert_uint_eq(count, 450);
}
END_TEST

START_TEST(the_next_job_is_known_without_asking_the_writer)
{
    int64_t due, before = time_now();

    ck_assert(jobs_next(dispatcher, &due, &error));
    ck_assert(due == INT64_MAX);
    add_letter(1, 1);
    ck_assert(jobs_next(dispatcher, &due, &error));
    ck_assert(due >= before && due <= time_now());
    struct job job = lease_one(dispatcher, MINUTE);

    ck_assert(jobs_next(dispatcher, &due, &error));
    ck_assert_int_eq(due, job.due);
}
END_TEST

/* ---- where it goes ---- */

static void register_system(unsigned number, const char *endpoint, int64_t from, int64_t to)
{
    struct organisation organisation = {.id = uuid_of(2, number), .name = "Myndighed"};
    struct system system = {.id = uuid_of(1, number),
                            .name = "Fagsystem",
                            .types = SYSTEM_SENDER,
                            .protocol = "REST_PULL",
                            .certificate_subject = uuid_of(8, number),
                            .receipt_endpoint = endpoint,
                            .active_from = from,
                            .active_to = to,
                            .organisation = {.id = uuid_of(2, number)}};
    char cvr[9];

    snprintf(cvr, sizeof cvr, "99%06u", number);
    organisation.cvr = system.certificate_cvr = cvr;
    ck_assert_msg(registry_add_organisation(cli, &organisation, &error), "%s", error.detail);
    ck_assert_msg(registry_add_system(cli, &system, "token", &error), "%s", error.detail);
}

static const char *endpoint_of(unsigned number, int64_t now)
{
    struct uuid id = uuid_of(1, number);
    const char *url = "unset";

    ck_assert_msg(registry_receipt_endpoint(dispatcher, &id, now, arena, &url, &error), "%s", error.detail);
    return url;
}

START_TEST(an_endpoint_counts_while_its_system_is_active)
{
    register_system(1, "https://example.test/r?x=1", 1000, 2000);
    register_system(2, NULL, 0, 0);
    register_system(3, "https://example.test/3", 0, 0);
    ck_assert_str_eq(endpoint_of(1, 1000), "https://example.test/r?x=1");
    ck_assert_ptr_null(endpoint_of(1, 999));
    ck_assert_str_eq(endpoint_of(1, 1999), "https://example.test/r?x=1");
    ck_assert_ptr_null(endpoint_of(1, 2000));
    ck_assert_ptr_null(endpoint_of(2, 1500));
    ck_assert_str_eq(endpoint_of(3, 1), "https://example.test/3");
    ck_assert_ptr_null(endpoint_of(4, 1500));
}
END_TEST

/* ---- who may ---- */

START_TEST(a_dispatcher_reads_what_it_pushes_and_nothing_else)
{
    for (int i = 0; i < STMT_COUNT; i++) {
        bool may = statements[i].roles & ROLE_SET(ROLE_DISPATCHER);

        ck_assert_msg(may == (i == STMT_JOB_NEXT || i == STMT_RECEIPT_FETCH || i == STMT_SYSTEM_ENDPOINT),
                      "statement %d", i);
    }
    for (int i = 0; i < VERB_COUNT; i++) {
        bool may = verbs[i].roles & ROLE_SET(ROLE_DISPATCHER);

        ck_assert_msg(may == (i == VERB_JOBS_LEASE || i == VERB_JOB_DONE || i == VERB_JOB_FAILED), "%s", verbs[i].name);
        ck_assert(!may || verbs[i].roles == ROLE_SET(ROLE_DISPATCHER));
    }
}
END_TEST

START_TEST(nobody_else_leases)
{
    struct job_wish wish = {.most = 1, .per_target = 1, .lease_ms = MINUTE};
    struct store *others[] = {sender, cli};
    struct job *jobs;
    size_t count;

    add_letter(1, 1);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        ck_assert(!jobs_lease(others[i], &wish, arena, &jobs, &count, &error));
        ck_assert_int_eq(error.code, ERROR_ROLE_NOT_ALLOWED);
    }
    ck_assert(!job_retry(dispatcher, &(struct uuid){{1}}, &error));
    ck_assert_int_eq(error.code, ERROR_ROLE_NOT_ALLOWED);
    lease_one(dispatcher, MINUTE);
}
END_TEST

START_TEST(what_a_captured_dispatcher_might_ask_is_refused)
{
    struct job_wish wishes[] = {{.most = JOBS_LEASED_MAX + 1, .per_target = 1, .lease_ms = MINUTE},
                                {.most = 1, .per_target = 1, .lease_ms = INT64_MAX},
                                {.most = 1, .per_target = 1, .lease_ms = -1}};
    char reason[JOB_REASON_MAX + 2];
    struct job *jobs;
    size_t count;

    add_letter(1, 1);
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        ck_assert(!jobs_lease(dispatcher, &wishes[i], arena, &jobs, &count, &error));
        ck_assert_int_eq(error.code, ERROR_CHANGE_MALFORMED);
    }
    struct job job = lease_one(dispatcher, MINUTE);

    memset(reason, 'x', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    ck_assert(!job_failed(dispatcher, &job, 0, reason, NULL, &error));
    ck_assert_int_eq(error.code, ERROR_CHANGE_MALFORMED);
    ck_assert(!job_failed(dispatcher, &job, -1, "x", NULL, &error));
    ck_assert_int_eq(error.code, ERROR_CHANGE_MALFORMED);
    expect_counted(1, 0);
}
END_TEST

/* ---- jobs of before ---- */

START_TEST(jobs_of_an_older_build_are_leased)
{
    struct uuid subject = uuid_of(7, 1);

    add_letter(1, 1);
    meanwhile("DROP INDEX outbox_target; DROP INDEX outbox_leased; DROP INDEX outbox_open;"
              " DELETE FROM schema_version WHERE version >= 3");
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM sqlite_schema WHERE name = 'outbox_target'"), 1);
    struct job job = lease_one(dispatcher, MINUTE);

    ck_assert(uuid_same(&job.subject, &subject));
}
END_TEST

Suite *suite_jobs_access(void)
{
    Suite *suite = suite_create("jobs_access");
    TCase *tests = tcase_create("jobs_access");

    tcase_add_checked_fixture(tests, begin_jobs, end_jobs);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, jobs_that_are_not_done_are_listed);
    tcase_add_test(tests, a_long_list_is_whole);
    tcase_add_test(tests, the_next_job_is_known_without_asking_the_writer);
    tcase_add_test(tests, an_endpoint_counts_while_its_system_is_active);
    tcase_add_test(tests, a_dispatcher_reads_what_it_pushes_and_nothing_else);
    tcase_add_test(tests, nobody_else_leases);
    tcase_add_test(tests, what_a_captured_dispatcher_might_ask_is_refused);
    tcase_add_test(tests, jobs_of_an_older_build_are_leased);
    suite_add_tcase(suite, tests);
    return suite;
}
