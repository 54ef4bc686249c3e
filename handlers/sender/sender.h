/* Taking submissions (ngdp.md 2.2, CONTRACT.md Submission). */
#ifndef HANDLERS_SENDER_SENDER_H
#define HANDLERS_SENDER_SENDER_H

#include "gateway/http/http.h"

/* POST /memos/?memo-message-uuid= with one MeMo.
 *
 * The answer 201 is a promise: the message and its receipts survive a power cut from then on. The same bytes again get
 * the first answer; other bytes under the same messageUUID are ERROR_MESSAGE_UUID_TAKEN. */
bool submit_memo(struct request *rq);

/* What the answer 503 of that call has besides the error's members: those of a Receipt but receiptStatus, because the
 * contract puts a Receipt there and nobody may take it as final (CONTRACT.md, Errors). */
bool receipt_without_status(const struct request *rq, struct buffer *json);

#endif
