/* Records that no web server sends: broken, cut, too long, out of order. Each may have an answer or none; none may run a
 * handler on half a request, and whoever comes next is served. */
#include "fixture.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

Suite *suite_hostile(void);

#define GOOD "GET /good 0"
#define LARGE ((size_t)15 << 20) /* more than the arena of a request holds */

/* Tells what reached a handler: method, path (what fits) and the number of parameters. Nothing is found under an empty
 * path, as it is with the routes. */
static void tell(struct request *rq)
{
    char text[200];
    int size;

    if (strcmp(rq->path, "/large") == 0) {
        char *large = arena_alloc(rq->arena, 1 << 20);

        memset(large, 'x', 1 << 20);
        respond_bytes(rq, 200, "text/plain", NULL, large, 1 << 20);
        return;
    }
    if (!rq->path[0]) {
        error_set(&rq->error, ERROR_NOT_FOUND, NULL, NULL);
        return;
    }
    size = snprintf(text, sizeof text, "%s %.100s %zu", rq->method, rq->path, rq->parameter_count);
    respond_bytes(rq, 200, "text/plain", NULL, text, (size_t)size);
}

static struct fixture fixture;

static void open_server(void)
{
    fixture_open(&fixture, tell);
}

static void close_server(void)
{
    fixture_close(&fixture);
}

static void the_next_is_served(const char *after)
{
    struct answer answer = ask(&fixture, "GET", "/good", NULL, NULL, 0);

    ck_assert_msg(strcmp(answer.body, GOOD) == 0, "after '%s': %s", after, answer.body);
    answer_free(&answer);
}

/* ---- what may come instead of a request ---- */

static void nothing(struct buffer *wire)
{
    wire_add(wire, "", 0);
}

static void half_a_head(struct buffer *wire)
{
    wire_add(wire, "\x01\x01\x00", 3);
}

static void zeros(struct buffer *wire)
{
    wire_add(wire, (char[4096]){0}, 4096);
}

static void http(struct buffer *wire)
{
    const char *text = "GET /good HTTP/1.1\r\nHost: localhost\r\n\r\n";

    wire_add(wire, text, strlen(text));
}

static void begin_alone(struct buffer *wire)
{
    wire_begin(wire, RESPONDER, 0);
}

static void begin_cut_short(struct buffer *wire)
{
    wire_record(wire, BEGIN_REQUEST, "\x00\x01\x00\x00", 4);
    wire_record(wire, PARAMS, NULL, 0);
}

