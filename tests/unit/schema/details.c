/* What a finding tells beyond its code is told in both languages. */
#include "tests/unit/schema/reading.h"

#include "schema/memo_impl.h"

Suite *suite_details(void);

#define CODES 10000 /* more than libxml2 has */

static void is_in_danish(const char *detail)
{
    struct arena *arena = arena_new(1 << 16);
    const char *danish = detail_in_danish(detail, arena);

    ck_assert_msg(danish && strcmp(danish, detail) != 0, "not in Danish: %s", detail);
    arena_free(arena);
}

START_TEST(each_sentence_for_an_error_of_libxml2_is_in_danish_too)
{
    unsigned of_schemas = 0, of_xml = 0;

    for (int code = 0; code < CODES; code++) {
        const char *detail;

        schema_error_code(code, &detail);
        if (detail) {
            is_in_danish(detail);
            of_schemas++;
        }
        detail = xml_error_detail(code);
        if (detail) {
            is_in_danish(detail);
            of_xml++;
        }
    }
    ck_assert_uint_ge(of_schemas, 20);
    ck_assert_uint_ge(of_xml, 10);
}
END_TEST

START_TEST(so_are_those_for_which_no_document_of_a_test_is_large_enough)
{
    is_in_danish(DETAIL_FIELDS_NO_ROOM);
    is_in_danish(DETAIL_DOCUMENT_NO_ROOM);
}
END_TEST

START_TEST(names_that_are_expected_stay_as_they_are)
{
    struct arena *arena = arena_new(1 << 16);

    ck_assert_str_eq(detail_in_danish("Expected is one of ( memo:label, memo:notification ).", arena),
                     "Forventet er et af ( memo:label, memo:notification ).");
    ck_assert_str_eq(detail_in_danish("Expected is ( memo:label ).", arena), "Forventet er ( memo:label ).");
    ck_assert_ptr_null(detail_in_danish("What nobody says.", arena));
    ck_assert_ptr_null(detail_in_danish(NULL, arena));
    arena_free(arena);
}
END_TEST

Suite *suite_details(void)
{
    Suite *suite = suite_create("details");
    TCase *tests = tcase_create("all");

    tcase_add_test(tests, each_sentence_for_an_error_of_libxml2_is_in_danish_too);
    tcase_add_test(tests, so_are_those_for_which_no_document_of_a_test_is_large_enough);
    tcase_add_test(tests, names_that_are_expected_stay_as_they_are);
    suite_add_tcase(suite, tests);
    return suite;
}
