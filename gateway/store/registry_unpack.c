/* Changes of the registry are taken apart, and every field is checked before a row is made of it. */
#include "gateway/store/registry_impl.h"

#include <string.h>

#include "gateway/base/text.h"

static const char *const protocols[] = {"REST_PULL", "REST_PUSH", "SMTP", "SFTP", "AS4"};

/* Shown on terminals and in lists: no empty ones, and nothing that moves a cursor. */
static bool is_line(const char *text)
{
    if (!text || !*text || strlen(text) > REGISTRY_TEXT_MAX)
        return false;
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return false;
    return true;
}

static bool is_number(const char *text, size_t digits)
{
    return text && strlen(text) == digits && text_is_digits(text, digits);
}

static bool is_cvr(const char *text)
{
    return is_number(text, 8);
}

static bool is_url(const char *text)
{
    return is_line(text) && (!strncmp(text, "https://", 8) || !strncmp(text, "http://", 7)) && !strchr(text, ' ');
}

/* Their form alone: an address that is none lets nobody in. */
static bool is_addresses(const char *text)
{
    return is_line(text) && strspn(text, "0123456789abcdefABCDEF.:/, ") == strlen(text);
}

static bool is_protocol(const char *text)
{
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        if (text && !strcmp(text, protocols[i]))
            return true;
    return false;
}

static bool is_id(const struct uuid *id)
{
    static const struct uuid none;

    return !uuid_same(id, &none);
}

/* `wrong` is the field that is not as it should be; NULL: none is. */
static bool finish(const struct unpacker *in, const char *verb, const char *wrong, struct error *error)
{
    if (!unpack_done(in))
        wrong = "packed fields";
    return !wrong || error_set(error, ERROR_CHANGE_MALFORMED, verb, "%s", wrong);
}

/* ---- organisation ---- */

static const char *wrong_organisation(const struct organisation *organisation)
{
    if (!is_id(&organisation->id))
        return "id";
    if (!is_cvr(organisation->cvr))
        return "cvr";
    if (!is_line(organisation->name))
        return "name";
    if (organisation->type > ORGANISATION_COMPANY)
        return "type";
    /* Both are refused to companies (ngdp.md 1.5). */
    return organisation->type == ORGANISATION_COMPANY
                   && (organisation->mandatory_allowed || organisation->legal_notification_allowed)
               ? "rights"
               : NULL;
}

bool organisation_unpack(struct unpacker *in, struct organisation *organisation, int64_t *asked, struct error *error)
{
    *organisation = (struct organisation){0};
    *asked = take_number(in);
    take_uuid(in, &organisation->id);
    organisation->cvr = take_text(in);
    organisation->name = take_text(in);
    organisation->type = (enum organisation_type)unpack_u8(in);
    organisation->mandatory_allowed = take_flag(in);
    organisation->legal_notification_allowed = take_flag(in);
    return finish(in, "organisation_add", wrong_organisation(organisation), error);
}

/* ---- system ---- */

static const char *wrong_access(const struct system *system)
{
    if (!is_cvr(system->certificate_cvr))
        return "certificate_cvr";
    if (!is_id(&system->certificate_subject))
        return "certificate_subject";
    if (system->delegated_cvr && !is_cvr(system->delegated_cvr))
        return "delegated_cvr";
    if (system->allowed_addresses && !is_addresses(system->allowed_addresses))
        return "allowed_addresses";
    if (system->active_to && system->active_to <= system->active_from)
        return "active_to";
    return NULL;
}

static const char *wrong_system(const struct system *system)
{
    const unsigned all = SYSTEM_SENDER | SYSTEM_RECIPIENT | SYSTEM_RECIPIENT_DEFAULT;

    if (!is_id(&system->id) || !is_id(&system->organisation.id))
        return "id";
    if (!is_line(system->name))
        return "name";
    if (!system->types || system->types & ~all)
        return "types";
    if (!is_protocol(system->protocol))
        return "protocol";
    if (system->receipt_endpoint && !is_url(system->receipt_endpoint))
        return "receipt_endpoint";
    if (system->endpoint && !is_url(system->endpoint))
        return "endpoint";
    return wrong_access(system);
}

bool system_unpack(struct unpacker *in, struct system *system, int64_t *asked, struct error *error)
{
    *system = (struct system){0};
    *asked = take_number(in);
    take_uuid(in, &system->id);
    take_uuid(in, &system->organisation.id);
    system->name = take_text(in);
    system->types = unpack_u32(in);
    system->protocol = take_text(in);
    system->certificate_cvr = take_text(in);
    take_uuid(in, &system->certificate_subject);
    take_digest(in, &system->token_digest);
    system->delegated_cvr = take_text(in);
    system->allowed_addresses = take_text(in);
    system->receipt_endpoint = take_text(in);
    system->endpoint = take_text(in);
    system->active_from = take_number(in);
    system->active_to = take_number(in);
    return finish(in, "system_add", wrong_system(system), error);
}

/* ---- contact ---- */

static const char *wrong_contact(const struct contact *contact)
{
    if (!is_id(&contact->id))
        return "id";
    if (!is_number(contact->number, contact->company ? 8 : 10))
        return "number";
    if (!is_line(contact->label))
        return "label";
    return contact->status > CONTACT_CLOSED ? "status" : NULL;
}

bool contact_unpack(struct unpacker *in, struct contact *contact, int64_t *asked, struct error *error)
{
    *contact = (struct contact){0};
    *asked = take_number(in);
    take_uuid(in, &contact->id);
    contact->company = take_flag(in);
    contact->number = take_text(in);
    contact->label = take_text(in);
    contact->status = (enum contact_status)unpack_u8(in);
    return finish(in, "contact_add", wrong_contact(contact), error);
}

bool contact_move_unpack(struct unpacker *in, struct contact_move *move, struct error *error)
{
    const char *wrong = NULL;

    move->number = take_text(in);
    move->status = (enum contact_status)unpack_u8(in);
    if (!is_cvr(move->number) && !is_number(move->number, 10))
        wrong = "number";
    else if (move->status > CONTACT_CLOSED)
        wrong = "status";
    return finish(in, "contact_status", wrong, error);
}

/* ---- certificate ---- */

bool revocation_unpack(struct unpacker *in, struct revocation *revocation, int64_t *asked, struct error *error)
{
    *asked = take_number(in);
    take_digest(in, &revocation->certificate);
    revocation->reason = take_text(in);
    return finish(in, "revoke", revocation->reason && !is_line(revocation->reason) ? "reason" : NULL, error);
}
