/* Who calls: persons by access token (CONTRACT.md, Who is calling): a JWT (RFC 7519) in its compact form, signed with
 * RS256, PS256 or ES256 by one of the issuers in the settings. What RFC 8725 warns of is refused here. */
#ifndef GATEWAY_IDENTITY_TOKEN_H
#define GATEWAY_IDENTITY_TOKEN_H

#include "gateway/base/error.h"
#include "gateway/base/ids.h"
#include "gateway/log/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The types of privileges that a token can carry (ngdp-api.md C). */
/* clang-format off */
#define PRIVILEGES(X) \
    X(LEGAL_REPRESENTATIVE) X(CURATOR) X(LIQUIDATOR) X(EXECUTOR_OF_ESTATE) \
    X(DANISH_BUSINESS_AUTHORITY_SERVICE_EMPLOYEE) X(MESSAGE_WRITE) X(ORGANISATION_ADMINISTRATOR) \
    X(MESSAGE_EMPLOYEE) X(ACCESS_REQUEST_ADMINISTRATOR) X(ACTION_LOG_ADMINISTRATOR) X(SEARCH_LOG_ADMINISTRATOR) \
    X(MESSAGE_LOG_ADMINISTRATOR) X(STATISTICS_ADMINISTRATOR) X(SYSTEM_MANAGER) X(RECALL_ADMINISTRATOR) \
    X(CITIZEN_SERVICE_EMPLOYEE) X(SUPPORT) X(DELEGATED_SUPPORT_ADMIN) X(TRUSTED_RECIPIENT) X(TEST_PORTAL) \
    X(SYSTEM_TEST_IDENTITY_PROVIDER) X(MESSAGE_BASIC) X(CONTACT_ADMINISTRATOR) X(LEGAL_OWNER) \
    X(LEGAL_OWNER_OF_INACTIVE_OR_CLOSED_COMPANY) X(ORGANISATION_USER_ADMINISTRATOR) X(COURTS_OF_DENMARK) \
    X(CITIZEN) X(FULL_POWER_OF_ATTORNEY) X(SYSTEM_DISTRIBUTION) X(SYSTEM_CONTACT) X(SYSTEM_MAILBOX) \
    X(SYSTEM_SYSTEM_REGISTRY) X(SYSTEM_IDENTITY_REGISTRY) X(SYSTEM_TRANSFORMATION) X(SYSTEM_VERIFICATION) \
    X(SYSTEM_SECURITY) X(SYSTEM_SUBSCRIPTION) X(SYSTEM_CVR) X(SYSTEM_CPR) X(SYSTEM_AUTH_SFTP) \
    X(SYSTEM_SFTP_SERVER) X(SYSTEM_EVENT) X(SYSTEM_OUTBOX) X(DATAFORDELER_PUSH) X(SYSTEM_ALLOWED_IP) \
    X(SYSTEM_TEST_DATA) X(SYSTEM_ACCESS_REQUEST_REGISTRY) X(SYSTEM_FAILED_EVENT_REGISTRY) \
    X(SYSTEM_PUSH_NOTIFICATION_SENDER) X(AUTHORITY_SENDER_SYSTEM) X(COMPANY_SENDER_SYSTEM) \
    X(AUTHORITY_RECIPIENT_SYSTEM) X(COMPANY_RECIPIENT_SYSTEM) X(DELEGATE_SYSTEM) X(SYSTEM_LETTER_SENDER) \
    X(PUSH_NOTIFICATION_TENANT) X(SYSTEM_AUTH_SERVER) X(SYSTEM_EGRESS_PROXY_SERVER) X(EMPLOYEE) \
    X(SYSTEM_STATISTICAL_REPORTING)
/* clang-format on */

#define PRIVILEGE_ENUM(name) PRIVILEGE_##name,
enum privilege { PRIVILEGES(PRIVILEGE_ENUM) PRIVILEGE_COUNT };
#undef PRIVILEGE_ENUM

#define EMPLOYEE_ID_MAX 64
#define CLIENT_MAX 64

/* What a token says. Empty strings where it is silent. */
struct person {
    struct uuid identity; /* sub */
    char cpr[11];         /* a citizen's; empty for an employee, whatever else the token holds */
    char cvr[9];          /* an employee's company */
    char employee_id[EMPLOYEE_ID_MAX + 1];
    char client[CLIENT_MAX + 1]; /* the portal: client_id, else azp */
    bool may_read, may_write;    /* scope READ, WRITE */
    uint64_t privileges;         /* bit n: enum privilege n */
    int64_t expires;
};

static inline bool person_has(const struct person *person, enum privilege privilege)
{
    return person->privileges >> privilege & 1;
}

/* An issuer and the file of its public keys, a JSON Web Key Set (RFC 7517). */
struct token_issuer {
    const char *name; /* compared byte by byte with the claim iss */
    const char *keys_file;
};

/* The settings; strings are the caller's and must outlive the tokens. */
struct token_rules {
    const struct token_issuer *issuers;
    size_t issuer_count;
    const char *audience; /* must be the claim aud, or stand in it */
    const char *cpr_claim, *cvr_claim, *employee_claim, *scope_claim, *privileges_claim;
};

/* The rules and the keys as last read. */
struct tokens;

/* Reads every issuer's keys. Keys that cannot sign what is accepted (symmetric, private, RSA below 2048 bits, other
 * curves, use other than sig) are left out. An issuer whose key set cannot be read (no JSON Web Key Set, more than 64
 * keys, one kid twice) or has no key left is not trusted, which harms no other issuer; `log` is told. When a key set is
 * replaced by one that cannot be read, the keys from before go on counting. False: ERROR_OUT_OF_MEMORY. */
bool tokens_open(const struct token_rules *rules, const struct log *log, struct tokens **tokens, struct error *error);
void tokens_close(struct tokens *tokens);

/* "Bearer <JWT>". A key set file that was replaced or changed since is read first. Times have 30 s of skew.
 * ERROR_TOKEN_MISSING, _MALFORMED, _NOT_TRUSTED (algorithm, key, signature, issuer, audience), _EXPIRED (or not valid
 * yet), _CLAIMS; error->detail says which, never what stood there. */
bool token_read(struct tokens *tokens, const char *authorization, int64_t now, struct person *person,
                struct error *error);

/* ---- making tokens, for sandboxes and tests: the gateway issues none ---- */

/* A new key for ES256: `private_key` as a JSON Web Key, `key_set` with its public half. Both are the caller's to wipe
 * and free(). */
bool token_key_make(char **private_key, char **key_set, struct error *error);

/* Signs `claims`, a JSON object, with such a private key. `token` is the caller's to free(). A key that is none:
 * ERROR_CONFIG_INVALID. */
bool token_sign(const char *private_key, const char *claims, char **token, struct error *error);

#endif
