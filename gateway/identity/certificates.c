#include "gateway/identity/identity_impl.h"

#include <stdlib.h>
#include <string.h>

enum { CACHE_HIT, CACHE_MISS };

/* What was found out once about a text and stays so. */
struct entry {
    bool used;
    struct digest text;
    struct certificate certificate;
    int64_t issuers_not_before, issuers_not_after;
};

struct certificates {
    struct issuers issuers;
    struct metrics *metrics;
    struct entry *entries; /* each text has one place, given by its digest */
    size_t size;
    char scratch[ESCAPED_PEM_MAX + 1];
};

bool certificates_open(const char *issuers_file, unsigned cache_size, struct metrics *metrics,
                       struct certificates **certificates, struct error *error)
{
    struct certificates *made = calloc(1, sizeof *made);

    if (!made)
        return error_set(error, ERROR_OUT_OF_MEMORY, issuers_file, NULL);
    made->size = cache_size ? cache_size : 1;
    made->metrics = metrics;
    made->entries = calloc(made->size, sizeof *made->entries);
    if (!made->entries) {
        free(made);
        return error_set(error, ERROR_OUT_OF_MEMORY, issuers_file, NULL);
    }
    if (!issuers_open(issuers_file, &made->issuers, error)) {
        free(made->entries);
        free(made);
        return false;
    }
    *certificates = made;
    return true;
}

void certificates_close(struct certificates *certificates)
{
    if (!certificates)
        return;
    issuers_close(&certificates->issuers);
    free(certificates->entries);
    free(certificates);
}

static struct entry *place_of(const struct certificates *certificates, const struct digest *text)
{
    uint64_t number;

    memcpy(&number, text->bytes, sizeof number);
    return &certificates->entries[number % certificates->size];
}

/* Everything that does not depend on the time. */
static bool examine(struct certificates *certificates, const char *text, size_t length, struct entry *entry,
                    struct error *error)
{
    X509 *x509;
    bool ok;

    memcpy(certificates->scratch, text, length + 1);
    x509 = certificate_parse(certificates->scratch, length, &entry->certificate.digest, error);
    if (!x509)
        return false;
    ok = issuers_check(&certificates->issuers, x509, &entry->issuers_not_before, &entry->issuers_not_after, error)
         && certificate_names(x509, &entry->certificate, error);
    if (ok && !certificate_period(x509, &entry->certificate.not_before, &entry->certificate.not_after))
        ok = error_set(error, ERROR_CERTIFICATE_NOT_TRUSTED, NULL, "its validity is not readable");
    X509_free(x509);
    return ok;
}

static bool is_valid_at(const struct entry *entry, int64_t now, struct error *error)
{
    if (now < entry->certificate.not_before || now > entry->certificate.not_after)
        return error_set(error, ERROR_CERTIFICATE_EXPIRED, NULL, NULL);
    if (now < entry->issuers_not_before || now > entry->issuers_not_after)
        return error_set(error, ERROR_CERTIFICATE_EXPIRED, NULL, "an issuer's");
    return true;
}

bool certificate_read(struct certificates *certificates, const char *escaped_pem, int64_t now,
                      struct certificate *certificate, struct error *error)
{
    size_t length = escaped_pem ? strnlen(escaped_pem, ESCAPED_PEM_MAX + 1) : 0;
    struct entry fresh = {.used = true};
    struct entry *entry;

    if (length == 0)
        return error_set(error, ERROR_CERTIFICATE_MISSING, NULL, NULL);
    if (length > ESCAPED_PEM_MAX)
        return error_set(error, ERROR_CERTIFICATE_NOT_TRUSTED, NULL, "longer than any certificate");
    if (!digest_of(escaped_pem, length, &fresh.text))
        return error_set(error, ERROR_INTERNAL, NULL, "no digest");
    entry = place_of(certificates, &fresh.text);
    if (entry->used && digest_same(&entry->text, &fresh.text)) {
        metrics_add(certificates->metrics, METRIC_CERTIFICATE_CACHE, CACHE_HIT, 1);
    } else {
        metrics_add(certificates->metrics, METRIC_CERTIFICATE_CACHE, CACHE_MISS, 1);
        if (!examine(certificates, escaped_pem, length, &fresh, error))
            return false;
        *entry = fresh;
    }
    if (!is_valid_at(entry, now, error))
        return false;
    *certificate = entry->certificate;
    return true;
}
