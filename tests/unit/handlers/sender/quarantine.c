/* A message that ends its readers is left alone after the second one; who dies of something else harms no message. */
#include "handlers/sender/quarantine.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

Suite *suite_quarantine(void);

static struct quarantine *quarantine;
static struct uuid systems[2], messages[2];

static void open_quarantine(void)
{
    quarantine = quarantine_open();
    ck_assert_ptr_nonnull(quarantine);
    for (int i = 0; i < 2; i++)
        ck_assert(uuid_random(&systems[i]) && uuid_random(&messages[i]));
}

static void close_quarantine(void)
{
    quarantine_close(quarantine);
}

/* A worker reads the first message and ends as `how` does. */
static int end_of(int worker, void how(int worker))
{
    int status;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (!pid) {
        how(worker);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void dies(int worker)
{
    quarantine_enter(quarantine, worker, &systems[0], &messages[0], 60000);
    raise(SIGKILL);
}

static void reads_on_and_on(int worker)
{
    quarantine_enter(quarantine, worker, &systems[0], &messages[0], 20);
    for (volatile unsigned i = 0;; i++)
        continue;
}

static void dies_later(int worker)
{
    quarantine_enter(quarantine, worker, &systems[0], &messages[0], 60000);
    quarantine_leave(quarantine, worker);
    raise(SIGKILL);
}

static void works_long_after(int worker)
{
    quarantine_enter(quarantine, worker, &systems[0], &messages[0], 20);
    quarantine_leave(quarantine, worker);
    for (clock_t end = clock() + CLOCKS_PER_SEC / 10; clock() < end;)
        continue;
}

START_TEST(what_ended_two_is_not_read_again)
{
    struct uuid found;

    ck_assert_int_eq(end_of(3, dies), SIGKILL);
    ck_assert(!quarantine_find(quarantine, 4, &found));
    ck_assert(quarantine_find(quarantine, 3, &found));
    ck_assert(uuid_same(&found, &messages[0]));
    ck_assert(!quarantine_find(quarantine, 3, &found));
    ck_assert(quarantine_allows(quarantine, &systems[0], &messages[0]));
    ck_assert_int_eq(end_of(512, reads_on_and_on), SIGPROF);
    ck_assert(quarantine_find(quarantine, 512, &found));
    ck_assert(!quarantine_allows(quarantine, &systems[0], &messages[0]));
    /* Another message, and another system's of the same UUID. */
    ck_assert(quarantine_allows(quarantine, &systems[0], &messages[1]));
    ck_assert(quarantine_allows(quarantine, &systems[1], &messages[0]));
}
END_TEST

START_TEST(what_was_read_is_not_blamed)
{
    struct uuid found;

    ck_assert_int_eq(end_of(1, dies_later), SIGKILL);
    ck_assert(!quarantine_find(quarantine, 1, &found));
    ck_assert_int_eq(end_of(1, works_long_after), 0);
    ck_assert(!quarantine_find(quarantine, 1, &found));
}
END_TEST

START_TEST(it_is_remembered_until_many_others_came)
{
    struct uuid found;

    for (int death = 0; death < 2 + 255; death++) {
        if (death == 2)
            ck_assert(!quarantine_allows(quarantine, &systems[0], &messages[0]));
        if (death >= 2)
            ck_assert(uuid_random(&messages[1]));
        quarantine_enter(quarantine, 7, &systems[0], &messages[death >= 2], 60000);
        ck_assert(quarantine_find(quarantine, 7, &found));
        if (death == 255)
            ck_assert(!quarantine_allows(quarantine, &systems[0], &messages[0]));
    }
    ck_assert(quarantine_allows(quarantine, &systems[0], &messages[0]));
    quarantine_leave(quarantine, 7);
}
END_TEST

Suite *suite_quarantine(void)
{
    Suite *suite = suite_create("quarantine");
    TCase *tests = tcase_create("quarantine");

    tcase_add_checked_fixture(tests, open_quarantine, close_quarantine);
    tcase_add_test(tests, what_ended_two_is_not_read_again);
    tcase_add_test(tests, what_was_read_is_not_blamed);
    tcase_add_test(tests, it_is_remembered_until_many_others_came);
    suite_add_tcase(suite, tests);
    return suite;
}
