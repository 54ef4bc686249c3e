/* Should the scanner and libxml2 ever count a document's contents differently, it is refused. */
#include "tests/unit/schema/reading.h"

#include "schema/memo_impl.h"

Suite *suite_parse(void);

static const struct {
    const char *says, *xml;
    unsigned held;
    bool good;
} counts[] = {
    {"one held back, one met", "<content/>", 1, true},
    {"none held back", "<content/>", 0, false},
    {"one held back, two met", "<a><content/><content/></a>", 1, false},
    {"two held back", "<a><content/></a>", 2, false},
};

START_TEST(contents_are_met_as_they_were_held_back)
{
    struct held held[2] = {{.size = 0}, {.size = 0}};
    struct buffer list = {.limit = sizeof held};
    struct findings findings = {.count = 0};
    struct error error = {0};
    struct memo_limits limits;
    struct memo memo = {0};
    struct memo_schemas *schemas;
    struct arena *arena = arena_new(1 << 20);

    memo_limits_default(&limits);
    ck_assert(memo_schemas_open(&schemas, &error));
    ck_assert(buffer_add(&list, held, counts[_i].held * sizeof held[0]));
    struct parse *parse = parse_open(schemas, &limits, arena, &memo, &findings, &list, &error);

    ck_assert_ptr_nonnull(parse);
    bool good = parse_push(parse, counts[_i].xml, strlen(counts[_i].xml), &error) && parse_finish(parse, &error);

    ck_assert_msg(good == counts[_i].good, "%s", counts[_i].says);
    ck_assert_int_eq(error.code, counts[_i].good ? ERROR_NONE : ERROR_XML_MALFORMED);
    parse_close(parse);
    buffer_free(&list);
    arena_free(arena);
    memo_schemas_close(schemas);
}
END_TEST

Suite *suite_parse(void)
{
    Suite *suite = suite_create("parse");
    TCase *tests = tcase_create("contents");

    tcase_add_loop_test(tests, contents_are_met_as_they_were_held_back, 0, sizeof counts / sizeof *counts);
    suite_add_tcase(suite, tests);
    return suite;
}
