/* The caller's trace is taken over where it is one (W3C Trace Context), else a fresh one begins. */
#include "gateway/log/log.h"

#include <string.h>

#include <check.h>

Suite *suite_traces(void);

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define FALLBACK "4bf92f3577b34da6a3ce929d0e0e4736"
#define NOUGHT "00000000000000000000000000000000"

static const struct {
    const char *says, *parent;
    bool taken;
} parents[] = {
    {"version 00", "00-" TRACE "-" PARENT "-01", true},
    {"not sampled", "00-" TRACE "-" PARENT "-00", true},
    {"flags that nobody knows", "00-" TRACE "-" PARENT "-ff", true},
    {"a later version of the same length", "cc-" TRACE "-" PARENT "-01", true},
    {"a later version that has more", "cc-" TRACE "-" PARENT "-01-what", true},
    {"a later version that ends with a hyphen", "01-" TRACE "-" PARENT "-01-", true},

    {"none", NULL, false},
    {"an empty one", "", false},
    {"a word", "trace", false},
    {"version ff", "ff-" TRACE "-" PARENT "-01", false},
    {"version FF", "FF-" TRACE "-" PARENT "-01", false},
    {"a version that is no number", "zz-" TRACE "-" PARENT "-01", false},
    {"version 00 with more", "00-" TRACE "-" PARENT "-01-what", false},
    {"version 00 with one letter more", "00-" TRACE "-" PARENT "-011", false},
    {"a later version whose flags go on", "cc-" TRACE "-" PARENT "-01what", false},
    {"no flags", "00-" TRACE "-" PARENT, false},
    {"half of the flags", "00-" TRACE "-" PARENT "-0", false},
    {"flags that are no number", "00-" TRACE "-" PARENT "-0x", false},
    {"a trace id of noughts", "00-" NOUGHT "-" PARENT "-01", false},
    {"a parent id of noughts", "00-" TRACE "-0000000000000000-01", false},
    {"a trace id in capitals", "00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01", false},
    {"a parent id in capitals", "00-" TRACE "-B7AD6B7169203331-01", false},
    {"a trace id that is no number", "00-0af7651916cd43dd8448eb211c80319g-" PARENT "-01", false},
    {"a quote in the trace id", "00-\"af7651916cd43dd8448eb211c80319c-" PARENT "-01", false},
    {"an id too short", "00-0af7651916cd43dd8448eb211c80319-" PARENT "-01x", false},
    {"an id too long", "00-" TRACE "0-" PARENT "-01", false},
    {"other signs between", "00_" TRACE "_" PARENT "_01", false},
    {"a blank before", " 00-" TRACE "-" PARENT "-01", false},
    {"a blank behind", "00-" TRACE "-" PARENT "-01 ", false},
    {"a line behind", "00-" TRACE "-" PARENT "-01\r\nX: y", false},
    {"two of them", "00-" TRACE "-" PARENT "-01,00-" TRACE "-" PARENT "-01", false},
};

static void is_an_id(const char *id, size_t size)
{
    ck_assert_uint_eq(strlen(id), size);
    ck_assert_uint_eq(strspn(id, "0123456789abcdef"), size);
    ck_assert_uint_lt(strspn(id, "0"), size);
}

START_TEST(a_traceparent_is_taken_over_whole_or_not_at_all)
{
    struct trace trace;

    memset(&trace, 'x', sizeof trace);
    trace_begin(&trace, parents[_i].parent, FALLBACK);
    ck_assert_msg(strcmp(trace.trace_id, parents[_i].taken ? TRACE : FALLBACK) == 0, "%s: %s", parents[_i].says,
                  trace.trace_id);
    ck_assert_msg(strcmp(trace.parent_id, parents[_i].taken ? PARENT : "") == 0, "%s: %s", parents[_i].says,
                  trace.parent_id);
    is_an_id(trace.span_id, 16);
    ck_assert_str_ne(trace.span_id, PARENT);
}
END_TEST

static const char *const no_fallbacks[] = {
    NULL,
    "",
    "4bf92f3577b34da6a3ce929d0e0e473",
    "4bf92f3577b34da6a3ce929d0e0e47361",
    "4BF92F3577B34DA6A3CE929D0E0E4736",
    NOUGHT,
    "4bf92f3577b34da6a3ce929d0e0e473\"",
    "4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
};

START_TEST(a_fallback_that_is_no_id_gives_way_to_a_fresh_one)
{
    struct trace one, other;

    trace_begin(&one, NULL, no_fallbacks[_i]);
    trace_begin(&other, "00-broken", no_fallbacks[_i]);
    is_an_id(one.trace_id, 32);
    is_an_id(other.trace_id, 32);
    ck_assert_str_ne(one.trace_id, other.trace_id);
    ck_assert_str_eq(one.parent_id, "");
    ck_assert_str_eq(other.parent_id, "");
}
END_TEST

START_TEST(our_part_of_a_trace_is_new_each_time)
{
    struct trace one, other;

    trace_begin(&one, parents[0].parent, NULL);
    trace_begin(&other, parents[0].parent, NULL);
    ck_assert_str_eq(one.trace_id, other.trace_id);
    ck_assert_str_ne(one.span_id, other.span_id);
}
END_TEST

Suite *suite_traces(void)
{
    Suite *suite = suite_create("traces");
    TCase *traces = tcase_create("traces");

    tcase_add_loop_test(traces, a_traceparent_is_taken_over_whole_or_not_at_all, 0, sizeof parents / sizeof *parents);
    tcase_add_loop_test(traces, a_fallback_that_is_no_id_gives_way_to_a_fresh_one, 0,
                        sizeof no_fallbacks / sizeof *no_fallbacks);
    tcase_add_test(traces, our_part_of_a_trace_is_new_each_time);
    suite_add_tcase(suite, traces);
    return suite;
}
