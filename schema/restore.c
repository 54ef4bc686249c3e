#include "schema/memo_impl.h"

#include <string.h>

#define RESTORE_BYTES 6144 /* a multiple of 3 */
#define RESTORE_TEXT (RESTORE_BYTES / 3 * 4)

/* Collects small pieces, since lines of base64 are short. */
struct output {
    const struct memo_parts *parts;
    size_t size;
    char bytes[RESTORE_TEXT];
};

/* One content on its way back to text: bytes are fetched and encoded piece by piece, and handed out as the layout
 * asks for characters. */
struct restoring {
    const struct memo_parts *parts;
    struct output *output;
    unsigned index;
    uint64_t offset; /* of the next byte to fetch */
    size_t at, size; /* characters handed out of `text`, and there */
    char text[RESTORE_TEXT];
};

static bool corrupt(struct error *error, const char *detail)
{
    return error_set(error, ERROR_STORE_CORRUPT, NULL, "%s", detail);
}

static bool output_flush(struct output *output, struct error *error)
{
    size_t size = output->size;

    output->size = 0;
    return size == 0 || output->parts->write(output->parts->state, output->bytes, size, error);
}

static bool output_add(struct output *output, const void *bytes, size_t size, struct error *error)
{
    if (size > sizeof output->bytes - output->size && !output_flush(output, error))
        return false;
    if (size > sizeof output->bytes)
        return output->parts->write(output->parts->state, bytes, size, error);
    memcpy(output->bytes + output->size, bytes, size);
    output->size += size;
    return true;
}

/* Fills `bytes` or reaches the content's end. */
static bool fetch_bytes(struct restoring *restoring, unsigned char *bytes, size_t *size, struct error *error)
{
    const struct memo_parts *parts = restoring->parts;
    size_t got = 1;

    for (*size = 0; *size < RESTORE_BYTES && got > 0; *size += got) {
        if (!parts->fetch(parts->state, restoring->index, restoring->offset, bytes + *size, RESTORE_BYTES - *size, &got,
                          error))
            return false;
        restoring->offset += got;
    }
    return true;
}

static bool encode_more(struct restoring *restoring, struct error *error)
{
    unsigned char bytes[RESTORE_BYTES];
    size_t size;

    if (!fetch_bytes(restoring, bytes, &size, error))
        return false;
    restoring->at = restoring->size = 0;
    for (size_t i = 0; i < size; i += 3, restoring->size += 4)
        base64_encode(bytes + i, size - i < 3 ? size - i : 3, restoring->text + restoring->size);
    return size > 0 || corrupt(error, "a content is shorter than its layout");
}

static bool write_characters(struct restoring *restoring, uint64_t count, struct error *error)
{
    while (count > 0) {
        size_t there = restoring->size - restoring->at;
        size_t piece = count < there ? (size_t)count : there;

        if (piece == 0) {
            if (!encode_more(restoring, error))
                return false;
            continue;
        }
        if (!output_add(restoring->output, restoring->text + restoring->at, piece, error))
            return false;
        restoring->at += piece;
        count -= piece;
    }
    return true;
}

static bool write_step(struct restoring *restoring, const struct layout_step *step, struct error *error)
{
    for (uint64_t i = 0; i < step->repeats; i++) {
        if (!write_characters(restoring, step->characters, error))
            return false;
        if (step->text_size > 0 && !output_add(restoring->output, step->text, step->text_size, error))
            return false;
    }
    return true;
}

static bool restore_content(const struct memo_parts *parts, struct output *output, unsigned index, struct error *error)
{
    struct restoring restoring = {.parts = parts, .output = output, .index = index};
    struct layout_step step;
    const void *layout;
    size_t size;
    bool broken = false;

    if (!parts->layout(parts->state, index, &layout, &size, error))
        return false;
    const unsigned char *at = layout, *end = size ? at + size : at; /* an empty one may be NULL */

    while (layout_next(&at, end, &step, &broken))
        if (!write_step(&restoring, &step, error))
            return false;
    return !broken || corrupt(error, "the layout of a content is broken");
}

bool memo_restore(const char *skeleton, size_t skeleton_size, const uint64_t *offsets, unsigned count,
                  const struct memo_parts *parts, struct error *error)
{
    struct output output = {.parts = parts};
    size_t at = 0;

    for (unsigned i = 0; i < count; i++) {
        if (offsets[i] < at || offsets[i] > skeleton_size)
            return corrupt(error, "a content's place is not in the skeleton");
        if (!output_add(&output, skeleton + at, (size_t)offsets[i] - at, error))
            return false;
        at = (size_t)offsets[i];
        if (!restore_content(parts, &output, i, error))
            return false;
    }
    return output_add(&output, skeleton + at, skeleton_size - at, error) && output_flush(&output, error);
}
