/* One change of a document. */
#include "parity.h"

#include <stdio.h>
#include <string.h>

#include <libxml/parser.h>

#define XSI "http://www.w3.org/2001/XMLSchema-instance"
#define CONTENT "content" /* its text is read before the schema sees it, and must be plain */

struct site {
    struct index *index;
    struct dice *dice;
    xmlDoc *document;
    xmlNode *node;
};

static const char *name_of(const xmlNode *node)
{
    return (const char *)node->name;
}

static bool is_content(const xmlNode *node)
{
    return strcmp(name_of(node), CONTENT) == 0;
}

static bool is_leaf(const xmlNode *node)
{
    return xmlChildElementCount((xmlNode *)(uintptr_t)node) == 0;
}

static xmlNode *next_in_order(xmlNode *node, xmlNode *root)
{
    if (node->children)
        return node->children;
    while (node != root && !node->next)
        node = node->parent;
    return node == root ? NULL : node->next;
}

/* Element number `which` that fits, or how many do. A name "@x" fits what has the attribute x, "" every element. */
static unsigned pick(xmlDoc *document, const char *name, unsigned which, xmlNode **picked)
{
    xmlNode *root = xmlDocGetRootElement(document);
    unsigned count = 0;

    for (xmlNode *node = root; node; node = next_in_order(node, root)) {
        bool fits = node->type == XML_ELEMENT_NODE
                    && (name[0] == '@' ? xmlHasProp(node, (const xmlChar *)name + 1) != NULL
                                       : !name[0] || strcmp(name_of(node), name) == 0);

        if (fits && count++ == which)
            *picked = node;
    }
    return count;
}

static bool pick_any(const struct site *site, const char *name, xmlNode **picked)
{
    unsigned count = pick(site->document, name, ~0u, picked);

    if (count)
        pick(site->document, name, dice_below(site->dice, count), picked);
    return count > 0;
}

/* xmllint passes over characters that base64 does not have; the gateway refuses them, as XML Schema part 2 does (3.2.16).
 * That is no verdict to compare. */
static bool is_base64_text(const char *value)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n";

    return value[strspn(value, letters)] == '\0';
}

/* ---- the changes: false where they do not fit the place ---- */

static bool set_value(struct site *site)
{
    const struct declared *element = index_element(site->index, name_of(site->node));
    const char *base = element ? index_base(site->index, element->type) : NULL;
    xmlChar *is;

    if (!base || !is_leaf(site->node))
        return false;
    is = xmlNodeGetContent(site->node);
    const char *value = value_for(site->dice, base, strlen((const char *)is) < 500 ? (const char *)is : "");
    bool fits = !is_content(site->node) || is_base64_text(value);

    xmlFree(is);
    if (!fits)
        return false;
    xmlNodeSetContent(site->node, NULL);
    xmlNodeAddContent(site->node, (const xmlChar *)value);
    index_touch(site->index, name_of(site->node), true);
    return true;
}

static bool take_away(struct site *site)
{
    xmlUnlinkNode(site->node);
    xmlFreeNode(site->node);
    return true;
}

static bool twice(struct site *site)
{
    return xmlAddNextSibling(site->node, xmlDocCopyNode(site->node, site->document, 1)) != NULL;
}

static bool swap(struct site *site)
{
    xmlNode *other = xmlNextElementSibling(site->node);

    if (!other)
        return false;
    xmlAddNextSibling(other, site->node);
    return true;
}

/* Content that takes another name is judged by the schema alone; what becomes content has to be plain. */
static bool rename_it(struct site *site)
{
    const struct declared *other = &site->index->elements[dice_below(site->dice, (unsigned)site->index->element_count)];

    if (other->name[0] == '@' || strcmp(other->name, CONTENT) == 0)
        return false;
    xmlNodeSetName(site->node, (const xmlChar *)other->name);
    return true;
}

static bool add_unknown(struct site *site)
{
    xmlNode *node = xmlNewDocNode(site->document, site->node->ns, (const xmlChar *)"unknown", NULL);

    return xmlAddPrevSibling(site->node, node) != NULL;
}

static bool add_attribute(struct site *site)
{
    static const struct {
        const char *name, *value;
        bool xsi;
    } tried[] = {
        {"nil", "true", true}, {"nil", "false", true}, {"type", "xs:string", true}, {"unknown", "x", false},
        {"id", "a1", false},   {"nil", "maybe", true}, {"unknown", "x", true},      {"type", "nowhere", true},
    };
    unsigned which = dice_below(site->dice, sizeof tried / sizeof *tried);
    xmlNs *space = NULL;

    if (tried[which].xsi) {
        space = xmlSearchNsByHref(site->document, site->node, (const xmlChar *)XSI);
        if (!space)
            space = xmlNewNs(xmlDocGetRootElement(site->document), (const xmlChar *)XSI, (const xmlChar *)"i");
    }
    return xmlSetNsProp(site->node, space, (const xmlChar *)tried[which].name, (const xmlChar *)tried[which].value);
}

static bool comment_before(struct site *site)
{
    return xmlAddPrevSibling(site->node, xmlNewDocComment(site->document, (const xmlChar *)" a comment ")) != NULL;
}

