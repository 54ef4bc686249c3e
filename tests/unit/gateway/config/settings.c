/* Settings: what is taken, what is told of what is not, and that what is printed is what is in force. */
#include "tests/unit/gateway/config/fixture.h"

#include "gateway/log/log.h"
#include "schema/memo.h"

Suite *suite_settings(void);

#define KB ((uint64_t)1024)
#define MB (KB * KB)

START_TEST(without_a_file_the_defaults_hold)
{
    expect_open(config_open(NULL, &config, &findings));
    ck_assert_str_eq(config->state_dir, "/var/lib/digitalpost");
    ck_assert_str_eq(config->run_dir, "/run/digitalpost");
    ck_assert(config->sandbox && config->switch_user && config->sync);
    ck_assert_str_eq(config->user_prefix, "dp-");
    ck_assert_str_eq(config->socket_group, "www-data");
    ck_assert_uint_eq(config->workers[ROLE_SENDER], 16);
    ck_assert_uint_eq(config->workers[ROLE_RECEIPT], 4);
    ck_assert_uint_eq(config->workers[ROLE_READER], 8);
    ck_assert_uint_eq(config->workers[ROLE_MONITOR], 2);
    ck_assert_ptr_null(config->token_issuers[0].name);
    ck_assert_str_eq(config->token_audience, "digitalpost");
    ck_assert_uint_eq(config->worker_memory, 512 * MB);
    ck_assert_uint_eq(config->inline_content, 64 * KB);
    ck_assert_uint_eq(config->wal_cap, 256 * MB);
    ck_assert_uint_eq(config->change_timeout_ms, 10000);
    ck_assert_str_eq(config->issuers_file, "");
    ck_assert_str_eq(config->on_invalid, "door");
    ck_assert_uint_eq(config->body_max, 150000000);
    ck_assert_uint_eq(config->content_max, 99500000);
    ck_assert_uint_eq(config->receipt_grace_hours, 24);
    ck_assert_uint_gt(config->outbox_lease_seconds, config->outbox_timeout_seconds);
    ck_assert(!config->outbox_plain_http);
}
END_TEST

START_TEST(the_defaults_of_a_memo_are_those_of_the_schema)
{
    struct memo_limits limits;
    size_t i;

    memo_limits_default(&limits);
    expect_open(config_open(NULL, &config, &findings));
    for (i = 0; limits.extensions[i] && config->extensions[i]; i++)
        ck_assert_str_eq(config->extensions[i], limits.extensions[i]);
    ck_assert(!limits.extensions[i] && !config->extensions[i]);
    ck_assert_uint_eq(config->body_max, limits.body_bytes);
    ck_assert_uint_eq(config->content_max, limits.content_bytes);
    ck_assert_uint_eq(config->skeleton_max, limits.skeleton_bytes);
    ck_assert_uint_eq(config->notification_1_1, limits.notification[MEMO_1_1]);
    ck_assert_uint_eq(config->notification_1_2, limits.notification[MEMO_1_2]);
    ck_assert_uint_eq(config->furthest_days, limits.furthest_days);
    ck_assert_uint_eq(config->additional_documents_max, limits.additional_documents);
    ck_assert_uint_eq(config->files_max, limits.files);
}
END_TEST

START_TEST(a_file_is_read_with_comments_blanks_and_a_byte_order_mark)
{
    expect_open(open_text("\xEF\xBB\xBF; settings\n"
                          "[process]\r\n"
                          "   sender_workers=3 ; few\n"
                          "\n"
                          "# more\n"
                          "\tswitch_user : OFF\n"
                          "[memo]\n"
                          "extensions = PDF, txt\txml,,html\n"
                          "on_invalid = receipt"));
    ck_assert_uint_eq(config->workers[ROLE_SENDER], 3);
    ck_assert_uint_eq(config->workers[ROLE_RECEIPT], 4);
    ck_assert(!config->switch_user);
    ck_assert_str_eq(config->on_invalid, "receipt");
    ck_assert_str_eq(config->extensions[0], "pdf");
    ck_assert_str_eq(config->extensions[1], "txt");
    ck_assert_str_eq(config->extensions[2], "xml");
    ck_assert_str_eq(config->extensions[3], "html");
    ck_assert_ptr_null(config->extensions[4]);
}
END_TEST

