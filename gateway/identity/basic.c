#include "gateway/identity/identity.h"

#include <string.h>
#include <strings.h>

#include "gateway/base/text.h"

#define SCHEME "Basic "
#define TOKEN_MAX ((size_t)512)
#define CREDENTIALS_MAX (UUID_TEXT_SIZE + TOKEN_MAX) /* the UUID, a colon, the token */
#define ENCODED_MAX ((CREDENTIALS_MAX + 2) / 3 * 4)

bool token_digest(const struct uuid *system, const char *token, struct digest *digest)
{
    size_t length = strnlen(token, TOKEN_MAX + 1);
    char text[CREDENTIALS_MAX];
    bool ok;

    if (length == 0 || length > TOKEN_MAX)
        return false;
    uuid_format(system, text);
    text[UUID_TEXT_SIZE - 1] = ':';
    memcpy(text + UUID_TEXT_SIZE, token, length);
    ok = digest_of(text, UUID_TEXT_SIZE + length, digest);
    explicit_bzero(text, sizeof text);
    return ok;
}

/* "<UUID>:<token>" of `length` bytes with a NUL behind; the token is text. */
static bool split(char *credentials, size_t length, struct uuid *system, struct digest *digest)
{
    char *colon = credentials + UUID_TEXT_SIZE - 1;

    if (length <= UUID_TEXT_SIZE || *colon != ':' || memchr(credentials, '\0', length)
        || !text_is_utf8(credentials, length))
        return false;
    *colon = '\0';
    return uuid_parse(credentials, system) && token_digest(system, colon + 1, digest);
}

bool basic_read(const char *authorization, struct uuid *system, struct digest *digest, struct error *error)
{
    char credentials[CREDENTIALS_MAX + 1];
    const char *encoded;
    long size;
    bool ok;

    if (!authorization || !*authorization)
        return error_set(error, ERROR_BASIC_MISSING, NULL, NULL);
    if (strncasecmp(authorization, SCHEME, sizeof SCHEME - 1) != 0)
        return error_set(error, ERROR_BASIC_MALFORMED, NULL, "another scheme");
    encoded = authorization + sizeof SCHEME - 1;
    size = text_from_base64(encoded, strnlen(encoded, ENCODED_MAX + 1), credentials, CREDENTIALS_MAX);
    if (size >= 0)
        credentials[size] = '\0';
    ok = size >= 0 && split(credentials, (size_t)size, system, digest);
    explicit_bzero(credentials, sizeof credentials);
    return ok || error_set(error, ERROR_BASIC_MALFORMED, NULL, NULL);
}
