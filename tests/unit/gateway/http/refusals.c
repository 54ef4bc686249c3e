/* The answer to what is refused (CONTRACT.md, Errors): its members, whose code is the outer one, its headers. */
#include "fixture.h"

#include <jansson.h>

Suite *suite_refusals(void);

#define TRACE_ID "0af7651916cd43dd8448eb211c80319c"
#define E SEVERITY_ERROR
#define W SEVERITY_WARNING
#define SHORTEST 30
#define MANY 70

static const char hostile[] =
    "\"},{\"a\":\"b\\\n\r\t\x01\x1f\x7f</script>\xff\xc3\xa6\xed\xa0\x80%s%n\xf0\x9f\x98\x80\xc3";
static const char hostile_read[] =
    "\"},{\"a\":\"b\\\n\r\t\x01\x1f\x7f</script>\xef\xbf\xbd\xc3\xa6\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
    "%s%n\xf0\x9f\x98\x80\xef\xbf\xbd";

/* What a handler found, and what has to be said of it. */
static const struct refusal {
    const char *says;
    enum error_code code;
    const char *where;
    unsigned retry_after;
    struct finding findings[4];
    size_t count;
    int status;
    enum error_code outer;
    const char *header; /* that has to be there; NULL: none of the special ones */
    size_t field_errors;
} refusals[] = {
    {"an error without a place has no fieldErrors", ERROR_NOT_FOUND, NULL, 0, {{0}}, 0, 404, ERROR_NOT_FOUND, NULL, 0},
    {"an error of a parameter names it",
     ERROR_PARAMETER_INVALID,
     "page",
     0,
     {{0}},
     0,
     400,
     ERROR_PARAMETER_INVALID,
     NULL,
     1},
    {"an error of the document names its place",
     ERROR_XML_MALFORMED,
     "/memo:Message[1]",
     0,
     {{0}},
     0,
     400,
     ERROR_XML_MALFORMED,
     NULL,
     1},
    {"a failure of ours tells no place", ERROR_INTERNAL, "server", 0, {{0}}, 0, 500, ERROR_INTERNAL, NULL, 0},
    {"nobody said what went wrong", ERROR_NONE, NULL, 0, {{0}}, 0, 500, ERROR_INTERNAL, NULL, 0},
    {"a caller without a name is told how to give one",
     ERROR_BASIC_MISSING,
     NULL,
     0,
     {{0}},
     0,
     401,
     ERROR_BASIC_MISSING,
     "WWW-Authenticate: Basic realm=\"Digital Post\"",
     0},
    {"an address not allowed is no question of names",
     ERROR_ADDRESS_NOT_ALLOWED,
     NULL,
     0,
     {{0}},
     0,
     403,
     ERROR_ADDRESS_NOT_ALLOWED,
     NULL,
     0},
    {"another method is told those there are",
     ERROR_METHOD_NOT_ALLOWED,
     NULL,
     0,
     {{0}},
     0,
     405,
     ERROR_METHOD_NOT_ALLOWED,
     "Allow: GET, HEAD",
     0},
    {"too many requests wait five seconds",
     ERROR_TOO_MANY_REQUESTS,
     NULL,
     0,
     {{0}},
     0,
     429,
     ERROR_TOO_MANY_REQUESTS,
     "Retry-After: 5",
     0},
    {"or as long as was said",
     ERROR_TOO_MANY_REQUESTS,
     NULL,
     60,
     {{0}},
     0,
     429,
     ERROR_TOO_MANY_REQUESTS,
     "Retry-After: 60",
     0},
    {"a store that is busy asks for patience",
     ERROR_STORE_BUSY,
     NULL,
     0,
     {{0}},
     0,
     503,
     ERROR_STORE_BUSY,
     "Retry-After: 5",
     0},
    {"or for more of it",
     ERROR_STORE_FULL,
     "disk",
     4294967295u,
     {{0}},
     0,
     503,
     ERROR_STORE_FULL,
     "Retry-After: 4294967295",
     0},
    {"the first finding is the outer code",
     ERROR_SCHEMA_INVALID,
     NULL,
     0,
     {{ERROR_FILE_NAME, E, 3, "/a", NULL, NULL, NULL}, {ERROR_FILE_EXTENSION, E, 9, "/b", "exe", "more", "mere"}},
     2,
     400,
     ERROR_FILE_NAME,
     NULL,
     2},
    {"a warning before it is not",
     ERROR_SCHEMA_INVALID,
     NULL,
     0,
     {{ERROR_FILE_EMPTY, W, 1, "/a", NULL, NULL, NULL}, {ERROR_FILE_EXTENSION, E, 0, NULL, NULL, NULL, NULL}},
     2,
     400,
     ERROR_FILE_EXTENSION,
     NULL,
     2},
    {"the status is that of the outer code",
     ERROR_SCHEMA_INVALID,
     NULL,
     0,
     {{ERROR_SENDER_NOT_ALLOWED, E, 1, "/a", NULL, NULL, NULL}},
     1,
     403,
     ERROR_SENDER_NOT_ALLOWED,
     NULL,
     1},
    {"a failure after findings is what the answer is about",
     ERROR_STORE_UNAVAILABLE,
     NULL,
     0,
     {{ERROR_FILE_NAME, E, 3, "/a", NULL, NULL, NULL}},
     1,
     503,
     ERROR_STORE_UNAVAILABLE,
     "Retry-After: 5",
     1},
    {"hostile values are quoted",
     ERROR_SCHEMA_INVALID,
     NULL,
     0,
     {{ERROR_FILE_NAME, E, 3, hostile, hostile, hostile, hostile}},
     1,
     400,
     ERROR_FILE_NAME,
     NULL,
     1},
    {"a hostile place too", ERROR_PARAMETER_INVALID, hostile, 0, {{0}}, 0, 400, ERROR_PARAMETER_INVALID, NULL, 1},
};
#define REFUSALS (sizeof refusals / sizeof *refusals)