START_TEST(issuers_of_tokens_are_names_and_files)
{
    expect_open(open_text("[identity]\ntoken_issuers = https://a.example/?x=1=keys/a.json \t b=/b.json\n"));
    ck_assert_str_eq(config->token_issuers[0].name, "https://a.example/?x=1");
    ck_assert_int_eq(config->token_issuers[0].keys_file[0], '/');
    ck_assert_ptr_nonnull(strstr(config->token_issuers[0].keys_file, "/keys/a.json"));
    ck_assert_str_eq(config->token_issuers[1].name, "b");
    ck_assert_str_eq(config->token_issuers[1].keys_file, "/b.json");
    ck_assert_ptr_null(config->token_issuers[2].name);
}
END_TEST

static const struct {
    const char *text;
    uint64_t bytes;
} sizes[] = {
    {"0", 0},
    {"1000000000000000", 1000000000000000},
    {"3KB", 3 * KB},
    {"5mb", 5 * MB},
    {"2GB", 2048 * MB},
    {"4611686018427387904", (uint64_t)1 << 62},
    {"4294967296GB", (uint64_t)1 << 62},
};

START_TEST(a_size_counts_bytes)
{
    char text[100];

    snprintf(text, sizeof text, "[store]\nfree_floor = %s\n", sizes[_i].text);
    expect_open(open_text(text));
    ck_assert_uint_eq(config->free_floor, sizes[_i].bytes);
}
END_TEST

static const struct {
    const char *text;
    unsigned line;
    const char *words;
} wrong[] = {
    {"[stoer]\nsync = no\nqueue_max = x\n", 1, "no section [stoer]"},
    {"[]\n", 1, "no section []"},
    {"[store\nsync = no\n", 1, "does not end with ]"},
    {"sync = no\n", 1, "before the first [section]"},
    {"[store]\nsinc = no\n", 2, "no setting sinc in [store]"},
    {"[store]\nlevel = info\n", 2, "no setting level in [store]"},
    {"[store]\nSync = no\n", 2, "no setting Sync in [store]"},
    {"[store]\n\nhello\n[log]\n", 3, "neither a [section] nor"},
    {"[store]\nhello", 2, "neither a [section] nor"},
    {"[store]\nsync = no\n[store]\nsync = no\n", 4, "stands in line 2 already"},
    {"[store]\nsync =\n", 2, "sync: must be yes or no"},
    {"[store]\nsync = 2\n", 2, "must be yes or no"},
    {"[store]\nqueue_max = -1\n", 2, "must be a whole number"},
    {"[store]\nqueue_max = 12x\n", 2, "must be a whole number"},
    {"[store]\nqueue_max = 4KB\n", 2, "must be a whole number"},
    {"[store]\nqueue_max =\n", 2, "must be a whole number"},
    {"[store]\ngroup_max = 0\n", 2, "from 1 to 4096"},
    {"[store]\ngroup_max = 18446744073709551617\n", 2, "from 1 to 4096"},
    {"[store]\ngroup_max = 4294967297\n", 2, "from 1 to 4096"},
    {"[store]\nfree_floor = 1 KB\n", 2, "whole number of bytes"},
    {"[store]\nfree_floor = 1.5GB\n", 2, "whole number of bytes"},
    {"[store]\nfree_floor = KB\n", 2, "whole number of bytes"},
    {"[store]\nfree_floor = 17179869185GB\n", 2, "from 0 to"},
    {"[store]\ninline_content = 161KB\n", 2, "from 0 to 160KB"},
    {"[store]\nwal_checkpoint = 2MB\nwal_cap = 1MB\n", 2, "larger than wal_cap"},
    {"[memo]\ncontent_max = 10KB\nbody_max = 9KB\n", 2, "larger than body_max"},
    {"[memo]\non_invalid = window\n", 2, "must be one of door, receipt"},
    {"[memo]\nextensions = pdf .txt\n", 2, "without dots"},
    {"[memo]\nextensions = , ,\n", 2, "extensions: needs a value"},
    {"[memo]\nextensions = pdf abcdefghijklmnopq\n", 2, "more than 16 characters"},
    {"[identity]\ntoken_issuers = https://a.example\n", 2, "name=file"},
    {"[identity]\ntoken_issuers = a=b =c\n", 2, "name=file"},
    {"[identity]\ntoken_issuers = a=\n", 2, "name=file"},
    {"[identity]\ntoken_issuers = 1=a 2=a 3=a 4=a 5=a 6=a 7=a 8=a 9=a 10=a 11=a 12=a 13=a 14=a 15=a 16=a 17=a\n", 2,
     "more than 16 entries"},
    {"[identity]\ntoken_audience = two words\n", 2, "must be one word"},
    {"[identity]\ncpr_claim =\n", 2, "cpr_claim: needs a value"},
    {"[log]\nlevel = INFO\n", 2, "error, warning, info, debug"},
    {"[state]\ndir =\n", 2, "dir: needs a value"},
    {"[state]\ndir = /a\tb\n", 2, "control characters"},
    {"[process]\nmail_group = a:b\n", 2, "no name of a user or group"},
    {"[process]\nuser_prefix = aaaaaaaaaaaaaaaaaaaaaaaaa\n", 2, "at most 24 are allowed"},
    {"[state]\nrun_dir = /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", 2,
     "has 81 characters, at most 80"},
};

