/* A submission is written, from the message's row to the last event. */
#include "gateway/store/accept_impl.h"

#include <stdio.h>
#include <string.h>

#include "gateway/base/buffer.h"

enum message_state { MESSAGE_PLACED = 1, MESSAGE_HELD = 2, MESSAGE_NEVER = 3 };

/* What is stored under a messageUUID that was used before. */
struct earlier {
    bool found;
    struct uuid organisation, transmission_id, technical_id;
    struct digest digest;
    int64_t received;
    const char *message_id;
};

static bool find_earlier(struct change *change, const struct uuid *message_uuid, struct earlier *earlier,
                         struct error *error)
{
    struct query query;

    *earlier = (struct earlier){0};
    if (!query_begin(change->backend, STMT_MESSAGE_FIND, &query, error))
        return false;
    query_set_uuid(&query, ":message_uuid", message_uuid);
    earlier->found = query_step(&query);
    if (earlier->found) {
        query_uuid(&query, 0, &earlier->organisation);
        query_digest(&query, 1, &earlier->digest);
        query_uuid(&query, 2, &earlier->transmission_id);
        query_uuid(&query, 3, &earlier->technical_id);
        earlier->received = query_number(&query, 4);
        earlier->message_id = query_copy(&query, 5, change->arena);
    }
    return query_end(&query);
}

static void pack_acceptance(struct packer *out, bool repeated, const struct uuid *technical,
                            const struct uuid *transmission_id, int64_t received, const char *message_id)
{
    pack_u8(out, repeated);
    pack_fixed(out, technical->bytes, sizeof technical->bytes);
    pack_fixed(out, transmission_id->bytes, sizeof transmission_id->bytes);
    pack_u64(out, (uint64_t)received);
    pack_text(out, message_id);
}

static bool add_event(struct change *change, const struct submission *submission, const char *tag, const char *detail,
                      struct error *error)
{
    struct event event = {
        .tag = tag,
        .message = &submission->message_uuid,
        .organisation = &submission->system->organisation.id,
        .system = &submission->system->id,
        .detail = detail,
    };

    return event_append(change, &event, error);
}

/* Spooled contents of a letter that is here already are not needed. */
static void drop_spooled(struct change *change, const struct submission *submission)
{
    for (unsigned i = 0; i < submission->content_count; i++)
        if (submission->contents[i].spool_name)
            keeper_drop(change->keeper, submission->contents[i].spool_name);
    for (unsigned i = 0; i < submission->layout_count; i++)
        if (submission->layouts[i].spool_name)
            keeper_drop(change->keeper, submission->layouts[i].spool_name);
}

/* The same bytes of the same organisation get the first answer (R6). The same transmission is this very change, sent
 * again because the writer died: for its sender it is the first. */
static bool answer_earlier(struct change *change, const struct submission *submission, const struct earlier *earlier,
                           struct packer *out, struct error *error)
{
    bool again = uuid_same(&earlier->transmission_id, &submission->transmission_id);

    if (!uuid_same(&earlier->organisation, &submission->system->organisation.id)
        || !digest_same(&earlier->digest, &submission->digest))
        return error_set(error, ERROR_MESSAGE_UUID_TAKEN, NULL, "other bytes or another organisation");
    if (!again && !add_event(change, submission, EVENT_RECEIVED, EVENT_REPEATED, error))
        return false;
    drop_spooled(change, submission);
    pack_acceptance(out, !again, &earlier->technical_id, &earlier->transmission_id, earlier->received,
                    earlier->message_id);
    return true;
}

/* The row that counts the receipts of the submitting system. */
static bool find_sender(struct change *change, struct arriving *arriving, struct error *error)
{
    struct query query;

    if (!query_begin(change->backend, STMT_SENDER_FIND, &query, error))
        return false;
    query_set_uuid(&query, ":system", &arriving->system.id);
    if (query_step(&query))
        arriving->sender = query_number(&query, 0);
    if (!query_end(&query))
        return false;
    if (arriving->sender)
        return true;
    if (!query_begin(change->backend, STMT_SENDER_ADD, &query, error))
        return false;
    query_set_uuid(&query, ":system", &arriving->system.id);
    if (!query_run(&query, NULL))
        return false;
    arriving->sender = query_last_id(change->backend);
    return true;
}

static void set_place(struct query *query, const struct arriving *arriving)
{
    const struct submission *submission = &arriving->submission;
    enum message_state state = !submission->placed ? MESSAGE_NEVER : arriving->held ? MESSAGE_HELD : MESSAGE_PLACED;

    query_set_number(query, ":state", state);
    query_set_number(query, ":available", submission->available);
    if (!submission->placed)
        return;
    query_set_number(query, ":mailbox", arriving->mailbox);
    query_set_number(query, ":folder", arriving->folder);
}

