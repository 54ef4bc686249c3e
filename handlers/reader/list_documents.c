#include "handlers/reader/reader_impl.h"

bool list_documents(struct request *rq)
{
    static const char *const known[] = {NULL};
    struct uuid ids[ENDPOINT_ARGUMENTS];
    struct json *view;
    bool ok;

    if (!request_parameters_known(rq, known) || !reader_ids(rq, ids) || !(view = reader_view(rq, ids)))
        return false;
    ok = reader_send_array(rq, view, "documents");
    json_free(view);
    return ok;
}
