#include "gateway/store/accept_impl.h"

static bool folder_add(struct change *change, int64_t mailbox, enum folder_type type, int64_t *folder,
                       struct error *error)
{
    struct uuid id;
    struct query query;

    if (!uuid_random(&id))
        return error_set(error, ERROR_INTERNAL, NULL, "no randomness");
    if (!query_begin(change->backend, STMT_FOLDER_ADD, &query, error))
        return false;
    query_set_uuid(&query, ":id", &id);
    query_set_number(&query, ":mailbox", mailbox);
    query_set_number(&query, ":type", type);
    query_set_text(&query, ":name", folder_type_name(type));
    query_set_number(&query, ":created", change->now);
    if (!query_run(&query, NULL))
        return false;
    *folder = query_last_id(change->backend);
    return true;
}

bool place_add(struct change *change, const char *number, bool company, struct place_found *place, struct error *error)
{
    struct uuid id;
    struct query query;

    if (!uuid_random(&id))
        return error_set(error, ERROR_INTERNAL, NULL, "no randomness");
    if (!query_begin(change->backend, STMT_MAILBOX_ADD, &query, error))
        return false;
    query_set_uuid(&query, ":id", &id);
    query_set_text(&query, ":number", number);
    query_set_number(&query, ":company", company);
    query_set_number(&query, ":created", change->now);
    if (!query_run(&query, NULL))
        return false;
    place->mailbox = query_last_id(change->backend);
    for (enum folder_type type = FOLDER_INBOX; type < FOLDER_TYPE_COUNT; type++) {
        int64_t folder = 0;

        if (!folder_add(change, place->mailbox, type, &folder, error))
            return false;
        if (type == FOLDER_INBOX)
            place->inbox = folder;
    }
    return true;
}

bool place_find(struct change *change, const char *number, struct place_found *place, struct error *error)
{
    struct query query;

    *place = (struct place_found){0};
    if (!query_begin(change->backend, STMT_MAILBOX_FIND, &query, error))
        return false;
    query_set_text(&query, ":number", number);
    query_set_number(&query, ":type", FOLDER_INBOX);
    if (query_step(&query)) {
        place->mailbox = query_number(&query, 0);
        place->inbox = query_number(&query, 1);
    }
    return query_end(&query);
}

bool place_count(struct change *change, int64_t folder, struct error *error)
{
    struct query query;

    if (!query_begin(change->backend, STMT_FOLDER_PLACE, &query, error))
        return false;
    query_set_number(&query, ":seq", folder);
    return query_run(&query, NULL);
}

bool accept_place(struct change *change, struct arriving *arriving, struct error *error)
{
    const struct submission *submission = &arriving->submission;
    struct place_found place;

    if (!submission->placed)
        return true;
    if (!place_find(change, submission->recipient_number, &place, error)
        || (!place.mailbox
            && !place_add(change, submission->recipient_number, submission->recipient_is_company, &place, error)))
        return false;
    arriving->mailbox = place.mailbox;
    arriving->folder = place.inbox;
    arriving->held = submission->available > change->now;
    return arriving->held || place_count(change, arriving->folder, error);
}
