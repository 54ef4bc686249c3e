#include "tests/unit/gateway/identity/token_fixture.h"

#include <dlfcn.h>
#include <fcntl.h>

#include <cjose/cjose.h>

Suite *suite_token(void);

/* Found before cjose's own: how often a signature was really checked. */
static unsigned checked;

bool cjose_jws_verify(cjose_jws_t *jws, const cjose_jwk_t *jwk, cjose_err *fault)
{
    void *found = dlsym(RTLD_NEXT, "cjose_jws_verify");
    bool (*real)(cjose_jws_t *, const cjose_jwk_t *, cjose_err *);

    memcpy(&real, &found, sizeof real);
    checked++;
    return real(jws, jwk, fault);
}

/* ---- the good ones ---- */

static void small_scheme(char *a)
{
    a[0] = 'b';
}

static const struct row good[] = {
    {"RS256", .key = KEY_RSA},
    {"PS256", ALG("\"PS256\""), .signing = SIGN_PS256},
    {"PS256 with a key for it", .header_without = "alg kid", HEADER("\"alg\":\"PS256\",\"kid\":\"ps\""),
     .signing = SIGN_PS256, .key = KEY_FOR_PS},
    {"ES256", .header_without = "alg kid", HEADER("\"alg\":\"ES256\",\"kid\":\"ec\""), .signing = SIGN_ES256,
     .key = KEY_EC},
    {"another key of the set", KID("\"rsa2\""), .key = KEY_RSA2},
    {"the other issuer with its own key", CLAIM("iss", "\"" TENANT "\""), .key = KEY_TENANT},
    {"no type", .header_without = "typ"},
    {"the type of access tokens", .header_without = "typ", HEADER("\"typ\":\"at+jwt\"")},
    {"a list of audiences with ours", CLAIM("aud", "[\"another\",\"digitalpost\"]")},
    {"expired for 29 seconds", CLAIM("exp", "1799999971")},
    {"an end with a fraction", CLAIM("exp", "1800000300.5")},
    {"not before half a minute from now", .with = "\"nbf\":1800000030,\"iat\":1800000030"},
    {"a subject in capitals", CLAIM("sub", "\"2F6A3A1E-4C0D-4B7E-9D0A-0F1E2D3C4B5A\"")},
    {"claims that nobody knows", .with = "\"amr\":[\"mitid\"],\"jti\":\"1\",\"x\":{\"y\":[1,2.5,null,true]}"},
    {"a scheme in small letters", .tweak = small_scheme},
};
#define GOOD ((int)(sizeof good / sizeof *good))

START_TEST(a_good_token_is_accepted)
{
    static char authorization[2 * TOKEN_ROOM];
    struct person person;
    enum error_code code;
    char subject[UUID_TEXT_SIZE];

    write_token(&good[_i], authorization);
    code = read_token(authorization, &person);
    ck_assert_msg(code == ERROR_NONE, "%s: %s", good[_i].says, error_kind(code)->code);
    uuid_format(&person.identity, subject);
    ck_assert_str_eq(subject, SUBJECT);
    ck_assert_str_eq(person.cpr, "6101900001");
    ck_assert_str_eq(person.cvr, "");
    ck_assert(person.may_read && person.may_write);
}
END_TEST

static const struct {
    const char *says, *without, *with, *cpr, *cvr, *employee, *client;
    bool may_read, may_write;
    uint64_t privileges;
} sayings[] = {
    {"a company's employee", "cpr", "\"cvr\":\"99000011\",\"employee_id\":\"e-7\"", "", "99000011", "e-7", "portal-1",
     true, true, 0},
    {"both: the company's", NULL, "\"cvr\":\"99000011\",\"employee_id\":\"e-7\"", "", "99000011", "e-7", "portal-1",
     true, true, 0},
    {"azp where there is no client_id", "client_id", "\"azp\":\"portal-2\"", "6101900001", "", "", "portal-2", true,
     true, 0},
    {"no client", "client_id", NULL, "6101900001", "", "", "", true, true, 0},
    {"reading alone", "scope", "\"scope\":\"openid READ\"", "6101900001", "", "", "portal-1", true, false, 0},
    {"writing alone", "scope", "\"scope\":[\"WRITE\"]", "6101900001", "", "", "portal-1", false, true, 0},
    {"a list of scopes", "scope", "\"scope\":[\"READ\",\"WRITE\",1]", "6101900001", "", "", "portal-1", true, true, 0},
    {"scopes that look alike", "scope", "\"scope\":\"read READER WRITEREAD\"", "6101900001", "", "", "portal-1", false,
     false, 0},
    {"no scope", "scope", NULL, "6101900001", "", "", "portal-1", false, false, 0},
    {"privileges", NULL, "\"privileges\":[\"MESSAGE_BASIC\",\"no.such\",\"CITIZEN\"]", "6101900001", "", "", "portal-1",
     true, true, (uint64_t)1 << PRIVILEGE_MESSAGE_BASIC | (uint64_t)1 << PRIVILEGE_CITIZEN},
    {"privileges in a text", NULL, "\"privileges\":\"MESSAGE_WRITE  MESSAGE_BASI\"", "6101900001", "", "", "portal-1",
     true, true, (uint64_t)1 << PRIVILEGE_MESSAGE_WRITE},
};

