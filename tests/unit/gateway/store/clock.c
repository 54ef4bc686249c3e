/* A clock that is set back. What the kernel would say is said here: the store finds this function before the C
 * library's, and a test sets the clock in memory that it shares with the writer. */
#include "fixture.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

Suite *suite_clock(void);

#define BACK 300 /* seconds that a writer of the fixture allows */

static volatile int64_t *behind; /* seconds; NULL: as it is */

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);

    if (clock == CLOCK_REALTIME && behind)
        now->tv_sec -= *behind;
    return result;
}

static void clock_open(void)
{
    void *shared = mmap(NULL, sizeof *behind, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(shared, MAP_FAILED);
    behind = shared;
}

static enum error_code send_one(struct fixture *fixture, unsigned number)
{
    struct error error = {0};
    struct acceptance acceptance;
    struct letter letter;
    struct store *store = fixture_store(fixture, 0);

    letter_make(&letter, number);
    letter_send(store, &letter, &acceptance, &error);
    store_close(store);
    return error.code;
}

/* A store with a letter, and nobody there. */
static void leave_letter(struct fixture *fixture)
{
    clock_open();
    fixture_open(fixture);
    fixture_start(fixture);
    ck_assert_int_eq(send_one(fixture, 1), ERROR_NONE);
    ck_assert_int_eq(fixture_end(fixture, DRAIN), 0);
}

START_TEST(a_writer_does_not_open_what_was_written_later)
{
    struct fixture fixture;

    leave_letter(&fixture);
    *behind = BACK + 60;
    ck_assert_int_eq(fixture_reopen(&fixture), ERROR_CLOCK_BEHIND);
    *behind = BACK - 60;
    ck_assert_int_eq(fixture_reopen(&fixture), ERROR_NONE);
    *behind = 0;
    ck_assert_int_eq(fixture_reopen(&fixture), ERROR_NONE);
    fixture_close(&fixture);
}
END_TEST

/* A clock that was ahead for a while has left its times in the store for good. */
START_TEST(an_operator_may_allow_more)
{
    struct fixture fixture;

    leave_letter(&fixture);
    *behind = 2 * BACK;
    fixture.config.clock_back_seconds = 3 * BACK;
    ck_assert_int_eq(fixture_reopen(&fixture), ERROR_NONE);
    fixture_close(&fixture);
}
END_TEST

START_TEST(no_clock_is_believed_that_shows_a_time_before_this_was_written)
{
    struct fixture fixture;

    clock_open();
    fixture_open(&fixture);
    *behind = time_now() / 1000 - 86400; /* 2 January 1970 */
    fixture.config.clock_back_seconds = UINT32_MAX;
    ck_assert_int_eq(fixture_reopen(&fixture), ERROR_CLOCK_BEHIND);
    *behind = 0;
    ck_assert_int_eq(fixture_reopen(&fixture), ERROR_NONE);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_writer_at_work_ends_when_its_clock_is_set_back)
{
    struct fixture fixture;
    int status;

    clock_open();
    fixture_open(&fixture);
    fixture.config.change_timeout_ms = 1000;
    fixture_start(&fixture);
    ck_assert_int_eq(send_one(&fixture, 1), ERROR_NONE);
    *behind = BACK - 60;
    ck_assert_int_eq(send_one(&fixture, 2), ERROR_NONE);
    *behind = 2 * BACK;
    ck_assert_int_eq(send_one(&fixture, 3), ERROR_STORE_UNSURE);
    ck_assert_int_eq(waitpid(fixture.writer, &status, 0), fixture.writer);
    fixture.writer = 0;
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 1);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM message"), 2);
    fixture_close(&fixture);
}
END_TEST

Suite *suite_clock(void)
{
    Suite *suite = suite_create("clock");
    TCase *tests = tcase_create("clock");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_writer_does_not_open_what_was_written_later);
    tcase_add_test(tests, an_operator_may_allow_more);
    tcase_add_test(tests, no_clock_is_believed_that_shows_a_time_before_this_was_written);
    tcase_add_test(tests, a_writer_at_work_ends_when_its_clock_is_set_back);
    suite_add_tcase(suite, tests);
    return suite;
}
