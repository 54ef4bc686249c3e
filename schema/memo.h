/* MeMo messages: reading one from a stream, checking it, and giving back the bytes it came in as.
 *
 * A message is read once, front to back, in constant memory:
 *
 *     bytes -> scanner -> skeleton -> libxml2 push parser -> XSD validator (schema/memo/<version>/)
 *                 |                        `-> memo_fields: the struct memo below
 *                 `-> base64 of each `content`, decoded and checked -> struct memo_keeper
 *
 * The scanner holds the linear limits before libxml2 sees a byte (reliability.md R17) and holds back the text of every
 * `content` element; in its place libxml2 gets a short stand-in. What is left of the document, byte for byte, is the
 * skeleton. The skeleton, the decoded contents and the layout of each content's base64 give the document back
 * (memo_restore). */
#ifndef SCHEMA_MEMO_H
#define SCHEMA_MEMO_H

#include "gateway/base/arena.h"
#include "gateway/base/digest.h"
#include "gateway/base/error.h"
#include "gateway/base/finding.h"
#include "gateway/base/ids.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum memo_version { MEMO_1_1, MEMO_1_2, MEMO_VERSION_COUNT };
enum memo_type { MEMO_DIGITALPOST, MEMO_NEMSMS };
enum memo_id_type { MEMO_ID_OTHER, MEMO_ID_CPR, MEMO_ID_CVR };
enum memo_document_kind { DOCUMENT_MAIN, DOCUMENT_ADDITIONAL, DOCUMENT_TECHNICAL, DOCUMENT_KIND_COUNT };

/* Both compiled schemas. Made once, before the fork; read-only afterwards. */
struct memo_schemas;
bool memo_schemas_open(struct memo_schemas **schemas, struct error *error);
void memo_schemas_close(struct memo_schemas *schemas);

/* What a document may cost and what the settings allow. memo_limits_default() fills in the defaults of
 * reliability.md R17 and ngdp.md 1.5, 1.6. */
struct memo_limits {
    uint64_t body_bytes;                       /* of the whole document */
    uint64_t content_bytes;                    /* decoded, over all contents: 99,500,000 */
    size_t skeleton_bytes;                     /* 4 MB */
    size_t tag_bytes;                          /* 8 KB */
    unsigned attributes;                       /* a tag: 32 */
    unsigned depth;                            /* 32 */
    unsigned elements;                         /* 100,000 */
    unsigned files;                            /* File elements in all: 1,000 */
    unsigned additional_documents;             /* 10 */
    unsigned notification[MEMO_VERSION_COUNT]; /* characters: 150, 160 */
    unsigned furthest_days;                    /* of doNotDeliverUntilDate from today: 365 */
    const char *const *extensions;             /* allowed file extensions, lower case without dot, NULL-terminated */
    bool digests;                              /* off only where speed is measured: all digests are then zero */
    bool plain;                                /* off only where libxml2's verdict is compared with plain.c's */
};
void memo_limits_default(struct memo_limits *limits);

/* Where decoded contents go. Calls come as begin, bytes..., end for one content after the other, in document order. A
 * false ends the reading with *error. `layout` (also in pieces, at any time between begin and end) describes the base64
 * text as layout.c tells; the bytes handed out are only valid during the call. A NULL keeper, or NULL members, discard.
 *
 * Contents come whether the document is valid or not. One that is not base64 (schema.base64) comes with the bytes up to
 * its fault, and its layout holds the rest as it stood, so that such a document too can be given back. */
struct memo_keeper {
    void *state;
    bool (*begin)(void *state, struct error *error);
    bool (*bytes)(void *state, const void *bytes, size_t size, struct error *error);
    bool (*layout)(void *state, const void *bytes, size_t size, struct error *error);
    bool (*end)(void *state, const struct digest *digest, uint64_t size, struct error *error);
};

/* What portals read of a part of the message and nobody else asks for, under the contract's names (ngdp-api.md, table B;
 * field_table.c). In the order met; no name comes twice in an object: of what comes again in an invalid document, the
 * first counts. */
enum memo_member_kind { MEMBER_TEXT, MEMBER_NUMBER, MEMBER_OBJECT, MEMBER_ARRAY };

struct memo_member {
    const char *name; /* a constant */
    enum memo_member_kind kind;
    const char *text;                   /* of a text; of a number, its digits */
    struct memo_object *objects, *last; /* of an object, the one; of an array, one or more */
    struct memo_member *next;
};

struct memo_object {
    struct memo_member *members, *last;
    struct memo_object *next; /* in an array */
};

/* Strings are in the arena, UTF-8, NULL where the message has none. White space is as XML gives it, but gone at both
 * ends where the schema's type ignores it (dates, booleans, languages, URLs). Lines are those of the elements, 0 where
 * there is none. */
struct memo_party {
    const char *id, *id_type_text, *label;
    enum memo_id_type id_type;
    const char *contact_point_id; /* as written */
    struct memo_object members;   /* idTypeLabel, AttentionData, ContactPoint */
    unsigned line, id_line, id_type_line, contact_point_line;
};

