/* What the tests of schema/ share: reading a document from memory, keeping its contents, giving it back. */
#ifndef TESTS_UNIT_SCHEMA_READING_H
#define TESTS_UNIT_SCHEMA_READING_H

#include "schema/memo.h"

#include "gateway/base/buffer.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMO_FOLDER "tests/data/memo/"
#define ROOM ((size_t)64 << 20)
#define KEPT_MAX 64
#define NOW INT64_C(1795435200000) /* 2026-11-23T12:00:00Z, the day the dated examples are written for */

/* What a keeper got. */
struct caught {
    struct buffer bytes[KEPT_MAX], layout[KEPT_MAX];
    struct digest digest[KEPT_MAX];
    uint64_t size[KEPT_MAX];
    unsigned begun, ended;
    unsigned fail_at; /* bytes() number fail_at fails; 0: none */
};

/* A document in memory, handed out `chunk` bytes at a time. */
struct text {
    const char *bytes;
    size_t size, at, chunk;
};

struct outcome {
    struct arena *arena;
    struct memo memo;
    struct findings findings;
    struct error error;
    struct caught kept;
    bool read;
};

static inline bool text_next(void *state, void *bytes, size_t room, size_t *got, struct error *error)
{
    struct text *text = state;

    (void)error;
    *got = text->size - text->at;
    if (*got > text->chunk)
        *got = text->chunk;
    if (*got > room)
        *got = room;
    memcpy(bytes, text->bytes + text->at, *got);
    text->at += *got;
    return true;
}

static inline bool kept_begin(void *state, struct error *error)
{
    struct caught *kept = state;

    (void)error;
    ck_assert_uint_lt(kept->begun, KEPT_MAX);
    ck_assert_uint_eq(kept->begun, kept->ended);
    kept->bytes[kept->begun].limit = kept->layout[kept->begun].limit = ROOM;
    kept->begun++;
    return true;
}

static inline bool kept_bytes(void *state, const void *bytes, size_t size, struct error *error)
{
    struct caught *kept = state;

    if (kept->fail_at == kept->begun)
        return error_set(error, ERROR_SPOOL_FAILED, NULL, NULL);
    return buffer_add(&kept->bytes[kept->begun - 1], bytes, size);
}

static inline bool kept_layout(void *state, const void *bytes, size_t size, struct error *error)
{
    struct caught *kept = state;

    (void)error;
    return buffer_add(&kept->layout[kept->begun - 1], bytes, size);
}

static inline bool kept_end(void *state, const struct digest *digest, uint64_t size, struct error *error)
{
    struct caught *kept = state;

    (void)error;
    kept->digest[kept->ended] = *digest;
    kept->size[kept->ended++] = size;
    return true;
}

/* Reads `bytes` under `limits` (NULL: the defaults). */
static inline void outcome_of(struct outcome *outcome, const char *bytes, size_t size, size_t chunk,
                              const struct memo_limits *limits)
{
    static struct memo_schemas *schemas;
    struct memo_keeper keeper = {&outcome->kept, kept_begin, kept_bytes, kept_layout, kept_end};
    struct text text = {bytes, size, 0, chunk};
    struct memo_limits defaults;
    unsigned fail_at = outcome->kept.fail_at;

    if (!schemas)
        ck_assert_msg(memo_schemas_open(&schemas, &outcome->error), "%s: %s", outcome->error.where,
                      outcome->error.detail);
    memset(outcome, 0, sizeof *outcome);
    outcome->kept.fail_at = fail_at;
    memo_limits_default(&defaults);
    outcome->arena = arena_new(ROOM);
    outcome->read = memo_read(schemas, limits ? limits : &defaults, text_next, &text, &keeper, outcome->arena,
                              &outcome->memo, &outcome->findings, &outcome->error);
}

static inline void outcome_free(struct outcome *outcome)
{
    for (unsigned i = 0; i < KEPT_MAX; i++) {
        buffer_free(&outcome->kept.bytes[i]);
        buffer_free(&outcome->kept.layout[i]);
    }
    arena_free(outcome->arena);
    memset(outcome, 0, sizeof *outcome);
}

/* A file of MEMO_FOLDER. The caller frees it. */
static inline char *read_file(const char *name, size_t *size)
{
    char path[200];
    char *bytes;
    FILE *file;

    snprintf(path, sizeof path, MEMO_FOLDER "%s", name);
    file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s is not there", path);
    bytes = malloc(1 << 20);
    ck_assert_ptr_nonnull(bytes);
    *size = fread(bytes, 1, (1 << 20) - 1, file);
    bytes[*size] = '\0';
    fclose(file);
    return bytes;
}

static inline bool give_bytes(void *state, unsigned index, uint64_t offset, void *bytes, size_t room, size_t *got,
                              struct error *error)
{
    const struct caught *kept = state;
    const struct buffer *from = &kept->bytes[index];

    (void)error;
    *got = from->size - (size_t)offset;
    if (*got > room)
        *got = room;
    if (*got > 0)
        memcpy(bytes, from->data + offset, *got);
    return true;
}

static inline bool give_layout(void *state, unsigned index, const void **bytes, size_t *size, struct error *error)
{
    const struct caught *kept = state;

    (void)error;
    *bytes = kept->layout[index].data;
    *size = kept->layout[index].size;
    return true;
}

struct giving {
    struct caught *kept;
    struct buffer out;
};

static inline bool giving_bytes(void *state, unsigned index, uint64_t offset, void *bytes, size_t room, size_t *got,
                                struct error *error)
{
    return give_bytes(((struct giving *)state)->kept, index, offset, bytes, room, got, error);
}

static inline bool giving_layout(void *state, unsigned index, const void **bytes, size_t *size, struct error *error)
{
    return give_layout(((struct giving *)state)->kept, index, bytes, size, error);
}

static inline bool giving_write(void *state, const void *bytes, size_t size, struct error *error)
{
    (void)error;
    return buffer_add(&((struct giving *)state)->out, bytes, size);
}

/* Whether the skeleton and the contents give the very bytes back. */
static inline bool gives_back(struct outcome *outcome, const char *bytes, size_t size)
{
    struct giving giving = {&outcome->kept, {.limit = ROOM}};
    struct memo_parts parts = {&giving, giving_bytes, giving_layout, giving_write};
    bool same = memo_restore(outcome->memo.skeleton, outcome->memo.skeleton_size, outcome->memo.content_offsets,
                             outcome->memo.content_count, &parts, &outcome->error)
                && giving.out.size == size && memcmp(giving.out.data, bytes, size) == 0;

    buffer_free(&giving.out);
    return same;
}

static inline bool has_finding(const struct findings *findings, enum error_code code)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].code == code)
            return true;
    return false;
}

#endif
