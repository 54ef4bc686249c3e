#include "handlers/reader/reader_impl.h"

bool fetch_mailbox(struct request *rq)
{
    static const char *const known[] = {NULL};
    struct buffer json = {.limit = READER_JSON_MAX};
    struct uuid ids[ENDPOINT_ARGUMENTS];
    struct mailbox mailbox;
    bool ok;

    if (!request_parameters_known(rq, known) || !reader_ids(rq, ids)
        || !mailbox_fetch(rq->service->store, reader_owner(rq), &ids[ID_MAILBOX], &mailbox, &rq->error))
        return false;
    ok = mailbox_json(rq, &mailbox, &json);
    if (rq->error.code == ERROR_NONE)
        return reader_send(rq, ok, &json);
    buffer_free(&json);
    return false;
}
