/* A document in plain form is found valid without libxml2, which takes several times as long.
 *
 * Plain is how programs write a MeMo: elements without attributes but for the root's, the prefixes declared there, no
 * CDATA, no references but the five predefined ones. For such a document validity is a walk over the grammar's tables,
 * and this is that walk, over the skeleton as it comes in. It knows one verdict, valid. Whatever is not plain, not valid,
 * or not sure goes to libxml2 from the beginning (read.c), which has the last word and finds the words for the sender.
 * So nothing is refused here, and what is taken here libxml2 would take too: the tests hold the two against each other
 * (memo_limits.plain). */
#include "schema/plain_impl.h"

#include <string.h>

#define MARK "\xEF\xBB\xBF"

/* ---- elements ---- */

static bool is_declared(const struct declaration *declaration, const char *skeleton, const char *uri, struct span local)
{
    return declaration->name_size == local.size && memcmp(declaration->name, skeleton + local.at, local.size) == 0
           && declaration->uri == uri;
}

/* What the element is where it stands. The schema's sequences leave no choice (UPA), so the first place that takes it
 * is its place. */
static const struct declaration *take_child(struct frame *parent, const char *skeleton, const char *uri,
                                            struct span local)
{
    for (; parent->slot < parent->is->slot_count; parent->slot++, parent->times = 0) {
        const struct slot *slot = &parent->is->slots[parent->slot];

        for (int i = 0; parent->times < slot->most && i < 2 && slot->choice[i]; i++)
            if (is_declared(slot->choice[i], skeleton, uri, local)) {
                parent->times++;
                return slot->choice[i];
            }
        if (parent->times < slot->least)
            return NULL;
    }
    return NULL;
}

static bool is_complete(const struct frame *frame)
{
    const struct declaration *is = frame->is;

    for (unsigned slot = frame->slot; slot < is->slot_count; slot++)
        if (is->slots[slot].least > (slot == frame->slot ? frame->times : 0))
            return false;
    return true;
}

static bool enter(struct plain *plain, const struct declaration *declaration, struct span name)
{
    struct path_step *parent = &plain->path.steps[plain->path.depth];
    struct path_step *step = path_enter(&plain->path, declaration->name, declaration->uri, plain->line);

    if (!step || !fields_enter(&plain->fields, parent, step))
        return false;
    plain->frames[plain->path.depth] = (struct frame){.is = declaration, .name = name};
    return true;
}

static bool leave_content(struct plain *plain, size_t at, size_t size)
{
    const struct held *held = (const struct held *)(const void *)plain->held->data;

    if (size > 0 || plain->contents == plain->held->size / sizeof *held)
        return false;
    held += plain->contents;
    if (held->offset != at || held->fault_line > 0)
        return false;
    fields_content(&plain->fields, plain->contents++, held);
    plain->line += held->newlines;
    return true;
}

/* The value of a simple element; NULL: it does not surely fit. */
static const char *read_value(struct plain *plain, const struct simple_type *type, const char *text, size_t *size,
                              unsigned met)
{
    text = plain_text(text, size, met, plain->fields.arena);
    return text && value_fits(type, text, *size) ? text : NULL;
}

/* `text` is what stands in the innermost element, or behind the last child of it. */
static bool leave(struct plain *plain, const char *skeleton, struct span text, unsigned met)
{
    const struct path_step *step = &plain->path.steps[plain->path.depth];
    const struct frame *frame = &plain->frames[plain->path.depth];
    const char *value = skeleton + text.at;
    bool fits;

    if (!frame->is->is_simple)
        fits = plain_only(met, BLANKS) && is_complete(frame);
    else if (frame->is->value.is_content)
        fits = leave_content(plain, text.at, text.size);
    else
        fits = (value = read_value(plain, &frame->is->value, value, &text.size, met)) != NULL;
    if (!fits || !fields_leave(&plain->fields, step - 1, step, value, text.size))
        return false;
    path_leave(&plain->path);
    plain->ended = plain->path.depth == 0;
    return true;
}

/* `at` is behind "<", `end` at ">". */
static bool enter_root(struct plain *plain, const char *skeleton, size_t at, size_t end)
{
    struct span name = {at, strcspn(skeleton + at, " \t\r\n>")}, local;
    const struct declaration *root;
    const char *uri;

    if (!plain_root(plain, skeleton, at + name.size, end))
        return false;
    uri = plain_split_name(plain, skeleton, name, &local);
    root = plain->schemas->grammar[plain->memo->version].root;
    plain->began = true;
    return is_declared(root, skeleton, uri, local) && enter(plain, root, name);
}

/* ---- tags ---- */

static bool start_tag(struct plain *plain, const char *skeleton, size_t at, size_t end, unsigned met)
{
    bool is_empty = skeleton[end - 1] == '/';
    struct span name = {at, end - at - is_empty}, local;
    struct frame *parent = &plain->frames[plain->path.depth];
    const struct declaration *declaration;
    const char *uri;

    if (!plain_only(met, BLANKS))
        return false;
    if (plain->path.depth == 0)
        return !plain->began && !is_empty && enter_root(plain, skeleton, at, end);
    if (is_empty && name.size > 0 && skeleton[end - 2] == ' ')
        name.size--;
    if (parent->is->is_simple)
        return false;
    uri = plain_split_name(plain, skeleton, name, &local);
    declaration = take_child(parent, skeleton, uri, local);
    if (!declaration || !enter(plain, declaration, name))
        return false;
    return !is_empty || (!declaration->value.is_content && leave(plain, skeleton, (struct span){end, 0}, 0));
}

