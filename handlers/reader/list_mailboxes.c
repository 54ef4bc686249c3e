#include "handlers/reader/reader_impl.h"

/* The caller's own. Whoever is registered has one, and it is made when it is first asked for or written to. */
static bool find_own(struct request *rq, bool *found, struct mailbox *mailbox)
{
    struct store *store = rq->service->store;
    const char *owner = reader_owner(rq);
    struct contact contact;

    if (!mailbox_of(store, owner, found, mailbox, &rq->error))
        return false;
    if (*found)
        return true;
    if (!registry_contact(store, owner, rq->arena, found, &contact, &rq->error) || !*found)
        return rq->error.code == ERROR_NONE;
    return mailbox_open(store, owner, contact.company, &rq->error)
           && mailbox_of(store, owner, found, mailbox, &rq->error);
}

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
        || !reader_sort(rq, fields, &field, &descending) || !find_own(rq, &found, &mailbox))
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
