#include "gateway/identity/identity.h"

#include "gateway/base/time.h"
#include "tests/unit/gateway/identity/forge.h"

Suite *suite_pem(void);

static struct world world;

static void begin(void)
{
    make_world(&world);
}

static void end(void)
{
    end_world(&world);
}

/* Each makes an escaped text from the DER of a good certificate, freed by the caller. */
static char *twice(const char *a, const char *b)
{
    char *both = malloc(strlen(a) + strlen(b) + 1), *text;

    strcat(strcpy(both, a), b);
    text = escaped(both);
    free(both);
    return text;
}

static char *labelled(const char *label, const unsigned char *der, long size)
{
    char *pem = pem_of(label, der, size), *text = escaped(pem);

    free(pem);
    return text;
}

static char *as_it_is(const unsigned char *der, long size)
{
    return labelled("CERTIFICATE", der, size);
}

static char *not_escaped(const unsigned char *der, long size)
{
    return pem_of("CERTIFICATE", der, size);
}

static char *two_blocks(const unsigned char *der, long size)
{
    char *pem = pem_of("CERTIFICATE", der, size), *text = twice(pem, pem);

    free(pem);
    return text;
}

static char *text_before(const unsigned char *der, long size)
{
    char *pem = pem_of("CERTIFICATE", der, size), *text = twice("subject=/CN=x\n", pem);

    free(pem);
    return text;
}

static char *text_behind(const unsigned char *der, long size)
{
    char *pem = pem_of("CERTIFICATE", der, size), *text = twice(pem, "x");

    free(pem);
    return text;
}

static char *bytes_behind(const unsigned char *der, long size)
{
    unsigned char more[4096] = {0};

    memcpy(more, der, (size_t)size);
    return as_it_is(more, size + 1);
}

static char *another_behind(const unsigned char *der, long size)
{
    unsigned char more[4096];

    memcpy(more, der, (size_t)size);
    memcpy(more + size, der, (size_t)size);
    return as_it_is(more, 2 * size);
}

static char *cut_short(const unsigned char *der, long size)
{
    return as_it_is(der, size - 1);
}

static char *first_byte_alone(const unsigned char *der, long size)
{
    (void)size;
    return as_it_is(der, 1);
}

static char *flipped(const unsigned char *der, long size, long where)
{
    unsigned char other[4096];

    memcpy(other, der, (size_t)size);
    other[where] ^= 1;
    return as_it_is(other, size);
}

static char *flipped_serial(const unsigned char *der, long size)
{
    return flipped(der, size, 15);
}

static char *flipped_cvr(const unsigned char *der, long size)
{
    const unsigned char *at = memmem(der, (size_t)size, "NTRDK-" CVR, 14);

    ck_assert_ptr_nonnull(at);
    return flipped(der, size, at - der + 13);
}

static char *flipped_signature(const unsigned char *der, long size)
{
    return flipped(der, size, size - 1);
}

/* The outer length in more bytes than needed: 30 82 xx xx becomes 30 83 00 xx xx. */
static char *long_length(const unsigned char *der, long size)
{
    unsigned char other[4096] = {0x30, 0x83, 0x00};

    ck_assert_uint_eq(der[1], 0x82);
    memcpy(other + 3, der + 2, (size_t)size - 2);
    return as_it_is(other, size + 1);
}

static char *endless_length(const unsigned char *der, long size)
{
    unsigned char other[4096] = {0x30, 0x80};

    memcpy(other + 2, der + 4, (size_t)size - 4);
    return as_it_is(other, size);
}

static char *label_of_a_key(const unsigned char *der, long size)
{
    return labelled("PRIVATE KEY", der, size);
}

static char *label_with_trust(const unsigned char *der, long size)
{
    return labelled("TRUSTED CERTIFICATE", der, size);
}

static char *label_of_old(const unsigned char *der, long size)
{
    return labelled("X509 CERTIFICATE", der, size);
}

static char *no_last_line(const unsigned char *der, long size)
{
    char *text = as_it_is(der, size);

    *strstr(text, "-----END") = '\0';
    return text;
}

static char *no_base64(const unsigned char *der, long size)
{
    char *text = as_it_is(der, size);

    text[sizeof "-----BEGIN%20CERTIFICATE-----%0A" + 10] = '_';
    return text;
}

