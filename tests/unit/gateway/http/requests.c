/* What a request is made of: the environment that nginx sends, its query, its headers and its trace. */
#include "gateway/http/http_impl.h"

#include <stdio.h>
#include <string.h>

#include <check.h>

#include "gateway/base/text.h"

Suite *suite_requests(void);

#define TRACE_ID "0af7651916cd43dd8448eb211c80319c"
#define PARENT_ID "b7ad6b7169203331"
#define TRACEPARENT "00-" TRACE_ID "-" PARENT_ID "-01"
#define NGINX_ID "4bf92f3577b34da6a3ce929d0e0e4736"

static struct request rq;

static void open_request(void)
{
    rq = (struct request){.arena = arena_new(1 << 20)};
}

static void close_request(void)
{
    arena_free(rq.arena);
}

/* Fills the request in from one to four lines; NULL where there are fewer. */
static bool fill(const char *a, const char *b, const char *c, const char *d)
{
    static char lines[4][16384];
    const char *given[] = {a, b, c, d};
    char *environment[5] = {0};

    for (int i = 0; i < 4 && given[i]; i++) {
        snprintf(lines[i], sizeof lines[i], "%s", given[i]);
        environment[i] = lines[i];
    }
    return request_fill(&rq, environment);
}

static bool fill_query(const char *query)
{
    char line[16384];

    snprintf(line, sizeof line, "QUERY_STRING=%s", query);
    return fill("REQUEST_METHOD=GET", "DP_PATH=/apis/v1/receipts/", line, NULL);
}

/* ---- the query ---- */

static const struct {
    const char *says, *query;
    const char *name, *value; /* of one parameter that has to be there; NULL: there is none at all */
    size_t count;
} readable[] = {
    {"no query, no parameter", "", NULL, NULL, 0},
    {"a name and a value", "size=10", "size", "10", 1},
    {"the last of several", "a=1&b=2&c=3", "c", "3", 3},
    {"a value may be empty", "a=&b=2", "a", "", 2},
    {"a name without a value has an empty one", "a&b=2", "a", "", 2},
    {"empty pairs are nothing", "&&a=1&&", "a", "1", 1},
    {"an ampersand alone is nothing", "&", NULL, NULL, 0},
    {"the value goes on behind a second equals sign", "a=b=c", "a", "b=c", 1},
    {"an escape in a value", "a=%20%41%7e", "a", " A~", 1},
    {"an escape in a name", "%61b=1", "ab", "1", 1},
    {"hex of either case", "a=%C3%a6", "a", "\xc3\xa6", 1},
    {"a plus is a blank", "a=1+2", "a", "1 2", 1},
    {"an escaped plus is a plus", "a=1%2b2", "a", "1+2", 1},
    {"an escaped ampersand parts nothing", "a=1%262&b=3", "a", "1&2", 2},
    {"an escaped equals sign parts nothing", "a%3db=1", "a=b", "1", 1},
    {"an escaped percent is not read twice", "a=%2541", "a", "%41", 1},
    {"UTF-8 may come bare", "a=\xc3\xb8", "a", "\xc3\xb8", 1},
    {"a name may be empty", "=1", "", "1", 1},
    {"a semicolon is no ampersand", "a=1;b=2", "a", "1;b=2", 1},
    {"names have their case", "a=1&A=2", "A", "2", 2},
};

START_TEST(a_query_is_read_and_decoded)
{
    const char *value = NULL;

    ck_assert_msg(fill_query(readable[_i].query), "%s", readable[_i].says);
    ck_assert_int_eq(rq.error.code, ERROR_NONE);
    ck_assert_msg(rq.parameter_count == readable[_i].count, "%s: %zu", readable[_i].says, rq.parameter_count);
    if (readable[_i].name)
        value = request_parameter(&rq, readable[_i].name);
    ck_assert_msg(readable[_i].value ? value && strcmp(value, readable[_i].value) == 0 : !value, "%s: %s",
                  readable[_i].says, value ? value : "(none)");
    ck_assert_ptr_null(request_parameter(&rq, "nobody gave this"));
}
END_TEST

