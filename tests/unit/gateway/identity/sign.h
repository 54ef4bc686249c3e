/* Makes access tokens, good and forged, with keys of its own and with OpenSSL alone, so that what the gateway reads is
 * not what it wrote itself. */
#ifndef TESTS_UNIT_GATEWAY_IDENTITY_SIGN_H
#define TESTS_UNIT_GATEWAY_IDENTITY_SIGN_H

#include "gateway/base/text.h"
#include "gateway/identity/token.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define NOW 1800000000 /* seconds */
#define TOKEN_ROOM 65536

enum key_name {
    KEY_RSA,    /* in the key set as "rsa" */
    KEY_RSA2,   /* "rsa2" */
    KEY_EC,     /* "ec", P-256 */
    KEY_EC384,  /* "ec384", of a curve that is not accepted */
    KEY_WEAK,   /* "weak", RSA 1024 */
    KEY_FOR_PS, /* "ps", alg PS256 */
    KEY_FOR_ENCRYPTION,
    KEY_TENANT, /* the other issuer's "rsa" */
    KEY_STRANGER,
    KEY_STRANGER_EC,
    KEY_COUNT
};

/* How a token is signed, whatever its header says. */
enum signing {
    SIGN_RS256,
    SIGN_PS256,
    SIGN_ES256,
    SIGN_RS384,
    SIGN_ES384,
    SIGN_HMAC_PEM,
    SIGN_HMAC_MODULUS,
    SIGN_HMAC_EMPTY,
    SIGN_NOTHING,
    SIGN_ZEROES,
    SIGN_ONES,
    SIGN_DER,
    SIGN_SALT
};

extern EVP_PKEY *sign_keys[KEY_COUNT];

void sign_make_keys(void);
/* The public key as a member of a key set; `more` are members with a comma before. */
void sign_jwk(enum key_name key, const char *kid, const char *more, char *out, size_t room);
void sign_base64url(const void *bytes, size_t size, char *out);
/* "<header>.<claims>.<signature>" of two JSON texts; `out` takes TOKEN_ROOM. */
void sign_token(const char *header, const char *claims, enum signing signing, enum key_name key, char *out);

#endif
