#include "fixture.h"

Suite *suite_accepting(void);

START_TEST(an_accepted_letter_stands_in_the_mailbox_with_all_its_parts)
{
    struct fixture fixture;
    struct letter letter;
    struct acceptance acceptance;
    struct error error = {0};

    fixture_open(&fixture);
    fixture_start(&fixture);
    struct store *store = fixture_store(&fixture, 0);

    letter_make(&letter, 1);
    ck_assert_msg(letter_send(store, &letter, &acceptance, &error), "%s %s", error.where, error.detail);
    ck_assert(!acceptance.repeated);
    ck_assert(uuid_same(&acceptance.technical.transmission_id, &letter.submission.transmission_id));
    ck_assert(uuid_same(&acceptance.technical.message_uuid, &letter.submission.message_uuid));
    ck_assert_str_eq(acceptance.technical.message_id, "M-1");
    ck_assert_int_eq(acceptance.technical.time, letter.submission.received);
    ck_assert_int_eq(acceptance.technical.status, RECEIPT_RECEIVED);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM message WHERE state = 1"), 1);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM file"), LETTER_FILES);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT sum(length(bytes)) FROM content_bytes"), LETTER_FILES * 4000);
    ck_assert_int_lt(ask_mail(&fixture, "SELECT length(bytes) FROM skeleton"), 100);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM folder"), 4);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT total + unread FROM folder WHERE name = 'INBOX'"), 2);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM event"), 3);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT value FROM counter WHERE name = 'events'"), 3);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT receipts FROM sender"), 1);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM outbox"), 0);
    store_close(store);
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_same_content_of_two_letters_is_kept_once)
{
    struct fixture fixture;

    fixture_open(&fixture);
    fixture_start(&fixture);
    struct store *store = fixture_store(&fixture, 0);

    letter_must_be_taken(store, 1, false);
    letter_must_be_taken(store, 2, false);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM content"), 2 * LETTER_FILES - 1);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT max(refs) FROM content"), 2);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT value FROM counter WHERE name = 'contents'"), 2 * LETTER_FILES - 1);
    store_close(store);
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_same_bytes_again_get_the_first_answer)
{
    struct fixture fixture;
    struct letter letter;
    struct acceptance first, again;
    struct error error;

    fixture_open(&fixture);
    fixture_start(&fixture);
    struct store *store = fixture_store(&fixture, 0);

    letter_make(&letter, 1);
    ck_assert(letter_send(store, &letter, &first, &error));
    struct uuid transmission = letter.submission.transmission_id;

    letter_make(&letter, 1);
    letter.submission.message_id = "M-2";
    letter.submission.received += 5000;
    ck_assert(letter_send(store, &letter, &again, &error));
    ck_assert(again.repeated);
    ck_assert(uuid_same(&again.technical.id, &first.technical.id));
    ck_assert(uuid_same(&again.technical.transmission_id, &transmission));
    ck_assert_int_eq(again.technical.time, first.technical.time);
    ck_assert_str_eq(again.technical.message_id, "M-1");
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM message"), 1);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM event WHERE tag = 'MEMO_SEND_RECEIVED'"), 2);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM event WHERE detail LIKE '%repeated%'"), 1);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT sum(refs) FROM content"), LETTER_FILES);
    store_close(store);
    fixture_close(&fixture);
}
END_TEST

START_TEST(what_was_accepted_is_found_again_by_its_organisation_alone)
{
    struct fixture fixture;
    struct letter letter;
    struct acceptance first, again;
    struct system stranger = {0};
    struct digest other = {{1}};
    struct arena *arena = arena_new(1 << 16);
    struct error error;
    bool found = true;

    fixture_open(&fixture);
    fixture_start(&fixture);
    struct store *store = fixture_store(&fixture, 0);

    letter_make(&letter, 1);
    const struct submission *sent = &letter.submission;

    ck_assert(store_repeat(store, sent->system, &sent->message_uuid, &sent->digest, arena, &found, &again, &error));
    ck_assert(!found);
    ck_assert(letter_send(store, &letter, &first, &error));
    ck_assert(store_repeat(store, sent->system, &sent->message_uuid, &sent->digest, arena, &found, &again, &error));
    ck_assert(found && again.repeated);
    ck_assert(uuid_same(&again.technical.id, &first.technical.id));
    ck_assert(uuid_same(&again.technical.transmission_id, &sent->transmission_id));
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM event WHERE detail LIKE '%repeated%'"), 1);

    ck_assert(store_repeat(store, sent->system, &sent->message_uuid, &other, arena, &found, &again, &error));
    ck_assert(!found);
    ck_assert(store_repeat(store, &stranger, &sent->message_uuid, &sent->digest, arena, &found, &again, &error));
    ck_assert(!found);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM event WHERE detail LIKE '%repeated%'"), 1);
    store_close(store);
    fixture_close(&fixture);
    arena_free(arena);
}
END_TEST

