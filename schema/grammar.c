/* The XSD files as tables: which elements may follow one another, and what their values may be.
 *
 * Only what our own files use is understood, and whatever else stands in them is an error at the start: sequences of
 * elements with how often each may come, groups, a choice between two elements; strings with a length, a list or a
 * pattern, and built-in types, whose values libxml2 judges. */
#include "schema/memo_impl.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xmlschemastypes.h>

#define XS "http://www.w3.org/2001/XMLSchema"
#define ARENA_MOST ((size_t)4 * 1024 * 1024)
#define SLOTS_MOST 64
#define FILES_MOST 24
#define BUILTIN_MOST 500 /* bytes of a value that is copied for libxml2 */
#define DIGITS_MOST 18   /* of a number that fits into 64 bits */

struct compiler {
    struct arena *arena;
    xmlDocPtr documents[FILES_MOST];
    unsigned count;
    struct error *error;
};

static bool not_known(struct compiler *compiler, xmlNodePtr node, const char *what)
{
    return error_set(compiler->error, ERROR_INTERNAL, (const char *)node->doc->URL,
                     "line %ld: %s is not understood: %s", xmlGetLineNo(node), (const char *)node->name, what);
}

static bool no_memory(struct compiler *compiler)
{
    return error_set(compiler->error, ERROR_OUT_OF_MEMORY, NULL, "the grammar");
}

/* ---- walking the files ---- */

static bool is(xmlNodePtr node, const char *name)
{
    return strcmp((const char *)node->name, name) == 0;
}

static xmlNodePtr skip_notes(xmlNodePtr node)
{
    while (node && (node->type != XML_ELEMENT_NODE || is(node, "annotation")))
        node = node->next;
    return node;
}

static xmlNodePtr first(xmlNodePtr parent)
{
    return skip_notes(parent->children);
}

static xmlNodePtr next(xmlNodePtr node)
{
    return skip_notes(node->next);
}

/* An attribute's value, in the document's own memory; NULL: not there. */
static const char *attribute(xmlNodePtr node, const char *name)
{
    xmlAttrPtr found = xmlHasProp(node, (const xmlChar *)name);

    return found && found->children ? (const char *)found->children->content : NULL;
}

/* "prefix:name" where it stands. */
static bool resolve(struct compiler *compiler, xmlNodePtr node, const char *qname, const char **uri, const char **name)
{
    const char *colon = strchr(qname, ':');
    char prefix[16];

    if (!colon || (size_t)(colon - qname) >= sizeof prefix)
        return not_known(compiler, node, qname);
    memcpy(prefix, qname, (size_t)(colon - qname));
    prefix[colon - qname] = '\0';
    xmlNsPtr space = xmlSearchNs(node->doc, node, (const xmlChar *)prefix);

    if (!space)
        return not_known(compiler, node, qname);
    *uri = (const char *)space->href;
    *name = colon + 1;
    return true;
}

static const char *target_of(xmlDocPtr document)
{
    return attribute(xmlDocGetRootElement(document), "targetNamespace");
}

static xmlNodePtr find_global(struct compiler *compiler, xmlNodePtr where, const char *kind, const char *qname)
{
    const char *uri, *name;

    if (!resolve(compiler, where, qname, &uri, &name))
        return NULL;
    for (unsigned i = 0; i < compiler->count; i++) {
        if (strcmp(target_of(compiler->documents[i]), uri) != 0)
            continue;
        for (xmlNodePtr node = first(xmlDocGetRootElement(compiler->documents[i])); node; node = next(node))
            if (is(node, kind) && strcmp(attribute(node, "name"), name) == 0)
                return node;
    }
    not_known(compiler, where, qname);
    return NULL;
}

/* ---- simple types ---- */

static bool is_hex(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isxdigit((unsigned char)text[i]))
            return false;
    return true;
}

static bool is_uuid_4(const char *text, size_t size)
{
    return size == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' && text[14] == '4'
           && memchr("89ABab", text[19], 6) && is_hex(text, 8) && is_hex(text + 9, 4) && is_hex(text + 15, 3)
           && is_hex(text + 20, 3) && is_hex(text + 24, 12);
}

static bool ends_in_z(const char *text, size_t size)
{
    return size >= 2 && text[size - 1] == 'Z' && !memchr(text, '\n', size) && !memchr(text, '\r', size);
}

