#include "gateway/identity/token_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/text.h"

#define FILE_MAX ((size_t)256 * 1024)
#define KEYS_MAX 64
#define MODULUS_LEAST 256 /* bytes: RSA of 2048 bits */
#define MODULUS_MOST 1024 /* more only costs time */

/* ---- one key (RFC 7517, RFC 7518) ---- */

/* The modulus is as long as it says: its first byte begins with a one. */
static bool modulus_is_long(const struct json *key)
{
    unsigned char bytes[MODULUS_MOST + 1];
    const char *modulus = json_text(key, "n");
    long size = modulus ? text_from_base64url(modulus, strlen(modulus), bytes, sizeof bytes) : -1;

    return size >= MODULUS_LEAST && size <= MODULUS_MOST && (size > MODULUS_LEAST ? bytes[0] : bytes[0] >> 7);
}

static unsigned algorithms_of_kind(const struct json *key)
{
    const char *kind = json_text(key, "kty"), *curve = json_text(key, "crv");

    if (kind && strcmp(kind, "RSA") == 0 && modulus_is_long(key))
        return 1u << TOKEN_RS256 | 1u << TOKEN_PS256;
    if (kind && strcmp(kind, "EC") == 0 && curve && strcmp(curve, "P-256") == 0)
        return 1u << TOKEN_ES256;
    return 0;
}

/* A key that says what it is for is for nothing else. */
static unsigned algorithms_of(const struct json *key)
{
    static const char *const secrets[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    const char *use = json_text(key, "use"), *algorithm = json_text(key, "alg");
    unsigned algorithms = algorithms_of_kind(key);

    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (json_has(key, secrets[i]))
            return 0;
    if (json_has(key, "use") && (!use || strcmp(use, "sig") != 0))
        return 0;
    if (json_has(key, "alg"))
        algorithms &= algorithm ? 1u << token_algorithm_parse(algorithm) : 0;
    return algorithms;
}

static cjose_jwk_t *import(const struct json *key)
{
    cjose_err fault = {0};
    char *text = json_format(key);
    cjose_jwk_t *jwk = text ? cjose_jwk_import(text, strlen(text), &fault) : NULL;

    free(text);
    return jwk;
}

/* False: nothing that a token here can be signed with. */
static bool read_key(const struct json *json, struct token_key *key)
{
    const char *kid = json_text(json, "kid");

    if (!kid || !*kid || strlen(kid) > KID_MAX)
        return false;
    *key = (struct token_key){.algorithms = algorithms_of(json)};
    strcpy(key->kid, kid);
    if (key->algorithms)
        key->jwk = import(json);
    return key->jwk != NULL;
}

/* ---- the set ---- */

static bool refuse(const char *file, const char *why, struct error *error)
{
    return error_set(error, ERROR_CONFIG_INVALID, file, "%s", why);
}

static bool add_keys(struct key_set *set, const struct json *json, struct error *error)
{
    size_t count = json_count(json, "keys");
    struct token_key key;

    if (!json_has_array(json, "keys"))
        return refuse(set->issuer.keys_file, "not a JSON Web Key Set", error);
    set->keys = calloc(KEYS_MAX, sizeof *set->keys);
    set->signatures = calloc(SIGNATURES_KNOWN, sizeof *set->signatures);
    if (!set->keys || !set->signatures)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        const struct json *item = json_object_at(json, "keys", i);

        if (!item || !read_key(item, &key))
            continue;
        if (set->count == KEYS_MAX || key_set_find(set, key.kid)) {
            cjose_jwk_release(key.jwk);
            return refuse(set->issuer.keys_file, set->count == KEYS_MAX ? "too many keys" : "a kid twice", error);
        }
        set->keys[set->count++] = key;
    }
    return true;
}

static bool read_whole(int fd, char *text, size_t *size)
{
    ssize_t got;

    for (*size = 0; *size <= FILE_MAX; *size += (size_t)got) {
        got = read(fd, text + *size, FILE_MAX + 1 - *size);
        if (got < 0)
            return false;
        if (got == 0)
            return true;
    }
    errno = EFBIG;
    return false;
}

static struct json *read_json(const char *file, struct stat *seen, struct error *error)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *text = malloc(FILE_MAX + 1);
    struct json *json = NULL;
    size_t size;

    if (fd < 0 || !text || fstat(fd, seen) < 0 || !read_whole(fd, text, &size))
        refuse(file, strerror(errno), error);
    else if (!(json = json_read(text, size)))
        refuse(file, "not a JSON Web Key Set", error);
    if (fd >= 0)
        close(fd);
    free(text);
    return json;
}

static bool read_set(const struct token_issuer *issuer, struct key_set *set, struct error *error)
{
    struct json *json;
    bool ok;

    *set = (struct key_set){.issuer = *issuer};
    json = read_json(issuer->keys_file, &set->seen, error);
    ok = json && add_keys(set, json, error);
    json_free(json);
    if (!ok)
        key_set_close(set);
    return ok;
}

static void tell_if_empty(const struct key_set *set, const struct log *log)
{
    struct error error = {0};

    if (set->count)
        return;
    refuse(set->issuer.keys_file, "no key that may sign tokens", &error);
    log_error(log, LOG_ERROR, NULL, "an issuer has no key: none of its tokens is taken", &error);
}

void key_set_open(const struct token_issuer *issuer, struct key_set *set, const struct log *log)
{
    struct error error = {0};

    if (read_set(issuer, set, &error)) {
        tell_if_empty(set, log);
        return;
    }
    if (stat(issuer->keys_file, &set->seen) < 0)
        set->seen = (struct stat){0};
    log_error(log, LOG_ERROR, NULL, "the keys of an issuer cannot be read: none of its tokens is taken until they can",
              &error);
}

void key_set_close(struct key_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        cjose_jwk_release(set->keys[i].jwk);
    free(set->keys);
    free(set->signatures);
    set->keys = NULL;
    set->signatures = NULL;
    set->count = 0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size
           && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec
           && a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

void key_set_refresh(struct key_set *set, const struct log *log)
{
    struct error error = {0};
    struct key_set fresh;
    struct stat now = {0};

    if (stat(set->issuer.keys_file, &now) < 0)
        now = (struct stat){0};
    if (is_same(&now, &set->seen))
        return;
    if (!read_set(&set->issuer, &fresh, &error)) {
        set->seen = now;
        log_error(log, LOG_ERROR, NULL, "the keys of an issuer cannot be read; those read before go on counting",
                  &error);
        return;
    }
    key_set_close(set);
    *set = fresh;
    tell_if_empty(set, log);
}

const struct token_key *key_set_find(const struct key_set *set, const char *kid)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->keys[i].kid, kid) == 0)
            return &set->keys[i];
    return NULL;
}
