/* dpctl verify and letters: those of every kind are found as they came in, and what is done to them is seen. */
#include "fixture.h"

#include <sqlite3.h>

Suite *suite_proofs(void);

/* ---- a store, and what verify tells of it ---- */

struct told {
    struct fixture fixture;
    struct store *sender;
    struct error error;
    char checks[200], last[300]; /* each check's name and a blank; the text of the last one */
};

static void told_open(struct told *told)
{
    memset(told, 0, sizeof *told);
    fixture_open(&told->fixture);
    fixture_start(&told->fixture);
    told->sender = fixture_store(&told->fixture, 0);
}

static void told_close(struct told *told)
{
    store_close(told->sender);
    fixture_close(&told->fixture);
}

static void hear(void *state, const struct store_finding *finding)
{
    struct told *told = state;
    size_t length = strlen(told->checks);

    snprintf(told->checks + length, sizeof told->checks - length, "%s ", finding->check);
    snprintf(told->last, sizeof told->last, "%s", finding->text);
}

static const char *verify_tells(struct told *told)
{
    struct store *store = fixture_store(&told->fixture, 7);
    uint64_t findings;

    told->checks[0] = '\0';
    ck_assert_msg(store_verify(store, letter_restore, NULL, hear, told, &findings, &told->error), "%s",
                  told->error.detail);
    store_close(store);
    return told->checks;
}

static void submit(struct told *told, struct letter *letter)
{
    struct acceptance acceptance;

    ck_assert_msg(letter_send(told->sender, letter, &acceptance, &told->error), "%s", told->error.detail);
}

static void do_to(struct told *told, const char *sql)
{
    sqlite3 *connection;
    char path[200];

    snprintf(path, sizeof path, "%s/mail/mail.db", told->fixture.folder);
    ck_assert_int_eq(sqlite3_open(path, &connection), SQLITE_OK);
    sqlite3_busy_timeout(connection, 5000);
    ck_assert_msg(sqlite3_exec(connection, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(connection));
    sqlite3_close(connection);
}

/* ---- contents that are files ---- */

/* Puts bytes where a sender worker puts large contents. */
static void spooled(const struct told *told, struct kept_content *content, unsigned number, char name[UUID_TEXT_SIZE])
{
    struct uuid id = uuid_of(9, number);
    char path[200];

    uuid_format(&id, name);
    snprintf(path, sizeof path, "%s/spool/%s", told->fixture.folder, name);
    int fd = open(path, O_CREAT | O_WRONLY | O_EXCL, 0640);

    ck_assert_int_eq(write(fd, content->bytes, (size_t)content->size), (ssize_t)content->size);
    close(fd);
    content->bytes = NULL;
    content->spool_name = name;
}

/* A letter with two files that are files, and two layouts that are contents of their own, one of them a file. */
static void submit_with_files(struct told *told, struct digest *file, struct digest *layout)
{
    static const char in_two[] = "\xc0\x9a\x05\x40"; /* the same characters as in LETTER_LAYOUT, in two steps */
    struct kept_content layouts[2] = {{.size = 3, .bytes = LETTER_LAYOUT}, {.size = 4, .bytes = in_two}};
    char names[3][UUID_TEXT_SIZE];
    struct letter letter;

    letter_make(&letter, 1);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert(digest_of(layouts[i].bytes, (size_t)layouts[i].size, &layouts[i].digest));
        letter.contents[i + 2].layout = NULL;
        letter.contents[i + 2].layout_kept = true;
        letter.contents[i + 2].layout_index = i;
        spooled(told, &letter.contents[i], i, names[i]);
    }
    spooled(told, &layouts[1], 2, names[2]);
    *file = letter.contents[1].digest;
    *layout = layouts[1].digest;
    letter.submission.layouts = layouts;
    letter.submission.layout_count = 2;
    submit(told, &letter);
}

static void path_of(const struct told *told, const struct digest *digest, char path[200])
{
    char below[CONTENT_PATH_SIZE];

    content_path(digest, below);
    snprintf(path, 200, "%s/mail/contents/%s", told->fixture.folder, below);
}

static void overwrite(const struct told *told, const struct digest *digest, long offset, char byte)
{
    char path[200];

    path_of(told, digest, path);
    int fd = open(path, O_WRONLY);

    ck_assert_int_eq(pwrite(fd, &byte, 1, offset), 1);
    close(fd);
}

START_TEST(contents_and_layouts_that_are_files_are_read_and_held_against_the_letter)
{
    struct digest file, layout;
    struct told told;
    char path[200];

    told_open(&told);
    submit_with_files(&told, &file, &layout);
    ck_assert_int_eq(ask_mail(&told.fixture, "SELECT count(*) FROM content WHERE bytes IS NULL"), 3);
    ck_assert_str_eq(verify_tells(&told), "");
    overwrite(&told, &layout, 3, 0x50);
    ck_assert_str_eq(verify_tells(&told), "letter content-digest ");
    overwrite(&told, &layout, 3, 0x40);
    ck_assert_str_eq(verify_tells(&told), "");
    overwrite(&told, &file, 3999, 'x');
    ck_assert_str_eq(verify_tells(&told), "letter content-digest ");
    path_of(&told, &file, path);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_str_eq(verify_tells(&told), "letter content-missing ");
    told_close(&told);
}
END_TEST

/* ---- letters of other kinds ---- */

