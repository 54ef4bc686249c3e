#include "tests/unit/gateway/identity/sign.h"

Suite *suite_sign(void);

EVP_PKEY *sign_keys[KEY_COUNT];

void sign_make_keys(void)
{
    for (int i = 0; i < KEY_COUNT; i++)
        if (i == KEY_EC || i == KEY_STRANGER_EC)
            sign_keys[i] = EVP_EC_gen("P-256");
        else if (i == KEY_EC384)
            sign_keys[i] = EVP_EC_gen("P-384");
        else
            sign_keys[i] = EVP_RSA_gen(i == KEY_WEAK ? 1024u : 2048u);
}

void sign_base64url(const void *bytes, size_t size, char *out)
{
    size_t length = text_to_base64(bytes, size, out);

    while (length && out[length - 1] == '=')
        length--;
    out[length] = '\0';
    for (char *c = out; *c; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
}

static void number_text(const EVP_PKEY *key, const char *name, char *out)
{
    unsigned char bytes[512];
    BIGNUM *number = NULL;
    int size;

    ck_assert_int_eq(EVP_PKEY_get_bn_param(key, name, &number), 1);
    size = BN_bn2bin(number, bytes);
    if (strcmp(name, OSSL_PKEY_PARAM_RSA_N) != 0 && strcmp(name, OSSL_PKEY_PARAM_RSA_E) != 0) {
        size = EVP_PKEY_get_bits(key) / 8;
        BN_bn2binpad(number, bytes, size);
    }
    BN_free(number);
    sign_base64url(bytes, (size_t)size, out);
}

void sign_jwk(enum key_name name, const char *kid, const char *more, char *out, size_t room)
{
    const EVP_PKEY *key = sign_keys[name];
    char first[800], second[800];

    if (EVP_PKEY_is_a(key, "RSA")) {
        number_text(key, OSSL_PKEY_PARAM_RSA_N, first);
        number_text(key, OSSL_PKEY_PARAM_RSA_E, second);
        snprintf(out, room, "{\"kty\":\"RSA\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"%s}", kid, first, second, more);
        return;
    }
    number_text(key, OSSL_PKEY_PARAM_EC_PUB_X, first);
    number_text(key, OSSL_PKEY_PARAM_EC_PUB_Y, second);
    snprintf(out, room, "{\"kty\":\"EC\",\"crv\":\"P-%d\",\"kid\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"%s}",
             EVP_PKEY_get_bits(key), kid, first, second, more);
}

/* ---- signatures ---- */

static size_t sign_with_key(const char *text, enum signing signing, EVP_PKEY *key, unsigned char *out, size_t room)
{
    const EVP_MD *digest = signing == SIGN_RS384 || signing == SIGN_ES384 ? EVP_sha384() : EVP_sha256();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters;

    ck_assert_int_eq(EVP_DigestSignInit(context, &parameters, digest, NULL, key), 1);
    if (signing == SIGN_PS256 || signing == SIGN_SALT) {
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, signing == SIGN_SALT ? 0 : 32), 1);
    }
    ck_assert_int_eq(EVP_DigestSign(context, out, &room, (const unsigned char *)text, strlen(text)), 1);
    EVP_MD_CTX_free(context);
    return room;
}

/* r and s, each as long as the curve, instead of DER (RFC 7518, section 3.4). */
static size_t plain_ec(unsigned char *signature, size_t size, int half)
{
    const unsigned char *der = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)size);

    BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, half);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + half, half);
    ECDSA_SIG_free(pair);
    return (size_t)half * 2;
}

static size_t sign_with_secret(const char *text, const void *secret, size_t size, unsigned char *out)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, secret, size);

    size = sign_with_key(text, SIGN_RS256, key, out, 512);
    EVP_PKEY_free(key);
    return size;
}

/* The public key as a secret: what a verifier takes that lets the token choose between HMAC and RSA. */
static size_t sign_with_public(const char *text, enum signing signing, EVP_PKEY *key, unsigned char *out)
{
    BIO *pem = BIO_new(BIO_s_mem());
    BIGNUM *modulus = NULL;
    unsigned char bytes[512];
    char *secret;
    size_t size;

    PEM_write_bio_PUBKEY(pem, key);
    size = (size_t)BIO_get_mem_data(pem, &secret);
    if (signing == SIGN_HMAC_MODULUS && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1) {
        size = (size_t)BN_bn2bin(modulus, bytes);
        secret = (char *)bytes;
    }
    size = sign_with_secret(text, secret, size, out);
    BN_free(modulus);
    BIO_free(pem);
    return size;
}

static size_t sign(const char *text, enum signing signing, EVP_PKEY *key, unsigned char *out, size_t room)
{
    size_t size;

    switch (signing) {
    case SIGN_NOTHING:
        return 0;
    case SIGN_ZEROES:
    case SIGN_ONES:
        memset(out, signing == SIGN_ONES ? 1 : 0, 64);
        return 64;
    case SIGN_HMAC_PEM:
    case SIGN_HMAC_MODULUS:
        return sign_with_public(text, signing, key, out);
    case SIGN_HMAC_EMPTY:
        return sign_with_secret(text, "", 0, out);
    default:
        size = sign_with_key(text, signing, key, out, room);
    }
    if (signing != SIGN_DER && EVP_PKEY_is_a(key, "EC"))
        size = plain_ec(out, size, EVP_PKEY_get_bits(key) / 8);
    return size;
}

void sign_token(const char *header, const char *claims, enum signing signing, enum key_name key, char *out)
{
    unsigned char signature[1024];
    size_t size;

    sign_base64url(header, strlen(header), out);
    strcat(out, ".");
    sign_base64url(claims, strlen(claims), out + strlen(out));
    size = sign(out, signing, sign_keys[key], signature, sizeof signature);
    strcat(out, ".");
    sign_base64url(signature, size, out + strlen(out));
}

/* ---- what is used above is itself looked at ---- */

START_TEST(base64url_is_that_of_the_standard)
{
    char text[16];

    sign_base64url("\xfb\xff\xfe", 3, text);
    ck_assert_str_eq(text, "-__-");
    sign_base64url("a", 1, text);
    ck_assert_str_eq(text, "YQ");
}
END_TEST

Suite *suite_sign(void)
{
    Suite *suite = suite_create("sign");
    TCase *tests = tcase_create("sign");

    tcase_add_test(tests, base64url_is_that_of_the_standard);
    suite_add_tcase(suite, tests);
    return suite;
}
