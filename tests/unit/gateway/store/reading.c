/* Mailboxes as their owners read and change them. */
#include "fixture.h"

#include <sqlite3.h>
#include <string.h>

Suite *suite_reading(void);

#define OWNER "6100000042"
#define LETTERS 60

static struct fixture fixture;
static struct store *sender, *reader;
static struct arena *arena;
static struct error error;

static void begin(void)
{
    fixture_open(&fixture);
    fixture_start(&fixture);
    sender = fixture_store(&fixture, 0);
    reader = fixture_store(&fixture, READER_SLOT);
    arena = arena_new(8u << 20);
    error = (struct error){0};
}

static void end(void)
{
    arena_free(arena);
    store_close(sender);
    store_close(reader);
    fixture_close(&fixture);
}

static void put(unsigned number, const char *owner, int64_t available)
{
    struct letter letter;
    struct acceptance acceptance;

    letter_make(&letter, number);
    strcpy(letter.number, owner);
    letter.submission.available = available;
    ck_assert_msg(letter_send(sender, &letter, &acceptance, &error), "%s %s", error.where, error.detail);
}

static struct uuid mailbox_id(const char *owner)
{
    struct mailbox mailbox;
    bool found;

    ck_assert(mailbox_of(reader, owner, &found, &mailbox, &error) && found);
    return mailbox.id;
}

static bool patch_letter(unsigned number, int64_t version, int read, const struct uuid *folder, int64_t *now)
{
    struct message_change change = {
        .owner = OWNER,
        .mailbox = mailbox_id(OWNER),
        .message = uuid_of(4, number),
        .identity = uuid_of(9, 1),
        .version = version,
        .set_read = read >= 0,
        .read = read > 0,
        .set_folder = folder != NULL,
    };

    if (folder)
        change.folder = *folder;
    error = (struct error){0};
    return message_patch(reader, &change, now, &error);
}

/* ---- lists ---- */

/* A list as the reader gives it in pages and as the database tells it, each as letters' numbers. */
struct shown {
    unsigned numbers[LETTERS + 1];
    size_t count;
};

static bool begin_page(void *state, struct error *unused)
{
    (void)state;
    (void)unused;
    return true;
}

static bool add_letter(void *state, const struct message *message, struct error *unused)
{
    struct shown *shown = state;

    (void)unused;
    ck_assert_uint_lt(shown->count, LETTERS);
    memcpy(&shown->numbers[shown->count++], message->id.bytes + 8, sizeof(unsigned));
    ck_assert_str_eq(message->view, "\"label\":\"Et brev\"");
    return true;
}

static void read_pages(struct message_query query, size_t size, bool by_number, struct shown *shown)
{
    struct message_sink sink = {begin_page, add_letter, shown};
    struct message_page page;
    uint64_t total = UINT64_MAX;

    *shown = (struct shown){0};
    query.size = size;
    do {
        arena_reset(arena);
        ck_assert_msg(messages_list(reader, &query, &sink, arena, &page, &error), "%s", error.detail);
        ck_assert(page.count == size || !page.more);
        ck_assert(total == UINT64_MAX || page.total == total);
        total = page.total;
        query.skip += by_number ? size : 0;
        query.follows = !by_number;
        query.after = page.last;
        query.after_available = page.last_available;
    } while (page.more);
    ck_assert_uint_eq(shown->count, total);
}