static const struct refusal *refusal_of(const char *path)
{
    return &refusals[atoi(path + strlen("/refuse/")) % (int)REFUSALS];
}

static bool two_members(const struct request *rq, struct buffer *json)
{
    return buffer_add_member(json, "more", rq->method) && buffer_add_text(json, ",\"number\":7");
}

static void tell_of_one(struct request *rq)
{
    const struct refusal *refusal = refusal_of(rq->path);

    error_set(&rq->error, refusal->code, NULL, "for the log alone");
    if (refusal->where)
        snprintf(rq->error.where, sizeof rq->error.where, "%s", refusal->where);
    rq->error.retry_after = refusal->retry_after;
    for (size_t i = 0; i < refusal->count; i++)
        findings_add(&rq->findings, &refusal->findings[i]);
    respond_refusal(rq, "GET, HEAD", strcmp(rq->method, "POST") == 0 ? two_members : NULL);
}

/* /many: more findings than an answer holds, each with a value of 30 characters of 2 bytes and more.
 * /huge: so much text that the answer has no room for it. /status/n: the n-th kind of error. */
static void tell_of_many(struct request *rq, size_t text_size)
{
    for (int i = 0; i < MANY; i++) {
        char *value = arena_alloc(rq->arena, 2 * (SHORTEST + MANY) + 1), *text = arena_alloc(rq->arena, text_size + 1);

        for (int c = 0; c < SHORTEST + i; c++)
            memcpy(value + 2 * c, "\xc3\xb8", 2);
        memset(text, 'x', text_size);
        findings_add(&rq->findings, &(struct finding){ERROR_SCHEMA_VALUE, E, (unsigned)i + 1, text, value, text, text});
    }
    error_set(&rq->error, ERROR_SCHEMA_INVALID, NULL, NULL);
    respond_refusal(rq, NULL, NULL);
}