START_TEST(what_is_wrong_in_a_file_is_told_with_its_line)
{
    expect_finding(open_text(wrong[_i].text), wrong[_i].line, wrong[_i].words);
    ck_assert_str_eq(findings.items[0].file, file);
}
END_TEST

START_TEST(a_run_folder_of_80_characters_is_taken)
{
    expect_open(
        open_text("[state]\n"
                  "run_dir = /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"));
    ck_assert_uint_eq(strlen(config->run_dir), 80);
}
END_TEST

START_TEST(a_nul_byte_is_told)
{
    static const char text[] = "[store]\nsync = no\0pe\n";

    write_bytes(text, sizeof text - 1);
    expect_finding(config_open(file, &config, &findings), 2, "NUL byte");
}
END_TEST

START_TEST(a_line_that_is_too_long_is_told_and_the_next_one_counts_on)
{
    char text[9000];
    int length = snprintf(text, sizeof text, "[state]\ndir = /%*s\nhuh\n", 8000, "x");

    ck_assert_int_lt(length, (int)sizeof text);
    ck_assert(!open_text(text));
    ck_assert_uint_eq(findings.count, 2);
    ck_assert_ptr_nonnull(strstr(findings.items[0].text, "too long"));
    ck_assert_uint_eq(findings.items[0].line, 2);
    ck_assert_uint_eq(findings.items[1].line, 3);
}
END_TEST

START_TEST(a_long_path_is_taken)
{
    char text[3000] = "[state]\ndir = /", *path = text + strlen("[state]\ndir = ");

    memset(path + 1, 'x', 2000);
    expect_open(open_text(text));
    ck_assert_str_eq(config->state_dir, path);
}
END_TEST

