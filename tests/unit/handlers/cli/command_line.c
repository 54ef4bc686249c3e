/* dpctl's command line: what is wrong with it is told in one sentence, and nothing is done. */
#include "handlers/cli/cli.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_command_line(void);

#define WORDS_MAX 16

/* What a command line gave. */
struct outcome {
    int status;
    char *out, *err;
    size_t out_size, err_size;
};

static struct outcome run(const char *line)
{
    struct outcome outcome = {0};
    char *words[WORDS_MAX] = {NULL}, *copy = strdup(line), *rest = copy;
    FILE *out = open_memstream(&outcome.out, &outcome.out_size);
    FILE *err = open_memstream(&outcome.err, &outcome.err_size);
    int count = 0;

    for (char *word; (word = strsep(&rest, " ")) && count < WORDS_MAX - 1;)
        words[count++] = word;
    outcome.status = cli_run(count, words, out, err);
    fclose(out);
    fclose(err);
    free(copy);
    return outcome;
}

static void outcome_free(struct outcome *outcome)
{
    free(outcome->out);
    free(outcome->err);
}

static const struct {
    const char *line, *told;
} wrong[] = {
    {"dpctl", "A command is missing"},
    {"dpctl --json", "A command is missing"},
    {"dpctl frobnicate", "There is no command frobnicate"},
    {"dpctl system", "system needs one of its commands"},
    {"dpctl system remove", "system needs one of its commands"},
    {"dpctl status --config", "--config needs a file"},
    {"dpctl status --lang fr", "--lang takes da or en"},
    {"dpctl endpoints now", "takes only options"},
    {"dpctl endpoints --colour", "has no option --colour"},
    {"dpctl organisation add --cvr 99000001", "needs --name NAME"},
    {"dpctl organisation add --name x --cvr", "--cvr needs CVR behind it"},
    {"dpctl organisation add --cvr 9900000 --name x", "--cvr takes a CVR number, 8 digits"},
    {"dpctl organisation add --cvr 99000001 --cvr 99000001", "--cvr was given twice"},
    {"dpctl organisation add --cvr 99000001 --name x --type state", "--type takes one of AUTHORITY"},
    {"dpctl organisation show", "needs CVR"},
    {"dpctl organisation show 99000001 99000002", "takes one CVR"},
    {"dpctl system show 7", "a system's id, a UUID"},
    {"dpctl contact add --label x", "One of --cpr and --cvr"},
    {"dpctl contact add --label x --cpr 1 --cvr 2", "One of --cpr and --cvr"},
    {"dpctl contact add --label x --cpr 61019000010", "--cpr takes a CPR number"},
    {"dpctl contact status --cpr 6101900001 --status away", "REGISTERED, EXEMPT, CLOSED"},
    {"dpctl certificate revoke", "file or its --fingerprint"},
    {"dpctl certificate revoke --fingerprint 12", "64 hexadecimal digits"},
    {"dpctl mailbox list", "One of --cpr and --cvr"},
    {"dpctl mailbox list --cvr 990000012", "--cvr takes a CVR number"},
    {"dpctl validate", "needs FILE..."},
};

START_TEST(a_wrong_command_line_is_told_in_one_sentence)
{
    struct outcome outcome = run(wrong[_i].line);

    ck_assert_msg(outcome.status == CLI_USAGE, "%s: exit status %d", wrong[_i].line, outcome.status);
    ck_assert_msg(strstr(outcome.err, wrong[_i].told), "%s: told %s", wrong[_i].line, outcome.err);
    ck_assert_msg(strchr(outcome.err, '\n') == outcome.err + outcome.err_size - 1, "%s: told in more than one line",
                  wrong[_i].line);
    ck_assert_uint_eq(outcome.out_size, 0);
    outcome_free(&outcome);
}
END_TEST

static const char *const commands[] = {
    "init",
    "validate",
    "rules",
    "organisation add",
    "organisation list",
    "organisation show",
    "system add",
    "system list",
    "system show",
    "contact add",
    "contact list",
    "contact show",
    "contact status",
    "mailbox list",
    "certificate revoke",
    "status",
    "backup",
    "verify",
    "endpoints",
};
#define COMMANDS (sizeof commands / sizeof commands[0])

