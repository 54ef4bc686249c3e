#include "gateway/identity/identity_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define ISSUING_DEPTH 1  /* CA certificates between root and leaf (reliability.md R13: equal to the real chain) */
#define SECURITY_LEVEL 2 /* 112 bits: RSA from 2048 on, no SHA-1 */
#define ISSUERS_MAX 64

static bool key_signs_one_way(X509 *issuer)
{
    const EVP_PKEY *key = X509_get0_pubkey(issuer);

    switch (key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448:
        return true;
    default:
        return false;
    }
}

/* Takes `issuer` over. Self-signed ones are what a chain must end at; others only lead there. */
static bool add_issuer(struct issuers *issuers, const char *file, X509 *issuer, struct error *error)
{
    bool is_root = X509_self_signed(issuer, 1) == 1;
    bool ok;

    if (!key_signs_one_way(issuer)) {
        X509_free(issuer);
        return error_set(error, ERROR_CONFIG_INVALID, file, "an issuer's key is neither RSA nor Ed25519 nor Ed448");
    }
    if (is_root) {
        ok = X509_STORE_add_cert(issuers->roots, issuer) == 1;
        X509_free(issuer);
    } else {
        ok = sk_X509_push(issuers->issuing, issuer) > 0;
        if (!ok)
            X509_free(issuer);
    }
    return ok || error_set(error, ERROR_OUT_OF_MEMORY, file, NULL);
}

static bool read_issuers(FILE *stream, const char *file, struct issuers *issuers, struct error *error)
{
    unsigned roots = 0, count = 0;
    X509 *issuer;

    while ((issuer = PEM_read_X509(stream, NULL, NULL, NULL))) {
        roots += X509_self_signed(issuer, 1) == 1;
        if (!add_issuer(issuers, file, issuer, error))
            return false;
        if (++count > ISSUERS_MAX)
            return error_set(error, ERROR_CONFIG_INVALID, file, "more than %d certificates", ISSUERS_MAX);
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return error_set(error, ERROR_CONFIG_INVALID, file, "certificate %u is broken", count + 1);
    ERR_clear_error();
    return roots > 0 || error_set(error, ERROR_CONFIG_INVALID, file, "no root certificate");
}

/* What holds for every chain. The time is looked at on each call, not when a certificate is first seen. */
static bool set_rules(X509_STORE *roots)
{
    X509_VERIFY_PARAM *rules = X509_STORE_get0_param(roots);

    X509_VERIFY_PARAM_set_depth(rules, ISSUING_DEPTH);
    X509_VERIFY_PARAM_set_auth_level(rules, SECURITY_LEVEL);
    return X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_CLIENT) == 1
           && X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME) == 1;
}

bool issuers_open(const char *file, struct issuers *issuers, struct error *error)
{
    FILE *stream;
    bool ok;

    *issuers = (struct issuers){.roots = X509_STORE_new(), .issuing = sk_X509_new_null()};
    if (!issuers->roots || !issuers->issuing || !set_rules(issuers->roots)) {
        issuers_close(issuers);
        return error_set(error, ERROR_OUT_OF_MEMORY, file, NULL);
    }
    stream = fopen(file, "re");
    ok = stream ? read_issuers(stream, file, issuers, error)
                : error_set(error, ERROR_CONFIG_INVALID, file, "%s", strerror(errno));
    if (stream)
        fclose(stream);
    if (!ok)
        issuers_close(issuers);
    return ok;
}

void issuers_close(struct issuers *issuers)
{
    X509_STORE_free(issuers->roots);
    sk_X509_pop_free(issuers->issuing, X509_free);
    *issuers = (struct issuers){0};
}

static bool chain_period(X509_STORE_CTX *context, int64_t *not_before, int64_t *not_after)
{
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);

    *not_before = INT64_MIN;
    *not_after = INT64_MAX;
    for (int i = 1; i < sk_X509_num(chain); i++) {
        int64_t before, after;

        if (!certificate_period(sk_X509_value(chain, i), &before, &after))
            return false;
        if (before > *not_before)
            *not_before = before;
        if (after < *not_after)
            *not_after = after;
    }
    return true;
}

bool issuers_check(const struct issuers *issuers, X509 *leaf, int64_t *not_before, int64_t *not_after,
                   struct error *error)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool ok = context && X509_STORE_CTX_init(context, issuers->roots, leaf, issuers->issuing) == 1;

    if (!ok)
        error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    else if (X509_get_extension_flags(leaf) & EXFLAG_CA)
        ok = error_set(error, ERROR_CERTIFICATE_NOT_TRUSTED, NULL, "a CA's own certificate");
    else if (X509_verify_cert(context) != 1)
        ok = error_set(error, ERROR_CERTIFICATE_NOT_TRUSTED, NULL, "%s",
                       X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
    else if (!chain_period(context, not_before, not_after))
        ok = error_set(error, ERROR_CERTIFICATE_NOT_TRUSTED, NULL, "an issuer's validity is not readable");
    ERR_clear_error();
    X509_STORE_CTX_free(context);
    return ok;
}