START_TEST(every_problem_is_told_at_once_up_to_32)
{
    char text[1000] = "[store]\nsync = 2\n[log]\nlevel = 3\n[xyz]\n";

    ck_assert(!open_text(text));
    ck_assert_uint_eq(findings.count, 3);
    ck_assert_uint_eq(findings.items[0].line, 2);
    ck_assert_uint_eq(findings.items[1].line, 4);
    ck_assert_uint_eq(findings.items[2].line, 5);
    for (int i = 0; i < 40; i++)
        strcat(text, "[xyz]\n");
    ck_assert(!open_text(text));
    ck_assert_uint_eq(findings.count, CONFIG_FINDINGS_MAX);
    expect_open(open_text(""));
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_told)
{
    expect_finding(config_open(below("none.ini"), &config, &findings), 0, "cannot be read: No such file");
    expect_finding(config_open(below("none/none.ini"), &config, &findings), 0, "cannot be read: No such file");
    expect_finding(config_open(folder, &config, &findings), 0, "cannot be read: Is a directory");
    ck_assert_str_eq(findings.items[0].file, folder);
}
END_TEST

START_TEST(the_environment_wins)
{
    setenv("DP_STORE_SYNC", "no", 1);
    setenv("DP_PROCESS_SENDER_WORKERS", "7", 1);
    setenv("DP_MEMO_NOTIFICATION_1_1", "99", 1);
    setenv("DP_RECEIPTS_GRACE_HOURS", "0", 1);
    expect_open(open_text("[store]\nsync = yes\nqueue_max = 9\n"));
    ck_assert(!config->sync);
    ck_assert_uint_eq(config->workers[ROLE_SENDER], 7);
    ck_assert_uint_eq(config->notification_1_1, 99);
    ck_assert_uint_eq(config->receipt_grace_hours, 0);
    ck_assert_uint_eq(config->queue_max, 9);
}
END_TEST

START_TEST(variables_that_are_no_settings_are_left_alone)
{
    setenv("DP_STATE", "/nowhere", 1);
    setenv("DP_CONFIG", "/nowhere", 1);
    setenv("DP_SENDER_CVR", "99000001", 1);
    setenv("DP_RECIPIENT_KEY", "x", 1);
    setenv("DP_STORES_SYNC", "x", 1);
    setenv("dp_store_sync", "x", 1);
    setenv("STORE_SYNC", "x", 1);
    expect_open(config_open(NULL, &config, &findings));
    ck_assert_str_eq(config->state_dir, "/var/lib/digitalpost");
}
END_TEST

static const struct {
    const char *name, *value, *words;
} wrong_variables[] = {
    {"DP_STORE_SINC", "no", "DP_STORE_SINC: there is no such setting"},
    {"DP_STORE_", "no", "DP_STORE_: there is no such setting"},
    {"DP_STATE_RUNDIR", "/x", "DP_STATE_RUNDIR: there is no such"},
    {"DP_STORE_SYNC", "", "DP_STORE_SYNC: must be yes or no"},
    {"DP_LOG_LEVEL", "loud", "DP_LOG_LEVEL: must be one of"},
    {"DP_STATE_DIR", "/a\n/b", "DP_STATE_DIR: must not have control"},
    {"DP_STATE_DIR", "/a;b", "semicolons"},
    {"DP_STATE_DIR", "/a ", "blanks at its ends"},
    {"DP_STORE_WAL_CAP", "1MB", "[store] wal_checkpoint: is larger"},
    {"DP_OUTBOX_LEASE_SECONDS", "30", "[outbox] lease_seconds: is not more"},
    {"DP_OUTBOX_CERTIFICATE", "/c.pem", "[outbox] certificate: needs key"},
    {"DP_OUTBOX_KEY", "/k.pem", "[outbox] certificate: needs key"},
};

START_TEST(what_is_wrong_in_the_environment_is_told_with_its_name)
{
    setenv(wrong_variables[_i].name, wrong_variables[_i].value, 1);
    expect_finding(open_text(""), 0, wrong_variables[_i].words);
    ck_assert_ptr_null(findings.items[0].file);
}
END_TEST

