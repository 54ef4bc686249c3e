#include "gateway/content/content.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

Suite *suite_content(void);

static char folder[64];
static struct spool *spool;
static struct error error;

static void open_spool(void)
{
    strcpy(folder, "/tmp/content-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    memset(&error, 0, sizeof error);
    ck_assert(spool_open(folder, &spool, &error));
}

static unsigned files_in(const char *path)
{
    DIR *dir = opendir(path);
    unsigned count = 0;

    ck_assert_ptr_nonnull(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void remove_folder(void)
{
    char command[128];

    spool_close(spool);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static unsigned char *pattern(size_t size)
{
    unsigned char *bytes = malloc(size + 1);

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)((i * 2654435761u) >> 13);
    return bytes;
}

static unsigned char *file_bytes(const char *name, size_t size)
{
    char path[PATH_MAX];
    unsigned char *bytes = malloc(size + 1);
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(bytes, 1, size + 1, file), size);
    fclose(file);
    return bytes;
}

static const struct {
    const char *says;
    size_t inline_max, size, chunk;
    bool spooled;
} parts[] = {
    {"nothing stays here", 100, 0, 1, false},
    {"nothing stays here even where no room is given", 0, 0, 1, false},
    {"what fits stays here", 100, 99, 7, false},
    {"what fits to the last byte stays here", 100, 100, 100, false},
    {"one byte more is spooled", 100, 101, 100, true},
    {"one byte is spooled where no room is given", 0, 1, 1, true},
    {"many small pieces are spooled", 5000, 900000, 333, true},
    {"one large piece is spooled", 64 * 1024, 3000001, 3000001, true},
    {"pieces as large as the buffer are spooled", 10, 1 << 20, 1 << 18, true},
    {"room for more than the buffer is used to the end", 400000, 399999, 9999, false},
    {"and left behind it", 400000, 800001, 9999, true},
};

START_TEST(what_is_added_comes_back)
{
    unsigned char *bytes = pattern(parts[_i].size), *kept;
    const void *inside;
    const char *name;
    uint64_t size;
    struct part *part;
    struct digest expected, digest;

    open_spool();
    ck_assert(part_open(spool, parts[_i].inline_max, &part, &error));
    for (size_t at = 0; at < parts[_i].size; at += parts[_i].chunk) {
        size_t left = parts[_i].size - at;

        ck_assert(part_add(part, bytes + at, left < parts[_i].chunk ? left : parts[_i].chunk, &error));
    }
    for (int again = 0; again < 2; again++) {
        ck_assert_msg(part_finish(part, &inside, &name, &size, &error), "%s", error.detail);
        ck_assert_uint_eq(size, parts[_i].size);
        ck_assert_msg((name != NULL) == parts[_i].spooled, "%s", parts[_i].says);
        ck_assert_int_eq(inside == NULL, parts[_i].spooled);
    }
    kept = name ? file_bytes(name, size) : NULL;
    ck_assert_mem_eq(name ? kept : inside, bytes, parts[_i].size);
    ck_assert(part_digest(part, &digest, &error) && digest_of(bytes, parts[_i].size, &expected));
    ck_assert(digest_same(&digest, &expected));
    ck_assert(!part_add(part, "x", 1, &error));
    part_close(part);
    ck_assert_uint_eq(files_in(folder), 0);
    free(kept);
    free(bytes);
    remove_folder();
}
END_TEST

static struct part *spooled_part(const char **name)
{
    struct part *part;
    const void *bytes;
    uint64_t size;

    ck_assert(part_open(spool, 2, &part, &error) && part_add(part, "abc", 3, &error));
    ck_assert(part_finish(part, &bytes, name, &size, &error));
    ck_assert_ptr_nonnull(*name);
    return part;
}

START_TEST(a_file_handed_over_outlives_its_part)
{
    const char *name;
    struct part *part;

    open_spool();
    part = spooled_part(&name);
    part_hand_over(part);
    part_close(part);
    ck_assert_uint_eq(files_in(folder), 1);
    remove_folder();
}
END_TEST

START_TEST(a_part_given_up_in_the_middle_leaves_nothing)
{
    struct part *part;

    open_spool();
    ck_assert(part_open(spool, 2, &part, &error) && part_add(part, "abcdef", 6, &error));
    ck_assert_uint_eq(files_in(folder), 1);
    part_close(part);
    ck_assert_uint_eq(files_in(folder), 0);
    part_close(NULL);
    remove_folder();
}
END_TEST

START_TEST(a_spool_file_is_for_whoever_reaches_its_folder)
{
    char path[PATH_MAX];
    const char *name;
    struct stat info;
    struct part *part;

    umask(077);
    open_spool();
    part = spooled_part(&name);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0644);
    ck_assert_uint_eq(strlen(name), SPOOL_NAME_SIZE - 1);
    part_close(part);
    remove_folder();
}
END_TEST

START_TEST(finished_parts_hold_no_descriptor)
{
    struct rlimit few = {.rlim_cur = 20, .rlim_max = 20};
    struct part *made[100];
    const char *name;

    open_spool();
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (size_t i = 0; i < 100; i++)
        made[i] = spooled_part(&name);
    ck_assert_uint_eq(files_in(folder), 100);
    for (size_t i = 0; i < 100; i++)
        part_close(made[i]);
    remove_folder();
}
END_TEST

START_TEST(a_spool_that_cannot_be_written_is_told_and_left_clean)
{
    struct rlimit small = {.rlim_cur = 100000, .rlim_max = 100000};
    unsigned char *bytes = pattern(1000000);
    struct part *part;

    signal(SIGXFSZ, SIG_IGN);
    open_spool();
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert(part_open(spool, 10, &part, &error));
    ck_assert(!part_add(part, bytes, 1000000, &error));
    ck_assert_int_eq(error.code, ERROR_SPOOL_FAILED);
    part_close(part);
    ck_assert_uint_eq(files_in(folder), 0);
    free(bytes);
    remove_folder();
}
END_TEST

START_TEST(a_full_disk_is_told_apart)
{
    struct part *part;
    const void *bytes;
    const char *name;
    uint64_t size;

    open_spool();
    ck_assert(part_open(spool, 10, &part, &error) && part_add(part, "abcdefghijkl", 12, &error));
    /* the part's file becomes /dev/full: its descriptor is the newest one */
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(full, 0);
    ck_assert_int_eq(dup2(full, full - 1), full - 1);
    ck_assert(!part_finish(part, &bytes, &name, &size, &error));
    ck_assert_int_eq(error.code, ERROR_STORE_FULL);
    close(full);
    part_close(part);
    ck_assert_uint_eq(files_in(folder), 0);
    remove_folder();
}
END_TEST

START_TEST(a_folder_that_is_none_opens_no_spool)
{
    struct spool *none;
    struct error why = {0};

    ck_assert(!spool_open("/tmp/there/is/no/such/folder", &none, &why));
    ck_assert_int_eq(why.code, ERROR_SPOOL_FAILED);
    ck_assert(!spool_open("/etc/passwd", &none, &why));
}
END_TEST

START_TEST(a_path_is_two_digits_and_the_digest)
{
    char path[CONTENT_PATH_SIZE];
    struct digest digest;

    ck_assert(digest_of("", 0, &digest));
    content_path(&digest, path);
    ck_assert_str_eq(path, "e3/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

/* Puts a content's file into a fresh folder; the descriptor of the folder. */
static int place(const char *bytes, struct digest *digest, char path[PATH_MAX])
{
    char below[CONTENT_PATH_SIZE];
    FILE *file;

    open_spool();
    ck_assert(digest_of(bytes, strlen(bytes), digest));
    content_path(digest, below);
    snprintf(path, PATH_MAX, "%s/%.2s", folder, below);
    ck_assert_int_eq(mkdir(path, 0750), 0);
    snprintf(path, PATH_MAX, "%s/%s", folder, below);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(bytes, file), 0);
    fclose(file);
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

START_TEST(a_content_file_is_read_by_offset_and_length)
{
    char path[PATH_MAX], bytes[8] = "";
    struct content_file file;
    struct digest digest;
    int contents = place("0123456789", &digest, path);

    ck_assert(content_file_open(contents, &digest, 10, &file, &error));
    ck_assert(content_file_read(&file, 3, bytes, 4, &error));
    ck_assert_str_eq(bytes, "3456");
    ck_assert(content_file_read(&file, 10, bytes, 0, &error));
    ck_assert(!content_file_read(&file, 8, bytes, 3, &error));
    ck_assert_int_eq(error.code, ERROR_STORE_CORRUPT);
    ck_assert(!content_file_read(&file, UINT64_MAX, bytes, 2, &error));
    ck_assert_int_eq(truncate(path, 5), 0);
    ck_assert(!content_file_read(&file, 3, bytes, 4, &error));
    ck_assert_int_eq(error.code, ERROR_STORE_CORRUPT);
    content_file_close(&file);
    close(contents);
    remove_folder();
}
END_TEST

static void make_shorter(const char *path)
{
    ck_assert_int_eq(truncate(path, 9), 0);
}

static void make_a_link(const char *path)
{
    char other[PATH_MAX];

    snprintf(other, sizeof other, "%s.other", path);
    ck_assert_int_eq(rename(path, other), 0);
    ck_assert_int_eq(symlink(other, path), 0);
}

static void make_a_pipe(const char *path)
{
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static void make_nothing(const char *path)
{
    ck_assert_int_eq(unlink(path), 0);
}

static const struct {
    const char *says;
    void (*spoil)(const char *path);
} spoilt[] = {
    {"a file that is gone", make_nothing},
    {"a file of other size", make_shorter},
    {"a link to the content", make_a_link},
    {"a pipe", make_a_pipe},
};

START_TEST(a_content_file_that_is_not_as_told_is_corrupt)
{
    char path[PATH_MAX];
    struct content_file file;
    struct digest digest;
    int contents = place("0123456789", &digest, path);

    spoilt[_i].spoil(path);
    ck_assert_msg(!content_file_open(contents, &digest, 10, &file, &error), "%s", spoilt[_i].says);
    ck_assert_int_eq(error.code, ERROR_STORE_CORRUPT);
    ck_assert_int_eq(file.fd, -1);
    close(contents);
    remove_folder();
}
END_TEST

Suite *suite_content(void)
{
    Suite *suite = suite_create("content");
    TCase *tests = tcase_create("content");

    tcase_add_loop_test(tests, what_is_added_comes_back, 0, sizeof parts / sizeof *parts);
    tcase_add_test(tests, a_file_handed_over_outlives_its_part);
    tcase_add_test(tests, a_part_given_up_in_the_middle_leaves_nothing);
    tcase_add_test(tests, a_spool_file_is_for_whoever_reaches_its_folder);
    tcase_add_test(tests, finished_parts_hold_no_descriptor);
    tcase_add_test(tests, a_spool_that_cannot_be_written_is_told_and_left_clean);
    tcase_add_test(tests, a_full_disk_is_told_apart);
    tcase_add_test(tests, a_folder_that_is_none_opens_no_spool);
    tcase_add_test(tests, a_path_is_two_digits_and_the_digest);
    tcase_add_test(tests, a_content_file_is_read_by_offset_and_length);
    tcase_add_loop_test(tests, a_content_file_that_is_not_as_told_is_corrupt, 0, sizeof spoilt / sizeof *spoilt);
    suite_add_tcase(suite, tests);
    return suite;
}
