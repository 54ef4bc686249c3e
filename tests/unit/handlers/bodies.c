/* How large a body each row of the endpoint table takes: to the byte, and before anything else is looked at. */
#include "handlers/body.h"
#include "handlers/endpoints.h"
#include "handlers/service.h"

#include <string.h>

#include <check.h>

Suite *suite_bodies(void);

#define LETTER_MOST 1000000

static const struct config config = {.body_max = LETTER_MOST};
static struct service service = {.config = &config};

/* Whether a row takes a body of this length; -1: the caller gave none. */
static bool takes(const struct endpoint *row, int64_t length)
{
    struct request rq = {.endpoint = row, .content_length = length, .service = &service};
    bool taken = body_check(&rq);

    ck_assert_int_eq(rq.error.code, taken ? ERROR_NONE : ERROR_BODY_TOO_LARGE);
    ck_assert_uint_eq(rq.body_read, 0);
    return taken;
}

static const struct {
    const char *says, *method, *path;
    int64_t most;
} rows[] = {
    {"a letter may have what the settings say", "POST", "/memos/", LETTER_MOST},
    {"a command is small", "PATCH", "/mailboxes/{mailbox}/messages/{message}", 4096},
    {"who fetches sends nothing", "GET", "/receipts/{receipt}", 0},
    {"nor who deletes", "DELETE", "/receipts/{receipt}", 0},
    {"nor who asks for health", "GET", "/healthz", 0},
};

static const struct endpoint *row_of(const char *method, const char *path)
{
    for (const struct endpoint *row = endpoints; row->path; row++)
        if (strcmp(row->method, method) == 0 && strcmp(row->path, path) == 0)
            return row;
    ck_abort_msg("there is no %s %s", method, path);
}

START_TEST(a_row_takes_so_many_bytes_and_not_one_more)
{
    const struct endpoint *row = row_of(rows[_i].method, rows[_i].path);

    ck_assert_msg(takes(row, rows[_i].most), "%s", rows[_i].says);
    ck_assert_msg(!takes(row, rows[_i].most + 1), "%s", rows[_i].says);
    ck_assert_msg(!takes(row, INT64_MAX), "%s", rows[_i].says);
}
END_TEST

START_TEST(every_row_takes_a_request_without_a_body)
{
    for (const struct endpoint *row = endpoints; row->path; row++) {
        ck_assert_msg(takes(row, -1), "%s %s", row->method, row->path);
        ck_assert_msg(takes(row, 0), "%s %s", row->method, row->path);
    }
}
END_TEST

/* nginx has room for large bodies at one address alone; the bench's is served for measuring only. */
START_TEST(only_a_letter_is_large)
{
    for (const struct endpoint *row = endpoints; row->path; row++)
        if (takes(row, JSON_BODY_MAX + 1))
            ck_assert_msg(strcmp(row->path, "/memos/") == 0 || strcmp(row->path, "/apis/gateway/v1/empty") == 0,
                          "%s %s", row->method, row->path);
}
END_TEST

Suite *suite_bodies(void)
{
    Suite *suite = suite_create("bodies");
    TCase *tests = tcase_create("tests");

    tcase_add_loop_test(tests, a_row_takes_so_many_bytes_and_not_one_more, 0, sizeof rows / sizeof *rows);
    tcase_add_test(tests, every_row_takes_a_request_without_a_body);
    tcase_add_test(tests, only_a_letter_is_large);
    suite_add_tcase(suite, tests);
    return suite;
}
