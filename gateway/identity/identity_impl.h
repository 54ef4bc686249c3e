/* What the files of the identity folder share. */
#ifndef GATEWAY_IDENTITY_IDENTITY_IMPL_H
#define GATEWAY_IDENTITY_IDENTITY_IMPL_H

#include "gateway/identity/identity.h"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

/* Of URL-escaped PEM. The longest that nginx passes on is below 16 KB; dpctl escapes each byte. */
#define ESCAPED_PEM_MAX ((size_t)64 * 1024)

/* ---- certificate.c: from text to names ---- */

/* The certificate in `text`, URL-escaped PEM of `length` bytes, which is overwritten: exactly one, in DER, with
 * nothing before or behind it. NULL with *error. `digest` is that of the DER. Give back with X509_free. */
X509 *certificate_parse(char *text, size_t length, struct digest *digest, struct error *error);

/* CVR and subject UUID, from the entries of the subject with these OIDs alone. */
bool certificate_names(X509 *x509, struct certificate *certificate, struct error *error);

/* The validity in milliseconds, both ends included. */
bool certificate_period(const X509 *x509, int64_t *not_before, int64_t *not_after);

/* ---- issuers.c: the chain ---- */

struct issuers {
    X509_STORE *roots;
    STACK_OF(X509) * issuing;
};
bool issuers_open(const char *file, struct issuers *issuers, struct error *error);
void issuers_close(struct issuers *issuers);

/* Chain, purpose and strength of keys, but no time: `not_before` and `not_after` are the period in which every CA
 * certificate of the chain is valid. */
bool issuers_check(const struct issuers *issuers, X509 *leaf, int64_t *not_before, int64_t *not_after,
                   struct error *error);

#endif