static const struct {
    const char *says, *query;
} unreadable[] = {
    {"an escape cut off", "a=%"},
    {"an escape cut short", "a=%4"},
    {"cut short by the next pair", "a=%4&b=1"},
    {"an escape of other letters", "a=%zz"},
    {"an escape with a sign", "a=%+1"},
    {"an escape of a NUL", "a=1%002"},
    {"in a name too", "a%00b=1"},
    {"a broken escape in a name", "%4=1"},
    {"a byte that is no UTF-8", "a=\xff"},
    {"an escaped byte that is no UTF-8", "a=%ff"},
    {"an overlong slash", "a=%c0%af"},
    {"half of a surrogate pair", "a=%ed%a0%80"},
    {"a character cut in two", "a=%c3&b=%a6"},
    {"a name that is no UTF-8", "%fe=1"},
    {"a parameter twice", "a=1&a=1"},
    {"twice, with another between", "a=1&b=2&a=3"},
    {"twice, once escaped", "a=1&%61=2"},
    {"twice, once without a value", "a&a=1"},
    {"an empty name twice", "=1&=2"},
};

START_TEST(a_query_that_says_two_things_or_none_is_refused)
{
    ck_assert_msg(!fill_query(unreadable[_i].query), "%s", unreadable[_i].says);
    ck_assert_msg(rq.error.code == ERROR_PARAMETER_INVALID, "%s: %s", unreadable[_i].says,
                  error_kind(rq.error.code)->code);
    ck_assert_msg(!strpbrk(rq.error.detail, "%\xff=&"), "the detail repeats nothing: %s", rq.error.detail);
}
END_TEST

START_TEST(as_many_parameters_as_there_is_room_for_and_no_more)
{
    for (int count = PARAMETERS_MAX; count <= PARAMETERS_MAX + 1; count++) {
        char query[1000] = "", pair[32];

        for (int i = 0; i < count; i++) {
            snprintf(pair, sizeof pair, "%sp%d=%d", i ? "&" : "", i, i);
            strcat(query, pair);
        }
        close_request();
        open_request();
        ck_assert_int_eq(fill_query(query), count == PARAMETERS_MAX);
        ck_assert_str_eq(request_parameter(&rq, "p31"), "31");
        ck_assert_int_eq(rq.error.code, count == PARAMETERS_MAX ? ERROR_NONE : ERROR_PARAMETER_INVALID);
    }
}
END_TEST

START_TEST(a_query_that_does_not_fit_the_arena_is_a_lack_of_memory)
{
    char query[5000];

    close_request();
    rq = (struct request){.arena = arena_new(4096)};
    memset(query, 'x', sizeof query - 1);
    query[sizeof query - 1] = '\0';
    ck_assert(!fill_query(query));
    ck_assert_int_eq(rq.error.code, ERROR_OUT_OF_MEMORY);
}
END_TEST

START_TEST(a_parameter_that_is_not_known_here_is_refused_without_its_name)
{
    static const char *const known[] = {"size", "page", NULL}, *const nothing[] = {NULL};

    ck_assert(fill_query("page=1&size=2"));
    ck_assert(request_parameters_known(&rq, known));
    ck_assert(!request_parameters_known(&rq, nothing));
    ck_assert_int_eq(rq.error.code, ERROR_PARAMETER_UNKNOWN);
    close_request();
    open_request();
    ck_assert(fill_query("page=1&0102031234=2"));
    ck_assert(!request_parameters_known(&rq, known));
    ck_assert_int_eq(rq.error.code, ERROR_PARAMETER_UNKNOWN);
    ck_assert_str_eq(rq.error.detail, "parameter 2 of the query");
    ck_assert_str_eq(rq.error.where, "");
}
END_TEST

START_TEST(no_parameter_is_unknown_where_there_is_none)
{
    static const char *const nothing[] = {NULL};

    ck_assert(fill_query(""));
    ck_assert(request_parameters_known(&rq, nothing));
}
END_TEST

/* ---- pages ---- */

