/* Which row of the endpoint table a path and a method find, what Allow lists when none takes the method. */
#include "gateway/http/http.h"

#include <string.h>

#include <check.h>

Suite *suite_routes(void);

static bool never_called(struct request *rq)
{
    (void)rq;
    ck_abort_msg("looking for a row calls nobody");
    return false;
}

#define ROW(pool, method, path)                                                                                        \
    {                                                                                                                  \
        ROLE_##pool, method, path, CALLER_NOBODY, NO_BODY, never_called                                                \
    }

static const struct endpoint table[] = {
    ROW(SENDER, "POST", "/memos/"),
    ROW(RECEIPT, "GET", "/receipts/"),
    ROW(RECEIPT, "GET", "/receipts/{receipt}"),
    ROW(RECEIPT, "DELETE", "/receipts/{receipt}"),
    ROW(SENDER, "PUT", "/a/{first}/b/{second}/c/{third}/{fourth}"),
    ROW(MONITOR, "GET", "/healthz"),
    ROW(SENDER, "POST", "/apis/gateway/v1/empty"),
    {.path = NULL},
};
enum { POST_MEMO, LIST, FETCH, DELETE, FOUR, HEALTH, EMPTY, NONE };

static struct request asking(const char *method, const char *path)
{
    return (struct request){.method = method, .path = path, .arena = arena_new(1000)};
}

static const struct {
    const char *says, *method, *path;
    enum role pool;
    int row; /* NONE: refused with `code` */
    enum error_code code;
} lookups[] = {
    {"the path of a row finds it", "POST", "/apis/v1/memos/", ROLE_SENDER, POST_MEMO, ERROR_NONE},
    {"the row's last slash may be left out", "POST", "/apis/v1/memos", ROLE_SENDER, POST_MEMO, ERROR_NONE},
    {"a last slash may be added", "GET", "/apis/v1/receipts/7/", ROLE_RECEIPT, FETCH, ERROR_NONE},
    {"a list is not one of its items", "GET", "/apis/v1/receipts/", ROLE_RECEIPT, LIST, ERROR_NONE},
    {"nor without its slash", "GET", "/apis/v1/receipts", ROLE_RECEIPT, LIST, ERROR_NONE},
    {"an item is not its list", "GET", "/apis/v1/receipts/7", ROLE_RECEIPT, FETCH, ERROR_NONE},
    {"the method chooses among rows of a path", "DELETE", "/apis/v1/receipts/7", ROLE_RECEIPT, DELETE, ERROR_NONE},
    {"HEAD is served where GET is", "HEAD", "/apis/v1/receipts/7", ROLE_RECEIPT, FETCH, ERROR_NONE},
    {"our own path stands as it is", "GET", "/healthz", ROLE_MONITOR, HEALTH, ERROR_NONE},
    {"with a last slash too", "GET", "/healthz/", ROLE_MONITOR, HEALTH, ERROR_NONE},
    {"our own path below /apis", "POST", "/apis/gateway/v1/empty", ROLE_SENDER, EMPTY, ERROR_NONE},
    {"four arguments find their row", "PUT", "/apis/v1/a/1/b/2/c/3/4", ROLE_SENDER, FOUR, ERROR_NONE},

    {"HEAD is not served where GET is not", "HEAD", "/apis/v1/memos/", ROLE_SENDER, NONE, ERROR_METHOD_NOT_ALLOWED},
    {"another method is refused", "GET", "/apis/v1/memos/", ROLE_SENDER, NONE, ERROR_METHOD_NOT_ALLOWED},
    {"methods have their case", "post", "/apis/v1/memos/", ROLE_SENDER, NONE, ERROR_METHOD_NOT_ALLOWED},
    {"no method is no method", "", "/apis/v1/memos/", ROLE_SENDER, NONE, ERROR_METHOD_NOT_ALLOWED},
    {"another pool's row is not served", "POST", "/apis/v1/memos/", ROLE_RECEIPT, NONE, ERROR_METHOD_NOT_ALLOWED},
    {"the contract's path needs its base", "POST", "/memos/", ROLE_SENDER, NONE, ERROR_NOT_FOUND},
    {"of this version", "POST", "/apis/v2/memos/", ROLE_SENDER, NONE, ERROR_NOT_FOUND},
    {"which is no prefix of a word", "POST", "/apis/v1memos/", ROLE_SENDER, NONE, ERROR_NOT_FOUND},
    {"our own path has no base", "GET", "/apis/v1/healthz", ROLE_MONITOR, NONE, ERROR_NOT_FOUND},
    {"the base alone is nothing", "GET", "/apis/v1/", ROLE_RECEIPT, NONE, ERROR_NOT_FOUND},
    {"nor without its slash", "GET", "/apis/v1", ROLE_RECEIPT, NONE, ERROR_NOT_FOUND},
    {"no path is nothing", "GET", "", ROLE_RECEIPT, NONE, ERROR_NOT_FOUND},
    {"a path cut short is nothing", "POST", "/apis/v1/memo", ROLE_SENDER, NONE, ERROR_NOT_FOUND},
    {"a path that goes on is nothing", "POST", "/apis/v1/memos/x", ROLE_SENDER, NONE, ERROR_NOT_FOUND},
    {"nor one whose word goes on", "POST", "/apis/v1/memoss", ROLE_SENDER, NONE, ERROR_NOT_FOUND},
    {"paths have their case", "POST", "/apis/v1/Memos/", ROLE_SENDER, NONE, ERROR_NOT_FOUND},
    {"an item has one part", "GET", "/apis/v1/receipts/7/8", ROLE_RECEIPT, NONE, ERROR_NOT_FOUND},
    {"an argument in the middle is not empty", "PUT", "/apis/v1/a//b/2/c/3/4", ROLE_SENDER, NONE, ERROR_NOT_FOUND},
    {"nor is the last", "PUT", "/apis/v1/a/1/b/2/c/3/", ROLE_SENDER, NONE, ERROR_NOT_FOUND},
    {"one last slash is optional, not two", "POST", "/apis/v1/memos//", ROLE_SENDER, NONE, ERROR_NOT_FOUND},
    {"nor behind an item", "GET", "/apis/v1/receipts/7//", ROLE_RECEIPT, NONE, ERROR_NOT_FOUND},
    {"the braces are no text", "GET", "/apis/v1/receipts{receipt}", ROLE_RECEIPT, NONE, ERROR_NOT_FOUND},
};

