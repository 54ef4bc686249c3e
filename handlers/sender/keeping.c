#include "handlers/sender/submission.h"

#include "handlers/service.h"

#define LAYOUT_INLINE ((size_t)64) /* a regular layout takes less than this; anything else is kept as a content */
#define INLINE_TOTAL ((size_t)160 * 1024) /* so that the change still fits into one message to the writer */

static bool keep_begin(void *state, struct error *error)
{
    struct keeping *keeping = state;
    struct kept *kept = arena_alloc(keeping->arena, sizeof *kept);
    size_t room = keeping->inline_left < keeping->inline_max ? keeping->inline_left : keeping->inline_max;

    if (!kept)
        return error_set(error, ERROR_OUT_OF_MEMORY, "", NULL);
    if (!part_open(keeping->spool, room, &kept->content, error))
        return false;
    if (keeping->last)
        keeping->last->next = kept;
    else
        keeping->first = kept;
    keeping->last = kept;
    keeping->count++;
    return true;
}

static bool keep_bytes(void *state, const void *bytes, size_t size, struct error *error)
{
    struct keeping *keeping = state;

    return part_add(keeping->last->content, bytes, size, error);
}

static bool keep_layout(void *state, const void *bytes, size_t size, struct error *error)
{
    struct keeping *keeping = state;
    struct kept *kept = keeping->last;

    return (kept->layout || part_open(keeping->spool, LAYOUT_INLINE, &kept->layout, error))
           && part_add(kept->layout, bytes, size, error);
}

static bool keep_end(void *state, const struct digest *digest, uint64_t size, struct error *error)
{
    struct keeping *keeping = state;

    (void)digest;
    (void)error;
    if (size <= keeping->inline_max && size <= keeping->inline_left)
        keeping->inline_left -= (size_t)size;
    return true;
}

void keeping_begin(struct keeping *keeping, struct request *rq, struct memo_keeper *keeper)
{
    const struct config *config = rq->service->config;

    *keeping = (struct keeping){
        .spool = rq->service->spool,
        .arena = rq->arena,
        .inline_left = INLINE_TOTAL,
        .inline_max = (size_t)config->inline_content,
    };
    *keeper = (struct memo_keeper){
        .state = keeping, .begin = keep_begin, .bytes = keep_bytes, .layout = keep_layout, .end = keep_end};
}

/* A long layout is a kept content of its own; a short one stands beside its content. */
static bool finish_layout(struct part *layout, struct submission *submission, struct kept_content *content,
                          struct error *error)
{
    struct kept_content *kept = &submission->layouts[submission->layout_count];
    const void *bytes;
    uint64_t size;

    if (!layout)
        return true;
    if (!part_finish(layout, &bytes, &kept->spool_name, &size, error))
        return false;
    if (bytes) {
        content->layout = bytes;
        content->layout_size = (size_t)size;
        return true;
    }
    kept->size = size;
    if (!part_digest(layout, &kept->digest, error))
        return false;
    content->layout_kept = true;
    content->layout_index = submission->layout_count++;
    content->layout_digest = kept->digest;
    return true;
}

static bool finish_one(const struct kept *kept, const struct memo_file *file, unsigned document,
                       struct submission *submission, struct error *error)
{
    struct kept_content *content = &submission->contents[submission->content_count++];
    uint64_t size;

    *content = (struct kept_content){
        .digest = file->digest,
        .size = file->size,
        .filename = file->filename,
        .format = file->format,
        .language = file->language,
        .document = document,
        .skeleton_offset = file->skeleton_offset,
    };
    if (!part_finish(kept->content, &content->bytes, &content->spool_name, &size, error)
        || !finish_layout(kept->layout, submission, content, error))
        return false;
    return size == file->size
           || error_set(error, ERROR_INTERNAL, "", "a content was kept with another size than it was read with");
}

bool keeping_is_placed(const struct keeping *keeping, const struct memo *memo)
{
    unsigned placed = 0;

    for (const struct memo_document *document = memo->documents; document; document = document->next)
        for (const struct memo_file *file = document->files; file; file = file->next)
            placed += file->content != MEMO_NO_CONTENT;
    return placed == keeping->count;
}

bool keeping_finish(struct keeping *keeping, const struct memo *memo, struct submission *submission,
                    struct error *error)
{
    const struct kept *kept = keeping->first;
    unsigned number = 0;

    submission->contents = arena_alloc(keeping->arena, (keeping->count + 1) * sizeof *submission->contents);
    submission->layouts = arena_alloc(keeping->arena, (keeping->count + 1) * sizeof *submission->layouts);
    if (!submission->contents || !submission->layouts)
        return error_set(error, ERROR_OUT_OF_MEMORY, "", NULL);
    for (const struct memo_document *document = memo->documents; document; document = document->next, number++)
        for (const struct memo_file *file = document->files; file; file = file->next) {
            if (file->content == MEMO_NO_CONTENT)
                continue;
            if (!kept || !finish_one(kept, file, number, submission, error))
                return kept ? false : error_set(error, ERROR_INTERNAL, "", "a file's content was not kept");
            kept = kept->next;
        }
    return true;
}

void keeping_hand_over(struct keeping *keeping)
{
    for (struct kept *kept = keeping->first; kept; kept = kept->next) {
        part_hand_over(kept->content);
        if (kept->layout)
            part_hand_over(kept->layout);
    }
}

void keeping_end(struct keeping *keeping)
{
    for (struct kept *kept = keeping->first; kept; kept = kept->next) {
        part_close(kept->content);
        part_close(kept->layout);
    }
    keeping->first = keeping->last = NULL;
}
