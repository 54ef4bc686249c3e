/* What the files of tokens share.
 *
 *   token.c          the compact form, its header and its signature
 *   token_keys.c     an issuer's key set file, read anew when it changed
 *   token_claims.c   what a token that is to be trusted says of a person
 *   token_sign.c     tokens and keys for sandboxes */
#ifndef GATEWAY_IDENTITY_TOKEN_IMPL_H
#define GATEWAY_IDENTITY_TOKEN_IMPL_H

#include "gateway/base/digest.h"
#include "gateway/base/json.h"
#include "gateway/identity/token.h"

#include <sys/stat.h>

#include <cjose/cjose.h>

#define KID_MAX 128
#define SIGNATURES_KNOWN 1024

enum token_algorithm { TOKEN_RS256, TOKEN_PS256, TOKEN_ES256, TOKEN_ALGORITHM_COUNT };
/* TOKEN_ALGORITHM_COUNT: none that is accepted. */
enum token_algorithm token_algorithm_parse(const char *name);

struct token_key {
    char kid[KID_MAX + 1];
    unsigned algorithms; /* 1 << enum token_algorithm: what it may have signed with */
    cjose_jwk_t *jwk;
};

/* An issuer's keys as they were last read. */
struct key_set {
    struct token_issuer issuer;
    struct stat seen; /* the file, when it was last looked at */
    struct token_key *keys;
    size_t count;
    /* Of tokens whose signature held with these keys, each in the place that its first bytes give; zeroes: nothing there.
     * A person's token comes with each of the dozen calls of a visit, and checking it costs more than anything
     * else in a short one. */
    struct digest *signatures;
};
/* Without a key where the file cannot be read or has none; the log is told. */
void key_set_open(const struct token_issuer *issuer, struct key_set *set, const struct log *log);
void key_set_close(struct key_set *set);
/* Reads the file again when it is another, or was changed. One that cannot be read is told to the log once, and the
 * keys that were read before go on counting; one that can be read counts, whatever it lacks, for that is how an issuer
 * takes a key back. */
void key_set_refresh(struct key_set *set, const struct log *log);
/* NULL: there is none of that name. */
const struct token_key *key_set_find(const struct key_set *set, const char *kid);

/* `now` in milliseconds. The issuer is not looked at. */
bool claims_read(const struct token_rules *rules, const struct json *claims, int64_t now, struct person *person,
                 struct error *error);

#endif
