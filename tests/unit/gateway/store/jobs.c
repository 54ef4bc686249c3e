/* The outbox: who gets which job and when, and what a report changes. */
#include "jobs_fixture.h"

Suite *suite_jobs(void);

#define SENT "BUSINESS_RECEIPT_SEND_TO_SENDER_SYSTEM"
#define NOT_SENT "BUSINESS_RECEIPT_SEND_TO_SENDER_SYSTEM_FAILED"

/* ---- the way of a job ---- */

START_TEST(a_job_is_leased_once_and_done)
{
    struct uuid system = uuid_of(1, 3), receipt = uuid_of(7, 5);

    expect_none();
    add_letter(3, 5);
    expect_counted(1, 0);
    struct job job = lease_one(dispatcher, MINUTE);

    ck_assert_str_eq(job.kind, "RECEIPT_PUSH");
    ck_assert(uuid_same(&job.target, &system));
    ck_assert(uuid_same(&job.subject, &receipt));
    ck_assert_uint_eq(job.tries, 1);
    ck_assert_int_gt(job.due, time_now());
    expect_none();
    ck_assert(done(dispatcher, &job));
    expect_none();
    expect_counted(0, 0);
    ck_assert_int_eq(events(SENT), 1);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM event e JOIN message m ON m.message_uuid = e.message"
                                        " AND m.organisation = e.organisation WHERE e.tag = '" SENT
                                        "' AND e.detail = '{\\\"tries\\\":1}'"),
                     1);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT receipts FROM sender"), 1); /* still on the list */
}
END_TEST

START_TEST(without_an_endpoint_there_is_no_job)
{
    letter_must_be_taken(sender, 1, false);
    expect_none();
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM outbox"), 0);
}
END_TEST

START_TEST(a_job_that_failed_waits_for_its_time)
{
    int64_t next;

    add_letter(1, 1);
    struct job job = lease_one(dispatcher, MINUTE);
    int64_t later = time_now() + MINUTE;

    ck_assert(failed(dispatcher, &job, later));
    expect_none();
    ck_assert(jobs_next(dispatcher, &next, &error));
    ck_assert_int_eq(next, later);
    expect_counted(1, 0);
    ck_assert_int_eq(events(SENT) + events(NOT_SENT), 0); /* the log tells ends */
    ck_assert(job_retry(cli, &job.id, &error));
    job = lease_one(dispatcher, MINUTE);
    ck_assert(failed(dispatcher, &job, time_now() - 1));
    job = lease_one(dispatcher, MINUTE);
    ck_assert_uint_eq(job.tries, 2);
}
END_TEST

START_TEST(a_job_that_is_put_aside_stays_there_until_somebody_looks)
{
    add_letter(1, 1);
    struct job job = lease_one(dispatcher, MINUTE);

    ck_assert(failed(dispatcher, &job, 0));
    expect_none();
    expect_counted(0, 1);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM event WHERE tag = '" NOT_SENT "' AND detail = '{"
                                        "\\\"tries\\\":1,\\\"reason\\\":\\\"status 500\\\"}'"),
                     1);
    ck_assert(job_retry(cli, &job.id, &error));
    expect_counted(1, 0);
    job = lease_one(dispatcher, MINUTE);
    ck_assert_uint_eq(job.tries, 1);
    ck_assert(done(dispatcher, &job));
    expect_counted(0, 0);
}
END_TEST

START_TEST(what_cannot_be_retried_is_not_found)
{
    struct uuid nobody = uuid_of(9, 9);

    add_letter(1, 1);
    struct job job = lease_one(dispatcher, MINUTE);

    ck_assert(!job_retry(cli, &nobody, &error));
    ck_assert_int_eq(error.code, ERROR_NOT_FOUND);
    ck_assert(!job_retry(cli, &job.id, &error));
    ck_assert_int_eq(error.code, ERROR_NOT_FOUND);
    ck_assert(done(dispatcher, &job));
    ck_assert(!job_retry(cli, &job.id, &error));
    ck_assert_int_eq(error.code, ERROR_NOT_FOUND);
}
END_TEST

/* ---- leases ---- */

START_TEST(a_lease_that_ended_is_given_to_the_next)
{
    add_letter(1, 1);
    struct job first = lease_one(dispatcher, 1), second;

    until_over(&first);
    second = lease_one(other, MINUTE);
    ck_assert(uuid_same(&first.id, &second.id));
    ck_assert_uint_eq(second.tries, 2);
    expect_counted(1, 0);
}
END_TEST

START_TEST(a_late_answer_changes_nothing)
{
    add_letter(1, 1);
    struct job first = lease_one(dispatcher, 1), second;

    until_over(&first);
    second = lease_one(other, MINUTE);
    ck_assert(!done(dispatcher, &first));
    ck_assert(!failed(dispatcher, &first, 0));
    ck_assert(!failed(dispatcher, &first, time_now() - 1));
    expect_none();
    expect_counted(1, 0);
    ck_assert_int_eq(events(SENT) + events(NOT_SENT), 0);
    ck_assert(done(other, &second));
    ck_assert(!done(other, &second)); /* the same report again, as after the writer's death */
    ck_assert(!failed(other, &second, 0));
    expect_counted(0, 0);
    ck_assert_int_eq(events(SENT), 1);
}
END_TEST

