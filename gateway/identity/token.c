#include "gateway/identity/token_impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/base/text.h"

#define SCHEME "Bearer "
#define TOKEN_MAX ((size_t)8192)
#define ES256_SIGNATURE 64 /* bytes: r and s of 32 each (RFC 7518, section 3.4) */

struct tokens {
    struct token_rules rules;
    const struct log *log;
    struct key_set *sets; /* one an issuer, in the order of the rules */
};

/* A token's three segments, decoded, in one place that is wiped when it is read. */
struct compact {
    const char *text;
    size_t length;
    long signature; /* its bytes */
    struct json *header, *claims;
};

static bool refuse(struct error *error, enum error_code code, const char *why)
{
    return error_set(error, code, NULL, "%s", why);
}

/* ---- opening ---- */

bool tokens_open(const struct token_rules *rules, const struct log *log, struct tokens **tokens, struct error *error)
{
    struct tokens *made = calloc(1, sizeof *made);

    *tokens = NULL;
    if (!made || !(made->sets = calloc(rules->issuer_count + 1, sizeof *made->sets))) {
        free(made);
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    }
    made->rules = *rules;
    made->log = log;
    for (size_t i = 0; i < rules->issuer_count; i++)
        key_set_open(&rules->issuers[i], &made->sets[i], log);
    *tokens = made;
    return true;
}

void tokens_close(struct tokens *tokens)
{
    for (size_t i = 0; i < tokens->rules.issuer_count; i++)
        key_set_close(&tokens->sets[i]);
    free(tokens->sets);
    free(tokens);
}

/* ---- the compact form (RFC 7515, section 7.1) ---- */

static struct json *read_segment(const char *text, size_t length)
{
    char bytes[TOKEN_MAX];
    long size = text_from_base64url(text, length, bytes, sizeof bytes);
    struct json *json = size > 0 ? json_read(bytes, (size_t)size) : NULL;

    if (size > 0)
        explicit_bzero(bytes, (size_t)size);
    return json;
}

static bool read_compact(const char *text, struct compact *compact, struct error *error)
{
    const char *claims, *signature;
    unsigned char bytes[TOKEN_MAX];

    *compact = (struct compact){.text = text, .length = strnlen(text, TOKEN_MAX + 1)};
    if (compact->length > TOKEN_MAX)
        return refuse(error, ERROR_TOKEN_MALFORMED, "too long");
    claims = strchr(text, '.');
    signature = claims ? strchr(claims + 1, '.') : NULL;
    if (signature)
        compact->signature = text_from_base64url(signature + 1, strlen(signature + 1), bytes, sizeof bytes);
    if (compact->signature <= 0)
        return refuse(error, ERROR_TOKEN_MALFORMED, "not three parts");
    compact->header = read_segment(text, (size_t)(claims - text));
    compact->claims = read_segment(claims + 1, (size_t)(signature - claims - 1));
    return (compact->header && compact->claims) || refuse(error, ERROR_TOKEN_MALFORMED, "header or claims");
}

/* ---- the header (RFC 8725, section 3) ---- */

enum token_algorithm token_algorithm_parse(const char *name)
{
    static const char *const names[TOKEN_ALGORITHM_COUNT] = {
        [TOKEN_RS256] = "RS256", [TOKEN_PS256] = "PS256", [TOKEN_ES256] = "ES256"};
    int algorithm = 0;

    while (algorithm < TOKEN_ALGORITHM_COUNT && (!name || strcmp(name, names[algorithm]) != 0))
        algorithm++;
    return (enum token_algorithm)algorithm;
}

static bool type_is_token(const struct json *header)
{
    static const char *const types[] = {"JWT", "at+jwt", "application/jwt", "application/at+jwt"};
    const char *type = json_text(header, "typ");

    if (!json_has(header, "typ"))
        return true;
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
        if (text_same(type, types[i]))
            return true;
    return false;
}