START_TEST(a_token_says_who_and_what)
{
    static char authorization[2 * TOKEN_ROOM];
    struct person person;

    write_token(&(struct row){.without = sayings[_i].without, .with = sayings[_i].with}, authorization);
    ck_assert_msg(read_token(authorization, &person) == ERROR_NONE, "%s", sayings[_i].says);
    ck_assert_str_eq(person.cpr, sayings[_i].cpr);
    ck_assert_str_eq(person.cvr, sayings[_i].cvr);
    ck_assert_str_eq(person.employee_id, sayings[_i].employee);
    ck_assert_str_eq(person.client, sayings[_i].client);
    ck_assert(person.may_read == sayings[_i].may_read && person.may_write == sayings[_i].may_write);
    ck_assert_uint_eq(person.privileges, sayings[_i].privileges);
}
END_TEST

START_TEST(no_header_is_a_missing_token)
{
    struct person person;

    ck_assert_int_eq(read_token(NULL, &person), ERROR_TOKEN_MISSING);
    ck_assert_int_eq(read_token("", &person), ERROR_TOKEN_MISSING);
}
END_TEST

/* ---- keys that change ---- */

static enum error_code read_at(struct tokens *tokens, const char *authorization, int64_t seconds)
{
    struct error error = {0};
    struct person person;

    token_read(tokens, authorization, seconds * 1000, &person, &error);
    return error.code;
}

static enum error_code read_again(struct tokens *tokens, const char *authorization)
{
    return read_at(tokens, authorization, NOW);
}

