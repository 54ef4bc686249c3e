/* What libxml2's errors are to a sender. Its own texts are not used, because they repeat what the document holds. */
#include "schema/memo_impl.h"

#include <ctype.h>
#include <string.h>

#include <libxml/xmlerror.h>

struct meaning {
    int libxml_code;
    enum error_code code;
    const char *detail;
};

static const struct meaning meanings[] = {
    {XML_SCHEMAV_CVC_ELT_1, ERROR_SCHEMA_ELEMENT, "The schema knows no such element here."},
    {XML_SCHEMAV_ELEMENT_CONTENT, ERROR_SCHEMA_ELEMENT, "The element is not expected here, or one is missing in it."},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_2_1, ERROR_SCHEMA_ELEMENT, "The element must be empty."},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_2_2, ERROR_SCHEMA_ELEMENT, "The element takes text only, no elements."},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_2_3, ERROR_SCHEMA_ELEMENT, "The element takes elements only, no text."},
    {XML_SCHEMAV_CVC_TYPE_3_1_2, ERROR_SCHEMA_ELEMENT, "The element takes text only, no elements."},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_1, ERROR_SCHEMA_ATTRIBUTE, "The attribute is not allowed here."},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_2, ERROR_SCHEMA_ATTRIBUTE, "The attribute is not allowed here."},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_4, ERROR_SCHEMA_ATTRIBUTE, "A required attribute is missing."},
    {XML_SCHEMAV_CVC_TYPE_3_1_1, ERROR_SCHEMA_ATTRIBUTE, "The attribute is not allowed here."},
    {XML_SCHEMAV_CVC_ELT_3_1, ERROR_SCHEMA_ATTRIBUTE, "The attribute xsi:nil is not allowed here."},
    {XML_SCHEMAV_CVC_ELT_4_1, ERROR_SCHEMA_ATTRIBUTE, "The type in xsi:type is no name."},
    {XML_SCHEMAV_CVC_ELT_4_2, ERROR_SCHEMA_ATTRIBUTE, "The type in xsi:type is not known."},
    {XML_SCHEMAV_CVC_ELT_4_3, ERROR_SCHEMA_ATTRIBUTE, "The type in xsi:type does not fit the element."},
    {XML_SCHEMAV_CVC_LENGTH_VALID, ERROR_SCHEMA_VALUE, "The value does not have the length its type requires."},
    {XML_SCHEMAV_CVC_MINLENGTH_VALID, ERROR_SCHEMA_VALUE, "The value is shorter than its type allows."},
    {XML_SCHEMAV_CVC_MAXLENGTH_VALID, ERROR_SCHEMA_VALUE, "The value is longer than its type allows."},
    {XML_SCHEMAV_CVC_MAXINCLUSIVE_VALID, ERROR_SCHEMA_VALUE, "The number is larger than its type allows."},
    {XML_SCHEMAV_CVC_PATTERN_VALID, ERROR_SCHEMA_VALUE, "The value does not fit the pattern of its type."},
    {XML_SCHEMAV_CVC_ENUMERATION_VALID, ERROR_SCHEMA_VALUE, "The value is not one of the list."},
    {XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1, ERROR_SCHEMA_VALUE, "The value is not of its type."},
    {XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_2, ERROR_SCHEMA_VALUE, "The value is not of its type."},
    {XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_3, ERROR_SCHEMA_VALUE, "The value is not of its type."},
    {XML_SCHEMAV_CVC_FACET_VALID, ERROR_SCHEMA_VALUE, "The value is not of its type."},
};

enum error_code schema_error_code(int libxml_code, const char **detail)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (meanings[i].libxml_code == libxml_code) {
            *detail = meanings[i].detail;
            return meanings[i].code;
        }
    *detail = NULL;
    return ERROR_SCHEMA_INVALID;
}

static const char *prefix_of(const char *uri, size_t size)
{
    for (int i = 0; i < SPACE_COUNT; i++)
        if (strlen(memo_spaces[i].uri) == size && memcmp(memo_spaces[i].uri, uri, size) == 0)
            return memo_spaces[i].prefix;
    return "*";
}

