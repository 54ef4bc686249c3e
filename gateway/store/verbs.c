#include "gateway/store/store_impl.h"

#define REGISTRY DATABASE_REGISTRY
#define MAIL DATABASE_MAIL

#define SENDER ROLE_SET(ROLE_SENDER)
#define RECEIPT ROLE_SET(ROLE_RECEIPT)
#define READER ROLE_SET(ROLE_READER)
#define CLI ROLE_SET(ROLE_CLI)
#define DISPATCHER ROLE_SET(ROLE_DISPATCHER)

/* Machines submit by the thousand, so their letters are the bulk; what somebody waits for goes before them. Nobody waits
 * for a push: it has one turn among the senders. */
/* clang-format off */
const struct verb_row verbs[VERB_COUNT] = {
    [VERB_ACCEPT]           = {"accept",           MAIL,     LANE_BULK,        SENDER,  true,  accept_apply},
    [VERB_REPEAT]           = {"repeat",           MAIL,     LANE_BULK,        SENDER,  true,  repeat_apply},
    [VERB_RECEIPT_DELETE]   = {"receipt_delete",   MAIL,     LANE_INTERACTIVE, RECEIPT, false, receipt_delete_apply},
    [VERB_MESSAGE_PATCH]    = {"message_patch",    MAIL,     LANE_INTERACTIVE, READER,  false, message_patch_apply},
    [VERB_MESSAGE_OPENED]   = {"message_opened",   MAIL,     LANE_INTERACTIVE, READER,  false, message_opened_apply},
    [VERB_MAILBOX_OPEN]     = {"mailbox_open",     MAIL,     LANE_INTERACTIVE, READER,  true,  mailbox_open_apply},
    [VERB_JOBS_LEASE]       = {"jobs_lease",       MAIL,     LANE_BULK,        DISPATCHER, true,  jobs_lease_apply},
    [VERB_JOB_DONE]         = {"job_done",         MAIL,     LANE_BULK,        DISPATCHER, false, job_done_apply},
    [VERB_JOB_FAILED]       = {"job_failed",       MAIL,     LANE_BULK,        DISPATCHER, false, job_failed_apply},
    [VERB_JOB_RETRY]        = {"job_retry",        MAIL,     LANE_INTERACTIVE, CLI,     false, job_retry_apply},
    [VERB_ORGANISATION_ADD] = {"organisation_add", REGISTRY, LANE_INTERACTIVE, CLI,     false, organisation_add_apply},
    [VERB_SYSTEM_ADD]       = {"system_add",       REGISTRY, LANE_INTERACTIVE, CLI,     false, system_add_apply},
    [VERB_CONTACT_ADD]      = {"contact_add",      REGISTRY, LANE_INTERACTIVE, CLI,     false, contact_add_apply},
    [VERB_CONTACT_STATUS]   = {"contact_status",   REGISTRY, LANE_INTERACTIVE, CLI,     false, contact_status_apply},
    [VERB_REVOKE]           = {"revoke",           REGISTRY, LANE_INTERACTIVE, CLI,     false, revoke_apply},
};
/* clang-format on */
