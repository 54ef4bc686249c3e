/* store_accept() and store_repeat(): a worker's side. What is packed here is unpacked by submission_unpack() in accept_unpack.c. */
#include "gateway/store/store_impl.h"

static const char *const status_names[RECEIPT_STATUS_COUNT] = {
    [RECEIPT_RECEIVED] = "RECEIVED",
    [RECEIPT_COMPLETED] = "COMPLETED",
    [RECEIPT_INVALID] = "INVALID",
    [RECEIPT_NOT_ALLOWED] = "NOT_ALLOWED",
};

const char *receipt_status_name(enum receipt_status status)
{
    return status < RECEIPT_STATUS_COUNT ? status_names[status] : "";
}

static void pack_uuid(struct packer *packer, const struct uuid *uuid)
{
    pack_fixed(packer, uuid->bytes, sizeof uuid->bytes);
}

static void pack_digest(struct packer *packer, const struct digest *digest)
{
    pack_fixed(packer, digest->bytes, DIGEST_SIZE);
}

static void pack_header(struct packer *packer, const struct submission *submission, const struct uuid *technical)
{
    pack_uuid(packer, &submission->system->organisation.id);
    pack_uuid(packer, &submission->system->id);
    pack_u8(packer, submission->system->receipt_endpoint != NULL);
    pack_uuid(packer, &submission->transmission_id);
    pack_uuid(packer, technical);
    pack_uuid(packer, &submission->message_uuid);
    pack_text(packer, submission->message_id);
    pack_text(packer, submission->label);
    pack_text(packer, submission->message_code);
    pack_text(packer, submission->message_type);
    pack_text(packer, submission->post_type);
    pack_u8(packer, submission->mandatory);
    pack_u8(packer, submission->legal_notification);
    pack_u8(packer, submission->reply);
    pack_text(packer, submission->reply_by);
    pack_text(packer, submission->notification);
    pack_text(packer, submission->additional_notification);
    pack_text(packer, submission->created);
    pack_text(packer, submission->case_id);
    pack_text(packer, submission->sender_label);
    pack_text(packer, submission->recipient_label);
    pack_text(packer, submission->recipient_number);
    pack_text(packer, submission->contact_point_id);
    pack_u8(packer, submission->recipient_is_company);
    pack_u64(packer, (uint64_t)submission->received);
    pack_u64(packer, (uint64_t)submission->available);
    pack_u8(packer, submission->placed);
    pack_digest(packer, &submission->digest);
    pack_u64(packer, submission->size);
    pack_u64(packer, submission->content_size);
    pack_text(packer, submission->version);
    skeleton_pack(packer, submission->skeleton, submission->skeleton_size);
    pack_text(packer, submission->view);
}

static void pack_receipt(struct packer *packer, const struct receipt *receipt)
{
    pack_uuid(packer, &receipt->id);
    pack_text(packer, receipt->error_code);
    pack_text(packer, receipt->error_message);
    pack_u64(packer, (uint64_t)receipt->time);
    pack_u8(packer, (uint8_t)receipt->status);
}

static void pack_document(struct packer *packer, const struct kept_document *document)
{
    pack_u8(packer, (uint8_t)document->kind);
    pack_text(packer, document->label);
    pack_text(packer, document->document_id);
    pack_uuid(packer, &document->id);
    pack_text(packer, document->actions);
}

/* What a content and a long layout have alike. */
static void pack_kept(struct packer *packer, const struct kept_content *content)
{
    pack_digest(packer, &content->digest);
    pack_u64(packer, content->size);
    pack_bytes(packer, content->bytes, (size_t)content->size);
    pack_text(packer, content->bytes ? NULL : content->spool_name);
}

static void pack_content(struct packer *packer, const struct kept_content *content)
{
    pack_kept(packer, content);
    pack_text(packer, content->filename);
    pack_text(packer, content->format);
    pack_text(packer, content->language);
    pack_u32(packer, content->document);
    pack_u64(packer, content->skeleton_offset);
    pack_bytes(packer, content->layout_kept ? NULL : content->layout, content->layout_size);
    pack_u8(packer, content->layout_kept);
    pack_u32(packer, content->layout_index);
    pack_uuid(packer, &content->id);
}

static void pack_submission(struct packer *packer, const struct submission *submission, const struct uuid *technical)
{
    pack_header(packer, submission, technical);
    pack_receipt(packer, &submission->business);
    pack_u32(packer, submission->document_count);
    for (unsigned i = 0; i < submission->document_count; i++)
        pack_document(packer, &submission->documents[i]);
    pack_u32(packer, submission->layout_count);
    for (unsigned i = 0; i < submission->layout_count; i++)
        pack_kept(packer, &submission->layouts[i]);
    pack_u32(packer, submission->content_count);
    for (unsigned i = 0; i < submission->content_count; i++)
        pack_content(packer, &submission->contents[i]);
}

static bool unpack_acceptance(struct unpacker *in, const struct uuid *message_uuid, struct arena *arena,
                              struct acceptance *acceptance, struct error *error)
{
    struct receipt *technical = &acceptance->technical;
    uint8_t repeated = unpack_u8(in);

    *acceptance = (struct acceptance){.repeated = repeated};
    technical->status = RECEIPT_RECEIVED;
    technical->message_uuid = *message_uuid;
    unpack_fixed(in, technical->id.bytes, sizeof technical->id.bytes);
    unpack_fixed(in, technical->transmission_id.bytes, sizeof technical->transmission_id.bytes);
    technical->time = (int64_t)unpack_u64(in);
    const char *message_id = unpack_text(in);

    if (!unpack_done(in))
        return error_set(error, ERROR_STORE_UNSURE, NULL, "the writer's answer is malformed");
    technical->message_id = message_id ? arena_text(arena, message_id) : NULL;
    /* it is on disk; without memory for the answer the sender repeats and gets the same */
    return !message_id || technical->message_id || error_set(error, ERROR_STORE_UNSURE, NULL, "no memory");
}

bool store_accept(struct store *store, struct submission *submission, struct arena *arena,
                  struct acceptance *acceptance, struct error *error)
{
    struct packer *packer = change_begin(store, VERB_ACCEPT, &submission->system->organisation.id);
    struct unpacker answer;
    struct uuid technical;

    if (!uuid_random(&technical))
        return error_set(error, ERROR_INTERNAL, NULL, "no randomness");
    pack_submission(packer, submission, &technical);
    return change_ask(store, &answer, error)
           && unpack_acceptance(&answer, &submission->message_uuid, arena, acceptance, error);
}

bool store_repeat(struct store *store, const struct system *system, const struct uuid *message_uuid,
                  const struct digest *digest, struct arena *arena, bool *found, struct acceptance *acceptance,
                  struct error *error)
{
    struct packer *packer = change_begin(store, VERB_REPEAT, &system->organisation.id);
    struct unpacker answer;

    pack_uuid(packer, &system->organisation.id);
    pack_uuid(packer, &system->id);
    pack_uuid(packer, message_uuid);
    pack_digest(packer, digest);
    if (!change_ask(store, &answer, error))
        return false;
    *found = unpack_u8(&answer);
    return !*found || unpack_acceptance(&answer, message_uuid, arena, acceptance, error);
}
