/* Who calls: systems by client certificate and Basic token (CONTRACT.md, Who is calling). */
#ifndef GATEWAY_IDENTITY_IDENTITY_H
#define GATEWAY_IDENTITY_IDENTITY_H

#include "gateway/base/digest.h"
#include "gateway/base/error.h"
#include "gateway/base/ids.h"
#include "gateway/log/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a certificate says and never changes. */
struct certificate {
    char cvr[9];         /* organizationIdentifier (2.5.4.97) "NTRDK-<8 digits>" */
    struct uuid subject; /* serialNumber (2.5.4.5) "UI:DK-O:G:<UUID>" */
    int64_t not_before, not_after;
    struct digest digest; /* SHA-256 of the DER */
};

/* Trusted issuers and a table of certificates already parsed, by digest of the text nginx hands over.
 *
 * `issuers_file` holds the root and the issuing CAs in PEM. A chain is the three of OCES3: root, issuing CA, leaf; what
 * a caller sends along counts for nothing. Issuers must have RSA or Edwards keys: an ECDSA signature can be written in
 * two ways by anyone, so a revoked certificate would come back with another digest. */
struct certificates;
bool certificates_open(const char *issuers_file, unsigned cache_size, struct metrics *metrics,
                       struct certificates **certificates, struct error *error);
void certificates_close(struct certificates *certificates);

/* Reads URL-escaped PEM ($ssl_client_escaped_cert) from the DER and nothing else: chain and purpose are checked against
 * the issuers, exactly one organizationIdentifier and one serialNumber of the expected form must be there, the CN is
 * never looked at. Chain and form are cached; `now` is checked each time. NULL or empty: ERROR_CERTIFICATE_MISSING. */
bool certificate_read(struct certificates *certificates, const char *escaped_pem, int64_t now,
                      struct certificate *certificate, struct error *error);

/* "Basic base64(<system UUID>:<token>)". token_digest is SHA-256 of "<uuid in lower case>:<token>". The header value
 * and the token are wiped from the stack. */
bool basic_read(const char *authorization, struct uuid *system, struct digest *token_digest, struct error *error);

/* Digest of a token as it is registered. */
bool token_digest(const struct uuid *system, const char *token, struct digest *digest);

/* Whether `address` (IPv4 or IPv6 text) is in the comma-separated list of addresses and CIDR blocks. */
bool address_allowed(const char *address, const char *list);

#endif
