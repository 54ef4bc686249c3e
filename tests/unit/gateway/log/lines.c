/* Log lines: one JSON object each, whatever stands in a value, and nobody's number or secret in it. */
#include "gateway/log/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>
#include <jansson.h>

#include "gateway/base/time.h"

Suite *suite_lines(void);

#define LINE_MOST 4096 /* PIPE_BUF */
#define VALUE_MOST 512

static int reading;
static struct log to;
static char text[1 << 20];
static size_t text_size;

static void open_log(void)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    ck_assert_int_ge(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20), 1 << 20);
    reading = ends[0];
    to = (struct log){.role = "sender", .slot = 3, .least = LOG_DEBUG, .fd = ends[1]};
}

static void close_log(void)
{
    close(reading);
    close(to.fd);
}

/* What came since: all of it, NUL-terminated. */
static const char *take(void)
{
    ssize_t got = 0;

    text_size = 0;
    while ((got = read(reading, text + text_size, sizeof text - 1 - text_size)) > 0)
        text_size += (size_t)got;
    text[text_size] = '\0';
    return text;
}

static json_t *line_of(const char *line, size_t size)
{
    json_error_t error;
    json_t *json = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(json_is_object(json), "%s at %d: %.*s", error.text, error.position, (int)size, line);
    return json;
}

/* The one line that came, as an object. */
static json_t *take_line(void)
{
    take();
    ck_assert_uint_gt(text_size, 0);
    ck_assert_uint_le(text_size, LINE_MOST);
    ck_assert_ptr_eq(memchr(text, '\n', text_size), text + text_size - 1);
    return line_of(text, text_size - 1);
}

static const char *member(const json_t *line, const char *name)
{
    return json_string_value(json_object_get(line, name));
}

START_TEST(a_line_says_when_how_bad_who_and_what)
{
    const struct trace trace = {.trace_id = "0af7651916cd43dd8448eb211c80319c"};
    int64_t before = time_now() - 1, when;
    json_t *line;

    log_line(&to, LOG_WARNING, &trace, "a thing happened", LOG_T("text", "value"), LOG_N("number", INT64_MIN),
             LOG_N("large", INT64_MAX), LOG_B("yes", true), LOG_B("no", false), LOG_T("nothing", NULL));
    line = take_line();
    ck_assert(time_parse(member(line, "ts"), &when));
    ck_assert_int_ge(when, before);
    ck_assert_int_le(when, time_now());
    ck_assert_str_eq(member(line, "level"), "warning");
    ck_assert_str_eq(member(line, "role"), "sender");
    ck_assert_int_eq(json_integer_value(json_object_get(line, "slot")), 3);
    ck_assert_int_eq(json_integer_value(json_object_get(line, "pid")), getpid());
    ck_assert_str_eq(member(line, "msg"), "a thing happened");
    ck_assert_str_eq(member(line, "trace_id"), trace.trace_id);
    ck_assert_str_eq(member(line, "text"), "value");
    ck_assert_int_eq(json_integer_value(json_object_get(line, "number")), INT64_MIN);
    ck_assert_int_eq(json_integer_value(json_object_get(line, "large")), INT64_MAX);
    ck_assert(json_is_true(json_object_get(line, "yes")));
    ck_assert(json_is_false(json_object_get(line, "no")));
    ck_assert(json_is_null(json_object_get(line, "nothing")));
    ck_assert_uint_eq(json_object_size(line), 13);
    json_decref(line);
}
END_TEST

START_TEST(what_there_is_not_is_left_out)
{
    const struct trace none = {{0}, {0}, {0}};
    json_t *line;

    to.slot = -1;
    to.role = NULL;
    log_line(&to, LOG_INFO, &none, "alone");
    line = take_line();
    ck_assert_uint_eq(json_object_size(line), 5);
    ck_assert_str_eq(member(line, "role"), "");
    ck_assert_ptr_null(json_object_get(line, "slot"));
    ck_assert_ptr_null(json_object_get(line, "trace_id"));
    json_decref(line);
    log_write(&to, LOG_INFO, NULL, NULL, NULL);
    line = take_line();
    ck_assert(json_is_null(json_object_get(line, "msg")));
    json_decref(line);
}
END_TEST

