#include "gateway/base/text.h"
#include "gateway/identity/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#define UUID "2f6a3a1e-4c0d-4b7e-9d0a-0f1e2d3c4b5a"

Suite *suite_caller(void);

static const struct {
    const char *says, *address, *list;
    bool allowed;
} addresses[] = {
    {"the same address", "192.0.2.7", "192.0.2.7", true},
    {"another address", "192.0.2.8", "192.0.2.7", false},
    {"the second of a list", "192.0.2.8", "192.0.2.7,192.0.2.8", true},
    {"blanks around", "192.0.2.8", " 192.0.2.7 ,\t192.0.2.8  ", true},
    {"in a block", "192.0.2.31", "192.0.2.0/27", true},
    {"beyond a block", "192.0.2.32", "192.0.2.0/27", false},
    {"a block named by one of its addresses", "192.0.2.1", "192.0.2.31/27", true},
    {"the whole of IPv4", "8.8.8.8", "0.0.0.0/0", true},
    {"IPv6 is not in the whole of IPv4", "2001:db8::1", "0.0.0.0/0", false},
    {"a mapped address is its IPv4", "::ffff:192.0.2.7", "192.0.2.7", true},
    {"a mapped entry is its IPv4", "192.0.2.7", "::ffff:192.0.2.7", true},
    {"a mapped block counts from the front", "192.0.2.7", "::ffff:192.0.2.0/120", true},
    {"IPv6 in another spelling", "2001:db8::1", "2001:0DB8:0:0:0:0:0:1", true},
    {"in an IPv6 block", "2001:db8:0:ff::1", "2001:db8::/48", true},
    {"beyond an IPv6 block", "2001:db8:1::1", "2001:db8::/48", false},
    {"a block that ends within a byte", "2001:db8:8000::", "2001:db8:8000::/33", true},
    {"the bit before its end", "2001:db8:7fff::", "2001:db8:8000::/33", false},
    {"/128", "2001:db8::1", "2001:db8::1/128", true},
    {"/32 of IPv4", "192.0.2.7", "192.0.2.7/32", true},
    {"/33 of IPv4 is broken", "192.0.2.7", "192.0.2.7/33", false},
    {"/129 is broken", "2001:db8::1", "2001:db8::1/129", false},
    {"a negative length is broken", "192.0.2.7", "192.0.2.7/-1", false},
    {"a length that is no number is broken", "192.0.2.7", "192.0.2.7/2x", false},
    {"a length of nothing is broken", "192.0.2.7", "192.0.2.7/", false},
    {"two lengths are broken", "192.0.2.7", "192.0.2.7/8/8", false},
    {"three numbers are broken", "192.0.2.7", "192.0.2", false},
    {"a number above 255 is broken", "192.0.2.7", "192.0.2.263", false},
    {"octal is broken", "192.0.2.7", "192.0.2.07", false},
    {"a name is broken", "127.0.0.1", "localhost", false},
    {"a star is broken", "192.0.2.7", "*", false},
    {"a semicolon does not part", "192.0.2.7", "192.0.2.7;192.0.2.8", false},
    {"a blank does not part", "192.0.2.7", "192.0.2.7 192.0.2.8", false},
    {"broken entries do not hide good ones", "192.0.2.7", "x,,192.0.2.999,192.0.2.7", true},
    {"an endless entry does not hide good ones", "192.0.2.7",
     "1111111111111111111111111111111111111111111111111111111111111111111111111,192.0.2.7", true},
    {"an empty list allows nobody", "192.0.2.7", "", false},
    {"commas alone allow nobody", "192.0.2.7", ",,,", false},
    {"no list allows nobody", "192.0.2.7", NULL, false},
    {"no address is nobody", NULL, "0.0.0.0/0,::/0", false},
    {"a socket's name is nobody", "unix:", "0.0.0.0/0,::/0", false},
    {"an address with a zone is nobody", "fe80::1%lo", "::/0", false},
    {"an address with a port is nobody", "192.0.2.7:80", "0.0.0.0/0", false},
};

START_TEST(an_address_is_in_the_list_or_not)
{
    ck_assert_msg(address_allowed(addresses[_i].address, addresses[_i].list) == addresses[_i].allowed, "%s",
                  addresses[_i].says);
}
END_TEST