static void read_sql(const struct message_query *query, struct shown *shown)
{
    const char *direction = query->oldest_first ? "ASC" : "DESC";
    char command[1000], line[100], folder[120] = "", id[33] = "";
    FILE *pipe;

    for (int i = 0; query->by_folder && i < 16; i++)
        sprintf(id + 2 * i, "%02x", query->folder.bytes[i]);
    if (query->by_folder)
        snprintf(folder, sizeof folder, "AND f.id = x'%s'", id);
    snprintf(
        command, sizeof command,
        "sqlite3 -readonly '%s/mail/mail.db' \"SELECT hex(substr(message_uuid, 9, 4)) FROM message m JOIN folder f ON"
        " f.seq = m.folder JOIN mailbox b ON b.seq = m.mailbox WHERE b.number = '" OWNER "' AND m.state = 1 %s %s"
        " ORDER BY available %s, m.seq %s\"",
        fixture.folder, folder,
        query->read == READ_EITHER ? ""
        : query->read == READ_YES  ? "AND read = 1"
                                   : "AND read = 0",
        direction, direction);
    *shown = (struct shown){0};
    pipe = popen(command, "r");
    while (fgets(line, sizeof line, pipe)) {
        unsigned byte[4];

        ck_assert_int_eq(sscanf(line, "%2x%2x%2x%2x", &byte[0], &byte[1], &byte[2], &byte[3]), 4);
        shown->numbers[shown->count++] = byte[0] | byte[1] << 8 | byte[2] << 16 | byte[3] << 24;
    }
    pclose(pipe);
}

static void compare_lists(const struct message_query *query)
{
    static const size_t sizes[] = {1, 7, 1000};
    struct shown told, shown;

    read_sql(query, &told);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int by_number = 0; by_number <= 1; by_number++) {
            read_pages(*query, sizes[i], by_number, &shown);
            ck_assert_uint_eq(shown.count, told.count);
            ck_assert_mem_eq(shown.numbers, told.numbers, told.count * sizeof *told.numbers);
        }
}

START_TEST(pages_are_the_list_in_order_whatever_the_folder_and_the_size)
{
    struct folder *folders;
    size_t count;
    int64_t now;

    for (unsigned number = 0; number < LETTERS; number++)
        put(number, OWNER, 1000 + (number * 7919) % 13); /* many at the same time */
    put(LETTERS, OWNER, time_now() + 1000000000);        /* held */
    put(LETTERS + 1, "6100000043", 1000);
    struct message_query query = {.owner = OWNER, .mailbox = mailbox_id(OWNER)};

    ck_assert(folders_list(reader, OWNER, &query.mailbox, arena, &folders, &count, &error));
    ck_assert_uint_eq(count, 4);
    struct uuid ids[4] = {folders[0].id, folders[1].id, folders[2].id, folders[3].id};

    for (unsigned number = 0; number < LETTERS; number += 1 + number % 3)
        ck_assert(patch_letter(number, 1, number % 2, &ids[number % 4], &now));
    for (int folder = -1; folder < 4; folder++)
        for (int read = READ_EITHER; read <= READ_YES; read++)
            for (int oldest = 0; oldest <= 1; oldest++) {
                query.by_folder = folder >= 0;
                if (folder >= 0)
                    query.folder = ids[folder];
                query.read = read == READ_EITHER ? READ_EITHER : read == READ_NO ? READ_NO : READ_YES;
                query.oldest_first = oldest;
                compare_lists(&query);
            }
}
END_TEST

START_TEST(a_page_behind_a_letter_that_is_not_there_is_refused)
{
    struct shown shown = {0};
    struct message_sink sink = {begin_page, add_letter, &shown};
    struct message_page page;

    put(1, OWNER, 1000);
    put(2, "6100000043", 1000);
    struct message_query query = {.owner = OWNER, .mailbox = mailbox_id(OWNER), .size = 5, .follows = true};

    query.after = uuid_of(4, 2); /* another's */
    query.after_available = 1000;
    ck_assert(!messages_list(reader, &query, &sink, arena, &page, &error));
    ck_assert_int_eq(error.code, ERROR_PARAMETER_INVALID);
    query.after = uuid_of(4, 1);
    query.after_available = 1001;
    ck_assert(!messages_list(reader, &query, &sink, arena, &page, &error));
    ck_assert_int_eq(error.code, ERROR_PARAMETER_INVALID);
}
END_TEST

