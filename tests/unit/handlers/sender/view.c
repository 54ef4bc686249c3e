/* What portals read of a message: every member that the contract has (ngdp-api.md, table B) and the MeMo says. */
#include "tests/unit/handlers/sender/viewing.h"

Suite *suite_view(void);

#define FULL_1_1 "template/full-1.1.xml"
#define FULL_1_2 "template/full-1.2.xml"

/* Each member of the full letter, as JSON. Of what both parties have, the sender's; the two are compared below. */
static const struct {
    const char *path, *value;
} members[] = {
    {"messageType", "\"REGULAR\""},
    {"messageIdentifier", "\"MSG-3\""},
    {"messageCode", "\"AFGØRELSE\""},
    {"memoCreatedDateTime", "\"2026-11-20T10:15:00.123Z\""},
    {"label", "\"Afgørelse i sag 1\""},
    {"forward", "true"},
    {"reply", "true"},
    {"replyByDateTime", "\"2026-12-31T22:59:59Z\""},
    {"postType", "\"MYNDIGHEDSPOST\""},

    {"sender.version", "1"},
    {"sender.senderId", "\"99000001\""},
    {"sender.senderIdType", "\"CVR\""},
    {"sender.senderIdTypeLabel", "\"CVR-nummer\""},
    {"sender.label", "\"Myndighed 1\""},
    {"sender.attentionData.version", "1"},
    {"sender.attentionData.personId", "\"6701900001\""},
    {"sender.attentionData.personLabel", "\"Kontaktperson 1\""},
    {"sender.attentionData.productionUnitNumber", "\"9900000001\""},
    {"sender.attentionData.productionUnitName", "\"Produktionsenhed 1\""},
    {"sender.attentionData.globalLocationNumber", "\"5799000000001\""},
    {"sender.attentionData.location", "\"Lokation 1\""},
    {"sender.attentionData.emailAddress", "\"post1@eksempel.invalid\""},
    {"sender.attentionData.relatedEmailAgent", "\"Kontaktperson 1\""},
    {"sender.attentionData.seNumber", "\"99000001\""},
    {"sender.attentionData.seCompanyName", "\"Myndighed 1\""},
    {"sender.attentionData.telephoneNumber", "\"00000001\""},
    {"sender.attentionData.relatedTelephoneAgent", "\"Kontaktperson 1\""},
    {"sender.attentionData.contentResponsibleId", "\"99000031\""},
    {"sender.attentionData.contentResponsibleLabel", "\"Afdeling 1, Økonomi og Ældre\""},
    {"sender.attentionData.generatingSystemId", "\"fagsystem-1\""},
    {"sender.attentionData.generatingSystemLabel", "\"Fagsystem 1\""},
    {"sender.attentionData.sorDataSorIdentifier", "\"990000000000001\""},
    {"sender.attentionData.sorDataEntryName", "\"Sundhedsenhed 1\""},
    {"sender.attentionData.eid", "\"eid-eksempel-1\""},
    {"sender.attentionData.eidLabel", "\"Medarbejder 1\""},
    {"sender.attentionData.address.version", "1"},
    {"sender.attentionData.address.addressId", "\"00000001-0000-4000-8000-000000000001\""},
    {"sender.attentionData.address.addressLabel", "\"Eksempelvej\""},
    {"sender.attentionData.address.houseNumber", "\"1B\""},
    {"sender.attentionData.address.door", "\"tv\""},
    {"sender.attentionData.address.floor", "\"2\""},
    {"sender.attentionData.address.co", "\"c/o Postrummet\""},
    {"sender.attentionData.address.zipCode", "\"0999\""},
    {"sender.attentionData.address.city", "\"Eksempelby\""},
    {"sender.attentionData.address.country", "\"DK\""},
    {"sender.attentionData.address.geographicEastingMeasure", "\"500000.00\""},
    {"sender.attentionData.address.geographicNorthingMeasure", "\"6200000.00\""},
    {"sender.attentionData.address.geographicHeightMeasure", "\"12.5\""},
    {"sender.contactPoint.version", "1"},
    {"sender.contactPoint.contactGroup", "\"99.00.01\""},
    {"sender.contactPoint.contactPointId", "\"c0000001-0000-4000-8000-000000000001\""},
    {"sender.contactPoint.label", "\"Indgang 1\""},
    {"sender.contactPoint.contactInfo.0.label", "\"Journalnummer\""},
    {"sender.contactPoint.contactInfo.0.value", "\"J-2026-1\""},
    {"sender.contactPoint.contactInfo.1.label", "\"Medarbejder\""},
    {"sender.contactPoint.contactInfo.1.value", "\"Kontaktperson 1\""},

    {"recipient.recipientId", "\"6101900001\""},
    {"recipient.recipientIdType", "\"CPR\""},
    {"recipient.recipientIdTypeLabel", "\"CPR-nummer\""},
    {"recipient.label", "\"Borger 1\""},
    {"recipient.attentionData.unstructuredAddress", "\"Eksempelvej 2B, 2. tv, 0999 Eksempelby\""},
    {"recipient.contactPoint.contactPointId", "\"c0000002-0000-4000-8000-000000000002\""},

    {"contentData.version", "1"},
    {"contentData.cprDataCprNumber", "\"6101900001\""},
    {"contentData.cprDataName", "\"Borger 1\""},
    {"contentData.cvrDataCvrNumber", "\"99000011\""},
    {"contentData.cvrDataCompanyName", "\"Virksomhed 1\""},
    {"contentData.motorVehicleLicenseNumber", "\"XX00001\""},
    {"contentData.motorVehicleChassisNumber", "\"EKSEMPEL000000001\""},
    {"contentData.propertyNumber", "\"0000001\""},
    {"contentData.caseId", "\"SAG-1\""},
    {"contentData.caseSystem", "\"Sagssystem 1\""},
    {"contentData.kleDataSubjectKey", "\"00.00.01\""},
    {"contentData.kleDataVersion", "\"November 2026\""},
    {"contentData.kleDataActivityFacet", "\"G01\""},
    {"contentData.kleDataLabel", "\"Eksempelemne\""},
    {"contentData.formDataTaskKey", "\"00.00.00.01\""},
    {"contentData.formDataVersion", "\"Opgavenøgle 1\""},
    {"contentData.formDataActivityFacet", "\"G01\""},
    {"contentData.formDataLabel", "\"Eksempelopgave\""},
    {"contentData.productionUnitNumber", "9900000003"},
    {"contentData.productionUnitName", "\"Produktionsenhed 3\""},
    {"contentData.educationCode", "\"0001\""},
    {"contentData.educationName", "\"Eksempeluddannelse\""},
    {"contentData.unstructuredAddress", "\"Eksempelvej 3, 0999 Eksempelby\""},
    {"contentData.address.addressId", "\"00000003-0000-4000-8000-000000000003\""},
    {"contentData.address.houseNumber", "\"3\""},
    {"contentData.additionalContentData.0.contentDataType", "\"Liste 1\""},
    {"contentData.additionalContentData.0.contentDataName", "\"Navn 1\""},
    {"contentData.additionalContentData.0.contentDataValue", "\"Værdi 1\""},
    {"contentData.additionalContentData.1.contentDataName", "\"Navn 2\""},
    {"contentData.additionalContentData.1.contentDataValue", "\"Værdi 2 & mere\""},

    {"forwardData.version", "1"},
    {"forwardData.originalMessageId", "\"0f000000-0000-4000-8000-0000000000a1\""},
    {"forwardData.originalMessageDateTime", "\"2026-11-01T12:00:00Z\""},
    {"forwardData.originalSender", "\"Myndighed 2\""},
    {"forwardData.originalContentResponsible", "\"Afdeling 2\""},
    {"forwardData.contactPointId", "\"c0000001-0000-4000-8000-000000000001\""},
    {"forwardData.comment", "\"Sendt videre til rette afdeling\""},

    {"replyData.0.version", "1"},
    {"replyData.0.messageIdentifier", "\"MSG-1\""},
    {"replyData.0.childMessageId", "\"0f000000-0000-4000-8000-0000000000b1\""},
    {"replyData.1.childMessageId", "\"0F000000-0000-4000-8000-0000000000B2\""},
    {"replyData.1.parentMessageId", "\"0f000000-0000-4000-8000-0000000000b1\""},
    {"replyData.1.messageIdentifier", "\"MSG-2\""},
    {"replyData.1.senderId", "\"99000001\""},
    {"replyData.1.recipientId", "\"6101900001\""},
    {"replyData.1.caseId", "\"SAG-2\""},
    {"replyData.1.contactPointId", "\"c0000002-0000-4000-8000-000000000002\""},
    {"replyData.1.generatingSystemId", "\"fagsystem-2\""},
    {"replyData.1.comment", "\"Bemærkning nummer 2 i tråden\""},
    {"replyData.0.additionalReplyData.1.label", "\"Note 2\""},
    {"replyData.1.additionalReplyData.3.label", "\"Note 4\""},
    {"replyData.1.additionalReplyData.3.value", "\"værdi 4\""},

    {"documents.0.documentType", "\"MAIN\""},
    {"documents.0.documentId", "\"dok-1\""},
    {"documents.0.label", "\"Afgørelse\""},
    {"documents.0.files.1.encodingFormat", "\"text/html\""},
    {"documents.0.files.1.filename", "\"Afgørelse.html\""},
    {"documents.0.files.1.language", "\"da\""},
    {"documents.0.actions.0.actionCode", "\"SELVBETJENING\""},
    {"documents.0.actions.0.entryPointUrl", "\"https://eksempel.invalid/selvbetjening/spørgsmål?sag=1&trin=2\""},
    {"documents.0.actions.1.organizerName", "\"Kontaktperson 1\""},
    {"documents.3.documentType", "\"TECHNICAL\""},
};
#define MEMBERS ((int)(sizeof members / sizeof members[0]))

