/* When a job is tried again. */
#include "gateway/outbox/outbox.h"

#include <check.h>

Suite *suite_retry(void);

#define NOW INT64_C(1795500000000)
#define SECOND 1000
#define HOUR 3600
#define DAY (24 * HOUR)

static const struct {
    unsigned tries;
    int64_t pause; /* seconds; up to a tenth more */
} pauses[] = {
    {0, 10},   {1, 10},       {2, 30},       {3, 120},      {4, 600},       {5, 1800},
    {6, HOUR}, {7, 2 * HOUR}, {8, 4 * HOUR}, {9, 4 * HOUR}, {48, 4 * HOUR},
};

static struct uuid id_of(unsigned char number)
{
    return (struct uuid){{number, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 7}};
}

START_TEST(pauses_grow_and_are_spread_by_a_tenth_at_most)
{
    for (unsigned i = 0; i < 200; i++) {
        struct uuid id = id_of((unsigned char)i);
        int64_t pause = outbox_retry(&id, pauses[_i].tries, NOW, 0) - NOW;

        ck_assert_int_ge(pause, pauses[_i].pause * SECOND);
        ck_assert_int_le(pause, pauses[_i].pause * SECOND * 11 / 10);
    }
}
END_TEST

START_TEST(the_same_try_of_the_same_job_has_the_same_answer)
{
    struct uuid id = id_of(1);

    ck_assert_int_eq(outbox_retry(&id, 5, NOW, 0), outbox_retry(&id, 5, NOW, 0));
    ck_assert_int_eq(outbox_retry(&id, 5, NOW + 77, 0), outbox_retry(&id, 5, NOW, 0) + 77);
}
END_TEST

START_TEST(what_failed_together_is_not_tried_together)
{
    unsigned seconds[400] = {0}, busiest = 0;

    for (unsigned i = 0; i < 250; i++) {
        struct uuid id = id_of((unsigned char)i);
        int64_t later = outbox_retry(&id, 6, NOW, 0) - NOW - HOUR * SECOND;

        ck_assert_int_lt(later / SECOND, 361);
        seconds[later / SECOND]++;
    }
    for (unsigned i = 0; i < 400; i++)
        busiest = seconds[i] > busiest ? seconds[i] : busiest;
    ck_assert_uint_lt(busiest, 10);
}
END_TEST

START_TEST(the_last_try_is_after_about_seven_days)
{
    struct uuid id = id_of(9);
    int64_t at = NOW, due;
    unsigned tries = 1;

    for (; (due = outbox_retry(&id, tries, at, 0)) != 0; tries++) {
        ck_assert_int_gt(due, at);
        at = due;
    }
    ck_assert_uint_eq(tries, 49);
    ck_assert_int_ge((at - NOW) / SECOND, 7 * DAY - HOUR);
    ck_assert_int_le((at - NOW) / SECOND, 8 * DAY);
    ck_assert_int_eq(outbox_retry(&id, 50, NOW, 0), 0);
    ck_assert_int_eq(outbox_retry(&id, UINT32_MAX, NOW, 60), 0);
}
END_TEST

START_TEST(a_target_may_ask_for_up_to_an_hour_and_never_for_less)
{
    struct uuid id = id_of(3);
    int64_t plain = outbox_retry(&id, 1, NOW, 0);

    ck_assert_int_eq(outbox_retry(&id, 1, NOW, 5), plain);
    ck_assert_int_eq(outbox_retry(&id, 1, NOW, 300), NOW + 300 * SECOND);
    ck_assert_int_eq(outbox_retry(&id, 1, NOW, HOUR), NOW + HOUR * SECOND);
    ck_assert_int_eq(outbox_retry(&id, 1, NOW, HOUR + 1), NOW + HOUR * SECOND);
    ck_assert_int_eq(outbox_retry(&id, 1, NOW, UINT64_MAX), NOW + HOUR * SECOND);
    ck_assert_int_eq(outbox_retry(&id, 8, NOW, HOUR), outbox_retry(&id, 8, NOW, 0));
}
END_TEST

Suite *suite_retry(void)
{
    Suite *suite = suite_create("retry");
    TCase *tests = tcase_create("retry");

    tcase_add_loop_test(tests, pauses_grow_and_are_spread_by_a_tenth_at_most, 0, sizeof pauses / sizeof *pauses);
    tcase_add_test(tests, the_same_try_of_the_same_job_has_the_same_answer);
    tcase_add_test(tests, what_failed_together_is_not_tried_together);
    tcase_add_test(tests, the_last_try_is_after_about_seven_days);
    tcase_add_test(tests, a_target_may_ask_for_up_to_an_hour_and_never_for_less);
    suite_add_tcase(suite, tests);
    return suite;
}