static void refuse_as_asked(struct request *rq)
{
    if (strncmp(rq->path, "/refuse/", 8) == 0)
        tell_of_one(rq);
    else if (strcmp(rq->path, "/many") == 0)
        tell_of_many(rq, 300);
    else if (strcmp(rq->path, "/huge") == 0)
        tell_of_many(rq, 60000);
    else if (strncmp(rq->path, "/status/", 8) == 0)
        error_set(&rq->error, (enum error_code)atoi(rq->path + 8), NULL, NULL);
    else if (strcmp(rq->path, "/no-allow") == 0)
        error_set(&rq->error, ERROR_METHOD_NOT_ALLOWED, NULL, NULL);
    else
        respond_empty(rq, 204);
}

static struct fixture fixture;

static void open_server(void)
{
    fixture_open(&fixture, refuse_as_asked);
}

static void close_server(void)
{
    fixture_close(&fixture);
}

/* ---- reading it ---- */

static json_t *read_json(const struct answer *answer)
{
    json_error_t error;
    json_t *json = json_loadb(answer->body, answer->body_size, JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(json != NULL, "%s at %d: %s", error.text, error.position, answer->body);
    return json;
}

static void has_text(const json_t *json, const char *name, const char *text)
{
    const json_t *value = json_object_get(json, name);

    ck_assert_msg(value != NULL, "%s is missing", name);
    if (!text)
        ck_assert_msg(json_is_null(value), "%s is not null", name);
    else
        ck_assert_msg(json_is_string(value) && strcmp(json_string_value(value), text) == 0, "%s is %s, not %s", name,
                      json_string_value(value), text);
}

static void has_members_of(const json_t *json, enum error_code code)
{
    const struct error_kind *kind = error_kind(code);

    has_text(json, "code", kind->code);
    has_text(json, "message", kind->en);
    has_text(json, "messageDa", kind->da);
    has_text(json, "fault", fault_name(kind->fault));
    ck_assert(json_is_boolean(json_object_get(json, "retry")));
    ck_assert_int_eq(json_is_true(json_object_get(json, "retry")), kind->retry);
    ck_assert(json_is_array(json_object_get(json, "fieldErrors")));
    ck_assert_uint_eq(strlen(json_string_value(json_object_get(json, "traceId"))), 32);
}

static void has_finding(const json_t *item, const struct finding *finding)
{
    const json_t *line = json_object_get(item, "line");
    char text[1000], danish[1000];

    ck_assert_uint_eq(json_object_size(item), 7);
    snprintf(text, sizeof text, "%s%s%s", error_kind(finding->code)->en, finding->detail ? " " : "",
             finding->detail ? finding->detail == hostile ? hostile_read : finding->detail : "");
    snprintf(danish, sizeof danish, "%s%s%s", error_kind(finding->code)->da, finding->danish ? " " : "",
             finding->danish ? finding->danish == hostile ? hostile_read : finding->danish : "");
    has_text(item, "resource", "Message");
    has_text(item, "field", finding->field == hostile ? hostile_read : finding->field);
    has_text(item, "code", error_kind(finding->code)->code);
    has_text(item, "message", text);
    has_text(item, "messageDa", danish);
    has_text(item, "rejectedValue", finding->rejected == hostile ? hostile_read : finding->rejected);
    ck_assert(finding->line ? json_integer_value(line) == finding->line : json_is_null(line));
}

static void has_place(const json_t *item, const struct refusal *refusal)
{
    ck_assert_uint_eq(json_object_size(item), 7);
    has_text(item, "resource", refusal->where[0] == '/' ? "Message" : "Request");
    has_text(item, "field", refusal->where == hostile ? hostile_read : refusal->where);
    has_text(item, "code", error_kind(refusal->outer)->code);
    has_text(item, "message", error_kind(refusal->outer)->en);
    has_text(item, "messageDa", error_kind(refusal->outer)->da);
    has_text(item, "rejectedValue", NULL);
    ck_assert(json_is_null(json_object_get(item, "line")));
}

static void has_special_headers(const struct answer *answer, const char *line)
{
    static const char *const special[] = {"Retry-After: ", "WWW-Authenticate: ", "Allow: "};

    if (line)
        ck_assert_msg(has_header(answer, line), "%s is missing: %s", line, answer->out.data);
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        const char *found = strstr(answer->out.data, special[i]);

        if (!line || strncmp(line, special[i], strlen(special[i])) != 0)
            ck_assert_msg(!found || found > answer->body, "%s is too much", special[i]);
    }
}

