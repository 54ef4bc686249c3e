#include "handlers/sender/submission.h"

#include <stdio.h>

#include "gateway/base/buffer.h"
#include "gateway/base/ids.h"

#define VIEW_MAX ((size_t)4 * 1024 * 1024)

/* A member with a text; nothing where the MeMo has none (CONTRACT.md, Reading). Every object begins with a member that
 * is always there, so a comma always comes first here. */
static bool add_text(struct buffer *json, const char *name, const char *text)
{
    return !text || buffer_add_member(json, name, text);
}

static bool add_flag(struct buffer *json, const char *name, bool flag)
{
    return buffer_format(json, ",\"%s\":%s", name, flag ? "true" : "false");
}

static bool add_action(struct buffer *json, const struct memo_action *action)
{
    return buffer_add_text(json, "{\"version\":1") && add_text(json, "label", action->label)
           && add_text(json, "actionCode", action->code) && add_text(json, "actionStartTime", action->start)
           && add_text(json, "actionEndTime", action->end) && add_text(json, "entryPointUrl", action->url)
           && add_text(json, "description", action->reservation_description)
           && add_text(json, "reservationUUID", action->reservation_uuid)
           && add_text(json, "reservationAbstract", action->reservation_abstract)
           && add_text(json, "location", action->reservation_location)
           && add_text(json, "reservationStartTime", action->reservation_start)
           && add_text(json, "reservationEndTime", action->reservation_end)
           && add_text(json, "organizerMail", action->organizer_mail)
           && add_text(json, "organizerName", action->organizer_name) && buffer_add_text(json, "}");
}

bool memo_actions(const struct memo_document *document, struct buffer *json)
{
    bool ok = buffer_add_text(json, "[");

    for (const struct memo_action *action = document->actions; ok && action; action = action->next)
        ok = (action == document->actions || buffer_add_text(json, ",")) && add_action(json, action);
    return ok && buffer_add_text(json, "]");
}

static bool add_file(struct buffer *json, const struct kept_content *content)
{
    char id[UUID_TEXT_SIZE];

    uuid_format(&content->id, id);
    return buffer_add_text(json, "{\"id\":\"") && buffer_add_text(json, id) && buffer_add_text(json, "\",\"version\":1")
           && add_text(json, "encodingFormat", content->format) && add_text(json, "filename", content->filename)
           && add_text(json, "language", content->language)
           && buffer_format(json, ",\"fileSize\":%llu}", (unsigned long long)content->size);
}

static bool add_document(struct buffer *json, const struct memo_document *document, const struct submission *submission,
                         unsigned number, unsigned *content)
{
    static const char *const kinds[DOCUMENT_KIND_COUNT] = {"MAIN", "ADDITIONAL", "TECHNICAL"};
    char id[UUID_TEXT_SIZE];
    bool first = true, ok;

    uuid_format(&submission->documents[number].id, id);
    ok = buffer_format(json, "%s{\"id\":\"%s\",\"version\":1,\"documentType\":\"%s\"", number ? "," : "", id,
                       kinds[document->kind])
         && add_text(json, "documentId", document->id) && add_text(json, "label", document->label)
         && buffer_add_text(json, ",\"files\":[");
    for (; ok && *content < submission->content_count && submission->contents[*content].document == number;
         (*content)++, first = false)
        ok = (first || buffer_add_text(json, ",")) && add_file(json, &submission->contents[*content]);
    return ok && buffer_add_text(json, "],\"actions\":") && memo_actions(document, json) && buffer_add_text(json, "}");
}

static bool add_documents(struct buffer *json, const struct memo *memo, const struct submission *submission)
{
    unsigned number = 0, content = 0;
    bool ok = buffer_add_text(json, ",\"documents\":[");

    for (const struct memo_document *d = memo->documents; ok && d; d = d->next, number++)
        ok = add_document(json, d, submission, number, &content);
    return ok && buffer_add_text(json, "]");
}

static bool add_members(struct buffer *json, const struct memo_object *object);

static bool add_object(struct buffer *json, const struct memo_object *object)
{
    return buffer_add_text(json, "{\"version\":1") && add_members(json, object) && buffer_add_text(json, "}");
}

static bool add_array(struct buffer *json, const struct memo_object *objects)
{
    bool ok = buffer_add_text(json, "[");

    for (const struct memo_object *object = objects; ok && object; object = object->next)
        ok = (object == objects || buffer_add_text(json, ",")) && add_object(json, object);
    return ok && buffer_add_text(json, "]");
}

/* How deep they nest is the field table's, not the document's. */
static bool add_member(struct buffer *json, const struct memo_member *member)
{
    if (member->kind == MEMBER_TEXT)
        return buffer_add_member(json, member->name, member->text);
    if (!buffer_add_text(json, ",\"") || !buffer_add_text(json, member->name) || !buffer_add_text(json, "\":"))
        return false;
    switch (member->kind) {
    case MEMBER_NUMBER:
        return buffer_add_text(json, member->text);
    case MEMBER_ARRAY:
        return add_array(json, member->objects);
    default:
        return add_object(json, member->objects);
    }
}

static bool add_members(struct buffer *json, const struct memo_object *object)
{
    bool ok = true;

    for (const struct memo_member *member = object->members; ok && member; member = member->next)
        ok = add_member(json, member);
    return ok;
}

static bool add_party(struct buffer *json, const char *name, const struct memo_party *party)
{
    static const char *const types[] = {[MEMO_ID_OTHER] = "UNKNOWN", [MEMO_ID_CPR] = "CPR", [MEMO_ID_CVR] = "CVR"};
    char id_name[24];

    snprintf(id_name, sizeof id_name, "%sId", name);
    return buffer_format(json, ",\"%s\":{\"version\":1,\"%sIdType\":\"%s\"", name, name, types[party->id_type])
           && add_text(json, id_name, party->id) && add_text(json, "label", party->label)
           && add_members(json, &party->members) && buffer_add_text(json, "}");
}

static const char *portal_type(const struct memo *memo)
{
    if (memo->legal_notification)
        return "LEGAL_NOTIFICATION";
    return memo->mandatory ? "MANDATORY" : "REGULAR";
}

bool memo_view(const struct memo *memo, const struct submission *submission, struct arena *arena, const char **view)
{
    struct buffer json = {.limit = VIEW_MAX};
    bool ok = buffer_format(&json, "\"messageType\":\"%s\"", portal_type(memo))
              && add_text(&json, "messageIdentifier", memo->message_id)
              && add_text(&json, "messageCode", memo->message_code)
              && add_text(&json, "memoCreatedDateTime", memo->created) && add_text(&json, "label", memo->label)
              && add_flag(&json, "forward", memo->forward_uuid != NULL) && add_flag(&json, "reply", memo->reply)
              && add_text(&json, "replyByDateTime", memo->reply_by) && add_text(&json, "postType", memo->post_type)
              && add_party(&json, "sender", &memo->sender) && add_party(&json, "recipient", &memo->recipient)
              && add_documents(&json, memo, submission) && add_members(&json, &memo->members);

    *view = ok ? arena_copy(arena, json.data, json.size) : NULL;
    buffer_free(&json);
    return *view != NULL;
}
