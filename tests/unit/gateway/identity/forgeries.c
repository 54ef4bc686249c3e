#include "tests/unit/gateway/identity/token_fixture.h"

#include "gateway/base/text.h"

Suite *suite_forgeries(void);

/* ---- tweaks ---- */

static char *part(char *authorization, int number)
{
    char *at = authorization + 7;

    while (number--)
        at = strchr(at, '.') + 1;
    return at;
}

static void cut_signature(char *a)
{
    *part(a, 2) = '\0';
}

static void cut_to_two(char *a)
{
    part(a, 2)[-1] = '\0';
}

static void add_part(char *a)
{
    strcat(a, ".AAAA");
}

static void add_two_parts(char *a)
{
    strcat(a, ".AAAA.AAAA");
}

static void pad(char *a)
{
    strcat(a, "=");
}

static void pad_header(char *a)
{
    char *dot = part(a, 1) - 1;

    memmove(dot + 1, dot, strlen(dot) + 1);
    *dot = '=';
}

static void shorten_signature(char *a)
{
    a[strlen(a) - 4] = '\0';
}

static void lengthen_signature(char *a)
{
    memmove(part(a, 2) + 4, part(a, 2), strlen(part(a, 2)) + 1);
    memcpy(part(a, 2), "AAAA", 4);
}

/* Another length of an ES256 signature, which means the same to who halves it. */
static void sign_in_other_length(char *a, void change(unsigned char *bytes, size_t *size))
{
    unsigned char bytes[100];
    long size = text_from_base64url(part(a, 2), strlen(part(a, 2)), bytes, sizeof bytes);
    size_t changed = 64;

    ck_assert_int_eq(size, 64);
    change(bytes, &changed);
    text_to_base64url(bytes, changed, part(a, 2));
}

static void with_nought_behind(unsigned char *bytes, size_t *size)
{
    bytes[(*size)++] = 0;
}

static void without_the_last(unsigned char *bytes, size_t *size)
{
    (void)bytes;
    (*size)--;
}

static void with_noughts_before_each_half(unsigned char *bytes, size_t *size)
{
    unsigned char halves[64];

    memcpy(halves, bytes, sizeof halves);
    bytes[0] = bytes[33] = 0;
    memcpy(bytes + 1, halves, 32);
    memcpy(bytes + 34, halves + 32, 32);
    *size = 66;
}

static void add_nought(char *a)
{
    sign_in_other_length(a, with_nought_behind);
}

static void drop_last(char *a)
{
    sign_in_other_length(a, without_the_last);
}

static void widen_halves(char *a)
{
    sign_in_other_length(a, with_noughts_before_each_half);
}

static void flip_signature(char *a)
{
    char *at = part(a, 2) + 40;

    *at = *at == 'A' ? 'B' : 'A';
}

static void flip_claims(char *a)
{
    char *at = part(a, 1) + 60;

    *at = *at == 'a' ? 'b' : 'a';
}

/* 256 bytes end with two bits that no byte has: a lenient reader takes 4 spellings of one signature. */
static void stray_bits(char *a)
{
    char *last = a + strlen(a) - 1;

    ck_assert_ptr_nonnull(strchr("AQgw", *last));
    ++*last;
}

static void old_alphabet(char *a)
{
    for (char *c = part(a, 2); *c; c++)
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    *part(a, 2) = '+';
}

static void blank_within(char *a)
{
    memmove(part(a, 2) + 1, part(a, 2), strlen(part(a, 2)) + 1);
    *part(a, 2) = ' ';
}

static void blank_behind(char *a)
{
    strcat(a, " ");
}

static void two_blanks(char *a)
{
    memmove(a + 7, a + 6, strlen(a + 6) + 1);
}

static void line_within(char *a)
{
    memmove(part(a, 1) + 1, part(a, 1), strlen(part(a, 1)) + 1);
    *part(a, 1) = '\n';
}

static void twice(char *a)
{
    size_t length = strlen(a);

    memmove(a + length + 2, a, length + 1);
    memcpy(a + length, ", ", 2);
    a[2 * length + 2] = '\0';
}

