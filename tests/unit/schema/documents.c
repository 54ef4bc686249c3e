/* Every document of tests/data/memo: what is said of it, at which line, however it is cut into chunks; and whatever
 * could be read is given back byte for byte. */
#include "tests/unit/schema/reading.h"

#include <dirent.h>
#include <unistd.h>

Suite *suite_documents(void);

/* Each file has one fault, and its first finding is the one here. `read`: the document is well-formed. */
static const struct {
    const char *file, *code;
    unsigned line;
    bool read;
} invalid[] = {
    {"action-appointment-with-entry-point", "action.content.not.allowed", 26, true},
    {"action-appointment-without-reservation", "action.content.not.allowed", 26, true},
    {"action-code-lower-case", "action.code.not.allowed", 28, true},
    {"action-code", "action.code.not.allowed", 28, true},
    {"action-payment-with-reservation", "action.content.not.allowed", 26, true},
    {"action-payment-without-entry-point", "action.content.not.allowed", 26, true},
    {"action-url-http", "action.url.not.allowed", 30, true},
    {"action-url-javascript", "action.url.not.allowed", 30, true},
    {"action-url-relative", "action.url.not.allowed", 30, true},
    {"action-url-without-host", "action.url.not.allowed", 30, true},
    {"attribute-twice", "xml.malformed", 2, false},
    {"base64-after-padding", "schema.base64", 24, true},
    {"base64-character", "schema.base64", 24, true},
    {"base64-not-ascii", "schema.base64", 24, true},
    {"base64-padding-first", "schema.base64", 24, true},
    {"base64-short", "schema.base64", 24, true},
    {"base64-stray-bit", "schema.base64", 24, true},
    {"base64-three-paddings", "schema.base64", 24, true},
    {"blanks-only", "xml.empty", 3, false},
    {"boolean", "schema.value", 7, true},
    {"cdata-in-content", "xml.content.not.plain", 24, false},
    {"comment-in-content", "xml.content.not.plain", 24, false},
    {"contact-point-id", "contact.point.id.format.not.allowed", 14, true},
    {"content-with-two-colons", "xml.malformed", 16, false},
    {"control-character", "xml.malformed", 6, false},
    {"cut-in-content", "xml.malformed", 24, false},
    {"cut-in-tag", "xml.malformed", 17, false},
    {"cut-short", "xml.malformed", 27, false},
    {"delivery-after-a-year", "do.not.deliver.until.date.too.late", 6, true},
    {"delivery-in-1969", "do.not.deliver.until.date.too.early", 6, true},
    {"delivery-in-year-1", "do.not.deliver.until.date.too.early", 6, true},
    {"delivery-in-year-12026", "do.not.deliver.until.date.too.late", 6, true},
    {"delivery-yesterday", "do.not.deliver.until.date.too.early", 6, true},
    {"doctype", "xml.doctype.not.allowed", 2, false},
    {"element-in-content", "xml.content.not.plain", 24, false},
    {"element-in-text", "schema.element", 6, true},
    {"element-missing", "schema.element", 6, true},
    {"eleven-additional-documents", "too.many.additional.documents", 107, true},
    {"empty", "xml.empty", 1, false},
    {"end-tag-differs", "xml.malformed", 6, false},
    {"entities", "xml.doctype.not.allowed", 2, false},
    {"file-empty-tag", "file.empty.not.allowed", 24, true},
    {"file-empty", "file.empty.not.allowed", 24, true},
    {"file-extension-missing", "file.extension.not.allowed", 22, true},
    {"file-extension", "file.extension.not.allowed", 22, true},
    {"file-name-is-extension", "file.extension.not.allowed", 22, true},
    {"file-name-with-backslash", "file.name.not.allowed", 22, true},
    {"file-name-with-bar", "file.name.not.allowed", 22, true},
    {"file-name-with-carriage-return", "file.name.not.allowed", 22, true},
    {"file-name-with-colon", "file.name.not.allowed", 22, true},
    {"file-name-with-en-quad", "file.name.not.allowed", 22, true},
    {"file-name-with-greater-than", "file.name.not.allowed", 22, true},
    {"file-name-with-hair-space", "file.name.not.allowed", 22, true},
    {"file-name-with-ideographic-space", "file.name.not.allowed", 22, true},
    {"file-name-with-less-than", "file.name.not.allowed", 22, true},
    {"file-name-with-line-feed", "file.name.not.allowed", 22, true},
    {"file-name-with-line-separator", "file.name.not.allowed", 22, true},
    {"file-name-with-mathematical-space", "file.name.not.allowed", 22, true},
    {"file-name-with-no-break-space", "file.name.not.allowed", 22, true},
    {"file-name-with-question-mark", "file.name.not.allowed", 22, true},
    {"file-name-with-quote", "file.name.not.allowed", 22, true},
    {"file-name-with-slash", "file.name.not.allowed", 22, true},
    {"file-name-with-star", "file.name.not.allowed", 22, true},
    {"file-name-with-word-joiner", "file.name.not.allowed", 22, true},
    {"file-of-blanks", "file.empty.not.allowed", 24, true},
    {"foreign-content", "schema.element", 17, true},
    {"instruction-in-content", "xml.content.not.plain", 24, false},
    {"instruction", "xml.instruction.not.allowed", 2, false},
    {"label-257", "schema.value", 6, true},
    {"language-of-three", "schema.value", 23, true},
    {"latin1-declared", "xml.encoding.not.allowed", 1, false},
    {"letter-without-body", "message.body.missing", 2, true},
    {"message-type", "schema.value", 4, true},
    {"nemsms-with-blank-notification", "empty.notification.not.allowed", 7, true},
    {"nemsms-with-body", "message.body.not.allowed", 18, true},
    {"nemsms-without-notification", "empty.notification.not.allowed", 4, true},
    {"not-utf8", "xml.not.utf8", 6, false},
    {"not-xml", "xml.malformed", 1, false},
    {"notification-151-in-1.1", "schema.value", 6, true},
    {"notification-161-in-1.2", "schema.value", 6, true},
    {"nul", "xml.malformed", 6, false},
    {"order-wrong", "schema.element", 21, true},
    {"overlong-utf8", "xml.not.utf8", 6, false},
    {"prefix-not-declared", "xml.malformed", 6, false},
    {"recipient-cpr-with-hyphen", "recipient.id.format.not.allowed", 13, true},
    {"recipient-cvr-of-seven", "recipient.id.format.not.allowed", 13, true},
    {"recipient-id-type", "recipient.id.type.not.allowed", 14, true},
    {"reference-in-content", "xml.content.not.plain", 24, false},
    {"representative-in-1.1", "schema.element", 13, true},
    {"root-is-body", "root.element.not.allowed", 1, true},
    {"schema-version-in-1.2", "schema.attribute", 2, true},
    {"schema-version-missing-in-1.1", "schema.attribute", 2, true},
    {"sender-cvr-of-nine", "sender.id.format.not.allowed", 8, true},
    {"sender-is-person", "sender.id.type.not.allowed", 9, true},
    {"surrogate-utf8", "xml.not.utf8", 6, false},
    {"text-between-elements", "schema.element", 3, true},
    {"time-without-zone", "schema.value", 18, true},
    {"two-roots", "xml.malformed", 29, false},
    {"unknown-attribute", "schema.attribute", 3, true},
    {"unknown-element", "schema.element", 17, true},
    {"unknown-entity", "xml.malformed", 6, false},
    {"utf16", "xml.not.utf8", 1, false},
    {"utf16-big-without-mark", "xml.not.utf8", 1, false},
    {"utf16-little-without-mark", "xml.not.utf8", 1, false},
    {"utf32", "xml.not.utf8", 1, false},
    {"uuid-version-1", "schema.value", 5, true},
    {"value-like-a-message", "schema.value", 4, true},
    {"version-1.0", "memo.version.not.supported", 2, true},
    {"version-1.3", "memo.version.not.supported", 2, true},
    {"version-missing", "schema.attribute", 2, true},
    {"version-no-number", "schema.value", 2, true},
    {"wrong-namespace", "root.element.not.allowed", 2, true},
};
#define INVALID_COUNT ((int)(sizeof invalid / sizeof invalid[0]))

