#include "handlers/sender/sender.h"

#include <string.h>

#include "gateway/base/time.h"
#include "handlers/receipt/receipt.h"
#include "handlers/sender/quarantine.h"
#include "handlers/sender/submission.h"
#include "handlers/service.h"

#define RECEIPT_JSON_MAX ((size_t)64 * 1024)
#define UUID_PARAMETER "memo-message-uuid"

static bool media_type_is_memo(struct request *rq)
{
    const char *type = rq->content_type ? rq->content_type : "";

    if (strcmp(type, "application/xml") == 0 || strcmp(type, "text/xml") == 0)
        return true;
    if (strcmp(type, "application/x-lzma") == 0 || strcmp(type, "multipart/form-data") == 0)
        return error_set(&rq->error, ERROR_BUNDLE_NOT_SERVED, "Content-Type", NULL);
    return error_set(&rq->error, ERROR_MEDIA_TYPE, "Content-Type", NULL);
}

static bool query_uuid(struct request *rq, struct uuid *uuid)
{
    const char *text = request_parameter(rq, UUID_PARAMETER);

    if (!text)
        return error_set(&rq->error, ERROR_PARAMETER_MISSING, UUID_PARAMETER, NULL);
    if (!uuid_parse_v4(text, uuid))
        return error_set(&rq->error, ERROR_PARAMETER_INVALID, UUID_PARAMETER, "not a UUID of version 4");
    rq->log_id = text;
    return true;
}

static bool read_body(void *state, void *bytes, size_t room, size_t *got, struct error *error)
{
    return request_read(state, bytes, room, got, error);
}

/* What is refused whatever the setting: another UUID than the query's, and a sender that is not the caller. */
static bool memo_is_the_callers(struct request *rq, const struct memo *memo, const struct uuid *asked)
{
    const struct system *caller = rq->caller;

    if (!memo->uuid_text || !memo->sender.id)
        return findings_errors(&rq->findings) ? error_set(&rq->error, ERROR_SCHEMA_INVALID, "", NULL)
                                              : error_set(&rq->error, ERROR_INTERNAL, "", "fields not filled");
    if (!uuid_same(&memo->uuid, asked))
        return error_set(&rq->error, ERROR_MESSAGE_UUID_MISMATCH, UUID_PARAMETER, NULL);
    if (memo->sender.id_type == MEMO_ID_CVR && strcmp(memo->sender.id, caller->organisation.cvr) != 0)
        return error_set(&rq->error, ERROR_SENDER_NOT_ALLOWED,
                         "/memo:Message/memo:MessageHeader/memo:Sender/memo:senderID", NULL);
    return true;
}

static void add_right_finding(struct request *rq, enum error_code code, const char *field)
{
    findings_add(&rq->findings, &(struct finding){.code = code, .severity = SEVERITY_ERROR, .field = field});
}

/* The rules that need the registry: what the sending organisation may do (ngdp.md 1.5). */
static void check_rights(struct request *rq, const struct memo *memo)
{
    const struct organisation *owner = &((const struct system *)rq->caller)->organisation;

    if (memo->mandatory && !owner->mandatory_allowed)
        add_right_finding(rq, ERROR_MANDATORY_NOT_ALLOWED, "/memo:Message/memo:MessageHeader/memo:mandatory");
    if (memo->legal_notification && !owner->legal_notification_allowed)
        add_right_finding(rq, ERROR_LEGAL_NOT_ALLOWED, "/memo:Message/memo:MessageHeader/memo:legalNotification");
}

/* Whether a message with faults can be kept, where the setting wants that: its sender is the caller, and each of its
 * contents has a place that it can be put back to. */
static bool can_be_kept(const struct keeping *keeping, const struct memo *memo)
{
    return memo->sender.id_type == MEMO_ID_CVR && keeping_is_placed(keeping, memo);
}

/* Whether the findings end the submission here, at the door. */
static bool door_lets_pass(struct request *rq, const struct keeping *keeping, const struct memo *memo)
{
    if (!findings_errors(&rq->findings)
        || (strcmp(rq->service->config->on_invalid, "receipt") == 0 && can_be_kept(keeping, memo)))
        return true;
    return error_set(&rq->error, ERROR_SCHEMA_INVALID, "", NULL);
}