START_TEST(relative_paths_begin_at_the_folder_of_the_file)
{
    char here[4096], expected[4200];

    expect_open(open_text("[state]\ndir = state/\nrun_dir = ./run\n[identity]\nissuers_file = ../ca.pem\n"));
    snprintf(expected, sizeof expected, "%s/state", folder);
    ck_assert_str_eq(config->state_dir, expected);
    snprintf(expected, sizeof expected, "%s/./run", folder);
    ck_assert_str_eq(config->run_dir, expected);
    snprintf(expected, sizeof expected, "%s/../ca.pem", folder);
    ck_assert_str_eq(config->issuers_file, expected);
    config_close(config);
    config = NULL;

    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
    ck_assert_int_eq(chdir(folder), 0);
    expect_open(config_open("gateway.ini", &config, &findings));
    snprintf(expected, sizeof expected, "%s/state", folder);
    ck_assert_str_eq(config->state_dir, expected);
    ck_assert_int_eq(chdir(here), 0);
}
END_TEST

/* Every setting with another value than its default. */
static const char all_other[] =
    "[state]\ndir = /srv/post\nrun_dir = /run/x\n"
    "[process]\nsandbox = no\nswitch_user = no\nuser_prefix = p_\nmail_group = m\n"
    "registry_group = r\nsocket_group = nginx\nsender_workers = 1\nreceipt_workers = 3\n"
    "reader_workers = 4\nmonitor_workers = 5\nbacklog = 6\ndrain_seconds = 7\nworker_memory = 999999999\n"
    "empty_address = yes\n"
    "[log]\nlevel = debug\n"
    "[store]\nfree_floor = 0\nwal_checkpoint = 1025KB\nwal_cap = 3GB\nclock_back_seconds = 5\ninline_content = 1\n"
    "group_max = 8\ngroup_bytes = 70000\ngroup_wait_us = 700\nchange_timeout_ms = 101\nqueue_max = 11\n"
    "orphan_hours = 12\nsync = no\n"
    "[identity]\nissuers_file = /ca with blanks.pem\ncertificate_cache = 13\n"
    "token_issuers = https://a=/a.json b=/b.json\ntoken_audience = x\n"
    "cpr_claim = c\ncvr_claim = v\nemployee_claim = e\nscope_claim = s\n"
    "privileges_claim = p\n"
    "[memo]\non_invalid = receipt\nbody_max = 1000001\ncontent_max = 1000000\n"
    "skeleton_max = 64KB\nreading_cpu_ms = 777\ntag_max = 9KB\nattributes_max = 33\ndepth_max = 34\nelements_max = "
    "100001\n"
    "notification_1_1 = 14\nnotification_1_2 = 15\nfurthest_days = 0\n"
    "additional_documents_max = 0\nfiles_max = 17\nextensions = pdf\n"
    "[receipts]\ngrace_hours = 18\n"
    "[outbox]\nconcurrent = 19\nper_target = 20\nconnect_seconds = 21\n"
    "timeout_seconds = 22\nlease_seconds = 23\nca_file = /ca.pem\n"
    "certificate = /c.pem\nkey = /k.pem\nplain_http = yes\n";

static char *printed(const struct config *settings)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    config_print(settings, out);
    fclose(out);
    return text;
}

/* Lines that are no comment. */
static size_t count_settings(const char *text)
{
    size_t count = 0;

    for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL)
        count += *line != ';' && *line != '[' && *line != '\n';
    return count;
}

START_TEST(what_is_printed_reads_back_to_the_same)
{
    char *defaults, *first, *second;

    expect_open(config_open(NULL, &config, &findings));
    defaults = printed(config);
    config_close(config);
    expect_open(open_text(all_other));
    first = printed(config);
    config_close(config);
    expect_open(open_text(first));
    second = printed(config);
    ck_assert_str_eq(first, second);

    ck_assert_uint_eq(count_settings(first), count_settings(defaults));
    ck_assert_uint_eq(count_settings(first), count_settings(all_other));
    for (const char *line = all_other; *line; line = strchr(line, '\n') + 1) {
        size_t length = strcspn(line, "\n") + 1;

        if (*line == '[')
            continue;
        ck_assert_msg(memmem(first, strlen(first), line, length), "not printed: %.*s", (int)length, line);
        ck_assert_msg(!memmem(defaults, strlen(defaults), line, length), "is the default: %.*s", (int)length, line);
    }
    free(defaults);
    free(first);
    free(second);
}
END_TEST

