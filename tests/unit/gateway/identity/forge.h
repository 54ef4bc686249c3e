/* Makes certificates of every kind, good and forged, at run time. Every test file of the folder makes its own world. */
#ifndef TESTS_UNIT_GATEWAY_IDENTITY_FORGE_H
#define TESTS_UNIT_GATEWAY_IDENTITY_FORGE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "gateway/identity/identity.h"

#define CVR "12345678"
#define UUID "2f6a3a1e-4c0d-4b7e-9d0a-0f1e2d3c4b5a"

enum issuer {
    ISSUING, /* the good one, first: what a row does not name is this */
    ROOT,
    NO_CA,        /* CA:FALSE, yet in the issuers file */
    BEYOND_PATH,  /* below ISSUING, whose path length is 0 */
    MIDDLE,       /* below ROOT, without a path length */
    DEEP,         /* below MIDDLE */
    SERVERS_ONLY, /* a CA for serverAuth */
    NO_SIGNING,   /* a CA whose key usage is not keyCertSign */
    WEAK,         /* RSA 1024 */
    ISSUING_RSA,  /* RSA 2048, good */
    ISSUING_EXPIRED,
    ISSUING_EARLY,
    KNOWN_COUNT, /* up to here they are in the issuers file */
    SAME_NAME_ROOT = KNOWN_COUNT,
    SAME_NAME_ISSUING, /* names as ROOT and ISSUING, other keys */
    OTHER_ROOT,
    OTHER_ISSUING,
    UNKNOWN_SUB, /* a proper CA below MIDDLE that the file does not hold */
    A_LEAF,      /* a good client certificate that signs others */
    ISSUER_COUNT
};

struct subject_entry {
    int nid, type;
    const char *bytes;
    int length; /* 0: up to the NUL */
    int set;    /* -1: in the same RDN as the one before */
};
#define SUBJECT_MAX 7

/* How a certificate is made; what is left out is as it is in a good one. */
struct recipe {
    struct subject_entry subject[SUBJECT_MAX];
    enum issuer issuer;
    bool self_signed;
    const char *constraints, *usage, *extended, *critical; /* extensions in OpenSSL's words; "-": none */
    int from_day, to_day;                                  /* from now; 0, 0: -1 to 30 */
    int weak_key;                                          /* bits of an RSA key */
    bool sha1;
};

struct signer {
    EVP_PKEY *key;
    X509 *x509;
};

struct world {
    struct signer signers[ISSUER_COUNT];
    char issuers_file[32];
};

/* ---- entries of a subject ---- */

#define PRINTABLE V_ASN1_PRINTABLESTRING
#define UTF8 V_ASN1_UTF8STRING
#define COUNTRY                                                                                                        \
    {                                                                                                                  \
        NID_countryName, PRINTABLE, "DK", 0, 0                                                                         \
    }
#define ORG(type, value)                                                                                               \
    {                                                                                                                  \
        NID_organizationIdentifier, type, value, 0, 0                                                                  \
    }
#define SERIAL(type, value)                                                                                            \
    {                                                                                                                  \
        NID_serialNumber, type, value, 0, 0                                                                            \
    }
#define NAME(value)                                                                                                    \
    {                                                                                                                  \
        NID_commonName, UTF8, value, 0, 0                                                                              \
    }
#define GOOD_ORG ORG(UTF8, "NTRDK-" CVR)
#define GOOD_SERIAL SERIAL(PRINTABLE, "UI:DK-O:G:" UUID)

static inline EVP_PKEY *make_key(int rsa_bits)
{
    EVP_PKEY *key =
        rsa_bits ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)rsa_bits) : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    ck_assert_ptr_nonnull(key);
    return key;
}

static inline void add_subject(X509 *x509, const struct subject_entry *entries)
{
    X509_NAME *name = X509_get_subject_name(x509);

    for (const struct subject_entry *entry = entries; entry->nid; entry++)
        ck_assert_int_eq(X509_NAME_add_entry_by_NID(name, entry->nid, entry->type, (const unsigned char *)entry->bytes,
                                                    entry->length ? entry->length : (int)strlen(entry->bytes), -1,
                                                    entry->set),
                         1);
}

