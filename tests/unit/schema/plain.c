/* What plain.c finds valid libxml2 finds valid too, and both read the same message out of it. */
#include "tests/unit/schema/reading.h"

#include "tests/lib/memo_text.h"

#include <dirent.h>

#include <libxml/xmlregexp.h>

#include "schema/memo_impl.h"

Suite *suite_plain(void);

#define CHUNK 1000

static void both_ways(const char *name, const char *bytes, size_t size, size_t chunk, bool *plain)
{
    struct outcome one = {.read = false}, other = {.read = false};
    struct memo_limits libxml2_alone;

    memo_limits_default(&libxml2_alone);
    libxml2_alone.plain = false;
    outcome_of(&one, bytes, size, chunk, NULL);
    outcome_of(&other, bytes, size, chunk, &libxml2_alone);
    ck_assert_msg(one.read == other.read && one.findings.total == other.findings.total, "%s", name);
    ck_assert_msg(!other.memo.plain, "%s", name);
    *plain = one.memo.plain;
    for (size_t i = 0; i < one.findings.count; i++) {
        const struct finding *a = &one.findings.items[i], *b = &other.findings.items[i];

        ck_assert_msg(a->code == b->code && a->line == b->line, "%s: finding %zu", name, i);
        ck_assert_msg(!a->field == !b->field && (!a->field || strcmp(a->field, b->field) == 0), "%s: field", name);
    }
    ck_assert_msg(!*plain || one.findings.total == 0, "%s has findings", name);
    ck_assert_msg(!one.read || memo_same(&one.memo, &other.memo), "%s is read in two ways", name);
    outcome_free(&one);
    outcome_free(&other);
}

static void each_file(const char *folder, void check(const char *name, const char *bytes, size_t size))
{
    char path[100];
    DIR *directory;
    const struct dirent *entry;

    snprintf(path, sizeof path, MEMO_FOLDER "%s", folder);
    directory = opendir(path);
    ck_assert_ptr_nonnull(directory);
    while ((entry = readdir(directory)) != NULL) {
        char name[100];
        size_t size;

        if (entry->d_name[0] == '.')
            continue;
        ck_assert_int_lt(snprintf(name, sizeof name, "%s/%.60s", folder, entry->d_name), (int)sizeof name);
        char *bytes = read_file(name, &size);

        check(name, bytes, size);
        free(bytes);
    }
    closedir(directory);
}

static void in_chunks(const char *name, const char *bytes, size_t size)
{
    bool plain, whole;

    both_ways(name, bytes, size, ROOM, &whole);
    for (size_t chunk = 1; chunk < 40; chunk += 3) {
        both_ways(name, bytes, size, chunk, &plain);
        ck_assert_msg(plain == whole, "%s in pieces of %zu", name, chunk);
    }
}

START_TEST(both_ways_read_the_same)
{
    each_file("valid", in_chunks);
    each_file("invalid", in_chunks);
}
END_TEST

