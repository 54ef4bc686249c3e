#include "gateway/identity/token_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/ids.h"

static bool failed(const char *what, const cjose_err *fault, struct error *error)
{
    return error_set(error, ERROR_INTERNAL, NULL, "%s: %s", what, fault->message ? fault->message : "no memory");
}

/* ---- a key ---- */

static cjose_jwk_t *new_key(struct error *error)
{
    cjose_err fault = {0};
    char kid[UUID_TEXT_SIZE];
    struct uuid id;
    cjose_jwk_t *key;

    if (!uuid_random(&id)) {
        error_set(error, ERROR_INTERNAL, NULL, "no randomness");
        return NULL;
    }
    uuid_format(&id, kid);
    key = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &fault);
    if (key && cjose_jwk_set_kid(key, kid, strlen(kid), &fault))
        return key;
    if (key)
        cjose_jwk_release(key);
    failed("a key", &fault, error);
    return NULL;
}

bool token_key_make(char **private_key, char **key_set, struct error *error)
{
    cjose_jwk_t *key = new_key(error);
    cjose_err fault = {0};
    char *public_key = NULL;
    bool ok;

    *private_key = *key_set = NULL;
    if (!key)
        return false;
    *private_key = cjose_jwk_to_json(key, true, &fault);
    public_key = cjose_jwk_to_json(key, false, &fault);
    ok = *private_key && public_key && asprintf(key_set, "{\"keys\":[%s]}\n", public_key) >= 0;
    free(public_key);
    cjose_jwk_release(key);
    return ok || failed("a key as JSON", &fault, error);
}

/* ---- a token ---- */

static bool set_header(cjose_header_t *header, const cjose_jwk_t *key, cjose_err *fault)
{
    const char *kid = cjose_jwk_get_kid(key, fault);

    return kid && cjose_header_set(header, CJOSE_HDR_ALG, CJOSE_HDR_ALG_ES256, fault)
           && cjose_header_set(header, CJOSE_HDR_KID, kid, fault) && cjose_header_set(header, "typ", "at+jwt", fault);
}

static bool sign(const cjose_jwk_t *key, const char *claims, char **token, struct error *error)
{
    cjose_err fault = {0};
    cjose_header_t *header = cjose_header_new(&fault);
    cjose_jws_t *jws = NULL;
    const char *compact = NULL;

    if (header && set_header(header, key, &fault))
        jws = cjose_jws_sign(key, header, (const uint8_t *)claims, strlen(claims), &fault);
    if (jws && cjose_jws_export(jws, &compact, &fault))
        *token = strdup(compact);
    if (jws)
        cjose_jws_release(jws);
    if (header)
        cjose_header_release(header);
    return *token || failed("signing", &fault, error);
}

bool token_sign(const char *private_key, const char *claims, char **token, struct error *error)
{
    cjose_err fault = {0};
    cjose_jwk_t *key = cjose_jwk_import(private_key, strlen(private_key), &fault);
    bool ok;

    *token = NULL;
    if (!key || cjose_jwk_get_kty(key, &fault) != CJOSE_JWK_KTY_EC) {
        if (key)
            cjose_jwk_release(key);
        return error_set(error, ERROR_CONFIG_INVALID, "key", "no private key for ES256 in JSON (RFC 7517)");
    }
    ok = sign(key, claims, token, error);
    cjose_jwk_release(key);
    return ok;
}