/* The last " Expected is " of a message: a namespace of the document, which is quoted before it, may hold one too. */
static const char *last_expected(const char *message)
{
    static const char words[] = " Expected is ";
    const char *last = NULL;

    for (const char *at = message; at && (at = strstr(at, words)); at += sizeof words - 1)
        last = at;
    return last;
}

/* "Expected is one of ( {namespace}a, {namespace}b )." comes from the schema, not from the document. */
const char *schema_expected(const char *message, struct arena *arena)
{
    const char *at = last_expected(message);
    struct buffer text = {.limit = 8192};
    const char *copy = NULL;
    bool fits = at != NULL;

    for (at = at ? at + 1 : NULL; fits && *at && *at != '\n'; at++) {
        const char *close = *at == '{' ? strchr(at, '}') : NULL;

        if (close) {
            fits = buffer_format(&text, "%s:", prefix_of(at + 1, (size_t)(close - at - 1)));
            at = close;
        } else {
            fits = buffer_add(&text, at, 1);
        }
    }
    if (fits && text.size > 0)
        copy = arena_copy(arena, text.data, text.size);
    buffer_free(&text);
    return copy;
}

const char *xml_error_detail(int libxml_code)
{
    static const struct {
        int libxml_code;
        const char *detail;
    } details[] = {
        {XML_ERR_TAG_NAME_MISMATCH, "An end tag does not match its start tag."},
        {XML_ERR_TAG_NOT_FINISHED, "A tag, or the document, ends too early."},
        {XML_ERR_DOCUMENT_END, "The document ends too early, or something follows its end."},
        {XML_ERR_DOCUMENT_EMPTY, "The document does not begin with a tag."},
        {XML_ERR_DOCUMENT_START, "The document does not begin with a tag."},
        {XML_ERR_ATTRIBUTE_REDEFINED, "An attribute stands twice in one tag."},
        {XML_NS_ERR_ATTRIBUTE_REDEFINED, "An attribute stands twice in one tag."},
        {XML_NS_ERR_UNDEFINED_NAMESPACE, "A prefix is not declared."},
        {XML_ERR_UNDECLARED_ENTITY, "Only the five predefined entities are known."},
        {XML_ERR_INVALID_CHAR, "A character is not allowed in XML."},
        {XML_ERR_INVALID_CHARREF, "A character reference is not allowed in XML."},
        {XML_ERR_NAME_REQUIRED, "A name is missing."},
        {XML_ERR_GT_REQUIRED, "A > is missing."},
        {XML_ERR_ATTRIBUTE_WITHOUT_VALUE, "An attribute has no value."},
        {XML_ERR_MISPLACED_CDATA_END, "]]> is not allowed in text."},
        {XML_ERR_HYPHEN_IN_COMMENT, "-- is not allowed in a comment."},
    };

    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++)
        if (details[i].libxml_code == libxml_code)
            return details[i].detail;
    return NULL;
}

/* Elements whose values say nothing of a person and are few or dates. */
static const char *const harmless[] = {
    "messageType",     "reply",         "replyByDateTime", "doNotDeliverUntilDate",
    "mandatory",       "idType",        "actionCode",      "legalNotification",
    "createdDateTime", "startDateTime", "endDateTime",     "encodingFormat",
    "language",        "memoVersion",   "memoSchVersion",  "originalMessageDateTime",
};

/* Whether it could be, or hold, the number of a person or a company. */
static bool looks_personal(const char *text, size_t size)
{
    unsigned digits = 0;

    for (size_t i = 0; i < size; i++) {
        digits = isdigit((unsigned char)text[i]) ? digits + 1 : 0;
        if (digits > 4 || (unsigned char)text[i] < ' ' || (unsigned char)text[i] > '~')
            return true;
    }
    return false;
}

const char *harmless_value(const char *element, const char *text, size_t size, struct arena *arena)
{
    if (size > REJECTED_MAX || looks_personal(text, size))
        return NULL;
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        if (strcmp(harmless[i], element) == 0)
            return arena_copy(arena, text, size);
    return NULL;
}
