/* Ranges of a content, entity tags, and versions in If-Match. */
#include "gateway/http/http.h"

#include <check.h>

Suite *suite_ranges(void);

static const struct {
    const char *header;
    uint64_t size;
    enum range range;
    uint64_t begin, length;
} ranges[] = {
    {NULL, 10, RANGE_WHOLE, 0, 10},
    {"", 10, RANGE_WHOLE, 0, 10},
    {"bytes=0-0", 10, RANGE_PART, 0, 1},
    {"BYTES=2-4", 10, RANGE_PART, 2, 3},
    {"bytes=9-9", 10, RANGE_PART, 9, 1},
    {"bytes=9-10", 10, RANGE_PART, 9, 1},
    {"bytes=0-18446744073709551615", 10, RANGE_PART, 0, 10},
    {"bytes=3-", 10, RANGE_PART, 3, 7},
    {"bytes=-3", 10, RANGE_PART, 7, 3},
    {"bytes=-10", 10, RANGE_PART, 0, 10},
    {"bytes=-11", 10, RANGE_PART, 0, 10},
    {"bytes=-99999999999999999999999", 10, RANGE_PART, 0, 10},
    {"bytes=10-", 10, RANGE_BEYOND, 0, 10},
    {"bytes=10-12", 10, RANGE_BEYOND, 0, 10},
    {"bytes=99999999999999999999999-", 10, RANGE_BEYOND, 0, 10},
    {"bytes=-0", 10, RANGE_BEYOND, 0, 10},
    {"bytes=0-", 0, RANGE_BEYOND, 0, 0},
    {"bytes=-1", 0, RANGE_BEYOND, 0, 0},
    {"bytes=-", 10, RANGE_WHOLE, 0, 10},
    {"bytes=", 10, RANGE_WHOLE, 0, 10},
    {"bytes", 10, RANGE_WHOLE, 0, 10},
    {"bytes=5", 10, RANGE_WHOLE, 0, 10},
    {"bytes=5-4", 10, RANGE_WHOLE, 0, 10},
    {"bytes=1-2,4-5", 10, RANGE_WHOLE, 0, 10},
    {"bytes=1-2-3", 10, RANGE_WHOLE, 0, 10},
    {"bytes=--1", 10, RANGE_WHOLE, 0, 10},
    {"bytes=a-2", 10, RANGE_WHOLE, 0, 10},
    {"bytes=1-b", 10, RANGE_WHOLE, 0, 10},
    {"bytes= 1-2", 10, RANGE_WHOLE, 0, 10},
    {"bytes=1-2 ", 10, RANGE_WHOLE, 0, 10},
    {"bytes=+1-2", 10, RANGE_WHOLE, 0, 10},
    {"lines=1-2", 10, RANGE_WHOLE, 0, 10},
};

START_TEST(a_range_is_one_part_or_everything)
{
    uint64_t begin, length;

    ck_assert_msg(range_read(ranges[_i].header, ranges[_i].size, &begin, &length) == ranges[_i].range, "%s",
                  ranges[_i].header);
    if (ranges[_i].range == RANGE_BEYOND)
        return;
    ck_assert_msg(begin == ranges[_i].begin && length == ranges[_i].length, "%s", ranges[_i].header);
}
END_TEST

static const struct {
    const char *header;
    bool named;
} tags[] = {
    {NULL, false},         {"", false},
    {"\"a\"", true},       {"W/\"a\"", true},
    {"*", true},           {"\"b\"", false},
    {"\"ab\"", false},     {"\"b\", \"a\"", true},
    {"\"b\",\"a\"", true}, {"\"b\" , W/\"a\" , \"c\"", true},
    {"a", false},          {"\"a", false},
    {"\"a\"x", false},     {",,\"a\"", true},
    {"\"b\", *", true},    {"w/\"a\"", false},
};

START_TEST(an_entity_tag_is_named_or_not)
{
    ck_assert_msg(etag_named(tags[_i].header, "\"a\"") == tags[_i].named, "%s", tags[_i].header);
}
END_TEST

static const struct {
    const char *header;
    int64_t version;
    enum error_code code;
} versions[] = {
    {"3", 3, ERROR_NONE},
    {"\"3\"", 3, ERROR_NONE},
    {"9223372036854775807", INT64_MAX, ERROR_NONE},
    {NULL, 0, ERROR_IF_MATCH_MISSING},
    {"", 0, ERROR_IF_MATCH_MISSING},
    {"9223372036854775808", 0, ERROR_PARAMETER_INVALID},
    {"99999999999999999999999999", 0, ERROR_PARAMETER_INVALID},
    {"\"\"", 0, ERROR_PARAMETER_INVALID},
    {"\"3", 0, ERROR_PARAMETER_INVALID},
    {"3\"", 0, ERROR_PARAMETER_INVALID},
    {"*", 0, ERROR_PARAMETER_INVALID},
    {"W/\"3\"", 0, ERROR_PARAMETER_INVALID},
    {"3, 4", 0, ERROR_PARAMETER_INVALID},
    {"-3", 0, ERROR_PARAMETER_INVALID},
    {"+3", 0, ERROR_PARAMETER_INVALID},
    {" 3", 0, ERROR_PARAMETER_INVALID},
};

START_TEST(a_version_is_a_number_with_or_without_quotes)
{
    struct request rq = {.if_match = versions[_i].header};
    int64_t version = 0;
    bool ok = request_if_match(&rq, &version);

    ck_assert_msg(ok == (versions[_i].code == ERROR_NONE) && rq.error.code == versions[_i].code, "%s",
                  versions[_i].header);
    ck_assert(!ok || version == versions[_i].version);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof *(table)))

Suite *suite_ranges(void)
{
    Suite *suite = suite_create("ranges");
    TCase *tests = tcase_create("ranges");

    tcase_add_loop_test(tests, a_range_is_one_part_or_everything, 0, ROWS(ranges));
    tcase_add_loop_test(tests, an_entity_tag_is_named_or_not, 0, ROWS(tags));
    tcase_add_loop_test(tests, a_version_is_a_number_with_or_without_quotes, 0, ROWS(versions));
    suite_add_tcase(suite, tests);
    return suite;
}
