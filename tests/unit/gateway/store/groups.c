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

static void until_sent(const struct fixture *fixture, int slot)
{
    struct pollfd poll_for = {.fd = fixture->writer_end[slot], .events = POLLIN};

    ck_assert_int_eq(poll(&poll_for, 1, 10000), 1);
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

    ck_assert_msg(store_verify(store, NULL, NULL, NULL, &findings, &error), "%s", error.detail);
    store_close(store);
    return findings;
}

START_TEST(each_change_of_a_group_comes_to_be_or_not_by_itself)
{
    const struct group_case *group = &groups[_i];
    struct fixture fixture;
    pid_t children[SENDERS];
    int status;

    fixture_open(&fixture);
    fixture_start(&fixture);
    kill(fixture.writer, SIGSTOP); /* until all of them wait */
    for (int i = 0; i < SENDERS; i++) {
        send_in_child(&fixture, i, group->spoils[i], &children[i]);
        until_sent(&fixture, i);
    }
    kill(fixture.writer, SIGCONT);
    for (int i = 0; i < SENDERS; i++) {
        waitpid(children[i], &status, 0);
        ck_assert(WIFEXITED(status));
        ck_assert_int_eq(WEXITSTATUS(status), group->spoils[i] != nothing);
    }
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

Suite *suite_groups(void)
{
    Suite *suite = suite_create("groups");
    TCase *tests = tcase_create("groups");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, each_change_of_a_group_comes_to_be_or_not_by_itself, 0, sizeof groups / sizeof *groups);
    suite_add_tcase(suite, tests);
    return suite;
}