static const struct {
    const char *query;
    uint64_t page, size; /* when it is taken */
    enum error_code code;
    const char *where;
} pages[] = {
    {"", 0, 100, ERROR_NONE, ""},
    {"page=3", 3, 100, ERROR_NONE, ""},
    {"size=1", 0, 1, ERROR_NONE, ""},
    {"size=1000&page=10", 10, 1000, ERROR_NONE, ""},
    {"page=10000&size=1", 10000, 1, ERROR_NONE, ""},
    {"page=007", 7, 100, ERROR_NONE, ""},
    {"size=0", 0, 0, ERROR_PAGE_TOO_LARGE, "size"},
    {"size=1001", 0, 0, ERROR_PAGE_TOO_LARGE, "size"},
    {"page=11&size=1000", 0, 0, ERROR_PAGE_TOO_DEEP, "page"},
    {"page=101", 0, 0, ERROR_PAGE_TOO_DEEP, "page"},
    {"page=2147483647&size=1000", 0, 0, ERROR_PAGE_TOO_DEEP, "page"},
    {"page=2147483648", 0, 0, ERROR_PARAMETER_INVALID, "page"},
    {"page=18446744073709551616", 0, 0, ERROR_PARAMETER_INVALID, "page"},
    {"page=-1", 0, 0, ERROR_PARAMETER_INVALID, "page"},
    {"page=%2b1", 0, 0, ERROR_PARAMETER_INVALID, "page"},
    {"page=1.0", 0, 0, ERROR_PARAMETER_INVALID, "page"},
    {"page=0x1", 0, 0, ERROR_PARAMETER_INVALID, "page"},
    {"page=", 0, 0, ERROR_PARAMETER_INVALID, "page"},
    {"page", 0, 0, ERROR_PARAMETER_INVALID, "page"},
    {"size=10+", 0, 0, ERROR_PARAMETER_INVALID, "size"},
    {"size=%c2%b2", 0, 0, ERROR_PARAMETER_INVALID, "size"},
};

START_TEST(page_and_size_are_plain_numbers_within_their_limits)
{
    struct page page = {77, 77};
    bool taken;

    ck_assert(fill_query(pages[_i].query));
    taken = request_page(&rq, &page);
    ck_assert_msg(taken == (pages[_i].code == ERROR_NONE), "%s", pages[_i].query);
    ck_assert_msg(rq.error.code == pages[_i].code, "%s: %s", pages[_i].query, error_kind(rq.error.code)->code);
    ck_assert_str_eq(rq.error.where, pages[_i].where);
    if (taken) {
        ck_assert_uint_eq(page.page, pages[_i].page);
        ck_assert_uint_eq(page.size, pages[_i].size);
    }
}
END_TEST

/* ---- headers ---- */

START_TEST(every_value_comes_to_its_place)
{
    ck_assert(
        fill("REQUEST_METHOD=POST", "DP_PATH=/apis/v1/memos/", "REMOTE_ADDR=192.0.2.1", "SSL_CLIENT_VERDICT=NONE"));
    ck_assert_str_eq(rq.method, "POST");
    ck_assert_str_eq(rq.path, "/apis/v1/memos/");
    ck_assert_str_eq(rq.remote_address, "192.0.2.1");
    ck_assert_str_eq(rq.certificate_verdict, "NONE");
    ck_assert(fill("SSL_CLIENT_CERTIFICATE=-----BEGIN%20", "HTTP_AUTHORIZATION=Basic YQ==", "CONTENT_LENGTH=17", NULL));
    ck_assert_str_eq(rq.certificate, "-----BEGIN%20");
    ck_assert_str_eq(rq.authorization, "Basic YQ==");
    ck_assert_int_eq(rq.content_length, 17);
}
END_TEST

START_TEST(what_did_not_come_is_not_there)
{
    ck_assert(fill(NULL, NULL, NULL, NULL));
    ck_assert_str_eq(rq.method, "");
    ck_assert_str_eq(rq.path, "");
    ck_assert_str_eq(rq.remote_address, "");
    ck_assert_int_eq(rq.content_length, -1);
    ck_assert_ptr_null(rq.content_type);
    ck_assert_ptr_null(rq.authorization);
    ck_assert_ptr_null(rq.certificate);
    ck_assert_ptr_null(rq.certificate_verdict);
    ck_assert_uint_eq(rq.parameter_count, 0);
}
END_TEST

START_TEST(who_calls_is_never_read_from_a_header)
{
    ck_assert(fill("HTTP_SSL_CLIENT_VERDICT=SUCCESS", "HTTP_REMOTE_ADDR=192.0.2.1", "HTTP_DP_PATH=/healthz",
                   "HTTP_SSL_CLIENT_CERTIFICATE=x"));
    ck_assert_ptr_null(rq.certificate_verdict);
    ck_assert_ptr_null(rq.certificate);
    ck_assert_str_eq(rq.remote_address, "");
    ck_assert_str_eq(rq.path, "");
}
END_TEST