static char *names[200];
static int name_count;

/* The names in a folder of MEMO_FOLDER. */
static void list(const char *folder)
{
    struct dirent *entry;
    char path[100];
    DIR *open;

    snprintf(path, sizeof path, MEMO_FOLDER "%s", folder);
    open = opendir(path);
    ck_assert_ptr_nonnull(open);
    for (name_count = 0; (entry = readdir(open)) != NULL;)
        if (entry->d_name[0] != '.') {
            ck_assert_int_lt(name_count, 200);
            ck_assert_int_gt(asprintf(&names[name_count++], "%s/%s", folder, entry->d_name), 0);
        }
    closedir(open);
}

static void expect_valid(const char *name, size_t chunk)
{
    struct outcome outcome = {.read = false};
    struct memo_limits limits;
    size_t size;
    char *bytes = read_file(name, &size);

    memo_limits_default(&limits);
    outcome_of(&outcome, bytes, size, chunk, &limits);
    ck_assert_msg(outcome.read, "%s is refused: %s", name, error_kind(outcome.error.code)->code);
    memo_rules_check(&outcome.memo, &limits, NOW, outcome.arena, &outcome.findings);
    if (outcome.findings.count > 0)
        ck_abort_msg("%s:%u: %s", name, outcome.findings.items[0].line,
                     error_kind(outcome.findings.items[0].code)->code);
    ck_assert_msg(gives_back(&outcome, bytes, size), "%s does not come back as it was", name);
    outcome_free(&outcome);
    free(bytes);
}