START_TEST(an_error_is_told_with_its_code_place_and_detail)
{
    struct error error = {0};
    json_t *line;

    error_set(&error, ERROR_STORE_BUSY, "mail", "%d waiting", 7);
    log_error(&to, LOG_ERROR, NULL, "no", &error);
    line = take_line();
    ck_assert_str_eq(member(line, "code"), "store.busy");
    ck_assert_str_eq(member(line, "where"), "mail");
    ck_assert_str_eq(member(line, "detail"), "7 waiting");
    json_decref(line);
}
END_TEST

/* ---- levels ---- */

START_TEST(a_level_below_the_least_is_not_written)
{
    to.least = (enum log_level)_i;
    for (int level = 0; level < LOG_LEVEL_COUNT; level++) {
        log_line(&to, (enum log_level)level, NULL, "line");
        take();
        ck_assert_msg((text_size > 0) == (level >= _i), "%s where the least is %s",
                      log_level_name((enum log_level)level), log_level_name((enum log_level)_i));
        if (text_size) {
            json_t *line = line_of(text, text_size - 1);

            ck_assert_str_eq(member(line, "level"), log_level_name((enum log_level)level));
            json_decref(line);
        }
    }
}
END_TEST

START_TEST(a_level_is_read_by_the_name_it_has_and_no_other)
{
    static const char *const none[] = {"", "INFO", "warn", "info ", "debugg", "4"};
    enum log_level level = LOG_LEVEL_COUNT;

    for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
        ck_assert(log_level_parse(log_level_name((enum log_level)i), &level));
        ck_assert_int_eq(level, i);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        ck_assert_msg(!log_level_parse(none[i], &level), "%s", none[i]);
    ck_assert_int_eq(level, LOG_LEVEL_COUNT - 1);
}
END_TEST

/* ---- hostile values ---- */