/* A plain letter with one change. `plain`: it still is. */
static const struct {
    const char *says, *from, *to;
    bool plain, valid;
} changes[] = {
    {"no change", "", "", true, true},
    {"a comment between elements", "<memo:Sender>", "<!-- a & b < c --><memo:Sender>", true, true},
    {"a comment with two hyphens", "<memo:Sender>", "<!-- a -- b --><memo:Sender>", false, false},
    {"an empty comment", "<memo:Sender>", "<!----><memo:Sender>", true, true},
    {"a comment that is not over", "<memo:Sender>", "<!--><memo:Sender>", false, false},
    {"a comment that ends in three hyphens", "<memo:Sender>", "<!-- ---><memo:Sender>", false, false},
    {"a comment with a form feed", "<memo:Sender>", "<!-- \f --><memo:Sender>", false, false},
    {"a comment in a value", ">MSG-1<", ">MSG<!-- x -->-1<", false, true},
    {"an instruction", "<memo:Sender>", "<?x y?><memo:Sender>", false, false},
    {"CDATA in a value", ">MSG-1<", "><![CDATA[MSG-1]]><", false, true},
    {"predefined references", ">MSG-1<", ">&lt;&gt;&amp;&quot;&apos;<", true, true},
    {"a numeric reference", ">MSG-1<", ">MSG&#45;1<", false, true},
    {"a numeric reference to nothing", ">MSG-1<", ">MSG&#0;1<", false, false},
    {"a reference that nobody declared", ">MSG-1<", ">&x;<", false, false},
    {"a reference that is not over", ">MSG-1<", ">&amp<", false, false},
    {"brackets", ">MSG-1<", ">a]b]]c]]]<", true, true},
    {"the end of CDATA", ">MSG-1<", ">a]]>b<", false, false},
    {"a greater-than", ">MSG-1<", ">a>b<", true, true},
    {"a form feed", ">MSG-1<", ">a\fb<", false, false},
    {"a carriage return in a value", ">MSG-1<", ">a\r\nb<", false, true},
    {"a carriage return between elements", "<memo:Sender>", "\r\n<memo:Sender>", true, true},
    {"U+FFFD", ">MSG-1<", ">\xEF\xBF\xBD<", true, true},
    {"U+FFFE", ">MSG-1<", ">\xEF\xBF\xBE<", false, false},
    {"U+FFFF", ">MSG-1<", ">\xEF\xBF\xBF<", false, false},
    {"an empty value", ">MSG-1<", "><", true, true},
    {"an empty tag", "<memo:messageID>MSG-1</memo:messageID>", "<memo:messageID/>", true, true},
    {"an empty tag with a blank", "<memo:messageID>MSG-1</memo:messageID>", "<memo:messageID />", true, true},
    {"an empty tag with two", "<memo:messageID>MSG-1</memo:messageID>", "<memo:messageID  />", false, true},
    {"an end tag with a blank", "</memo:messageID>", "</memo:messageID >", false, true},
    {"a start tag with a blank", "<memo:messageID>", "<memo:messageID >", false, true},
    {"another end tag", "</memo:messageID>", "</memo:messageId>", false, false},
    {"another prefix at the end", "</memo:messageID>", "</messageID>", false, false},
    {"an element twice", "<memo:messageID>", "<memo:messageID>1</memo:messageID><memo:messageID>", false, false},
    {"an element that is missing", "<memo:messageType>DIGITALPOST</memo:messageType>", "", false, false},
    {"text between elements", "<memo:Sender>", "x<memo:Sender>", false, false},
    {"an element in a value", ">MSG-1<", "><memo:label>x</memo:label><", false, false},
    {"an attribute", "<memo:messageID>", "<memo:messageID x=\"1\">", false, false},
    {"a namespace in the middle", "<memo:messageID>", "<memo:messageID xmlns:x=\"http://x.dk/\">", false, true},
    {"xsi:nil", "<memo:messageID>",
     "<memo:messageID xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"false\">", false, false},
    {"a type of UUID", "4000", "1000", false, false},
    {"a boolean with blanks", ">false<", "> false <", false, true},
    {"a boolean as a digit", ">false<", ">0<", true, true},
    {"a boolean that is none", ">false<", ">no<", false, false},
    {"a boolean left to its default", ">false<", "><", false, true},
    {"a prefix that nobody declared", "<memo:Sender>", "<x:Sender>", false, false},
    {"a root attribute twice", "memoVersion=\"1.1\"", "memoVersion=\"1.1\" memoVersion=\"1.1\"", false, false},
    {"a version with zeros", "memoVersion=\"1.1\"", "memoVersion=\"1.10\"", false, true},
    {"single quotes", "memoVersion=\"1.1\"", "memoVersion='1.1'", true, true},
    {"a greater-than in an attribute", "memoSchVersion=\"1.1.0\"", "memoSchVersion=\"1>1\"", false, true},
    {"attributes without a blank", "memoVersion=\"1.1\" ", "memoVersion=\"1.1\"", false, false},
    {"a prefix twice", "xmlns:memo=", "xmlns:memo=\"http://x.dk/\" xmlns:memo=", false, false},
    {"another namespace", "xmlns:memo=", "xmlns:x=\"http://x.dk/y#\" xmlns:memo=", true, true},
    {"a namespace that is no URI", "xmlns:memo=", "xmlns:x=\"http://a b/\" xmlns:memo=", false, false},
    {"a relative namespace", "xmlns:memo=", "xmlns:x=\"x\" xmlns:memo=", false, true},
    {"no namespace for a prefix", "xmlns:memo=", "xmlns:x=\"\" xmlns:memo=", false, false},
    {"the prefix xml", "xmlns:memo=", "xmlns:xml=\"http://x.dk/\" xmlns:memo=", false, false},
    {"a prefix with a colon", "xmlns:memo=", "xmlns:a:b=\"http://x.dk/\" xmlns:memo=", false, false},
    {"a prefix that begins with a digit", "xmlns:memo=", "xmlns:1=\"http://x.dk/\" xmlns:memo=", false, false},
    {"a schema's location", "xmlns:memo=",
     "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a b\" xmlns:memo=", true, true},
    {"a schema's location without a prefix", "xmlns:memo=", "schemaLocation=\"a b\" xmlns:memo=", false, false},
    {"a schema's location of another",
     "xmlns:memo=", "xmlns:xsi=\"http://x.dk/\" xsi:schemaLocation=\"a b\" xmlns:memo=", false, false},
    {"an unknown root attribute", "memoVersion=", "x=\"1\" memoVersion=", false, false},
    {"a byte order mark", "<?xml", "\xEF\xBB\xBF<?xml", true, true},
    {"no declaration", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "", true, true},
    {"version 1.1 of XML", "<?xml version=\"1.0\"", "<?xml version=\"1.1\"", false, true},
    {"blanks before the declaration", "<?xml", " <?xml", false, false},
    {"text behind the end", "</memo:Message>", "</memo:Message>x", false, false},
    {"a comment behind the end", "</memo:Message>", "</memo:Message><!-- x -->\n", true, true},
    {"a second root", "</memo:Message>", "</memo:Message><x/>", false, false},
    {"an end too many", "</memo:Message>", "</memo:Message></memo:Message>", false, false},
    {"cut short", "</memo:Message>", "", false, false},
    {"a day that is none", "T", "U", false, false},
};