static void begin_too_long(struct buffer *wire)
{
    wire_record(wire, BEGIN_REQUEST, "\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 16);
    wire_record(wire, PARAMS, NULL, 0);
}

static void other_version(struct buffer *wire)
{
    wire_head(wire, 2, BEGIN_REQUEST, 8, 0);
    wire_add(wire, "\x00\x01\x00\x00\x00\x00\x00\x00", 8);
    wire_record(wire, PARAMS, NULL, 0);
    wire_record(wire, STDIN, NULL, 0);
}

static void no_known_role(struct buffer *wire)
{
    wire_begin(wire, 99, 0);
    wire_record(wire, PARAMS, NULL, 0);
    wire_record(wire, STDIN, NULL, 0);
}

static void parameters_before_the_begin(struct buffer *wire)
{
    struct buffer pairs = {0};

    wire_pairs(&pairs, "GET", "/good", NULL);
    wire_record(wire, PARAMS, pairs.data, pairs.size);
    wire_begin(wire, RESPONDER, 0);
    wire_record(wire, PARAMS, NULL, 0);
    buffer_free(&pairs);
}

/* Whole pairs, and what follows them instead of the end of the stream. */
static void pairs_then(struct buffer *wire, int type, const void *content, size_t size)
{
    struct buffer pairs = {0};

    wire_begin(wire, RESPONDER, 0);
    wire_pairs(&pairs, "GET", "/good", NULL);
    wire_record(wire, PARAMS, pairs.data, pairs.size);
    if (type)
        wire_record(wire, type, content, size);
    buffer_free(&pairs);
}

static void parameters_without_an_end(struct buffer *wire)
{
    pairs_then(wire, 0, NULL, 0);
}

static void parameters_then_abort(struct buffer *wire)
{
    pairs_then(wire, ABORT_REQUEST, NULL, 0);
}

static void parameters_then_body(struct buffer *wire)
{
    pairs_then(wire, STDIN, "12345", 5);
}

static void parameters_then_begin(struct buffer *wire)
{
    pairs_then(wire, BEGIN_REQUEST, "\x00\x01\x00\x00\x00\x00\x00\x00", 8);
}

static void parameters_then_half_a_head(struct buffer *wire)
{
    pairs_then(wire, 0, NULL, 0);
    wire_add(wire, "\x01\x04\x00\x01", 4);
}

/* Whole pairs, then the lengths of one that does not come, or not whole; then the end of the stream. */
static void lengths_without_bytes(struct buffer *wire, const char *lengths, size_t size)
{
    struct buffer pairs = {0};

    wire_pairs(&pairs, "GET", "/good", NULL);
    wire_add(&pairs, lengths, size);
    wire_begin(wire, RESPONDER, 0);
    wire_record(wire, PARAMS, pairs.data, pairs.size);
    wire_record(wire, PARAMS, NULL, 0);
    wire_record(wire, STDIN, NULL, 0);
    buffer_free(&pairs);
}

static void pair_cut_in_its_value(struct buffer *wire)
{
    lengths_without_bytes(wire, "\x04\x09NAMEval", 9);
}

static void pair_cut_in_its_name(struct buffer *wire)
{
    lengths_without_bytes(wire, "\x04\x09NA", 4);
}

static void pair_without_its_second_length(struct buffer *wire)
{
    lengths_without_bytes(wire, "\x04", 1);
}

static void pair_cut_in_its_length(struct buffer *wire)
{
    lengths_without_bytes(wire, "\x80\x00", 2);
}

static void pair_of_megabytes_that_do_not_come(struct buffer *wire)
{
    lengths_without_bytes(wire, "\x04\x84\x00\x00\x00NAMEvalue", 14);
}

static void pair_of_lengths_that_overflow(struct buffer *wire)
{
    lengths_without_bytes(wire, "\xff\xff\xff\xff\xff\xff\xff\xffNAMEvalue", 17);
}

static const struct {
    const char *says;
    void (*build)(struct buffer *wire);
} broken[] = {
    {"a connection that says nothing", nothing},
    {"half a head", half_a_head},
    {"four thousand zeros", zeros},
    {"HTTP", http},
    {"a begin alone", begin_alone},
    {"a begin cut short", begin_cut_short},
    {"another version", other_version},
    {"a role that is none", no_known_role},
    {"parameters before the begin", parameters_before_the_begin},
    {"parameters without an end", parameters_without_an_end},
    {"parameters, then an abort", parameters_then_abort},
    {"parameters, then a body", parameters_then_body},
    {"parameters, then another begin", parameters_then_begin},
    {"parameters, then half a head", parameters_then_half_a_head},
    {"a pair cut in its value", pair_cut_in_its_value},
    {"a pair cut in its name", pair_cut_in_its_name},
    {"a pair without its second length", pair_without_its_second_length},
    {"a pair cut in its length", pair_cut_in_its_length},
    {"a pair of 64 MB that do not come", pair_of_megabytes_that_do_not_come},
    {"a pair whose lengths overflow", pair_of_lengths_that_overflow},
    {"a begin too long", begin_too_long},
};

START_TEST(what_is_no_request_reaches_no_handler_and_harms_no_other)
{
    struct buffer wire = {0};
    struct answer answer;

    broken[_i].build(&wire);
    answer = ask_bytes(&fixture, &wire, true);
    ck_assert_msg(answer.status != 200, "%s: %s", broken[_i].says, answer.out.data);
    answer_free(&answer);
    buffer_free(&wire);
    the_next_is_served(broken[_i].says);
}
END_TEST

/* The caller is gone altogether, in the middle and before the answer. */
START_TEST(a_connection_closed_anywhere_harms_no_other)
{
    struct buffer wire = {0};

    wire_request(&wire, "POST", _i ? "/large" : "/good", "10");
    wire_record(&wire, STDIN, "1234567890", 10);
    wire_record(&wire, STDIN, NULL, 0);
    for (size_t size = 0; size <= wire.size; size++) {
        struct buffer part = {.data = wire.data, .size = size};
        int fd = wire_connect(&fixture);

        wire_send(fd, &part);
        close(fd);
    }
    buffer_free(&wire);
    the_next_is_served("all the cuts");
}
END_TEST

/* ---- parameters that are odd but whole ---- */

static struct answer ask_with(const struct buffer *pairs)
{
    struct buffer wire = {0};
    struct answer answer;

    wire_begin(&wire, RESPONDER, 0);
    wire_record(&wire, PARAMS, pairs->data, pairs->size);
    wire_record(&wire, PARAMS, NULL, 0);
    wire_record(&wire, STDIN, NULL, 0);
    answer = ask_bytes(&fixture, &wire, false);
    buffer_free(&wire);
    return answer;
}

static const struct {
    const char *says, *name, *value;
    size_t repeat; /* how often the value's text stands behind itself; 0: once */
    int status;
    const char *answer;
} odd[] = {
    {"a method twice", "REQUEST_METHOD", "POST", 0, 400, "header.repeated"},
    {"a path twice", "DP_PATH", "/good", 0, 400, "header.repeated"},
    {"a name with a value of another", "REMOTE_ADDR=192.0.2.1", "192.0.2.2", 0, 200, GOOD},
    {"a path hidden in a name", "DP_PATH=/bad", "", 0, 400, "header.repeated"},
    {"no name and no value", "", "", 0, 200, GOOD},
    {"a name without a value", "HTTP_X", "", 0, 200, GOOD},
    {"a value without a name", "", "x", 0, 200, GOOD},
    {"bytes that are no text", "HTTP_\xff\x01", "\r\n\xfe", 0, 200, GOOD},
    {"a megabyte that nobody reads", "HTTP_X", "x", 1 << 20, 200, GOOD},
    {"a query of a megabyte", "QUERY_STRING", "x", 1 << 20, 200, "GET /good 1"},
    {"a query larger than the arena", "QUERY_STRING", "x", LARGE, 503, "out.of.memory"},
    {"a query of too many parameters", "QUERY_STRING", "&x=1", 100000, 400, "parameter.invalid"},
    {"a query of nothing, often", "QUERY_STRING", "&&&&", 100000, 200, GOOD},
    {"a type larger than the arena", "CONTENT_TYPE", "x", LARGE, 503, "out.of.memory"},
    {"a length of a megabyte of digits", "CONTENT_LENGTH", "9", 1 << 20, 400, "request.malformed"},
    {"a length of a megabyte of noughts", "CONTENT_LENGTH", "0", 1 << 20, 200, GOOD},
    {"a trace of a megabyte", "HTTP_TRACEPARENT", "0", 1 << 20, 200, GOOD},
};

START_TEST(parameters_that_are_odd_but_whole_are_answered)
{
    size_t unit = strlen(odd[_i].value), count = odd[_i].repeat ? odd[_i].repeat : 1;
    char *value = calloc(unit * count + 1, 1);
    struct buffer pairs = {0};
    struct answer answer;

    for (size_t i = 0; i < count; i++)
        memcpy(value + i * unit, odd[_i].value, unit);
    wire_pairs(&pairs, "GET", "/good", NULL);
    wire_pair(&pairs, odd[_i].name, value);
    answer = ask_with(&pairs);
    ck_assert_msg(answer.status == odd[_i].status, "%s: %d", odd[_i].says, answer.status);
    ck_assert_msg(strstr(answer.body, odd[_i].answer), "%s: %s", odd[_i].says, answer.body);
    answer_free(&answer);
    buffer_free(&pairs);
    free(value);
    the_next_is_served(odd[_i].says);
}
END_TEST

START_TEST(many_small_parameters_are_read)
{
    struct buffer pairs = {0};
    struct answer answer;
    char name[20];

    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "HTTP_X%d", i);
        wire_pair(&pairs, name, "1");
    }
    wire_pairs(&pairs, "GET", "/good", NULL);
    answer = ask_with(&pairs);
    ck_assert_str_eq(answer.body, GOOD);
    answer_free(&answer);
    buffer_free(&pairs);
}
END_TEST

