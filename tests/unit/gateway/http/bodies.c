/* Bodies: as long as they say, longer, shorter, cut off; and the requests behind them, which must not notice. */
#include "fixture.h"

Suite *suite_bodies(void);

static struct fixture fixture;

/* What the handler does is named by the path: "/all", "/bytes" (one at a time), "/some" (the first 10), "/none". */
static void read_and_tell(struct request *rq)
{
    size_t room = strcmp(rq->path, "/bytes") == 0 ? 1 : 4096, most = strcmp(rq->path, "/some") == 0 ? 10 : SIZE_MAX;
    struct buffer body = {.limit = WIRE_MAX}, json = {.limit = WIRE_MAX};
    char bytes[4096];
    size_t got = 1;

    if (strcmp(rq->path, "/none") == 0)
        most = 0;
    while (got > 0 && body.size < most) {
        if (!request_read(rq, bytes, most < room ? most : room, &got, &rq->error) || !buffer_add(&body, bytes, got))
            break;
    }
    if (rq->error.code == ERROR_NONE
        && buffer_format(&json, "%lld %zu %llu ", (long long)rq->content_length, body.size,
                         (unsigned long long)rq->body_read)
        && (!body.size || buffer_add(&json, body.data, body.size)))
        respond_bytes(rq, 200, "text/plain", NULL, json.data, json.size);
    buffer_free(&body);
    buffer_free(&json);
}

static void open_server(void)
{
    fixture_open(&fixture, read_and_tell);
}

static void close_server(void)
{
    fixture_close(&fixture);
}

static const struct {
    const char *says, *path, *length, *body;
    int status;
    const char *answer; /* of 200: what was said, read by the handler, read in all, and the bytes */
} short_bodies[] = {
    {"a body of its length is read whole", "/all", "5", "12345", 200, "5 5 5 12345"},
    {"a byte at a time too", "/bytes", "5", "12345", 200, "5 5 5 12345"},
    {"an empty one is at its end at once", "/all", "0", "", 200, "0 0 0 "},
    {"what goes beyond its length is not read", "/all", "5", "1234567890", 200, "5 5 5 12345"},
    {"nor a byte at a time", "/bytes", "5", "1234567890", 200, "5 5 5 12345"},
    {"nor where the length is nought", "/all", "0", "12345", 200, "0 0 0 "},
    {"nor where none was said", "/all", NULL, "12345", 200, "-1 0 0 "},
    {"nor where an empty one was said", "/all", "", "12345", 200, "-1 0 0 "},
    {"the handler may stop early", "/some", "15", "123456789012345", 200, "15 10 10 1234567890"},
    {"or read nothing", "/none", "15", "123456789012345", 200, "15 0 0 "},
    {"a handler that stops early does not see the cut", "/some", "99", "123456789012345", 200, "99 10 10 1234567890"},
    {"a shorter one is refused", "/all", "6", "12345", 400, NULL},
    {"a byte at a time too", "/bytes", "6", "12345", 400, NULL},
    {"no byte of many is refused", "/all", "6", "", 400, NULL},
    {"the largest length is no wish for memory", "/all", "9223372036854775807", "12345", 400, NULL},
};

START_TEST(a_body_is_what_its_length_says_or_it_is_refused)
{
    struct answer answer = ask(&fixture, "POST", short_bodies[_i].path, short_bodies[_i].length, short_bodies[_i].body,
                               strlen(short_bodies[_i].body));

    ck_assert_msg(answer.status == short_bodies[_i].status, "%s: %d", short_bodies[_i].says, answer.status);
    if (short_bodies[_i].answer)
        ck_assert_msg(strcmp(answer.body, short_bodies[_i].answer) == 0, "%s: %s", short_bodies[_i].says, answer.body);
    else
        ck_assert_ptr_nonnull(strstr(answer.body, "{\"code\":\"body.cut.off\""));
    answer_free(&answer);
    answer = ask(&fixture, "POST", "/all", "3", "abc", 3);
    ck_assert_msg(strcmp(answer.body, "3 3 3 abc") == 0, "the next one after '%s'", short_bodies[_i].says);
    answer_free(&answer);
}
END_TEST

START_TEST(a_body_of_many_records_comes_whole_both_ways)
{
    size_t size = 3000001;
    char *body = malloc(size), says[64];
    struct answer answer;

    for (size_t i = 0; i < size; i++)
        body[i] = (char)(i * 7919 >> 5);
    answer = ask(&fixture, "POST", "/all", "3000001", body, size);
    snprintf(says, sizeof says, "%zu %zu %zu ", size, size, size);
    ck_assert_int_eq(strncmp(answer.body, says, strlen(says)), 0);
    ck_assert_uint_eq(answer.body_size, strlen(says) + size);
    ck_assert(memcmp(answer.body + strlen(says), body, size) == 0);
    ck_assert(has_header(&answer, "Content-Length: 3000025"));
    answer_free(&answer);
    free(body);
}
END_TEST

