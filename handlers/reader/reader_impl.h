/* What the files of handlers/reader share. */
#ifndef HANDLERS_READER_READER_IMPL_H
#define HANDLERS_READER_READER_IMPL_H

#include "gateway/base/json.h"
#include "gateway/identity/token.h"
#include "gateway/store/store.h"
#include "handlers/reader/reader.h"
#include "handlers/service.h"

#define READER_JSON_MAX ((size_t)64 * 1024 * 1024)

/* ---- the call ---- */

/* The number whose mailbox the caller sees: the citizen's, or the employee's company's. */
const char *reader_owner(const struct request *rq);

/* The ids in the path, as many as there are. Anything that is no UUID is as absent as an unknown one. */
enum { ID_MAILBOX, ID_MESSAGE, ID_DOCUMENT, ID_FILE, ID_FOLDER = ID_MESSAGE };
bool reader_ids(struct request *rq, struct uuid ids[ENDPOINT_ARGUMENTS]);

/* sortFields=<field>[:ASC|DESC], the direction in either case: one of `fields` (ends with NULL). *field is left alone
 * where the parameter is absent. */
bool reader_sort(struct request *rq, const char *const *fields, size_t *field, bool *descending);

/* ---- the answer ---- */

/* Sends `json`, or, where it could not hold everything, tells that. Frees it. */
bool reader_send(struct request *rq, bool whole, struct buffer *json);

/* Begins a list's object: currentPage, totalPages, elementsOnPage, totalElements, `next` where it is not NULL, and the
 * list's name with its bracket. */
struct reader_list {
    uint64_t page, size, elements, total;
    const char *next, *name;
};
bool reader_list_begin(struct buffer *json, const struct reader_list *list);

/* Each adds one object. */
bool mailbox_json(struct request *rq, const struct mailbox *mailbox, struct buffer *json);
bool folder_json(const struct folder *folder, const struct uuid *mailbox, struct buffer *json);
bool message_json(const struct message *message, const struct uuid *mailbox, struct buffer *json);

/* ---- where a list goes on (list_messages.c) ---- */

#define NEXT_TEXT_SIZE 64

/* Says where the page behind `page` begins, for this very query. */
void next_write(const struct message_query *query, const struct message_page *page, uint64_t number,
                char out[NEXT_TEXT_SIZE]);
/* False: it was not made for this query. *number is the page's. */
bool next_read(const char *text, struct message_query *query, uint64_t *number);

/* ---- parts of a message ---- */

/* The message's unchanging members, to be freed; NULL with rq->error set. */
struct json *reader_view(struct request *rq, const struct uuid ids[ENDPOINT_ARGUMENTS]);
/* The element with that id of an array of objects; NULL with rq->error set to ERROR_NOT_FOUND. */
const struct json *reader_part(struct request *rq, const struct json *json, const char *array, const struct uuid *id);
/* Sends a part as it stands, or {"<name>":[...]} of one of its arrays. */
bool reader_send_part(struct request *rq, const struct json *part);
bool reader_send_array(struct request *rq, const struct json *part, const char *name);

#endif