START_TEST(names_that_only_resemble_one_of_ours_are_nothing)
{
    ck_assert(fill("REQUEST_METHODS=GET", "request_method=GET", "REQUEST_METHO=GET", "REQUEST_METHOD"));
    ck_assert_str_eq(rq.method, "");
    ck_assert(fill("=GET", "", "XREQUEST_METHOD=GET", "HTTP_X=REQUEST_METHOD=GET"));
    ck_assert_str_eq(rq.method, "");
}
END_TEST

static const char *const single[] = {
    "REQUEST_METHOD",
    "DP_PATH",
    "QUERY_STRING",
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
    "SSL_CLIENT_VERDICT",
    "SSL_CLIENT_CERTIFICATE",
    "REMOTE_ADDR",
    "DP_TRACE_ID",
    "HTTP_TRACEPARENT",
    "HTTP_AUTHORIZATION",
    "HTTP_CONTENT_TYPE",
    "DP_CREDENTIALS",
    "HTTP_RANGE",
    "HTTP_IF_RANGE",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MATCH",
};

START_TEST(a_header_that_is_used_comes_once)
{
    char line[40];

    ck_assert_uint_eq(sizeof single / sizeof *single, PARAM_COUNT);
    snprintf(line, sizeof line, "%s=1", single[_i]);
    ck_assert_msg(fill(line, NULL, NULL, NULL), "%s", single[_i]);
    close_request();
    open_request();
    ck_assert_msg(!fill(line, "REQUEST_URI=/", line, NULL), "%s twice", single[_i]);
    ck_assert_int_eq(rq.error.code, ERROR_HEADER_REPEATED);
}
END_TEST

START_TEST(of_a_repeated_header_the_first_stands_and_the_request_is_refused)
{
    ck_assert(!fill("HTTP_AUTHORIZATION=first", "HTTP_AUTHORIZATION=second", NULL, NULL));
    ck_assert_int_eq(rq.error.code, ERROR_HEADER_REPEATED);
    ck_assert_str_eq(rq.authorization, "first");
}
END_TEST

START_TEST(a_header_that_is_not_used_may_repeat)
{
    ck_assert(fill("HTTP_COOKIE=a", "HTTP_COOKIE=b", "HTTP_COOKIE=c", NULL));
    ck_assert_int_eq(rq.error.code, ERROR_NONE);
}
END_TEST

static const struct {
    const char *line;
    int64_t length; /* -2: refused */
} lengths[] = {
    {"CONTENT_LENGTH=", -1},
    {"CONTENT_LENGTH=0", 0},
    {"CONTENT_LENGTH=1048576", 1048576},
    {"CONTENT_LENGTH=9223372036854775807", INT64_MAX},
    {"CONTENT_LENGTH=9223372036854775808", -2},
    {"CONTENT_LENGTH=18446744073709551617", -2},
    {"CONTENT_LENGTH=-1", -2},
    {"CONTENT_LENGTH=+1", -2},
    {"CONTENT_LENGTH= 1", -2},
    {"CONTENT_LENGTH=1 ", -2},
    {"CONTENT_LENGTH=1,1", -2},
    {"CONTENT_LENGTH=0x10", -2},
    {"CONTENT_LENGTH=1e3", -2},
};

START_TEST(a_content_length_is_a_plain_number)
{
    ck_assert_msg(fill(lengths[_i].line, NULL, NULL, NULL) == (lengths[_i].length != -2), "%s", lengths[_i].line);
    if (lengths[_i].length != -2) {
        ck_assert_int_eq(rq.content_length, lengths[_i].length);
        return;
    }
    ck_assert_int_eq(rq.content_length, -1);
    ck_assert_int_eq(rq.error.code, ERROR_REQUEST_MALFORMED);
    ck_assert_str_eq(rq.error.where, "Content-Length");
}
END_TEST

static const struct {
    const char *line, *type;
} types[] = {
    {"CONTENT_TYPE=", NULL},
    {"CONTENT_TYPE=application/xml", "application/xml"},
    {"CONTENT_TYPE=Application/XML", "application/xml"},
    {"CONTENT_TYPE=application/xml;charset=UTF-8", "application/xml"},
    {"CONTENT_TYPE=application/xml ; charset=UTF-8", "application/xml"},
    {"CONTENT_TYPE=application/xml\tx", "application/xml"},
    {"CONTENT_TYPE=;charset=UTF-8", ""},
    {"CONTENT_TYPE=\xc3\x86/X", "\xc3\x86/x"},
};

