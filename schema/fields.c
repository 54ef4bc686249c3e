/* struct memo, filled as the elements come. One table says which element of which parent goes where; elements that it
 * does not name, and all below them, are passed over. Nothing here relies on the document being valid. */
#include "schema/memo_impl.h"

#include <string.h>

struct field {
    enum fields_node parent;
    const char *name;
    enum fields_node node;
    size_t text, line; /* of a leaf: where in the parent's struct; line 0: not kept */
};

#define MEMO(member) offsetof(struct memo, member)
#define PARTY(member) offsetof(struct memo_party, member)
#define FILE_(member) offsetof(struct memo_file, member)
#define ACTION(member) offsetof(struct memo_action, member)
#define DOCUMENT(member) offsetof(struct memo_document, member)
#define REPLY(member) offsetof(struct memo_reply, member)

/* The rows of one parent lie together. */
static const struct field field_table[] = {
    /* parent             element                  node                    text                       line */
    {NODE_DOCUMENT_ROOT, "Message", NODE_MESSAGE, 0, 0},

    {NODE_MESSAGE, "MessageHeader", NODE_HEADER, 0, 0},
    {NODE_MESSAGE, "MessageBody", NODE_BODY, 0, 0},

    {NODE_HEADER, "messageType", NODE_TEXT, MEMO(type_text), MEMO(type_line)},
    {NODE_HEADER, "messageUUID", NODE_TEXT, MEMO(uuid_text), 0},
    {NODE_HEADER, "messageID", NODE_TEXT, MEMO(message_id), 0},
    {NODE_HEADER, "messageCode", NODE_TEXT, MEMO(message_code), 0},
    {NODE_HEADER, "label", NODE_TEXT, MEMO(label), 0},
    {NODE_HEADER, "notification", NODE_TEXT, MEMO(notification), MEMO(notification_line)},
    {NODE_HEADER, "additionalNotification", NODE_TEXT, MEMO(additional_notification), 0},
    {NODE_HEADER, "reply", NODE_BOOLEAN, MEMO(reply), 0},
    {NODE_HEADER, "replyByDateTime", NODE_TRIMMED, MEMO(reply_by), 0},
    {NODE_HEADER, "doNotDeliverUntilDate", NODE_TRIMMED, MEMO(not_before_day), MEMO(not_before_line)},
    {NODE_HEADER, "mandatory", NODE_BOOLEAN, MEMO(mandatory), 0},
    {NODE_HEADER, "legalNotification", NODE_BOOLEAN, MEMO(legal_notification), 0},
    {NODE_HEADER, "postType", NODE_TEXT, MEMO(post_type), 0},
    {NODE_HEADER, "Sender", NODE_SENDER, 0, 0},
    {NODE_HEADER, "Recipient", NODE_RECIPIENT, 0, 0},
    {NODE_HEADER, "ContentData", NODE_CONTENT_DATA, 0, 0},
    {NODE_HEADER, "ForwardData", NODE_FORWARD, 0, 0},
    {NODE_HEADER, "ReplyData", NODE_REPLY, 0, 0},

    {NODE_SENDER, "senderID", NODE_TEXT, PARTY(id), PARTY(id_line)},
    {NODE_SENDER, "idType", NODE_TEXT, PARTY(id_type_text), PARTY(id_type_line)},
    {NODE_SENDER, "label", NODE_TEXT, PARTY(label), 0},
    {NODE_SENDER, "ContactPoint", NODE_SENDER_CONTACT, 0, 0},
    {NODE_SENDER_CONTACT, "contactPointID", NODE_TEXT, PARTY(contact_point_id), PARTY(contact_point_line)},

    {NODE_RECIPIENT, "recipientID", NODE_TEXT, PARTY(id), PARTY(id_line)},
    {NODE_RECIPIENT, "idType", NODE_TEXT, PARTY(id_type_text), PARTY(id_type_line)},
    {NODE_RECIPIENT, "label", NODE_TEXT, PARTY(label), 0},
    {NODE_RECIPIENT, "ContactPoint", NODE_RECIPIENT_CONTACT, 0, 0},
    {NODE_RECIPIENT_CONTACT, "contactPointID", NODE_TEXT, PARTY(contact_point_id), PARTY(contact_point_line)},

    {NODE_CONTENT_DATA, "CaseID", NODE_CASE, 0, 0},
    {NODE_CASE, "caseID", NODE_TEXT, MEMO(case_id), 0},

    {NODE_FORWARD, "messageUUID", NODE_TEXT, MEMO(forward_uuid), 0},

    {NODE_REPLY, "messageID", NODE_TEXT, REPLY(message_id), 0},
    {NODE_REPLY, "messageUUID", NODE_TEXT, REPLY(message_uuid), 0},
    {NODE_REPLY, "replyUUID", NODE_TEXT, REPLY(reply_uuid), 0},
    {NODE_REPLY, "senderID", NODE_TEXT, REPLY(sender_id), 0},
    {NODE_REPLY, "recipientID", NODE_TEXT, REPLY(recipient_id), 0},
    {NODE_REPLY, "caseID", NODE_TEXT, REPLY(case_id), 0},
    {NODE_REPLY, "contactPointID", NODE_TEXT, REPLY(contact_point_id), 0},
    {NODE_REPLY, "generatingSystemID", NODE_TEXT, REPLY(generating_system_id), 0},
    {NODE_REPLY, "comment", NODE_TEXT, REPLY(comment), 0},

    {NODE_BODY, "createdDateTime", NODE_TRIMMED, MEMO(created), 0},
    {NODE_BODY, "MainDocument", NODE_MAIN, 0, 0},
    {NODE_BODY, "AdditionalDocument", NODE_ADDITIONAL, 0, 0},
    {NODE_BODY, "TechnicalDocument", NODE_TECHNICAL, 0, 0},

    {NODE_MAIN, "mainDocumentID", NODE_TEXT, DOCUMENT(id), 0},
    {NODE_MAIN, "label", NODE_TEXT, DOCUMENT(label), 0},
    {NODE_MAIN, "File", NODE_FILE, 0, 0},
    {NODE_MAIN, "Action", NODE_ACTION, 0, 0},
    {NODE_ADDITIONAL, "additionalDocumentID", NODE_TEXT, DOCUMENT(id), 0},
    {NODE_ADDITIONAL, "label", NODE_TEXT, DOCUMENT(label), 0},
    {NODE_ADDITIONAL, "File", NODE_FILE, 0, 0},
    {NODE_ADDITIONAL, "Action", NODE_ACTION, 0, 0},
    {NODE_TECHNICAL, "technicalDocumentID", NODE_TEXT, DOCUMENT(id), 0},
    {NODE_TECHNICAL, "label", NODE_TEXT, DOCUMENT(label), 0},
    {NODE_TECHNICAL, "File", NODE_FILE, 0, 0},

    {NODE_FILE, "encodingFormat", NODE_TEXT, FILE_(format), 0},
    {NODE_FILE, "filename", NODE_TEXT, FILE_(filename), FILE_(filename_line)},
    {NODE_FILE, "language", NODE_TRIMMED, FILE_(language), 0},
    {NODE_FILE, "content", NODE_CONTENT, 0, FILE_(content_line)},

    {NODE_ACTION, "label", NODE_TEXT, ACTION(label), 0},
    {NODE_ACTION, "actionCode", NODE_TEXT, ACTION(code), ACTION(code_line)},
    {NODE_ACTION, "startDateTime", NODE_TRIMMED, ACTION(start), 0},
    {NODE_ACTION, "endDateTime", NODE_TRIMMED, ACTION(end), 0},
    {NODE_ACTION, "Reservation", NODE_RESERVATION, 0, 0},
    {NODE_ACTION, "EntryPoint", NODE_ENTRY_POINT, 0, 0},
    {NODE_RESERVATION, "description", NODE_TEXT, ACTION(reservation_description), 0},
    {NODE_RESERVATION, "reservationUUID", NODE_TEXT, ACTION(reservation_uuid), 0},
    {NODE_RESERVATION, "abstract", NODE_TEXT, ACTION(reservation_abstract), 0},
    {NODE_RESERVATION, "location", NODE_TEXT, ACTION(reservation_location), 0},
    {NODE_RESERVATION, "startDateTime", NODE_TRIMMED, ACTION(reservation_start), 0},
    {NODE_RESERVATION, "endDateTime", NODE_TRIMMED, ACTION(reservation_end), 0},
    {NODE_RESERVATION, "organizerMail", NODE_TEXT, ACTION(organizer_mail), 0},
    {NODE_RESERVATION, "organizerName", NODE_TEXT, ACTION(organizer_name), 0},
    {NODE_ENTRY_POINT, "url", NODE_TRIMMED, ACTION(url), ACTION(url_line)},
};
#define FIELD_COUNT (sizeof field_table / sizeof field_table[0])