struct memo_action {
    const char *label, *code;
    const char *start, *end; /* xs:dateTime with Z */
    const char *url;         /* EntryPoint */
    bool has_reservation, has_entry_point;
    const char *reservation_description, *reservation_uuid, *reservation_abstract, *reservation_location;
    const char *reservation_start, *reservation_end, *organizer_mail, *organizer_name;
    unsigned line, code_line, url_line;
    struct memo_action *next;
};

#define MEMO_NO_CONTENT (~0u)

struct memo_file {
    const char *format, *filename, *language;
    bool base64;              /* its content is base64; where not, size and digest mean nothing */
    unsigned content;         /* its number among all contents of the document, from 0; MEMO_NO_CONTENT: it has none */
    uint64_t skeleton_offset; /* where its base64 text stood: this many bytes of the skeleton come before it */
    uint64_t size;            /* decoded */
    struct digest digest;     /* of the decoded bytes */
    unsigned line, filename_line, content_line;

    struct memo_file *next;
};

struct memo_document {
    enum memo_document_kind kind;
    const char *id, *label;
    struct memo_file *files;
    struct memo_action *actions;
    unsigned line;
    struct memo_document *next;
};

struct memo {
    enum memo_version version;
    enum memo_type type;
    const char *type_text; /* as written: only where it is DIGITALPOST or NEMSMS does `type` mean anything */
    struct uuid uuid;      /* messageUUID */
    const char *uuid_text; /* as written */
    const char *message_id, *message_code, *label, *notification, *additional_notification, *post_type;
    bool reply, mandatory, legal_notification;
    const char *reply_by;       /* xs:dateTime */
    const char *not_before_day; /* doNotDeliverUntilDate, "yyyy-mm-dd" (a time zone is cut off), NULL: at once */
    const char *created;        /* MessageBody/createdDateTime */
    struct memo_party sender, recipient;
    const char *case_id;        /* ContentData/CaseID/caseID */
    const char *forward_uuid;   /* ForwardData/messageUUID */
    struct memo_object members; /* ContentData, ForwardData, ReplyData */
    bool has_body;
    struct memo_document *documents; /* in the order sent */
    unsigned document_count[DOCUMENT_KIND_COUNT], file_count;
    unsigned line, type_line, notification_line, not_before_line, body_line;

    const uint64_t *content_offsets; /* of every content, also one that stands where it may not: for memo_restore */
    unsigned content_count;

    bool plain;            /* found valid without libxml2 */
    struct digest digest;  /* of the document as it came */
    uint64_t size;         /* bytes of the document as it came */
    uint64_t content_size; /* decoded bytes of all contents */
    const char *skeleton;  /* in the arena */
    size_t skeleton_size;
};

/* Gives up to `room` more bytes of the document; *got is 0 at its end. */
typedef bool memo_source(void *state, void *bytes, size_t room, size_t *got, struct error *error);

/* Reads a document: limits, well-formedness, schema, base64, and the fields above. The findings come out in the order of
 * their lines. The arena must have room for a few times limits->skeleton_bytes: a document whose fields do not fit is
 * ERROR_XML_SKELETON_SIZE.
 *
 * Returns false with *error for what can never be kept (an xml.* fault, a limit, a source or keeper that failed): the
 * reading stops there; for xml.* faults and limits the finding is in *findings as well, with its line. Returns true
 * with findings of the ids schema.* where the document is well-formed but not schema-valid; the fields are then filled
 * as far as they were met (all may be NULL). The digest covers the whole document when true. */
bool memo_read(const struct memo_schemas *schemas, const struct memo_limits *limits, memo_source *source, void *state,
               const struct memo_keeper *keeper, struct arena *arena, struct memo *memo, struct findings *findings,
               struct error *error);

/* Checks what one message alone can decide (ngdp.md 1.5): the table in rules.c. Adds findings; returns whether none
 * has severity error. `now` is UTC milliseconds. Fields that the schema check found wrong or absent are passed over. */
bool memo_rules_check(const struct memo *memo, const struct memo_limits *limits, int64_t now, struct arena *arena,
                      struct findings *findings);

/* One row of the rules table, for `dpctl rules` and the manual. */
struct rule_run;
struct memo_rule {
    enum error_code code;
    enum severity severity;
    const char *source;                                                /* where the rule comes from */
    void (*check)(struct rule_run *run, const struct memo_rule *rule); /* NULL: checked while reading */
};
extern const struct memo_rule memo_rules[];
extern const size_t memo_rule_count;

/* Gives the document back: the skeleton with content number i, as its layout says, at offsets[i]. `fetch` hands out the decoded bytes of content number `index` (0-based, document order)
 * from `offset`; `layout` its layout bytes, whole. `write` gets the document front to back. */
struct memo_parts {
    void *state;
    bool (*fetch)(void *state, unsigned index, uint64_t offset, void *bytes, size_t room, size_t *got,
                  struct error *error);
    bool (*layout)(void *state, unsigned index, const void **bytes, size_t *size, struct error *error);
    bool (*write)(void *state, const void *bytes, size_t size, struct error *error);
};
bool memo_restore(const char *skeleton, size_t skeleton_size, const uint64_t *offsets, unsigned count,
                  const struct memo_parts *parts, struct error *error);

#endif