static void other_scheme(char *a)
{
    memcpy(a, "Tokens", 6);
}

static void basic_scheme(char *a)
{
    memmove(a + 6, a + 7, strlen(a + 7) + 1);
    memcpy(a, "Basic ", 6);
}

static void no_scheme(char *a)
{
    memmove(a, a + 7, strlen(a + 7) + 1);
}

static void scheme_alone(char *a)
{
    strcpy(a, "Bearer");
}

static void nothing_behind(char *a)
{
    strcpy(a, "Bearer ");
}

static void dots_alone(char *a)
{
    strcpy(a, "Bearer ..");
}

static void empty_header(char *a)
{
    memmove(a + 7, part(a, 1) - 1, strlen(part(a, 1)) + 2);
}

/* Another citizen's claims, that citizen's own, under this signature. */
static void swap_claims(char *a)
{
    char other[TOKEN_ROOM], rest[2048];

    write_token(&(struct row){.without = "cpr", .with = "\"cpr\":\"6202900002\""}, other);
    strcpy(rest, part(a, 2) - 1);
    part(other, 2)[-1] = '\0';
    strcpy(part(a, 1), part(other, 1));
    strcat(a, rest);
}

static void swap_header(char *a)
{
    char other[TOKEN_ROOM], rest[TOKEN_ROOM];

    write_token(&(struct row){.header_without = "alg", .header_with = "\"alg\":\"none\""}, other);
    strcpy(rest, part(a, 1) - 1);
    part(other, 1)[-1] = '\0';
    strcpy(a + 7, other + 7);
    strcat(a, rest);
}

static void deep_claims(char *a)
{
    static char claims[12000], text[TOKEN_ROOM];

    strcpy(claims, "{\"a\":");
    memset(claims + 5, '[', 2500);
    memset(claims + 2505, ']', 2500);
    strcpy(claims + 5005, "}");
    sign_token("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", claims, SIGN_RS256, KEY_RSA, text);
    strcpy(a + 7, text);
}

/* ---- the forgeries (reliability.md C9, RFC 8725) ---- */

#define NOT_TRUSTED .code = ERROR_TOKEN_NOT_TRUSTED
#define MALFORMED .code = ERROR_TOKEN_MALFORMED
#define CLAIMS .code = ERROR_TOKEN_CLAIMS
#define EXPIRED .code = ERROR_TOKEN_EXPIRED
#define MISSING .code = ERROR_TOKEN_MISSING

static const char huge[] = "%huge";

