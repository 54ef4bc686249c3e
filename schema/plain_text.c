/* The characters of a document in plain form. */
#include "schema/plain_impl.h"

#include <string.h>

static const unsigned char classes[256] = {
    [0x00 ... 0x08] = NEVER, ['\t'] = BLANK,          ['\n'] = LINE,
    [0x0B ... 0x0C] = NEVER, ['\r'] = RETURN,         [0x0E ... 0x1F] = NEVER,
    [' '] = BLANK,           ['!' ... '%'] = OTHER,   ['&'] = MARKUP,
    ['\'' ... ','] = OTHER,  ['-' ... '.'] = NAME,    ['/'] = OTHER,
    ['0' ... ':'] = NAME,    [';'] = OTHER,           ['<'] = MARKUP,
    ['=' ... '@'] = OTHER,   ['A' ... 'Z'] = NAME,    ['[' ... '\\'] = OTHER,
    [']'] = PERHAPS,         ['^'] = OTHER,           ['_'] = NAME,
    ['`'] = OTHER,           ['a' ... 'z'] = NAME,    ['{' ... 0xEE] = OTHER,
    [0xEF] = PERHAPS,        [0xF0 ... 0xFF] = OTHER,
};

bool plain_only(unsigned met, unsigned allowed)
{
    return (met & ~allowed) == 0;
}

size_t plain_scan(const char *text, size_t size, unsigned *met, unsigned *lines)
{
    size_t i = 0;

    for (; i < size && text[i] != '<'; i++) {
        unsigned char class = classes[(unsigned char)text[i]];

        *met |= class;
        *lines += class == LINE;
    }
    return i;
}

unsigned plain_classify(const char *text, size_t size, unsigned *lines)
{
    unsigned met = 0, count = 0;

    for (size_t i = 0; i < size; i++) {
        unsigned char class = classes[(unsigned char)text[i]];

        met |= class;
        count += class == LINE;
    }
    *lines += count;
    return met;
}

bool plain_is_name(const char *text, size_t size)
{
    unsigned lines = 0;

    return size > 0 && plain_classify(text, size, &lines) == NAME && strchr("-.0123456789:", *text) == NULL
           && text[size - 1] != ':';
}

/* Whether what may be forbidden is not: "]]>", U+FFFE and U+FFFF. */
static bool is_allowed(const char *text, size_t size)
{
    const char *end = text + size;

    if (memmem(text, size, "]]>", 3))
        return false;
    while ((text = memchr(text, 0xEF, (size_t)(end - text))) != NULL) {
        if (end - text >= 3 && (unsigned char)text[1] == 0xBF && (unsigned char)text[2] >= 0xBE)
            return false;
        text++;
    }
    return true;
}

/* The character of a predefined reference (XML 1.0, 4.6) at `text`, and the reference's size; 0: it is another one. */
static char referred(const char *text, size_t size, size_t *length)
{
    static const struct {
        const char *text;
        char is;
    } references[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};

    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        *length = strlen(references[i].text);
        if (size >= *length && memcmp(text, references[i].text, *length) == 0)
            return references[i].is;
    }
    return 0;
}

/* Text with its references replaced, in the arena; NULL: not one that this knows. */
static const char *replace_references(const char *text, size_t *size, struct arena *arena)
{
    char *out = arena_alloc(arena, *size);
    size_t count = 0, length;

    for (size_t i = 0; out && i < *size; i += length) {
        length = 1;
        out[count] = text[i] == '&' ? referred(text + i, *size - i, &length) : text[i];
        if (!out[count++])
            return NULL;
    }
    *size = count;
    return out;
}

bool plain_same(const char *skeleton, struct span span, const char *text)
{
    return strlen(text) == span.size && memcmp(skeleton + span.at, text, span.size) == 0;
}

const char *plain_text(const char *text, size_t *size, unsigned met, struct arena *arena)
{
    if (!plain_only(met, TEXT | PERHAPS | MARKUP) || (met & PERHAPS && !is_allowed(text, *size)))
        return NULL;
    return met & MARKUP ? replace_references(text, size, arena) : text;
}