#define CHANGE_COUNT ((int)(sizeof changes / sizeof changes[0]))

/* The smallest letter, with `from` where it stands first replaced. */
static char *changed(int row, size_t *size)
{
    char *letter = read_file("valid/plain-1.1.xml", size), *out = malloc(*size + 1000);
    const char *from = changes[row].from, *to = changes[row].to, *at = strstr(letter, from);

    ck_assert_ptr_nonnull(out);
    if (strcmp(from, "T") == 0) /* of a time */
        at = strstr(letter, "T1");
    ck_assert_msg(at != NULL, "%s: the letter has no %s", changes[row].says, from);
    memcpy(out, letter, (size_t)(at - letter));
    *size = (size_t)(at - letter);
    *size += (size_t)sprintf(out + *size, "%s%s", to, at + strlen(from));
    free(letter);
    return out;
}

START_TEST(it_knows_what_is_plain)
{
    struct outcome outcome = {.read = false};
    bool plain;
    size_t size;
    char *letter = changed(_i, &size);

    for (size_t chunk = 1; chunk < 5; chunk++)
        both_ways(changes[_i].says, letter, size, chunk, &plain);
    both_ways(changes[_i].says, letter, size, ROOM, &plain);
    ck_assert_msg(plain == changes[_i].plain, "%s: plain is %d", changes[_i].says, plain);
    outcome_of(&outcome, letter, size, CHUNK, NULL);
    ck_assert_msg((outcome.read && outcome.findings.total == 0) == changes[_i].valid, "%s: valid is %d",
                  changes[_i].says, !changes[_i].valid);
    outcome_free(&outcome);
    free(letter);
}
END_TEST

/* Long documents come in many pieces; the whole must still be plain, whatever falls between two of them. */
START_TEST(a_long_value_or_comment_is_plain)
{
    struct outcome outcome = {.read = false};
    size_t size, padding = 300000;
    char *letter = read_file("valid/plain-1.1.xml", &size), *out = malloc(size + 2 * padding + 100);
    const char *at = strstr(letter, "<memo:Sender>");
    char *end = out;

    ck_assert_ptr_nonnull(out);
    ck_assert_ptr_nonnull(at);
    end += sprintf(end, "%.*s<!--", (int)(at - letter), letter);
    memset(end, '>', padding);
    end += padding;
    end += sprintf(end, "-->");
    memset(end, ' ', padding);
    end += padding;
    end += sprintf(end, "%s", at);
    outcome_of(&outcome, out, (size_t)(end - out), 77, NULL);
    ck_assert(outcome.read && outcome.memo.plain);
    outcome_free(&outcome);
    free(letter);
    free(out);
}
END_TEST