/* What would let a token bring its own key, or mean something that is not looked at here. */
static bool is_simple(const struct json *header)
{
    static const char *const never[] = {"crit", "b64",      "jku", "jwk", "x5u", "x5c",
                                        "x5t",  "x5t#S256", "cty", "zip", "enc"};

    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (json_has(header, never[i]))
            return false;
    return true;
}

/* ---- the signature ---- */

static struct key_set *find_issuer(struct tokens *tokens, const struct json *claims)
{
    const char *issuer = json_text(claims, "iss");

    for (size_t i = 0; issuer && i < tokens->rules.issuer_count; i++)
        if (strcmp(issuer, tokens->rules.issuers[i].name) == 0)
            return &tokens->sets[i];
    return NULL;
}

/* cjose takes the first half of an ES256 signature for r and the other for s, however long they are. */
static bool verify(const struct compact *compact, enum token_algorithm algorithm, const struct token_key *key)
{
    cjose_err fault = {0};

    if (algorithm == TOKEN_ES256 && compact->signature != ES256_SIGNATURE)
        return false;
    cjose_jws_t *jws = cjose_jws_import(compact->text, compact->length, &fault);
    bool ok = jws && cjose_jws_verify(jws, key->jwk, &fault);

    if (jws)
        cjose_jws_release(jws);
    return ok;
}

/* What was found of the very same bytes with the very same keys holds. Only that is remembered, not what the token says, and
 * nothing of a token can be made of its digest. */
static bool holds(struct key_set *set, const struct compact *compact, enum token_algorithm algorithm,
                  const struct token_key *key)
{
    struct digest digest;
    size_t place;

    if (!digest_of(compact->text, compact->length, &digest))
        return false;
    memcpy(&place, digest.bytes, sizeof place);
    struct digest *known = &set->signatures[place % SIGNATURES_KNOWN];

    if (digest_same(known, &digest))
        return true;
    if (!verify(compact, algorithm, key))
        return false;
    *known = digest;
    return true;
}

/* The key is the one that the trusted issuer's set has under that name; the token chooses nothing but the name. */
static bool is_signed(struct tokens *tokens, const struct compact *compact, struct error *error)
{
    enum token_algorithm algorithm = token_algorithm_parse(json_text(compact->header, "alg"));
    const char *kid = json_text(compact->header, "kid");
    struct key_set *set = find_issuer(tokens, compact->claims);
    const struct token_key *key;

    if (algorithm == TOKEN_ALGORITHM_COUNT)
        return refuse(error, ERROR_TOKEN_NOT_TRUSTED, "algorithm");
    if (!type_is_token(compact->header) || !is_simple(compact->header))
        return refuse(error, ERROR_TOKEN_NOT_TRUSTED, "header");
    if (!set)
        return refuse(error, ERROR_TOKEN_NOT_TRUSTED, "issuer");
    key_set_refresh(set, tokens->log);
    key = kid ? key_set_find(set, kid) : NULL;
    if (!key || !(key->algorithms >> algorithm & 1))
        return refuse(error, ERROR_TOKEN_NOT_TRUSTED, "key");
    return holds(set, compact, algorithm, key) || refuse(error, ERROR_TOKEN_NOT_TRUSTED, "signature");
}

bool token_read(struct tokens *tokens, const char *authorization, int64_t now, struct person *person,
                struct error *error)
{
    struct compact compact;
    bool ok;

    if (!authorization || !*authorization)
        return error_set(error, ERROR_TOKEN_MISSING, NULL, NULL);
    if (strncasecmp(authorization, SCHEME, sizeof SCHEME - 1) != 0)
        return refuse(error, ERROR_TOKEN_MISSING, "another scheme");
    ok = read_compact(authorization + sizeof SCHEME - 1, &compact, error) && is_signed(tokens, &compact, error)
         && claims_read(&tokens->rules, compact.claims, now, person, error);
    json_free(compact.header);
    json_free(compact.claims);
    return ok;
}
