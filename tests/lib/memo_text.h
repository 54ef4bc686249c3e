/* A MeMo as it was read, as text: every field in a line, so that two readings can be held against each other. */
#ifndef TESTS_LIB_MEMO_TEXT_H
#define TESTS_LIB_MEMO_TEXT_H

#include "schema/memo.h"

#include "gateway/base/buffer.h"

static inline bool text_of(struct buffer *out, const char *name, const char *value)
{
    return buffer_format(out, value ? "%s=\"%s\"\n" : "%s: none\n", name, value);
}

static inline bool number_of(struct buffer *out, const char *name, uint64_t number)
{
    return buffer_format(out, "%s=%llu\n", name, (unsigned long long)number);
}

#define TEXT_OF(from, field) text_of(out, #field, (from)->field)
#define NUMBER_OF(from, field) number_of(out, #field, (uint64_t)(from)->field)

static inline bool digest_text(struct buffer *out, const struct digest *digest)
{
    bool ok = true;

    for (size_t i = 0; i < sizeof digest->bytes; i++)
        ok = ok && buffer_format(out, "%02x", digest->bytes[i]);
    return ok && buffer_add_text(out, "\n");
}

static inline bool members_text(struct buffer *out, const struct memo_object *object)
{
    bool ok = true;

    for (const struct memo_member *member = object->members; ok && member; member = member->next) {
        ok = NUMBER_OF(member, kind) && text_of(out, member->name, member->text);
        for (const struct memo_object *inner = member->objects; ok && inner; inner = inner->next)
            ok = buffer_add_text(out, "{\n") && members_text(out, inner) && buffer_add_text(out, "}\n");
    }
    return ok;
}

static inline bool party_text(struct buffer *out, const struct memo_party *party)
{
    return TEXT_OF(party, id) && TEXT_OF(party, id_type_text) && TEXT_OF(party, label) && NUMBER_OF(party, id_type)
           && TEXT_OF(party, contact_point_id) && NUMBER_OF(party, line) && NUMBER_OF(party, id_line)
           && NUMBER_OF(party, id_type_line) && NUMBER_OF(party, contact_point_line)
           && members_text(out, &party->members);
}

static inline bool action_text(struct buffer *out, const struct memo_action *action)
{
    return TEXT_OF(action, label) && TEXT_OF(action, code) && TEXT_OF(action, start) && TEXT_OF(action, end)
           && TEXT_OF(action, url) && NUMBER_OF(action, has_reservation) && NUMBER_OF(action, has_entry_point)
           && TEXT_OF(action, reservation_description) && TEXT_OF(action, reservation_uuid)
           && TEXT_OF(action, reservation_abstract) && TEXT_OF(action, reservation_location)
           && TEXT_OF(action, reservation_start) && TEXT_OF(action, reservation_end) && TEXT_OF(action, organizer_mail)
           && TEXT_OF(action, organizer_name) && NUMBER_OF(action, line) && NUMBER_OF(action, code_line)
           && NUMBER_OF(action, url_line);
}

static inline bool file_text(struct buffer *out, const struct memo_file *file)
{
    return TEXT_OF(file, format) && TEXT_OF(file, filename) && TEXT_OF(file, language) && NUMBER_OF(file, base64)
           && NUMBER_OF(file, content) && NUMBER_OF(file, skeleton_offset) && NUMBER_OF(file, size)
           && digest_text(out, &file->digest) && NUMBER_OF(file, line) && NUMBER_OF(file, filename_line)
           && NUMBER_OF(file, content_line);
}

static inline bool document_text(struct buffer *out, const struct memo_document *document)
{
    bool ok =
        NUMBER_OF(document, kind) && TEXT_OF(document, id) && TEXT_OF(document, label) && NUMBER_OF(document, line);

    for (const struct memo_file *file = document->files; ok && file; file = file->next)
        ok = file_text(out, file);
    for (const struct memo_action *action = document->actions; ok && action; action = action->next)
        ok = action_text(out, action);
    return ok;
}

static inline bool header_text(struct buffer *out, const struct memo *memo)
{
    return NUMBER_OF(memo, version) && NUMBER_OF(memo, type) && TEXT_OF(memo, type_text) && TEXT_OF(memo, uuid_text)
           && TEXT_OF(memo, message_id) && TEXT_OF(memo, message_code) && TEXT_OF(memo, label)
           && TEXT_OF(memo, notification) && TEXT_OF(memo, additional_notification) && TEXT_OF(memo, post_type)
           && NUMBER_OF(memo, reply) && NUMBER_OF(memo, mandatory) && NUMBER_OF(memo, legal_notification)
           && TEXT_OF(memo, reply_by) && TEXT_OF(memo, not_before_day) && TEXT_OF(memo, created)
           && party_text(out, &memo->sender) && party_text(out, &memo->recipient) && TEXT_OF(memo, case_id)
           && TEXT_OF(memo, forward_uuid) && NUMBER_OF(memo, has_body) && NUMBER_OF(memo, file_count)
           && NUMBER_OF(memo, line) && NUMBER_OF(memo, type_line) && NUMBER_OF(memo, notification_line)
           && NUMBER_OF(memo, not_before_line) && NUMBER_OF(memo, body_line);
}

/* False: the buffer's limit is reached. Not told: which of the two ways read it. */
static inline bool memo_text(struct buffer *out, const struct memo *memo)
{
    bool ok = header_text(out, memo) && NUMBER_OF(memo, content_count) && NUMBER_OF(memo, size)
              && NUMBER_OF(memo, content_size) && NUMBER_OF(memo, skeleton_size) && digest_text(out, &memo->digest)
              && buffer_add(out, memo->skeleton, memo->skeleton_size)
              && buffer_add(out, memo->uuid.bytes, sizeof memo->uuid.bytes);

    for (int i = 0; i < DOCUMENT_KIND_COUNT; i++)
        ok = ok && number_of(out, "documents", memo->document_count[i]);
    for (unsigned i = 0; i < memo->content_count; i++)
        ok = ok && number_of(out, "content at", memo->content_offsets[i]);
    for (const struct memo_document *document = memo->documents; ok && document; document = document->next)
        ok = document_text(out, document);
    return ok && members_text(out, &memo->members);
}

static inline bool memo_same(const struct memo *one, const struct memo *other)
{
    struct buffer texts[2] = {{.limit = (size_t)64 << 20}, {.limit = (size_t)64 << 20}};
    bool same = memo_text(&texts[0], one) && memo_text(&texts[1], other) && texts[0].size == texts[1].size
                && memcmp(texts[0].data, texts[1].data, texts[0].size) == 0;

    buffer_free(&texts[0]);
    buffer_free(&texts[1]);
    return same;
}

#endif
