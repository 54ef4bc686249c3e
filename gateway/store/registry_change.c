/* Changes of the registry: the side that asks. What is packed here is unpacked in registry_unpack.c. */
#include "gateway/store/registry_impl.h"

#include <string.h>

#include "gateway/base/time.h"

#define TOKEN_MAX 512

static void pack_uuid(struct packer *packer, const struct uuid *uuid)
{
    pack_fixed(packer, uuid->bytes, sizeof uuid->bytes);
}

/* An id that is all zeroes is none yet. */
static bool make_id(struct uuid *id, struct error *error)
{
    static const struct uuid none;

    return !uuid_same(id, &none) || uuid_random(id) || error_set(error, ERROR_INTERNAL, NULL, "no randomness");
}

/* For the changes that add a row. */
static bool ask_version(struct store *store, int64_t *version, struct error *error)
{
    struct unpacker answer;

    if (!change_ask(store, &answer, error))
        return false;
    *version = (int64_t)unpack_u64(&answer);
    return unpack_done(&answer) || error_set(error, ERROR_STORE_UNSURE, NULL, "the writer's answer is malformed");
}

bool registry_add_organisation(struct store *store, struct organisation *organisation, struct error *error)
{
    struct packer *packer = change_begin(store, VERB_ORGANISATION_ADD, NULL);

    if (!make_id(&organisation->id, error))
        return false;
    pack_u64(packer, (uint64_t)time_now());
    pack_uuid(packer, &organisation->id);
    pack_text(packer, organisation->cvr);
    pack_text(packer, organisation->name);
    pack_u8(packer, (uint8_t)organisation->type);
    pack_u8(packer, organisation->mandatory_allowed);
    pack_u8(packer, organisation->legal_notification_allowed);
    return ask_version(store, &organisation->version, error);
}

/* SHA-256 of "<id in lower case>:<token>", which is all that is kept of a token. */
static bool digest_token(const struct uuid *id, const char *token, struct digest *digest, struct error *error)
{
    char text[UUID_TEXT_SIZE + TOKEN_MAX];
    size_t length = strnlen(token, TOKEN_MAX + 1);

    if (!length || length > TOKEN_MAX)
        return error_set(error, ERROR_CHANGE_MALFORMED, "system_add", "token");
    uuid_format(id, text);
    text[UUID_TEXT_SIZE - 1] = ':';
    memcpy(text + UUID_TEXT_SIZE, token, length);
    bool ok = digest_of(text, UUID_TEXT_SIZE + length, digest);

    explicit_bzero(text, sizeof text);
    return ok || error_set(error, ERROR_INTERNAL, NULL, "hashing a token");
}

bool registry_add_system(struct store *store, struct system *system, const char *token, struct error *error)
{
    struct packer *packer = change_begin(store, VERB_SYSTEM_ADD, NULL);

    if (!make_id(&system->id, error) || !digest_token(&system->id, token, &system->token_digest, error))
        return false;
    pack_u64(packer, (uint64_t)time_now());
    pack_uuid(packer, &system->id);
    pack_uuid(packer, &system->organisation.id);
    pack_text(packer, system->name);
    pack_u32(packer, system->types);
    pack_text(packer, system->protocol);
    pack_text(packer, system->certificate_cvr);
    pack_uuid(packer, &system->certificate_subject);
    pack_fixed(packer, system->token_digest.bytes, DIGEST_SIZE);
    pack_text(packer, system->delegated_cvr);
    pack_text(packer, system->allowed_addresses);
    pack_text(packer, system->receipt_endpoint);
    pack_text(packer, system->endpoint);
    pack_u64(packer, (uint64_t)system->active_from);
    pack_u64(packer, (uint64_t)system->active_to);
    return ask_version(store, &system->version, error);
}

bool registry_add_contact(struct store *store, struct contact *contact, struct error *error)
{
    struct packer *packer = change_begin(store, VERB_CONTACT_ADD, NULL);

    if (!make_id(&contact->id, error))
        return false;
    pack_u64(packer, (uint64_t)time_now());
    pack_uuid(packer, &contact->id);
    pack_u8(packer, contact->company);
    pack_text(packer, contact->number);
    pack_text(packer, contact->label);
    pack_u8(packer, (uint8_t)contact->status);
    return ask_version(store, &contact->version, error);
}

bool registry_set_contact_status(struct store *store, const char *number, enum contact_status status,
                                 struct error *error)
{
    struct packer *packer = change_begin(store, VERB_CONTACT_STATUS, NULL);
    struct unpacker answer;

    pack_text(packer, number);
    pack_u8(packer, (uint8_t)status);
    return change_ask(store, &answer, error);
}

bool registry_revoke(struct store *store, const struct digest *certificate, const char *reason, struct error *error)
{
    struct packer *packer = change_begin(store, VERB_REVOKE, NULL);
    struct unpacker answer;

    pack_u64(packer, (uint64_t)time_now());
    pack_fixed(packer, certificate->bytes, DIGEST_SIZE);
    pack_text(packer, reason);
    return change_ask(store, &answer, error);
}
