/* What the parts of the reader know of one another. Nobody outside schema/ includes this.
 *
 *     read.c      drives: source -> scan.c -> content.c (held-back text) and plain.c or parse.c (skeleton)
 *     scan.c      linear limits; finds the `content` elements
 *     content.c   base64 (base64.c), digest and layout (layout.c) of one content
 *     plain.c     the skeleton of a document in plain form, found valid by grammar.c's tables
 *     parse.c     libxml2, for every other: well-formedness and schema; errors.c says what its errors mean to a sender
 *     fields.c    struct memo, from the elements as they come, as field_table.c says
 *     path.c      where in the document we are */
#ifndef SCHEMA_MEMO_IMPL_H
#define SCHEMA_MEMO_IMPL_H

#include "schema/memo.h"

#include "gateway/base/buffer.h"

/* ---- base64.c ---- */

enum { BASE64_BLANK = 64, BASE64_PAD = 65, BASE64_BAD = 66 };

/* For each byte: its six bits, or what else it is. Blanks are those of XML. */
extern const unsigned char base64_values[256];

#define BASE64_SLACK 2

/* Decodes as many whole groups of four characters as `text` begins with, at most size / 4. Returns the characters
 * taken; `out` gets three bytes for every four, and needs BASE64_SLACK bytes of room behind them. */
size_t base64_decode(const unsigned char *text, size_t size, unsigned char *out);

/* The characters, with padding, of `size` (1 to 3) bytes. */
void base64_encode(const unsigned char *bytes, size_t size, char out[4]);

/* ---- layout.c ---- */

#define LAYOUT_BLANKS 64 /* longest run of blanks kept in one piece */
#define LAYOUT_ROOM 1024

/* A number of base64 characters and the blanks behind them, or text that is to be taken as it is. */
struct layout_run {
    uint64_t characters;
    unsigned blank_count;
    unsigned char blanks[LAYOUT_BLANKS];
};

typedef bool layout_sink(void *state, const void *bytes, size_t size, struct error *error);

/* Writes a layout while the text streams by. */
struct layout {
    layout_sink *sink; /* NULL: nobody keeps it */
    void *state;
    struct layout_run run, last; /* the one being met, and the one before with the times it came */
    uint64_t repeats;
    size_t size;
    unsigned char bytes[LAYOUT_ROOM];
};

void layout_start(struct layout *layout, layout_sink *sink, void *state);
bool layout_characters(struct layout *layout, uint64_t count, struct error *error);
bool layout_blank(struct layout *layout, unsigned char blank, struct error *error);
bool layout_literal(struct layout *layout, const unsigned char *text, size_t size, struct error *error);
bool layout_finish(struct layout *layout, struct error *error);

/* Reads a layout back. */
struct layout_step {
    uint64_t characters, repeats;
    const unsigned char *text; /* blanks behind the characters, or literal text */
    size_t text_size;
};
/* The next step from *at; false at the end, or with *broken set where the bytes are no layout. */
bool layout_next(const unsigned char **at, const unsigned char *end, struct layout_step *step, bool *broken);

/* ---- utf8.c ---- */

/* Well-formedness of UTF-8 (RFC 3629) over pieces of any size. Zero-initialise. */
struct utf8 {
    unsigned char left, low, high; /* continuation bytes due, and the bounds of the next one */
};
/* False at the first byte that cannot be; its place is then *bad. */
bool utf8_add(struct utf8 *utf8, const unsigned char *bytes, size_t size, size_t *bad);

/* ---- content.c ---- */

#define CONTENT_ROOM (48 * 1024)

/* One content as it was held back. */
struct held {
    uint64_t offset, size;
    struct digest digest;
    unsigned newlines;   /* line feeds in its text */
    unsigned fault_line; /* line of its first character that is not base64; 0: it is base64 */
};

struct content {
    const struct memo_keeper *keeper; /* never NULL, its members may be */
    struct digest_stream *digest;     /* NULL: no digests */
    struct layout layout;
    struct held held;
    unsigned line; /* where its text begins */
    unsigned char group[4];
    unsigned in_group; /* characters of a group not yet whole */
    unsigned pads, pads_due;
    bool faulty; /* it is not base64 */
    struct utf8 utf8;
    unsigned brackets; /* "]" in a row just before */
    size_t decoded_size;
    unsigned char decoded[CONTENT_ROOM + BASE64_SLACK];
};

bool content_start(struct content *content, uint64_t skeleton_offset, unsigned line, struct error *error);
bool content_add(struct content *content, const unsigned char *text, size_t size, struct error *error);
bool content_finish(struct content *content, struct error *error);

/* ---- scan.c ---- */

/* What the scanner tells. Each false ends the scan. */
struct scan_events {
    void *state;
    bool (*skeleton)(void *state, const unsigned char *bytes, size_t size, struct error *error);
    bool (*content_start)(void *state, unsigned line, struct error *error);
    bool (*content_text)(void *state, const unsigned char *text, size_t size, struct error *error);
    bool (*content_end)(void *state, struct error *error);
    const unsigned *content_newlines; /* line feeds in the content that is being held back, or was last */
};

