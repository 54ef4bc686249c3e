/* Changes of the registry, made by the writer. Each appends an event, which names ids and never a person. The API's
 * list of event tags has none for organisations and certificates: theirs is UNKNOWN, and "change" tells what it was. */
#include "gateway/store/registry_impl.h"

#include <stdio.h>
#include <string.h>

#define ACTOR "dpctl" /* the one that may ask for these verbs */
#define FIRST_VERSION 1

/* What a row is recognised by when it is there already. */
struct identity {
    const char *what;    /* the unique values, for the operator */
    enum statement same; /* finds the row if it came of this very change */
    const struct uuid *id;
    const struct digest *digest; /* where the row has no id */
    int64_t asked;
};

static bool find_same(struct change *change, const struct identity *identity, int64_t *version, struct error *error)
{
    struct query query;

    *version = 0;
    if (!query_begin(change->backend, identity->same, &query, error))
        return false;
    if (identity->id)
        query_set_uuid(&query, ":id", identity->id);
    else
        query_set_digest(&query, ":digest", identity->digest);
    query_set_number(&query, ":asked", identity->asked);
    if (query_step(&query))
        *version = query_number(&query, 0);
    return query_end(&query);
}

/* Runs the statement that adds the row. Where its values are taken, the row may be of this very change, which was
 * sent again because the writer died: then *added is false, and all is as it was asked for. */
static bool add_row(struct change *change, struct query *query, const struct identity *identity, int64_t *version,
                    bool *added, struct error *error)
{
    struct error search = {0};

    *version = FIRST_VERSION;
    *added = query_run(query, NULL);
    if (*added)
        return true;
    if (error->code != ERROR_ALREADY_EXISTS)
        return false;
    if (!find_same(change, identity, version, &search)) {
        *error = search;
        return false;
    }
    if (!*version)
        return error_set(error, ERROR_ALREADY_EXISTS, NULL, "%s", identity->what);
    *error = (struct error){0};
    return true;
}

static bool add_event(struct change *change, const char *tag, const struct uuid *organisation,
                      const struct uuid *system, const char *detail, struct error *error)
{
    struct event event = {.tag = tag, .organisation = organisation, .system = system, .actor = ACTOR, .detail = detail};

    return event_append(change, &event, error);
}

/* ---- organisation ---- */

bool organisation_add_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    struct organisation organisation;
    struct identity identity = {"this CVR or id", STMT_ORGANISATION_SAME, .id = &organisation.id};
    struct query query;
    int64_t version;
    bool added;

    if (!organisation_unpack(in, &organisation, &identity.asked, error)
        || !query_begin(change->backend, STMT_ORGANISATION_ADD, &query, error))
        return false;
    query_set_uuid(&query, ":id", &organisation.id);
    query_set_text(&query, ":cvr", organisation.cvr);
    query_set_text(&query, ":name", organisation.name);
    query_set_number(&query, ":type", organisation.type);
    query_set_number(&query, ":mandatory_allowed", organisation.mandatory_allowed);
    query_set_number(&query, ":legal_notification_allowed", organisation.legal_notification_allowed);
    query_set_number(&query, ":created", identity.asked);
    if (!add_row(change, &query, &identity, &version, &added, error))
        return false;
    pack_u64(out, (uint64_t)version);
    return !added || add_event(change, "UNKNOWN", &organisation.id, NULL, "{\"change\":\"ORGANISATION_ADDED\"}", error);
}

/* ---- system ---- */

/* The owner's row. The certificate must be its own, or of the one that it delegates to. */
static bool find_owner(struct change *change, const struct system *system, int64_t *owner, struct error *error)
{
    const char *expected = system->delegated_cvr;
    bool right = false;
    struct query query;

    *owner = 0;
    if (!query_begin(change->backend, STMT_ORGANISATION_FIND, &query, error))
        return false;
    query_set_uuid(&query, ":id", &system->organisation.id);
    if (query_step(&query)) {
        *owner = query_number(&query, 0);
        right = !strcmp(system->certificate_cvr, expected ? expected : query_text(&query, 1));
    }
    if (!query_end(&query))
        return false;
    if (!*owner)
        return error_set(error, ERROR_NOT_FOUND, NULL, "organisation");
    return right || error_set(error, ERROR_CHANGE_MALFORMED, "system_add", "certificate_cvr");
}

static void set_system(struct query *query, const struct system *system)
{
    query_set_uuid(query, ":id", &system->id);
    query_set_text(query, ":name", system->name);
    query_set_number(query, ":types", system->types);
    query_set_text(query, ":protocol", system->protocol);
    query_set_text(query, ":certificate_cvr", system->certificate_cvr);
    query_set_uuid(query, ":certificate_subject", &system->certificate_subject);
    query_set_digest(query, ":token_digest", &system->token_digest);
    query_set_text(query, ":delegated_cvr", system->delegated_cvr);
    query_set_text(query, ":allowed_addresses", system->allowed_addresses);
    query_set_text(query, ":receipt_endpoint", system->receipt_endpoint);
    query_set_text(query, ":endpoint", system->endpoint);
    query_set_number(query, ":active_from", system->active_from);
    query_set_number(query, ":active_to", system->active_to);
}

