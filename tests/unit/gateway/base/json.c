#include "gateway/base/json.h"
#include "gateway/base/text.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

Suite *suite_json(void);

static struct json *read_text(const char *text)
{
    return json_read(text, strlen(text));
}

static const char *const broken[] = {
    "",
    "{",
    "[]",
    "\"a\"",
    "1",
    "null",
    "{}x",
    "{} {}",
    "{\"a\":1,\"a\":2}",
    "{\"b\":{\"a\":1,\"a\":2}}",
    "{\"a\":\"\\u0000\"}",
    "{\"a\":\"\xff\"}",
    "{'a':1}",
    "{\"a\":01}",
    "{\"a\":1,}",
    "{\"a\":\"\\ud800\"}",
    "\xef\xbb\xbf{}",
};

START_TEST(what_is_not_one_object_is_refused)
{
    ck_assert_msg(!read_text(broken[_i]), "%s", broken[_i]);
}
END_TEST

START_TEST(members_are_of_one_kind)
{
    struct json *json =
        read_text("{\"t\":\"\xc3\xa6\",\"n\":-5.75,\"big\":1e16,\"yes\":true,\"list\":[\"a\",{\"b\":1},3],\"o\":{}}");
    int64_t number = 0;
    bool flag;

    ck_assert_ptr_nonnull(json);
    ck_assert_uint_eq(json_size(json), 6);
    ck_assert(json_has(json, "o") && !json_has(json, "x"));
    ck_assert_str_eq(json_text(json, "t"), "\xc3\xa6");
    ck_assert_ptr_null(json_text(json, "n"));
    ck_assert(json_number(json, "n", &number) && number == -5);
    ck_assert(!json_number(json, "big", &number) && !json_number(json, "t", &number)
              && !json_number(json, "x", &number));
    ck_assert(json_flag(json, "yes", &flag) && flag);
    ck_assert(!json_flag(json, "n", &flag));
    ck_assert(json_has_array(json, "list") && !json_has_array(json, "o"));
    ck_assert_uint_eq(json_count(json, "list"), 3);
    ck_assert_uint_eq(json_count(json, "t"), 0);
    ck_assert_str_eq(json_text_at(json, "list", 0), "a");
    ck_assert_ptr_null(json_text_at(json, "list", 1));
    ck_assert_ptr_null(json_text_at(json, "list", 3));
    ck_assert(json_has(json_object_at(json, "list", 1), "b"));
    ck_assert_ptr_null(json_object_at(json, "list", 0));
    json_free(json);
}
END_TEST

START_TEST(an_object_is_written_as_it_was_read)
{
    static const char text[] = "{\"z\":1,\"a\":[true,null,\"\xc3\xa6\"],\"m\":{\"y\":\"\\\"\",\"x\":-2}}";
    struct json *json = read_text(text);
    char *again = json_format(json);

    ck_assert_str_eq(again, text);
    free(again);
    json_free(json);
}
END_TEST

static const struct {
    const char *text;
    long size; /* -1: refused */
} base64url[] = {
    {"", 0},    {"YQ", 1},   {"YWI", 2},   {"YWJj", 3},  {"-_-_", 3}, {"YWJjZA", 4}, {"Y", -1},
    {"YR", -1}, {"YWJ", -1}, {"YQ==", -1}, {"+/+/", -1}, {"Y Q", -1}, {"YWJjZ", -1}, {"YW\nI", -1},
};

START_TEST(base64_of_urls_has_one_spelling)
{
    unsigned char bytes[8];
    char again[16];
    long size = text_from_base64url(base64url[_i].text, strlen(base64url[_i].text), bytes, sizeof bytes);

    ck_assert_msg(size == base64url[_i].size, "%s: %ld", base64url[_i].text, size);
    if (size < 0)
        return;
    ck_assert_uint_eq(text_to_base64url(bytes, (size_t)size, again), strlen(base64url[_i].text));
    ck_assert_str_eq(again, base64url[_i].text);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof *(table)))

Suite *suite_json(void)
{
    Suite *suite = suite_create("json");
    TCase *tests = tcase_create("json");

    tcase_add_loop_test(tests, what_is_not_one_object_is_refused, 0, ROWS(broken));
    tcase_add_test(tests, members_are_of_one_kind);
    tcase_add_test(tests, an_object_is_written_as_it_was_read);
    tcase_add_loop_test(tests, base64_of_urls_has_one_spelling, 0, ROWS(base64url));
    suite_add_tcase(suite, tests);
    return suite;
}
