/* What a schema declares. */
#include "parity.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <libxml/parser.h>

static bool is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns
           && strcmp((const char *)node->ns->href, "http://www.w3.org/2001/XMLSchema") == 0
           && strcmp((const char *)node->name, name) == 0;
}

static void attribute(const xmlNode *node, const char *name, char *out, size_t room)
{
    xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);

    snprintf(out, room, "%s", value ? (const char *)value : "");
    xmlFree(value);
}

static const char *local(const char *name)
{
    const char *colon = strchr(name, ':');

    return colon ? colon + 1 : name;
}

static struct declared *find(struct declared *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

static void add_element(struct index *index, const xmlNode *node)
{
    char name[80], type[80];

    attribute(node, "name", name, sizeof name);
    attribute(node, "type", type, sizeof type);
    if (!name[0] || find(index->elements, index->element_count, name) || index->element_count == NAMES_MAX)
        return;
    struct declared *element = &index->elements[index->element_count++];

    snprintf(element->name, sizeof element->name, "%s", name);
    snprintf(element->type, sizeof element->type, "%s", local(type));
}

static void add_type(struct index *index, const xmlNode *node)
{
    struct declared *type = &index->types[index->type_count];
    char base[80] = "";

    attribute(node, "name", type->name, sizeof type->name);
    for (const xmlNode *child = node->children; child; child = child->next)
        if (is(child, "restriction"))
            attribute(child, "base", base, sizeof base);
    snprintf(type->base, sizeof type->base, "%s", local(base));
    if (type->name[0] && type->base[0] && index->type_count + 1 < NAMES_MAX)
        index->type_count++;
}

/* Attributes stand among the elements, as "@name". */
static void add_attribute(struct index *index, const xmlNode *node)
{
    char name[80], type[80];

    attribute(node, "name", name + 1, sizeof name - 1);
    attribute(node, "type", type, sizeof type);
    name[0] = '@';
    if (find(index->elements, index->element_count, name) || index->element_count == NAMES_MAX)
        return;
    struct declared *element = &index->elements[index->element_count++];

    snprintf(element->name, sizeof element->name, "%s", name);
    snprintf(element->type, sizeof element->type, "%s", local(type));
}

static bool read_other(struct index *index, const char *path, const xmlNode *node)
{
    char place[200], other[PATH_MAX];
    const char *slash = strrchr(path, '/');

    attribute(node, "schemaLocation", place, sizeof place);
    if (!place[0])
        return true;
    snprintf(other, sizeof other, "%.*s%s", slash ? (int)(slash - path + 1) : 0, path, place);
    return index_read(index, other);
}

static bool walk(struct index *index, const char *path, const xmlNode *node)
{
    bool ok = true;

    for (; ok && node; node = node->next) {
        if (is(node, "element"))
            add_element(index, node);
        if (is(node, "simpleType"))
            add_type(index, node);
        if (is(node, "attribute"))
            add_attribute(index, node);
        if (is(node, "include") || is(node, "import"))
            ok = read_other(index, path, node);
        ok = ok && walk(index, path, node->children);
    }
    return ok;
}

bool index_read(struct index *index, const char *path)
{
    static char seen[64][PATH_MAX];
    static size_t seen_count;
    char whole[PATH_MAX];

    if (!realpath(path, whole)) {
        perror(path);
        return false;
    }
    for (size_t i = 0; i < seen_count; i++)
        if (strcmp(seen[i], whole) == 0)
            return true;
    if (seen_count < 64)
        strcpy(seen[seen_count++], whole);
    xmlDoc *document = xmlReadFile(whole, NULL, XML_PARSE_NONET);
    bool ok = document && walk(index, whole, xmlDocGetRootElement(document));

    xmlFreeDoc(document);
    return ok;
}

struct declared *index_element(struct index *index, const char *name)
{
    return find(index->elements, index->element_count, name);
}

const char *index_base(struct index *index, const char *type)
{
    static const char *const built_in[] = {"string",
                                           "anyURI",
                                           "language",
                                           "dateTime",
                                           "date",
                                           "long",
                                           "integer",
                                           "int",
                                           "decimal",
                                           "boolean",
                                           "base64Binary",
                                           "double",
                                           "gYear",
                                           "time",
                                           "positiveInteger",
                                           "nonNegativeInteger",
                                           "token",
                                           "normalizedString"};
    const struct declared *own = find(index->types, index->type_count, type);

    if (own)
        return own->base;
    for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
        if (strcmp(built_in[i], type) == 0)
            return built_in[i];
    return NULL;
}

bool index_untouched(struct index *index, const char *element)
{
    const struct declared *found = index_element(index, element);
    const struct declared *type = found ? find(index->types, index->type_count, found->type) : NULL;

    return type && !type->touched;
}

void index_touch(struct index *index, const char *element, bool value)
{
    struct declared *found = index_element(index, element);

    if (!found)
        return;
    found->touched++;
    struct declared *type = value ? find(index->types, index->type_count, found->type) : NULL;

    if (type)
        type->touched++;
}

void index_touch_attribute(struct index *index, const char *attribute_name)
{
    char name[80];

    snprintf(name, sizeof name, "@%s", attribute_name);
    index_touch(index, name, true);
}
