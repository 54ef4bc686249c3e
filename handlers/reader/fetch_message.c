#include "handlers/reader/reader_impl.h"

bool fetch_message(struct request *rq)
{
    static const char *const known[] = {NULL};
    struct buffer json = {.limit = READER_JSON_MAX};
    struct uuid ids[ENDPOINT_ARGUMENTS];
    struct message message;

    if (!request_parameters_known(rq, known) || !reader_ids(rq, ids)
        || !message_fetch(rq->service->store, reader_owner(rq), &ids[ID_MAILBOX], &ids[ID_MESSAGE], rq->arena, &message,
                          &rq->error))
        return false;
    return reader_send(rq, message_json(&message, &ids[ID_MAILBOX], &json), &json);
}