START_TEST(what_is_anothers_is_not_there)
{
    struct uuid other, id = uuid_of(4, 1);
    struct mailbox mailbox;
    struct message message;
    struct folder *folders;
    size_t count;

    put(1, OWNER, 1000);
    put(2, "6100000043", 1000);
    other = mailbox_id(OWNER);
    ck_assert(!mailbox_fetch(reader, "6100000043", &other, &mailbox, &error) && error.code == ERROR_NOT_FOUND);
    ck_assert(!folders_list(reader, "6100000043", &other, arena, &folders, &count, &error)
              && error.code == ERROR_NOT_FOUND);
    ck_assert(!message_fetch(reader, "6100000043", &other, &id, arena, &message, &error)
              && error.code == ERROR_NOT_FOUND);
    other = mailbox_id("6100000043");
    ck_assert(!message_fetch(reader, "6100000043", &other, &id, arena, &message, &error)
              && error.code == ERROR_NOT_FOUND);
    ck_assert(!message_fetch(reader, OWNER, &other, &id, arena, &message, &error) && error.code == ERROR_NOT_FOUND);
}
END_TEST

/* ---- changes ---- */

static const enum statement of_ones_own_mailbox[] = {STMT_MESSAGE_POSITION, STMT_MESSAGE_FETCH, STMT_MESSAGE_FILE,
                                                     STMT_MESSAGE_OWN};

/* Else the time that it takes would tell that there is such a letter. */
START_TEST(of_anothers_mailbox_nothing_more_is_looked_at)
{
    char path[4200], sql[2048];
    sqlite3 *connection;
    sqlite3_stmt *plan;

    snprintf(path, sizeof path, "%s/mail/mail.db", fixture.folder);
    snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", statements[of_ones_own_mailbox[_i]].text);
    ck_assert_int_eq(sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(connection, sql, -1, &plan, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(plan), SQLITE_ROW);
    ck_assert_ptr_nonnull(strstr((const char *)sqlite3_column_text(plan, 3), "SEARCH b USING INDEX"));
    sqlite3_finalize(plan);
    sqlite3_close(connection);
}
END_TEST

START_TEST(a_change_that_is_sent_again_is_recognised)
{
    unsigned char answer[4096];
    struct unpacker in;
    int64_t version = 0;
    uint64_t id;

    put(1, OWNER, 1000);
    ck_assert(patch_letter(1, 1, 1, NULL, &version));
    ck_assert_int_eq(version, 2);
    /* The very same bytes, as after a writer that died before its answer. */
    ck_assert_int_gt(send(fixture.worker_end[READER_SLOT], reader->request.data, reader->request.size, 0), 0);
    ssize_t size = recv(fixture.worker_end[READER_SLOT], answer, sizeof answer, 0);

    ck_assert_int_gt(size, 0);
    in = (struct unpacker){.at = answer, .end = answer + size};
    ck_assert(wire_unpack_answer(&in, &id, &error));
    ck_assert_int_eq(error.code, ERROR_NONE);
    ck_assert_uint_eq(unpack_u8(&in), 0);
    ck_assert_uint_eq(unpack_u64(&in), 2);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT version FROM message"), 2);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT sum(unread) FROM folder"), 0);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM event WHERE tag = 'MESSAGE_UPDATED'"), 1);
    /* Another change of the version from before is a conflict. */
    ck_assert(!patch_letter(1, 1, 0, NULL, &version));
    ck_assert_int_eq(error.code, ERROR_VERSION_CONFLICT);
    ck_assert_int_eq(version, 2);
}
END_TEST

START_TEST(a_letter_goes_to_a_folder_of_its_own_mailbox_alone)
{
    struct folder *folders;
    size_t count;
    int64_t now;
    struct uuid other;

    put(1, OWNER, 1000);
    put(2, "6100000043", 1000);
    other = mailbox_id("6100000043");
    ck_assert(folders_list(reader, "6100000043", &other, arena, &folders, &count, &error));
    ck_assert(!patch_letter(1, 1, -1, &folders[3].id, &now));
    ck_assert_int_eq(error.code, ERROR_FOLDER_NOT_FOUND);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT max(version) FROM message"), 1);
}
END_TEST

/* ---- openings ---- */

static void open_letter(unsigned number, unsigned identity)
{
    struct message_opening opening = {.owner = OWNER,
                                      .client = "portal",
                                      .mailbox = mailbox_id(OWNER),
                                      .message = uuid_of(4, number),
                                      .identity = uuid_of(9, identity)};

    ck_assert_msg(message_opened(reader, &opening, &error), "%s", error.detail);
}

