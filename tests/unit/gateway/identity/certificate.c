#include "gateway/identity/identity.h"

#include "gateway/base/time.h"
#include "tests/unit/gateway/identity/forge.h"

Suite *suite_certificate(void);

static struct world world;

static void begin(void)
{
    make_world(&world);
}

static void end(void)
{
    end_world(&world);
}

#define ORG_IS(type, value) .recipe.subject = {COUNTRY, ORG(type, value), GOOD_SERIAL, NAME("Myndighed 1")}
#define SERIAL_IS(type, value) .recipe.subject = {COUNTRY, GOOD_ORG, SERIAL(type, value), NAME("Myndighed 1")}
#define GOOD_SUBJECT .recipe.subject = {COUNTRY, GOOD_ORG, GOOD_SERIAL, NAME("Myndighed 1")}

#define TRUST ERROR_CERTIFICATE_NOT_TRUSTED
#define EXPIRED ERROR_CERTIFICATE_EXPIRED
#define SUBJECT ERROR_CERTIFICATE_SUBJECT

/* clang-format off */
static const struct {
    const char *says;
    enum error_code code; /* ERROR_NONE: taken, with CVR and UUID */
    struct recipe recipe;
} certificates[] = {
    {"a good one is taken", ERROR_NONE, GOOD_SUBJECT},
    {"one of a second issuing CA is taken", ERROR_NONE, GOOD_SUBJECT, .recipe.issuer = ISSUING_RSA},
    {"one without extended key usage is taken", ERROR_NONE, GOOD_SUBJECT, .recipe.extended = "-"},
    {"printable strings are taken", ERROR_NONE, ORG_IS(PRINTABLE, "NTRDK-" CVR)},
    {"UTF-8 strings are taken", ERROR_NONE, SERIAL_IS(UTF8, "UI:DK-O:G:" UUID)},
    {"a UUID in capitals is taken", ERROR_NONE, SERIAL_IS(PRINTABLE, "UI:DK-O:G:2F6A3A1E-4C0D-4B7E-9D0A-0F1E2D3C4B5A")},
    {"a name that tells of another organisation changes nothing", ERROR_NONE,
     .recipe.subject = {COUNTRY, NAME("Evil,organizationIdentifier=NTRDK-99999999,O=x"), GOOD_ORG, GOOD_SERIAL}},
    {"nor does one in an organizational unit", ERROR_NONE,
     .recipe.subject = {COUNTRY, {NID_organizationalUnitName, UTF8, "NTRDK-99999999", 0, 0}, GOOD_ORG, GOOD_SERIAL}},

    /* who issued it */
    {"CAs of the same names but other keys", TRUST, GOOD_SUBJECT, .recipe.issuer = SAME_NAME_ISSUING},
    {"the root of the same name", TRUST, GOOD_SUBJECT, .recipe.issuer = SAME_NAME_ROOT},
    {"another CA", TRUST, GOOD_SUBJECT, .recipe.issuer = OTHER_ISSUING},
    {"another root", TRUST, GOOD_SUBJECT, .recipe.issuer = OTHER_ROOT},
    {"nobody but itself", TRUST, GOOD_SUBJECT, .recipe.self_signed = true},
    {"itself, as a CA", TRUST, GOOD_SUBJECT, .recipe.self_signed = true, .recipe.constraints = "CA:TRUE"},
    {"another client", TRUST, GOOD_SUBJECT, .recipe.issuer = A_LEAF},
    {"an issuer that is no CA", TRUST, GOOD_SUBJECT, .recipe.issuer = NO_CA},
    {"a CA below the path length", TRUST, GOOD_SUBJECT, .recipe.issuer = BEYOND_PATH},
    {"a CA one step too deep", TRUST, GOOD_SUBJECT, .recipe.issuer = DEEP},
    {"a true CA that nobody named", TRUST, GOOD_SUBJECT, .recipe.issuer = UNKNOWN_SUB},
    {"a CA for servers", TRUST, GOOD_SUBJECT, .recipe.issuer = SERVERS_ONLY},
    {"a CA that may not sign certificates", TRUST, GOOD_SUBJECT, .recipe.issuer = NO_SIGNING},
    {"a CA with a weak key", TRUST, GOOD_SUBJECT, .recipe.issuer = WEAK},
    {"a CA that is expired", EXPIRED, GOOD_SUBJECT, .recipe.issuer = ISSUING_EXPIRED},
    {"a CA that is not yet valid", EXPIRED, GOOD_SUBJECT, .recipe.issuer = ISSUING_EARLY},

    /* what it is for */
    {"expired", EXPIRED, GOOD_SUBJECT, .recipe.from_day = -300, .recipe.to_day = -1},
    {"not yet valid", EXPIRED, GOOD_SUBJECT, .recipe.from_day = 1, .recipe.to_day = 300},
    {"never valid", EXPIRED, GOOD_SUBJECT, .recipe.from_day = 3, .recipe.to_day = -3},
    {"for servers", TRUST, GOOD_SUBJECT, .recipe.extended = "serverAuth"},
    {"for signing code", TRUST, GOOD_SUBJECT, .recipe.extended = "codeSigning"},
    {"for mail alone", TRUST, GOOD_SUBJECT, .recipe.extended = "emailProtection"},
    {"for encryption alone", TRUST, GOOD_SUBJECT, .recipe.usage = "critical,keyEncipherment"},
    {"for signing lists alone", TRUST, GOOD_SUBJECT, .recipe.usage = "critical,cRLSign"},
    {"a CA itself", TRUST, GOOD_SUBJECT, .recipe.constraints = "critical,CA:TRUE"},
    {"with a critical extension nobody knows", TRUST, GOOD_SUBJECT, .recipe.critical = "yes"},
    {"with a weak key", TRUST, GOOD_SUBJECT, .recipe.weak_key = 1024},
    {"signed with SHA-1", TRUST, GOOD_SUBJECT, .recipe.issuer = ISSUING_RSA, .recipe.sha1 = true},

    /* whom it names: the organisation */
    {"no organisation", SUBJECT, .recipe.subject = {COUNTRY, GOOD_SERIAL, NAME("Myndighed 1")}},
    {"an empty subject", SUBJECT, .recipe.subject = {{0}}},
    {"an organisation in its name alone", SUBJECT,
     .recipe.subject = {COUNTRY, GOOD_SERIAL, NAME("x,organizationIdentifier=NTRDK-" CVR)}},
    {"in its name, as legacy text writes it", SUBJECT,
     .recipe.subject = {COUNTRY, GOOD_SERIAL, NAME("x/2.5.4.97=NTRDK-" CVR "/serialNumber=UI:DK-O:G:" UUID)}},
    {"in its name, on a new line", SUBJECT,
     .recipe.subject = {COUNTRY, GOOD_SERIAL, NAME("x\norganizationIdentifier=NTRDK-" CVR)}},
    {"in O alone", SUBJECT,
     .recipe.subject = {COUNTRY, {NID_organizationName, UTF8, "NTRDK-" CVR, 0, 0}, GOOD_SERIAL}},
    {"in an attribute next to the right one", SUBJECT,
     .recipe.subject = {COUNTRY, {NID_dnQualifier, PRINTABLE, "NTRDK-" CVR, 0, 0}, GOOD_SERIAL}},
    {"two organisations", SUBJECT, .recipe.subject = {COUNTRY, GOOD_ORG, ORG(UTF8, "NTRDK-99999999"), GOOD_SERIAL}},
    {"the same organisation twice", SUBJECT, .recipe.subject = {COUNTRY, GOOD_ORG, GOOD_ORG, GOOD_SERIAL}},
    {"two in one set", SUBJECT,
     .recipe.subject = {COUNTRY, GOOD_ORG, {NID_organizationIdentifier, UTF8, "NTRDK-99999999", 0, -1}, GOOD_SERIAL}},
    {"a second one that is nonsense", SUBJECT, .recipe.subject = {COUNTRY, GOOD_ORG, GOOD_SERIAL, ORG(UTF8, "x")}},
    {"an empty organisation", SUBJECT, ORG_IS(UTF8, "")},
    {"only digits", SUBJECT, ORG_IS(UTF8, CVR)},
    {"only the prefix", SUBJECT, ORG_IS(UTF8, "NTRDK-")},
    {"a prefix in small letters", SUBJECT, ORG_IS(UTF8, "ntrdk-" CVR)},
    {"a Swedish prefix", SUBJECT, ORG_IS(UTF8, "NTRSE-" CVR)},
    {"a VAT prefix", SUBJECT, ORG_IS(UTF8, "VATDK-" CVR)},
    {"a prefix without hyphen", SUBJECT, ORG_IS(UTF8, "NTRDK " CVR)},
    {"seven digits", SUBJECT, ORG_IS(UTF8, "NTRDK-1234567")},
    {"nine digits", SUBJECT, ORG_IS(UTF8, "NTRDK-123456789")},
    {"a letter among the digits", SUBJECT, ORG_IS(UTF8, "NTRDK-1234567O")},
    {"a sign before the digits", SUBJECT, ORG_IS(UTF8, "NTRDK-+1234567")},
    {"a blank before", SUBJECT, ORG_IS(UTF8, " NTRDK-" CVR)},
    {"a blank behind", SUBJECT, ORG_IS(UTF8, "NTRDK-" CVR " ")},
    {"digits of another script", SUBJECT, ORG_IS(UTF8, "NTRDK-1234567\xd9\xa1")},
    {"a full-width digit", SUBJECT, ORG_IS(UTF8, "NTRDK-12345\xef\xbc\x91")},
    {"a NUL among the digits", SUBJECT,
     .recipe.subject = {COUNTRY, {NID_organizationIdentifier, UTF8, "NTRDK-1234\0" "678", 14, 0}, GOOD_SERIAL}},
    {"a NUL behind, and another number", SUBJECT,
     .recipe.subject = {COUNTRY, {NID_organizationIdentifier, UTF8, "NTRDK-" CVR "\0NTRDK-9", 22, 0}, GOOD_SERIAL}},
    {"a BMPString", SUBJECT,
     .recipe.subject = {COUNTRY,
                        {NID_organizationIdentifier, V_ASN1_BMPSTRING,
                         "\0N\0T\0R\0D\0K\0-\0" "1\0" "2\0" "3\0" "4\0" "5\0" "6\0" "7\0" "8", 28, 0},
                        GOOD_SERIAL}},
    {"a BMPString as long as the plain text", SUBJECT, ORG_IS(V_ASN1_BMPSTRING, "NTRDK-" CVR)},
    {"a T61String", SUBJECT, ORG_IS(V_ASN1_T61STRING, "NTRDK-" CVR)},
    {"an IA5String", SUBJECT, ORG_IS(V_ASN1_IA5STRING, "NTRDK-" CVR)},

    /* ... and the system */
    {"no serial number", SUBJECT, .recipe.subject = {COUNTRY, GOOD_ORG, NAME("Myndighed 1")}},
    {"a serial number in its name alone", SUBJECT,
     .recipe.subject = {COUNTRY, GOOD_ORG, NAME("x,serialNumber=UI:DK-O:G:" UUID)}},
    {"two serial numbers", SUBJECT, .recipe.subject = {COUNTRY, GOOD_ORG, GOOD_SERIAL, GOOD_SERIAL}},
    {"a UUID without its prefix", SUBJECT, SERIAL_IS(PRINTABLE, UUID)},
    {"the prefix in small letters", SUBJECT, SERIAL_IS(PRINTABLE, "ui:dk-o:g:" UUID)},
    {"an employee's prefix", SUBJECT, SERIAL_IS(PRINTABLE, "UI:DK-E:G:" UUID)},
    {"a citizen's prefix", SUBJECT, SERIAL_IS(PRINTABLE, "UI:DK-P:G:" UUID)},
    {"an OCES2 serial number", SUBJECT, SERIAL_IS(PRINTABLE, "CVR:" CVR "-UID:1234567890")},
    {"no UUID", SUBJECT, SERIAL_IS(PRINTABLE, "UI:DK-O:G:")},
    {"a UUID that is short", SUBJECT, SERIAL_IS(PRINTABLE, "UI:DK-O:G:2f6a3a1e-4c0d-4b7e-9d0a-0f1e2d3c4b5")},
    {"a UUID that is long", SUBJECT, SERIAL_IS(PRINTABLE, "UI:DK-O:G:" UUID "a")},
    {"a UUID without hyphens", SUBJECT, SERIAL_IS(PRINTABLE, "UI:DK-O:G:2f6a3a1e4c0d4b7e9d0a0f1e2d3c4b5a")},
    {"a UUID with hyphens elsewhere", SUBJECT, SERIAL_IS(PRINTABLE, "UI:DK-O:G:2f6a3a1-e4c0d-4b7e-9d0a-0f1e2d3c4b5a")},
    {"a UUID in braces", SUBJECT, SERIAL_IS(UTF8, "UI:DK-O:G:{" UUID "}")},
    {"a UUID with a letter beyond f", SUBJECT, SERIAL_IS(PRINTABLE, "UI:DK-O:G:2f6a3a1g-4c0d-4b7e-9d0a-0f1e2d3c4b5a")},
    {"a UUID with a NUL", SUBJECT,
     .recipe.subject = {COUNTRY, GOOD_ORG,
                        {NID_serialNumber, UTF8, "UI:DK-O:G:2f6a3a1e-4c0d-4b7e-9d0a-0f1e2d3c4b5\0", 46, 0}}},
    {"a BMPString for a UUID", SUBJECT, SERIAL_IS(V_ASN1_BMPSTRING, "UI:DK-O:G:" UUID)},
};
/* clang-format on */

START_TEST(a_certificate_is_taken_for_what_it_is)
{
    struct certificates *table = open_table(&world, 16, NULL);
    char *text = leaf_text(&certificates[_i].recipe, &world), subject[UUID_TEXT_SIZE];
    struct certificate got = {0};
    struct error error = {0};
    bool taken = certificate_read(table, text, time_now(), &got, &error);

    ck_assert_msg(error.code == certificates[_i].code, "%s: %s %s", certificates[_i].says, error_kind(error.code)->code,
                  error.detail);
    ck_assert_int_eq(taken, error.code == ERROR_NONE);
    uuid_format(&got.subject, subject);
    ck_assert_str_eq(got.cvr, taken ? CVR : "");
    ck_assert_str_eq(subject, taken ? UUID : "00000000-0000-0000-0000-000000000000");
    free(text);
    certificates_close(table);
}
END_TEST

Suite *suite_certificate(void)
{
    Suite *suite = suite_create("certificate");
    TCase *tests = tcase_create("certificate");

    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, a_certificate_is_taken_for_what_it_is, 0, sizeof certificates / sizeof *certificates);
    suite_add_tcase(suite, tests);
    return suite;
}