START_TEST(records_may_be_cut_and_padded_anywhere)
{
    struct buffer wire = {0};
    struct answer answer;

    wire_request(&wire, "POST", "/all", "6");
    for (int i = 0; i < 6; i++) {
        wire_head(&wire, 1, STDIN, 1, (unsigned)i * 50);
        wire_add(&wire, &"abcdef"[i], 1);
        wire_add(&wire, (char[250]){0}, (size_t)i * 50);
    }
    wire_record(&wire, STDIN, NULL, 0);
    answer = ask_bytes(&fixture, &wire, false);
    ck_assert_str_eq(answer.body, "6 6 6 abcdef");
    answer_free(&answer);
    buffer_free(&wire);
}
END_TEST

/* The caller is gone before its body came whole: nothing else may stand in for what is missing. */
static const struct {
    const char *says;
    int last_type; /* a record behind the bytes that came; 0: none */
    size_t claimed, came;
} cuts[] = {
    {"between two records", 0, 4, 4},          {"in the middle of one", 0, 100, 4},
    {"by an abort", ABORT_REQUEST, 4, 4},      {"by a record of parameters", PARAMS, 4, 4},
    {"by a record of data", DATA, 4, 4},       {"by a record of no known type", 99, 4, 4},
    {"by another begin", BEGIN_REQUEST, 4, 4},
};

START_TEST(a_body_that_is_cut_off_is_never_taken_for_whole)
{
    struct buffer wire = {0};
    struct answer answer;

    wire_request(&wire, "POST", "/all", "12");
    wire_head(&wire, 1, STDIN, cuts[_i].claimed, 0);
    wire_add(&wire, "abcd", cuts[_i].came);
    if (cuts[_i].last_type)
        wire_record(&wire, cuts[_i].last_type, "efghijkl", 8);
    answer = ask_bytes(&fixture, &wire, true);
    ck_assert_msg(answer.status == 0 || answer.status == 400, "%s: %d", cuts[_i].says, answer.status);
    ck_assert_msg(!answer.body || strstr(answer.body, "body.cut.off"), "%s", cuts[_i].says);
    answer_free(&answer);
    buffer_free(&wire);
    answer = ask(&fixture, "POST", "/all", "3", "abc", 3);
    ck_assert_msg(strcmp(answer.body, "3 3 3 abc") == 0, "the next one after a cut %s", cuts[_i].says);
    answer_free(&answer);
}
END_TEST

START_TEST(an_answer_without_a_body_to_a_head_request_says_its_length)
{
    struct answer answer = ask(&fixture, "HEAD", "/all", NULL, NULL, 0);

    ck_assert_int_eq(answer.status, 200);
    ck_assert(has_header(&answer, "Content-Length: 7"));
    ck_assert_uint_eq(answer.body_size, 0);
    answer_free(&answer);
}
END_TEST

START_TEST(many_requests_behind_one_another_do_not_mix)
{
    for (int i = 0; i < 200; i++) {
        char body[40], length[8], expected[64];
        struct answer answer;
        int size = snprintf(body, sizeof body, "%0*d", 1 + i % 30, i);

        snprintf(length, sizeof length, "%d", size);
        snprintf(expected, sizeof expected, "%d %d %d %s", size, size, size, body);
        answer = ask(&fixture, "POST", "/all", length, body, (size_t)size);
        ck_assert_str_eq(answer.body, expected);
        answer_free(&answer);
    }
}
END_TEST

Suite *suite_bodies(void)
{
    Suite *suite = suite_create("bodies");
    TCase *bodies = tcase_create("bodies");

    tcase_set_timeout(bodies, 60);
    tcase_add_checked_fixture(bodies, open_server, close_server);
    tcase_add_loop_test(bodies, a_body_is_what_its_length_says_or_it_is_refused, 0,
                        sizeof short_bodies / sizeof *short_bodies);
    tcase_add_test(bodies, a_body_of_many_records_comes_whole_both_ways);
    tcase_add_test(bodies, records_may_be_cut_and_padded_anywhere);
    tcase_add_loop_test(bodies, a_body_that_is_cut_off_is_never_taken_for_whole, 0, sizeof cuts / sizeof *cuts);
    tcase_add_test(bodies, an_answer_without_a_body_to_a_head_request_says_its_length);
    tcase_add_test(bodies, many_requests_behind_one_another_do_not_mix);
    suite_add_tcase(suite, bodies);
    return suite;
}