static struct answer refuse(const char *method, const char *format, int number)
{
    struct buffer wire = {0}, pairs = {0};
    struct answer answer;
    char path[40];

    snprintf(path, sizeof path, "%s%d", format, number);
    wire_begin(&wire, RESPONDER, 0);
    wire_pairs(&pairs, method, path, NULL);
    wire_pair(&pairs, "HTTP_TRACEPARENT", "00-" TRACE_ID "-b7ad6b7169203331-01");
    wire_record(&wire, PARAMS, pairs.data, pairs.size);
    wire_record(&wire, PARAMS, NULL, 0);
    wire_record(&wire, STDIN, NULL, 0);
    answer = ask_bytes(&fixture, &wire, false);
    ck_assert(answer.ended && !answer.strange);
    ck_assert_ptr_nonnull(answer.body);
    buffer_free(&wire);
    buffer_free(&pairs);
    return answer;
}

START_TEST(a_refusal_says_what_whose_fault_where_and_whether_to_try_again)
{
    const struct refusal *refusal = &refusals[_i];
    struct answer answer = refuse("GET", "/refuse/", _i);
    json_t *json = read_json(&answer), *items = json_object_get(json, "fieldErrors");

    ck_assert_msg(answer.status == refusal->status, "%s: %d", refusal->says, answer.status);
    has_members_of(json, refusal->outer);
    ck_assert_uint_eq(json_object_size(json), 7);
    has_text(json, "traceId", TRACE_ID);
    ck_assert_msg(json_array_size(items) == refusal->field_errors, "%s: %zu", refusal->says, json_array_size(items));
    for (size_t i = 0; i < json_array_size(items); i++)
        if (refusal->count)
            has_finding(json_array_get(items, i), &refusal->findings[i]);
        else
            has_place(json_array_get(items, i), refusal);
    has_special_headers(&answer, refusal->header);
    ck_assert(has_header(&answer, "Content-Type: application/json"));
    ck_assert(has_header(&answer, "Cache-Control: no-store"));
    ck_assert(has_header(&answer, "X-Content-Type-Options: nosniff"));
    ck_assert_ptr_null(strstr(answer.body, "for the log alone"));
    json_decref(json);
    answer_free(&answer);
}
END_TEST

START_TEST(members_may_be_added_to_a_refusal)
{
    struct answer answer = refuse("POST", "/refuse/", _i);
    json_t *json = read_json(&answer);

    ck_assert_uint_eq(json_object_size(json), 9);
    has_members_of(json, refusals[_i].outer);
    has_text(json, "more", "POST");
    ck_assert_int_eq(json_integer_value(json_object_get(json, "number")), 7);
    json_decref(json);
    answer_free(&answer);
}
END_TEST

START_TEST(every_error_can_be_answered_with_a_status_that_has_a_name)
{
    int status = error_kind((enum error_code)_i)->status < 400 ? 500 : error_kind((enum error_code)_i)->status;
    struct answer answer = refuse("GET", "/status/", _i);
    json_t *json = read_json(&answer);
    char unnamed[40];

    ck_assert_int_eq(answer.status, status);
    snprintf(unnamed, sizeof unnamed, "Status: %d Status", status);
    ck_assert_msg(!has_header(&answer, unnamed), "%d has no name", status);
    has_members_of(json, _i == ERROR_NONE ? ERROR_INTERNAL : (enum error_code)_i);
    json_decref(json);
    answer_free(&answer);
}
END_TEST