bool system_add_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    struct system system;
    struct identity identity = {"this id", STMT_SYSTEM_SAME, .id = &system.id};
    struct query query;
    int64_t owner, version;
    bool added;

    if (!system_unpack(in, &system, &identity.asked, error) || !find_owner(change, &system, &owner, error)
        || !query_begin(change->backend, STMT_SYSTEM_ADD, &query, error))
        return false;
    set_system(&query, &system);
    query_set_number(&query, ":organisation", owner);
    query_set_number(&query, ":created", identity.asked);
    if (!add_row(change, &query, &identity, &version, &added, error))
        return false;
    pack_u64(out, (uint64_t)version);
    return !added
           || add_event(change, "SYSTEM_CHANGED", &system.organisation.id, &system.id, "{\"change\":\"SYSTEM_ADDED\"}",
                        error);
}

/* ---- contact ---- */

static const char *const status_names[] = {
    [CONTACT_REGISTERED] = "REGISTERED",
    [CONTACT_EXEMPT] = "EXEMPT",
    [CONTACT_CLOSED] = "CLOSED",
};

/* The contact as it now stands, by its id. */
static bool add_contact_event(struct change *change, const struct contact *contact, const char *what,
                              struct error *error)
{
    static const char *const tags[][2] = {
        [CONTACT_REGISTERED] = {"DIGITAL_POST_REGISTERED", "DIGITAL_POST_REGISTERED"},
        [CONTACT_EXEMPT] = {"DIGITAL_POST_EXEMPTED", "DIGITAL_POST_EXEMPTED"},
        [CONTACT_CLOSED] = {"CONTACT_CPR_UPDATED", "CONTACT_CVR_UPDATED"},
    };
    char id[UUID_TEXT_SIZE], detail[160];

    uuid_format(&contact->id, id);
    snprintf(detail, sizeof detail, "{\"change\":\"%s\",\"contact\":\"%s\",\"status\":\"%s\"}", what, id,
             status_names[contact->status]);
    return add_event(change, tags[contact->status][contact->company], NULL, NULL, detail, error);
}

bool contact_add_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    struct contact contact;
    struct identity identity = {"this number or id", STMT_CONTACT_SAME, .id = &contact.id};
    struct query query;
    int64_t version;
    bool added;

    if (!contact_unpack(in, &contact, &identity.asked, error)
        || !query_begin(change->backend, STMT_CONTACT_ADD, &query, error))
        return false;
    query_set_uuid(&query, ":id", &contact.id);
    query_set_text(&query, ":number", contact.number);
    query_set_number(&query, ":company", contact.company);
    query_set_text(&query, ":label", contact.label);
    query_set_number(&query, ":status", contact.status);
    query_set_number(&query, ":created", identity.asked);
    if (!add_row(change, &query, &identity, &version, &added, error))
        return false;
    pack_u64(out, (uint64_t)version);
    return !added || add_contact_event(change, &contact, "CONTACT_ADDED", error);
}

static bool find_contact(struct change *change, const char *number, struct contact *contact, struct error *error)
{
    struct query query;

    if (!query_begin(change->backend, STMT_CONTACT_FIND, &query, error))
        return false;
    query_set_text(&query, ":number", number);
    bool found = query_step(&query) && contact_read(&query, change->arena, contact);

    return query_end(&query) && (found || error_set(error, ERROR_NOT_FOUND, NULL, "contact"));
}

bool contact_status_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    struct contact_move move;
    struct contact contact;
    struct query query;

    (void)out;
    if (!contact_move_unpack(in, &move, error) || !find_contact(change, move.number, &contact, error))
        return false;
    if (contact.status == move.status)
        return true;
    contact.status = move.status;
    if (!query_begin(change->backend, STMT_CONTACT_STATUS, &query, error))
        return false;
    query_set_uuid(&query, ":id", &contact.id);
    query_set_number(&query, ":status", contact.status);
    return query_run(&query, NULL) && add_contact_event(change, &contact, "CONTACT_STATUS", error);
}

/* ---- certificate ---- */

bool revoke_apply(struct change *change, struct unpacker *in, struct packer *out, struct error *error)
{
    struct revocation revocation;
    struct identity identity = {"this certificate", STMT_REVOKED_SAME, .digest = &revocation.certificate};
    struct query query;
    int64_t version;
    bool added;
    char hex[DIGEST_HEX_SIZE], detail[160];

    (void)out;
    if (!revocation_unpack(in, &revocation, &identity.asked, error)
        || !query_begin(change->backend, STMT_REVOKED_ADD, &query, error))
        return false;
    query_set_digest(&query, ":digest", &revocation.certificate);
    query_set_text(&query, ":reason", revocation.reason);
    query_set_number(&query, ":revoked", identity.asked);
    if (!add_row(change, &query, &identity, &version, &added, error))
        return false;
    digest_format(&revocation.certificate, hex);
    snprintf(detail, sizeof detail, "{\"change\":\"CERTIFICATE_REVOKED\",\"certificate\":\"%s\"}", hex);
    return !added || add_event(change, "UNKNOWN", NULL, NULL, detail, error);
}
