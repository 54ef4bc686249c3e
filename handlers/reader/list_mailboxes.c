#include "handlers/reader/reader_impl.h"

/* There is one at most: the caller's own, once somebody wrote to it. */
bool list_mailboxes(struct request *rq)
{
    static const char *const known[] = {"page", "size", "sortFields", NULL};
    static const char *const fields[] = {"createdDateTime", "ownerName", "ownerType", NULL};
    struct buffer json = {.limit = READER_JSON_MAX};
    struct reader_list list = {.name = "mailboxes"};
    struct mailbox mailbox;
    struct page page;
    bool found, descending, ok;
    size_t field;

    if (!request_parameters_known(rq, known) || !request_page(rq, &page)
        || !reader_sort(rq, fields, &field, &descending)
        || !mailbox_of(rq->service->store, reader_owner(rq), &found, &mailbox, &rq->error))
        return false;
    list.page = page.page;
    list.size = page.size;
    list.total = found;
    list.elements = found && page.page == 0;
    ok = reader_list_begin(&json, &list) && (!list.elements || mailbox_json(rq, &mailbox, &json))
         && buffer_add_text(&json, "]}");
    if (rq->error.code == ERROR_NONE)
        return reader_send(rq, ok, &json);
    buffer_free(&json);
    return false;
}