START_TEST(a_replaced_key_set_counts_at_once_and_a_broken_one_never)
{
    static char old[TOKEN_ROOM], new[TOKEN_ROOM];
    char key[2048], text[2200], said[1024];
    struct error error = {0};
    struct log log = no_log;
    struct tokens *tokens;
    FILE *file;

    log.fd = open(log_file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    write_token(&(struct row){0}, old);
    write_token(&(struct row){.key = KEY_STRANGER}, new);
    ck_assert(tokens_open(&rules, &log, &tokens, &error));
    ck_assert_int_eq(read_again(tokens, old), ERROR_NONE);
    ck_assert_int_eq(read_again(tokens, new), ERROR_TOKEN_NOT_TRUSTED);
    sign_jwk(KEY_STRANGER, "rsa", "", key, sizeof key);
    snprintf(text, sizeof text, "{\"keys\":[%s]}", key);
    write_file(keys_file, text);
    ck_assert_int_eq(read_again(tokens, old), ERROR_TOKEN_NOT_TRUSTED);
    ck_assert_int_eq(read_again(tokens, new), ERROR_NONE);
    ck_assert_int_eq(lseek(log.fd, 0, SEEK_END), 0);
    write_file(keys_file, "{\"keys\":[");
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(read_again(tokens, new), ERROR_NONE);
    unlink(keys_file);
    ck_assert_int_eq(read_again(tokens, new), ERROR_NONE);
    write_keys();
    ck_assert_int_eq(read_again(tokens, old), ERROR_NONE);
    ck_assert_int_eq(read_again(tokens, new), ERROR_TOKEN_NOT_TRUSTED);
    tokens_close(tokens);
    close(log.fd);
    file = fopen(log_file, "r");
    for (int i = 0; i < 2; i++) {
        ck_assert_ptr_nonnull(fgets(said, sizeof said, file));
        ck_assert_ptr_nonnull(strstr(said, "the keys of an issuer cannot be read"));
    }
    ck_assert_ptr_null(fgets(said, sizeof said, file));
    fclose(file);
}
END_TEST

/* ---- a signature that is known ---- */

START_TEST(a_signature_is_checked_once_and_the_time_always)
{
    static char authorization[TOKEN_ROOM];
    struct error error = {0};
    struct tokens *tokens;

    write_token(&(struct row){0}, authorization);
    ck_assert(tokens_open(&rules, &no_log, &tokens, &error));
    checked = 0;
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(read_again(tokens, authorization), ERROR_NONE);
    ck_assert_uint_eq(checked, 1);
    ck_assert_int_eq(read_at(tokens, authorization, NOW + 3600), ERROR_TOKEN_EXPIRED);
    ck_assert_int_eq(read_again(tokens, authorization), ERROR_NONE);
    ck_assert_uint_eq(checked, 1);
    tokens_close(tokens);
}
END_TEST

START_TEST(a_signature_that_does_not_hold_is_checked_each_time)
{
    static char authorization[TOKEN_ROOM];
    struct error error = {0};
    struct tokens *tokens;

    write_token(&(struct row){.key = KEY_STRANGER}, authorization);
    ck_assert(tokens_open(&rules, &no_log, &tokens, &error));
    checked = 0;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(read_again(tokens, authorization), ERROR_TOKEN_NOT_TRUSTED);
    ck_assert_uint_eq(checked, 3);
    tokens_close(tokens);
}
END_TEST

/* Every character in turn is another one. */
START_TEST(a_known_signature_lets_nothing_else_through)
{
    static char authorization[TOKEN_ROOM];
    struct error error = {0};
    struct tokens *tokens;

    write_token(&(struct row){0}, authorization);
    ck_assert(tokens_open(&rules, &no_log, &tokens, &error));
    ck_assert_int_eq(read_again(tokens, authorization), ERROR_NONE);
    for (char *at = authorization + strlen("Bearer "); *at; at++) {
        char was = *at;

        *at = was == 'A' ? 'B' : 'A';
        ck_assert_msg(read_again(tokens, authorization) != ERROR_NONE, "character %td", at - authorization);
        *at = '\0';
        ck_assert_int_ne(read_again(tokens, authorization), ERROR_NONE);
        *at = was;
    }
    ck_assert_int_eq(read_again(tokens, authorization), ERROR_NONE);
    strcat(authorization, "A");
    ck_assert_int_ne(read_again(tokens, authorization), ERROR_NONE);
    tokens_close(tokens);
}
END_TEST

START_TEST(a_key_that_is_gone_takes_its_known_signatures_with_it)
{
    static char authorization[TOKEN_ROOM];
    char key[2048], text[2200];
    struct error error = {0};
    struct tokens *tokens;

    write_token(&(struct row){0}, authorization);
    ck_assert(tokens_open(&rules, &no_log, &tokens, &error));
    ck_assert_int_eq(read_again(tokens, authorization), ERROR_NONE);
    sign_jwk(KEY_STRANGER, "rsa", "", key, sizeof key); /* another key of the same name */
    snprintf(text, sizeof text, "{\"keys\":[%s]}", key);
    write_file(keys_file, text);
    ck_assert_int_eq(read_again(tokens, authorization), ERROR_TOKEN_NOT_TRUSTED);
    write_keys();
    checked = 0;
    ck_assert_int_eq(read_again(tokens, authorization), ERROR_NONE);
    ck_assert_uint_eq(checked, 1);
    tokens_close(tokens);
}
END_TEST

/* ---- key sets of no use ---- */

/* `kept`: it cannot be read, so that the keys from before count. */
static const struct {
    const char *says, *text;
    bool kept;
} useless_sets[] = {
    {"nothing", "", true},
    {"no JSON", "keys", true},
    {"a list", "[]", true},
    {"no keys", "{}", true},
    {"keys that are no list", "{\"keys\":{}}", true},
    {"a kid twice", "%twice", true},
    {"an empty list", "{\"keys\":[]}", false},
    {"keys of no use", "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"c2VjcmV0\"}]}", false},
    {"a key that is none", "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":\"AA\",\"y\":\"AA\"}]}",
     false},
};

static void write_useless_set(int row)
{
    char key[2048], text[4400];

    sign_jwk(KEY_EC, "ec", "", key, sizeof key);
    snprintf(text, sizeof text, "{\"keys\":[%s,%s]}", key, key);
    write_file(keys_file, *useless_sets[row].text == '%' ? text : useless_sets[row].text);
}

/* The issuer is not trusted, until its keys can be read; the other one is all the while. */
static void expect_untrusted(const struct log *log)
{
    static char authorization[TOKEN_ROOM], tenants[TOKEN_ROOM];
    struct error error = {0};
    struct tokens *tokens;

    write_token(&(struct row){0}, authorization);
    write_token(&(struct row){.without = "iss", .with = "\"iss\":\"" TENANT "\"", .key = KEY_TENANT}, tenants);
    ck_assert(tokens_open(&rules, log, &tokens, &error));
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(read_again(tokens, authorization), ERROR_TOKEN_NOT_TRUSTED);
        ck_assert_int_eq(read_again(tokens, tenants), ERROR_NONE);
    }
    write_keys();
    ck_assert_int_eq(read_again(tokens, authorization), ERROR_NONE);
    tokens_close(tokens);
}