START_TEST(every_command_has_help_with_an_example)
{
    char line[64];

    snprintf(line, sizeof line, "dpctl %s --help", commands[_i]);
    struct outcome outcome = run(line);

    ck_assert_int_eq(outcome.status, CLI_OK);
    ck_assert_ptr_nonnull(strstr(outcome.out, "usage: dpctl"));
    ck_assert_ptr_nonnull(strstr(outcome.out, commands[_i]));
    ck_assert_ptr_nonnull(strstr(outcome.out, "Example:\n  dpctl "));
    ck_assert_uint_eq(outcome.err_size, 0);
    outcome_free(&outcome);
}
END_TEST

START_TEST(help_lists_every_command)
{
    struct outcome outcome = run("dpctl --help");

    ck_assert_int_eq(outcome.status, CLI_OK);
    for (size_t i = 0; i < COMMANDS; i++)
        ck_assert_msg(strstr(outcome.out, commands[i]), "%s is not listed", commands[i]);
    outcome_free(&outcome);
}
END_TEST

START_TEST(global_options_may_stand_anywhere)
{
    struct outcome before = run("dpctl --json endpoints"), behind = run("dpctl endpoints --json");

    ck_assert_int_eq(before.status, CLI_OK);
    ck_assert_int_eq(before.out[0], '[');
    ck_assert_str_eq(before.out, behind.out);
    outcome_free(&before);
    outcome_free(&behind);
}
END_TEST

START_TEST(a_missing_settings_file_is_no_usage_error)
{
    struct outcome outcome = run("dpctl --config /nowhere/gateway.ini contact list");

    ck_assert_int_eq(outcome.status, CLI_FINDINGS);
    ck_assert_ptr_nonnull(strstr(outcome.err, "/nowhere/gateway.ini"));
    outcome_free(&outcome);
}
END_TEST

START_TEST(the_endpoints_name_their_pool_and_caller)
{
    struct outcome outcome = run("dpctl endpoints --json");

    ck_assert_ptr_nonnull(strstr(outcome.out, "{\"method\":\"POST\",\"path\":\"/memos/\",\"pool\":\"sender\","
                                              "\"callers\":[\"sender-system\"]}"));
    ck_assert_ptr_null(strstr(outcome.out, "/healthz"));
    outcome_free(&outcome);
}
END_TEST

START_TEST(the_nginx_lines_match_what_the_table_says)
{
    struct outcome outcome = run("dpctl endpoints --nginx");
    const char *exact = strstr(outcome.out, "\"~^(?:GET|HEAD):/apis/v1/receipts/[^/]+/?$\" receipt;\n");
    const char *any = strstr(outcome.out, "\"~^[A-Z]+:/apis/v1/receipts/[^/]+/?$\" receipt;\n");

    ck_assert_ptr_nonnull(strstr(outcome.out, "\"~^POST:/apis/v1/memos/?$\" sender;\n"));
    ck_assert_ptr_nonnull(strstr(outcome.out, "\"~^(?:GET|HEAD):/readyz/?$\" monitor;\n"));
    ck_assert_ptr_nonnull(exact);
    ck_assert_ptr_nonnull(any);
    ck_assert(exact < any);
    outcome_free(&outcome);
}
END_TEST

Suite *suite_command_line(void)
{
    Suite *suite = suite_create("dpctl's command line");
    TCase *lines = tcase_create("lines");

    tcase_add_loop_test(lines, a_wrong_command_line_is_told_in_one_sentence, 0, sizeof wrong / sizeof wrong[0]);
    tcase_add_loop_test(lines, every_command_has_help_with_an_example, 0, COMMANDS);
    tcase_add_test(lines, help_lists_every_command);
    tcase_add_test(lines, global_options_may_stand_anywhere);
    tcase_add_test(lines, a_missing_settings_file_is_no_usage_error);
    tcase_add_test(lines, the_endpoints_name_their_pool_and_caller);
    tcase_add_test(lines, the_nginx_lines_match_what_the_table_says);
    suite_add_tcase(suite, lines);
    return suite;
}
