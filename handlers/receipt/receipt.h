/* Receipts of the submitting system (ngdp.md 4, CONTRACT.md Receipts). */
#ifndef HANDLERS_RECEIPT_RECEIPT_H
#define HANDLERS_RECEIPT_RECEIPT_H

#include "gateway/http/http.h"
#include "gateway/outbox/outbox.h"
#include "gateway/store/store.h"

/* GET /receipts/?page=&size=: the ids of the system's business receipts, oldest first, as PagingResultUUID. */
bool list_receipts(struct request *rq);

/* GET /receipts/{id}?delete=true|false: one receipt. Without the parameter, and with true, it is deleted afterwards;
 * the same id gives the same body for the grace time of the settings, then 404: nginx or a caller who lost the answer
 * may repeat the call (reliability.md R15). */
bool fetch_receipt(struct request *rq);

/* DELETE /receipts/{id}: 204, also the second time. */
bool delete_receipt(struct request *rq);

/* GET /receipts-bulk/?page=&size=: whole receipts; deletes nothing. */
bool list_bulk_receipts(struct request *rq);

/* The seven members of a Receipt without the braces, null where empty. */
bool receipt_members(const struct receipt *receipt, struct buffer *json);

/* A Receipt as it is fetched and pushed. */
#define RECEIPT_JSON_MAX ((size_t)64 * 1024)
bool receipt_object(const struct receipt *receipt, struct buffer *json);

/* The parcel of a job RECEIPT_PUSH: the receipt, as GET /receipts/{id} gives it, to the receiptEndpoint of the system
 * that submitted (ngdp.md 4.3). It stays on the system's list, and it is pushed also where the system has fetched and
 * deleted it meanwhile: the contract is silent on both, and so nothing is lost whichever way a system takes. */
bool push_receipt(struct store *store, const struct job *job, int64_t now, struct arena *arena, struct parcel *parcel,
                  struct error *error);

#endif
