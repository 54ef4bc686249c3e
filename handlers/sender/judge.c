#include "handlers/sender/submission.h"

#include "handlers/service.h"

static void decide(struct submission *submission, enum receipt_status status, enum error_code code)
{
    submission->placed = status == RECEIPT_COMPLETED;
    submission->business.status = status;
    submission->business.error_code = code == ERROR_NONE ? NULL : error_kind(code)->code;
    submission->business.error_message = code == ERROR_NONE ? NULL : error_kind(code)->en;
}

/* What stands in the way of this recipient; ERROR_NONE: nothing. */
static enum error_code recipient_obstacle(const struct contact *contact, bool found,
                                          const struct submission *submission)
{
    if (!found)
        return ERROR_RECIPIENT_NOT_FOUND;
    if (contact->status == CONTACT_CLOSED)
        return ERROR_RECIPIENT_CLOSED;
    if (contact->status == CONTACT_EXEMPT
        && !(submission->mandatory && submission->system->organisation.mandatory_allowed))
        return ERROR_RECIPIENT_EXEMPT;
    return ERROR_NONE;
}

/* The first rule that a message kept in spite of its faults breaks (setting on_invalid = receipt). */
static void judge_findings(const struct findings *findings, struct submission *submission)
{
    enum error_code code = ERROR_SCHEMA_INVALID;

    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].severity == SEVERITY_ERROR) {
            code = findings->items[i].code;
            break;
        }
    bool right = code == ERROR_MANDATORY_NOT_ALLOWED || code == ERROR_LEGAL_NOT_ALLOWED;

    decide(submission, right ? RECEIPT_NOT_ALLOWED : RECEIPT_INVALID, code);
}

/* A company can exchange with authorities only (ngdp.md 1.5), and is told nothing of others. */
static bool may_reach(struct request *rq, const struct memo *memo, bool *reached)
{
    const struct system *caller = rq->caller;

    *reached = caller->organisation.type != ORGANISATION_COMPANY;
    if (*reached || memo->recipient.id_type != MEMO_ID_CVR)
        return true;
    return registry_authority(rq->service->store, memo->recipient.id, reached, &rq->error);
}

bool submission_judge(struct request *rq, const struct memo *memo, struct submission *submission)
{
    struct contact contact;
    enum error_code obstacle;
    bool found, reached;

    if (findings_errors(&rq->findings)) {
        judge_findings(&rq->findings, submission);
        return true;
    }
    if (memo->type == MEMO_NEMSMS) {
        decide(submission, RECEIPT_NOT_ALLOWED, ERROR_NEMSMS_NOT_SERVED);
        return true;
    }
    if (!may_reach(rq, memo, &reached))
        return false;
    if (!reached) {
        decide(submission, RECEIPT_NOT_ALLOWED, ERROR_RECIPIENT_NOT_AUTHORITY);
        return true;
    }
    if (!registry_contact(rq->service->store, memo->recipient.id, rq->arena, &found, &contact, &rq->error))
        return false;
    obstacle = recipient_obstacle(&contact, found, submission);
    decide(submission, obstacle == ERROR_NONE ? RECEIPT_COMPLETED : RECEIPT_NOT_ALLOWED, obstacle);
    return true;
}
