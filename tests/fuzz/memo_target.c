/* What holds for every document, however broken: it is read without a fault of memory; pieces of any size give the same
 * verdict, and so does libxml2 when it alone is asked; what is kept of it gives the very bytes back; the rules can be asked about it. */
#include "tests/fuzz/memo_target.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/buffer.h"
#include "schema/memo.h"
#include "tests/lib/memo_text.h"

#define ROOM ((size_t)64 << 20)
#define NOW INT64_C(1795435200000) /* 2026-11-23T12:00:00Z */

#define must(holds)                                                                                                    \
    do {                                                                                                               \
        if (!(holds)) {                                                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds);                                 \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* Contents and layouts of a document, one behind the other. */
struct kept {
    struct buffer bytes, layouts;
    struct buffer places; /* of struct place, one for each content */
};

struct place {
    size_t bytes, size, layout, layout_size;
};

struct text {
    const uint8_t *bytes;
    size_t size, at, piece;
};

struct reading {
    struct kept kept;
    struct memo memo;
    struct findings findings;
    struct error error;
    struct arena *arena;
    bool read;
};

static bool next_piece(void *state, void *bytes, size_t room, size_t *got, struct error *error)
{
    struct text *text = state;
    size_t left = text->size - text->at;

    (void)error;
    *got = left < text->piece ? left : text->piece;
    if (*got > room)
        *got = room;
    memcpy(bytes, text->bytes + text->at, *got);
    text->at += *got;
    return true;
}

static struct place *place_of(const struct kept *kept, size_t index)
{
    must(index < kept->places.size / sizeof(struct place));
    return (struct place *)(void *)kept->places.data + index;
}

static struct place *last_place(const struct kept *kept)
{
    return place_of(kept, kept->places.size / sizeof(struct place) - 1);
}

static bool keep_begin(void *state, struct error *error)
{
    struct kept *kept = state;
    struct place place = {.bytes = kept->bytes.size, .layout = kept->layouts.size};

    (void)error;
    return buffer_add(&kept->places, &place, sizeof place);
}

static bool keep_bytes(void *state, const void *bytes, size_t size, struct error *error)
{
    struct kept *kept = state;

    (void)error;
    last_place(kept)->size += size;
    return buffer_add(&kept->bytes, bytes, size);
}

static bool keep_layout(void *state, const void *bytes, size_t size, struct error *error)
{
    struct kept *kept = state;

    (void)error;
    last_place(kept)->layout_size += size;
    return buffer_add(&kept->layouts, bytes, size);
}

static bool keep_end(void *state, const struct digest *digest, uint64_t size, struct error *error)
{
    (void)digest;
    (void)error;
    must(last_place(state)->size == size);
    return true;
}

static bool fetch(void *state, unsigned index, uint64_t offset, void *bytes, size_t room, size_t *got,
                  struct error *error)
{
    const struct kept *kept = state;
    const struct place *place = place_of(kept, index);

    (void)error;
    must(offset <= place->size);
    *got = place->size - (size_t)offset < room ? place->size - (size_t)offset : room;
    if (*got)
        memcpy(bytes, kept->bytes.data + place->bytes + offset, *got);
    return true;
}

static bool fetch_layout(void *state, unsigned index, const void **bytes, size_t *size, struct error *error)
{
    const struct kept *kept = state;
    const struct place *place = place_of(kept, index);

    (void)error;
    *bytes = place->layout_size ? kept->layouts.data + place->layout : NULL;
    *size = place->layout_size;
    return true;
}

/* The document that comes back, compared as it comes. */
struct comparing {
    struct kept *kept;
    const uint8_t *bytes;
    size_t size, at;
};

static bool compare_fetch(void *state, unsigned index, uint64_t offset, void *bytes, size_t room, size_t *got,
                          struct error *error)
{
    return fetch(((struct comparing *)state)->kept, index, offset, bytes, room, got, error);
}

static bool compare_layout(void *state, unsigned index, const void **bytes, size_t *size, struct error *error)
{
    return fetch_layout(((struct comparing *)state)->kept, index, bytes, size, error);
}

static bool compare(void *state, const void *bytes, size_t size, struct error *error)
{
    struct comparing *comparing = state;

    (void)error;
    must(size <= comparing->size - comparing->at);
    must(size == 0 || memcmp(bytes, comparing->bytes + comparing->at, size) == 0);
    comparing->at += size;
    return true;
}

static void gives_back(struct reading *reading, const uint8_t *bytes, size_t size)
{
    struct comparing comparing = {.kept = &reading->kept, .bytes = bytes, .size = size};
    struct memo_parts parts = {&comparing, compare_fetch, compare_layout, compare};
    const struct memo *memo = &reading->memo;

    must(memo_restore(memo->skeleton, memo->skeleton_size, memo->content_offsets, memo->content_count, &parts,
                      &reading->error));
    must(comparing.at == size);
}

static void read_it(struct reading *reading, const uint8_t *bytes, size_t size, size_t piece, bool plain)
{
    static struct memo_schemas *schemas;
    struct memo_keeper keeper = {&reading->kept, keep_begin, keep_bytes, keep_layout, keep_end};
    struct text text = {bytes, size, 0, piece};
    struct memo_limits limits;

    memset(reading, 0, sizeof *reading);
    must(schemas || memo_schemas_open(&schemas, &reading->error));
    reading->kept.bytes.limit = reading->kept.layouts.limit = reading->kept.places.limit = ROOM;
    reading->arena = arena_new(ROOM);
    memo_limits_default(&limits);
    limits.plain = plain;
    reading->read = memo_read(schemas, &limits, next_piece, &text, &keeper, reading->arena, &reading->memo,
                              &reading->findings, &reading->error);
    must(reading->read || reading->error.code != ERROR_INTERNAL);
    for (size_t i = 1; i < reading->findings.count; i++)
        must(reading->findings.items[i - 1].line <= reading->findings.items[i].line);
    if (reading->read)
        memo_rules_check(&reading->memo, &limits, NOW, reading->arena, &reading->findings);
}

static void free_it(struct reading *reading)
{
    buffer_free(&reading->kept.bytes);
    buffer_free(&reading->kept.layouts);
    buffer_free(&reading->kept.places);
    arena_free(reading->arena);
}

static void same_verdict(const struct reading *one, const struct reading *other)
{
    must(one->read == other->read);
    must(one->findings.total == other->findings.total);
    for (size_t i = 0; i < one->findings.count; i++) {
        must(one->findings.items[i].code == other->findings.items[i].code);
        must(one->findings.items[i].line == other->findings.items[i].line);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct reading whole, pieces, libxml2;

    read_it(&whole, bytes, size, ROOM, true);
    read_it(&pieces, bytes, size, size % 61 + 1, true);
    read_it(&libxml2, bytes, size, ROOM, false);
    same_verdict(&whole, &pieces);
    same_verdict(&whole, &libxml2);
    if (whole.read) {
        must(memo_same(&whole.memo, &pieces.memo));
        must(memo_same(&whole.memo, &libxml2.memo));
        must(digest_same(&whole.memo.digest, &pieces.memo.digest));
        gives_back(&whole, bytes, size);
        gives_back(&pieces, bytes, size);
    }
    free_it(&whole);
    free_it(&pieces);
    free_it(&libxml2);
    return 0;
}
