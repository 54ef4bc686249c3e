/* What a skeleton becomes in the store, and back. */
#include "fixture.h"

#include "gateway/store/store_impl.h"

#include <sqlite3.h>

Suite *suite_skeletons(void);

#define SIZE_MOST ((size_t)6 * 1024 * 1024)            /* the most that a setting lets in */
#define FRAME_MOST(size) ((size) + 32 + (size) / 4096) /* what a frame adds to bytes that do not become shorter */

struct kept {
    struct buffer packed, xml;
    struct skeleton_reader *reader;
    const void *bytes;
    size_t size;
};

static void kept_open(struct kept *kept)
{
    *kept = (struct kept){.packed.limit = 2 * SIZE_MOST, .reader = skeleton_reader_open()};
    ck_assert(kept->reader);
}

static void kept_close(struct kept *kept)
{
    buffer_free(&kept->packed);
    buffer_free(&kept->xml);
    skeleton_reader_close(kept->reader);
}

static void keep(struct kept *kept, const char *xml, size_t size)
{
    struct packer packer = {.buffer = &kept->packed};

    buffer_clear(&kept->packed);
    skeleton_pack(&packer, xml, size);
    ck_assert(!packer.full);
    struct unpacker in = {.at = (unsigned char *)kept->packed.data,
                          .end = (unsigned char *)kept->packed.data + kept->packed.size};

    kept->bytes = unpack_bytes(&in, &kept->size);
    ck_assert(unpack_done(&in) && kept->bytes);
}

static void reads_back(struct kept *kept, const char *xml, size_t size)
{
    ck_assert(skeleton_read(kept->reader, kept->bytes, kept->size, &kept->xml));
    ck_assert_uint_eq(kept->xml.size, size);
    ck_assert_int_eq(memcmp(kept->xml.data, xml, size), 0);
}

static const size_t sizes[] = {1, 4, 19, 20, 300, 8000, 65536, 65537, 300000, (size_t)4 << 20, SIZE_MOST};
#define SIZES (sizeof sizes / sizeof sizes[0])

START_TEST(tags_become_shorter_and_come_back)
{
    static const char tags[] = "<memo:contactInfo><memo:label>Telefon</memo:label></memo:contactInfo>\n";
    size_t size = sizes[_i];
    char *xml = malloc(size);
    struct kept kept;

    for (size_t i = 0; i < size; i++)
        xml[i] = tags[i % (sizeof tags - 1)];
    kept_open(&kept);
    for (int round = 0; round < 2; round++) {
        keep(&kept, xml, size);
        if (size >= 300)
            ck_assert_uint_lt(kept.size, size / 2);
        reads_back(&kept, xml, size);
    }
    kept_close(&kept);
    free(xml);
}
END_TEST

START_TEST(what_does_not_become_shorter_hardly_becomes_longer)
{
    size_t size = sizes[_i];
    char *xml = malloc(size);
    struct kept kept;

    no_pattern(xml, size);
    xml[0] = '<';
    kept_open(&kept);
    keep(&kept, xml, size);
    ck_assert_uint_gt(kept.size, size);
    ck_assert_uint_le(kept.size, FRAME_MOST(size));
    reads_back(&kept, xml, size);
    kept_close(&kept);
    free(xml);
}
END_TEST

START_TEST(what_an_older_build_kept_is_read_as_it_is)
{
    static const char *const xml[] = {"<?xml version=\"1.0\"?><a/>", "\xef\xbb\xbf<a/>", " <a/>", "<a>", "<"};
    struct kept kept;

    kept_open(&kept);
    kept.bytes = xml[_i];
    kept.size = strlen(xml[_i]);
    reads_back(&kept, xml[_i], kept.size);
    kept_close(&kept);
}
END_TEST

/* Each byte of a frame changed, and each way to cut it: never other XML. */
START_TEST(a_damaged_one_is_not_read)
{
    static char xml[4000], bytes[4000];
    struct kept kept;

    no_pattern(xml, sizeof xml / 2);
    kept_open(&kept);
    keep(&kept, xml, sizeof xml);
    size_t size = kept.size;

    ck_assert_uint_lt(size, sizeof bytes);
    memcpy(bytes, kept.bytes, size);
    for (size_t i = 4; i < size; i++) {
        bytes[i] ^= 0x10;
        ck_assert_msg(!skeleton_read(kept.reader, bytes, size, &kept.xml), "byte %zu", i);
        bytes[i] ^= 0x10;
        ck_assert_msg(!skeleton_read(kept.reader, bytes, i, &kept.xml), "cut at %zu", i);
    }
    kept.bytes = bytes;
    reads_back(&kept, xml, sizeof xml); /* the reader is none the worse */
    kept_close(&kept);
}
END_TEST

START_TEST(a_letter_of_the_store_is_read_back)
{
    struct fixture fixture;
    struct letter letter;
    struct acceptance acceptance;
    struct error error = {0};
    struct kept kept;
    sqlite3 *connection;
    sqlite3_stmt *statement;
    char path[200];

    fixture_open(&fixture);
    fixture_start(&fixture);
    struct store *store = fixture_store(&fixture, 0);

    kept_open(&kept);
    letter_make(&letter, 1);
    no_pattern(letter.skeleton, sizeof letter.skeleton / 3);
    ck_assert_msg(letter_send(store, &letter, &acceptance, &error), "%s", error.detail);
    snprintf(path, sizeof path, "%s/mail/mail.db", fixture.folder);
    ck_assert_int_eq(sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(connection, "SELECT bytes FROM skeleton", -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    kept.bytes = sqlite3_column_blob(statement, 0);
    kept.size = (size_t)sqlite3_column_bytes(statement, 0);
    ck_assert_uint_lt(kept.size, sizeof letter.skeleton / 2);
    reads_back(&kept, letter.skeleton, sizeof letter.skeleton);
    sqlite3_finalize(statement);
    sqlite3_close(connection);
    kept_close(&kept);
    store_close(store);
    fixture_close(&fixture);
}
END_TEST

Suite *suite_skeletons(void)
{
    Suite *suite = suite_create("skeletons");
    TCase *tcase = tcase_create("skeletons");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, tags_become_shorter_and_come_back, 0, SIZES);
    tcase_add_loop_test(tcase, what_does_not_become_shorter_hardly_becomes_longer, 0, SIZES);
    tcase_add_loop_test(tcase, what_an_older_build_kept_is_read_as_it_is, 0, 5);
    tcase_add_test(tcase, a_damaged_one_is_not_read);
    tcase_add_test(tcase, a_letter_of_the_store_is_read_back);
    suite_add_tcase(suite, tcase);
    return suite;
}