static char *ends_with(const unsigned char *der, long size, const char *end)
{
    char *text = as_it_is(der, size), *longer = malloc(strlen(text) + strlen(end) + 1);

    strcat(strcpy(longer, text), end);
    free(text);
    return longer;
}

static char *broken_escape(const unsigned char *der, long size)
{
    return ends_with(der, size, "%");
}

static char *no_hex_escape(const unsigned char *der, long size)
{
    return ends_with(der, size, "%zz");
}

static char *escaped_nul(const unsigned char *der, long size)
{
    return ends_with(der, size, "%00");
}

static char *nothing(const unsigned char *der, long size)
{
    (void)der;
    (void)size;
    return strdup("");
}

static char *names_as_text(const unsigned char *der, long size)
{
    (void)der;
    (void)size;
    return strdup("CN=x,serialNumber=UI:DK-O:G:" UUID ",organizationIdentifier=NTRDK-" CVR ",C=DK");
}

static char *an_empty_block(const unsigned char *der, long size)
{
    (void)der;
    (void)size;
    return escaped("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
}

static char *a_megabyte(const unsigned char *der, long size)
{
    char *filler = malloc(1000001), *text;

    memset(filler, 'A', 1000000);
    filler[1000000] = '\0';
    text = ends_with(der, size, filler);
    free(filler);
    return text;
}

static const struct {
    const char *says;
    char *(*make)(const unsigned char *der, long size);
    enum error_code code;
} texts[] = {
    {"PEM as nginx escapes it is taken", as_it_is, ERROR_NONE},
    {"PEM as it is would be the same", not_escaped, ERROR_NONE},
    {"nothing", nothing, ERROR_CERTIFICATE_MISSING},
    {"two certificates", two_blocks, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"text before", text_before, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"text behind", text_behind, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"a byte behind, within", bytes_behind, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"a second certificate behind, within", another_behind, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"cut short", cut_short, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"one byte", first_byte_alone, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"another serial number under the signature", flipped_serial, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"another CVR under the signature", flipped_cvr, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"another signature", flipped_signature, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"a length of more bytes than needed", long_length, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"a length without end", endless_length, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"the label of a key", label_of_a_key, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"the label of a certificate with trust", label_with_trust, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"an old label", label_of_old, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"no last line", no_last_line, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"no base64", no_base64, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"a broken escape", broken_escape, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"an escape that is not hexadecimal", no_hex_escape, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"an escaped NUL", escaped_nul, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"a distinguished name as text", names_as_text, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"an empty certificate", an_empty_block, ERROR_CERTIFICATE_NOT_TRUSTED},
    {"a megabyte", a_megabyte, ERROR_CERTIFICATE_NOT_TRUSTED},
};

START_TEST(a_text_is_one_certificate_or_refused)
{
    struct certificates *table = open_table(&world, 16, NULL);
    X509 *x509 = make_leaf(&good, world.signers);
    unsigned char *der = NULL;
    int size = i2d_X509(x509, &der);
    char *text = texts[_i].make(der, size);
    struct certificate got = {0};
    struct error error = {0};
    bool taken = certificate_read(table, text, time_now(), &got, &error);

    ck_assert_msg(error.code == texts[_i].code, "%s: %s %s", texts[_i].says, error_kind(error.code)->code,
                  error.detail);
    ck_assert_int_eq(taken, error.code == ERROR_NONE);
    if (taken) {
        struct digest digest;

        ck_assert(digest_of(der, (size_t)size, &digest) && digest_same(&digest, &got.digest));
    }
    ck_assert(!certificate_read(table, NULL, time_now(), &got, &error));
    ck_assert_int_eq(error.code, ERROR_CERTIFICATE_MISSING);
    free(text);
    OPENSSL_free(der);
    X509_free(x509);
    certificates_close(table);
}
END_TEST

Suite *suite_pem(void)
{
    Suite *suite = suite_create("pem");
    TCase *tests = tcase_create("pem");

    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, a_text_is_one_certificate_or_refused, 0, sizeof texts / sizeof *texts);
    suite_add_tcase(suite, tests);
    return suite;
}