/* ---- values ---- */

static const char *const uuids[] = {
    "0f000000-0000-4000-8000-0000000000f1",
    "0F000000-0000-4000-9000-0000000000F1",
    "0f000000-0000-4000-a000-0000000000f1",
    "0f000000-0000-4000-A000-0000000000f1",
    "0f000000-0000-4000-b000-0000000000f1",
    "0f000000-0000-4000-c000-0000000000f1",
    "0f000000-0000-1000-8000-0000000000f1",
    "0f000000-0000-4000-8000-0000000000f",
    "0f000000-0000-4000-8000-0000000000f11",
    "0f000000_0000-4000-8000-0000000000f1",
    "0f000000-0000-4000-8000_0000000000f1",
    "0g000000-0000-4000-8000-0000000000f1",
    "0f000000-0000-4g00-8000-0000000000f1",
    "0f000000-0000-4000-8000-0000000000g1",
    "0f0000000-000-4000-8000-0000000000f1",
    "",
    "-",
};

/* The functions that stand for the schema's patterns say what the patterns say. */
START_TEST(patterns_are_what_the_schema_says)
{
    xmlRegexpPtr pattern = xmlRegexpCompile(
        (const xmlChar *)"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-4[0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}");
    const struct simple_type *type = NULL;
    struct memo_schemas *schemas;
    struct error error = {0};

    ck_assert(memo_schemas_open(&schemas, &error));
    const struct declaration *header = schemas->grammar[MEMO_1_1].root->slots[0].choice[0];

    for (unsigned i = 0; i < header->slot_count; i++)
        if (strcmp(header->slots[i].choice[0]->name, "messageUUID") == 0)
            type = &header->slots[i].choice[0]->value;
    ck_assert_ptr_nonnull(type);
    for (size_t i = 0; i < sizeof uuids / sizeof *uuids; i++)
        ck_assert_msg(value_fits(type, uuids[i], strlen(uuids[i]))
                          == (xmlRegexpExec(pattern, (const xmlChar *)uuids[i]) == 1),
                      "%s", uuids[i]);
    xmlRegFreeRegexp(pattern);
    memo_schemas_close(schemas);
}
END_TEST

static unsigned count_declarations(const struct declaration *declaration, unsigned depth)
{
    unsigned count = 1;

    ck_assert_uint_lt(depth, 20);
    ck_assert(declaration->is_simple || declaration->slot_count > 0);
    for (unsigned i = 0; i < declaration->slot_count; i++)
        for (int j = 0; j < 2 && declaration->slots[i].choice[j]; j++)
            count += count_declarations(declaration->slots[i].choice[j], depth + 1);
    return count;
}

START_TEST(the_grammar_has_the_whole_schema)
{
    struct memo_schemas *schemas;
    struct error error = {0};

    ck_assert_msg(memo_schemas_open(&schemas, &error), "%s %s", error.where, error.detail);
    ck_assert_uint_gt(count_declarations(schemas->grammar[MEMO_1_1].root, 0), 200);
    ck_assert_uint_gt(count_declarations(schemas->grammar[MEMO_1_2].root, 0),
                      count_declarations(schemas->grammar[MEMO_1_1].root, 0));
    memo_schemas_close(schemas);
}
END_TEST

Suite *suite_plain(void)
{
    Suite *suite = suite_create("plain");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 120);
    tcase_add_test(all, both_ways_read_the_same);
    tcase_add_loop_test(all, it_knows_what_is_plain, 0, CHANGE_COUNT);
    tcase_add_test(all, a_long_value_or_comment_is_plain);
    tcase_add_test(all, patterns_are_what_the_schema_says);
    tcase_add_test(all, the_grammar_has_the_whole_schema);
    suite_add_tcase(suite, all);
    return suite;
}