void fields_start(struct fields *fields, struct memo *memo, struct arena *arena)
{
    *fields = (struct fields){.memo = memo, .arena = arena};
    fields->base[NODE_HEADER] = fields->base[NODE_BODY] = memo;
    fields->base[NODE_CASE] = fields->base[NODE_FORWARD] = memo;
    fields->base[NODE_SENDER] = fields->base[NODE_SENDER_CONTACT] = &memo->sender;
    fields->base[NODE_RECIPIENT] = fields->base[NODE_RECIPIENT_CONTACT] = &memo->recipient;
    fields->document_tail = &memo->documents;
    fields->reply_tail = &memo->replies;
    for (unsigned short row = FIELD_COUNT; row-- > 0;)
        fields->first[field_table[row].parent] = row;
}

/* Among the parent's rows from `row`, before `end`; FIELD_COUNT: it is not there. */
static unsigned short search(unsigned short row, unsigned short end, int parent, const char *name)
{
    for (; row < end && (int)field_table[row].parent == parent; row++)
        if (strcmp(field_table[row].name, name) == 0)
            return row;
    return FIELD_COUNT;
}

/* The row of an element. Children mostly come in the table's order, so the search goes on where it was, and begins anew
 * with the parent's first row; NULL: none. */
static const struct field *find_field(const struct fields *fields, struct path_step *parent,
                                      const struct path_step *step)
{
    unsigned short row;

    if (parent->node == NODE_OTHER || !step->uri || !is_memo_uri(step->uri))
        return NULL;
    row = search(parent->cursor, FIELD_COUNT, parent->node, step->name);
    if (row == FIELD_COUNT)
        row = search(fields->first[parent->node], parent->cursor, parent->node, step->name);
    if (row == FIELD_COUNT)
        return NULL;
    parent->cursor = row;
    return &field_table[row];
}

