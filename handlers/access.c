#include "handlers/access.h"

#include <string.h>
#include <strings.h>

#include "gateway/base/text.h"
#include "handlers/service.h"

/* nginx has verified the chain too; what it says is a first wall, never the decision. */
static bool verdict_allows(struct request *rq)
{
    const char *verdict = rq->certificate_verdict;

    if (!verdict || strcmp(verdict, "NONE") == 0)
        return error_set(&rq->error, ERROR_CERTIFICATE_MISSING, "", NULL);
    if (strcmp(verdict, "SUCCESS") != 0)
        return error_set(&rq->error, ERROR_CERTIFICATE_NOT_TRUSTED, "", NULL);
    return true;
}

static bool certificate_is_good(struct request *rq, struct certificate *certificate)
{
    struct service *service = rq->service;
    bool revoked;

    if (!verdict_allows(rq)
        || !certificate_read(service->certificates, rq->certificate, rq->now, certificate, &rq->error)
        || !registry_revoked(service->store, &certificate->digest, &revoked, &rq->error))
        return false;
    return !revoked || error_set(&rq->error, ERROR_CERTIFICATE_REVOKED, "", NULL);
}

/* Good credentials; does the system reach this far now and from here? */
static bool system_may_call(struct request *rq, const struct system *system, enum system_type type)
{
    if ((system->active_from && rq->now < system->active_from) || (system->active_to && rq->now >= system->active_to))
        return error_set(&rq->error, ERROR_SYSTEM_INACTIVE, "", NULL);
    if (!(system->types & type))
        return error_set(&rq->error, ERROR_SYSTEM_NOT_SENDER, "", NULL);
    if (system->allowed_addresses && !address_allowed(rq->remote_address, system->allowed_addresses))
        return error_set(&rq->error, ERROR_ADDRESS_NOT_ALLOWED, "", NULL);
    return true;
}

/* ---- systems ---- */

/* On the port of tokens a system's row is no use to whoever brings one, which is not looked at. */
static bool refuse_person(struct request *rq)
{
    static const char scheme[] = "Bearer ";
    bool token = rq->authorization && strncasecmp(rq->authorization, scheme, sizeof scheme - 1) == 0;

    return error_set(&rq->error, token ? ERROR_CALLER_KIND : ERROR_CERTIFICATE_MISSING, "", NULL);
}

static bool sender_system(struct request *rq)
{
    struct system *system = arena_alloc(rq->arena, sizeof *system);
    struct certificate certificate;
    struct digest token;
    struct uuid id;

    if (!system)
        return error_set(&rq->error, ERROR_OUT_OF_MEMORY, "", NULL);
    if (rq->token_port)
        return refuse_person(rq);
    if (!certificate_is_good(rq, &certificate) || !basic_read(rq->authorization, &id, &token, &rq->error)
        || !registry_system(rq->service->store, certificate.cvr, &certificate.subject, &id, rq->arena, system,
                            &rq->error))
        return false;
    if (!text_same_secret(token.bytes, system->token_digest.bytes, DIGEST_SIZE))
        return error_set(&rq->error, ERROR_BASIC_WRONG, "", NULL);
    if (!system_may_call(rq, system, SYSTEM_SENDER))
        return false;
    rq->caller = system;
    return true;
}

/* ---- people ---- */

/* An employee sees the company's mail with one of these (CONTRACT.md: MESSAGE_BASIC or more). */
static bool sees_company_mail(const struct person *person)
{
    return person_has(person, PRIVILEGE_MESSAGE_BASIC) || person_has(person, PRIVILEGE_MESSAGE_WRITE)
           || person_has(person, PRIVILEGE_MESSAGE_EMPLOYEE);
}

static bool person_may_call(struct request *rq, const struct person *person, bool changes)
{
    /* What is changed is shown in the answer. */
    if (!person->may_read || (changes && !person->may_write))
        return error_set(&rq->error, ERROR_SCOPE_MISSING, "", NULL);
    if (*person->cvr && !sees_company_mail(person))
        return error_set(&rq->error, ERROR_PRIVILEGE_MISSING, "", NULL);
    return true;
}

/* On the port of certificates a person's row is no use to whoever shows a good one, and a token is not looked at. */
static bool refuse_system(struct request *rq)
{
    struct certificate certificate;

    return certificate_is_good(rq, &certificate) && error_set(&rq->error, ERROR_CALLER_KIND, "", NULL);
}

static bool person(struct request *rq, bool changes)
{
    struct person *person = arena_alloc(rq->arena, sizeof *person);

    if (!person)
        return error_set(&rq->error, ERROR_OUT_OF_MEMORY, "", NULL);
    if (!rq->token_port)
        return refuse_system(rq);
    if (!token_read(rq->service->tokens, rq->authorization, rq->now, person, &rq->error)
        || !person_may_call(rq, person, changes))
        return false;
    rq->caller = person;
    return true;
}

static bool reader(struct request *rq)
{
    return person(rq, false);
}

static bool changer(struct request *rq)
{
    return person(rq, true);
}

static bool nobody(struct request *rq)
{
    (void)rq;
    return true;
}

bool access_check(struct request *rq)
{
    static bool (*const checks[CALLER_KIND_COUNT])(struct request * rq) = {
        [CALLER_NOBODY] = nobody,
        [CALLER_SENDER_SYSTEM] = sender_system,
        [CALLER_READER] = reader,
        [CALLER_CHANGER] = changer,
    };

    return checks[rq->endpoint->caller](rq);
}
