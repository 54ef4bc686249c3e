#include "gateway/base/pack.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

Suite *suite_pack(void);

static void pack_sample(struct buffer *buffer)
{
    struct packer packer = {.buffer = buffer};

    pack_u8(&packer, 200);
    pack_u32(&packer, 4000000000u);
    pack_u64(&packer, UINT64_MAX - 1);
    pack_text(&packer, "brev");
    pack_text(&packer, NULL);
    pack_text(&packer, "");
    pack_bytes(&packer, "\0\1\2", 3);
    ck_assert(!packer.full);
}

START_TEST(what_was_packed_comes_out_again)
{
    struct buffer buffer = {.limit = 1000};
    size_t size;

    pack_sample(&buffer);
    struct unpacker in = {(unsigned char *)buffer.data, (unsigned char *)buffer.data + buffer.size, false};

    ck_assert_uint_eq(unpack_u8(&in), 200);
    ck_assert_uint_eq(unpack_u32(&in), 4000000000u);
    ck_assert_uint_eq(unpack_u64(&in), UINT64_MAX - 1);
    ck_assert_str_eq(unpack_text(&in), "brev");
    ck_assert_ptr_null(unpack_text(&in));
    ck_assert(!in.bad);
    ck_assert_str_eq(unpack_text(&in), "");
    ck_assert_mem_eq(unpack_bytes(&in, &size), "\0\1\2", 3);
    ck_assert_uint_eq(size, 3);
    ck_assert(unpack_done(&in));
    ck_assert_uint_eq(unpack_u8(&in), 0);
    ck_assert(in.bad);
    buffer_free(&buffer);
}
END_TEST

static void unpack_sample(struct unpacker *in)
{
    size_t size;

    unpack_u8(in);
    unpack_u32(in);
    unpack_u64(in);
    unpack_text(in);
    unpack_text(in);
    unpack_text(in);
    unpack_bytes(in, &size);
}

START_TEST(cut_short_at_any_byte_it_is_bad_and_never_read_beyond)
{
    struct buffer buffer = {.limit = 1000};

    pack_sample(&buffer);
    for (size_t size = 0; size < buffer.size; size++) {
        unsigned char *copy = malloc(size + 1); /* of the exact size, so that a sanitizer sees a step beyond */

        memcpy(copy, buffer.data, size);
        struct unpacker in = {copy, copy + size, false};

        unpack_sample(&in);
        ck_assert_msg(!unpack_done(&in), "cut at %zu it passed", size);
        free(copy);
    }
    buffer_free(&buffer);
}
END_TEST

START_TEST(a_text_without_its_end_is_bad)
{
    unsigned char bytes[] = {3, 0, 0, 0, 'a', 'b', 'c'}, inner[] = {3, 0, 0, 0, 'a', 0, 0};
    struct unpacker in = {bytes, bytes + sizeof bytes, false}, within = {inner, inner + sizeof inner, false};

    ck_assert_ptr_null(unpack_text(&in));
    ck_assert(in.bad);
    ck_assert_ptr_null(unpack_text(&within));
    ck_assert(within.bad);
}
END_TEST

START_TEST(a_full_buffer_is_told)
{
    struct buffer buffer = {.limit = 10};
    struct packer packer = {.buffer = &buffer};

    pack_text(&packer, "too long for it");
    ck_assert(packer.full);
    buffer_free(&buffer);
}
END_TEST

Suite *suite_pack(void)
{
    Suite *suite = suite_create("pack");
    TCase *tests = tcase_create("pack");

    tcase_add_test(tests, what_was_packed_comes_out_again);
    tcase_add_test(tests, cut_short_at_any_byte_it_is_bad_and_never_read_beyond);
    tcase_add_test(tests, a_text_without_its_end_is_bad);
    tcase_add_test(tests, a_full_buffer_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}