static const struct {
    const char *pattern;
    bool (*fits)(const char *text, size_t size);
} patterns[] = {
    {"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-4[0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}", is_uuid_4},
    {".+Z", ends_in_z},
};

static bool read_pattern(struct compiler *compiler, xmlNodePtr facet, const char *value, struct simple_type *type)
{
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns && !type->pattern; i++)
        if (strcmp(patterns[i].pattern, value) == 0) {
            type->pattern = patterns[i].fits;
            return true;
        }
    return not_known(compiler, facet, value);
}

static bool read_enumeration(struct compiler *compiler, xmlNodePtr facet, const char *value, struct simple_type *type)
{
    for (size_t i = 0; i < sizeof type->values / sizeof *type->values; i++)
        if (!type->values[i])
            return (type->values[i] = arena_text(compiler->arena, value)) != NULL || no_memory(compiler);
    return not_known(compiler, facet, value);
}

static bool read_facet(struct compiler *compiler, xmlNodePtr facet, struct simple_type *type)
{
    const char *value = attribute(facet, "value");

    if (!value)
        return not_known(compiler, facet, "no value");
    if (is(facet, "maxLength"))
        type->characters_most = (size_t)strtoul(value, NULL, 10);
    else if (is(facet, "maxInclusive"))
        type->number_most = strtoll(value, NULL, 10);
    else if (is(facet, "enumeration"))
        return read_enumeration(compiler, facet, value, type);
    else if (is(facet, "pattern"))
        return read_pattern(compiler, facet, value, type);
    else
        return not_known(compiler, facet, value);
    return true;
}

static bool read_builtin(struct compiler *compiler, xmlNodePtr where, const char *name, struct simple_type *type)
{
    *type = (struct simple_type){.characters_most = SIZE_MAX, .number_most = INT64_MAX};
    type->is_content = strcmp(name, "base64Binary") == 0;
    if (type->is_content || strcmp(name, "string") == 0)
        return true;
    type->builtin = xmlSchemaGetPredefinedType((const xmlChar *)name, (const xmlChar *)XS);
    return type->builtin || not_known(compiler, where, name);
}

/* A built-in type, or one restriction of one. */
static bool read_simple(struct compiler *compiler, xmlNodePtr where, const char *qname, struct simple_type *type)
{
    const char *uri, *name, *base;
    xmlNodePtr node, restriction;

    if (!resolve(compiler, where, qname, &uri, &name))
        return false;
    if (strcmp(uri, XS) == 0)
        return read_builtin(compiler, where, name, type);
    node = find_global(compiler, where, "simpleType", qname);
    if (!node)
        return false;
    restriction = first(node);
    base = restriction && is(restriction, "restriction") ? attribute(restriction, "base") : NULL;
    if (!base || !resolve(compiler, restriction, base, &uri, &name) || strcmp(uri, XS) != 0)
        return not_known(compiler, node, qname);
    if (!read_builtin(compiler, restriction, name, type))
        return false;
    for (xmlNodePtr facet = first(restriction); facet; facet = next(facet))
        if (!read_facet(compiler, facet, type))
            return false;
    return true;
}

/* A value that XML Schema may trim first is left to libxml2, and one of an unusual length. */
static bool builtin_fits(const struct simple_type *type, const char *text, size_t size)
{
    char copy[BUILTIN_MOST + 1];

    if (size == 0 || size > BUILTIN_MOST)
        return false;
    for (size_t i = 0; i < size; i++)
        if (base64_values[(unsigned char)text[i]] == BASE64_BLANK)
            return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (xmlSchemaValidatePredefinedType(type->builtin, (const xmlChar *)copy, NULL) != 0)
        return false;
    return type->number_most == INT64_MAX
           || (size <= DIGITS_MOST && strspn(copy, "0123456789") == size
               && strtoll(copy, NULL, 10) <= type->number_most);
}

static size_t count_characters(const char *text, size_t size)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

static bool is_listed(const struct simple_type *type, const char *text, size_t size)
{
    for (size_t i = 0; i < sizeof type->values / sizeof *type->values && type->values[i]; i++)
        if (strlen(type->values[i]) == size && memcmp(type->values[i], text, size) == 0)
            return true;
    return !type->values[0];
}