START_TEST(the_same_change_sent_again_is_answered_as_the_first_time)
{
    struct fixture fixture;
    struct letter letter;
    struct acceptance first, again;
    struct error error;

    fixture_open(&fixture);
    fixture_start(&fixture);
    struct store *store = fixture_store(&fixture, 0);

    letter_make(&letter, 1);
    ck_assert(letter_send(store, &letter, &first, &error));
    ck_assert(letter_send(store, &letter, &again, &error));
    ck_assert(!again.repeated);
    ck_assert(uuid_same(&again.technical.id, &first.technical.id));
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM event"), 3);
    store_close(store);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_used_uuid_with_other_bytes_or_of_another_organisation_is_a_conflict)
{
    struct fixture fixture;
    struct letter letter;
    struct acceptance acceptance;
    struct error error;

    fixture_open(&fixture);
    fixture_start(&fixture);
    struct store *store = fixture_store(&fixture, 0);

    letter_must_be_taken(store, 1, false);
    letter_make(&letter, 1);
    letter.submission.digest.bytes[0] ^= 1;
    ck_assert(!letter_send(store, &letter, &acceptance, &error));
    ck_assert_int_eq(error.code, ERROR_MESSAGE_UUID_TAKEN);
    letter_make(&letter, 1);
    letter.system.organisation.id = uuid_of(2, 2);
    ck_assert(!letter_send(store, &letter, &acceptance, &error));
    ck_assert_int_eq(error.code, ERROR_MESSAGE_UUID_TAKEN);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM message"), 1);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM event"), 3);
    store_close(store);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_refused_letter_is_kept_and_never_placed)
{
    struct fixture fixture;
    struct letter letter;
    struct acceptance acceptance;
    struct error error;

    fixture_open(&fixture);
    fixture_start(&fixture);
    struct store *store = fixture_store(&fixture, 0);

    letter_make(&letter, 1);
    letter.submission.placed = false;
    letter.submission.business.status = RECEIPT_NOT_ALLOWED;
    letter.submission.business.error_code = "recipient.not.found";
    letter.system.receipt_endpoint = "https://example.test/receipts";
    ck_assert(letter_send(store, &letter, &acceptance, &error));
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM message WHERE state = 3 AND folder IS NULL"), 1);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM mailbox"), 0);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT status FROM receipt"), RECEIPT_NOT_ALLOWED);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM outbox WHERE kind = 'RECEIPT_PUSH'"), 1);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM event WHERE tag = 'MEMO_SEND_VALIDATION_FAILED'"), 1);
    store_close(store);
    fixture_close(&fixture);
}
END_TEST

/* A letter whose skeleton does not fit into a message to the writer. */
START_TEST(a_large_change_goes_through_the_spool_and_leaves_nothing_there)
{
    struct fixture fixture;
    struct letter letter;
    struct acceptance acceptance;
    struct error error;
    char command[100];
    size_t size = 3u << 20;
    char *skeleton = malloc(size);

    fixture_open(&fixture);
    fixture_start(&fixture);
    struct store *store = fixture_store(&fixture, 0);

    no_pattern(skeleton, size);
    letter_make(&letter, 1);
    letter.submission.skeleton = skeleton;
    letter.submission.skeleton_size = size;
    ck_assert_msg(letter_send(store, &letter, &acceptance, &error), "%s %s", error_kind(error.code)->code,
                  error.detail);
    ck_assert_int_ge(ask_mail(&fixture, "SELECT length(bytes) FROM skeleton"), (long)size);
    snprintf(command, sizeof command, "test -z \"$(ls %s/spool)\"", fixture.folder);
    ck_assert_int_eq(system(command), 0);
    free(skeleton);
    store_close(store);
    fixture_close(&fixture);
}
END_TEST