static const struct {
    const char *says, *value, *read;
} values[] = {
    {"quotes", "\"},{\"level\":\"error", "\"},{\"level\":\"error"},
    {"backslashes", "\\\\\"\\", "\\\\\"\\"},
    {"a new line", "a\n{\"level\":\"error\"}\n", "a\n{\"level\":\"error\"}\n"},
    {"carriage return and tab", "\r\t\v\f\b", "\r\t\v\f\b"},
    {"control characters", "\x01\x02\x1b[31m\x1f\x7f", "\x01\x02\x1b[31m\x1f\x7f"},
    {"Danish", "bl\xc3\xa5 \xc3\xb8re", "bl\xc3\xa5 \xc3\xb8re"},
    {"a character of four bytes", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    {"line separators of Unicode", "\xe2\x80\xa8\xe2\x80\xa9", "\xe2\x80\xa8\xe2\x80\xa9"},
    {"bytes that are no UTF-8",
     "a\xff\xfe"
     "b",
     "a\xef\xbf\xbd\xef\xbf\xbd"
     "b"},
    {"half a character", "a\xc3", "a\xef\xbf\xbd"},
    {"an overlong slash", "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"half of a surrogate pair", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"directives of printf", "%s%n%100000d%", "%s%n%100000d%"},
    {"nothing", "", ""},
};

START_TEST(a_value_is_read_as_it_was_and_ends_no_line)
{
    json_t *line;

    log_line(&to, LOG_INFO, NULL, values[_i].value, LOG_T("value", values[_i].value), LOG_N("after", 1));
    line = take_line();
    ck_assert_msg(strcmp(member(line, "value"), values[_i].read) == 0, "%s: %s", values[_i].says, text);
    ck_assert_msg(strcmp(member(line, "msg"), values[_i].read) == 0, "%s: %s", values[_i].says, text);
    ck_assert_str_eq(member(line, "level"), "info");
    ck_assert_int_eq(json_integer_value(json_object_get(line, "after")), 1);
    json_decref(line);
}
END_TEST

START_TEST(every_byte_may_stand_in_a_value)
{
    for (int byte = 1; byte < 256; byte++) {
        char value[] = {'a', (char)byte, 'b', '\0'};
        json_t *line;
        const char *read;

        log_line(&to, LOG_INFO, NULL, "byte", LOG_T("value", value));
        line = take_line();
        read = member(line, "value");
        if (byte < 0x80)
            ck_assert_str_eq(read, value);
        else
            ck_assert_str_eq(read, "a\xef\xbf\xbd"
                                   "b");
        json_decref(line);
    }
}
END_TEST

/* `size` times the character of `unit`. */
static char *long_value(const char *unit, size_t count)
{
    size_t size = strlen(unit);
    char *value = calloc(count * size + 1, 1);

    for (size_t i = 0; i < count; i++)
        memcpy(value + i * size, unit, size);
    return value;
}

START_TEST(a_long_value_is_cut_and_the_rest_still_told)
{
    static const char *const units[] = {"- ", "\n", "\xc3\xa6", "\xf0\x9f\x98\x80", "\xff", "\"", "\x01"};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        char *value = long_value(units[i], 100000);
        json_t *line;

        log_line(&to, LOG_INFO, NULL, "long", LOG_T("value", value), LOG_N("after", 1));
        line = take_line();
        if (strlen(units[i]) > 1 || units[i][0] != '\xff')
            ck_assert_uint_le(strlen(member(line, "value")), VALUE_MOST + 3);
        ck_assert_uint_ge(strlen(member(line, "value")), VALUE_MOST - 4);
        ck_assert_int_eq(json_integer_value(json_object_get(line, "after")), 1);
        json_decref(line);
        free(value);
    }
}
END_TEST

START_TEST(a_field_for_which_there_is_no_room_is_left_out_whole)
{
    char *value = long_value("\x01", VALUE_MOST), names[20][8];
    struct log_field fields[21] = {{0}};
    size_t there = 0;
    json_t *line;

    for (int i = 0; i < 20; i++) {
        snprintf(names[i], sizeof names[i], "f%d", i);
        fields[i] = (struct log_field){.key = names[i], .kind = LOG_TEXT, .text = i % 2 ? "small" : value};
    }
    log_write(&to, LOG_INFO, NULL, "much", fields);
    line = take_line();
    for (int i = 0; i < 20; i++) {
        const char *found = member(line, names[i]);

        ck_assert_msg(!found || strcmp(found, fields[i].text) == 0, "%s is cut", names[i]);
        there += found != NULL;
    }
    ck_assert_uint_eq(there, 11); /* one of the long, all that are small */
    json_decref(line);
    free(value);
}
END_TEST

START_TEST(lines_of_every_length_about_the_most_are_whole)
{
    char *first = long_value("\x02", VALUE_MOST), *second = long_value("-", 400);
    size_t longest = 0, with_third = 0;

    for (size_t size = 0; size < VALUE_MOST; size++) {
        char *third = long_value("-", size);
        json_t *line;

        log_line(&to, LOG_INFO, NULL, "some", LOG_T("first", first), LOG_T("second", second), LOG_T("third", third));
        line = take_line();
        ck_assert_ptr_nonnull(json_object_get(line, "second"));
        with_third += json_object_get(line, "third") != NULL;
        longest = text_size > longest ? text_size : longest;
        json_decref(line);
        free(third);
    }
    ck_assert_uint_gt(with_third, 0);
    ck_assert_uint_lt(with_third, VALUE_MOST);
    ck_assert_uint_eq(longest, 4002);
    free(second);
    free(first);
}
END_TEST

/* Two processes write at the same time into one pipe. */
START_TEST(lines_of_several_processes_do_not_mix)
{
    enum { WRITERS = 3, LINES = 60 };
    char *value = long_value("\x03", VALUE_MOST);
    pid_t pids[WRITERS];
    size_t lines = 0;
    int status;

    for (int i = 0; i < WRITERS; i++) {
        pids[i] = fork();
        ck_assert_int_ge(pids[i], 0);
        for (int n = 0; !pids[i] && n < LINES; n++)
            log_line(&to, LOG_INFO, NULL, "mine", LOG_T("value", value), LOG_N("writer", i));
        if (!pids[i])
            _exit(0);
    }
    for (int i = 0; i < WRITERS; i++)
        ck_assert(waitpid(pids[i], &status, 0) == pids[i] && status == 0);
    take();
    for (char *at = text; *at; lines++) {
        char *end = strchr(at, '\n');

        ck_assert_ptr_nonnull(end);
        json_decref(line_of(at, (size_t)(end - at)));
        at = end + 1;
    }
    ck_assert_uint_eq(lines, WRITERS * LINES);
    free(value);
}
END_TEST

START_TEST(a_log_that_cannot_be_written_harms_nobody)
{
    int fd = to.fd;

    to.fd = -1;
    log_line(&to, LOG_ERROR, NULL, "to nobody");
    to.fd = fd;
    log_line(&to, LOG_ERROR, NULL, "to somebody");
    json_decref(take_line());
}
END_TEST

/* ---- what is blotted out ---- */

#define HEX64 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static const struct {
    const char *says, *value, *read;
} blots[] = {
    {"a CPR number", "person 0102031234 moved", "person # moved"},
    {"with its hyphen", "010203-1234", "#"},
    {"at both ends", "0102031234 and 0203041234", "# and #"},
    {"behind a sign", "cpr=0102031234,x", "cpr=#,x"},
    {"a CVR number is no person", "12345678", "12345678"},
    {"nor are nine digits", "123456789", "123456789"},
    {"nor eleven", "12345678901", "12345678901"},
    {"nor the milliseconds of a clock", "1795471769123", "1795471769123"},
    {"a hyphen elsewhere parts numbers", "01020-31234", "01020-31234"},
    {"a UUID stays", "0a1b2c3d-0102-4031-8234-010203123456", "0a1b2c3d-0102-4031-8234-010203123456"},
    {"one of digits stays", "01020312-0102-4031-8234-010203123456", "01020312-0102-4031-8234-010203123456"},
    {"a digest stays", HEX64, HEX64},
    {"a run of base64 does not", "token TWVkIGVuIGhlbWxpZ2hlZCBzb20gaW5nZW4gbcOlIHNlLg== end", "token # end"},
    {"a short run does", "TWVkIGVu", "TWVkIGVu"},
};