static bool end_tag(struct plain *plain, const char *skeleton, struct span text, size_t end, unsigned met)
{
    const struct frame *frame = &plain->frames[plain->path.depth];
    size_t at = text.at + text.size + 2;

    return plain->path.depth > 0 && end - at == frame->name.size
           && memcmp(skeleton + at, skeleton + frame->name.at, frame->name.size) == 0
           && leave(plain, skeleton, text, met);
}

/* The declaration is one of those that programs write. */
static bool is_xml_declaration(const char *skeleton, size_t at, size_t end)
{
    static const char *const usual[] = {
        "<?xml version=\"1.0\"?",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?",
        "<?xml version=\"1.0\" encoding=\"utf-8\"?",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?",
        "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?",
        "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"no\"?",
        "<?xml version='1.0' encoding='UTF-8'?",
        "<?xml version='1.0' encoding='utf-8'?",
    };

    if (at != 0 && (at != strlen(MARK) || memcmp(skeleton, MARK, strlen(MARK)) != 0))
        return false;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (plain_same(skeleton, (struct span){at, end - at}, usual[i]))
            return true;
    return false;
}

static bool is_comment(struct plain *plain, const char *skeleton, size_t at, size_t end, unsigned met)
{
    const struct frame *frame = &plain->frames[plain->path.depth];
    const char *text = skeleton + at + 4;
    size_t size = end - 2 - (at + 4);

    return plain_only(met, BLANKS) && (plain->path.depth == 0 || !frame->is->is_simple) && !memmem(text, size, "--", 2)
           && (size == 0 || text[size - 1] != '-')
           && plain_only(plain_classify(text, size, &plain->line), TEXT | BLANKS | MARKUP);
}

/* ---- as it comes ---- */

/* The ">" of an end tag, if the innermost element has it; whether the name is the element's, end_tag() tells. */
static const char *expected_end(const struct plain *plain, const char *skeleton, size_t open, size_t size)
{
    size_t end = open + 2 + (plain->path.depth > 0 ? plain->frames[plain->path.depth].name.size : 0);

    return end < size && skeleton[end] == '>' ? skeleton + end : NULL;
}

/* Where the markup that begins at `open` has its ">"; NULL: not there yet. */
static const char *find_end(struct plain *plain, const char *skeleton, size_t open, size_t size)
{
    bool comment = size - open >= 4 && memcmp(skeleton + open, "<!--", 4) == 0;
    size_t from = open + (comment ? 6 : 1);
    const char *end;

    if (size - open < 4)
        return NULL;
    if (skeleton[open + 1] == '/' && (end = expected_end(plain, skeleton, open, size)) != NULL)
        return end;
    if (from < plain->seen)
        from = plain->seen;
    while (from < size && (end = memchr(skeleton + from, '>', size - from)) != NULL) {
        if (!comment || (end[-1] == '-' && end[-2] == '-'))
            return end;
        from = (size_t)(end + 1 - skeleton);
    }
    plain->seen = size;
    return NULL;
}

/* The text before `open`, and what stands from there to `end`. */
static bool take(struct plain *plain, const char *skeleton, size_t open, size_t end)
{
    struct span text = {plain->at, open - plain->at};
    unsigned met = plain->met;

    plain->line += plain->lines;
    if (text.at == 0 && text.size == strlen(MARK) && memcmp(skeleton, MARK, strlen(MARK)) == 0) {
        text = (struct span){strlen(MARK), 0};
        met = 0;
    }
    plain->at = plain->seen = end + 1;
    plain->opened = false;
    plain->met = plain->lines = 0;
    switch (skeleton[open + 1]) {
    case '/':
        return end_tag(plain, skeleton, text, end, met);
    case '!':
        return memcmp(skeleton + open, "<!--", 4) == 0 && is_comment(plain, skeleton, open, end, met);
    case '?':
        return text.size == 0 && !plain->began && is_xml_declaration(skeleton, open, end);
    default:
        return start_tag(plain, skeleton, open + 1, end, met);
    }
}

/* Where the next markup begins; false: not there yet. */
static bool find_open(struct plain *plain, const char *skeleton, size_t size)
{
    plain->seen += plain_scan(skeleton + plain->seen, size - plain->seen, &plain->met, &plain->lines);
    plain->open = plain->seen;
    plain->opened = plain->open < size;
    return plain->opened;
}

bool plain_push(struct plain *plain, const char *skeleton, size_t size)
{
    const char *end;

    while ((plain->opened || find_open(plain, skeleton, size))
           && (end = find_end(plain, skeleton, plain->open, size)) != NULL)
        if (!take(plain, skeleton, plain->open, (size_t)(end - skeleton)))
            return false;
    return true;
}

bool plain_finish(struct plain *plain, const char *skeleton, size_t size)
{
    return plain->ended && !plain->opened && !find_open(plain, skeleton, size) && plain_only(plain->met, BLANKS);
}

struct plain *plain_open(const struct memo_schemas *schemas, const struct memo_limits *limits, struct arena *arena,
                         struct memo *memo, const struct buffer *held)
{
    struct plain *plain = arena_alloc(arena, sizeof *plain);
    struct frame *frames = arena_alloc(arena, (limits->depth + 1) * sizeof *frames);

    if (!plain || !frames || !path_open(&plain->path, limits->depth, arena))
        return NULL;
    plain->schemas = schemas;
    plain->held = held;
    plain->memo = memo;
    plain->frames = frames;
    plain->line = 1;
    fields_start(&plain->fields, memo, arena);
    return plain;
}
