/* What the parts of plain.c know of one another: plain_text.c its characters, plain_root.c the root's tag. */
#ifndef SCHEMA_PLAIN_IMPL_H
#define SCHEMA_PLAIN_IMPL_H

#include "schema/memo_impl.h"

#define PREFIXES_MOST 32

/* Places in the skeleton are offsets, since it moves as it grows. */
struct span {
    size_t at, size;
};

struct frame {
    const struct declaration *is;
    struct span name; /* with its prefix, as written */
    unsigned slot, times;
};

struct prefix {
    struct span name;
    const char *uri; /* one that the grammar has; NULL: another */
    bool is_xsi;
};

struct plain {
    const struct memo_schemas *schemas;
    const struct buffer *held;
    struct memo *memo;
    struct path path;
    struct fields fields;
    struct frame *frames; /* frames[n]: the element at depth n; frames[0] is not used */
    struct prefix prefixes[PREFIXES_MOST];
    unsigned prefix_count;
    size_t at, open, seen; /* taken up to; where the next markup begins; looked for its end up to */
    bool opened;           /* it has begun */
    unsigned met, lines;   /* in the text from `at` to `open`, or as far as it was seen */
    unsigned line;         /* at `at` */
    unsigned contents;
    bool began, ended; /* the root */
};

/* ---- plain_text.c ---- */

enum class {
    OTHER = 1,
    NAME = 2,
    BLANK = 4,
    LINE = 8,
    RETURN = 16,
    MARKUP = 32,  /* & and < */
    PERHAPS = 64, /* ] may begin ]]>, and EF may be the first byte of U+FFFE */
    NEVER = 128
};
#define BLANKS (BLANK | LINE | RETURN)
#define TEXT (OTHER | NAME | BLANK | LINE)

/* Every class that the text has. Adds its line feeds to *lines. */
unsigned plain_classify(const char *text, size_t size, unsigned *lines);
/* The same as far as the next "<", of which the place is returned, or `size`; adds to *met too. */
size_t plain_scan(const char *text, size_t size, unsigned *met, unsigned *lines);
/* Whether no other class was met. */
bool plain_only(unsigned met, unsigned allowed);
bool plain_is_name(const char *text, size_t size);
bool plain_same(const char *skeleton, struct span span, const char *text);

/* Text of the classes `met` as it is meant, its references replaced (then in the arena). NULL: what stands there is not
 * surely text. */
const char *plain_text(const char *text, size_t *size, unsigned met, struct arena *arena);

/* ---- plain_root.c ---- */

/* The attributes of the root's tag, from `at` to its ">" at `end`; what they declare is kept. Counts the lines. */
bool plain_root(struct plain *plain, const char *skeleton, size_t at, size_t end);

/* The uri of a name as written, and its local part; NULL: its prefix is none that the root declares for a MeMo. */
const char *plain_split_name(const struct plain *plain, const char *skeleton, struct span name, struct span *local);

#endif
