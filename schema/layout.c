/* How the base64 text of a content was laid out, in few bytes.
 *
 * A layout is a row of steps. Each begins with a number n (seven bits a byte, least first, the high bit says that more
 * follow):
 *     bits 0-2   what comes behind the base64 characters: nothing, LF, CR LF, blank, tab, CR, a run of other blanks
 *                (its length as a number, then the blanks), or STEP_LITERAL
 *     bit 3      the step is repeated: how often stands as a number at its end
 *     the rest   how many base64 characters, padding counted; of a STEP_LITERAL, how many bytes of text follow
 * 9 MB in lines of 76 are seven bytes, in one line five. Text that is no base64 is carried literally. */
#include "schema/memo_impl.h"

#include <string.h>

enum { STEP_NOTHING, STEP_LF, STEP_CRLF, STEP_BLANK, STEP_TAB, STEP_CR, STEP_BLANKS, STEP_LITERAL };
enum { STEP_KIND = 7, STEP_REPEATED = 8, STEP_SHIFT = 4 };

static const char *const step_texts[] = {[STEP_NOTHING] = "", [STEP_LF] = "\n",  [STEP_CRLF] = "\r\n",
                                         [STEP_BLANK] = " ",  [STEP_TAB] = "\t", [STEP_CR] = "\r"};

void layout_start(struct layout *layout, layout_sink *sink, void *state)
{
    layout->sink = sink;
    layout->state = state;
    layout->run.characters = 0;
    layout->run.blank_count = 0;
    layout->repeats = 0;
    layout->size = 0;
}

static bool layout_flush(struct layout *layout, struct error *error)
{
    size_t size = layout->size;

    layout->size = 0;
    return size == 0 || !layout->sink || layout->sink(layout->state, layout->bytes, size, error);
}

static bool put_bytes(struct layout *layout, const void *bytes, size_t size, struct error *error)
{
    if (size > LAYOUT_ROOM - layout->size && !layout_flush(layout, error))
        return false;
    if (size > LAYOUT_ROOM)
        return !layout->sink || layout->sink(layout->state, bytes, size, error);
    memcpy(layout->bytes + layout->size, bytes, size);
    layout->size += size;
    return true;
}

static bool put_number(struct layout *layout, uint64_t number, struct error *error)
{
    unsigned char bytes[10];
    size_t size = 0;

    for (; number > 0x7F; number >>= 7)
        bytes[size++] = (unsigned char)(number | 0x80);
    bytes[size++] = (unsigned char)number;
    return put_bytes(layout, bytes, size, error);
}

static unsigned step_kind(const struct layout_run *run)
{
    for (unsigned kind = STEP_NOTHING; kind < STEP_BLANKS; kind++)
        if (strlen(step_texts[kind]) == run->blank_count
            && memcmp(step_texts[kind], run->blanks, run->blank_count) == 0)
            return kind;
    return STEP_BLANKS;
}

/* Writes layout->last as often as it came. */
static bool put_last(struct layout *layout, struct error *error)
{
    const struct layout_run *last = &layout->last;
    unsigned kind = step_kind(last);
    unsigned repeated = layout->repeats > 1 ? STEP_REPEATED : 0;

    if (layout->repeats == 0)
        return true;
    if (!put_number(layout, last->characters << STEP_SHIFT | repeated | kind, error))
        return false;
    if (kind == STEP_BLANKS
        && !(put_number(layout, last->blank_count, error) && put_bytes(layout, last->blanks, last->blank_count, error)))
        return false;
    if (repeated && !put_number(layout, layout->repeats, error))
        return false;
    layout->repeats = 0;
    return true;
}

static bool same_run(const struct layout_run *a, const struct layout_run *b)
{
    return a->characters == b->characters && a->blank_count == b->blank_count
           && memcmp(a->blanks, b->blanks, a->blank_count) == 0;
}

/* The run is over: it is the last one once more, or takes its place. */
static bool end_run(struct layout *layout, struct error *error)
{
    if (layout->repeats > 0 && same_run(&layout->run, &layout->last)) {
        layout->repeats++;
    } else {
        if (!put_last(layout, error))
            return false;
        layout->last = layout->run;
        layout->repeats = 1;
    }
    layout->run.characters = 0;
    layout->run.blank_count = 0;
    return true;
}

bool layout_characters(struct layout *layout, uint64_t count, struct error *error)
{
    if (count > 0 && layout->run.blank_count > 0 && !end_run(layout, error))
        return false;
    layout->run.characters += count;
    return true;
}

bool layout_blank(struct layout *layout, unsigned char blank, struct error *error)
{
    if (layout->run.blank_count == LAYOUT_BLANKS && !end_run(layout, error))
        return false;
    layout->run.blanks[layout->run.blank_count++] = blank;
    return true;
}

static bool end_all(struct layout *layout, struct error *error)
{
    if ((layout->run.characters > 0 || layout->run.blank_count > 0) && !end_run(layout, error))
        return false;
    return put_last(layout, error);
}

bool layout_literal(struct layout *layout, const unsigned char *text, size_t size, struct error *error)
{
    return end_all(layout, error) && put_number(layout, (uint64_t)size << STEP_SHIFT | STEP_LITERAL, error)
           && put_bytes(layout, text, size, error);
}

bool layout_finish(struct layout *layout, struct error *error)
{
    return end_all(layout, error) && layout_flush(layout, error);
}

static bool get_number(const unsigned char **at, const unsigned char *end, uint64_t *number)
{
    *number = 0;
    for (unsigned shift = 0; shift < 63 && *at < end; shift += 7) {
        unsigned char byte = *(*at)++;

        *number |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool get_text(const unsigned char **at, const unsigned char *end, uint64_t size, struct layout_step *step)
{
    if (size > (uint64_t)(end - *at))
        return false;
    step->text = *at;
    step->text_size = (size_t)size;
    *at += size;
    return true;
}

/* What stands behind a step's first number. */
static bool get_rest(const unsigned char **at, const unsigned char *end, uint64_t head, struct layout_step *step)
{
    unsigned kind = head & STEP_KIND;
    uint64_t size;

    step->characters = head >> STEP_SHIFT;
    step->repeats = 1;
    if (kind == STEP_LITERAL) {
        size = step->characters;
        step->characters = 0;
        return !(head & STEP_REPEATED) && get_text(at, end, size, step);
    }
    if (kind == STEP_BLANKS) {
        if (!get_number(at, end, &size) || !get_text(at, end, size, step))
            return false;
    } else {
        step->text = (const unsigned char *)step_texts[kind];
        step->text_size = strlen(step_texts[kind]);
    }
    if (!(head & STEP_REPEATED))
        return true;
    return get_number(at, end, &step->repeats) && (step->characters > 0 || step->text_size > 0);
}

bool layout_next(const unsigned char **at, const unsigned char *end, struct layout_step *step, bool *broken)
{
    uint64_t head;

    if (*at == end)
        return false;
    if (get_number(at, end, &head) && get_rest(at, end, head, step))
        return true;
    *broken = true;
    return false;
}
