#include "handlers/reader/reader_impl.h"

bool fetch_document(struct request *rq)
{
    static const char *const known[] = {NULL};
    struct uuid ids[ENDPOINT_ARGUMENTS];
    const struct json *document;
    struct json *view;
    bool ok;

    if (!request_parameters_known(rq, known) || !reader_ids(rq, ids) || !(view = reader_view(rq, ids)))
        return false;
    document = reader_part(rq, view, "documents", &ids[ID_DOCUMENT]);
    ok = document && reader_send_part(rq, document);
    json_free(view);
    return ok;
}