static void expect_json(const json_t *value, const char *expected, const char *says)
{
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

    ck_assert_msg(text && strcmp(text, expected) == 0, "%s is %s, not %s", says, text ? text : "not there", expected);
    free(text);
}

START_TEST(each_member_of_the_full_letter_is_there)
{
    static const char *const files[] = {FULL_1_1, FULL_1_2};
    size_t findings;

    for (int file = 0; file < 2; file++) {
        char *letter = letter_of(files[file]);
        json_t *view = view_of(letter, &findings);

        ck_assert_uint_eq(findings, 0);
        for (int i = 0; i < MEMBERS; i++)
            expect_json(at(view, members[i].path), members[i].value, members[i].path);
        json_decref(view);
        free(letter);
    }
}
END_TEST

/* Two objects have the same members, at every depth. */
static void expect_alike(const json_t *one, const json_t *other, const char *says)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)one, name, value)
    {
        const json_t *twin = json_object_get(other, name);

        ck_assert_msg(twin && json_typeof(twin) == json_typeof(value), "%s.%s", says, name);
        if (json_is_object(value))
            expect_alike(value, twin, name);
        else if (json_is_array(value))
            ck_assert_uint_eq(json_array_size(value), json_array_size(twin));
    }
}

START_TEST(the_recipient_has_what_the_sender_has)
{
    static const char *const parts[][2] = {{"sender.attentionData", "recipient.attentionData"},
                                           {"sender.contactPoint", "recipient.contactPoint"}};
    char *letter = letter_of(FULL_1_2);
    size_t findings;
    json_t *view = view_of(letter, &findings);

    for (int i = 0; i < 2; i++) {
        expect_alike(at(view, parts[i][0]), at(view, parts[i][1]), parts[i][0]);
        expect_alike(at(view, parts[i][1]), at(view, parts[i][0]), parts[i][1]);
    }
    json_decref(view);
    free(letter);
}
END_TEST