static bool enter_document(struct fields *fields, enum memo_document_kind kind, unsigned line)
{
    static const enum fields_node nodes[DOCUMENT_KIND_COUNT] = {
        [DOCUMENT_MAIN] = NODE_MAIN, [DOCUMENT_ADDITIONAL] = NODE_ADDITIONAL, [DOCUMENT_TECHNICAL] = NODE_TECHNICAL};
    struct memo_document *document = arena_alloc(fields->arena, sizeof *document);

    if (!document)
        return false;
    document->kind = kind;
    document->line = line;
    *fields->document_tail = document;
    fields->document_tail = &document->next;
    fields->file_tail = &document->files;
    fields->action_tail = &document->actions;
    fields->base[nodes[kind]] = document;
    fields->memo->document_count[kind]++;
    return true;
}

static bool enter_file(struct fields *fields, unsigned line)
{
    struct memo_file *file = arena_alloc(fields->arena, sizeof *file);

    if (!file)
        return false;
    file->line = line;
    file->content = MEMO_NO_CONTENT;
    *fields->file_tail = file;
    fields->file_tail = &file->next;
    fields->base[NODE_FILE] = file;
    fields->memo->file_count++;
    return true;
}

static bool enter_action(struct fields *fields, unsigned line)
{
    struct memo_action *action = arena_alloc(fields->arena, sizeof *action);

    if (!action)
        return false;
    action->line = line;
    *fields->action_tail = action;
    fields->action_tail = &action->next;
    fields->base[NODE_ACTION] = fields->base[NODE_RESERVATION] = fields->base[NODE_ENTRY_POINT] = action;
    return true;
}