static inline void add_extension(X509 *x509, const X509 *issuer, int nid, const char *value, const char *usual)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    if (!value)
        value = usual;
    if (strcmp(value, "-") == 0)
        return;
    X509V3_set_ctx(&context, (X509 *)(uintptr_t)issuer, x509, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    ck_assert_ptr_nonnull(extension);
    ck_assert_int_eq(X509_add_ext(x509, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* An extension that nobody knows and everybody must. */
static inline void add_unknown(X509 *x509)
{
    ASN1_OCTET_STRING *bytes = ASN1_OCTET_STRING_new();
    ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
    X509_EXTENSION *extension;

    ck_assert_int_eq(ASN1_OCTET_STRING_set(bytes, (const unsigned char *)"\x05", 2), 1);
    extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, bytes);
    ck_assert_int_eq(X509_add_ext(x509, extension, -1), 1);
    X509_EXTENSION_free(extension);
    ASN1_OBJECT_free(object);
    ASN1_OCTET_STRING_free(bytes);
}

static inline X509 *make_certificate(const struct recipe *recipe, EVP_PKEY *key, const struct signer *issuer)
{
    X509 *x509 = X509_new();
    const X509 *above = issuer ? issuer->x509 : x509;
    EVP_PKEY *signs = issuer ? issuer->key : key;
    bool plain = EVP_PKEY_get_base_id(signs) == EVP_PKEY_ED25519;
    static long serial;

    ck_assert_ptr_nonnull(x509);
    ck_assert_int_eq(X509_set_version(x509, X509_VERSION_3), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1000 + serial++);
    add_subject(x509, recipe->subject);
    X509_set_issuer_name(x509, X509_get_subject_name(above));
    X509_gmtime_adj(X509_getm_notBefore(x509), 86400L * (recipe->from_day ? recipe->from_day : -1));
    X509_gmtime_adj(X509_getm_notAfter(x509), 86400L * (recipe->to_day ? recipe->to_day : 30));
    X509_set_pubkey(x509, key);
    add_extension(x509, above, NID_basic_constraints, recipe->constraints, "critical,CA:FALSE");
    add_extension(x509, above, NID_key_usage, recipe->usage, "critical,digitalSignature,keyEncipherment");
    add_extension(x509, above, NID_ext_key_usage, recipe->extended, "clientAuth,emailProtection");
    add_extension(x509, above, NID_subject_key_identifier, NULL, "hash");
    if (issuer)
        add_extension(x509, above, NID_authority_key_identifier, NULL, "keyid");
    if (recipe->critical)
        add_unknown(x509);
    ck_assert_int_gt(X509_sign(x509, signs, plain ? NULL : recipe->sha1 ? EVP_sha1() : EVP_sha256()), 0);
    return x509;
}

static const struct {
    const char *name;
    enum issuer above; /* itself: a root */
    const char *constraints, *usage, *extended;
    int from_day, to_day, rsa_bits;
} signers_made[ISSUER_COUNT] = {
    [ROOT] = {"rod-CA", ROOT, NULL, NULL, NULL, 0, 0, 0},
    [ISSUING] = {"udstedende-CA 1", ROOT, "critical,CA:TRUE,pathlen:0", NULL, NULL, 0, 0, 0},
    [NO_CA] = {"ikke en CA", ROOT, "critical,CA:FALSE", NULL, NULL, 0, 0, 0},
    [BEYOND_PATH] = {"under udstedende-CA 1", ISSUING, NULL, NULL, NULL, 0, 0, 0},
    [MIDDLE] = {"mellem-CA", ROOT, NULL, NULL, NULL, 0, 0, 0},
    [DEEP] = {"under mellem-CA", MIDDLE, NULL, NULL, NULL, 0, 0, 0},
    [SERVERS_ONLY] = {"server-CA", ROOT, NULL, NULL, "serverAuth", 0, 0, 0},
    [NO_SIGNING] = {"crl-CA", ROOT, NULL, "critical,cRLSign", NULL, 0, 0, 0},
    [WEAK] = {"svag CA", ROOT, NULL, NULL, NULL, 0, 0, 1024},
    [ISSUING_RSA] = {"udstedende-CA 2", ROOT, NULL, NULL, NULL, 0, 0, 2048},
    [ISSUING_EXPIRED] = {"gammel CA", ROOT, NULL, NULL, NULL, -400, -2, 0},
    [ISSUING_EARLY] = {"kommende CA", ROOT, NULL, NULL, NULL, 2, 400, 0},
    [SAME_NAME_ROOT] = {"rod-CA", SAME_NAME_ROOT, NULL, NULL, NULL, 0, 0, 0},
    [SAME_NAME_ISSUING] = {"udstedende-CA 1", SAME_NAME_ROOT, NULL, NULL, NULL, 0, 0, 0},
    [OTHER_ROOT] = {"fremmed rod-CA", OTHER_ROOT, NULL, NULL, NULL, 0, 0, 0},
    [OTHER_ISSUING] = {"fremmed CA", OTHER_ROOT, NULL, NULL, NULL, 0, 0, 0},
    [UNKNOWN_SUB] = {"ukendt CA", MIDDLE, NULL, NULL, NULL, 0, 0, 0},
    [A_LEAF] = {"et system", ISSUING, "critical,CA:FALSE", NULL, NULL, 0, 0, 0},
};
static const struct recipe good = {.subject = {COUNTRY, GOOD_ORG, GOOD_SERIAL, NAME("Myndighed 1")}};

static inline void make_signer(struct signer *signers, enum issuer which)
{
    struct recipe recipe = {
        .subject = {{NID_countryName, V_ASN1_PRINTABLESTRING, "DK", 0, 0},
                    {NID_commonName, V_ASN1_UTF8STRING, signers_made[which].name, 0, 0}},
        .constraints = signers_made[which].constraints ? signers_made[which].constraints : "critical,CA:TRUE",
        .usage = signers_made[which].usage ? signers_made[which].usage : "critical,keyCertSign,cRLSign",
        .extended = signers_made[which].extended ? signers_made[which].extended : "-",
        .from_day = signers_made[which].from_day ? signers_made[which].from_day : -10,
        .to_day = signers_made[which].to_day ? signers_made[which].to_day : 400,
    };
    enum issuer above = signers_made[which].above;

    if (signers[which].x509)
        return;
    if (above != which)
        make_signer(signers, above);
    signers[which].key = make_key(signers_made[which].rsa_bits);
    signers[which].x509 = make_certificate(&recipe, signers[which].key, above == which ? NULL : &signers[above]);
}

static inline X509 *make_leaf(const struct recipe *recipe, const struct signer *signers)
{
    EVP_PKEY *key = make_key(recipe->weak_key);
    X509 *x509 = make_certificate(recipe, key, recipe->self_signed ? NULL : &signers[recipe->issuer]);

    EVP_PKEY_free(key);
    return x509;
}

static inline void write_issuers(const char *file, const struct signer *signers, const enum issuer *which, size_t count)
{
    FILE *stream = fopen(file, "w");

    ck_assert_ptr_nonnull(stream);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(PEM_write_X509(stream, signers[which[i]].x509), 1);
    ck_assert_int_eq(fclose(stream), 0);
}

static inline void make_world(struct world *world)
{
    enum issuer known[KNOWN_COUNT];

    for (enum issuer which = 0; which < ISSUER_COUNT; which++) {
        make_signer(world->signers, which);
        if (which < KNOWN_COUNT)
            known[which] = which;
    }
    strcpy(world->issuers_file, "/tmp/issuers-XXXXXX");
    close(mkstemp(world->issuers_file));
    write_issuers(world->issuers_file, world->signers, known, KNOWN_COUNT);
}

static inline void end_world(struct world *world)
{
    for (enum issuer which = 0; which < ISSUER_COUNT; which++) {
        X509_free(world->signers[which].x509);
        EVP_PKEY_free(world->signers[which].key);
    }
    unlink(world->issuers_file);
}

static inline struct certificates *open_table(const struct world *world, unsigned cache, struct metrics *metrics)
{
    struct certificates *table;
    struct error error = {0};

    ck_assert_msg(certificates_open(world->issuers_file, cache, metrics, &table, &error), "%s", error.detail);
    return table;
}

/* PEM of any bytes under any label, freed by the caller. */
static inline char *pem_of(const char *label, const unsigned char *bytes, long size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *at, *text;
    long length;

    ck_assert_int_gt(PEM_write_bio(bio, label, "", bytes, size), 0);
    length = BIO_get_mem_data(bio, &at);
    text = strndup(at, (size_t)length);
    BIO_free(bio);
    return text;
}

static inline char *certificate_pem(X509 *x509)
{
    unsigned char *der = NULL;
    int size = i2d_X509(x509, &der);
    char *text = pem_of("CERTIFICATE", der, size);

    OPENSSL_free(der);
    return text;
}

/* As nginx escapes it; freed by the caller. */
static inline char *escaped(const char *text)
{
    char *out = malloc(3 * strlen(text) + 1), *at = out;

    for (; *text; text++)
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", *text))
            *at++ = *text;
        else
            at += sprintf(at, "%%%02X", (unsigned char)*text);
    *at = '\0';
    return out;
}

/* The text of a fresh certificate; freed by the caller. */
static inline char *leaf_text(const struct recipe *recipe, const struct world *world)
{
    X509 *x509 = make_leaf(recipe, world->signers);
    char *pem = certificate_pem(x509), *text = escaped(pem);

    free(pem);
    X509_free(x509);
    return text;
}

#endif