/* ---- no text is lost ---- */

/* What has no member, or is shown as something else: a type, a flag, the bytes of a file. */
static const char *const not_shown[] = {
    "messageType",
    "messageUUID",
    "notification",
    "additionalNotification",
    "doNotDeliverUntilDate",
    "reply",
    "mandatory",
    "legalNotification",
    "idType",
    "content",
    "originalRepresentative",
};

static bool is_shown(const char *name)
{
    for (size_t i = 0; i < sizeof not_shown / sizeof not_shown[0]; i++)
        if (strcmp(not_shown[i], name) == 0)
            return false;
    return true;
}

/* Takes one value that is `text` out of the view. */
static bool take_out(json_t *value, const char *text)
{
    const char *name;
    json_t *inner;
    size_t index;

    if (json_is_string(value) && strcmp(json_string_value(value), text) == 0)
        return json_string_set(value, "") == 0;
    if (json_is_integer(value) && json_integer_value(value) == strtoll(text, NULL, 10) && strlen(text) == 10)
        return json_integer_set(value, 0) == 0;
    json_object_foreach(value, name, inner) if (take_out(inner, text)) return true;
    json_array_foreach(value, index, inner) if (take_out(inner, text)) return true;
    return false;
}

/* Every <prefix:name>text</ of a document without comments and CDATA in its values. messageUUID is shown where it is
 * another message's. */
