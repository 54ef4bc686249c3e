#include "gateway/store/store_impl.h"

struct listing {
    const char *number;
    mailbox_each *each;
    void *state;
    bool begun; /* something was handed out, so it cannot be read once more */
};

static bool read_mailbox(struct backend *backend, void *state, struct error *error)
{
    struct listing *listing = state;
    struct query query;
    bool more = true;

    if (listing->begun)
        return error_set(error, ERROR_STORE_UNAVAILABLE, NULL, "the writer went away while a mailbox was listed");
    if (!query_begin(backend, STMT_MAILBOX_LIST, &query, error))
        return false;
    query_set_text(&query, ":number", listing->number);
    while (more && query_step(&query)) {
        struct mailbox_entry entry = {
            .label = query_text(&query, 1),
            .sender_label = query_text(&query, 2),
            .received = query_number(&query, 3),
            .available = query_number(&query, 4),
            .held = query_number(&query, 5),
            .content_size = (uint64_t)query_number(&query, 6),
        };

        if (!query_uuid(&query, 0, &entry.message_uuid))
            break;
        listing->begun = true;
        more = listing->each(listing->state, &entry);
    }
    return query_end(&query);
}

bool mailbox_list(struct store *store, const char *number, mailbox_each *each, void *state, struct error *error)
{
    struct listing listing = {.number = number, .each = each, .state = state};

    return store_read(store, DATABASE_MAIL, read_mailbox, &listing, error);
}

/* ---- for portals ---- */

struct finding_mailbox {
    const char *owner;
    const struct uuid *id; /* NULL: whichever is the owner's */
    bool found;
    struct mailbox mailbox;
};

static bool read_own(struct backend *backend, void *state, struct error *error)
{
    struct finding_mailbox *finding = state;
    struct mailbox *mailbox = &finding->mailbox;
    struct query query;

    if (!query_begin(backend, finding->id ? STMT_MAILBOX_FETCH : STMT_MAILBOX_OF, &query, error))
        return false;
    query_set_text(&query, ":owner", finding->owner);
    if (finding->id)
        query_set_uuid(&query, ":mailbox", finding->id);
    finding->found = query_step(&query);
    if (finding->found) {
        query_uuid(&query, 1, &mailbox->id);
        mailbox->company = query_number(&query, 2);
        mailbox->created = query_number(&query, 3);
        mailbox->version = query_number(&query, 4);
    }
    return query_end(&query);
}

bool mailbox_of(struct store *store, const char *owner, bool *found, struct mailbox *mailbox, struct error *error)
{
    struct finding_mailbox finding = {.owner = owner};

    if (!store_read(store, DATABASE_MAIL, read_own, &finding, error))
        return false;
    *found = finding.found;
    *mailbox = finding.mailbox;
    return true;
}

bool mailbox_fetch(struct store *store, const char *owner, const struct uuid *id, struct mailbox *mailbox,
                   struct error *error)
{
    struct finding_mailbox finding = {.owner = owner, .id = id};

    if (!store_read(store, DATABASE_MAIL, read_own, &finding, error))
        return false;
    *mailbox = finding.mailbox;
    return finding.found || error_set(error, ERROR_NOT_FOUND, NULL, "mailbox");
}