static void set_header(struct query *query, const struct submission *submission)
{
    query_set_text(query, ":memo_version", submission->version);
    query_set_text(query, ":message_id", submission->message_id);
    query_set_text(query, ":label", submission->label);
    query_set_text(query, ":message_code", submission->message_code);
    query_set_text(query, ":message_type", submission->message_type);
    query_set_text(query, ":post_type", submission->post_type);
    query_set_number(query, ":mandatory", submission->mandatory);
    query_set_number(query, ":legal_notification", submission->legal_notification);
    query_set_number(query, ":reply", submission->reply);
    query_set_text(query, ":reply_by", submission->reply_by);
    query_set_text(query, ":notification", submission->notification);
    query_set_text(query, ":additional_notification", submission->additional_notification);
    query_set_text(query, ":created", submission->created);
    query_set_text(query, ":case_id", submission->case_id);
    query_set_text(query, ":sender_label", submission->sender_label);
    query_set_text(query, ":recipient_label", submission->recipient_label);
    query_set_text(query, ":contact_point_id", submission->contact_point_id);
    query_set_text(query, ":view", submission->view);
}

static bool add_message(struct change *change, struct arriving *arriving, struct error *error)
{
    const struct submission *submission = &arriving->submission;
    struct query query;

    if (!query_begin(change->backend, STMT_MESSAGE_ADD, &query, error))
        return false;
    query_set_uuid(&query, ":message_uuid", &submission->message_uuid);
    query_set_uuid(&query, ":organisation", &submission->system->organisation.id);
    query_set_number(&query, ":sender", arriving->sender);
    query_set_uuid(&query, ":transmission_id", &submission->transmission_id);
    query_set_uuid(&query, ":technical_id", &arriving->technical);
    query_set_number(&query, ":received", submission->received);
    query_set_digest(&query, ":digest", &submission->digest);
    query_set_number(&query, ":size", (int64_t)submission->size);
    query_set_number(&query, ":content_size", (int64_t)submission->content_size);
    set_place(&query, arriving);
    set_header(&query, submission);
    if (!query_run(&query, NULL))
        return false;
    arriving->message = query_last_id(change->backend);
    change->book->totals[TOTAL_MESSAGES]++;
    change->book->totals[TOTAL_HELD] += arriving->held;
    return true;
}

static bool add_skeleton(struct change *change, const struct arriving *arriving, struct error *error)
{
    struct query query;

    if (!query_begin(change->backend, STMT_MESSAGE_SKELETON_ADD, &query, error))
        return false;
    query_set_number(&query, ":message", arriving->message);
    query_set_bytes(&query, ":bytes", arriving->submission.skeleton, arriving->submission.skeleton_size);
    return query_run(&query, NULL);
}

static bool add_documents(struct change *change, const struct arriving *arriving, struct error *error)
{
    for (unsigned i = 0; i < arriving->submission.document_count; i++) {
        const struct kept_document *document = &arriving->submission.documents[i];
        struct query query;

        if (!query_begin(change->backend, STMT_DOCUMENT_ADD, &query, error))
            return false;
        query_set_number(&query, ":message", arriving->message);
        query_set_number(&query, ":number", i);
        query_set_uuid(&query, ":id", &document->id);
        query_set_number(&query, ":kind", document->kind);
        query_set_text(&query, ":label", document->label);
        query_set_text(&query, ":document_id", document->document_id);
        query_set_text(&query, ":actions", document->actions);
        if (!query_run(&query, NULL))
            return false;
    }
    return true;
}

static bool add_file(struct change *change, const struct arriving *arriving, unsigned number, struct error *error)
{
    const struct kept_content *content = &arriving->submission.contents[number];
    struct query query;

    if (!query_begin(change->backend, STMT_FILE_ADD, &query, error))
        return false;
    query_set_number(&query, ":message", arriving->message);
    query_set_number(&query, ":number", number);
    query_set_uuid(&query, ":id", &content->id);
    query_set_number(&query, ":document", content->document);
    query_set_digest(&query, ":digest", &content->digest);
    query_set_text(&query, ":filename", content->filename);
    query_set_text(&query, ":format", content->format);
    query_set_text(&query, ":language", content->language);
    query_set_number(&query, ":skeleton_offset", (int64_t)content->skeleton_offset);
    if (content->layout_kept)
        query_set_digest(&query, ":layout_digest", &arriving->submission.layouts[content->layout_index].digest);
    else if (content->layout)
        query_set_bytes(&query, ":layout", content->layout, content->layout_size);
    return query_run(&query, NULL);
}