START_TEST(a_path_and_a_method_find_one_row_or_a_reason)
{
    struct request rq = asking(lookups[_i].method, lookups[_i].path);
    bool found = route_find(&rq, table, lookups[_i].pool);

    ck_assert_msg(found == (lookups[_i].row != NONE), "%s", lookups[_i].says);
    ck_assert_msg(rq.endpoint == (found ? &table[lookups[_i].row] : NULL), "%s", lookups[_i].says);
    ck_assert_msg(rq.error.code == lookups[_i].code, "%s: %s", lookups[_i].says, error_kind(rq.error.code)->code);
    arena_free(rq.arena);
}
END_TEST

START_TEST(arguments_are_handed_over_in_order_and_as_they_came)
{
    struct request rq = asking("PUT", "/apis/v1/a/one/b/t%wo/c/{third}/fo\xc3\xb8ur/");

    ck_assert(route_find(&rq, table, ROLE_SENDER));
    ck_assert_str_eq(rq.arguments[0], "one");
    ck_assert_str_eq(rq.arguments[1], "t%wo");
    ck_assert_str_eq(rq.arguments[2], "{third}");
    ck_assert_str_eq(rq.arguments[3], "fo\xc3\xb8ur");
    arena_free(rq.arena);
}
END_TEST

START_TEST(a_row_without_arguments_leaves_none)
{
    struct request rq = asking("GET", "/apis/v1/receipts/");

    ck_assert(route_find(&rq, table, ROLE_RECEIPT));
    for (int i = 0; i < ENDPOINT_ARGUMENTS; i++)
        ck_assert_ptr_null(rq.arguments[i]);
    arena_free(rq.arena);
}
END_TEST

START_TEST(an_argument_that_does_not_fit_the_arena_is_a_lack_of_memory)
{
    char path[2000] = "/apis/v1/receipts/";
    struct request rq = asking("GET", path);

    memset(path + strlen(path), 'x', 1500);
    ck_assert(!route_find(&rq, table, ROLE_RECEIPT));
    ck_assert_int_eq(rq.error.code, ERROR_OUT_OF_MEMORY);
    arena_free(rq.arena);
}
END_TEST

static const struct {
    const char *path, *methods;
} allows[] = {
    {"/apis/v1/memos/", "POST"},
    {"/apis/v1/memos", "POST"},
    {"/apis/v1/receipts/", "GET, HEAD"},
    {"/apis/v1/receipts/7", "GET, HEAD, DELETE"},
    {"/healthz", "GET, HEAD"},
    {"/apis/gateway/v1/empty", "POST"},
    {"/apis/v1/nothing", ""},
};

START_TEST(allow_lists_the_methods_of_a_path_in_any_pool)
{
    struct request rq = asking("BREW", allows[_i].path);
    struct buffer methods = {.limit = 100};

    ck_assert(route_methods(&rq, table, &methods));
    ck_assert_str_eq(methods.size ? methods.data : "", allows[_i].methods);
    buffer_free(&methods);
    arena_free(rq.arena);
}
END_TEST

START_TEST(a_list_of_methods_that_has_no_room_is_not_given_at_all)
{
    struct request rq = asking("BREW", "/apis/v1/receipts/7");

    for (size_t room = 0; room < strlen("GET, HEAD, DELETE"); room++) {
        struct buffer methods = {.limit = room};

        ck_assert(!route_methods(&rq, table, &methods));
        buffer_free(&methods);
    }
    arena_free(rq.arena);
}
END_TEST

Suite *suite_routes(void)
{
    Suite *suite = suite_create("routes");
    TCase *rows = tcase_create("rows"), *allow = tcase_create("allow");

    tcase_add_loop_test(rows, a_path_and_a_method_find_one_row_or_a_reason, 0, sizeof lookups / sizeof *lookups);
    tcase_add_test(rows, arguments_are_handed_over_in_order_and_as_they_came);
    tcase_add_test(rows, a_row_without_arguments_leaves_none);
    tcase_add_test(rows, an_argument_that_does_not_fit_the_arena_is_a_lack_of_memory);
    suite_add_tcase(suite, rows);
    tcase_add_loop_test(allow, allow_lists_the_methods_of_a_path_in_any_pool, 0, sizeof allows / sizeof *allows);
    tcase_add_test(allow, a_list_of_methods_that_has_no_room_is_not_given_at_all);
    suite_add_tcase(suite, allow);
    return suite;
}
