/* What the tests of the view share: the view of a document, and one member of it. */
#ifndef TESTS_UNIT_HANDLERS_SENDER_VIEWING_H
#define TESTS_UNIT_HANDLERS_SENDER_VIEWING_H

#include "tests/unit/schema/reading.h"

#include <jansson.h>

#include "handlers/sender/submission.h"

/* `text` with the first `from` in it replaced. The caller frees it. */
static inline char *with(const char *text, const char *from, const char *to)
{
    const char *found = strstr(text, from);
    size_t room = strlen(text) + strlen(to) + 1;
    char *made = malloc(room);

    ck_assert_msg(found && made, "%s is not there", from);
    snprintf(made, room, "%.*s%s%s", (int)(found - text), text, to, found + strlen(from));
    return made;
}

/* A template as a letter. The caller frees it. */
static inline char *letter_of(const char *file)
{
    size_t size;
    char *bytes = read_file(file, &size);
    char *named = with(bytes, "@UUID@", "00000000-0000-4000-8000-000000000000");
    char *dated = with(named, "@DAY@", "2026-11-24");

    free(bytes);
    free(named);
    return dated;
}

/* The view of what was read, as JSON text with its braces. The caller frees it. */
static inline char *view_of_memo(const struct memo *memo, struct arena *arena)
{
    struct submission submission = {0};
    const char *view;
    char *text = NULL;
    unsigned number = 0;

    submission.documents = arena_alloc(arena, (memo->file_count + 100) * sizeof *submission.documents);
    submission.contents = arena_alloc(arena, (memo->file_count + 1) * sizeof *submission.contents);
    for (const struct memo_document *document = memo->documents; document; document = document->next, number++)
        for (const struct memo_file *file = document->files; file; file = file->next)
            submission.contents[submission.content_count++] = (struct kept_content){.filename = file->filename,
                                                                                    .format = file->format,
                                                                                    .language = file->language,
                                                                                    .size = file->size,
                                                                                    .document = number};
    ck_assert_uint_lt(number, memo->file_count + 100);
    ck_assert(memo_view(memo, &submission, arena, &view));
    ck_assert_int_gt(asprintf(&text, "{%s}", view), 0);
    return text;
}

static inline char *view_read(const char *bytes, bool plain, size_t *findings)
{
    struct outcome outcome = {.read = false};
    struct memo_limits limits;
    char *text;

    memo_limits_default(&limits);
    limits.plain = plain;
    outcome_of(&outcome, bytes, strlen(bytes), 64 * 1024, &limits);
    ck_assert_msg(outcome.read, "%s", error_kind(outcome.error.code)->code);
    *findings = outcome.findings.total;
    text = view_of_memo(&outcome.memo, outcome.arena);
    outcome_free(&outcome);
    return text;
}

/* The view of a document, read in both ways; it is JSON without a name twice. */
static inline json_t *view_of(const char *bytes, size_t *findings)
{
    char *text = view_read(bytes, true, findings), *again = view_read(bytes, false, findings);
    json_error_t error;
    json_t *view = json_loads(text, JSON_REJECT_DUPLICATES, &error);

    ck_assert_str_eq(text, again);
    ck_assert_msg(view != NULL, "%s at %d", error.text, error.position);
    free(text);
    free(again);
    return view;
}

/* "sender.contactPoint.contactInfo.1.label"; NULL: not there. */
static inline const json_t *at(const json_t *view, const char *path)
{
    char *copy = strdup(path), *rest = copy;

    for (char *word; view && (word = strsep(&rest, ".")) != NULL;)
        view = json_is_array(view) ? json_array_get(view, (size_t)atoi(word)) : json_object_get(view, word);
    free(copy);
    return view;
}

#endif
