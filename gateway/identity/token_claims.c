#include "gateway/identity/token_impl.h"

#include <string.h>

#include "gateway/base/text.h"

#define SKEW 30 /* seconds */

static bool refuse(struct error *error, enum error_code code, const char *why)
{
    return error_set(error, code, NULL, "%s", why);
}

/* ---- when and for whom ---- */

/* A claim that need not be there, but must be a time where it is. */
static bool starts_by(const struct json *claims, const char *name, int64_t now, struct error *error)
{
    int64_t start;

    if (!json_has(claims, name))
        return true;
    if (!json_number(claims, name, &start))
        return refuse(error, ERROR_TOKEN_CLAIMS, "nbf or iat is no time");
    return start <= now + SKEW || refuse(error, ERROR_TOKEN_EXPIRED, "not yet valid");
}

static bool time_is_right(const struct json *claims, int64_t now, int64_t *expires, struct error *error)
{
    if (!json_number(claims, "exp", expires))
        return refuse(error, ERROR_TOKEN_CLAIMS, "exp is no time");
    if (now >= *expires + SKEW)
        return refuse(error, ERROR_TOKEN_EXPIRED, "expired");
    return starts_by(claims, "nbf", now, error) && starts_by(claims, "iat", now, error);
}

/* Whether a claim is that word, or an array that holds it. */
static bool holds(const struct json *claims, const char *name, const char *word)
{
    const char *text = json_text(claims, name);

    if (text)
        return strcmp(text, word) == 0;
    for (size_t i = 0; i < json_count(claims, name); i++) {
        text = json_text_at(claims, name, i);
        if (text && strcmp(text, word) == 0)
            return true;
    }
    return false;
}

/* ---- who ---- */

/* Text of `least` to `most` printable characters; an absent claim leaves `out` empty. */
static bool take_text(const struct json *claims, const char *name, size_t least, size_t most, char *out)
{
    const char *text = json_text(claims, name);
    size_t length = text ? strlen(text) : 0;

    out[0] = '\0';
    if (!json_has(claims, name))
        return true;
    if (!text || length < least || length > most)
        return false;
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return false;
    memcpy(out, text, length + 1);
    return true;
}

static bool take_digits(const struct json *claims, const char *name, size_t count, char *out)
{
    return take_text(claims, name, count, count, out) && (!*out || text_is_digits(out, count));
}

/* The company's where both stand there (CONTRACT.md): then the person's own number is forgotten. */
static bool take_numbers(const struct token_rules *rules, const struct json *claims, struct person *person)
{
    if (!take_digits(claims, rules->cpr_claim, 10, person->cpr)
        || !take_digits(claims, rules->cvr_claim, 8, person->cvr)
        || !take_text(claims, rules->employee_claim, 1, EMPLOYEE_ID_MAX, person->employee_id))
        return false;
    if (!*person->cvr)
        return *person->cpr && !*person->employee_id;
    person->cpr[0] = '\0';
    return *person->employee_id;
}

static bool take_identity(const struct json *claims, struct person *person)
{
    const char *subject = json_text(claims, "sub");

    return subject && uuid_parse(subject, &person->identity);
}

static bool take_client(const struct json *claims, struct person *person)
{
    return take_text(claims, json_has(claims, "client_id") ? "client_id" : "azp", 1, CLIENT_MAX, person->client);
}

/* ---- what for ---- */

static void take_word(const char *word, size_t length, struct person *person)
{
#define PRIVILEGE_NAME(name) [PRIVILEGE_##name] = #name,
    static const char *const names[PRIVILEGE_COUNT] = {PRIVILEGES(PRIVILEGE_NAME)};
#undef PRIVILEGE_NAME

    for (int i = 0; i < PRIVILEGE_COUNT; i++)
        if (strlen(names[i]) == length && memcmp(names[i], word, length) == 0)
            person->privileges |= (uint64_t)1 << i;
}

static void take_scope(const char *word, size_t length, struct person *person)
{
    person->may_read |= length == 4 && memcmp(word, "READ", 4) == 0;
    person->may_write |= length == 5 && memcmp(word, "WRITE", 5) == 0;
}

/* Words of a text with blanks between them, or of an array. */
static void take_words(const struct json *claims, const char *name,
                       void (*take)(const char *word, size_t length, struct person *person), struct person *person)
{
    const char *text = json_text(claims, name);

    for (size_t length; text && *text; text += length + strspn(text + length, " ")) {
        length = strcspn(text, " ");
        take(text, length, person);
    }
    for (size_t i = 0; i < json_count(claims, name); i++) {
        text = json_text_at(claims, name, i);
        if (text)
            take(text, strlen(text), person);
    }
}

_Static_assert(PRIVILEGE_COUNT <= 64, "privileges are bits of one number");

bool claims_read(const struct token_rules *rules, const struct json *claims, int64_t now, struct person *person,
                 struct error *error)
{
    *person = (struct person){0};
    if (!holds(claims, "aud", rules->audience))
        return refuse(error, ERROR_TOKEN_NOT_TRUSTED, "for another audience");
    if (!time_is_right(claims, now / 1000, &person->expires, error))
        return false;
    if (!take_identity(claims, person))
        return refuse(error, ERROR_TOKEN_CLAIMS, "sub is no UUID");
    if (!take_numbers(rules, claims, person))
        return refuse(error, ERROR_TOKEN_CLAIMS, "neither a citizen nor an employee");
    if (!take_client(claims, person))
        return refuse(error, ERROR_TOKEN_CLAIMS, "client_id or azp is no name");
    take_words(claims, rules->scope_claim, take_scope, person);
    take_words(claims, rules->privileges_claim, take_word, person);
    return true;
}
