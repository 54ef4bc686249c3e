/* A person opens a letter. The first time is evidence and an event of its own; the hours in which it is opened again are
 * counted, so that who reads much writes little. */
#include "gateway/store/letter_impl.h"

#define DETAIL_MAX 512

bool message_opened(struct store *store, const struct message_opening *opening, struct error *error)
{
    struct packer *packer = change_begin(store, VERB_MESSAGE_OPENED, &opening->mailbox);
    struct unpacker answer;

    letter_pack(packer, opening->owner, &opening->mailbox, &opening->message);
    pack_fixed(packer, opening->identity.bytes, sizeof opening->identity.bytes);
    pack_text(packer, opening->client);
    return change_ask(store, &answer, error);
}

/* ---- the writer's side ---- */

static bool find_last(struct change *change, int64_t message, const struct uuid *identity, int64_t *last,
                      struct error *error)
{
    struct query query;

    *last = 0;
    if (!query_begin(change->backend, STMT_OPENING_FIND, &query, error))
        return false;
    query_set_number(&query, ":message", message);
    query_set_uuid(&query, ":identity", identity);
    if (query_step(&query))
        *last = query_number(&query, 0);
    return query_end(&query);
}

static bool write_opening(struct change *change, enum statement statement, int64_t message, const struct uuid *identity,
                          struct error *error)
{
    struct query query;

    if (!query_begin(change->backend, statement, &query, error))
        return false;
    query_set_number(&query, ":message", message);
    query_set_uuid(&query, ":identity", identity);
    query_set_number(&query, ":now", change->now);
    return query_run(&query, NULL);
}

/* Under which mandate, and by which portal. */
static bool tell(struct change *change, const struct letter_name *name, const struct letter *letter,
                 const struct uuid *identity, const char *client, struct error *error)
{
    struct buffer detail = {.limit = DETAIL_MAX};
    bool ok =
        (buffer_add_text(&detail, "{\"access\":\"OWNER\"")
         && (!client || !*client || buffer_add_member(&detail, "client", client)) && buffer_add_text(&detail, "}"))
        || error_set(error, ERROR_CHANGE_MALFORMED, "message_opened", "client");

    ok = ok && letter_event(change, name, letter, identity, "MESSAGE_READ", detail.data, error);
    buffer_free(&detail);
    return ok;
}

bool message_opened_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    struct letter_name name;
    struct letter letter;
    struct uuid identity;
    const char *client;
    int64_t last;

    (void)out;
    letter_take(in, &name);
    take_uuid(in, &identity);
    client = take_text(in);
    if (!unpack_done(in))
        return error_set(error, ERROR_CHANGE_MALFORMED, "message_opened", NULL);
    if (!letter_find(change, &name, &letter, error) || !find_last(change, letter.seq, &identity, &last, error))
        return false;
    if (!last)
        return write_opening(change, STMT_OPENING_ADD, letter.seq, &identity, error)
               && tell(change, &name, &letter, &identity, client, error);
    return change->now - last < OPENING_GATHERED
           || write_opening(change, STMT_OPENING_AGAIN, letter.seq, &identity, error);
}