START_TEST(at_most_fifty_findings_with_values_of_at_most_64_characters)
{
    struct answer answer = ask(&fixture, "GET", "/many", NULL, NULL, 0);
    json_t *json = read_json(&answer), *items = json_object_get(json, "fieldErrors");

    ck_assert_int_eq(answer.status, 400);
    ck_assert_uint_eq(json_array_size(items), FINDINGS_MAX);
    for (size_t i = 0; i < FINDINGS_MAX; i++) {
        const char *value = json_string_value(json_object_get(json_array_get(items, i), "rejectedValue"));

        ck_assert_uint_eq(strlen(value), 2 * (SHORTEST + i < REJECTED_MAX ? SHORTEST + i : REJECTED_MAX));
        ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(items, i), "line")), (int)i + 1);
    }
    json_decref(json);
    answer_free(&answer);
}
END_TEST

START_TEST(an_answer_that_has_no_room_keeps_its_status)
{
    struct answer answer = ask(&fixture, "GET", "/huge", NULL, NULL, 0);

    ck_assert_int_eq(answer.status, 400);
    ck_assert(has_header(&answer, "Content-Length: 0"));
    ck_assert_uint_eq(answer.body_size, 0);
    answer_free(&answer);
}
END_TEST

START_TEST(a_refused_method_without_a_list_has_no_allow)
{
    struct answer answer = ask(&fixture, "GET", "/no-allow", NULL, NULL, 0);

    ck_assert_int_eq(answer.status, 405);
    has_special_headers(&answer, NULL);
    answer_free(&answer);
}
END_TEST

START_TEST(an_answer_carries_its_trace_and_204_no_length)
{
    struct answer answer = refuse("DELETE", "/nothing/", 0);
    const char *parent = strstr(answer.out.data, "traceparent: 00-" TRACE_ID "-");

    ck_assert_int_eq(answer.status, 204);
    ck_assert_ptr_nonnull(parent);
    parent += strlen("traceparent: 00-" TRACE_ID "-");
    ck_assert_uint_eq(strspn(parent, "0123456789abcdef"), 16);
    ck_assert_ptr_eq(strstr(parent, "-01\r\n"), parent + 16);
    ck_assert_int_ne(strncmp(parent, "b7ad6b7169203331", 16), 0);
    ck_assert_ptr_null(strstr(answer.out.data, "Content-Length"));
    ck_assert_ptr_null(strstr(answer.out.data, "Content-Type:"));
    ck_assert_uint_eq(answer.body_size, 0);
    answer_free(&answer);
}
END_TEST

Suite *suite_refusals(void)
{
    Suite *suite = suite_create("refusals");
    TCase *shape = tcase_create("shape");

    tcase_set_timeout(shape, 60);
    tcase_add_checked_fixture(shape, open_server, close_server);
    tcase_add_loop_test(shape, a_refusal_says_what_whose_fault_where_and_whether_to_try_again, 0, REFUSALS);
    tcase_add_loop_test(shape, members_may_be_added_to_a_refusal, 0, REFUSALS);
    tcase_add_loop_test(shape, every_error_can_be_answered_with_a_status_that_has_a_name, 0, ERROR_COUNT);
    tcase_add_test(shape, at_most_fifty_findings_with_values_of_at_most_64_characters);
    tcase_add_test(shape, an_answer_that_has_no_room_keeps_its_status);
    tcase_add_test(shape, a_refused_method_without_a_list_has_no_allow);
    tcase_add_test(shape, an_answer_carries_its_trace_and_204_no_length);
    suite_add_tcase(suite, shape);
    return suite;
}
