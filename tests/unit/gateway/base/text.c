#include "gateway/base/text.h"

#include <string.h>

#include <check.h>

Suite *suite_text(void);

static const struct {
    const char *says, *bytes;
    size_t size;
    bool good;
} utf8[] = {
    {"plain letters", "Borger 1", 8, true},
    {"Danish letters", "\xc3\xa6\xc3\xb8\xc3\xa5", 6, true},
    {"the last code point", "\xf4\x8f\xbf\xbf", 4, true},
    {"beyond the last", "\xf4\x90\x80\x80", 4, false},
    {"overlong slash", "\xc0\xaf", 2, false},
    {"overlong in three", "\xe0\x80\xaf", 3, false},
    {"overlong in four", "\xf0\x80\x80\xaf", 4, false},
    {"a surrogate", "\xed\xa0\x80", 3, false},
    {"cut short", "\xe2\x82", 2, false},
    {"a lone continuation", "\x80", 1, false},
    {"ISO-8859-1", "b\xf8rn", 4, false},
    {"nothing", "", 0, true},
};

START_TEST(utf8_is_told_from_what_is_not)
{
    ck_assert_msg(text_is_utf8(utf8[_i].bytes, utf8[_i].size) == utf8[_i].good, "%s", utf8[_i].says);
}
END_TEST

static const struct {
    const char *text, *bytes;
    long size; /* -1: refused */
} base64[] = {
    {"", "", 0},          {"QQ==", "A", 1},   {"QUI=", "AB", 2},  {"QUJD", "ABC", 3}, {"QUJDRA==", "ABCD", 4},
    {"QR==", NULL, -1},   {"QUJ=", NULL, -1}, {"QUJ", NULL, -1},  {"Q===", NULL, -1}, {"QU=D", NULL, -1},
    {"QUJD\n", NULL, -1}, {"QU-_", NULL, -1}, {"====", NULL, -1},
};

START_TEST(base64_is_read_strictly)
{
    char out[16];
    long size = text_from_base64(base64[_i].text, strlen(base64[_i].text), out, sizeof out);

    ck_assert_int_eq(size, base64[_i].size);
    if (size > 0)
        ck_assert_mem_eq(out, base64[_i].bytes, (size_t)size);
}
END_TEST

START_TEST(base64_stays_within_its_room)
{
    char out[4] = "xyz";

    ck_assert_int_eq(text_from_base64("QUJD", 4, out, 2), -1);
    ck_assert_int_eq(text_from_base64("QUI=", 4, out, 2), 2);
    ck_assert_int_eq(out[2], 'z');
}
END_TEST

static const struct {
    const char *text, *plain; /* NULL: refused */
    bool plus;
} escapes[] = {
    {"a%20b", "a b", false}, {"a+b", "a b", true}, {"a+b", "a+b", false}, {"%c3%A6", "\xc3\xa6", false},
    {"%", NULL, false},      {"%2", NULL, false},  {"%zz", NULL, false},  {"a%00b", NULL, false},
};

START_TEST(percent_escapes_are_undone_or_refused)
{
    char text[32];

    strcpy(text, escapes[_i].text);
    ck_assert_int_eq(text_from_percent(text, strlen(text), escapes[_i].plus),
                     escapes[_i].plain ? (long)strlen(escapes[_i].plain) : -1);
    if (escapes[_i].plain)
        ck_assert_str_eq(text, escapes[_i].plain);
}
END_TEST

START_TEST(numbers_are_plain_and_bounded)
{
    uint64_t number = 7;

    ck_assert(text_to_number("1000", 1000, &number));
    ck_assert_uint_eq(number, 1000);
    ck_assert(text_to_number("18446744073709551615", UINT64_MAX, &number));
    ck_assert_uint_eq(number, UINT64_MAX);
    ck_assert(!text_to_number("18446744073709551616", UINT64_MAX, &number));
    ck_assert(!text_to_number("1001", 1000, &number));
    ck_assert(!text_to_number("3", 2, &number));
    ck_assert(!text_to_number("", 9, &number));
    ck_assert(!text_to_number("+1", 9, &number));
    ck_assert(!text_to_number("1 ", 9, &number));
    ck_assert(!text_to_number("0x1", 99, &number));
}
END_TEST

Suite *suite_text(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");

    tcase_add_loop_test(tests, utf8_is_told_from_what_is_not, 0, sizeof utf8 / sizeof *utf8);
    tcase_add_loop_test(tests, base64_is_read_strictly, 0, sizeof base64 / sizeof *base64);
    tcase_add_test(tests, base64_stays_within_its_room);
    tcase_add_loop_test(tests, percent_escapes_are_undone_or_refused, 0, sizeof escapes / sizeof *escapes);
    tcase_add_test(tests, numbers_are_plain_and_bounded);
    suite_add_tcase(suite, tests);
    return suite;
}
