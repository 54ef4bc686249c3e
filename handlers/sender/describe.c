#include "handlers/sender/submission.h"

#include <string.h>

#include "gateway/base/buffer.h"
#include "gateway/base/time.h"
#include "handlers/service.h"

#define ACTIONS_MAX ((size_t)1024 * 1024)
#define SURELY_FITS ((size_t)128 * 1024) /* bytes of a skeleton: what is made of it for portals reaches no limit */

/* What portals read did not fit. A large document is at fault itself, and may not come again; a small one met a machine
 * without memory. */
static bool does_not_fit(struct request *rq, const struct memo *memo)
{
    if (memo->skeleton_size <= SURELY_FITS)
        return error_set(&rq->error, ERROR_OUT_OF_MEMORY, "", NULL);
    return error_set(&rq->error, ERROR_XML_SKELETON_SIZE, "", "What portals read of it does not fit into memory.");
}

static bool describe_actions(const struct memo_document *document, struct arena *arena, const char **actions)
{
    struct buffer json = {.limit = ACTIONS_MAX};
    bool ok = true;

    *actions = NULL;
    if (document->actions) {
        ok = memo_actions(document, &json) && (*actions = arena_copy(arena, json.data, json.size)) != NULL;
        buffer_free(&json);
    }
    return ok;
}

static bool describe_documents(struct request *rq, const struct memo *memo, struct submission *submission)
{
    struct service *service = rq->service;
    unsigned count = 0;

    for (const struct memo_document *d = memo->documents; d; d = d->next)
        count++;
    submission->documents = arena_alloc(rq->arena, (count + 1) * sizeof *submission->documents);
    if (!submission->documents)
        return error_set(&rq->error, ERROR_OUT_OF_MEMORY, "", NULL);
    for (const struct memo_document *d = memo->documents; d; d = d->next) {
        struct kept_document *kept = &submission->documents[submission->document_count++];

        *kept = (struct kept_document){.kind = d->kind, .label = d->label, .document_id = d->id};
        if (!uuid_draw(&service->uuids, &kept->id))
            return error_set(&rq->error, ERROR_INTERNAL, "", "no randomness");
        if (!describe_actions(d, rq->arena, &kept->actions))
            return does_not_fit(rq, memo);
    }
    return true;
}

/* The moment from which the addressee may read it: at once, or 00:00 in Denmark of its day. */
static int64_t available_from(const struct memo *memo, int64_t now)
{
    int64_t midnight;

    if (!memo->not_before_day || !time_danish_midnight(memo->not_before_day, &midnight) || midnight < now)
        return now;
    return midnight;
}

static void describe_header(struct request *rq, const struct memo *memo, struct submission *s)
{
    static const char *const versions[MEMO_VERSION_COUNT] = {"1.1", "1.2"};

    s->system = rq->caller;
    s->message_uuid = memo->uuid;
    s->message_id = memo->message_id;
    s->label = memo->label;
    s->message_code = memo->message_code;
    s->message_type = memo->type == MEMO_NEMSMS ? "NEMSMS" : "DIGITALPOST";
    s->post_type = memo->post_type;
    s->mandatory = memo->mandatory;
    s->legal_notification = memo->legal_notification;
    s->reply = memo->reply;
    s->reply_by = memo->reply_by;
    s->notification = memo->notification;
    s->additional_notification = memo->additional_notification;
    s->created = memo->created;
    s->case_id = memo->case_id;
    s->sender_label = memo->sender.label;
    s->recipient_label = memo->recipient.label;
    s->recipient_number = memo->recipient.id;
    s->recipient_is_company = memo->recipient.id_type == MEMO_ID_CVR;
    s->contact_point_id = memo->recipient.contact_point_id;
    s->received = rq->now;
    s->available = available_from(memo, rq->now);
    s->digest = memo->digest;
    s->size = memo->size;
    s->content_size = memo->content_size;
    s->version = versions[memo->version];
    s->skeleton = memo->skeleton;
    s->skeleton_size = memo->skeleton_size;
}

bool submission_describe(struct request *rq, const struct memo *memo, struct submission *submission)
{
    struct service *service = rq->service;

    describe_header(rq, memo, submission);
    if (!uuid_draw(&service->uuids, &submission->transmission_id)
        || !uuid_draw(&service->uuids, &submission->business.id))
        return error_set(&rq->error, ERROR_INTERNAL, "", "no randomness");
    for (unsigned i = 0; i < submission->content_count; i++)
        if (!uuid_draw(&service->uuids, &submission->contents[i].id))
            return error_set(&rq->error, ERROR_INTERNAL, "", "no randomness");
    uuid_order(&submission->business.id, rq->now);
    submission->business.transmission_id = submission->transmission_id;
    submission->business.message_uuid = submission->message_uuid;
    submission->business.message_id = submission->message_id;
    submission->business.time = rq->now;
    if (!describe_documents(rq, memo, submission))
        return false;
    return memo_view(memo, submission, rq->arena, &submission->view) || does_not_fit(rq, memo);
}
