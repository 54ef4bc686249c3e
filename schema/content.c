#include "schema/memo_impl.h"

#include <string.h>

static bool layout_out(void *state, const void *bytes, size_t size, struct error *error)
{
    const struct memo_keeper *keeper = state;

    return keeper->layout(keeper->state, bytes, size, error);
}

bool content_start(struct content *content, uint64_t skeleton_offset, unsigned line, struct error *error)
{
    const struct memo_keeper *keeper = content->keeper;

    content->held = (struct held){.offset = skeleton_offset};
    content->line = line;
    content->in_group = content->pads = content->pads_due = 0;
    content->faulty = false;
    content->utf8 = (struct utf8){0};
    content->brackets = 0;
    memset(content->group, 0, sizeof content->group);
    content->decoded_size = 0;
    layout_start(&content->layout, keeper->layout ? layout_out : NULL, (void *)(uintptr_t)keeper);
    if (content->digest && !digest_start(content->digest))
        return error_set(error, ERROR_INTERNAL, NULL, "SHA-256 failed");
    return !keeper->begin || keeper->begin(keeper->state, error);
}

static bool decoded_flush(struct content *content, struct error *error)
{
    const struct memo_keeper *keeper = content->keeper;
    size_t size = content->decoded_size;

    content->decoded_size = 0;
    content->held.size += size;
    if (content->digest && !digest_add(content->digest, content->decoded, size))
        return error_set(error, ERROR_INTERNAL, NULL, "SHA-256 failed");
    return size == 0 || !keeper->bytes || keeper->bytes(keeper->state, content->decoded, size, error);
}

/* The first `size` bytes of the group that is being met. */
static bool group_flush(struct content *content, unsigned size, struct error *error)
{
    const unsigned char *group = content->group;
    unsigned char *out = content->decoded + content->decoded_size;

    out[0] = (unsigned char)(group[0] << 2 | group[1] >> 4);
    out[1] = (unsigned char)(group[1] << 4 | group[2] >> 2);
    out[2] = (unsigned char)(group[2] << 6 | group[3]);
    content->decoded_size += size;
    content->in_group = 0;
    memset(content->group, 0, sizeof content->group);
    return content->decoded_size + 3 <= CONTENT_ROOM || decoded_flush(content, error);
}

/* This is not base64. The characters of a group begun are given out in as many bytes, so that encoding those gives
 * the characters again; everything from here on is kept as it stands. */
static bool content_spoil(struct content *content, struct error *error)
{
    content->faulty = true;
    content->held.fault_line = content->line + content->held.newlines;
    return content->in_group == 0 || content->pads > 0 || group_flush(content, content->in_group, error);
}

/* RFC 4648, 4: two or three characters are made up to four, and the bits that no byte takes are zero, as the lexical
 * form of xs:base64Binary has it. */
static bool content_pad(struct content *content, struct error *error)
{
    static const unsigned char spare_bits[4] = {0, 0, 0x0F, 0x03};
    unsigned in_group = content->in_group;

    if (content->pads > 0) {
        if (content->pads == content->pads_due)
            return content_spoil(content, error);
    } else {
        if (in_group < 2 || content->group[in_group - 1] & spare_bits[in_group])
            return content_spoil(content, error);
        content->pads_due = 4 - in_group;
        if (!group_flush(content, in_group - 1, error))
            return false;
    }
    content->pads++;
    return layout_characters(&content->layout, 1, error);
}

static bool content_character(struct content *content, unsigned char character, struct error *error)
{
    unsigned char value = base64_values[character];

    if (value == BASE64_BLANK) {
        content->held.newlines += character == '\n';
        return layout_blank(&content->layout, character, error);
    }
    if (character == '&')
        return error_set(error, ERROR_XML_CONTENT_NOT_PLAIN, NULL, NULL);
    if (value == BASE64_PAD)
        return content_pad(content, error);
    if (value == BASE64_BAD || content->pads > 0)
        return content_spoil(content, error);
    content->group[content->in_group++] = value;
    return layout_characters(&content->layout, 1, error) && (content->in_group < 4 || group_flush(content, 3, error));
}

/* A byte that XML 1.0 allows nowhere; what is above ASCII is utf8.c's. */
static bool is_character(unsigned char byte)
{
    return byte >= 0x20 || base64_values[byte] == BASE64_BLANK;
}

/* Text that is not base64, but must still be that of an XML document. */
static bool content_literal(struct content *content, const unsigned char *text, size_t size, struct error *error)
{
    size_t good = size;
    bool is_utf8 = utf8_add(&content->utf8, text, size, &good);

    for (size_t i = 0; i < good; i++) {
        if (!is_character(text[i]))
            return error_set(error, ERROR_XML_MALFORMED, NULL, "A character is not allowed in XML.");
        if (text[i] == '&')
            return error_set(error, ERROR_XML_CONTENT_NOT_PLAIN, NULL, NULL);
        if (text[i] == '>' && content->brackets >= 2)
            return error_set(error, ERROR_XML_MALFORMED, NULL, "]]> is not allowed in text.");
        content->brackets = text[i] == ']' ? content->brackets + 1 : 0;
        content->held.newlines += text[i] == '\n';
    }
    if (!is_utf8)
        return error_set(error, ERROR_XML_NOT_UTF8, NULL, NULL);
    return layout_literal(&content->layout, text, size, error);
}

/* As many whole groups as come in a row. */
static bool content_groups(struct content *content, const unsigned char *text, size_t size, size_t *taken,
                           struct error *error)
{
    size_t room = (CONTENT_ROOM - content->decoded_size) / 3 * 4;

    *taken = base64_decode(text, size < room ? size : room, content->decoded + content->decoded_size);
    if (*taken == 0)
        return true;
    content->decoded_size += *taken / 4 * 3;
    return layout_characters(&content->layout, *taken, error)
           && (content->decoded_size + 3 <= CONTENT_ROOM || decoded_flush(content, error));
}

bool content_add(struct content *content, const unsigned char *text, size_t size, struct error *error)
{
    size_t at = 0, taken;

    while (at < size && !content->faulty) {
        if (content->in_group == 0 && content->pads == 0) {
            if (!content_groups(content, text + at, size - at, &taken, error))
                return false;
            at += taken;
            if (taken > 0)
                continue;
        }
        if (!content_character(content, text[at], error))
            return false;
        at += !content->faulty;
    }
    return at == size || content_literal(content, text + at, size - at, error);
}

bool content_finish(struct content *content, struct error *error)
{
    const struct memo_keeper *keeper = content->keeper;

    if (!content->faulty && (content->in_group > 0 || content->pads < content->pads_due)
        && !content_spoil(content, error))
        return false;
    if (content->utf8.left > 0)
        return error_set(error, ERROR_XML_NOT_UTF8, NULL, NULL);
    if (!decoded_flush(content, error) || !layout_finish(&content->layout, error))
        return false;
    if (content->digest && !digest_finish(content->digest, &content->held.digest))
        return error_set(error, ERROR_INTERNAL, NULL, "SHA-256 failed");
    return !keeper->end || keeper->end(keeper->state, &content->held.digest, content->held.size, error);
}