bool value_fits(const struct simple_type *type, const char *text, size_t size)
{
    if (type->builtin && !builtin_fits(type, text, size))
        return false;
    if (size > type->characters_most && count_characters(text, size) > type->characters_most)
        return false;
    return (!type->pattern || type->pattern(text, size)) && is_listed(type, text, size);
}

/* ---- elements ---- */

static const struct declaration *declare(struct compiler *compiler, xmlNodePtr node);

static bool read_times(struct compiler *compiler, xmlNodePtr node, struct slot *slot)
{
    const char *least = attribute(node, "minOccurs"), *most = attribute(node, "maxOccurs");

    slot->least = least ? (unsigned)strtoul(least, NULL, 10) : 1;
    slot->most = !most ? 1 : strcmp(most, "unbounded") == 0 ? UINT_MAX : (unsigned)strtoul(most, NULL, 10);
    return slot->most > 0 || not_known(compiler, node, "maxOccurs");
}

static bool read_choice(struct compiler *compiler, xmlNodePtr choice, struct slot *slot)
{
    unsigned count = 0;

    *slot = (struct slot){.least = 1, .most = 1};
    for (xmlNodePtr node = first(choice); node; node = next(node)) {
        struct slot one;

        if (!is(node, "element") || count == 2 || !read_times(compiler, node, &one) || one.most != 1)
            return not_known(compiler, choice, "other than two elements, once each");
        slot->choice[count] = declare(compiler, node);
        if (!slot->choice[count++])
            return false;
        if (one.least == 0)
            slot->least = 0;
    }
    return count == 2 || not_known(compiler, choice, "other than two elements, once each");
}

static bool read_sequence(struct compiler *compiler, xmlNodePtr sequence, struct slot *slots, unsigned *count);

static bool read_particle(struct compiler *compiler, xmlNodePtr node, struct slot *slots, unsigned *count)
{
    const char *group = attribute(node, "ref");
    struct slot *slot = &slots[*count];
    xmlNodePtr found;

    if (*count == SLOTS_MOST)
        return not_known(compiler, node, "too many elements");
    if (is(node, "element")) {
        if (!read_times(compiler, node, slot))
            return false;
        slot->choice[0] = declare(compiler, node);
        slot->choice[1] = NULL;
        (*count)++;
        return slot->choice[0] != NULL;
    }
    if (attribute(node, "minOccurs") || attribute(node, "maxOccurs"))
        return not_known(compiler, node, "how often");
    if (is(node, "choice")) {
        (*count)++;
        return read_choice(compiler, node, slot);
    }
    if (!is(node, "group") || !group)
        return not_known(compiler, node, "in a sequence");
    found = find_global(compiler, node, "group", group);
    return found && read_sequence(compiler, first(found), slots, count);
}

static bool read_sequence(struct compiler *compiler, xmlNodePtr sequence, struct slot *slots, unsigned *count)
{
    if (!is(sequence, "sequence") || attribute(sequence, "minOccurs") || attribute(sequence, "maxOccurs"))
        return not_known(compiler, sequence, "in a type");
    for (xmlNodePtr node = first(sequence); node; node = next(node))
        if (!read_particle(compiler, node, slots, count))
            return false;
    return true;
}

/* The one element with attributes is Message, and plain.c knows both of them. */
static bool read_attribute(struct compiler *compiler, xmlNodePtr node, struct declaration *declaration)
{
    const char *name = attribute(node, "name"), *use = attribute(node, "use");

    if (!is(node, "attribute") || !name || !use || strcmp(use, "required") != 0
        || strcmp(declaration->name, "Message") != 0)
        return not_known(compiler, node, "in a type");
    if (strcmp(name, "memoSchVersion") == 0)
        declaration->version_required = true;
    else if (strcmp(name, "memoVersion") != 0)
        return not_known(compiler, node, name);
    return true;
}

static bool read_complex(struct compiler *compiler, xmlNodePtr type, struct declaration *declaration)
{
    xmlNodePtr node = first(type);
    struct slot slots[SLOTS_MOST];

    if (!is(type, "complexType") || attribute(type, "mixed") || !node)
        return not_known(compiler, type, "a type");
    if (!read_sequence(compiler, node, slots, &declaration->slot_count))
        return false;
    declaration->slots = arena_alloc(compiler->arena, declaration->slot_count * sizeof *slots);
    if (!declaration->slots)
        return no_memory(compiler);
    memcpy(declaration->slots, slots, declaration->slot_count * sizeof *slots);
    for (node = next(node); node; node = next(node))
        if (!read_attribute(compiler, node, declaration))
            return false;
    return true;
}

