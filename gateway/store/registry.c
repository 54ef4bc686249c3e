/* What a call needs to know of the registry: its system, whether its certificate still counts, its addressee. */
#include "gateway/store/registry_impl.h"

bool organisation_read(struct query *query, struct arena *arena, void *out)
{
    struct organisation *organisation = out;

    *organisation = (struct organisation){
        .cvr = query_copy(query, 2, arena),
        .name = query_copy(query, 3, arena),
        .type = (enum organisation_type)query_number(query, 4),
        .mandatory_allowed = query_number(query, 5),
        .legal_notification_allowed = query_number(query, 6),
        .version = query_number(query, 7),
    };
    return query_uuid(query, 1, &organisation->id) && !query->failed;
}

bool system_read(struct query *query, struct arena *arena, void *out)
{
    struct system *system = out;

    *system = (struct system){
        .name = query_copy(query, 9, arena),
        .types = (unsigned)query_number(query, 10),
        .protocol = query_copy(query, 11, arena),
        .certificate_cvr = query_copy(query, 12, arena),
        .delegated_cvr = query_copy(query, 15, arena),
        .allowed_addresses = query_copy(query, 16, arena),
        .receipt_endpoint = query_copy(query, 17, arena),
        .endpoint = query_copy(query, 18, arena),
        .active_from = query_number(query, 19),
        .active_to = query_number(query, 20),
        .version = query_number(query, 21),
    };
    return organisation_read(query, arena, &system->organisation) && query_uuid(query, 8, &system->id)
           && query_uuid(query, 13, &system->certificate_subject) && query_digest(query, 14, &system->token_digest)
           && !query->failed;
}

bool contact_read(struct query *query, struct arena *arena, void *out)
{
    struct contact *contact = out;

    *contact = (struct contact){
        .company = query_number(query, 2),
        .number = query_copy(query, 3, arena),
        .label = query_copy(query, 4, arena),
        .status = (enum contact_status)query_number(query, 5),
        .version = query_number(query, 6),
    };
    return query_uuid(query, 1, &contact->id) && !query->failed;
}

/* ---- a system ---- */

struct system_search {
    const char *cvr;
    const struct uuid *subject, *id;
    struct arena *arena;
    struct system *system;
};

/* Why there is no such system: the certificate has others, or none. */
static bool not_found(struct backend *backend, const struct system_search *search, struct error *error)
{
    struct query query;

    if (!query_begin(backend, STMT_SYSTEM_OTHER, &query, error))
        return false;
    query_set_text(&query, ":cvr", search->cvr);
    query_set_uuid(&query, ":subject", search->subject);
    bool others = query_step(&query);

    return query_end(&query)
           && error_set(error, others ? ERROR_BASIC_WRONG : ERROR_CERTIFICATE_NOT_REGISTERED, NULL, NULL);
}

static bool find_system(struct backend *backend, void *state, struct error *error)
{
    const struct system_search *search = state;
    struct query query;

    if (!query_begin(backend, STMT_SYSTEM_FIND, &query, error))
        return false;
    query_set_uuid(&query, ":id", search->id);
    query_set_text(&query, ":cvr", search->cvr);
    query_set_uuid(&query, ":subject", search->subject);
    bool found = query_step(&query) && system_read(&query, search->arena, search->system);

    return query_end(&query) && (found || not_found(backend, search, error));
}

bool registry_system(struct store *store, const char *certificate_cvr, const struct uuid *subject,
                     const struct uuid *id, struct arena *arena, struct system *system, struct error *error)
{
    struct system_search search = {certificate_cvr, subject, id, arena, system};

    return store_read_row(store, DATABASE_REGISTRY, find_system, &search, error);
}

/* ---- where its receipts go ---- */

struct endpoint_search {
    const struct uuid *id;
    int64_t now;
    struct arena *arena;
    const char *url;
};

static bool find_endpoint(struct backend *backend, void *state, struct error *error)
{
    struct endpoint_search *search = state;
    struct query query;

    search->url = NULL;
    if (!query_begin(backend, STMT_SYSTEM_ENDPOINT, &query, error))
        return false;
    query_set_uuid(&query, ":id", search->id);
    query_set_number(&query, ":now", search->now);
    if (query_step(&query))
        search->url = query_copy(&query, 0, search->arena);
    return query_end(&query);
}

bool registry_receipt_endpoint(struct store *store, const struct uuid *id, int64_t now, struct arena *arena,
                               const char **url, struct error *error)
{
    struct endpoint_search search = {.id = id, .now = now, .arena = arena};
    bool known = store_read_row(store, DATABASE_REGISTRY, find_endpoint, &search, error);

    *url = search.url;
    return known;
}

/* ---- a certificate ---- */

struct revoked_search {
    const struct digest *certificate;
    bool revoked;
};

static bool find_revoked(struct backend *backend, void *state, struct error *error)
{
    struct revoked_search *search = state;
    struct query query;

    if (!query_begin(backend, STMT_REVOKED_FIND, &query, error))
        return false;
    query_set_digest(&query, ":digest", search->certificate);
    search->revoked = query_step(&query);
    return query_end(&query);
}

bool registry_revoked(struct store *store, const struct digest *certificate, bool *revoked, struct error *error)
{
    struct revoked_search search = {.certificate = certificate, .revoked = true};
    bool known = store_read_row(store, DATABASE_REGISTRY, find_revoked, &search, error);

    *revoked = !known || search.revoked;
    return known;
}

/* ---- a contact ---- */

struct contact_search {
    const char *number;
    struct arena *arena;
    bool found;
    struct contact *contact;
};

static bool find_contact(struct backend *backend, void *state, struct error *error)
{
    struct contact_search *search = state;
    struct query query;

    if (!query_begin(backend, STMT_CONTACT_FIND, &query, error))
        return false;
    query_set_text(&query, ":number", search->number);
    search->found = query_step(&query) && contact_read(&query, search->arena, search->contact);
    return query_end(&query);
}

bool registry_contact(struct store *store, const char *number, struct arena *arena, bool *found,
                      struct contact *contact, struct error *error)
{
    struct contact_search search = {.number = number, .arena = arena, .contact = contact};
    bool known = store_read_row(store, DATABASE_REGISTRY, find_contact, &search, error);

    *found = known && search.found;
    return known;
}

/* ---- an organisation ---- */

struct authority_search {
    const char *cvr;
    bool authority;
};

static bool find_authority(struct backend *backend, void *state, struct error *error)
{
    struct authority_search *search = state;
    struct query query;

    if (!query_begin(backend, STMT_ORGANISATION_TYPE, &query, error))
        return false;
    query_set_text(&query, ":cvr", search->cvr);
    search->authority = query_step(&query) && query_number(&query, 0) == ORGANISATION_AUTHORITY;
    return query_end(&query);
}

bool registry_authority(struct store *store, const char *cvr, bool *authority, struct error *error)
{
    struct authority_search search = {.cvr = cvr};
    bool known = store_read_row(store, DATABASE_REGISTRY, find_authority, &search, error);

    *authority = known && search.authority;
    return known;
}
