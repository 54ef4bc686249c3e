/* parity: does memo_read() say the same as xmllint about a document and a schema? Writes mutations of valid documents,
 * and its own verdict on each; parity.sh asks xmllint and compares. */
#ifndef TESTS_LIB_PARITY_H
#define TESTS_LIB_PARITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libxml/tree.h>

#define NAMES_MAX 400

/* A name that a schema declares: an element, or a simple type. `touched` counts mutations of it. */
struct declared {
    char name[80], type[80]; /* of an element: its type without prefix, "" where it has one of its own */
    char base[40];           /* of a simple type: the built-in type that it restricts */
    unsigned touched;
};

struct index {
    struct declared elements[NAMES_MAX], types[NAMES_MAX];
    size_t element_count, type_count;
};

/* Reads the schema and all that it includes or imports. False: a file cannot be read. */
bool index_read(struct index *index, const char *path);
struct declared *index_element(struct index *index, const char *name);
/* The built-in type behind a type's name: "string" for memoTextType; NULL: a complex type. */
const char *index_base(struct index *index, const char *type);
/* Counts a mutation of the element, and, where its value was changed, of its simple type. */
void index_touch(struct index *index, const char *element, bool value);
/* No value of the element's simple type was changed so far. */
bool index_untouched(struct index *index, const char *element);
/* A mutation of an attribute's value: its type, which stands in the schema. */
void index_touch_attribute(struct index *index, const char *attribute);

/* Numbers from a seed: the same on every machine. */
struct dice {
    uint64_t state;
};
unsigned dice_below(struct dice *dice, unsigned limit);

/* Changes one thing at an element with this name. False: the document has none, or it would no longer be a document that
 * only the schema judges (another version, something that is refused before the schema). */
bool mutate(struct index *index, struct dice *dice, xmlDoc *document, const char *element);

/* A value to try on this built-in type: often one of its own, sometimes one of another's. */
const char *value_for(struct dice *dice, const char *base, const char *is);

#endif