START_TEST(a_valid_document_has_no_finding_and_comes_back)
{
    list("valid");
    ck_assert_int_gt(name_count, 20);
    for (int i = 0; i < name_count; i++)
        expect_valid(names[i], 64 * 1024);
}
END_TEST

START_TEST(the_templates_become_valid_letters)
{
    static const char *const files[] = {"template/full-1.1.xml", "template/full-1.2.xml"};
    struct outcome outcome = {.read = false};
    struct memo_limits limits;
    char *bytes, *at;
    size_t size;

    memo_limits_default(&limits);
    for (int i = 0; i < 2; i++) {
        bytes = read_file(files[i], &size);
        at = strstr(bytes, "@UUID@");
        ck_assert_ptr_nonnull(at);
        memmove(at + 36, at + 6, strlen(at + 6) + 1);
        memcpy(at, "00000000-0000-4000-8000-000000000000", 36);
        at = strstr(bytes, "@DAY@");
        ck_assert_ptr_nonnull(at);
        memmove(at + 10, at + 5, strlen(at + 5) + 1);
        memcpy(at, "2026-11-24", 10);
        outcome_of(&outcome, bytes, strlen(bytes), 4096, &limits);
        ck_assert(outcome.read);
        ck_assert(memo_rules_check(&outcome.memo, &limits, NOW, outcome.arena, &outcome.findings));
        outcome_free(&outcome);
        free(bytes);
    }
}
END_TEST

/* Reads an invalid document and returns what is said of it first. */
static const struct finding *first_finding(struct outcome *outcome, int row, size_t chunk)
{
    struct memo_limits limits;
    char name[100];
    char *bytes;
    size_t size;

    memo_limits_default(&limits);
    snprintf(name, sizeof name, "invalid/%s.xml", invalid[row].file);
    bytes = read_file(name, &size);
    outcome_of(outcome, bytes, size, chunk, &limits);
    ck_assert_msg(outcome->read == invalid[row].read, "%s in chunks of %zu", name, chunk);
    if (outcome->read) {
        memo_rules_check(&outcome->memo, &limits, NOW, outcome->arena, &outcome->findings);
        ck_assert_msg(gives_back(outcome, bytes, size), "%s does not come back as it was", name);
    }
    ck_assert_msg(outcome->findings.count > 0, "%s has no finding", name);
    free(bytes);
    return &outcome->findings.items[0];
}