static bool enter_reply(struct fields *fields)
{
    struct memo_reply *reply = arena_alloc(fields->arena, sizeof *reply);

    if (!reply)
        return false;
    *fields->reply_tail = reply;
    fields->reply_tail = &reply->next;
    fields->base[NODE_REPLY] = reply;
    return true;
}

/* A container that needs more than its base. */
static bool enter_container(struct fields *fields, enum fields_node node, unsigned line)
{
    switch (node) {
    case NODE_MESSAGE:
        fields->memo->line = line;
        return true;
    case NODE_BODY:
        fields->memo->has_body = true;
        fields->memo->body_line = line;
        return true;
    case NODE_SENDER:
        fields->memo->sender.line = line;
        return true;
    case NODE_RECIPIENT:
        fields->memo->recipient.line = line;
        return true;
    case NODE_REPLY:
        return enter_reply(fields);
    case NODE_MAIN:
        return enter_document(fields, DOCUMENT_MAIN, line);
    case NODE_ADDITIONAL:
        return enter_document(fields, DOCUMENT_ADDITIONAL, line);
    case NODE_TECHNICAL:
        return enter_document(fields, DOCUMENT_TECHNICAL, line);
    case NODE_FILE:
        return enter_file(fields, line);
    case NODE_ACTION:
        return enter_action(fields, line);
    case NODE_RESERVATION:
        ((struct memo_action *)fields->base[node])->has_reservation = true;
        return true;
    case NODE_ENTRY_POINT:
        ((struct memo_action *)fields->base[node])->has_entry_point = true;
        return true;
    default:
        return true;
    }
}

bool fields_enter(struct fields *fields, struct path_step *parent, struct path_step *step)
{
    const struct field *field = find_field(fields, parent, step);

    if (!field)
        return true;
    step->node = (short)field->node;
    step->cursor = fields->first[field->node];
    if (field->line > 0) {
        char *base = fields->base[field->parent];

        memcpy(base + field->line, &step->line, sizeof step->line);
    }
    return enter_container(fields, field->node, step->line);
}

static bool is_blank(char byte)
{
    return base64_values[(unsigned char)byte] == BASE64_BLANK;
}

static void trim(const char **text, size_t *size)
{
    while (*size > 0 && is_blank(**text)) {
        ++*text;
        --*size;
    }
    while (*size > 0 && is_blank((*text)[*size - 1]))
        --*size;
}

static bool is_true(const char *text, size_t size)
{
    return (size == 4 && memcmp(text, "true", 4) == 0) || (size == 1 && *text == '1');
}

bool fields_leave(struct fields *fields, const struct path_step *parent, const struct path_step *step, const char *text,
                  size_t size)
{
    const struct field *field;
    const char *copy;
    bool truth;
    char *base;

    if (step->node != NODE_TEXT && step->node != NODE_TRIMMED && step->node != NODE_BOOLEAN)
        return true;
    field = &field_table[parent->cursor];
    base = fields->base[field->parent];
    if (step->node != NODE_TEXT)
        trim(&text, &size);
    if (step->node == NODE_BOOLEAN) {
        truth = is_true(text, size);
        memcpy(base + field->text, &truth, sizeof truth);
        return true;
    }
    copy = arena_copy(fields->arena, text, size);
    memcpy(base + field->text, &copy, sizeof copy);
    return copy != NULL;
}

void fields_content(struct fields *fields, unsigned number, const struct held *held)
{
    struct memo_file *file = fields->base[NODE_FILE];

    file->base64 = held->fault_line == 0;
    file->content = number;
    file->skeleton_offset = held->offset;
    file->size = held->size;
    file->digest = held->digest;
}