static const struct row forgeries[] = {
    {"no algorithm, no signature", ALG("\"none\""), .signing = SIGN_NOTHING, MALFORMED},
    {"no algorithm, some signature", ALG("\"none\""), .signing = SIGN_RS256, NOT_TRUSTED},
    {"None in other letters", ALG("\"nOnE\""), .signing = SIGN_RS256, NOT_TRUSTED},
    {"an empty algorithm", ALG("\"\""), NOT_TRUSTED},
    {"an algorithm that is null", ALG("null"), NOT_TRUSTED},
    {"an algorithm that is a list", ALG("[\"RS256\"]"), NOT_TRUSTED},
    {"an algorithm in small letters", ALG("\"rs256\""), NOT_TRUSTED},
    {"an algorithm left out", .header_without = "alg", NOT_TRUSTED},
    {"HMAC with the public key in PEM", ALG("\"HS256\""), .signing = SIGN_HMAC_PEM, NOT_TRUSTED},
    {"HMAC with the modulus", ALG("\"HS256\""), .signing = SIGN_HMAC_MODULUS, NOT_TRUSTED},
    {"HMAC with an empty secret", ALG("\"HS256\""), .signing = SIGN_HMAC_EMPTY, NOT_TRUSTED},
    {"HMAC under the name of RSA", .signing = SIGN_HMAC_PEM, NOT_TRUSTED},
    {"HMAC with a key listed as HS256", .header_without = "alg kid", HEADER("\"alg\":\"HS256\",\"kid\":\"hs\""),
     .signing = SIGN_HMAC_PEM, NOT_TRUSTED},
    {"HMAC with a symmetric key of the set", .header_without = "alg kid", HEADER("\"alg\":\"HS256\",\"kid\":\"oct\""),
     .signing = SIGN_HMAC_EMPTY, NOT_TRUSTED},
    {"HS384", ALG("\"HS384\""), .signing = SIGN_HMAC_PEM, NOT_TRUSTED},
    {"RS384, well signed", ALG("\"RS384\""), .signing = SIGN_RS384, NOT_TRUSTED},
    {"RS512", ALG("\"RS512\""), NOT_TRUSTED},
    {"ES256 in the header of an RSA key", ALG("\"ES256\""), NOT_TRUSTED},
    {"PS256 in the header of an RS256 signature", ALG("\"PS256\""), NOT_TRUSTED},
    {"RS256 in the header of a PS256 signature", .signing = SIGN_PS256, NOT_TRUSTED},
    {"RS256 with a key for PS256", KID("\"ps\""), .key = KEY_FOR_PS, NOT_TRUSTED},
    {"EdDSA", ALG("\"EdDSA\""), NOT_TRUSTED},
    {"an encrypted token's algorithm", ALG("\"RSA-OAEP\""), NOT_TRUSTED},
    {"ES384, well signed", .header_without = "alg kid", HEADER("\"alg\":\"ES384\",\"kid\":\"ec384\""),
     .signing = SIGN_ES384, .key = KEY_EC384, NOT_TRUSTED},
    {"ES256 on another curve", .header_without = "alg kid", HEADER("\"alg\":\"ES256\",\"kid\":\"ec384\""),
     .signing = SIGN_ES256, .key = KEY_EC384, NOT_TRUSTED},
    {"ES256 of zeroes", .header_without = "alg kid", HEADER("\"alg\":\"ES256\",\"kid\":\"ec\""), .signing = SIGN_ZEROES,
     NOT_TRUSTED},
    {"ES256 of ones", .header_without = "alg kid", HEADER("\"alg\":\"ES256\",\"kid\":\"ec\""), .signing = SIGN_ONES,
     NOT_TRUSTED},
    {"ES256 in DER", .header_without = "alg kid", HEADER("\"alg\":\"ES256\",\"kid\":\"ec\""), .signing = SIGN_DER,
     .key = KEY_EC, NOT_TRUSTED},
    {"ES256 by a stranger", .header_without = "alg kid", HEADER("\"alg\":\"ES256\",\"kid\":\"ec\""),
     .signing = SIGN_ES256, .key = KEY_STRANGER_EC, NOT_TRUSTED},
    {"ES256 with a nought behind", .header_without = "alg kid", HEADER("\"alg\":\"ES256\",\"kid\":\"ec\""),
     .signing = SIGN_ES256, .key = KEY_EC, .tweak = add_nought, NOT_TRUSTED},
    {"ES256 without its last byte", .header_without = "alg kid", HEADER("\"alg\":\"ES256\",\"kid\":\"ec\""),
     .signing = SIGN_ES256, .key = KEY_EC, .tweak = drop_last, NOT_TRUSTED},
    {"ES256 of wider halves", .header_without = "alg kid", HEADER("\"alg\":\"ES256\",\"kid\":\"ec\""),
     .signing = SIGN_ES256, .key = KEY_EC, .tweak = widen_halves, NOT_TRUSTED},
    {"RS256 with a short key", KID("\"weak\""), .key = KEY_WEAK, NOT_TRUSTED},
    {"a key for encryption", KID("\"enc\""), .key = KEY_FOR_ENCRYPTION, NOT_TRUSTED},
    {"a key that was published with its secret", KID("\"private\""), NOT_TRUSTED},
    {"signed by a stranger", .key = KEY_STRANGER, NOT_TRUSTED},
    {"signed by another key of the set", .key = KEY_RSA2, NOT_TRUSTED},
    {"the other issuer's key", .key = KEY_TENANT, NOT_TRUSTED},
    {"the other issuer's claim with this one's key", CLAIM("iss", "\"" TENANT "\""), NOT_TRUSTED},

    {"no kid", .header_without = "kid", NOT_TRUSTED},
    {"an empty kid", KID("\"\""), NOT_TRUSTED},
    {"a kid that is a number", KID("1"), NOT_TRUSTED},
    {"a kid that is a list", KID("[\"rsa\"]"), NOT_TRUSTED},
    {"a kid in capitals", KID("\"RSA\""), NOT_TRUSTED},
    {"a kid that begins as one does", KID("\"rsa3\""), NOT_TRUSTED},
    {"a kid with a blank", KID("\"rsa \""), NOT_TRUSTED},
    {"a kid with a NUL behind", KID("\"rsa\\u0000x\""), MALFORMED},
    {"a kid that is a path", KID("\"../../../../dev/null\""), .signing = SIGN_HMAC_EMPTY, NOT_TRUSTED},
    {"a kid that is an absolute path", KID("\"/etc/hostname\""), NOT_TRUSTED},
    {"a kid that is SQL", KID("\"x' UNION SELECT 'rsa' --\""), NOT_TRUSTED},
    {"a kid that is an address", KID("\"https://127.0.0.1:1/keys\""), NOT_TRUSTED},
    {"a kid that is a command", KID("\"|id\""), NOT_TRUSTED},
    {"a kid twice", HEADER("\"kid\":\"rsa2\""), MALFORMED},
    {"an algorithm twice", HEADER("\"alg\":\"none\""), MALFORMED},

    {"a key to fetch", HEADER("\"jku\":\"https://127.0.0.1:1/keys\""), NOT_TRUSTED},
    {"a certificate to fetch", HEADER("\"x5u\":\"https://127.0.0.1:1/cert\""), NOT_TRUSTED},
    {"a certificate of its own", HEADER("\"x5c\":[\"MIIB\"]"), NOT_TRUSTED},
    {"a key of its own", HEADER("\"jwk\":{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}"), NOT_TRUSTED},
    {"something critical", HEADER("\"crit\":[\"exp\"],\"exp\":1"), NOT_TRUSTED},
    {"claims not in base64", HEADER("\"b64\":false,\"crit\":[\"b64\"]"), NOT_TRUSTED},
    {"compressed", HEADER("\"zip\":\"DEF\""), NOT_TRUSTED},
    {"encrypted", HEADER("\"enc\":\"A128GCM\""), NOT_TRUSTED},
    {"a token within", HEADER("\"cty\":\"JWT\""), NOT_TRUSTED},
    {"a logout token", .header_without = "typ", HEADER("\"typ\":\"logout+jwt\""), NOT_TRUSTED},
    {"a key proof", .header_without = "typ", HEADER("\"typ\":\"dpop+jwt\""), NOT_TRUSTED},
    {"a type that is a number", .header_without = "typ", HEADER("\"typ\":1"), NOT_TRUSTED},

    {"an unknown issuer", CLAIM("iss", "\"https://evil.example/oauth\""), NOT_TRUSTED},
    {"an issuer that begins as one does", CLAIM("iss", "\"" ISSUER ".evil.example\""), NOT_TRUSTED},
    {"an issuer with a slash behind", CLAIM("iss", "\"" ISSUER "/\""), NOT_TRUSTED},
    {"an issuer in capitals", CLAIM("iss", "\"HTTPS://LOGIN.EXAMPLE/OAUTH\""), NOT_TRUSTED},
    {"a list of issuers", CLAIM("iss", "[\"" ISSUER "\"]"), NOT_TRUSTED},
    {"no issuer", .without = "iss", NOT_TRUSTED},
    {"an issuer twice", .with = "\"iss\":\"https://evil.example\"", MALFORMED},
    {"another audience", CLAIM("aud", "\"another-service\""), NOT_TRUSTED},
    {"an audience that begins as ours", CLAIM("aud", "\"digitalpost2\""), NOT_TRUSTED},
    {"ours within a text of audiences", CLAIM("aud", "\"another digitalpost\""), NOT_TRUSTED},
    {"a list of others' audiences", CLAIM("aud", "[\"a\",\"b\"]"), NOT_TRUSTED},
    {"an empty list of audiences", CLAIM("aud", "[]"), NOT_TRUSTED},
    {"an audience in a list of a list", CLAIM("aud", "[[\"digitalpost\"]]"), NOT_TRUSTED},
    {"an audience that is an object", CLAIM("aud", "{\"digitalpost\":1}"), NOT_TRUSTED},
    {"no audience", .without = "aud", NOT_TRUSTED},

    {"expired for a year", CLAIM("exp", "1768464000"), EXPIRED},
    {"expired for 30 seconds", CLAIM("exp", "1799999970"), EXPIRED},
    {"expired before 1970", CLAIM("exp", "-1"), EXPIRED},
    {"no end", .without = "exp", CLAIMS},
    {"an end that is text", CLAIM("exp", "\"" IN_FIVE_MINUTES "\""), CLAIMS},
    {"an end that is null", CLAIM("exp", "null"), CLAIMS},
    {"an end beyond numbers", CLAIM("exp", "1e300"), CLAIMS},
    {"an end of more digits than count", CLAIM("exp", "99999999999999999999"), MALFORMED},
    {"an end twice", .with = "\"exp\":1900000000", MALFORMED},
    {"not before a minute from now", .with = "\"nbf\":1800000060", EXPIRED},
    {"not before something", .with = "\"nbf\":\"yesterday\"", CLAIMS},
    {"issued in the future", .with = "\"iat\":1800000031", EXPIRED},
    {"issued somehow", .with = "\"iat\":true", CLAIMS},

    {"no subject", .without = "sub", CLAIMS},
    {"a subject that is no UUID", CLAIM("sub", "\"admin\""), CLAIMS},
    {"a subject that is a list", CLAIM("sub", "[\"" SUBJECT "\"]"), CLAIMS},
    {"a subject twice", .with = "\"sub\":\"00000000-0000-4000-8000-000000000000\"", MALFORMED},
    {"nobody's number", .without = "cpr", CLAIMS},
    {"a CPR twice", .with = "\"cpr\":\"6202900002\"", MALFORMED},
    {"a CPR that is a number", CLAIM("cpr", "6101900001"), CLAIMS},
    {"a CPR of 9 digits", CLAIM("cpr", "\"610190000\""), CLAIMS},
    {"a CPR of 11 digits", CLAIM("cpr", "\"61019000011\""), CLAIMS},
    {"a CPR with a dash", CLAIM("cpr", "\"610190-0001\""), CLAIMS},
    {"a CPR with a pattern in it", CLAIM("cpr", "\"61019%_001\""), CLAIMS},
    {"a list of CPRs", CLAIM("cpr", "[\"6101900001\",\"6202900002\"]"), CLAIMS},
    {"an empty CPR", CLAIM("cpr", "\"\""), CLAIMS},
    {"a CPR that is null", CLAIM("cpr", "null"), CLAIMS},
    {"a company without an employee", .without = "cpr", .with = "\"cvr\":\"99000011\"", CLAIMS},
    {"an employee without a company", .with = "\"employee_id\":\"7\"", CLAIMS},
    {"a citizen and half a company", .with = "\"cvr\":\"99000011\"", CLAIMS},
    {"a CVR of 7 digits", .without = "cpr", .with = "\"cvr\":\"9900001\",\"employee_id\":\"7\"", CLAIMS},
    {"an employee with a line break", .without = "cpr", .with = "\"cvr\":\"99000011\",\"employee_id\":\"7\\n8\"",
     CLAIMS},
    {"an employee of endless name", .without = "cpr",
     .with =
         "\"cvr\":\"99000011\",\"employee_id\":\"00000000000000000000000000000000000000000000000000000000000000000\"",
     CLAIMS},
    {"a client that is a list", CLAIM("client_id", "[\"portal-1\"]"), CLAIMS},

    {"claims that are a list", .with = "%[]", MALFORMED},
    {"claims that are no JSON", .with = "%x", MALFORMED},
    {"claims with something behind", .with = "\"a\":1}{\"b\":1", MALFORMED},
    {"claims that are not UTF-8", .with = "\"a\":\"\xff\"", MALFORMED},
    {"claims with a NUL", .with = "\"a\":\"\\u0000\"", MALFORMED},
    {"claims nested without end", .tweak = deep_claims, MALFORMED},
    {"a huge claim", .with = huge, MALFORMED},
    {"another's claims under this signature", .tweak = swap_claims, NOT_TRUSTED},
    {"another header over this signature", .tweak = swap_header, NOT_TRUSTED},
    {"a bit of the claims", .tweak = flip_claims, .code = ERROR_COUNT},
    {"a bit of the signature", .tweak = flip_signature, NOT_TRUSTED},
    {"a signature that is cut", .tweak = shorten_signature, .code = ERROR_COUNT},
    {"a signature with more before it", .tweak = lengthen_signature, NOT_TRUSTED},
    {"a signature with stray bits", .tweak = stray_bits, MALFORMED},
    {"a signature with padding", .tweak = pad, MALFORMED},
    {"a header with padding", .tweak = pad_header, MALFORMED},
    {"a signature in the other alphabet", .tweak = old_alphabet, MALFORMED},
    {"an empty signature", .tweak = cut_signature, MALFORMED},
    {"an empty header", .tweak = empty_header, MALFORMED},
    {"two parts", .tweak = cut_to_two, MALFORMED},
    {"four parts", .tweak = add_part, MALFORMED},
    {"five parts", .tweak = add_two_parts, MALFORMED},
    {"dots alone", .tweak = dots_alone, MALFORMED},
    {"a blank within", .tweak = blank_within, MALFORMED},
    {"a blank behind", .tweak = blank_behind, MALFORMED},
    {"a line break within", .tweak = line_within, MALFORMED},
    {"two blanks before it", .tweak = two_blanks, MALFORMED},
    {"two tokens", .tweak = twice, MALFORMED},
    {"another scheme", .tweak = other_scheme, MISSING},
    {"a token as Basic", .tweak = basic_scheme, MISSING},
    {"no scheme", .tweak = no_scheme, MISSING},
    {"a scheme alone", .tweak = scheme_alone, MISSING},
    {"nothing behind the scheme", .tweak = nothing_behind, MALFORMED},
};
#define FORGERIES ((int)(sizeof forgeries / sizeof *forgeries))

