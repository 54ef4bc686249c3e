#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/digest.h"
#include "gateway/base/error.h"
#include "gateway/base/finding.h"
#include "gateway/base/ids.h"
#include "gateway/base/text.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include <check.h>

Suite *suite_base(void);

START_TEST(every_error_has_a_code_two_texts_and_a_status)
{
    const struct error_kind *kind = error_kind((enum error_code)_i);

    ck_assert_ptr_nonnull(kind->code);
    ck_assert(kind->status == 200 || (kind->status >= 400 && kind->status < 600));
    for (const char *c = kind->code; *c; c++)
        ck_assert_msg(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '.', "%s", kind->code);
    ck_assert_msg(kind->en && strlen(kind->en) > 8 && kind->en[strlen(kind->en) - 1] == '.', "%s", kind->code);
    ck_assert_msg(kind->da && strlen(kind->da) > 8 && kind->da[strlen(kind->da) - 1] == '.', "%s", kind->code);
    ck_assert(text_is_utf8(kind->da, strlen(kind->da)));
    ck_assert_msg(kind->status != 503 || kind->retry, "%s: 503 invites to send again", kind->code);
    for (int other = 0; other < _i; other++)
        ck_assert_msg(strcmp(kind->code, error_kinds[other].code) != 0, "%s stands twice", kind->code);
}
END_TEST

START_TEST(an_unknown_code_is_an_internal_error)
{
    ck_assert_ptr_eq(error_kind(ERROR_COUNT), &error_kinds[ERROR_INTERNAL]);
    ck_assert_ptr_eq(error_kind((enum error_code) - 1), &error_kinds[ERROR_INTERNAL]);
}
END_TEST

START_TEST(an_arena_gives_zeroed_memory_up_to_its_limit)
{
    struct arena *arena = arena_new(300000);
    char *small = arena_alloc(arena, 100), *large = arena_alloc(arena, 200000);

    ck_assert_ptr_nonnull(small);
    ck_assert_ptr_nonnull(large);
    for (size_t i = 0; i < 200000; i++)
        ck_assert_int_eq(large[i], 0);
    memset(large, 'x', 200000);
    ck_assert_ptr_null(arena_alloc(arena, 100001));
    ck_assert_ptr_null(arena_alloc(arena, SIZE_MAX));
    ck_assert_ptr_nonnull(arena_alloc(arena, 1000));
    arena_reset(arena);
    large = arena_alloc(arena, 299000);
    ck_assert_ptr_nonnull(large);
    ck_assert_int_eq(large[298999], 0);
    arena_free(arena);
}
END_TEST

START_TEST(an_arena_copies_and_formats)
{
    struct arena *arena = arena_new(1000);

    ck_assert_str_eq(arena_copy(arena, "brevet", 4), "brev");
    ck_assert_str_eq(arena_format(arena, "%s %d", "brev", 7), "brev 7");
    ck_assert_uint_eq((uintptr_t)arena_alloc(arena, 1) % 16, 0);
    ck_assert_uint_eq((uintptr_t)arena_alloc(arena, 1) % 16, 0);
    arena_free(arena);
}
END_TEST

START_TEST(a_buffer_writes_json_strings_safely)
{
    struct buffer buffer = {.limit = 1000};

    ck_assert(buffer_add_json(&buffer, "a\"b\\c\n\x01\x7f\xc3\xa6\xff!"));
    ck_assert_str_eq(buffer.data, "\"a\\\"b\\\\c\\n\\u0001\\u007f\xc3\xa6\xef\xbf\xbd!\"");
    buffer_clear(&buffer);
    ck_assert(buffer_add_json(&buffer, "\xc3\xa6\x7f\"\xe2\x82\xac\x1f"));
    ck_assert_str_eq(buffer.data, "\"\xc3\xa6\\u007f\\\"\xe2\x82\xac\\u001f\"");
    buffer_clear(&buffer);
    ck_assert(buffer_add_json(&buffer, NULL));
    ck_assert_str_eq(buffer.data, "null");
    buffer_free(&buffer);
}
END_TEST

START_TEST(a_full_buffer_is_left_as_it_was)
{
    struct buffer buffer = {.limit = 8};

    ck_assert(buffer_add_text(&buffer, "1234"));
    ck_assert(!buffer_add_text(&buffer, "56789"));
    ck_assert(!buffer_add_json(&buffer, "567"));
    ck_assert_str_eq(buffer.data, "1234");
    ck_assert(buffer_add_text(&buffer, "5678"));
    ck_assert(!buffer_add_text(&buffer, "9"));
    buffer_free(&buffer);
}
END_TEST

