/* Memory that lives as long as one request: many small allocations, one release. */
#ifndef GATEWAY_BASE_ARENA_H
#define GATEWAY_BASE_ARENA_H

#include <stddef.h>

struct arena;

/* Makes an arena that hands out at most `limit` bytes in all between two resets. NULL: no memory. */
struct arena *arena_new(size_t limit);

/* `size` zeroed bytes, aligned for any type; NULL when the limit or the machine's memory is reached. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy with a NUL behind it; NULL as above. */
char *arena_copy(struct arena *arena, const void *bytes, size_t size);
char *arena_text(struct arena *arena, const char *text);
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Forgets everything handed out; keeps the first block for the next request. */
void arena_reset(struct arena *arena);

void arena_free(struct arena *arena);

#endif
