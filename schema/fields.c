/* struct memo, filled as the elements come and field_table.c says. Nothing here relies on the document being valid. */
#include "schema/memo_impl.h"

#include <string.h>

#define NUMBER_DIGITS 10 /* of memoPNumberType */

void fields_start(struct fields *fields, struct memo *memo, struct arena *arena)
{
    *fields = (struct fields){.memo = memo, .arena = arena};
    fields->base[NODE_HEADER] = fields->base[NODE_BODY] = memo;
    fields->base[NODE_CASE] = fields->base[NODE_FORWARD] = memo;
    fields->base[NODE_SENDER] = fields->base[NODE_SENDER_CONTACT] = &memo->sender;
    fields->base[NODE_RECIPIENT] = fields->base[NODE_RECIPIENT_CONTACT] = &memo->recipient;
    fields->object[NODE_HEADER] = &memo->members;
    fields->object[NODE_SENDER] = &memo->sender.members;
    fields->object[NODE_RECIPIENT] = &memo->recipient.members;
    fields->document_tail = &memo->documents;
    for (unsigned short row = field_count; row-- > 0;)
        fields->first[field_table[row].parent] = row;
}

static bool is_named(const struct field *field, const struct path_step *step)
{
    const char *uri = memo_spaces[field->space].uri;

    return strcmp(field->name, step->name) == 0 && (step->uri == uri || strcmp(step->uri, uri) == 0);
}

/* Among the parent's rows from `row`, before `end`; field_count: it is not there. */
static unsigned short search(unsigned short row, unsigned short end, int parent, const struct path_step *step)
{
    for (; row < end && (int)field_table[row].parent == parent; row++)
        if (is_named(&field_table[row], step))
            return row;
    return field_count;
}

/* The row of an element. Children mostly come in the table's order, so the search goes on where it was, and begins anew
 * with the parent's first row; NULL: none. */
static const struct field *find_field(const struct fields *fields, struct path_step *parent,
                                      const struct path_step *step)
{
    unsigned short row;

    if (parent->node == NODE_OTHER || !step->uri)
        return NULL;
    row = search(parent->cursor, field_count, parent->node, step);
    if (row == field_count)
        row = search(fields->first[parent->node], parent->cursor, parent->node, step);
    if (row == field_count)
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

/* ---- members ---- */

/* The name is one row's, and an object has it from no other: its address tells. */
static struct memo_member *find_member(const struct memo_object *object, const char *name)
{
    struct memo_member *member = object->members;

    while (member && member->name != name)
        member = member->next;
    return member;
}

static struct memo_member *add_member(struct fields *fields, struct memo_object *object, const char *name,
                                      enum memo_member_kind kind)
{
    struct memo_member *member = arena_alloc(fields->arena, sizeof *member);

    if (!member)
        return NULL;
    member->name = name;
    member->kind = kind;
    if (object->last)
        object->last->next = member;
    else
        object->members = member;
    object->last = member;
    return member;
}

static bool comes_often(enum fields_node node)
{
    return node == NODE_CONTACT_INFO || node == NODE_ADDITIONAL_CONTENT || node == NODE_REPLY
           || node == NODE_ADDITIONAL_REPLY;
}

/* A second object where there can be but one is filled as well, and nobody sees it. */
static bool enter_object(struct fields *fields, const struct field *field)
{
    struct memo_object *parent = fields->object[field->parent], *object;
    struct memo_member *member = find_member(parent, field->member);
    bool often = comes_often(field->node);

    object = arena_alloc(fields->arena, sizeof *object);
    fields->object[field->node] = object;
    if (!object || (member && !often))
        return object != NULL;
    if (!member)
        member = add_member(fields, parent, field->member, often ? MEMBER_ARRAY : MEMBER_OBJECT);
    if (!member)
        return false;
    if (member->last)
        member->last->next = object;
    else
        member->objects = object;
    member->last = object;
    return true;
}

static bool enter_members(struct fields *fields, const struct field *field)
{
    if (*field->member)
        return enter_object(fields, field);
    fields->object[field->node] = fields->object[field->parent];
    return true;
}

/* Whether the text is written as a number: plain digits as JSON has them, no more than the schema's type allows. Some of
 * those go beyond an int of 32 bits, and whoever reads one could do no more with them in quotes. Else it stays a text. */
static bool is_json_number(const char *text)
{
    size_t size = strspn(text, "0123456789");

    return size > 0 && size <= NUMBER_DIGITS && !text[size] && (*text != '0' || size == 1);
}

/* `text` is in the arena. */
static bool take_member(struct fields *fields, const struct field *field, const char *text)
{
    struct memo_object *object = fields->object[field->parent];
    struct memo_member *member;

    if (find_member(object, field->member))
        return true;
    member = add_member(fields, object, field->member, MEMBER_TEXT);
    if (!member)
        return false;
    member->text = text;
    if (field->node == NODE_NUMBER && is_json_number(text))
        member->kind = MEMBER_NUMBER;
    return true;
}

/* ---- elements ---- */

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

static bool is_leaf(int node)
{
    return node >= NODE_TEXT;
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
    if (is_leaf(field->node))
        return true;
    return (!field->member || enter_members(fields, field)) && enter_container(fields, field->node, step->line);
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

    if (!is_leaf(step->node) || step->node == NODE_CONTENT)
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
    if (!copy)
        return false;
    if (field->text != NOWHERE)
        memcpy(base + field->text, &copy, sizeof copy);
    return !field->member || take_member(fields, field, copy);
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