/* Puts a file of its own making into the spool, as the content module does. */
static void spool_file(const struct fixture *fixture, const struct uuid *name, char *text, const void *bytes,
                       size_t size)
{
    char path[200];

    uuid_format(name, text);
    snprintf(path, sizeof path, "%s/spool/%s", fixture->folder, text);
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

START_TEST(a_spooled_content_is_taken_over_by_rename_once)
{
    struct fixture fixture;
    struct letter letter;
    struct acceptance acceptance;
    struct error error;
    char name[UUID_TEXT_SIZE], path[CONTENT_PATH_SIZE], full[200];
    struct stat status;

    fixture_open(&fixture);
    fixture_start(&fixture);
    struct store *store = fixture_store(&fixture, 0);

    for (unsigned number = 1; number <= 3; number++) {
        letter_make(&letter, number);
        struct kept_content *content = &letter.contents[0];
        struct uuid id = uuid_of(9, number);

        spool_file(&fixture, &id, name, letter.bytes[0], sizeof letter.bytes[0]);
        content->bytes = NULL;
        content->spool_name = name;
        content_path(&content->digest, path);
        snprintf(full, sizeof full, "%s/mail/contents/%s", fixture.folder, path);
        if (number == 3) /* the file is lost; the new one takes its place */
            ck_assert_int_eq(unlink(full), 0);
        ck_assert_msg(letter_send(store, &letter, &acceptance, &error), "letter %u: %s", number, error.detail);
        ck_assert_int_eq(stat(full, &status), 0);
        ck_assert_int_eq(status.st_size, 4000);
        snprintf(full, sizeof full, "%s/spool/%s", fixture.folder, name);
        ck_assert_int_ne(access(full, F_OK), 0);
    }
    ck_assert_int_eq(ask_mail(&fixture, "SELECT refs FROM content WHERE bytes IS NULL"), 3);
    store_close(store);
    fixture_close(&fixture);
}
END_TEST

START_TEST(what_a_captured_worker_might_send_is_refused)
{
    static const char *const names[] = {"../mail/mail.db", "/etc/passwd", "", "aa000000-0000-4000-0000-000000000009"};
    struct fixture fixture;
    struct letter letter;
    struct acceptance acceptance;
    struct error error;

    fixture_open(&fixture);
    fixture_start(&fixture);
    struct store *store = fixture_store(&fixture, 0);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        letter_make(&letter, 1);
        letter.contents[0].bytes = NULL;
        letter.contents[0].spool_name = names[i];
        ck_assert(!letter_send(store, &letter, &acceptance, &error));
        ck_assert_msg(error.code == ERROR_CHANGE_MALFORMED || error.code == ERROR_SPOOL_FAILED, "%s: %s", names[i],
                      error_kind(error.code)->code);
    }
    letter_make(&letter, 1);
    letter.contents[2].digest.bytes[5] ^= 1;
    ck_assert(!letter_send(store, &letter, &acceptance, &error));
    ck_assert_int_eq(error.code, ERROR_CHANGE_MALFORMED);
    letter_make(&letter, 1);
    letter.submission.recipient_number = "12345";
    ck_assert(!letter_send(store, &letter, &acceptance, &error));
    ck_assert_int_eq(error.code, ERROR_CHANGE_MALFORMED);
    letter_make(&letter, 1);
    letter.submission.business.status = RECEIPT_INVALID;
    ck_assert(!letter_send(store, &letter, &acceptance, &error));
    ck_assert_int_eq(error.code, ERROR_CHANGE_MALFORMED);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT (SELECT count(*) FROM message) + (SELECT count(*) FROM content)"), 0);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM event"), 0);
    store_close(store);
    fixture_close(&fixture);
}
END_TEST

Suite *suite_accepting(void)
{
    Suite *suite = suite_create("accepting");
    TCase *tests = tcase_create("accepting");

    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, an_accepted_letter_stands_in_the_mailbox_with_all_its_parts);
    tcase_add_test(tests, the_same_content_of_two_letters_is_kept_once);
    tcase_add_test(tests, the_same_bytes_again_get_the_first_answer);
    tcase_add_test(tests, what_was_accepted_is_found_again_by_its_organisation_alone);
    tcase_add_test(tests, the_same_change_sent_again_is_answered_as_the_first_time);
    tcase_add_test(tests, a_used_uuid_with_other_bytes_or_of_another_organisation_is_a_conflict);
    tcase_add_test(tests, a_refused_letter_is_kept_and_never_placed);
    tcase_add_test(tests, a_large_change_goes_through_the_spool_and_leaves_nothing_there);
    tcase_add_test(tests, a_spooled_content_is_taken_over_by_rename_once);
    tcase_add_test(tests, what_a_captured_worker_might_send_is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
