/* Two issuers with their key sets in files, and tokens that are good but for what a row says. */
#ifndef TESTS_UNIT_GATEWAY_IDENTITY_TOKEN_FIXTURE_H
#define TESTS_UNIT_GATEWAY_IDENTITY_TOKEN_FIXTURE_H

#include "tests/unit/gateway/identity/sign.h"

#define ISSUER "https://login.example/oauth"
#define TENANT "https://other.example/oauth"
#define SUBJECT "2f6a3a1e-4c0d-4b7e-9d0a-0f1e2d3c4b5a"
#define IN_FIVE_MINUTES "1800000300"

static char folder[] = "/tmp/token-test-XXXXXX", keys_file[64], tenant_file[64], log_file[64];
static struct token_issuer issuers[2];
static struct token_rules rules;
static struct log no_log = {.role = "reader", .slot = -1, .least = LOG_DEBUG, .fd = -1};

/* ---- the world: two issuers with their key sets ---- */

static void write_file(const char *name, const char *text)
{
    char fresh[80];
    FILE *file;

    snprintf(fresh, sizeof fresh, "%s.new", name);
    file = fopen(fresh, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    ck_assert_int_eq(rename(fresh, name), 0);
}

static void write_keys(void)
{
    static const struct {
        enum key_name key;
        const char *kid, *more;
    } listed[] = {
        {KEY_RSA, "rsa", ",\"use\":\"sig\""},
        {KEY_RSA2, "rsa2", ""},
        {KEY_EC, "ec", ",\"use\":\"sig\",\"alg\":\"ES256\""},
        {KEY_EC384, "ec384", ""},
        {KEY_WEAK, "weak", ""},
        {KEY_FOR_PS, "ps", ",\"alg\":\"PS256\""},
        {KEY_FOR_ENCRYPTION, "enc", ",\"use\":\"enc\""},
        {KEY_RSA, "private", ",\"d\":\"AQAB\""},
        {KEY_RSA, "hs", ",\"alg\":\"HS256\""},
    };
    char text[16384] = "{\"keys\":[", key[2048];

    for (size_t i = 0; i < sizeof listed / sizeof *listed; i++) {
        sign_jwk(listed[i].key, listed[i].kid, listed[i].more, key, sizeof key);
        strcat(strcat(text, key), ",");
    }
    strcat(text, "{\"kty\":\"oct\",\"kid\":\"oct\",\"k\":\"c2VjcmV0\"},\"none\",{}]}");
    write_file(keys_file, text);
    sign_jwk(KEY_TENANT, "rsa", "", key, sizeof key);
    snprintf(text, sizeof text, "{\"keys\":[%s]}", key);
    write_file(tenant_file, text);
}

static inline void make_world(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(keys_file, sizeof keys_file, "%s/keys", folder);
    snprintf(tenant_file, sizeof tenant_file, "%s/tenant", folder);
    snprintf(log_file, sizeof log_file, "%s/log", folder);
    issuers[0] = (struct token_issuer){ISSUER, keys_file};
    issuers[1] = (struct token_issuer){TENANT, tenant_file};
    rules = (struct token_rules){.issuers = issuers,
                                 .issuer_count = 2,
                                 .audience = "digitalpost",
                                 .cpr_claim = "cpr",
                                 .cvr_claim = "cvr",
                                 .employee_claim = "employee_id",
                                 .scope_claim = "scope",
                                 .privileges_claim = "privileges"};
    sign_make_keys();
    write_keys();
}

static inline void end_world(void)
{
    unlink(keys_file);
    unlink(tenant_file);
    unlink(log_file);
    ck_assert_int_eq(rmdir(folder), 0);
    for (int i = 0; i < KEY_COUNT; i++)
        EVP_PKEY_free(sign_keys[i]);
}

static inline enum error_code read_token(const char *authorization, struct person *person)
{
    struct error error = {0};
    struct tokens *tokens;

    ck_assert(tokens_open(&rules, &no_log, &tokens, &error));
    if (!token_read(tokens, authorization, (int64_t)NOW * 1000, person, &error))
        ck_assert_int_ne(error.code, ERROR_NONE);
    tokens_close(tokens);
    return error.code;
}

/* ---- tokens from rows ---- */

/* A good token, but for what the row says: members left out, others put in. */
struct row {
    const char *says;
    const char *without, *with;               /* claims */
    const char *header_without, *header_with; /* the header */
    enum signing signing;
    enum key_name key;
    void (*tweak)(char *authorization); /* of the whole header value */
    enum error_code code;
};

#define MEMBERS 8
static const char *const header_members[MEMBERS][2] = {{"alg", "\"RS256\""}, {"typ", "\"JWT\""}, {"kid", "\"rsa\""}};
static const char *const claim_members[MEMBERS][2] = {
    {"iss", "\"" ISSUER "\""}, {"aud", "\"digitalpost\""},  {"exp", IN_FIVE_MINUTES},      {"sub", "\"" SUBJECT "\""},
    {"cpr", "\"6101900001\""}, {"scope", "\"READ WRITE\""}, {"client_id", "\"portal-1\""},
};

static bool is_named(const char *list, const char *name)
{
    const char *found = list ? strstr(list, name) : NULL;
    size_t length = strlen(name);

    return found && (found == list || found[-1] == ' ') && (found[length] == ' ' || !found[length]);
}

static void write_members(const char *const members[MEMBERS][2], const char *without, const char *with, char *out)
{
    const char *comma = "";

    strcpy(out, "{");
    for (int i = 0; i < MEMBERS && members[i][0]; i++)
        if (!is_named(without, members[i][0])) {
            sprintf(out + strlen(out), "%s\"%s\":%s", comma, members[i][0], members[i][1]);
            comma = ",";
        }
    if (with)
        strcat(strcat(out, comma), with);
    strcat(out, "}");
}

static inline void write_token(const struct row *row, char *authorization)
{
    static char header[TOKEN_ROOM / 4], claims[TOKEN_ROOM / 4];

    write_members(header_members, row->header_without, row->header_with, header);
    write_members(claim_members, row->without, row->with, claims);
    strcpy(authorization, "Bearer ");
    sign_token(header, claims, row->signing, row->key, authorization + 7);
    if (row->tweak)
        row->tweak(authorization);
}

/* ---- words of a row ---- */

#define HEADER(member) .header_with = member
#define ALG(name) .header_without = "alg", .header_with = "\"alg\":" name
#define KID(name) .header_without = "kid", .header_with = "\"kid\":" name
#define CLAIM(name, value) .without = name, .with = "\"" name "\":" value

#endif
