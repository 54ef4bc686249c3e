#include "gateway/base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)64 * 1024)
#define ALIGNMENT ((size_t)16)

struct block {
    struct block *next;
    size_t size, used;
    _Alignas(16) unsigned char bytes[];
};

struct arena {
    struct block *newest; /* ends in the first block, which a reset keeps */
    size_t limit, given;
};

static struct block *block_new(struct block *next, size_t size)
{
    struct block *block = malloc(sizeof *block + size);

    if (block)
        *block = (struct block){.next = next, .size = size};
    return block;
}

struct arena *arena_new(size_t limit)
{
    struct arena *arena = malloc(sizeof *arena);

    if (!arena)
        return NULL;
    *arena = (struct arena){.newest = block_new(NULL, BLOCK_SIZE), .limit = limit};
    if (!arena->newest) {
        free(arena);
        return NULL;
    }
    return arena;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    struct block *block = arena->newest;
    size_t need = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);

    if (need < size || need > arena->limit - arena->given)
        return NULL;
    if (need > block->size - block->used) {
        block = block_new(block, need > BLOCK_SIZE ? need : BLOCK_SIZE);
        if (!block)
            return NULL;
        arena->newest = block;
    }
    void *memory = block->bytes + block->used;

    block->used += need;
    arena->given += need;
    return memset(memory, 0, size);
}

char *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    char *copy = size < SIZE_MAX ? arena_alloc(arena, size + 1) : NULL;

    if (copy && size)
        memcpy(copy, bytes, size);
    return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text));
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments, again;
    char *text = NULL;

    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);

    if (length >= 0)
        text = arena_alloc(arena, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}

void arena_reset(struct arena *arena)
{
    while (arena->newest->next) {
        struct block *gone = arena->newest;

        arena->newest = gone->next;
        free(gone);
    }
    arena->newest->used = 0;
    arena->given = 0;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    arena_reset(arena);
    free(arena->newest);
    free(arena);
}