START_TEST(a_media_type_is_lower_case_without_its_parameters)
{
    ck_assert(fill(types[_i].line, NULL, NULL, NULL));
    if (types[_i].type)
        ck_assert_str_eq(rq.content_type, types[_i].type);
    else
        ck_assert_ptr_null(rq.content_type);
}
END_TEST

/* ---- the trace ---- */

static const struct {
    const char *says, *header, *fallback, *trace, *parent; /* trace NULL: a fresh one */
} traces[] = {
    {"the caller's trace is taken over", "HTTP_TRACEPARENT=" TRACEPARENT, "DP_TRACE_ID=" NGINX_ID, TRACE_ID, PARENT_ID},
    {"without one nginx's id is it", "HTTP_X=1", "DP_TRACE_ID=" NGINX_ID, NGINX_ID, ""},
    {"a broken one counts as none", "HTTP_TRACEPARENT=00-" TRACE_ID, "DP_TRACE_ID=" NGINX_ID, NGINX_ID, ""},
    {"a hostile one counts as none", "HTTP_TRACEPARENT=\"},{\"\r\n", "DP_TRACE_ID=" NGINX_ID, NGINX_ID, ""},
    {"without either it is fresh", "HTTP_X=1", "HTTP_Y=1", NULL, ""},
    {"a fallback that is no id is not used", "HTTP_X=1", "DP_TRACE_ID=\"},{\"", NULL, ""},
};

START_TEST(a_request_belongs_to_a_trace_even_when_it_is_refused)
{
    ck_assert(fill(traces[_i].header, traces[_i].fallback, NULL, NULL));
    if (traces[_i].trace)
        ck_assert_msg(strcmp(rq.trace.trace_id, traces[_i].trace) == 0, "%s", traces[_i].says);
    ck_assert_uint_eq(strspn(rq.trace.trace_id, "0123456789abcdef"), 32);
    ck_assert_str_eq(rq.trace.parent_id, traces[_i].parent);
    ck_assert_uint_eq(strspn(rq.trace.span_id, "0123456789abcdef"), 16);
    ck_assert(!fill(traces[_i].header, traces[_i].fallback, "CONTENT_LENGTH=x", NULL));
    ck_assert_uint_eq(strlen(rq.trace.trace_id), 32);
}
END_TEST

static void add(Suite *suite, TCase *tcase)
{
    tcase_add_checked_fixture(tcase, open_request, close_request);
    suite_add_tcase(suite, tcase);
}

Suite *suite_requests(void)
{
    Suite *suite = suite_create("requests");
    TCase *query = tcase_create("query"), *headers = tcase_create("headers");

    tcase_add_loop_test(query, a_query_is_read_and_decoded, 0, sizeof readable / sizeof *readable);
    tcase_add_loop_test(query, a_query_that_says_two_things_or_none_is_refused, 0,
                        sizeof unreadable / sizeof *unreadable);
    tcase_add_test(query, as_many_parameters_as_there_is_room_for_and_no_more);
    tcase_add_test(query, a_query_that_does_not_fit_the_arena_is_a_lack_of_memory);
    tcase_add_test(query, a_parameter_that_is_not_known_here_is_refused_without_its_name);
    tcase_add_test(query, no_parameter_is_unknown_where_there_is_none);
    tcase_add_loop_test(query, page_and_size_are_plain_numbers_within_their_limits, 0, sizeof pages / sizeof *pages);
    add(suite, query);
    tcase_add_test(headers, every_value_comes_to_its_place);
    tcase_add_test(headers, what_did_not_come_is_not_there);
    tcase_add_test(headers, who_calls_is_never_read_from_a_header);
    tcase_add_test(headers, names_that_only_resemble_one_of_ours_are_nothing);
    tcase_add_loop_test(headers, a_header_that_is_used_comes_once, 0, sizeof single / sizeof *single);
    tcase_add_test(headers, of_a_repeated_header_the_first_stands_and_the_request_is_refused);
    tcase_add_test(headers, a_header_that_is_not_used_may_repeat);
    tcase_add_loop_test(headers, a_content_length_is_a_plain_number, 0, sizeof lengths / sizeof *lengths);
    tcase_add_loop_test(headers, a_media_type_is_lower_case_without_its_parameters, 0, sizeof types / sizeof *types);
    tcase_add_loop_test(headers, a_request_belongs_to_a_trace_even_when_it_is_refused, 0,
                        sizeof traces / sizeof *traces);
    add(suite, headers);
    return suite;
}