/* Reads the message, unless that has ended others. */
static bool read_memo(struct request *rq, const struct memo_keeper *keeper, const struct uuid *asked, struct memo *memo)
{
    struct service *service = rq->service;
    const struct system *caller = rq->caller;

    if (!quarantine_allows(service->quarantine, &caller->id, asked))
        return error_set(&rq->error, ERROR_MESSAGE_DEADLY, UUID_PARAMETER, NULL);
    quarantine_enter(service->quarantine, service->worker, &caller->id, asked, service->config->reading_cpu_ms);
    bool ok = memo_read(service->schemas, &service->limits, read_body, rq, keeper, rq->arena, memo, &rq->findings,
                        &rq->error);

    quarantine_leave(service->quarantine, service->worker);
    return ok;
}

static bool read_and_check(struct request *rq, const struct memo_keeper *keeper, const struct uuid *asked,
                           struct memo *memo)
{
    struct service *service = rq->service;

    if (!read_memo(rq, keeper, asked, memo) || !memo_is_the_callers(rq, memo, asked))
        return false;
    memo_rules_check(memo, &service->limits, rq->now, rq->arena, &rq->findings);
    check_rights(rq, memo);
    findings_sort(&rq->findings);
    return true;
}

static bool accept_memo(struct request *rq, struct keeping *keeping, const struct memo *memo,
                        struct acceptance *acceptance)
{
    struct submission submission = {0};

    if (!keeping_finish(keeping, memo, &submission, &rq->error) || !submission_describe(rq, memo, &submission)
        || !submission_judge(rq, memo, &submission))
        return false;
    if (store_accept(rq->service->store, &submission, rq->arena, acceptance, &rq->error))
        return true;
    /* The writer may still take the files: then they are its own. */
    if (rq->error.code == ERROR_STORE_UNSURE)
        keeping_hand_over(keeping);
    return false;
}

/* A repeat of what was accepted gets its first answer, whatever rules and settings say by now: a day has passed, a right
 * was taken away, a kind of file is no longer allowed. */
static bool find_repeat(struct request *rq, const struct memo *memo, bool *found, struct acceptance *acceptance)
{
    *found = false;
    if (!findings_errors(&rq->findings)
        || store_repeat(rq->service->store, rq->caller, &memo->uuid, &memo->digest, rq->arena, found, acceptance,
                        &rq->error))
        return true;
    rq->findings.count = rq->findings.total = 0; /* they are not what the answer is about */
    return false;
}

static bool decide(struct request *rq, struct keeping *keeping, const struct memo *memo, struct acceptance *acceptance)
{
    bool repeat;

    return find_repeat(rq, memo, &repeat, acceptance)
           && (repeat || (door_lets_pass(rq, keeping, memo) && accept_memo(rq, keeping, memo, acceptance)));
}

static bool answer_receipt(struct request *rq, const struct acceptance *acceptance)
{
    struct buffer json = {.limit = RECEIPT_JSON_MAX};
    bool ok =
        buffer_add_text(&json, "{") && receipt_members(&acceptance->technical, &json) && buffer_add_text(&json, "}");

    metrics_add(rq->service->metrics, acceptance->repeated ? METRIC_REPEATED : METRIC_ACCEPTED, 0, 1);
    ok = ok ? respond_json(rq, 201, &json) : error_set(&rq->error, ERROR_OUT_OF_MEMORY, "", NULL);
    buffer_free(&json);
    return ok;
}

bool submit_memo(struct request *rq)
{
    struct acceptance acceptance = {0};
    struct memo_keeper keeper;
    struct keeping keeping;
    struct memo memo = {0};
    struct uuid asked;
    bool ok;

    if (!media_type_is_memo(rq) || !query_uuid(rq, &asked))
        return false;
    keeping_begin(&keeping, rq, &keeper);
    ok = read_and_check(rq, &keeper, &asked, &memo) && decide(rq, &keeping, &memo, &acceptance);
    keeping_end(&keeping);
    return ok && answer_receipt(rq, &acceptance);
}

bool receipt_without_status(const struct request *rq, struct buffer *json)
{
    const struct error_kind *kind = error_kind(rq->error.code);
    const char *asked = request_parameter(rq, UUID_PARAMETER);
    char time[TIME_TEXT_SIZE], text[UUID_TEXT_SIZE];
    struct uuid uuid;
    bool known = asked && uuid_parse(asked, &uuid);

    if (known)
        uuid_format(&uuid, text);
    time_format(rq->now, time);
    return buffer_add_text(json, ",\"transmissionId\":null,\"messageUUID\":")
           && buffer_add_json(json, known ? text : NULL) && buffer_add_text(json, ",\"messageId\":null,\"errorCode\":")
           && buffer_add_json(json, kind->code) && buffer_add_text(json, ",\"errorMessage\":")
           && buffer_add_json(json, kind->en) && buffer_format(json, ",\"timeStamp\":\"%s\"", time);
}