START_TEST(what_looks_like_a_person_or_a_secret_is_blotted_out)
{
    json_t *line;

    log_line(&to, LOG_INFO, NULL, blots[_i].value, LOG_T("value", blots[_i].value));
    line = take_line();
    ck_assert_msg(strcmp(member(line, "value"), blots[_i].read) == 0, "%s: %s", blots[_i].says, text);
    ck_assert_msg(strcmp(member(line, "msg"), blots[_i].read) == 0, "%s: %s", blots[_i].says, text);
    json_decref(line);
}
END_TEST

Suite *suite_lines(void)
{
    Suite *suite = suite_create("lines");
    TCase *lines = tcase_create("lines");

    tcase_set_timeout(lines, 60);
    tcase_add_checked_fixture(lines, open_log, close_log);
    tcase_add_test(lines, a_line_says_when_how_bad_who_and_what);
    tcase_add_test(lines, what_there_is_not_is_left_out);
    tcase_add_test(lines, an_error_is_told_with_its_code_place_and_detail);
    tcase_add_loop_test(lines, a_level_below_the_least_is_not_written, 0, LOG_LEVEL_COUNT);
    tcase_add_test(lines, a_level_is_read_by_the_name_it_has_and_no_other);
    tcase_add_loop_test(lines, a_value_is_read_as_it_was_and_ends_no_line, 0, sizeof values / sizeof *values);
    tcase_add_test(lines, every_byte_may_stand_in_a_value);
    tcase_add_test(lines, a_long_value_is_cut_and_the_rest_still_told);
    tcase_add_test(lines, a_field_for_which_there_is_no_room_is_left_out_whole);
    tcase_add_test(lines, lines_of_every_length_about_the_most_are_whole);
    tcase_add_test(lines, lines_of_several_processes_do_not_mix);
    tcase_add_test(lines, a_log_that_cannot_be_written_harms_nobody);
    tcase_add_loop_test(lines, what_looks_like_a_person_or_a_secret_is_blotted_out, 0, sizeof blots / sizeof *blots);
    suite_add_tcase(suite, lines);
    return suite;
}
