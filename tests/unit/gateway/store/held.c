/* Letters that are held until their day: on that day there are many. */
#include "fixture.h"

#define LETTERS 1200
#define PATIENCE_MS 6000
#define AN_HOUR 3600000

Suite *suite_held(void);

struct office {
    struct fixture fixture;
    struct error error;
};

static void send_held(struct office *office)
{
    struct store *sender = fixture_store(&office->fixture, 0);

    for (unsigned number = 1; number <= LETTERS; number++) {
        struct letter letter;
        struct acceptance acceptance;

        letter_make(&letter, number);
        letter.submission.available = time_now() + AN_HOUR;
        ck_assert_msg(letter_send(sender, &letter, &acceptance, &office->error), "%s", office->error.detail);
    }
    store_close(sender);
}

/* A writer that finds the day of all of them has come. */
static void office_open(struct office *office)
{
    char command[300];

    memset(office, 0, sizeof *office);
    fixture_open(&office->fixture);
    fixture_start(&office->fixture);
    send_held(office);
    ck_assert_int_eq(fixture_end(&office->fixture, DRAIN), 0);
    ck_assert_int_eq(ask_mail(&office->fixture, "SELECT count(*) FROM message WHERE state = 2"), LETTERS);
    snprintf(command, sizeof command, "sqlite3 '%s/mail/mail.db' 'UPDATE message SET available = 1'",
             office->fixture.folder);
    ck_assert_int_eq(system(command), 0);
    fixture_start(&office->fixture);
}

static uint64_t held(struct office *office, struct store *store)
{
    struct store_status status = {0};

    ck_assert_msg(store_status(store, &status, &office->error), "%s", office->error.detail);
    return status.held;
}

static void receipt_is_deleted(struct office *office)
{
    struct store *receiver = fixture_store(&office->fixture, 6);
    struct uuid system = uuid_of(1, 1), receipt = uuid_of(7, 1);

    ck_assert_msg(receipts_delete(receiver, &system, &receipt, time_now(), &office->error), "%s", office->error.detail);
    store_close(receiver);
}

START_TEST(those_whose_day_has_come_are_released_one_batch_after_the_other)
{
    struct office office;
    uint64_t findings = UINT64_MAX;

    office_open(&office);
    int64_t end = time_monotonic() + PATIENCE_MS;
    struct store *store = fixture_store(&office.fixture, 7);

    receipt_is_deleted(&office);
    ck_assert_uint_gt(held(&office, store), 0); /* who asks for something waits for a batch, not for all */
    while (held(&office, store) && time_monotonic() < end)
        usleep(10000);
    ck_assert_uint_eq(held(&office, store), 0);
    ck_assert_int_eq(ask_mail(&office.fixture, "SELECT count(*) FROM message WHERE state = 1"), LETTERS);
    ck_assert_msg(store_verify(store, letter_restore, NULL, NULL, NULL, &findings, &office.error), "%s",
                  office.error.detail);
    ck_assert_uint_eq(findings, LETTERS); /* each was accepted for another day than the one above, and that is all */
    store_close(store);
    fixture_close(&office.fixture);
}
END_TEST

Suite *suite_held(void)
{
    Suite *suite = suite_create("held");
    TCase *tests = tcase_create("held");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, those_whose_day_has_come_are_released_one_batch_after_the_other);
    suite_add_tcase(suite, tests);
    return suite;
}