START_TEST(letters_that_were_repeated_held_or_never_placed_are_as_they_were)
{
    struct letter letter;
    struct told told;

    told_open(&told);
    for (int i = 0; i < 2; i++) {
        letter_make(&letter, 1);
        submit(&told, &letter);
    }
    letter_make(&letter, 2);
    letter.submission.available = time_now() + 3600000;
    submit(&told, &letter);
    letter_make(&letter, 3);
    letter.submission.placed = false;
    letter.submission.business.status = RECEIPT_NOT_ALLOWED;
    letter.submission.business.error_code = "recipient.not.found";
    submit(&told, &letter);
    letter_make(&letter, 4);
    letter.submission.label = letter.submission.message_id = NULL; /* is not what is empty */
    letter.submission.case_id = "";
    letter.document.actions = "[{\"label\":\"Se\"}]";
    submit(&told, &letter);
    ck_assert_str_eq(verify_tells(&told), "");
    do_to(&told, "UPDATE message SET case_id = NULL WHERE seq = 4");
    ck_assert_str_eq(verify_tells(&told), "letter ");
    told_close(&told);
}
END_TEST

START_TEST(what_is_told_names_the_letter)
{
    struct letter letter;
    struct told told;
    char uuid[UUID_TEXT_SIZE];

    told_open(&told);
    letter_make(&letter, 1);
    submit(&told, &letter);
    uuid_format(&letter.submission.message_uuid, uuid);
    do_to(&told, "UPDATE message SET view = replace(view, 'Et', 'To')");
    ck_assert_str_eq(verify_tells(&told), "letter ");
    ck_assert_ptr_nonnull(strstr(told.last, uuid));
    do_to(&told, "UPDATE message SET view = replace(view, 'To', 'Et')");
    do_to(&told, "UPDATE skeleton SET bytes = CAST('<a/>' AS BLOB)");
    ck_assert_str_eq(verify_tells(&told), "letter ");
    ck_assert_ptr_nonnull(strstr(told.last, uuid));
    told_close(&told);
}
END_TEST

START_TEST(the_event_of_an_acceptance_holds_two_digests_and_nothing_else)
{
    struct letter letter;
    struct told told;
    char memo[DIGEST_HEX_SIZE], sql[400];

    told_open(&told);
    letter_make(&letter, 1);
    submit(&told, &letter);
    digest_format(&letter.submission.digest, memo);
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM event WHERE tag = 'MEMO_SEND_RECEIVED' AND detail -> 'memo' = '\\\"%s\\\"'"
             " AND length(detail ->> 'kept') = 64 AND (SELECT count(*) FROM json_each(detail)) = 2",
             memo);
    ck_assert_int_eq(ask_mail(&told.fixture, sql), 1);
    told_close(&told);
}
END_TEST

/* ---- letters of older builds ---- */

static void take_ids(struct query *query, const struct uuid *found[3], struct uuid ids[3])
{
    for (int i = 0; i < 3; i++)
        found[i] = !query_is_null(query, 3 + i) && query_uuid(query, 3 + i, &ids[i]) ? &ids[i] : NULL;
}

/* The log as a build would have written it that knew of no proof. */
static bool write_anew(struct backend *backend, void *state, struct error *error)
{
    struct digest_stream *digests = digest_open();
    struct digest hash = {0};
    struct buffer *sql = state;
    struct query query;

    ck_assert(query_begin(backend, STMT_MAIL_EVENT_PAGE, &query, error));
    query_set_number(&query, ":after", 0);
    query_set_number(&query, ":most", 1000);
    while (query_step(&query)) {
        const struct uuid *found[3];
        struct uuid ids[3];
        char hex[DIGEST_HEX_SIZE];
        struct digest before = hash;
        int64_t seq = query_number(&query, 0);

        take_ids(&query, found, ids);
        struct event event = {query_text(&query, 2), found[0], found[1], found[2], query_text(&query, 6), NULL};

        ck_assert_ptr_eq(query_text(&query, 6), NULL);
        ck_assert(event_hash(digests, &before, seq, query_number(&query, 1), &event, &hash));
        digest_format(&hash, hex);
        buffer_format(sql, "UPDATE event SET detail = NULL, hash = x'%s' WHERE seq = %lld;", hex, (long long)seq);
    }
    digest_close(digests);
    return query_end(&query);
}

START_TEST(letters_that_older_builds_accepted_are_as_they_were)
{
    struct buffer sql = {.limit = 1 << 20};
    struct told told;
    struct store *control;

    told_open(&told);
    letter_must_be_taken(told.sender, 1, false);
    letter_must_be_taken(told.sender, 2, false);
    control = fixture_store(&told.fixture, 7);
    ck_assert(store_read(control, DATABASE_MAIL, write_anew, &sql, &told.error));
    store_close(control);
    do_to(&told, sql.data);
    buffer_free(&sql);
    ck_assert_int_eq(ask_mail(&told.fixture, "SELECT count(*) FROM event WHERE detail IS NOT NULL"), 0);
    ck_assert_str_eq(verify_tells(&told), "");
    do_to(&told, "UPDATE message SET digest = randomblob(32) WHERE seq = 2");
    ck_assert_str_eq(verify_tells(&told), "letter ");
    told_close(&told);
}
END_TEST

Suite *suite_proofs(void)
{
    Suite *suite = suite_create("proofs");
    TCase *tests = tcase_create("proofs");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, contents_and_layouts_that_are_files_are_read_and_held_against_the_letter);
    tcase_add_test(tests, letters_that_were_repeated_held_or_never_placed_are_as_they_were);
    tcase_add_test(tests, what_is_told_names_the_letter);
    tcase_add_test(tests, the_event_of_an_acceptance_holds_two_digests_and_nothing_else);
    tcase_add_test(tests, letters_that_older_builds_accepted_are_as_they_were);
    suite_add_tcase(suite, tests);
    return suite;
}