static int open_log(struct log *log)
{
    *log = no_log;
    log->fd = open(log_file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return log->fd;
}

/* Exactly one line, which says so. */
static void expect_said_once(int fd, const char *what)
{
    char said[1024] = "";

    ck_assert_int_gt(pread(fd, said, sizeof said - 1, 0), 0);
    close(fd);
    ck_assert_msg(strstr(said, what) != NULL, "%s", said);
    ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1);
}

START_TEST(an_issuer_without_keys_is_not_trusted_and_harms_no_other)
{
    struct log log;
    int fd = open_log(&log);

    write_useless_set(_i);
    expect_untrusted(&log);
    expect_said_once(fd, "none of its tokens is taken");
}
END_TEST

START_TEST(an_issuer_whose_file_is_not_there_is_not_trusted)
{
    struct log log;
    int fd = open_log(&log);

    unlink(keys_file);
    expect_untrusted(&log);
    expect_said_once(fd, "cannot be read");
}
END_TEST

START_TEST(a_key_set_that_can_be_read_takes_keys_back)
{
    static char authorization[TOKEN_ROOM];
    struct error error = {0};
    struct tokens *tokens;
    struct log log;
    int fd = open_log(&log);

    write_token(&(struct row){0}, authorization);
    ck_assert(tokens_open(&rules, &log, &tokens, &error));
    ck_assert_int_eq(read_again(tokens, authorization), ERROR_NONE);
    write_useless_set(_i);
    for (int i = 0; i < 3; i++)
        ck_assert_msg(read_again(tokens, authorization)
                          == (useless_sets[_i].kept ? ERROR_NONE : ERROR_TOKEN_NOT_TRUSTED),
                      "%s", useless_sets[_i].says);
    write_keys();
    ck_assert_int_eq(read_again(tokens, authorization), ERROR_NONE);
    tokens_close(tokens);
    expect_said_once(fd, useless_sets[_i].kept ? "go on counting" : "none of its tokens is taken");
}
END_TEST

#define USELESS ((int)(sizeof useless_sets / sizeof *useless_sets))

Suite *suite_token(void)
{
    Suite *suite = suite_create("token");
    TCase *tests = tcase_create("token");

    tcase_add_unchecked_fixture(tests, make_world, end_world);
    tcase_add_loop_test(tests, a_good_token_is_accepted, 0, GOOD);
    tcase_add_loop_test(tests, a_token_says_who_and_what, 0, (int)(sizeof sayings / sizeof *sayings));
    tcase_add_test(tests, no_header_is_a_missing_token);
    tcase_add_test(tests, a_replaced_key_set_counts_at_once_and_a_broken_one_never);
    tcase_add_test(tests, a_signature_is_checked_once_and_the_time_always);
    tcase_add_test(tests, a_signature_that_does_not_hold_is_checked_each_time);
    tcase_add_test(tests, a_known_signature_lets_nothing_else_through);
    tcase_add_test(tests, a_key_that_is_gone_takes_its_known_signatures_with_it);
    tcase_add_loop_test(tests, an_issuer_without_keys_is_not_trusted_and_harms_no_other, 0, USELESS);
    tcase_add_test(tests, an_issuer_whose_file_is_not_there_is_not_trusted);
    tcase_add_loop_test(tests, a_key_set_that_can_be_read_takes_keys_back, 0, USELESS);
    suite_add_tcase(suite, tests);
    return suite;
}
