/* The view of what nobody should send: it is JSON, and of what comes again where it may not, the first counts. */
#include "tests/unit/handlers/sender/viewing.h"

Suite *suite_hostile(void);

#define NAME "<grd:name>Borger 1</grd:name>"
#define IN_NAME(text) "<grd:name>" text "</grd:name>"
#define NUMBER "<grd:productionUnitNumber>9900000003</grd:productionUnitNumber>"
#define IN_NUMBER(text) "<grd:productionUnitNumber>" text "</grd:productionUnitNumber>"
#define UNIT_OF_SENDER "<grd:productionUnitNumber>9900000001</grd:productionUnitNumber>"

/* The full letter with one change: where it is still valid, and what a member then is (NULL: it is not there). */
static const struct {
    const char *says, *from, *to;
    bool valid;
    const char *path, *value;
} changes[] = {
    {"a quote and a backslash", NAME, IN_NAME("&quot;\\&quot;},"), true, "contentData.cprDataName",
     "\"\\\"\\\\\\\"},\""},
    {"a line feed and a tab", NAME, IN_NAME("a\nb\tc"), true, "contentData.cprDataName", "\"a\\nb\\tc\""},
    {"a carriage return by number", NAME, IN_NAME("a&#13;b"), true, "contentData.cprDataName", "\"a\\rb\""},
    {"U+007F to U+0085", NAME, IN_NAME("&#127;&#128;&#133;"), true, "contentData.cprDataName",
     "\"\x7f\xc2\x80\xc2\x85\""},
    {"a line separator", NAME, IN_NAME("&#x2028;"), true, "contentData.cprDataName", "\"\xe2\x80\xa8\""},
    {"a character of four bytes", NAME, IN_NAME("\xf0\x9f\x93\xae"), true, "contentData.cprDataName",
     "\"\xf0\x9f\x93\xae\""},
    {"CDATA", NAME, IN_NAME("<![CDATA[</b>&amp;]]>"), true, "contentData.cprDataName", "\"</b>&amp;\""},
    {"an empty tag", NAME, "<grd:name/>", true, "contentData.cprDataName", "\"\""},
    {"blanks at the ends of a text", NAME, IN_NAME("  a "), true, "contentData.cprDataName", "\"  a \""},

    {"a number", NUMBER, IN_NUMBER("1003388394"), true, "contentData.productionUnitNumber", "1003388394"},
    {"nought", NUMBER, IN_NUMBER("0"), true, "contentData.productionUnitNumber", "0"},
    {"a number between blanks", NUMBER, IN_NUMBER("\n 42 "), false, "contentData.productionUnitNumber", "42"},
    {"a number with noughts before it", NUMBER, IN_NUMBER("007"), true, "contentData.productionUnitNumber", "\"007\""},
    {"a number with a plus", NUMBER, IN_NUMBER("+7"), true, "contentData.productionUnitNumber", "\"+7\""},
    {"a number below nought", NUMBER, IN_NUMBER("-7"), true, "contentData.productionUnitNumber", "\"-7\""},
    {"a number of eleven digits", NUMBER, IN_NUMBER("12345678901"), false, "contentData.productionUnitNumber",
     "\"12345678901\""},
    {"no number", NUMBER, IN_NUMBER("1,&quot;a&quot;:2"), false, "contentData.productionUnitNumber",
     "\"1,\\\"a\\\":2\""},
    {"a number of no digits", NUMBER, IN_NUMBER(""), false, "contentData.productionUnitNumber", "\"\""},
    {"a number that is shown as text", UNIT_OF_SENDER, IN_NUMBER(" 42 "), false,
     "sender.attentionData.productionUnitNumber", "\"42\""},

    {"a text again", NAME, NAME IN_NAME("another"), false, "contentData.cprDataName", "\"Borger 1\""},
    {"a number again", NUMBER, NUMBER IN_NUMBER("7"), false, "contentData.productionUnitNumber", "9900000003"},
    {"an element that is shown as part of its parent, again", "<grd:CVRdata>",
     "<grd:CPRdata>" IN_NAME("another") "</grd:CPRdata><grd:CVRdata>", false, "contentData.cprDataName",
     "\"Borger 1\""},
    {"an object again", "<memo:ContactPoint>",
     "<memo:AttentionData><memo:AttentionPerson><memo:personID>7</memo:personID></memo:AttentionPerson>"
     "</memo:AttentionData><memo:ContactPoint>",
     false, "sender.attentionData.personId", "\"6701900001\""},
    {"another object of the header again", "<memo:ForwardData>",
     "<memo:ContentData><grd:CPRdata>" IN_NAME("another") "</grd:CPRdata></memo:ContentData><memo:ForwardData>", false,
     "contentData.cprDataName", "\"Borger 1\""},
    {"an object again does not add what the first has not", "<memo:ForwardData>",
     "<memo:ContentData><grd:Address><grd:country>DK</grd:country></grd:Address></memo:ContentData><memo:ForwardData>",
     false, "contentData.address.country", NULL},
    {"an element of an array once more than it may be", "</memo:ContactPoint>",
     "<memo:ContactInfo><memo:label>3</memo:label></memo:ContactInfo></memo:ContactPoint>", false,
     "sender.contactPoint.contactInfo.2", "{\"version\":1,\"label\":\"3\"}"},
    {"an empty object", "<memo:ForwardData>", "<memo:ForwardData/><memo:ForwardData>", false, "forwardData",
     "{\"version\":1}"},

    {"a name of another namespace", NAME, "<memo:name>Borger 1</memo:name>", false, "contentData.cprDataName", NULL},
    {"a name of no namespace", NAME, "<name>Borger 1</name>", false, "contentData.cprDataName", NULL},
    {"an element that is not known", NAME, NAME "<grd:unknown>x</grd:unknown>", false, "contentData.unknown", NULL},
    {"an element of another parent", NAME, NAME "<grd:cvrNumber>7</grd:cvrNumber>", false,
     "contentData.cvrDataCvrNumber", "\"99000011\""},
    {"an element in a text", NAME, IN_NAME("a<grd:name>b</grd:name>c"), false, "contentData.cprDataName", "\"c\""},
    {"an object in itself", "<memo:AttentionPerson>",
     "<memo:AttentionData><memo:AttentionPerson><memo:personID>7</memo:personID></memo:AttentionPerson>"
     "</memo:AttentionData><memo:AttentionPerson>",
     false, "sender.attentionData.personId", "\"6701900001\""},
    {"a contact point without an id", "<memo:contactPointID>c0000001-0000-4000-8000-000000000001</memo:contactPointID>",
     "", false, "sender.contactPoint.label", "\"Indgang 1\""},
};
#define CHANGES ((int)(sizeof changes / sizeof changes[0]))

