/* What the event of an acceptance proves of the letter: written here, held against the rows in verify_accepted.c. */
#include "gateway/store/accept_impl.h"

#include <stdio.h>

bool proof_format(struct digest_stream *digests, const struct digest *memo, const struct packer *kept,
                  char out[PROOF_SIZE])
{
    char memo_hex[DIGEST_HEX_SIZE], kept_hex[DIGEST_HEX_SIZE];
    struct digest digest;

    if (kept->full || !digest_start(digests) || !digest_add(digests, kept->buffer->data, kept->buffer->size)
        || !digest_finish(digests, &digest))
        return false;
    digest_format(memo, memo_hex);
    digest_format(&digest, kept_hex);
    snprintf(out, PROOF_SIZE, "{\"memo\":\"%s\",\"kept\":\"%s\"}", memo_hex, kept_hex);
    return true;
}

static void pack_uuid(struct packer *packer, const struct uuid *uuid)
{
    pack_bytes(packer, uuid->bytes, sizeof uuid->bytes);
}

static void pack_message(struct packer *packer, const struct arriving *arriving)
{
    const struct submission *submission = &arriving->submission;

    pack_u8(packer, PROOF_MESSAGE);
    pack_uuid(packer, &submission->message_uuid);
    pack_uuid(packer, &submission->system->organisation.id);
    pack_uuid(packer, &submission->transmission_id);
    pack_uuid(packer, &arriving->technical);
    pack_bytes(packer, submission->digest.bytes, DIGEST_SIZE);
    pack_u64(packer, (uint64_t)submission->received);
    pack_u64(packer, (uint64_t)submission->available);
    pack_u64(packer, submission->size);
    pack_u64(packer, submission->content_size);
    pack_u64(packer, submission->mandatory);
    pack_u64(packer, submission->legal_notification);
    pack_u64(packer, submission->reply);
    pack_text(packer, submission->version);
    pack_text(packer, submission->message_id);
    pack_text(packer, submission->label);
    pack_text(packer, submission->message_code);
    pack_text(packer, submission->message_type);
    pack_text(packer, submission->post_type);
    pack_text(packer, submission->reply_by);
    pack_text(packer, submission->notification);
    pack_text(packer, submission->additional_notification);
    pack_text(packer, submission->created);
    pack_text(packer, submission->case_id);
    pack_text(packer, submission->sender_label);
    pack_text(packer, submission->recipient_label);
    pack_text(packer, submission->contact_point_id);
    pack_text(packer, submission->view);
    pack_text(packer, submission->placed ? submission->recipient_number : NULL);
}

static void pack_document(struct packer *packer, const struct kept_document *document, unsigned number)
{
    pack_u8(packer, PROOF_DOCUMENT);
    pack_u64(packer, number);
    pack_uuid(packer, &document->id);
    pack_u64(packer, document->kind);
    pack_text(packer, document->label);
    pack_text(packer, document->document_id);
    pack_text(packer, document->actions);
}

static void pack_file(struct packer *packer, const struct kept_content *content, unsigned number)
{
    pack_u8(packer, PROOF_FILE);
    pack_u64(packer, number);
    pack_uuid(packer, &content->id);
    pack_u64(packer, content->document);
    pack_bytes(packer, content->digest.bytes, DIGEST_SIZE);
    pack_text(packer, content->filename);
    pack_text(packer, content->format);
    pack_text(packer, content->language);
}

bool accept_proof(struct change *change, const struct arriving *arriving, char out[PROOF_SIZE], struct error *error)
{
    const struct submission *submission = &arriving->submission;
    struct buffer bytes = {.limit = PROOF_KEPT_MAX};
    struct packer packer = {.buffer = &bytes};

    pack_message(&packer, arriving);
    for (unsigned i = 0; i < submission->document_count; i++)
        pack_document(&packer, &submission->documents[i], i);
    for (unsigned i = 0; i < submission->content_count; i++)
        pack_file(&packer, &submission->contents[i], i);
    bool ok = proof_format(change->digests, &submission->digest, &packer, out);

    buffer_free(&bytes);
    return ok || error_set(error, ERROR_INTERNAL, NULL, "digest of what is kept");
}
