/* The root of a document in plain form: its version, and the prefixes that all others use. */
#include "schema/plain_impl.h"

#include <ctype.h>
#include <string.h>

#define XSI "http://www.w3.org/2001/XMLSchema-instance"

/* ---- prefixes ---- */

/* An absolute URI of which libxml2 has nothing to say. */
static bool is_harmless_uri(const char *text, size_t size)
{
    size_t scheme = size > 8 && memcmp(text, "https://", 8) == 0 ? 8 : 7;
    unsigned marks = 0;

    if (size <= scheme || (scheme == 7 && memcmp(text, "http://", 7) != 0) || !isalnum((unsigned char)text[scheme]))
        return false;
    for (size_t i = scheme; i < size; i++) {
        marks += text[i] == '#';
        if (marks > 1 || !(isalnum((unsigned char)text[i]) || memchr("-._/#", text[i], 5)))
            return false;
    }
    return true;
}

static const struct prefix *find_prefix(const struct plain *plain, const char *skeleton, struct span name)
{
    for (unsigned i = 0; i < plain->prefix_count; i++) {
        const struct prefix *prefix = &plain->prefixes[i];

        if (prefix->name.size == name.size && memcmp(skeleton + prefix->name.at, skeleton + name.at, name.size) == 0)
            return prefix;
    }
    return NULL;
}

static bool add_prefix(struct plain *plain, const char *skeleton, struct span name, struct span value)
{
    const char *text = skeleton + value.at;
    struct prefix prefix = {
        .name = name, .uri = memo_uri(text, value.size), .is_xsi = plain_same(skeleton, value, XSI)};

    if (plain->prefix_count == PREFIXES_MOST || find_prefix(plain, skeleton, name)
        || (name.size >= 3 && memcmp(skeleton + name.at, "xml", 3) == 0)
        || (name.size > 0 && !plain_is_name(skeleton + name.at, name.size))
        || (!prefix.uri && !prefix.is_xsi && !is_harmless_uri(text, value.size)))
        return false;
    plain->prefixes[plain->prefix_count++] = prefix;
    return true;
}

/* The declared prefix of a name; it has no colon in itself. NULL: an unknown one, or none. */
static const struct prefix *prefix_before(const struct plain *plain, const char *skeleton, struct span name)
{
    const char *text = skeleton + name.at;

    for (unsigned i = 0; i < plain->prefix_count; i++) {
        const struct span *prefix = &plain->prefixes[i].name;

        if (prefix->size > 0 && prefix->size < name.size && text[prefix->size] == ':'
            && memcmp(skeleton + prefix->at, text, prefix->size) == 0)
            return &plain->prefixes[i];
    }
    return NULL;
}

const char *plain_split_name(const struct plain *plain, const char *skeleton, struct span name, struct span *local)
{
    const struct prefix *prefix = prefix_before(plain, skeleton, name);
    size_t skipped = prefix ? prefix->name.size + 1 : 0;

    if (!prefix && !memchr(skeleton + name.at, ':', name.size))
        prefix = find_prefix(plain, skeleton, (struct span){name.at, 0});
    *local = (struct span){name.at + skipped, name.size - skipped};
    return prefix ? prefix->uri : NULL;
}

/* ---- attributes ---- */

struct root_tag {
    struct span version, schema_version, location; /* values, and the prefix of schemaLocation */
};

static bool take_attribute(struct plain *plain, const char *skeleton, struct root_tag *root, struct span name,
                           struct span value)
{
    const char *text = skeleton + name.at;
    const char *colon = memchr(text, ':', name.size);
    struct span *once = NULL;

    if (plain_same(skeleton, name, "xmlns"))
        return add_prefix(plain, skeleton, (struct span){name.at, 0}, value);
    if (name.size > 6 && memcmp(text, "xmlns:", 6) == 0)
        return !memchr(text + 6, ':', name.size - 6)
               && add_prefix(plain, skeleton, (struct span){name.at + 6, name.size - 6}, value);
    if (plain_same(skeleton, name, "memoVersion"))
        once = &root->version;
    else if (plain_same(skeleton, name, "memoSchVersion"))
        once = &root->schema_version;
    else if (colon && name.size - (size_t)(colon - text) == strlen(":schemaLocation")
             && memcmp(colon, ":schemaLocation", strlen(":schemaLocation")) == 0) {
        once = &root->location;
        value = (struct span){name.at, (size_t)(colon - text)};
    }
    if (!once || once->size > 0)
        return false;
    *once = value;
    return value.size > 0;
}

/* One attribute from *at, with the blanks before it. */
static bool read_attribute(struct plain *plain, const char *skeleton, struct root_tag *root, size_t *at, size_t end)
{
    const char *text = skeleton + *at, *equals = memchr(text, '=', end - *at), *close;
    unsigned lines = 0;

    if (!equals || equals + 1 >= skeleton + end || (equals[1] != '"' && equals[1] != '\''))
        return false;
    close = memchr(equals + 2, equals[1], (size_t)(skeleton + end - (equals + 2)));
    if (!close)
        return false;
    struct span name = {*at, (size_t)(equals - text)};
    struct span value = {(size_t)(equals + 2 - skeleton), (size_t)(close - (equals + 2))};

    *at = (size_t)(close + 1 - skeleton);
    return plain_is_name(text, name.size)
           && plain_only(plain_classify(equals + 2, value.size, &lines), OTHER | NAME | BLANK)
           && !memchr(equals + 2, '\t', value.size) && take_attribute(plain, skeleton, root, name, value);
}

static bool root_fits(struct plain *plain, const char *skeleton, const struct root_tag *root)
{
    static const char *const versions[MEMO_VERSION_COUNT] = {[MEMO_1_1] = "1.1", [MEMO_1_2] = "1.2"};
    const struct prefix *xsi = root->location.size ? find_prefix(plain, skeleton, root->location) : NULL;

    for (enum memo_version version = 0; version < MEMO_VERSION_COUNT; version++) {
        if (!plain_same(skeleton, root->version, versions[version]))
            continue;
        plain->memo->version = version;
        return (!root->location.size || (xsi && xsi->is_xsi)) && root->schema_version.size <= 100
               && (root->schema_version.size > 0) == plain->schemas->grammar[version].root->version_required;
    }
    return false;
}

bool plain_root(struct plain *plain, const char *skeleton, size_t at, size_t end)
{
    struct root_tag root = {{0, 0}, {0, 0}, {0, 0}};

    while (at < end) {
        size_t blanks = strspn(skeleton + at, " \t\r\n");

        plain_classify(skeleton + at, blanks, &plain->line);
        at += blanks;
        if (at == end)
            break;
        if (blanks == 0 || !read_attribute(plain, skeleton, &root, &at, end))
            return false;
    }
    return root_fits(plain, skeleton, &root);
}
