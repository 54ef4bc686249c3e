/* What a sender worker sent is taken apart and believed in nothing: it may have been captured by a letter. */
#include "gateway/store/accept_impl.h"

#include <string.h>

#include "gateway/base/text.h"

#define LEAST_ROW 8 /* bytes that any packed document or content has at least */

static void take_header(struct unpacker *in, struct arriving *arriving)
{
    struct submission *submission = &arriving->submission;

    submission->system = &arriving->system;
    take_uuid(in, &arriving->system.organisation.id);
    take_uuid(in, &arriving->system.id);
    arriving->push = take_flag(in);
    take_uuid(in, &submission->transmission_id);
    take_uuid(in, &arriving->technical);
    take_uuid(in, &submission->message_uuid);
    submission->message_id = take_text(in);
    submission->label = take_text(in);
    submission->message_code = take_text(in);
    submission->message_type = take_text(in);
    submission->post_type = take_text(in);
    submission->mandatory = take_flag(in);
    submission->legal_notification = take_flag(in);
    submission->reply = take_flag(in);
    submission->reply_by = take_text(in);
    submission->notification = take_text(in);
    submission->additional_notification = take_text(in);
    submission->created = take_text(in);
    submission->case_id = take_text(in);
    submission->sender_label = take_text(in);
    submission->recipient_label = take_text(in);
    submission->recipient_number = take_text(in);
    submission->contact_point_id = take_text(in);
    submission->recipient_is_company = take_flag(in);
    submission->received = take_number(in);
    submission->available = take_number(in);
    submission->placed = take_flag(in);
    take_digest(in, &submission->digest);
    submission->size = (uint64_t)take_number(in);
    submission->content_size = (uint64_t)take_number(in);
    submission->version = take_text(in);
    submission->skeleton = unpack_bytes(in, &submission->skeleton_size);
    submission->view = take_text(in);
}

static void take_receipt(struct unpacker *in, struct receipt *receipt)
{
    take_uuid(in, &receipt->id);
    receipt->error_code = take_text(in);
    receipt->error_message = take_text(in);
    receipt->time = take_number(in);
    receipt->status = (enum receipt_status)unpack_u8(in);
}

static void take_document(struct unpacker *in, struct kept_document *document)
{
    document->kind = unpack_u8(in);
    document->label = take_text(in);
    document->document_id = take_text(in);
    take_uuid(in, &document->id);
    document->actions = take_text(in);
    in->bad = in->bad || document->kind > 2;
}

static void take_kept(struct unpacker *in, struct kept_content *content)
{
    size_t size;

    take_digest(in, &content->digest);
    content->size = (uint64_t)take_number(in);
    content->bytes = unpack_bytes(in, &size);
    content->spool_name = take_text(in);
    in->bad = in->bad || (content->bytes ? size != content->size || content->spool_name : !content->spool_name);
}

static void take_content(struct unpacker *in, struct kept_content *content)
{
    take_kept(in, content);
    content->filename = take_text(in);
    content->format = take_text(in);
    content->language = take_text(in);
    content->document = unpack_u32(in);
    content->skeleton_offset = (uint64_t)take_number(in);
    content->layout = unpack_bytes(in, &content->layout_size);
    content->layout_kept = take_flag(in);
    content->layout_index = unpack_u32(in);
    take_uuid(in, &content->id);
}

/* Room for as many rows as are announced, if that many can be there at all. */
static void *take_rows(struct unpacker *in, struct arena *arena, size_t row, unsigned *count)
{
    *count = unpack_u32(in);
    if (in->bad || *count > (size_t)(in->end - in->at) / LEAST_ROW)
        in->bad = true;
    void *rows = in->bad || !*count ? NULL : arena_alloc(arena, row * *count);

    if (!rows)
        in->bad = in->bad || *count;
    if (in->bad)
        *count = 0;
    return rows;
}

static void take_parts(struct unpacker *in, struct arena *arena, struct submission *submission)
{
    submission->documents = take_rows(in, arena, sizeof *submission->documents, &submission->document_count);
    for (unsigned i = 0; i < submission->document_count && !in->bad; i++)
        take_document(in, &submission->documents[i]);
    submission->layouts = take_rows(in, arena, sizeof *submission->layouts, &submission->layout_count);
    for (unsigned i = 0; i < submission->layout_count && !in->bad; i++)
        take_kept(in, &submission->layouts[i]);
    submission->contents = take_rows(in, arena, sizeof *submission->contents, &submission->content_count);
    for (unsigned i = 0; i < submission->content_count && !in->bad; i++)
        take_content(in, &submission->contents[i]);
}

static const char *wrong_number(const struct submission *submission)
{
    const char *number = submission->recipient_number;
    size_t length = submission->recipient_is_company ? 8 : 10;

    return number && strlen(number) == length && text_is_digits(number, length) ? NULL : "recipient";
}

/* What does not fit together; NULL: nothing. */
static const char *wrong(const struct arriving *arriving)
{
    const struct submission *submission = &arriving->submission;
    enum receipt_status status = submission->business.status;

    if (status == RECEIPT_RECEIVED || status >= RECEIPT_STATUS_COUNT)
        return "status";
    if (submission->placed != (status == RECEIPT_COMPLETED))
        return "placed";
    if (submission->placed && wrong_number(submission))
        return "recipient";
    if (!submission->skeleton || !submission->view || !submission->version)
        return "skeleton, view or version";
    for (unsigned i = 0; i < submission->content_count; i++) {
        const struct kept_content *content = &submission->contents[i];

        if (content->document >= submission->document_count)
            return "document";
        if (content->layout_kept && content->layout_index >= submission->layout_count)
            return "layout";
    }
    return NULL;
}

bool submission_unpack(struct unpacker *in, struct arena *arena, struct arriving *arriving, struct error *error)
{
    memset(arriving, 0, sizeof *arriving);
    take_header(in, arriving);
    take_receipt(in, &arriving->submission.business);
    take_parts(in, arena, &arriving->submission);
    if (!unpack_done(in))
        return error_set(error, ERROR_CHANGE_MALFORMED, "accept", "packed fields");
    const char *what = wrong(arriving);

    return !what || error_set(error, ERROR_CHANGE_MALFORMED, "accept", "%s", what);
}