static bool add_contents(struct change *change, const struct arriving *arriving, struct error *error)
{
    const struct submission *submission = &arriving->submission;

    for (unsigned i = 0; i < submission->layout_count; i++)
        if (!content_keep(change, &submission->layouts[i], error))
            return false;
    for (unsigned i = 0; i < submission->content_count; i++)
        if (!content_keep(change, &submission->contents[i], error) || !add_file(change, arriving, i, error))
            return false;
    return true;
}

/* The business receipt waits for the system, in its list and, where it wants that, as a job. */
static bool add_receipt(struct change *change, const struct arriving *arriving, struct error *error)
{
    const struct receipt *receipt = &arriving->submission.business;
    struct query query;

    if (!query_begin(change->backend, STMT_RECEIPT_ADD, &query, error))
        return false;
    query_set_uuid(&query, ":id", &receipt->id);
    query_set_number(&query, ":sender", arriving->sender);
    query_set_number(&query, ":message", arriving->message);
    query_set_number(&query, ":status", receipt->status);
    query_set_number(&query, ":time", receipt->time);
    query_set_text(&query, ":error_code", receipt->error_code);
    query_set_text(&query, ":error_message", receipt->error_message);
    if (!query_run(&query, NULL) || !query_begin(change->backend, STMT_SENDER_COUNT, &query, error))
        return false;
    query_set_number(&query, ":seq", arriving->sender);
    query_set_number(&query, ":change", 1);
    if (!query_run(&query, NULL))
        return false;
    change->book->totals[TOTAL_RECEIPTS]++;
    return !arriving->push || job_add(change, "RECEIPT_PUSH", &arriving->system.id, &receipt->id, error);
}

/* Received; validated or not; available, if it is so at once. */
static bool add_events(struct change *change, const struct arriving *arriving, struct error *error)
{
    const struct submission *submission = &arriving->submission;
    struct buffer detail = {.limit = 1000};
    char proof[PROOF_SIZE];
    bool ok =
        accept_proof(change, arriving, proof, error) && add_event(change, submission, EVENT_RECEIVED, proof, error);

    if (ok && submission->business.status != RECEIPT_COMPLETED) {
        ok = (buffer_add_text(&detail, "{\"errorCode\":") && buffer_add_json(&detail, submission->business.error_code)
              && buffer_add_text(&detail, "}"))
             || error_set(error, ERROR_CHANGE_MALFORMED, "accept", "error code");
        ok = ok && add_event(change, submission, "MEMO_SEND_VALIDATION_FAILED", detail.data, error);
        buffer_free(&detail);
        return ok;
    }
    return ok && add_event(change, submission, "MEMO_SEND_VALIDATED", NULL, error)
           && (arriving->held || add_event(change, submission, "MEMO_AVAILABLE_TO_RECIPIENT", NULL, error));
}

bool accept_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    struct arriving arriving;
    const struct submission *submission = &arriving.submission;
    struct earlier earlier;

    if (!submission_unpack(in, change->arena, &arriving, error)
        || !find_earlier(change, &submission->message_uuid, &earlier, error))
        return false;
    if (earlier.found)
        return answer_earlier(change, submission, &earlier, out, error);
    if (!accept_place(change, &arriving, error) || !find_sender(change, &arriving, error)
        || !add_message(change, &arriving, error) || !add_skeleton(change, &arriving, error)
        || !add_documents(change, &arriving, error) || !add_contents(change, &arriving, error)
        || !add_receipt(change, &arriving, error) || !add_events(change, &arriving, error))
        return false;
    pack_acceptance(out, false, &arriving.technical, &submission->transmission_id, submission->received,
                    submission->message_id);
    return true;
}

/* Finds the first answer, and says nothing of what others sent. */
bool repeat_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    struct system system = {0};
    struct submission submission = {.system = &system};
    struct earlier earlier;

    unpack_fixed(in, system.organisation.id.bytes, sizeof system.organisation.id.bytes);
    unpack_fixed(in, system.id.bytes, sizeof system.id.bytes);
    unpack_fixed(in, submission.message_uuid.bytes, sizeof submission.message_uuid.bytes);
    unpack_fixed(in, submission.digest.bytes, DIGEST_SIZE);
    if (!unpack_done(in))
        return error_set(error, ERROR_CHANGE_MALFORMED, "repeat", NULL);
    if (!find_earlier(change, &submission.message_uuid, &earlier, error))
        return false;
    if (!earlier.found || !uuid_same(&earlier.organisation, &system.organisation.id)
        || !digest_same(&earlier.digest, &submission.digest)) {
        pack_u8(out, false);
        return true;
    }
    pack_u8(out, true);
    return answer_earlier(change, &submission, &earlier, out, error);
}
