#include "gateway/identity/identity.h"

#include "gateway/base/time.h"
#include "tests/unit/gateway/identity/forge.h"

#define DAY ((int64_t)86400 * 1000)

Suite *suite_certificates(void);

static struct world world;

static void begin(void)
{
    make_world(&world);
}

static void end(void)
{
    end_world(&world);
}

static const struct {
    const char *says;
    bool from_end;  /* of its validity, else from its beginning */
    int64_t offset; /* milliseconds */
    enum error_code code;
} moments[] = {
    {"before its first second", false, -1, ERROR_CERTIFICATE_EXPIRED},
    {"in its first second", false, 0, ERROR_NONE},
    {"in its last second", true, 0, ERROR_NONE},
    {"after its last second", true, 1, ERROR_CERTIFICATE_EXPIRED},
    {"a year later", true, 365 * DAY, ERROR_CERTIFICATE_EXPIRED},
};

START_TEST(time_is_looked_at_each_time)
{
    struct certificates *table = open_table(&world, 16, NULL);
    struct certificate got;
    struct error error = {0};
    char *text = leaf_text(&good, &world);

    ck_assert(certificate_read(table, text, time_now(), &got, &error));
    ck_assert_int_eq((got.not_after + 1 - got.not_before) / 1000, 31 * DAY / 1000 + 1);
    certificate_read(table, text, (moments[_i].from_end ? got.not_after : got.not_before) + moments[_i].offset, &got,
                     &error);
    ck_assert_msg(error.code == moments[_i].code, "%s: %s", moments[_i].says, error_kind(error.code)->code);
    free(text);
    certificates_close(table);
}
END_TEST

START_TEST(a_first_sight_outside_its_time_does_not_stick)
{
    struct certificates *table = open_table(&world, 16, NULL);
    struct certificate got;
    struct error error = {0};
    char *text = leaf_text(&good, &world);

    ck_assert(!certificate_read(table, text, time_now() + 400 * DAY, &got, &error));
    ck_assert(certificate_read(table, text, time_now(), &got, &error));
    free(text);
    certificates_close(table);
}
END_TEST

static uint64_t counted(const struct metrics *metrics, bool hit)
{
    return metrics_get(metrics, METRIC_CERTIFICATE_CACHE, hit ? 0 : 1);
}

START_TEST(a_certificate_is_parsed_once_while_it_has_its_place)
{
    struct metrics *metrics = metrics_open();
    struct certificates *table = open_table(&world, 1, metrics);
    struct certificate got, other;
    struct error error = {0};
    char *first = leaf_text(&good, &world), *second = leaf_text(&good, &world);

    ck_assert(certificate_read(table, first, time_now(), &got, &error));
    ck_assert(certificate_read(table, first, time_now(), &other, &error));
    ck_assert_uint_eq(counted(metrics, true), 1);
    ck_assert_uint_eq(counted(metrics, false), 1);
    ck_assert(digest_same(&got.digest, &other.digest));
    /* with a single place the next one pushes it out, and is not taken for it */
    ck_assert(certificate_read(table, second, time_now(), &other, &error));
    ck_assert(!digest_same(&got.digest, &other.digest));
    ck_assert(certificate_read(table, first, time_now(), &other, &error));
    ck_assert(digest_same(&got.digest, &other.digest));
    ck_assert_uint_eq(counted(metrics, false), 3);
    free(first);
    free(second);
    certificates_close(table);
    metrics_close(metrics);
}
END_TEST

START_TEST(a_forgery_does_not_enter_the_table)
{
    struct metrics *metrics = metrics_open();
    struct certificates *table = open_table(&world, 4, metrics);
    struct recipe forged = good;
    struct certificate got;
    struct error error = {0};
    char *text;

    forged.issuer = SAME_NAME_ISSUING;
    text = leaf_text(&forged, &world);
    for (int i = 0; i < 3; i++)
        ck_assert(!certificate_read(table, text, time_now(), &got, &error));
    ck_assert_uint_eq(counted(metrics, true), 0);
    ck_assert_uint_eq(counted(metrics, false), 3);
    free(text);
    certificates_close(table);
    metrics_close(metrics);
}
END_TEST

/* ---- the issuers file ---- */

static const struct {
    const char *says;
    enum issuer issuers[3];
    size_t count;
    const char *more; /* behind the certificates */
    bool good;
} files[] = {
    {"root and issuing CA", {ROOT, ISSUING}, 2, "", true},
    {"comments between", {ROOT, ISSUING}, 2, "# the end\n", true},
    {"no certificate", {ROOT}, 0, "", false},
    {"no root", {ISSUING}, 1, "", false},
    {"a broken certificate behind", {ROOT, ISSUING}, 2, "-----BEGIN CERTIFICATE-----\nAAAA\n", false},
};

START_TEST(an_issuers_file_holds_a_root_and_nothing_broken)
{
    char file[] = "/tmp/issuers-XXXXXX";
    struct certificates *table;
    struct error error = {0};
    FILE *stream;
    bool opens;

    close(mkstemp(file));
    write_issuers(file, world.signers, files[_i].issuers, files[_i].count);
    stream = fopen(file, "a");
    fputs(files[_i].more, stream);
    fclose(stream);
    opens = certificates_open(file, 4, NULL, &table, &error);
    ck_assert_msg(opens == files[_i].good, "%s: %s", files[_i].says, error.detail);
    if (opens)
        certificates_close(table);
    else
        ck_assert_int_eq(error.code, ERROR_CONFIG_INVALID);
    unlink(file);
    ck_assert(!certificates_open(file, 4, NULL, &table, &error));
}
END_TEST

START_TEST(an_issuer_whose_signatures_have_two_forms_is_refused)
{
    struct signer elliptic = {.key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")};
    struct recipe recipe = {.subject = {NAME("EC rod-CA")}, .constraints = "critical,CA:TRUE", .extended = "-"};
    char file[] = "/tmp/issuers-XXXXXX";
    struct certificates *table;
    struct error error = {0};
    enum issuer only = 0;

    elliptic.x509 = make_certificate(&recipe, elliptic.key, NULL);
    close(mkstemp(file));
    write_issuers(file, &elliptic, &only, 1);
    ck_assert(!certificates_open(file, 4, NULL, &table, &error));
    ck_assert_int_eq(error.code, ERROR_CONFIG_INVALID);
    unlink(file);
    X509_free(elliptic.x509);
    EVP_PKEY_free(elliptic.key);
}
END_TEST

Suite *suite_certificates(void)
{
    Suite *suite = suite_create("certificates");
    TCase *tests = tcase_create("certificates");

    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, time_is_looked_at_each_time, 0, sizeof moments / sizeof *moments);
    tcase_add_test(tests, a_first_sight_outside_its_time_does_not_stick);
    tcase_add_test(tests, a_certificate_is_parsed_once_while_it_has_its_place);
    tcase_add_test(tests, a_forgery_does_not_enter_the_table);
    tcase_add_loop_test(tests, an_issuers_file_holds_a_root_and_nothing_broken, 0, sizeof files / sizeof *files);
    tcase_add_test(tests, an_issuer_whose_signatures_have_two_forms_is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
