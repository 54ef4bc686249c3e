#include "handlers/reader/reader_impl.h"

#include "handlers/body.h"

/* The contract's other members (ngdp-api.md, MessagePatchCommand). */
static bool is_served(struct request *rq, const struct json *json)
{
    static const char *const others[] = {"messageCode", "label", "flag", "legallyNotified", "recipient", "note"};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (json_has(json, others[i]))
            return error_set(&rq->error, ERROR_FIELD_NOT_SERVED, others[i], NULL);
    return true;
}

static bool take_members(struct request *rq, const struct json *json, struct message_change *change)
{
    const char *folder = json_text(json, "folderId");

    change->set_read = json_has(json, "read");
    change->set_folder = json_has(json, "folderId");
    if (change->set_read && !json_flag(json, "read", &change->read))
        return error_set(&rq->error, ERROR_JSON_MALFORMED, "read", "neither true nor false");
    if (change->set_folder && (!folder || !uuid_parse(folder, &change->folder)))
        return error_set(&rq->error, ERROR_JSON_MALFORMED, "folderId", "not a UUID");
    if (!is_served(rq, json))
        return false;
    if (json_size(json) != (size_t)change->set_read + change->set_folder)
        return error_set(&rq->error, ERROR_JSON_MALFORMED, NULL, "a member that is not known");
    return json_size(json) || error_set(&rq->error, ERROR_JSON_MALFORMED, NULL, "nothing to change");
}

static bool change_message(struct request *rq, const struct json *json, struct message_change *change)
{
    int64_t version = 0;

    if (!take_members(rq, json, change))
        return false;
    if (message_patch(rq->service->store, change, &version, &rq->error))
        return true;
    if (rq->error.code == ERROR_VERSION_CONFLICT)
        rq->refusal_headers = arena_format(rq->arena, "ETag: \"%lld\"\r\n", (long long)version);
    return false;
}

bool patch_message(struct request *rq)
{
    static const char *const known[] = {NULL};
    const struct person *person = rq->caller;
    struct uuid ids[ENDPOINT_ARGUMENTS];
    struct message_change change = {.owner = reader_owner(rq), .identity = person->identity};
    struct json *json;
    bool ok;

    if (!request_parameters_known(rq, known) || !reader_ids(rq, ids) || !request_if_match(rq, &change.version)
        || !request_json(rq, JSON_BODY_MAX, &json))
        return false;
    change.mailbox = ids[ID_MAILBOX];
    change.message = ids[ID_MESSAGE];
    ok = change_message(rq, json, &change);
    json_free(json);
    return ok && fetch_message(rq);
}