/* Moves the clock of what is stored, with nobody else there. */
static void an_hour_passes(void)
{
    char command[300];

    store_close(sender);
    store_close(reader);
    ck_assert_int_eq(fixture_end(&fixture, DRAIN), 0);
    snprintf(command, sizeof command,
             "sqlite3 '%s/mail/mail.db' 'UPDATE opening SET first = first - %lld, last = last - %lld'", fixture.folder,
             (long long)OPENING_GATHERED, (long long)OPENING_GATHERED);
    ck_assert_int_eq(system(command), 0);
    fixture_start(&fixture);
    sender = fixture_store(&fixture, 0);
    reader = fixture_store(&fixture, READER_SLOT);
}

START_TEST(the_first_opening_of_each_person_is_an_event_and_hours_are_counted)
{
    put(1, OWNER, 1000);
    for (int times = 0; times < 3; times++)
        open_letter(1, 1);
    open_letter(1, 2);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM event WHERE tag = 'MESSAGE_READ'"), 2);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM opening WHERE again = 0"), 2);
    an_hour_passes();
    for (int times = 0; times < 3; times++)
        open_letter(1, 1);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM event WHERE tag = 'MESSAGE_READ'"), 2);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT sum(again) FROM opening"), 1);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM opening WHERE last > first"), 1);
}
END_TEST

/* ---- contents ---- */

START_TEST(a_content_is_read_from_any_offset)
{
    struct letter letter;
    struct message_file file;
    struct content_reading *content;
    char bytes[4000];

    letter_make(&letter, 1);
    put(1, OWNER, 1000);
    struct file_query query = {.owner = OWNER,
                               .mailbox = mailbox_id(OWNER),
                               .message = uuid_of(4, 1),
                               .document = uuid_of(5, 1),
                               .file = uuid_of(6, LETTER_FILES + 2),
                               .identity = uuid_of(9, 1)};

    ck_assert_msg(message_file(reader, &query, arena, &file, &error), "%s", error.detail);
    ck_assert_uint_eq(file.size, sizeof letter.bytes[2]);
    ck_assert_int_eq(file.opened, 0);
    ck_assert(content_open(reader, &file, &content, &error));
    ck_assert(content_read(content, 1000, bytes, 3000, &error));
    ck_assert_mem_eq(bytes, letter.bytes[2] + 1000, 3000);
    ck_assert(content_read(content, 4000, bytes, 0, &error));
    ck_assert(!content_read(content, 1000, bytes, 3001, &error));
    content_close(content);
    open_letter(1, 1);
    ck_assert(message_file(reader, &query, arena, &file, &error));
    ck_assert_int_gt(file.opened, 0);
    query.owner = "6100000043";
    ck_assert(!message_file(reader, &query, arena, &file, &error) && error.code == ERROR_NOT_FOUND);
    query.owner = OWNER;
    query.document = uuid_of(5, 2);
    ck_assert(!message_file(reader, &query, arena, &file, &error) && error.code == ERROR_NOT_FOUND);
}
END_TEST

Suite *suite_reading(void)
{
    Suite *suite = suite_create("reading");
    TCase *tests = tcase_create("reading");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, pages_are_the_list_in_order_whatever_the_folder_and_the_size);
    tcase_add_test(tests, a_page_behind_a_letter_that_is_not_there_is_refused);
    tcase_add_test(tests, what_is_anothers_is_not_there);
    tcase_add_loop_test(tests, of_anothers_mailbox_nothing_more_is_looked_at, 0,
                        sizeof of_ones_own_mailbox / sizeof *of_ones_own_mailbox);
    tcase_add_test(tests, a_change_that_is_sent_again_is_recognised);
    tcase_add_test(tests, a_letter_goes_to_a_folder_of_its_own_mailbox_alone);
    tcase_add_test(tests, the_first_opening_of_each_person_is_an_event_and_hours_are_counted);
    tcase_add_test(tests, a_content_is_read_from_any_offset);
    suite_add_tcase(suite, tests);
    return suite;
}
