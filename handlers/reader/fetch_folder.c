#include "handlers/reader/reader_impl.h"

bool fetch_folder(struct request *rq)
{
    static const char *const known[] = {NULL};
    struct buffer json = {.limit = READER_JSON_MAX};
    struct uuid ids[ENDPOINT_ARGUMENTS];
    struct folder *folders;
    size_t count, i = 0;

    if (!request_parameters_known(rq, known) || !reader_ids(rq, ids)
        || !folders_list(rq->service->store, reader_owner(rq), &ids[ID_MAILBOX], rq->arena, &folders, &count,
                         &rq->error))
        return false;
    while (i < count && !uuid_same(&folders[i].id, &ids[ID_FOLDER]))
        i++;
    if (i == count)
        return error_set(&rq->error, ERROR_NOT_FOUND, "", NULL);
    return reader_send(rq, folder_json(&folders[i], &ids[ID_MAILBOX], &json), &json);
}