START_TEST(the_file_is_named_by_the_environment_or_lies_where_it_is_looked_for)
{
    setenv("DP_CONFIG", "/srv/gateway.ini", 1);
    ck_assert_str_eq(config_default_file(), "/srv/gateway.ini");
    setenv("DP_CONFIG", "", 1);
    if (access(CONFIG_DEFAULT, F_OK) == 0)
        ck_assert_str_eq(config_default_file(), CONFIG_DEFAULT);
    else
        ck_assert_ptr_null(config_default_file());
    unsetenv("DP_CONFIG");
}
END_TEST

START_TEST(the_help_names_every_setting_with_its_default)
{
    char *text = NULL, *settings;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    config_help(out);
    fclose(out);
    expect_open(config_open(NULL, &config, &findings));
    settings = printed(config);
    for (const char *line = settings; *line; line = strchr(line, '\n') + 1) {
        size_t length = strcspn(line, "\n") + 1;

        if (*line != ';' && *line != '\n')
            ck_assert_msg(memmem(text, size, line, length), "missing: %.*s", (int)length, line);
    }
    free(text);
    free(settings);
}
END_TEST

START_TEST(every_level_is_one_that_the_log_knows)
{
    enum log_level level;
    char text[64];

    for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
        config_close(config);
        snprintf(text, sizeof text, "[log]\nlevel = %s\n", log_level_name((enum log_level)i));
        expect_open(open_text(text));
        ck_assert(log_level_parse(config->log_level, &level));
        ck_assert_int_eq(level, i);
    }
}
END_TEST

static void add_forms(TCase *tests)
{
    tcase_add_test(tests, without_a_file_the_defaults_hold);
    tcase_add_test(tests, the_defaults_of_a_memo_are_those_of_the_schema);
    tcase_add_test(tests, a_file_is_read_with_comments_blanks_and_a_byte_order_mark);
    tcase_add_test(tests, issuers_of_tokens_are_names_and_files);
    tcase_add_loop_test(tests, a_size_counts_bytes, 0, sizeof sizes / sizeof sizes[0]);
    tcase_add_loop_test(tests, what_is_wrong_in_a_file_is_told_with_its_line, 0, sizeof wrong / sizeof wrong[0]);
    tcase_add_test(tests, a_run_folder_of_80_characters_is_taken);
    tcase_add_test(tests, a_nul_byte_is_told);
    tcase_add_test(tests, a_line_that_is_too_long_is_told_and_the_next_one_counts_on);
    tcase_add_test(tests, a_long_path_is_taken);
    tcase_add_test(tests, every_problem_is_told_at_once_up_to_32);
    tcase_add_test(tests, a_file_that_cannot_be_read_is_told);
}

Suite *suite_settings(void)
{
    Suite *suite = suite_create("settings");
    TCase *tests = tcase_create("settings");

    tcase_add_checked_fixture(tests, begin, end);
    add_forms(tests);
    tcase_add_test(tests, the_environment_wins);
    tcase_add_test(tests, variables_that_are_no_settings_are_left_alone);
    tcase_add_loop_test(tests, what_is_wrong_in_the_environment_is_told_with_its_name, 0,
                        sizeof wrong_variables / sizeof wrong_variables[0]);
    tcase_add_test(tests, relative_paths_begin_at_the_folder_of_the_file);
    tcase_add_test(tests, what_is_printed_reads_back_to_the_same);
    tcase_add_test(tests, the_help_names_every_setting_with_its_default);
    tcase_add_test(tests, the_file_is_named_by_the_environment_or_lies_where_it_is_looked_for);
    tcase_add_test(tests, every_level_is_one_that_the_log_knows);
    suite_add_tcase(suite, tests);
    return suite;
}