static bool comment_inside(struct site *site)
{
    return !is_content(site->node)
           && xmlAddChild(site->node, xmlNewDocComment(site->document, (const xmlChar *)" inside ")) != NULL;
}

static bool blanks_before(struct site *site)
{
    return xmlAddPrevSibling(site->node, xmlNewDocText(site->document, (const xmlChar *)"\n\t \n")) != NULL;
}

static bool text_before(struct site *site)
{
    return xmlAddPrevSibling(site->node, xmlNewDocText(site->document, (const xmlChar *)"text")) != NULL;
}

static bool as_cdata(struct site *site)
{
    xmlChar *is;

    if (is_content(site->node) || !is_leaf(site->node))
        return false;
    is = xmlNodeGetContent(site->node);
    xmlNodeSetContent(site->node, NULL);
    xmlAddChild(site->node, xmlNewCDataBlock(site->document, is, xmlStrlen(is)));
    xmlFree(is);
    return true;
}

static bool move(struct site *site)
{
    xmlNode *parent = NULL;

    if (!pick_any(site, "", &parent) || is_content(parent))
        return false;
    for (const xmlNode *up = parent; up; up = up->parent)
        if (up == site->node)
            return false;
    xmlUnlinkNode(site->node);
    return xmlAddChild(parent, site->node) != NULL;
}

/* Elements of the other namespaces keep their own: they are declared at them. */
static bool other_space(struct site *site)
{
    xmlNs *space = xmlSearchNsByHref(site->document, site->node, (const xmlChar *)"urn:other");

    if (is_content(site->node))
        return false;
    if (!space)
        space = xmlNewNs(xmlDocGetRootElement(site->document), (const xmlChar *)"urn:other", (const xmlChar *)"o");
    xmlSetNs(site->node, space);
    return true;
}

static bool empty_it(struct site *site)
{
    xmlNodeSetContent(site->node, NULL);
    return true;
}

static bool child_inside(struct site *site)
{
    return !is_content(site->node)
           && xmlNewChild(site->node, site->node->ns, (const xmlChar *)"unknown", (const xmlChar *)"x") != NULL;
}

static const struct change {
    bool (*make)(struct site *site);
    unsigned weight;
    bool root; /* may happen to the outermost element, which stays what it is */
} changes[] = {
    {set_value, 20, false},    {take_away, 3, false},     {twice, 3, false},        {swap, 3, false},
    {rename_it, 2, false},     {add_unknown, 1, false},   {add_attribute, 2, true}, {comment_before, 2, false},
    {comment_inside, 2, true}, {blanks_before, 2, false}, {text_before, 1, false},  {as_cdata, 2, false},
    {move, 2, false},          {other_space, 1, false},   {empty_it, 2, false},     {child_inside, 1, true},
};
#define CHANGES (sizeof changes / sizeof *changes)
#define SET_VALUE 0 /* where it stands above */

static const struct change *throw_change(struct dice *dice)
{
    unsigned all = 0, at;

    for (size_t i = 0; i < CHANGES; i++)
        all += changes[i].weight;
    at = dice_below(dice, all);
    for (size_t i = 0; i < CHANGES; i++) {
        if (at < changes[i].weight)
            return &changes[i];
        at -= changes[i].weight;
    }
    return &changes[0];
}

/* memoVersion says which schema judges, so it keeps its value and changes only how that is written. */
static bool set_attribute(struct site *site, const char *name)
{
    static const char *const ways[] = {"%s", " %s ", "0%s", "+%s", "%s0", "%s00", "\t%s\n", "00%s0"};
    const struct declared *attribute = index_element(site->index, name);
    const char *base = index_base(site->index, attribute->type);
    xmlChar *is = xmlGetNoNsProp(site->node, (const xmlChar *)name + 1);
    char value[200];

    if (strcmp(name, "@memoVersion") != 0)
        snprintf(value, sizeof value, "%.199s", value_for(site->dice, base ? base : "string", (const char *)is));
    else {
        const char *way = ways[dice_below(site->dice, sizeof ways / sizeof *ways)];
        const char *gap = strstr(way, "%s");

        snprintf(value, sizeof value, "%.*s%.20s%s", (int)(gap - way), way, (const char *)is, gap + 2);
    }
    xmlSetProp(site->node, (const xmlChar *)name + 1, (const xmlChar *)value);
    xmlFree(is);
    index_touch_attribute(site->index, name + 1);
    return true;
}

bool mutate(struct index *index, struct dice *dice, xmlDoc *document, const char *element)
{
    struct site site = {index, dice, document, NULL};

    if (!pick_any(&site, element, &site.node))
        return false;
    if (element[0] == '@')
        return set_attribute(&site, element);
    for (int tries = 0; tries < 50; tries++) {
        /* by chance alone, one seed in some hundreds leaves a simple type untouched */
        const struct change *change =
            tries == 0 && index_untouched(index, element) ? &changes[SET_VALUE] : throw_change(dice);

        if (site.node == xmlDocGetRootElement(document) && !change->root)
            continue;
        if (!change->make(&site))
            continue;
        if (change->make != set_value)
            index_touch(index, element, false);
        return true;
    }
    return false;
}