#define DECLARATION_ROOM 200
#define CONTENT_NAME "content"

struct scanner {
    const struct memo_limits *limits;
    const struct scan_events *events;
    int state;
    unsigned line;             /* of the first byte not yet handed out; in a content, of its first byte */
    const unsigned char *kept; /* from here on the chunk is not yet handed out; NULL in a content */
    struct utf8 utf8;
    uint64_t skeleton_size;
    size_t tag_size;
    unsigned depth, elements, attributes;
    unsigned matched;               /* bytes of a fixed word met so far */
    unsigned char quote, before;    /* the quote that ends a value; the last byte of a tag */
    char name[sizeof CONTENT_NAME]; /* local name of a start tag, as far as it fits */
    unsigned name_size;
    bool started, blank; /* something but a byte order mark came; nothing but blanks came */
    char declaration[DECLARATION_ROOM + 1];
    size_t declaration_size;
};

void scan_start(struct scanner *scanner, const struct memo_limits *limits, const struct scan_events *events);
/* Takes the next bytes. What is found does not depend on how the document is cut into chunks. */
bool scan_add(struct scanner *scanner, const unsigned char *bytes, size_t size, struct error *error);
/* Whether the document may end here. */
bool scan_finish(struct scanner *scanner, struct error *error);
/* The line where it stands, or was refused. */
unsigned scan_line(const struct scanner *scanner);

/* ---- path.c ---- */

enum memo_space {
    SPACE_MEMO,
    SPACE_GRD,
    SPACE_KLE,
    SPACE_FORM,
    SPACE_GLN,
    SPACE_UDD,
    SPACE_SOR,
    SPACE_DMV,
    SPACE_COUNT
};

struct memo_name_space {
    const char *prefix, *uri;
};
extern const struct memo_name_space memo_spaces[SPACE_COUNT];
/* The uri of memo_spaces that is this one, so that one address stands for it; NULL: none is. */
const char *memo_uri(const char *text, size_t size);
bool is_memo_uri(const char *uri);

#define REPEATABLE_COUNT 8 /* elements that the schema lets stand more than once in their parent */

struct path_step {
    const char *name, *uri; /* libxml2's, valid while its parser lives */
    unsigned line;
    unsigned position; /* among its kind if repeatable, else among all siblings */
    unsigned children, repeated[REPEATABLE_COUNT];
    short node;            /* fields.c */
    unsigned short cursor; /* fields.c: the row where its last child was */
};

struct path {
    struct path_step *steps; /* steps[0] is the document */
    unsigned depth, room;
};

bool path_open(struct path *path, unsigned room, struct arena *arena);
/* NULL: deeper than the room. */
struct path_step *path_enter(struct path *path, const char *name, const char *uri, unsigned line);
void path_leave(struct path *path);
/* The XPath of the innermost element, with `tail` behind it. Canonical prefixes; [n] where an element may stand more
 * than once; an element that no MeMo has is *[n], n counted among all its siblings. NULL: no memory. */
const char *path_format(const struct path *path, const char *tail, struct arena *arena);

/* ---- field_table.c, fields.c ---- */

enum fields_node {
    NODE_OTHER,
    NODE_DOCUMENT_ROOT,
    NODE_MESSAGE,
    NODE_HEADER,
    NODE_SENDER,
    NODE_RECIPIENT,
    NODE_SENDER_CONTACT,
    NODE_RECIPIENT_CONTACT,
    NODE_CONTACT_INFO,
    NODE_ATTENTION,
    NODE_PERSON,
    NODE_UNIT,
    NODE_LOCATION,
    NODE_EMAIL,
    NODE_SE,
    NODE_TELEPHONE,
    NODE_EID,
    NODE_RESPONSIBLE,
    NODE_SYSTEM,
    NODE_SOR,
    NODE_ADDRESS,
    NODE_POINT,
    NODE_UNSTRUCTURED,
    NODE_CONTENT_DATA,
    NODE_CPR,
    NODE_CVR,
    NODE_VEHICLE,
    NODE_PROPERTY,
    NODE_CASE,
    NODE_KLE,
    NODE_FORM,
    NODE_CONTENT_UNIT,
    NODE_EDUCATION,
    NODE_ADDITIONAL_CONTENT,
    NODE_FORWARD,
    NODE_REPLY,
    NODE_ADDITIONAL_REPLY,
    NODE_BODY,
    NODE_MAIN,
    NODE_ADDITIONAL,
    NODE_TECHNICAL,
    NODE_FILE,
    NODE_ACTION,
    NODE_RESERVATION,
    NODE_ENTRY_POINT,
    NODE_TEXT, /* this and what follows are leaves */
    NODE_TRIMMED,
    NODE_NUMBER,
    NODE_BOOLEAN,
    NODE_CONTENT,
    NODE_COUNT
};

#define NOWHERE SIZE_MAX

struct field {
    enum fields_node parent;
    enum memo_space space;
    const char *name;
    enum fields_node node;
    const char *member; /* NULL: none; "" of a container: its members are its parent's */
    size_t text, line;  /* of a leaf: where in the parent's struct; text NOWHERE, line 0: not kept */
};
extern const struct field field_table[];
extern const unsigned short field_count;