START_TEST(lengths_in_four_bytes_are_read_where_one_would_do)
{
    static const char *const texts[][2] = {{"REQUEST_METHOD", "GET"}, {"DP_PATH", "/good"}};
    struct buffer pairs = {0};
    struct answer answer;

    for (int i = 0; i < 2; i++) {
        for (int part = 0; part < 2; part++)
            wire_length(&pairs, strlen(texts[i][part]), true);
        for (int part = 0; part < 2; part++)
            wire_add(&pairs, texts[i][part], strlen(texts[i][part]));
    }
    answer = ask_with(&pairs);
    ck_assert_str_eq(answer.body, GOOD);
    answer_free(&answer);
    buffer_free(&pairs);
}
END_TEST

/* A worker that waits at its listening socket would not see what comes next on a connection it kept. */
START_TEST(no_connection_is_kept_whatever_the_caller_wishes)
{
    struct buffer wire = {0}, pairs = {0};
    struct answer answer;

    wire_pairs(&pairs, "GET", "/good", NULL);
    wire_begin(&wire, RESPONDER, KEEP_IT);
    wire_record(&wire, PARAMS, pairs.data, pairs.size);
    wire_record(&wire, PARAMS, NULL, 0);
    wire_record(&wire, STDIN, NULL, 0);
    answer = ask_bytes(&fixture, &wire, false);
    ck_assert(answer.ended);
    ck_assert_str_eq(answer.body, GOOD);
    answer_free(&answer);
    buffer_free(&wire);
    buffer_free(&pairs);
    the_next_is_served("a wish to keep the connection");
}
END_TEST

