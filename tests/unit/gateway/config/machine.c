/* What the settings need of the machine: folders, certificates, users. */
#include "tests/unit/gateway/config/fixture.h"

#include <sys/stat.h>

Suite *suite_machine(void);

static void make_state(void)
{
    static const char *const folders[] = {"registry", "mail", "mail/contents", "spool"};

    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        ck_assert_int_eq(mkdir(below(folders[i]), 0700), 0);
}

static void make_file(const char *name)
{
    FILE *out = fopen(below(name), "w");

    ck_assert_ptr_nonnull(out);
    fclose(out);
}

static bool told(const char *words)
{
    for (size_t i = 0; i < findings.count; i++)
        if (strstr(findings.items[i].text, words))
            return true;
    return false;
}

static const char here[] =
    "[state]\ndir = .\nrun_dir = run\n[process]\nswitch_user = no\n[identity]\nissuers_file = issuers.pem\n";

START_TEST(a_machine_that_has_everything_passes)
{
    expect_open(open_text(here));
    make_state();
    make_file("issuers.pem");
    ck_assert_msg(config_check(config, &findings), "%s", findings.items[0].text);
    ck_assert_uint_eq(findings.count, 0);
    ck_assert_int_eq(mkdir(below("run"), 0700), 0);
    ck_assert(config_check(config, &findings));
}
END_TEST

START_TEST(what_a_machine_lacks_is_told)
{
    expect_open(open_text(here));
    ck_assert(!config_check(config, &findings));
    ck_assert_uint_eq(findings.count, 5);
    ck_assert(told("mail/contents"));
    ck_assert(told("run dpctl init"));
    ck_assert(told("[identity] issuers_file"));

    make_state();
    make_file("run");
    make_file("issuers.pem");
    ck_assert(!config_check(config, &findings));
    ck_assert_uint_eq(findings.count, 1);
    ck_assert(told("is no folder"));
}
END_TEST

START_TEST(issuers_are_needed_and_the_run_folder_must_have_a_parent)
{
    expect_open(open_text("[state]\ndir = .\nrun_dir = new/run\n[process]\nswitch_user = no\n"));
    make_state();
    ck_assert(!config_check(config, &findings));
    ck_assert_uint_eq(findings.count, 2);
    ck_assert(told("issuers_file: needs a value"));
    ck_assert(told("is not there and cannot be made"));
}
END_TEST

START_TEST(what_an_outbox_needs_is_looked_for)
{
    expect_open(open_text("[state]\ndir = .\nrun_dir = run\n[process]\nswitch_user = no\n"
                          "[identity]\nissuers_file = issuers.pem\n"
                          "[outbox]\nca_file = no-ca.pem\ncertificate = issuers.pem\nkey = no-key.pem\n"));
    make_state();
    make_file("issuers.pem");
    ck_assert(!config_check(config, &findings));
    ck_assert_uint_eq(findings.count, 2);
    ck_assert(told("[outbox] ca_file"));
    ck_assert(told("[outbox] key"));
}
END_TEST

START_TEST(users_and_groups_are_looked_for_when_root_will_become_them)
{
    expect_open(open_text("[state]\ndir = .\nrun_dir = run\n[identity]\nissuers_file = issuers.pem\n"
                          "[process]\nuser_prefix = dp-no-such-\nmail_group = dp-no-mail\nregistry_group = dp-no-reg\n"
                          "socket_group = dp-no-socket\n"));
    make_state();
    make_file("issuers.pem");
    ck_assert_int_eq(config_check(config, &findings), geteuid() != 0);
    if (geteuid() != 0)
        return;
    ck_assert_uint_eq(findings.count, POOL_COUNT + 2 + 4);
    ck_assert(told("no user dp-no-such-writer"));
    ck_assert(told("no user dp-no-such-sender"));
    ck_assert(told("no user dp-no-such-dispatcher"));
    ck_assert(told("no group dp-no-such-spool"));
    ck_assert(told("mail_group: there is no group dp-no-mail"));
    ck_assert(told("no group dp-no-reg"));
    ck_assert(told("no group dp-no-socket"));
    ck_assert(!told("cli"));
}
END_TEST

Suite *suite_machine(void)
{
    Suite *suite = suite_create("machine");
    TCase *tests = tcase_create("machine");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, a_machine_that_has_everything_passes);
    tcase_add_test(tests, what_a_machine_lacks_is_told);
    tcase_add_test(tests, issuers_are_needed_and_the_run_folder_must_have_a_parent);
    tcase_add_test(tests, what_an_outbox_needs_is_looked_for);
    tcase_add_test(tests, users_and_groups_are_looked_for_when_root_will_become_them);
    suite_add_tcase(suite, tests);
    return suite;
}