struct fields {
    struct memo *memo;
    struct arena *arena;
    void *base[NODE_COUNT];                 /* the struct that the leaves of a node are written to */
    struct memo_object *object[NODE_COUNT]; /* where its members go */
    unsigned short first[NODE_COUNT];       /* a parent's first row */
    struct memo_document **document_tail;
    struct memo_file **file_tail;
    struct memo_action **action_tail;
};

void fields_start(struct fields *fields, struct memo *memo, struct arena *arena);
/* Sets step->node. False: no room in the arena. */
bool fields_enter(struct fields *fields, struct path_step *parent, struct path_step *step);
bool fields_leave(struct fields *fields, const struct path_step *parent, const struct path_step *step, const char *text,
                  size_t size);
/* The content that just ended is the current file's. */
void fields_content(struct fields *fields, unsigned number, const struct held *held);

/* ---- parse.c ---- */

struct parse;

/* `held` is an array of struct held that grows as contents are held back; an end tag of a content comes after its
 * entry. NULL with *error set: no memory. */
struct parse *parse_open(const struct memo_schemas *schemas, const struct memo_limits *limits, struct arena *arena,
                         struct memo *memo, struct findings *findings, const struct buffer *held, struct error *error);
bool parse_push(struct parse *parse, const void *bytes, size_t size, struct error *error);
bool parse_finish(struct parse *parse, struct error *error);
/* Line and XPath of where the parser is. */
unsigned parse_line(const struct parse *parse);
const char *parse_path(const struct parse *parse);
void parse_close(struct parse *parse);

/* ---- grammar.c ---- */

/* The schema of one version as plain.c walks it, compiled from the same XSD files that libxml2 gets. */
struct simple_type {
    void *builtin; /* xmlSchemaTypePtr; NULL: xs:string */
    bool is_content;
    bool (*pattern)(const char *text, size_t size); /* NULL: none */
    size_t characters_most;
    int64_t number_most;
    const char *values[2]; /* all of an enumeration; NULL: none */
};

/* One place in a sequence: an element, or one of two. */
struct slot {
    const struct declaration *choice[2];
    unsigned least, most; /* times; UINT_MAX: any number */
};

struct declaration {
    const char *name, *uri; /* the uri is one of memo_spaces */
    size_t name_size;
    bool is_simple;
    struct simple_type value; /* of a simple one */
    struct slot *slots;       /* of the others */
    unsigned slot_count;
    bool version_required; /* the attribute memoSchVersion */
};

struct grammar {
    struct arena *arena;
    const struct declaration *root;
};

/* Every construct that the XSD files use is known here: another one is an error. */
bool grammar_open(const char *folder, struct grammar *grammar, struct error *error);
void grammar_close(struct grammar *grammar);

/* Whether a value is surely one of the type; false where only libxml2 can tell. */
bool value_fits(const struct simple_type *type, const char *text, size_t size);

/* ---- plain.c ---- */

struct plain;

/* `held` as for parse_open(). NULL: no room in the arena. */
struct plain *plain_open(const struct memo_schemas *schemas, const struct memo_limits *limits, struct arena *arena,
                         struct memo *memo, const struct buffer *held);
/* What follows is the whole skeleton as far as it is there. False: the document is not surely valid, and nothing that
 * was written to the memo counts. */
bool plain_push(struct plain *plain, const char *skeleton, size_t size);
/* Whether the document, now whole, is valid. */
bool plain_finish(struct plain *plain, const char *skeleton, size_t size);

/* ---- errors.c ---- */

/* What an error of libxml2's schema validator is called here, and a sentence for it without values. */
enum error_code schema_error_code(int libxml_code, const char **detail);
/* The "Expected is ..." of a message with our prefixes; NULL where there is none. */
const char *schema_expected(const char *message, struct arena *arena);
const char *xml_error_detail(int libxml_code);
/* The value if it can be repeated to its sender: of a harmless element and without anything like a number of a
 * person. Else NULL. */
const char *harmless_value(const char *element, const char *text, size_t size, struct arena *arena);

/* ---- details.c ---- */

/* Details that no table of libxml2's codes holds. */
#define DETAIL_BASE64 "The text is not base64 from this line on."
#define DETAIL_ENDS_EARLY "The document ends too early."
#define DETAIL_FIELDS_NO_ROOM "The fields do not fit into memory."
#define DETAIL_DOCUMENT_NO_ROOM "The document does not fit into memory."

/* The Danish counterpart of a finding's detail; NULL where there is none, or no memory. */
const char *detail_in_danish(const char *detail, struct arena *arena);

/* ---- schemas.c ---- */

struct memo_schemas {
    void *compiled[MEMO_VERSION_COUNT]; /* xmlSchemaPtr */
    struct grammar grammar[MEMO_VERSION_COUNT];
};

/* ---- xsd_files.c ---- */

struct xsd_file {
    const char *url; /* memo-xsd:///<version>/<name> */
    const char *start, *end;
};
extern const struct xsd_file xsd_files[];
extern const size_t xsd_file_count;

#endif
