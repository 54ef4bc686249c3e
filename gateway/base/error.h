/* Errors: a closed list, and what a caller is told about each.
 *
 * What can fail returns bool. Whoever finds the failure fills a struct error with error_set() and returns its
 * false; everyone above only passes it on. The table error_kinds says for each code which HTTP status it has, its
 * public name, whose fault it is, whether sending the same again can help, and one sentence in English and Danish. */
#ifndef GATEWAY_BASE_ERROR_H
#define GATEWAY_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

enum fault { FAULT_SENDER, FAULT_RECIPIENT, FAULT_READER, FAULT_OPERATOR, FAULT_COUNT };

/* The closed list; the table in error.c has one row for each. */
/* clang-format off */
#define ERROR_CODES(X) \
    /* how the service is called */ \
    X(NONE) X(NOT_FOUND) X(METHOD_NOT_ALLOWED) X(NOT_ACCEPTABLE) X(REQUEST_TIMEOUT) X(LENGTH_REQUIRED) \
    X(BODY_TOO_LARGE) X(MEDIA_TYPE) X(BUNDLE_NOT_SERVED) X(TOO_MANY_REQUESTS) X(REQUEST_MALFORMED) \
    X(BODY_CUT_OFF) X(PARAMETER_MISSING) X(PARAMETER_INVALID) X(PARAMETER_UNKNOWN) X(PAGE_TOO_LARGE) \
    X(PAGE_TOO_DEEP) X(JSON_MALFORMED) X(HEADER_REPEATED) X(RANGE) \
    X(IF_MATCH_MISSING) X(VERSION_CONFLICT) X(FIELD_NOT_SERVED) X(FOLDER_NOT_FOUND) \
    /* who calls */ \
    X(CERTIFICATE_MISSING) X(CERTIFICATE_NOT_TRUSTED) X(CERTIFICATE_EXPIRED) X(CERTIFICATE_REVOKED) \
    X(CERTIFICATE_SUBJECT) X(CERTIFICATE_NOT_REGISTERED) X(BASIC_MISSING) X(BASIC_MALFORMED) X(BASIC_WRONG) \
    X(SYSTEM_INACTIVE) X(SYSTEM_NOT_SENDER) X(ADDRESS_NOT_ALLOWED) X(SENDER_NOT_ALLOWED) X(CALLER_KIND) \
    X(TOKEN_MISSING) X(TOKEN_MALFORMED) X(TOKEN_NOT_TRUSTED) X(TOKEN_EXPIRED) X(TOKEN_CLAIMS) X(SCOPE_MISSING) X(PRIVILEGE_MISSING) \
    /* the service itself */ \
    X(INTERNAL) X(OUT_OF_MEMORY) X(STORE_UNAVAILABLE) X(STORE_BUSY) X(STORE_FULL) X(STORE_UNSURE) \
    X(STORE_CORRUPT) X(STORE_LOCKED) X(SPOOL_FAILED) X(CONFIG_INVALID) X(ROLE_NOT_ALLOWED) \
    X(CHANGE_MALFORMED) X(ALREADY_EXISTS) X(UNAVAILABLE) \
    /* XML and the limits before it (reliability.md R17) */ \
    X(XML_MALFORMED) X(XML_NOT_UTF8) X(XML_ENCODING) X(XML_DOCTYPE) X(XML_INSTRUCTION) X(XML_ATTRIBUTES) \
    X(XML_TAG_SIZE) X(XML_DEPTH) X(XML_ELEMENTS) X(XML_SKELETON_SIZE) X(XML_CONTENT_NOT_PLAIN) X(XML_EMPTY) \
    /* schema and base64 */ \
    X(SCHEMA_ELEMENT) X(SCHEMA_ATTRIBUTE) X(SCHEMA_VALUE) X(SCHEMA_BASE64) X(SCHEMA_INVALID) \
    /* rules of a MeMo beyond the schema (ngdp.md 1.5) */ \
    X(MEMO_ROOT) X(MEMO_VERSION) X(MESSAGE_UUID_MISMATCH) X(MESSAGE_UUID_TAKEN) X(SENDER_ID_TYPE) \
    X(SENDER_ID) X(RECIPIENT_ID_TYPE) X(RECIPIENT_ID) X(ACTION_CODE) X(ACTION_CONTENT) X(ACTION_URL) \
    X(FILE_NAME) X(FILE_EXTENSION) X(FILE_EMPTY) X(CONTACT_POINT_ID) X(DELIVERY_DATE_EARLY) \
    X(DELIVERY_DATE_LATE) X(NOTIFICATION_EMPTY) X(NOTIFICATION_LENGTH) X(BODY_MISSING) X(BODY_NOT_ALLOWED) \
    X(TOO_MANY_DOCUMENTS) X(CONTENT_TOO_LARGE) X(MANDATORY_NOT_ALLOWED) X(LEGAL_NOT_ALLOWED) \
    X(NEMSMS_NOT_SERVED) X(RECIPIENT_NOT_FOUND) X(RECIPIENT_EXEMPT) X(RECIPIENT_CLOSED) X(TOO_MANY_FILES) \
    /* new ones come last: their numbers pass between processes of two builds, while one replaces the other */ \
    X(STORE_FAILED) X(RECIPIENT_NOT_AUTHORITY) X(MESSAGE_DEADLY) X(CLOCK_BEHIND)
/* clang-format on */

#define ERROR_ENUM(name) ERROR_##name,
enum error_code { ERROR_CODES(ERROR_ENUM) ERROR_COUNT };
#undef ERROR_ENUM

/* One row a code. All strings are constant and in UTF-8. */
struct error_kind {
    int status;       /* HTTP status of an answer that ends with this error */
    const char *code; /* public name: lower-case words with dots */
    enum fault fault;
    bool retry; /* true: the same request can succeed later without any change */
    const char *en, *da;
};

extern const struct error_kind error_kinds[ERROR_COUNT];

/* What went wrong, once. `where` and `detail` never hold anything a stranger sent but positions, lengths and ids,
 * so both may be logged. Zero-initialise before use. */
struct error {
    enum error_code code;
    unsigned retry_after; /* seconds for the Retry-After header; 0: the default of the status */
    char where[160];      /* XPath, parameter or file that it concerns; may be empty */
    char detail[200];     /* for the log and the operator; may be empty */
};

/* Fills *error and returns false, so that a function can end with `return error_set(...)`. `where` may be NULL;
 * `format` is for printf and may be NULL. Texts too long are cut. */
bool error_set(struct error *error, enum error_code code, const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The table's row; never NULL. */
const struct error_kind *error_kind(enum error_code code);

/* "sender", "recipient", "reader" or "operator". */
const char *fault_name(enum fault fault);

#endif