/* A default stands in for an empty value, which plain.c leaves to libxml2 where the type is not a string. */
static bool read_element(struct compiler *compiler, xmlNodePtr node, struct declaration *declaration)
{
    const char *type = attribute(node, "type");
    xmlNodePtr inner = first(node);

    if (attribute(node, "nillable") || attribute(node, "fixed") || attribute(node, "abstract")
        || attribute(node, "substitutionGroup"))
        return not_known(compiler, node, "an attribute of it");
    if (!type)
        return inner ? read_complex(compiler, inner, declaration) : not_known(compiler, node, "no type");
    declaration->is_simple = true;
    if (inner)
        return not_known(compiler, node, type);
    if (!read_simple(compiler, node, type, &declaration->value))
        return false;
    return !attribute(node, "default") || declaration->value.builtin || not_known(compiler, node, "its default");
}

/* Global elements are of their file's namespace, and local ones where the file says so. */
static bool is_qualified(xmlNodePtr node)
{
    xmlNodePtr root = xmlDocGetRootElement(node->doc);
    const char *form = attribute(root, "elementFormDefault");

    return node->parent == root || (form && strcmp(form, "qualified") == 0);
}

/* The declaration of an element; each is made once, and is known before what it holds is read. */
static const struct declaration *declare(struct compiler *compiler, xmlNodePtr node)
{
    const char *ref = attribute(node, "ref");
    struct declaration *made;

    if (ref)
        node = find_global(compiler, node, "element", ref);
    if (!node || node->_private)
        return node ? node->_private : NULL;
    if (!is_qualified(node)) {
        not_known(compiler, node, "without a namespace");
        return NULL;
    }
    made = arena_alloc(compiler->arena, sizeof *made);
    if (made)
        made->name = arena_text(compiler->arena, attribute(node, "name"));
    if (!made || !made->name) {
        no_memory(compiler);
        return NULL;
    }
    made->uri = memo_uri(target_of(node->doc), strlen(target_of(node->doc)));
    if (!made->uri) {
        not_known(compiler, node, "its namespace");
        return NULL;
    }
    made->name_size = strlen(made->name);
    node->_private = made;
    return read_element(compiler, node, made) ? made : NULL;
}

/* ---- the files ---- */

static bool read_file(struct compiler *compiler, const struct xsd_file *file)
{
    xmlDocPtr document = compiler->count < FILES_MOST
                             ? xmlReadMemory(file->start, (int)(file->end - file->start), file->url, NULL,
                                             XML_PARSE_NONET | XML_PARSE_NOBLANKS)
                             : NULL;

    if (document)
        compiler->documents[compiler->count++] = document;
    return (document && target_of(document))
           || error_set(compiler->error, ERROR_INTERNAL, file->url, "not read, or without a namespace");
}

static bool read_files(struct compiler *compiler, const char *folder)
{
    for (size_t i = 0; i < xsd_file_count; i++)
        if (strncmp(xsd_files[i].url, folder, strlen(folder)) == 0 && !read_file(compiler, &xsd_files[i]))
            return false;
    return true;
}

static const struct declaration *find_root(struct compiler *compiler)
{
    for (unsigned i = 0; i < compiler->count; i++)
        for (xmlNodePtr node = first(xmlDocGetRootElement(compiler->documents[i])); node; node = next(node))
            if (is(node, "element") && strcmp(attribute(node, "name"), "Message") == 0)
                return declare(compiler, node);
    error_set(compiler->error, ERROR_INTERNAL, NULL, "no element Message");
    return NULL;
}

bool grammar_open(const char *folder, struct grammar *grammar, struct error *error)
{
    struct compiler compiler = {.arena = arena_new(ARENA_MOST), .error = error};

    grammar->arena = compiler.arena;
    grammar->root = NULL;
    if (!compiler.arena)
        return no_memory(&compiler);
    xmlSchemaInitTypes();
    if (read_files(&compiler, folder))
        grammar->root = find_root(&compiler);
    for (unsigned i = 0; i < compiler.count; i++)
        xmlFreeDoc(compiler.documents[i]);
    return grammar->root != NULL;
}

void grammar_close(struct grammar *grammar)
{
    arena_free(grammar->arena);
}
