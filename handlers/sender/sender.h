/* Taking submissions (ngdp.md 2.2, CONTRACT.md Submission). */
#ifndef HANDLERS_SENDER_SENDER_H
#define HANDLERS_SENDER_SENDER_H

#include "gateway/http/http.h"

/* POST /memos/?memo-message-uuid= with one MeMo.
 *
 * The answer 201 is a promise: the message and its receipts survive a power cut from then on. The same bytes again get
 * the first answer; other bytes under the same messageUUID are ERROR_MESSAGE_UUID_TAKEN. */
bool submit_memo(struct request *rq);

/* The answer 503 of that call: the error's members, and those of a Receipt but receiptStatus, because the contract puts
 * a Receipt there and nobody may take it as final (CONTRACT.md, Errors). */
void refuse_for_now(struct request *rq);

#endif