/* Two rows say what their claims are in a word, for a text of that length would hide the table. */
static void write_forgery(const struct row *row, char *authorization)
{
    static char filler[8000];
    struct row whole = *row;

    if (row->with == huge) {
        strcpy(filler, "\"a\":\"");
        memset(filler + 5, 'a', 7000);
        strcpy(filler + 7005, "\"");
        whole.with = filler;
    } else if (row->with && *row->with == '%') {
        strcpy(authorization, "Bearer ");
        sign_token("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", row->with + 1, SIGN_RS256, KEY_RSA, authorization + 7);
        return;
    }
    write_token(&whole, authorization);
}

START_TEST(a_forged_token_is_not_accepted)
{
    static char authorization[2 * TOKEN_ROOM];
    const struct row *row = &forgeries[_i];
    struct person person;
    enum error_code code;

    write_forgery(row, authorization);
    code = read_token(authorization, &person);
    ck_assert_msg(code != ERROR_NONE, "%s: accepted", row->says);
    /* What breaks it may break its form as well, as chance has it. */
    if (row->code == ERROR_COUNT)
        ck_assert_msg(code == ERROR_TOKEN_MALFORMED || code == ERROR_TOKEN_NOT_TRUSTED, "%s", row->says);
    else
        ck_assert_msg(code == row->code, "%s: %s", row->says, error_kind(code)->code);
}
END_TEST

Suite *suite_forgeries(void)
{
    Suite *suite = suite_create("forgeries");
    TCase *tests = tcase_create("forgeries");

    tcase_add_unchecked_fixture(tests, make_world, end_world);
    tcase_add_loop_test(tests, a_forged_token_is_not_accepted, 0, FORGERIES);
    suite_add_tcase(suite, tests);
    return suite;
}
