#include "gateway/identity/identity_impl.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>

#include "gateway/base/text.h"

#define FIRST_LINE "-----BEGIN CERTIFICATE-----\n"
#define LAST_LINE "-----END CERTIFICATE-----\n"
#define CVR_PREFIX "NTRDK-"
#define CVR_DIGITS 8
#define SUBJECT_PREFIX "UI:DK-O:G:"

static bool malformed(struct error *error, const char *why)
{
    return error_set(error, ERROR_CERTIFICATE_NOT_TRUSTED, NULL, "not one certificate in PEM: %s", why);
}

/* The base64 between the two lines, line ends taken out. NULL: there is anything else. */
static char *base64_of(char *text, size_t length, size_t *size)
{
    const size_t first = sizeof FIRST_LINE - 1, last = sizeof LAST_LINE - 1;
    char *out = text;

    if (length < first + last || memcmp(text, FIRST_LINE, first) != 0
        || memcmp(text + length - last, LAST_LINE, last) != 0)
        return NULL;
    for (const char *at = text + first; at < text + length - last; at++)
        if (*at != '\n')
            *out++ = *at;
    *size = (size_t)(out - text);
    return text;
}

/* OpenSSL reads more than DER; what it would write must be what came, or one certificate would have many digests. */
static bool is_der(const X509 *x509, const unsigned char *der, long size)
{
    unsigned char *again = NULL;
    int length = i2d_X509(x509, &again);
    bool same = length == size && memcmp(again, der, (size_t)size) == 0;

    OPENSSL_free(again);
    return same;
}

static X509 *from_der(const unsigned char *der, long size, struct digest *digest, struct error *error)
{
    const unsigned char *at = der;
    X509 *x509 = d2i_X509(NULL, &at, size);

    ERR_clear_error();
    if (!x509) {
        malformed(error, "no X.509");
    } else if (at != der + size) {
        malformed(error, "bytes behind it");
    } else if (!is_der(x509, der, size)) {
        malformed(error, "no DER");
    } else if (!digest_of(der, (size_t)size, digest)) {
        error_set(error, ERROR_INTERNAL, NULL, "no digest");
    } else {
        return x509;
    }
    X509_free(x509);
    return NULL;
}

X509 *certificate_parse(char *text, size_t length, struct digest *digest, struct error *error)
{
    long unescaped = text_from_percent(text, length, false);
    size_t size = 0;
    char *base64 = unescaped > 0 ? base64_of(text, (size_t)unescaped, &size) : NULL;
    unsigned char *der;
    X509 *x509 = NULL;
    long got;

    if (!base64) {
        malformed(error, unescaped < 0 ? "a broken escape" : "other text around it");
        return NULL;
    }
    der = malloc(size);
    if (!der) {
        error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
        return NULL;
    }
    got = text_from_base64(base64, size, der, size);
    if (got > 0)
        x509 = from_der(der, got, digest, error);
    else
        malformed(error, "no base64");
    free(der);
    return x509;
}

/* The one entry of the subject with this OID, where it is of one of the two plain string types; else NULL. */
static const ASN1_STRING *only_entry(const X509 *x509, int oid)
{
    const X509_NAME *subject = X509_get_subject_name(x509);
    int place = X509_NAME_get_index_by_NID(subject, oid, -1);
    const ASN1_STRING *value;

    if (place < 0 || X509_NAME_get_index_by_NID(subject, oid, place) >= 0)
        return NULL;
    value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place));
    switch (ASN1_STRING_type(value)) {
    case V_ASN1_UTF8STRING:
    case V_ASN1_PRINTABLESTRING:
        return value;
    default:
        return NULL;
    }
}

/* What stands behind `prefix` when the entry is that and `length` characters more, none of them NUL; `out` takes one
 * more. */
static bool entry_behind(const ASN1_STRING *entry, const char *prefix, size_t length, char *out)
{
    size_t skip = strlen(prefix);

    if (!entry || (size_t)ASN1_STRING_length(entry) != skip + length)
        return false;
    const unsigned char *bytes = ASN1_STRING_get0_data(entry);

    if (memcmp(bytes, prefix, skip) != 0 || memchr(bytes, '\0', skip + length))
        return false;
    memcpy(out, bytes + skip, length);
    out[length] = '\0';
    return true;
}

bool certificate_names(X509 *x509, struct certificate *certificate, struct error *error)
{
    char uuid[UUID_TEXT_SIZE];

    if (!entry_behind(only_entry(x509, NID_organizationIdentifier), CVR_PREFIX, CVR_DIGITS, certificate->cvr)
        || !text_is_digits(certificate->cvr, CVR_DIGITS))
        return error_set(error, ERROR_CERTIFICATE_SUBJECT, NULL, "not one organizationIdentifier NTRDK-<8 digits>");
    if (!entry_behind(only_entry(x509, NID_serialNumber), SUBJECT_PREFIX, UUID_TEXT_SIZE - 1, uuid)
        || !uuid_parse(uuid, &certificate->subject))
        return error_set(error, ERROR_CERTIFICATE_SUBJECT, NULL, "not one serialNumber UI:DK-O:G:<UUID>");
    return true;
}

static bool milliseconds(const ASN1_TIME *time, int64_t *when)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    *when = (int64_t)timegm(&tm) * 1000;
    return true;
}

bool certificate_period(const X509 *x509, int64_t *not_before, int64_t *not_after)
{
    if (!milliseconds(X509_get0_notBefore(x509), not_before) || !milliseconds(X509_get0_notAfter(x509), not_after))
        return false;
    *not_after += 999; /* its last second counts (RFC 5280, 4.1.2.5) */
    return true;
}
