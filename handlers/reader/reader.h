/* Mailboxes, for portals (ngdp.md 5, CONTRACT.md Reading).
 *
 * Every function finds what it looks for by the caller's own number: what is another's is not there. */
#ifndef HANDLERS_READER_READER_H
#define HANDLERS_READER_READER_H

#include "gateway/http/http.h"

/* GET /mailboxes/: the mailboxes that the caller sees. GET /mailboxes/{mailbox}: one. */
bool list_mailboxes(struct request *rq);
bool fetch_mailbox(struct request *rq);

/* GET .../folders/, .../folders/{folder}, and .../folders/summary/ with how many letters each has. */
bool list_folders(struct request *rq);
bool fetch_folder(struct request *rq);
bool summarize_folders(struct request *rq);

/* GET .../messages/?folderId=&read=&page=&size=&next=&sortFields=: a page of whole messages. */
bool list_messages(struct request *rq);
bool fetch_message(struct request *rq);

/* PATCH .../messages/{message} with {"read":true|false, "folderId":"..."}, either or both, and If-Match: the message as it
 * is then. */
bool patch_message(struct request *rq);

/* GET .../documents/, .../documents/{document}, .../files/, .../files/{file}: parts of the message as it shows them. */
bool list_documents(struct request *rq);
bool fetch_document(struct request *rq);
bool list_files(struct request *rq);
bool fetch_file(struct request *rq);

/* GET .../files/{file}/content: the very bytes that were sent, whole or a range of them. */
bool fetch_content(struct request *rq);

#endif
