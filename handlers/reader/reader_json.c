/* Objects as the contract has them (ngdp-api.md, table B). */
#include "handlers/reader/reader_impl.h"

#include "gateway/base/time.h"

/* A page has a hundred of these objects: nothing in them goes through printf. `begin` is what stands before the value, with
 * the name and the quote. */
static bool add_id(struct buffer *json, const char *begin, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE];

    uuid_format(id, text);
    text[UUID_TEXT_SIZE - 1] = '"';
    return buffer_add_text(json, begin) && buffer_add(json, text, UUID_TEXT_SIZE);
}

static bool add_time(struct buffer *json, const char *begin, int64_t when)
{
    char text[TIME_TEXT_SIZE];

    time_format(when, text);
    text[TIME_TEXT_SIZE - 1] = '"';
    return buffer_add_text(json, begin) && buffer_add(json, text, TIME_TEXT_SIZE);
}

static bool add_version(struct buffer *json, int64_t version)
{
    char digits[20];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + version % 10);
    while (version /= 10);
    return buffer_add_text(json, "{\"version\":") && buffer_add(json, digits + at, sizeof digits - at);
}

/* The caller's own access: a mailbox is its owner's. */
static bool add_access(struct request *rq, const struct mailbox *mailbox, struct buffer *json)
{
    const struct person *person = rq->caller;

    return buffer_add_text(json, ",\"access\":{\"version\":1,\"accessType\":\"OWNER\"")
           && add_id(json, ",\"mailboxId\":\"", &mailbox->id) && add_id(json, ",\"identityId\":\"", &person->identity)
           && buffer_add_text(json, "}");
}

bool mailbox_json(struct request *rq, const struct mailbox *mailbox, struct buffer *json)
{
    const char *owner = reader_owner(rq);
    struct contact contact;
    bool known;

    if (!registry_contact(rq->service->store, owner, rq->arena, &known, &contact, &rq->error))
        return false;
    return add_version(json, mailbox->version) && add_id(json, ",\"id\":\"", &mailbox->id)
           && add_time(json, ",\"createdDateTime\":\"", mailbox->created)
           && buffer_add_member(json, "ownerType", mailbox->company ? "ORGANISATION" : "CITIZEN")
           && (!known || buffer_add_member(json, "ownerName", contact.label))
           && buffer_add_member(json, "ownerExternalId", owner)
           && buffer_add_member(json, "statusType", known && contact.status == CONTACT_CLOSED ? "CLOSED" : "ACTIVE")
           && buffer_format(json, ",\"exempt\":%s", known && contact.status == CONTACT_EXEMPT ? "true" : "false")
           && add_access(rq, mailbox, json) && buffer_add_text(json, "}");
}

bool folder_json(const struct folder *folder, const struct uuid *mailbox, struct buffer *json)
{
    static const struct uuid none;

    return add_version(json, folder->version) && add_id(json, ",\"id\":\"", &folder->id)
           && add_time(json, ",\"createdDateTime\":\"", folder->created) && add_id(json, ",\"mailboxId\":\"", mailbox)
           && (uuid_same(&folder->parent, &none) || add_id(json, ",\"parentFolderId\":\"", &folder->parent))
           && buffer_add_member(json, "folderType", folder_type_name(folder->type))
           && buffer_add_member(json, "name", folder->name) && buffer_add_text(json, "}");
}

bool message_json(const struct message *message, const struct uuid *mailbox, struct buffer *json)
{
    return add_version(json, message->version) && add_id(json, ",\"id\":\"", &message->id)
           && add_id(json, ",\"transactionId\":\"", &message->transmission_id)
           && add_time(json, ",\"createdDateTime\":\"", message->received) && add_id(json, ",\"mailboxId\":\"", mailbox)
           && add_id(json, ",\"folderId\":\"", &message->folder)
           && buffer_add_text(json, ",\"messageState\":\"RECEIVED\"")
           && add_time(json, ",\"receivedDateTime\":\"", message->available)
           && buffer_add_text(json, message->read ? ",\"read\":true," : ",\"read\":false,")
           && buffer_add_text(json, message->view) && buffer_add_text(json, "}");
}
