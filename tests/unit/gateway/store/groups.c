/* Changes that wait together are committed together, and one that fails takes nobody with it. */
#include "fixture.h"

#include <poll.h>

#define SENDERS 6

Suite *suite_groups(void);

/* How each sender of a group spoils its letter, if it does. */
static void nothing(struct letter *letter)
{
    (void)letter;
}

static void wrong_digest_of_the_last_file(struct letter *letter)
{
    letter->contents[LETTER_FILES - 1].digest.bytes[0] ^= 1; /* the others are written by then */
}

static void no_number(struct letter *letter)
{
    letter->submission.recipient_number = "12345"; /* seen before anything is written */
}

typedef void spoiling(struct letter *letter);

/* One process for each sender, each waiting for its answer: it ends with 0 when its letter was taken. */
static void send_in_child(struct fixture *fixture, int slot, spoiling *spoil, pid_t *child)
{
    *child = fork();
    ck_assert_int_ge(*child, 0);
    if (*child)
        return;
    struct error error = {0};
    struct letter letter;
    struct acceptance acceptance;
    struct store *store = fixture_store(fixture, slot);

    letter_make(&letter, (unsigned)slot + 1);
    spoil(&letter);
    bool taken = letter_send(store, &letter, &acceptance, &error);

    _exit(taken ? 0 : error.code == ERROR_CHANGE_MALFORMED ? 1 : 2);
}

static void until_there_is_something(int fd)
{
    struct pollfd poll_for = {.fd = fd, .events = POLLIN};

    ck_assert_int_eq(poll(&poll_for, 1, 10000), 1);
}

/* A stopped writer finds all of them at once. */
static void send_together(struct fixture *fixture, int count, spoiling *const spoils[], pid_t children[])
{
    int status;

    /* its hello: whoever sent something before it sends that again, to what might be another writer */
    until_there_is_something(fixture->worker_end[SLOTS - 1]);
    kill(fixture->writer, SIGSTOP);
    ck_assert_int_eq(waitpid(fixture->writer, &status, WUNTRACED), fixture->writer);
    ck_assert(WIFSTOPPED(status));
    for (int i = 0; i < count; i++) {
        send_in_child(fixture, i, spoils[i], &children[i]);
        until_there_is_something(fixture->writer_end[i]);
    }
    kill(fixture->writer, SIGCONT);
}

static void ended(pid_t child, bool taken)
{
    int status;

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), !taken);
}

static const struct group_case {
    spoiling *spoils[SENDERS];
    int taken;
} groups[] = {
    {{nothing, nothing, nothing, nothing, nothing, nothing}, 6},
    {{nothing, no_number, nothing, nothing, no_number, nothing}, 4},
    {{nothing, nothing, wrong_digest_of_the_last_file, nothing, nothing, nothing}, 5},
    {{wrong_digest_of_the_last_file, nothing, nothing, no_number, nothing, wrong_digest_of_the_last_file}, 3},
    {{wrong_digest_of_the_last_file, wrong_digest_of_the_last_file, wrong_digest_of_the_last_file,
      wrong_digest_of_the_last_file, wrong_digest_of_the_last_file, wrong_digest_of_the_last_file},
     0},
};

static uint64_t findings_of(struct fixture *fixture)
{
    struct error error = {0};
    struct store *store = fixture_store(fixture, 7);
    uint64_t findings = UINT64_MAX;

    ck_assert_msg(store_verify(store, letter_restore, NULL, NULL, NULL, &findings, &error), "%s", error.detail);
    store_close(store);
    return findings;
}

START_TEST(each_change_of_a_group_comes_to_be_or_not_by_itself)
{
    const struct group_case *group = &groups[_i];
    struct fixture fixture;
    pid_t children[SENDERS];

    fixture_open(&fixture);
    fixture_start(&fixture);
    send_together(&fixture, SENDERS, group->spoils, children);
    for (int i = 0; i < SENDERS; i++)
        ended(children[i], group->spoils[i] == nothing);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM message"), group->taken);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT count(*) FROM content"),
                     group->taken ? group->taken * (LETTER_FILES - 1) + 1 : 0);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT coalesce(max(refs), 0) FROM content"), group->taken);
    ck_assert_int_eq(ask_mail(&fixture, "SELECT coalesce(max(value), 0) FROM counter WHERE name = 'messages'"),
                     group->taken);
    ck_assert_uint_eq(findings_of(&fixture), 0);
    fixture_close(&fixture);
}
END_TEST