START_TEST(a_lease_of_before_an_operators_retry_is_late_too)
{
    add_letter(1, 1);
    struct job first = lease_one(dispatcher, 1), again;

    until_over(&first);
    again = lease_one(other, MINUTE);
    ck_assert(failed(other, &again, 0));
    ck_assert(job_retry(cli, &again.id, &error));
    again = lease_one(other, MINUTE);
    ck_assert_uint_eq(again.tries, first.tries); /* the tries alone name no lease */
    ck_assert(!done(dispatcher, &first));
    ck_assert(done(other, &again));
}
END_TEST

START_TEST(two_dispatchers_never_hold_the_same_job)
{
    struct job_wish wishes[2] = {{.most = 3, .per_target = 8, .lease_ms = MINUTE},
                                 {.most = 8, .per_target = 8, .lease_ms = MINUTE}};
    struct job *mine, *theirs;

    for (unsigned i = 1; i <= 5; i++)
        add_letter(i % 2 + 1, i);
    ck_assert_uint_eq(lease(dispatcher, &wishes[0], &mine), 3);
    ck_assert_uint_eq(lease(other, &wishes[1], &theirs), 2);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 2; k++)
            ck_assert(!uuid_same(&mine[i].id, &theirs[k].id));
    for (int i = 0; i < 3; i++)
        ck_assert(!done(other, &theirs[0]) == (i > 0));
    ck_assert(!done(other, &(struct job){.seq = mine[0].seq, .tries = mine[0].tries, .due = mine[0].due - 1}));
}
END_TEST

/* ---- fairness ---- */

START_TEST(many_jobs_of_one_target_keep_none_of_another_waiting)
{
    struct job_wish wish = {.most = 8, .per_target = 2, .lease_ms = MINUTE};
    struct uuid small = uuid_of(1, 2);
    struct job *jobs;

    for (unsigned i = 1; i <= 12; i++)
        add_letter(1, i);
    add_letter(2, 13);
    ck_assert_uint_eq(lease(dispatcher, &wish, &jobs), 3);
    ck_assert(!uuid_same(&jobs[0].target, &small) && !uuid_same(&jobs[1].target, &small));
    ck_assert(uuid_same(&jobs[2].target, &small));
    struct job first = jobs[0];

    ck_assert_uint_eq(lease(other, &wish, &jobs), 0); /* two of it are leased, by whomever */
    ck_assert(done(dispatcher, &first));
    ck_assert_uint_eq(lease(other, &wish, &jobs), 1);
}
END_TEST

START_TEST(targets_take_turns)
{
    struct job_wish wish = {.most = 1, .per_target = 8, .lease_ms = MINUTE};
    struct job *jobs;

    for (unsigned i = 0; i < 6; i++)
        add_letter(i / 2 + 1, i + 1);
    for (unsigned i = 0; i < 6; i++) {
        struct uuid target = uuid_of(1, i % 3 + 1);

        ck_assert_uint_eq(lease(dispatcher, &wish, &jobs), 1);
        ck_assert_msg(uuid_same(&jobs[0].target, &target), "turn %u", i);
    }
    ck_assert_uint_eq(lease(dispatcher, &wish, &jobs), 0);
}
END_TEST

START_TEST(the_job_that_is_due_longest_comes_first)
{
    struct job_wish wish = {.most = 1, .per_target = 8, .lease_ms = MINUTE};
    struct uuid second = uuid_of(7, 2);
    struct job *jobs;

    add_letter(1, 1);
    struct job first = lease_one(dispatcher, MINUTE);

    add_letter(1, 2);
    int64_t later = time_now() + 1; /* than the other's, also by a clock of milliseconds */

    ck_assert(failed(dispatcher, &first, later));
    while (time_now() <= later)
        usleep(1000);
    ck_assert_uint_eq(lease(dispatcher, &wish, &jobs), 1);
    ck_assert(uuid_same(&jobs[0].subject, &second));
}
END_TEST

Suite *suite_jobs(void)
{
    Suite *suite = suite_create("jobs");
    TCase *tests = tcase_create("jobs");

    tcase_add_checked_fixture(tests, begin_jobs, end_jobs);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_job_is_leased_once_and_done);
    tcase_add_test(tests, without_an_endpoint_there_is_no_job);
    tcase_add_test(tests, a_job_that_failed_waits_for_its_time);
    tcase_add_test(tests, a_job_that_is_put_aside_stays_there_until_somebody_looks);
    tcase_add_test(tests, what_cannot_be_retried_is_not_found);
    tcase_add_test(tests, a_lease_that_ended_is_given_to_the_next);
    tcase_add_test(tests, a_late_answer_changes_nothing);
    tcase_add_test(tests, a_lease_of_before_an_operators_retry_is_late_too);
    tcase_add_test(tests, two_dispatchers_never_hold_the_same_job);
    tcase_add_test(tests, many_jobs_of_one_target_keep_none_of_another_waiting);
    tcase_add_test(tests, targets_take_turns);
    tcase_add_test(tests, the_job_that_is_due_longest_comes_first);
    suite_add_tcase(suite, tests);
    return suite;
}
