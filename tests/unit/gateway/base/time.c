#include "gateway/base/time.h"

#include <check.h>

Suite *suite_time(void);

static const struct {
    const char *text;
    int64_t when; /* -1: no time */
} times[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"2000-02-29T12:30:15.5Z", INT64_C(951827415500)},
    {"2026-11-23T15:54:29.123456Z", INT64_C(1795449269123)},
    {"2026-11-23T15:54:29", -1},
    {"2026-11-23T15:54:29+01:00", -1},
    {"2026-02-29T00:00:00Z", -1},
    {"2026-13-01T00:00:00Z", -1},
    {"2026-11-23T24:00:00Z", -1},
    {"2026-11-23T15:54:29.Z", -1},
    {"2026-11-23T15:54:29Z ", -1},
    {"1969-12-31T23:59:59Z", -1},
    {"2026-11-2", -1},
    {"", -1},
};

START_TEST(a_utc_time_is_read_or_refused)
{
    int64_t when = -1;

    ck_assert_int_eq(time_parse(times[_i].text, &when), times[_i].when >= 0);
    if (times[_i].when >= 0)
        ck_assert_int_eq(when, times[_i].when);
}
END_TEST

START_TEST(a_time_is_written_in_utc_with_milliseconds)
{
    char text[TIME_TEXT_SIZE];

    time_format(INT64_C(1795449269123), text);
    ck_assert_str_eq(text, "2026-11-23T15:54:29.123Z");
    time_format(INT64_C(951827415500), text);
    ck_assert_str_eq(text, "2000-02-29T12:30:15.500Z");
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
    char text[TIME_TEXT_SIZE];
    int64_t back;

    for (int64_t when = 0; when < INT64_C(4102444800000); when += INT64_C(86399999) * 3) {
        time_format(when, text);
        ck_assert(time_parse(text, &back));
        ck_assert_int_eq(back, when);
    }
}
END_TEST

static const struct {
    const char *day, *utc; /* NULL: no day */
} midnights[] = {
    {"2026-11-23", "2026-11-22T23:00:00.000Z"}, /* winter: UTC+1 */
    {"2026-07-01", "2026-06-30T22:00:00.000Z"}, /* summer: UTC+2 */
    {"2026-03-29", "2026-03-28T23:00:00.000Z"}, /* summer time begins later that day */
    {"2026-03-30", "2026-03-29T22:00:00.000Z"},
    {"2026-10-25", "2026-10-24T22:00:00.000Z"}, /* summer time ends later that day */
    {"2026-10-26", "2026-10-25T23:00:00.000Z"},
    {"2028-02-29", "2028-02-28T23:00:00.000Z"},
    {"2026-02-29", NULL},
    {"2026-1-01", NULL},
    {"2026-01-01Z", NULL},
};

START_TEST(a_danish_day_begins_at_midnight_in_copenhagen)
{
    char text[TIME_TEXT_SIZE], day[11];
    int64_t when;

    ck_assert_int_eq(time_danish_midnight(midnights[_i].day, &when), midnights[_i].utc != NULL);
    if (!midnights[_i].utc)
        return;
    time_format(when, text);
    ck_assert_str_eq(text, midnights[_i].utc);
    time_danish_day(when, day);
    ck_assert_str_eq(day, midnights[_i].day);
    time_danish_day(when - 1, day);
    ck_assert_str_ne(day, midnights[_i].day);
}
END_TEST

Suite *suite_time(void)
{
    Suite *suite = suite_create("time");
    TCase *tests = tcase_create("time");

    tcase_add_loop_test(tests, a_utc_time_is_read_or_refused, 0, sizeof times / sizeof *times);
    tcase_add_test(tests, a_time_is_written_in_utc_with_milliseconds);
    tcase_add_test(tests, what_is_written_is_read_back);
    tcase_add_loop_test(tests, a_danish_day_begins_at_midnight_in_copenhagen, 0, sizeof midnights / sizeof *midnights);
    suite_add_tcase(suite, tests);
    return suite;
}