static const struct {
    const char *says, *scheme, *credentials; /* credentials are written in base64 */
    enum error_code code;
} headers[] = {
    {"system and token", "Basic ", UUID ":secret", ERROR_NONE},
    {"a scheme in small letters", "basic ", UUID ":secret", ERROR_NONE},
    {"a system in capitals", "Basic ", "2F6A3A1E-4C0D-4B7E-9D0A-0F1E2D3C4B5A:secret", ERROR_NONE},
    {"no header", NULL, NULL, ERROR_BASIC_MISSING},
    {"an empty header", "", "", ERROR_BASIC_MISSING},
    {"another scheme", "Bearer ", UUID ":secret", ERROR_BASIC_MALFORMED},
    {"the scheme alone", "Basic", "", ERROR_BASIC_MALFORMED},
    {"nothing behind it", "Basic ", "", ERROR_BASIC_MALFORMED},
    {"two blanks", "Basic  ", UUID ":secret", ERROR_BASIC_MALFORMED},
    {"no colon", "Basic ", UUID, ERROR_BASIC_MALFORMED},
    {"no token", "Basic ", UUID ":", ERROR_BASIC_MALFORMED},
    {"another sign than a colon", "Basic ", UUID ";secret", ERROR_BASIC_MALFORMED},
    {"no system", "Basic ", ":secret", ERROR_BASIC_MALFORMED},
    {"a system that is no UUID", "Basic ", "2f6a3a1e-4c0d-4b7e-9d0a-0f1e2d3c4b5x:secret", ERROR_BASIC_MALFORMED},
    {"a token that is no text", "Basic ", UUID ":\xff\xfe", ERROR_BASIC_MALFORMED},
};

START_TEST(a_header_names_system_and_token)
{
    char encoded[256] = "", header[512] = "";
    struct uuid system, expected;
    struct digest digest, other;
    struct error error = {0};
    bool good;

    if (headers[_i].scheme) {
        text_to_base64(headers[_i].credentials, strlen(headers[_i].credentials), encoded);
        snprintf(header, sizeof header, "%s%s", headers[_i].scheme, encoded);
    }
    good = basic_read(headers[_i].scheme ? header : NULL, &system, &digest, &error);
    ck_assert_msg(error.code == headers[_i].code, "%s", headers[_i].says);
    ck_assert_int_eq(good, error.code == ERROR_NONE);
    if (!good)
        return;
    ck_assert(uuid_parse(UUID, &expected) && uuid_same(&system, &expected));
    ck_assert(digest_of(UUID ":secret", strlen(UUID ":secret"), &other) && digest_same(&digest, &other));
    ck_assert(token_digest(&system, "secret", &other) && digest_same(&digest, &other));
}
END_TEST

START_TEST(a_token_has_a_longest_length)
{
    static char token[600], credentials[700], encoded[1000], header[1100];
    struct uuid system;
    struct digest digest, other;
    struct error error = {0};

    for (size_t length = 510; length < 516; length++) {
        memset(token, 't', length);
        token[length] = '\0';
        snprintf(credentials, sizeof credentials, UUID ":%s", token);
        text_to_base64(credentials, strlen(credentials), encoded);
        snprintf(header, sizeof header, "Basic %s", encoded);
        ck_assert_int_eq(basic_read(header, &system, &digest, &error), length <= 512);
        ck_assert_int_eq(token_digest(&system, token, &other), length <= 512);
        ck_assert(length > 512 || digest_same(&digest, &other));
    }
    ck_assert(!token_digest(&system, "", &other));
}
END_TEST

START_TEST(what_is_no_base64_or_holds_a_nul_is_malformed)
{
    static const char with_nul[] = UUID ":sec\0ret";
    char encoded[128], header[160];
    struct uuid system;
    struct digest digest;
    struct error error = {0};

    ck_assert(!basic_read("Basic !!!!", &system, &digest, &error));
    ck_assert_int_eq(error.code, ERROR_BASIC_MALFORMED);
    text_to_base64(with_nul, sizeof with_nul - 1, encoded);
    snprintf(header, sizeof header, "Basic %s", encoded);
    ck_assert(!basic_read(header, &system, &digest, &error));
    snprintf(header, sizeof header, "Basic %s\n", encoded);
    ck_assert(!basic_read(header, &system, &digest, &error));
}
END_TEST

Suite *suite_caller(void)
{
    Suite *suite = suite_create("caller");
    TCase *tests = tcase_create("caller");

    tcase_add_loop_test(tests, an_address_is_in_the_list_or_not, 0, sizeof addresses / sizeof *addresses);
    tcase_add_loop_test(tests, a_header_names_system_and_token, 0, sizeof headers / sizeof *headers);
    tcase_add_test(tests, a_token_has_a_longest_length);
    tcase_add_test(tests, what_is_no_base64_or_holds_a_nul_is_malformed);
    suite_add_tcase(suite, tests);
    return suite;
}