/* One byte of a whole request is another: whatever that makes of it, it is over when the caller has said all. */
START_TEST(no_single_byte_that_is_wrong_stops_the_server)
{
    struct buffer wire = {0};

    wire_request(&wire, "POST", "/good", "5");
    wire_record(&wire, STDIN, "12345", 5);
    wire_record(&wire, STDIN, NULL, 0);
    for (size_t at = 0; at < wire.size; at++) {
        char right = wire.data[at];
        struct answer answer;

        wire.data[at] = (char)(right ^ (_i ? _i : 0xff));
        answer = ask_bytes(&fixture, &wire, true);
        answer_free(&answer);
        wire.data[at] = right;
    }
    buffer_free(&wire);
    the_next_is_served("a wrong byte at every place");
}
END_TEST

/* The drain signal while a request is on its way: that one is answered, and no other is taken. */
START_TEST(a_request_under_way_is_answered_before_the_server_leaves)
{
    struct buffer wire = {0}, first, rest;
    struct fixture leaving;
    struct answer answer;
    int fd, status = -1, unread = 0;

    fixture_open(&leaving, tell);
    wire_request(&wire, "GET", "/good", NULL);
    wire_record(&wire, STDIN, NULL, 0);
    first = (struct buffer){.data = wire.data, .size = 20};
    rest = (struct buffer){.data = wire.data + 20, .size = wire.size - 20};
    fd = wire_connect(&leaving);
    wire_send(fd, &first);
    do
        ck_assert_int_eq(ioctl(fd, SIOCOUTQ, &unread), 0);
    while (unread > 0);
    kill(leaving.server, DRAIN);
    wire_send(fd, &rest);
    answer = wire_receive(fd);
    close(fd);
    ck_assert_str_eq(answer.body ? answer.body : "", GOOD);
    answer_free(&answer);
    ck_assert_int_eq(waitpid(leaving.server, &status, 0), leaving.server);
    ck_assert_int_eq(status, 0);
    unlink(leaving.address.sun_path);
    ck_assert_int_eq(rmdir(leaving.folder), 0);
    buffer_free(&wire);
}
END_TEST

Suite *suite_hostile(void)
{
    Suite *suite = suite_create("hostile");
    TCase *records = tcase_create("records");

    tcase_set_timeout(records, 60);
    tcase_add_checked_fixture(records, open_server, close_server);
    tcase_add_loop_test(records, what_is_no_request_reaches_no_handler_and_harms_no_other, 0,
                        sizeof broken / sizeof *broken);
    tcase_add_loop_test(records, a_connection_closed_anywhere_harms_no_other, 0, 2);
    tcase_add_loop_test(records, parameters_that_are_odd_but_whole_are_answered, 0, sizeof odd / sizeof *odd);
    tcase_add_test(records, many_small_parameters_are_read);
    tcase_add_test(records, lengths_in_four_bytes_are_read_where_one_would_do);
    tcase_add_test(records, no_connection_is_kept_whatever_the_caller_wishes);
    tcase_add_loop_test(records, no_single_byte_that_is_wrong_stops_the_server, 0, 3);
    tcase_add_test(records, a_request_under_way_is_answered_before_the_server_leaves);
    suite_add_tcase(suite, records);
    return suite;
}