static void each_text_is_in(json_t *view, char *letter)
{
    bool inside = false;
    int count = 0;

    for (char *at = letter; (at = strchr(at, '<')) != NULL; at++) {
        char name[100] = "", *text = strchr(at, '>') + 1, *end = strchr(text, '<');

        if (sscanf(at, "<%*[a-z]:%99[A-Za-z]", name) == 1
            && (!strcmp(name, "ForwardData") || !strcmp(name, "ReplyData")))
            inside = true;
        if (!name[0] || !end || end[1] != '/' || strspn(text, " \n") == (size_t)(end - text))
            continue;
        if (!is_shown(name) && !(inside && !strcmp(name, "messageUUID")))
            continue;
        *end = '\0';
        for (char *reference; (reference = strstr(text, "&amp;")) != NULL;)
            memmove(reference + 1, reference + 5, strlen(reference + 5) + 1);
        ck_assert_msg(take_out(view, text), "%s: %s is not in the view, or not often enough", name, text);
        *end = '<';
        at = end;
        count++;
    }
    ck_assert_int_gt(count, 150);
}

/* 1.2's Representative has no member, and its texts are not counted. */
static void cut_out(char *letter, const char *from, const char *to)
{
    char *begin = strstr(letter, from), *end = strstr(letter, to);

    if (begin && end)
        memset(begin, ' ', (size_t)(end + strlen(to) - begin));
}

START_TEST(every_text_of_the_full_letter_is_there_as_often_as_it_was_said)
{
    static const char *const files[] = {FULL_1_1, FULL_1_2};
    size_t findings;

    for (int file = 0; file < 2; file++) {
        char *letter = letter_of(files[file]);
        json_t *view = view_of(letter, &findings);

        cut_out(letter, "<memo:Representative>", "</memo:Representative>");
        each_text_is_in(view, letter);
        json_decref(view);
        free(letter);
    }
}
END_TEST

START_TEST(what_the_letter_does_not_say_is_left_out)
{
    static const char *const absent[] = {"contentData",
                                         "forwardData",
                                         "replyData",
                                         "sender.attentionData",
                                         "sender.contactPoint",
                                         "sender.senderIdTypeLabel",
                                         "recipient.attentionData",
                                         "recipient.contactPoint",
                                         "recipient.label",
                                         "postType"};
    size_t size, findings;
    char *bytes = read_file("valid/smallest-1.2.xml", &size);
    json_t *view = view_of(bytes, &findings);

    ck_assert_uint_eq(findings, 0);
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        ck_assert_msg(!at(view, absent[i]), "%s is there", absent[i]);
    expect_json(at(view, "forward"), "false", "forward");
    json_decref(view);
    free(bytes);
}
END_TEST

Suite *suite_view(void)
{
    Suite *suite = suite_create("view");
    TCase *all = tcase_create("all");

    tcase_add_test(all, each_member_of_the_full_letter_is_there);
    tcase_add_test(all, the_recipient_has_what_the_sender_has);
    tcase_add_test(all, every_text_of_the_full_letter_is_there_as_often_as_it_was_said);
    tcase_add_test(all, what_the_letter_does_not_say_is_left_out);
    suite_add_tcase(suite, all);
    return suite;
}
