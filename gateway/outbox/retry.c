#include "gateway/outbox/outbox.h"

#define ASKED_MOST 3600 /* seconds: how long a target may ask us to wait */

/* Seconds between the tries; the last one comes again and again. 48 pauses are 6 days and 23 hours, the spread
 * not counted (reliability.md R8: at least 7 days), and the 49th try is the last. */
static const unsigned pauses[] = {10, 30, 2 * 60, 10 * 60, 30 * 60, 3600, 2 * 3600, 4 * 3600};
#define PAUSES (sizeof pauses / sizeof *pauses)
#define TRIES_MOST 49

/* 0 to 1023, the same for the same job and try (FNV-1a). */
static unsigned spread(const struct uuid *id, unsigned tries)
{
    uint32_t hash = 2166136261u ^ tries;

    for (size_t i = 0; i < sizeof id->bytes; i++)
        hash = (hash ^ id->bytes[i]) * 16777619u;
    return (hash >> 16) % 1024;
}

int64_t outbox_retry(const struct uuid *id, unsigned tries, int64_t now, uint64_t retry_after)
{
    int64_t pause, asked = (int64_t)(retry_after < ASKED_MOST ? retry_after : ASKED_MOST) * 1000;

    if (tries >= TRIES_MOST)
        return 0;
    pause = (int64_t)pauses[!tries ? 0 : tries < PAUSES ? tries - 1 : PAUSES - 1] * 1000;
    pause += pause / 10 * spread(id, tries) / 1024;
    return now + (pause > asked ? pause : asked);
}
