#include "schema/memo_impl.h"

#include <stdlib.h>
#include <string.h>

const struct memo_name_space memo_spaces[SPACE_COUNT] = {
    [SPACE_MEMO] = {"memo", "https://DigitalPost.dk/MeMo-1"},
    [SPACE_GRD] = {"grd", "https://data.gov.dk/model/core/"},
    [SPACE_KLE] = {"kle", "http://kle-online.dk/"},
    [SPACE_FORM] = {"form", "http://www.form-online.dk/"},
    [SPACE_GLN] = {"gln", "https://www.gs1.dk/gs1-standarder/identifikation/gln-global-location-number/"},
    [SPACE_UDD] = {"udd", "https://www.dst.dk/da/TilSalg/Forskningsservice/Dokumentation/hoejkvalitetsvariable/"
                          "elevregister-2/udd#"},
    [SPACE_SOR] = {"sor", "https://services.nsi.dk/en/Services/SOR"},
    [SPACE_DMV] = {"dmv", "https://motorregister.skat.dk/"},
};

const char *memo_uri(const char *text, size_t size)
{
    for (int i = 0; i < SPACE_COUNT; i++)
        if (strlen(memo_spaces[i].uri) == size && memcmp(memo_spaces[i].uri, text, size) == 0)
            return memo_spaces[i].uri;
    return NULL;
}

bool is_memo_uri(const char *uri)
{
    return uri == memo_spaces[SPACE_MEMO].uri || strcmp(uri, memo_spaces[SPACE_MEMO].uri) == 0;
}

/* Elements of memo: that may stand more than once in one parent. */
static const char *const repeatable[REPEATABLE_COUNT] = {
    "File",        "Action",    "AdditionalDocument",    "TechnicalDocument",
    "ContactInfo", "ReplyData", "AdditionalContentData", "AdditionalReplyData",
};

/* All element names of both versions, sorted. An element of any other name is not named in a path: its name is a
 * stranger's text. */
static const char *const known_names[] = {
    "Action",
    "AdditionalContentData",
    "AdditionalDocument",
    "AdditionalReplyData",
    "Address",
    "AddressPoint",
    "AttentionData",
    "AttentionPerson",
    "CPRdata",
    "CVRdata",
    "CaseID",
    "ContactInfo",
    "ContactPoint",
    "ContentData",
    "ContentResponsible",
    "EID",
    "EMail",
    "Education",
    "EntryPoint",
    "FORMdata",
    "File",
    "ForwardData",
    "GeneratingSystem",
    "GlobalLocationNumber",
    "KLEdata",
    "MainDocument",
    "Message",
    "MessageBody",
    "MessageHeader",
    "MotorVehicle",
    "ProductionUnit",
    "PropertyNumber",
    "Recipient",
    "ReplyData",
    "Representative",
    "Reservation",
    "SEnumber",
    "SORdata",
    "Sender",
    "TechnicalDocument",
    "Telephone",
    "UnstructuredAddress",
    "abstract",
    "actionCode",
    "activityFacet",
    "additionalDocumentID",
    "additionalNotification",
    "addressLabel",
    "caseID",
    "caseSystem",
    "chassisNumber",
    "city",
    "co",
    "comment",
    "companyName",
    "contactGroup",
    "contactPointID",
    "content",
    "contentDataName",
    "contentDataType",
    "contentDataValue",
    "contentResponsibleID",
    "country",
    "cprNumber",
    "createdDateTime",
    "cvrNumber",
    "description",
    "doNotDeliverUntilDate",
    "door",
    "eID",
    "educationCode",
    "educationName",
    "emailAddress",
    "encodingFormat",
    "endDateTime",
    "entryName",
    "filename",
    "floor",
    "generatingSystemID",
    "geographicEastingMeasure",
    "geographicHeightMeasure",
    "geographicNorthingMeasure",
    "globalLocationNumber",
    "houseNumber",
    "id",
    "idType",
    "idTypeLabel",
    "label",
    "language",
    "legalNotification",
    "licenseNumber",
    "location",
    "mainDocumentID",
    "mandatory",
    "messageCode",
    "messageID",
    "messageType",
    "messageUUID",
    "name",
    "notification",
    "organizerMail",
    "organizerName",
    "originalContentResponsible",
    "originalMessageDateTime",
    "originalRepresentative",
    "originalSender",
    "personID",
    "postType",
    "productionUnitName",
    "productionUnitNumber",
    "propertyNumber",
    "recipientID",
    "relatedAgent",
    "reply",
    "replyByDateTime",
    "replyUUID",
    "representativeID",
    "reservationUUID",
    "seNumber",
    "senderID",
    "sorIdentifier",
    "startDateTime",
    "subjectKey",
    "taskKey",
    "technicalDocumentID",
    "telephoneNumber",
    "unstructured",
    "url",
    "value",
    "version",
    "zipCode",
};

bool path_open(struct path *path, unsigned room, struct arena *arena)
{
    path->steps = arena_alloc(arena, (room + 1) * sizeof *path->steps);
    path->room = room;
    path->depth = 0;
    if (path->steps)
        path->steps[0].node = NODE_DOCUMENT_ROOT;
    return path->steps != NULL;
}

static int repeatable_index(const char *name, const char *uri)
{
    if (*name < 'A' || *name > 'T' || !uri || !is_memo_uri(uri))
        return -1;
    for (int i = 0; i < REPEATABLE_COUNT; i++)
        if (strcmp(repeatable[i], name) == 0)
            return i;
    return -1;
}

struct path_step *path_enter(struct path *path, const char *name, const char *uri, unsigned line)
{
    struct path_step *parent = &path->steps[path->depth], *step;
    int index = repeatable_index(name, uri);

    if (path->depth == path->room)
        return NULL;
    parent->children++;
    if (index >= 0)
        parent->repeated[index]++;
    step = &path->steps[++path->depth];
    *step = (struct path_step){.name = name, .uri = uri, .line = line};
    step->position = index >= 0 ? parent->repeated[index] : parent->children;
    return step;
}

void path_leave(struct path *path)
{
    path->depth--;
}

static int compare_names(const void *key, const void *entry)
{
    return strcmp(key, *(const char *const *)entry);
}

static const char *known_prefix(const struct path_step *step)
{
    const size_t size = sizeof known_names[0];

    if (!step->uri || !bsearch(step->name, known_names, sizeof known_names / size, size, compare_names))
        return NULL;
    for (int i = 0; i < SPACE_COUNT; i++)
        if (strcmp(memo_spaces[i].uri, step->uri) == 0)
            return memo_spaces[i].prefix;
    return NULL;
}

static bool add_step(struct buffer *text, const struct path_step *step)
{
    const char *prefix = known_prefix(step);

    if (!prefix)
        return buffer_format(text, "/*[%u]", step->position);
    if (repeatable_index(step->name, step->uri) >= 0)
        return buffer_format(text, "/%s:%s[%u]", prefix, step->name, step->position);
    return buffer_format(text, "/%s:%s", prefix, step->name);
}

const char *path_format(const struct path *path, const char *tail, struct arena *arena)
{
    struct buffer text = {.limit = 64 * 1024};
    const char *copy = NULL;
    bool fits = buffer_add_text(&text, "");

    for (unsigned i = 1; fits && i <= path->depth; i++)
        fits = add_step(&text, &path->steps[i]);
    if (fits && buffer_add_text(&text, tail))
        copy = arena_copy(arena, text.data ? text.data : "", text.size);
    buffer_free(&text);
    return copy;
}