START_TEST(an_invalid_document_is_told_its_fault_and_line)
{
    struct outcome outcome = {.read = false};
    const struct finding *finding = first_finding(&outcome, _i, 64 * 1024);

    ck_assert_msg(strcmp(error_kind(finding->code)->code, invalid[_i].code) == 0 && finding->line == invalid[_i].line,
                  "%s: line %u %s", invalid[_i].file, finding->line, error_kind(finding->code)->code);
    if (!outcome.read)
        ck_assert_int_eq(outcome.error.code, finding->code);
    /* The number of each one's recipient. */
    for (size_t i = 0; i < outcome.findings.count; i++) {
        const char *detail = outcome.findings.items[i].detail, *danish = outcome.findings.items[i].danish;

        ck_assert_msg(!detail || !strstr(detail, "6101900001"), "%s: the document is repeated", invalid[_i].file);
        ck_assert_msg(!detail == !danish, "%s: not in both languages: %s", invalid[_i].file, detail ? detail : danish);
        ck_assert_msg(!detail || strcmp(detail, danish) != 0, "%s: not Danish: %s", invalid[_i].file, danish);
    }
    outcome_free(&outcome);
}
END_TEST

START_TEST(how_it_is_cut_into_chunks_makes_no_difference)
{
    struct outcome whole = {.read = false}, cut = {.read = false};
    const struct finding *finding = first_finding(&whole, _i, 64 * 1024);

    for (size_t chunk = 1; chunk <= 40; chunk++) {
        const struct finding *again = first_finding(&cut, _i, chunk);

        ck_assert_msg(again->code == finding->code && again->line == finding->line, "%s in chunks of %zu: line %u %s",
                      invalid[_i].file, chunk, again->line, error_kind(again->code)->code);
        ck_assert_str_eq(again->field ? again->field : "", finding->field ? finding->field : "");
        ck_assert_uint_eq(cut.findings.total, whole.findings.total);
        ck_assert(!whole.read || digest_same(&cut.memo.digest, &whole.memo.digest));
        outcome_free(&cut);
    }
    outcome_free(&whole);
}
END_TEST

START_TEST(a_valid_document_is_valid_in_any_chunks)
{
    list("valid");
    for (int i = 0; i < name_count; i++)
        for (size_t chunk = 1; chunk <= 30; chunk++)
            expect_valid(names[i], chunk);
}
END_TEST

START_TEST(each_file_of_invalid_is_in_the_table)
{
    char name[100];

    list("invalid");
    for (int i = 0; i < name_count; i++) {
        bool found = false;

        for (int row = 0; row < INVALID_COUNT; row++) {
            snprintf(name, sizeof name, "invalid/%s.xml", invalid[row].file);
            found = found || strcmp(name, names[i]) == 0;
        }
        ck_assert_msg(found, "%s", names[i]);
    }
    ck_assert_int_eq(name_count, INVALID_COUNT);
}
END_TEST

START_TEST(libxml2_never_speaks_for_itself)
{
    struct outcome outcome = {.read = false};
    FILE *caught = tmpfile();
    int before = dup(STDERR_FILENO);

    ck_assert_ptr_nonnull(caught);
    dup2(fileno(caught), STDERR_FILENO);
    for (int row = 0; row < INVALID_COUNT; row++) {
        first_finding(&outcome, row, 1000);
        outcome_free(&outcome);
    }
    dup2(before, STDERR_FILENO);
    ck_assert_int_eq(lseek(fileno(caught), 0, SEEK_END), 0);
}
END_TEST

Suite *suite_documents(void)
{
    Suite *suite = suite_create("documents");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 120);
    tcase_add_test(all, a_valid_document_has_no_finding_and_comes_back);
    tcase_add_test(all, the_templates_become_valid_letters);
    tcase_add_loop_test(all, an_invalid_document_is_told_its_fault_and_line, 0, INVALID_COUNT);
    tcase_add_loop_test(all, how_it_is_cut_into_chunks_makes_no_difference, 0, INVALID_COUNT);
    tcase_add_test(all, a_valid_document_is_valid_in_any_chunks);
    tcase_add_test(all, each_file_of_invalid_is_in_the_table);
    tcase_add_test(all, libxml2_never_speaks_for_itself);
    suite_add_tcase(suite, all);
    return suite;
}