/* ---- waiting for more ---- */

#define WAIT_MS 2000

/* A writer that waits so long, after a group of `count` letters. */
static void open_after_group(struct fixture *fixture, int count)
{
    static spoiling *const plain[SENDERS] = {nothing, nothing, nothing, nothing, nothing, nothing};
    pid_t children[SENDERS];

    fixture_open(fixture);
    fixture->config.group_wait_us = WAIT_MS * 1000;
    fixture_start(fixture);
    send_together(fixture, count, plain, children);
    for (int i = 0; i < count; i++)
        ended(children[i], true);
    ck_assert_uint_eq(metrics_get(fixture->metrics, METRIC_COMMITS, DATABASE_MAIL), 1);
}

/* Milliseconds until the letter of this slot is taken. */
static int64_t send_alone(struct fixture *fixture, int slot)
{
    int64_t began = time_monotonic();
    pid_t child;

    send_in_child(fixture, slot, nothing, &child);
    ended(child, true);
    return time_monotonic() - began;
}

START_TEST(where_four_send_half_of_them_are_waited_for)
{
    struct fixture fixture;
    pid_t first, next;

    open_after_group(&fixture, 3);
    send_in_child(&fixture, 3, nothing, &first);
    usleep(300000); /* a writer that does not wait has answered by now */
    send_in_child(&fixture, 4, nothing, &next);
    ended(first, true);
    ended(next, true);
    ck_assert_uint_eq(metrics_get(fixture.metrics, METRIC_COMMITS, DATABASE_MAIL), 2);
    fixture_close(&fixture);
}
END_TEST

START_TEST(where_three_send_nobody_waits)
{
    struct fixture fixture;

    open_after_group(&fixture, 2);
    ck_assert_int_lt(send_alone(&fixture, 3), WAIT_MS);
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_dispatcher_is_none_of_those_who_send)
{
    struct fixture fixture;
    struct error error = {0};
    struct job_wish wish = {.most = 1, .per_target = 1, .lease_ms = 1000};
    struct arena *arena = arena_new(1 << 16);
    struct job *jobs;
    size_t count;

    open_after_group(&fixture, 2);
    struct store *store = fixture_store(&fixture, 9);

    ck_assert_msg(jobs_lease(store, &wish, arena, &jobs, &count, &error), "%s", error.detail);
    ck_assert_int_lt(send_alone(&fixture, 3), WAIT_MS);
    store_close(store);
    arena_free(arena);
    fixture_close(&fixture);
}
END_TEST

START_TEST(after_a_wait_in_vain_nobody_waits)
{
    struct fixture fixture;

    open_after_group(&fixture, 3);
    ck_assert_int_ge(send_alone(&fixture, 3), WAIT_MS);
    ck_assert_int_lt(send_alone(&fixture, 4), WAIT_MS);
    fixture_close(&fixture);
}
END_TEST

START_TEST(what_somebody_does_at_a_screen_ends_the_wait)
{
    struct fixture fixture;
    struct error error = {0};
    struct uuid system = uuid_of(1, 1), receipt = uuid_of(7, 1);
    pid_t first;

    open_after_group(&fixture, 5); /* with one more, three are waited for */
    struct store *store = fixture_store(&fixture, 6);
    int64_t began = time_monotonic();

    send_in_child(&fixture, 5, nothing, &first);
    usleep(300000);
    ck_assert_uint_eq(metrics_get(fixture.metrics, METRIC_COMMITS, DATABASE_MAIL), 1);
    ck_assert_msg(receipts_delete(store, &system, &receipt, time_now(), &error), "%s", error.detail);
    ended(first, true);
    ck_assert_int_lt(time_monotonic() - began, WAIT_MS);
    store_close(store);
    fixture_close(&fixture);
}
END_TEST

Suite *suite_groups(void)
{
    Suite *suite = suite_create("groups");
    TCase *tests = tcase_create("groups");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, each_change_of_a_group_comes_to_be_or_not_by_itself, 0, sizeof groups / sizeof *groups);
    tcase_add_test(tests, where_four_send_half_of_them_are_waited_for);
    tcase_add_test(tests, where_three_send_nobody_waits);
    tcase_add_test(tests, the_dispatcher_is_none_of_those_who_send);
    tcase_add_test(tests, after_a_wait_in_vain_nobody_waits);
    tcase_add_test(tests, what_somebody_does_at_a_screen_ends_the_wait);
    suite_add_tcase(suite, tests);
    return suite;
}
