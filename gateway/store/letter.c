#include "gateway/store/letter_impl.h"

void letter_pack(struct packer *packer, const char *owner, const struct uuid *mailbox, const struct uuid *message)
{
    pack_text(packer, owner);
    pack_fixed(packer, mailbox->bytes, sizeof mailbox->bytes);
    pack_fixed(packer, message->bytes, sizeof message->bytes);
}

void letter_take(struct unpacker *in, struct letter_name *name)
{
    name->owner = take_text(in);
    take_uuid(in, &name->mailbox);
    take_uuid(in, &name->message);
    in->bad = in->bad || !name->owner;
}

bool letter_find(struct change *change, const struct letter_name *name, struct letter *letter, struct error *error)
{
    struct query query;
    bool found;

    *letter = (struct letter){0};
    if (!query_begin(change->backend, STMT_MESSAGE_OWN, &query, error))
        return false;
    query_set_uuid(&query, ":message", &name->message);
    query_set_uuid(&query, ":mailbox", &name->mailbox);
    query_set_text(&query, ":owner", name->owner);
    found = query_step(&query);
    if (found) {
        letter->seq = query_number(&query, 0);
        letter->mailbox = query_number(&query, 1);
        letter->folder = query_number(&query, 2);
        letter->read = query_number(&query, 3);
        letter->version = query_number(&query, 4);
        letter->has_changed = !query_is_null(&query, 5);
        if (letter->has_changed)
            query_uuid(&query, 5, &letter->changed);
        query_uuid(&query, 6, &letter->organisation);
    }
    return query_end(&query) && (found || error_set(error, ERROR_NOT_FOUND, NULL, "message"));
}

bool letter_event(struct change *change, const struct letter_name *name, const struct letter *letter,
                  const struct uuid *identity, const char *tag, const char *detail, struct error *error)
{
    char actor[UUID_TEXT_SIZE];
    struct event event = {
        .tag = tag,
        .message = &name->message,
        .organisation = &letter->organisation,
        .actor = actor,
        .detail = detail,
    };

    uuid_format(identity, actor);
    return event_append(change, &event, error);
}