START_TEST(uuids_are_read_and_written)
{
    char text[UUID_TEXT_SIZE];
    struct uuid uuid, other;

    ck_assert(uuid_parse_v4("8C2EA15D-61FB-4BA9-9366-42F8B194C114", &uuid));
    uuid_format(&uuid, text);
    ck_assert_str_eq(text, "8c2ea15d-61fb-4ba9-9366-42f8b194c114");
    ck_assert(!uuid_parse("8C2EA15D-61FB-4BA9-9366-42F8B194C11", &uuid));
    ck_assert(!uuid_parse("8C2EA15D-61FB-4BA9-9366-42F8B194C1144", &uuid));
    ck_assert(!uuid_parse("8C2EA15D_61FB-4BA9-9366-42F8B194C114", &uuid));
    ck_assert(!uuid_parse("8C2EA15D-61FB-4BA9-9366-42F8B194C11G", &uuid));
    ck_assert(!uuid_parse_v4("8C2EA15D-61FB-1BA9-9366-42F8B194C114", &uuid));
    ck_assert(!uuid_parse_v4("8C2EA15D-61FB-4BA9-C366-42F8B194C114", &uuid));
    ck_assert(uuid_random(&uuid) && uuid_random(&other) && !uuid_same(&uuid, &other));
    uuid_format(&uuid, text);
    ck_assert(uuid_parse_v4(text, &other) && uuid_same(&uuid, &other));
}
END_TEST

START_TEST(uuids_of_a_time_begin_with_it_and_stay_random)
{
    struct uuid uuids[2];
    char text[UUID_TEXT_SIZE];

    for (int i = 0; i < 2; i++) {
        ck_assert(uuid_random(&uuids[i]));
        uuid_order(&uuids[i], 1764183600123);
        uuid_format(&uuids[i], text);
        text[15] = '\0';
        ck_assert_str_eq(text, "019ac189-6bfb-7");
        ck_assert_int_eq(uuids[i].bytes[8] >> 6, 2);
    }
    ck_assert_int_ne(memcmp(uuids[0].bytes + 9, uuids[1].bytes + 9, 7), 0);
}
END_TEST

START_TEST(a_digest_of_parts_is_the_digest_of_the_whole)
{
    struct digest_stream *stream = digest_open();
    struct digest whole, parts;
    char hex[DIGEST_HEX_SIZE];

    ck_assert(digest_of("abc", 3, &whole));
    digest_format(&whole, hex);
    ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); /* FIPS 180-4 */
    for (int round = 0; round < 2; round++) {
        ck_assert(digest_start(stream) && digest_add(stream, "a", 1) && digest_add(stream, "bc", 2));
        ck_assert(digest_finish(stream, &parts) && digest_same(&whole, &parts));
    }
    ck_assert(digest_parse(hex, &parts) && digest_same(&whole, &parts));
    ck_assert(!digest_parse("ba78", &parts));
    digest_close(stream);
}
END_TEST

START_TEST(findings_keep_fifty_count_all_and_stand_in_order)
{
    struct findings findings = {0};

    for (unsigned i = 0; i < 60; i++)
        findings_add(&findings, &(struct finding){.code = ERROR_SCHEMA_VALUE, .line = 100 - i, .severity = i % 2});
    ck_assert_uint_eq(findings.count, FINDINGS_MAX);
    ck_assert_uint_eq(findings.total, 60);
    ck_assert_uint_eq(findings_errors(&findings), 25);
    findings_sort(&findings);
    for (size_t i = 1; i < findings.count; i++)
        ck_assert_uint_lt(findings.items[i - 1].line, findings.items[i].line);
}
END_TEST

Suite *suite_base(void)
{
    Suite *suite = suite_create("base");
    TCase *tests = tcase_create("base");

    tcase_add_loop_test(tests, every_error_has_a_code_two_texts_and_a_status, 0, ERROR_COUNT);
    tcase_add_test(tests, an_unknown_code_is_an_internal_error);
    tcase_add_test(tests, an_arena_gives_zeroed_memory_up_to_its_limit);
    tcase_add_test(tests, an_arena_copies_and_formats);
    tcase_add_test(tests, a_buffer_writes_json_strings_safely);
    tcase_add_test(tests, a_full_buffer_is_left_as_it_was);
    tcase_add_test(tests, uuids_are_read_and_written);
    tcase_add_test(tests, uuids_of_a_time_begin_with_it_and_stay_random);
    tcase_add_test(tests, a_digest_of_parts_is_the_digest_of_the_whole);
    tcase_add_test(tests, findings_keep_fifty_count_all_and_stand_in_order);
    suite_add_tcase(suite, tests);
    return suite;
}