START_TEST(a_change_is_shown_as_it_is_meant)
{
    char *letter = letter_of("template/full-1.1.xml"), *changed = with(letter, changes[_i].from, changes[_i].to);
    size_t findings;
    json_t *view = view_of(changed, &findings);
    const json_t *value = at(view, changes[_i].path);
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

    ck_assert_msg((findings == 0) == changes[_i].valid, "%s: %zu findings", changes[_i].says, findings);
    ck_assert_msg(!text == !changes[_i].value && (!text || strcmp(text, changes[_i].value) == 0), "%s: %s",
                  changes[_i].says, text ? text : "not there");
    free(text);
    json_decref(view);
    free(changed);
    free(letter);
}
END_TEST

/* `count` times what is in `text`. The caller frees it. */
static char *often(const char *text, size_t count)
{
    size_t size = strlen(text);
    char *made = malloc(size * count + 1);

    ck_assert_ptr_nonnull(made);
    for (size_t i = 0; i < count; i++)
        memcpy(made + i * size, text, size);
    made[size * count] = '\0';
    return made;
}

/* As often as the limits of elements and of the skeleton allow, in less than the test's time: what takes the square of it
 * takes minutes. */
static const struct {
    const char *says, *before, *text;
    size_t count;
    const char *path;
    size_t elements;
} many[] = {
    {"replies", "<memo:ReplyData>",
     "<memo:ReplyData><memo:messageUUID>0f000000-0000-4000-8000-0000000000b1</memo:messageUUID></memo:ReplyData>",
     30000, "replyData", 30002},
    {"data of one reply", "<memo:AdditionalReplyData>",
     "<memo:AdditionalReplyData><memo:label/><memo:value/></memo:AdditionalReplyData>", 30000,
     "replyData.0.additionalReplyData", 30002},
    {"texts of one name", NAME, "<grd:name/>", 90000, "contentData.additionalContentData", 2},
    {"objects of one name", "<memo:AttentionData>", "<memo:AttentionData/>", 90000, "sender.contactPoint.contactInfo",
     2},
    {"elements of no name", NAME, "<grd:no/>", 90000, "contentData.additionalContentData", 2},
};
#define MANY ((int)(sizeof many / sizeof many[0]))

START_TEST(many_elements_take_time_by_their_number)
{
    char *letter = letter_of("template/full-1.1.xml"), *filling = often(many[_i].text, many[_i].count), *begin, *full;
    size_t findings;
    json_t *view;

    begin = strstr(letter, many[_i].before);
    ck_assert_ptr_nonnull(begin);
    full = malloc(strlen(letter) + strlen(filling) + 1);
    ck_assert_ptr_nonnull(full);
    sprintf(full, "%.*s%s%s", (int)(begin - letter), letter, filling, begin);
    view = view_of(full, &findings);
    ck_assert_msg(json_array_size(at(view, many[_i].path)) == many[_i].elements, "%s: %zu", many[_i].says,
                  json_array_size(at(view, many[_i].path)));
    json_decref(view);
    free(full);
    free(filling);
    free(letter);
}
END_TEST

/* Wherever the memory ends, the document is refused for its size. */
START_TEST(members_that_do_not_fit_refuse_the_document)
{
    char *letter = letter_of("template/full-1.1.xml");
    struct memo_schemas *schemas = NULL;
    struct memo_limits limits;
    struct memo memo;
    struct error error = {0};
    unsigned refused = 0;
    bool read = false;

    memo_limits_default(&limits);
    ck_assert(memo_schemas_open(&schemas, &error));
    for (size_t room = 20000; !read; room += 512) {
        struct text text = {letter, strlen(letter), 0, 4096};
        struct findings findings = {0};
        struct arena *arena = arena_new(room);

        error = (struct error){0};
        read = memo_read(schemas, &limits, text_next, &text, NULL, arena, &memo, &findings, &error);
        ck_assert(read || error.code == ERROR_XML_SKELETON_SIZE || error.code == ERROR_OUT_OF_MEMORY);
        refused += error.code == ERROR_XML_SKELETON_SIZE;
        arena_free(arena);
    }
    ck_assert_uint_gt(refused, 5);
    memo_schemas_close(schemas);
    free(letter);
}
END_TEST

Suite *suite_hostile(void)
{
    Suite *suite = suite_create("hostile");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, a_change_is_shown_as_it_is_meant, 0, CHANGES);
    tcase_add_loop_test(all, many_elements_take_time_by_their_number, 0, MANY);
    tcase_add_test(all, members_that_do_not_fit_refuse_the_document);
    suite_add_tcase(suite, all);
    return suite;
}
