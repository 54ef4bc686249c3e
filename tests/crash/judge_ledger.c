#include "tests/crash/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One answer, until all intents are known. */
struct ack {
    struct uuid uuid, transmission;
};

struct reading {
    struct promises *promises;
    size_t room;
    struct ack *acks;
    size_t ack_count, ack_room;
    double before;
};

static int by_uuid(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

struct promise *promise_find(const struct promises *promises, const struct uuid *uuid)
{
    return promises->count == 0 ? NULL
                                : bsearch(uuid, promises->items, promises->count, sizeof(*promises->items), by_uuid);
}

void promises_free(struct promises *promises)
{
    free(promises->items);
}

static void *room_for(void *items, size_t count, size_t *room, size_t size)
{
    void *bigger = items;

    if (count == *room) {
        *room = *room ? 2 * *room : 1024;
        bigger = realloc(items, *room * size);
    }
    if (!bigger) {
        fprintf(stderr, "judge: no memory\n");
        exit(2);
    }
    return bigger;
}

static bool read_intent(struct reading *r, const char *uuid, const char *digest)
{
    struct promises *p = r->promises;

    p->items = room_for(p->items, p->count, &r->room, sizeof(*p->items));
    p->items[p->count] = (struct promise){0};
    return uuid_parse(uuid, &p->items[p->count].uuid) && digest_parse(digest, &p->items[p->count++].digest);
}

static bool read_ack(struct reading *r, const char *uuid, int status, const char *transmission, double when)
{
    struct ack ack;

    if (status != 201 || (r->before > 0 && when >= r->before))
        return true;
    if (!uuid_parse(uuid, &ack.uuid))
        return false;
    if (!uuid_parse(transmission, &ack.transmission))
        return true; /* a 201 that was no receipt; the client has counted it as bad */
    r->acks = room_for(r->acks, r->ack_count, &r->ack_room, sizeof(*r->acks));
    r->acks[r->ack_count++] = ack;
    return true;
}

static bool read_line(struct reading *r, const char *line)
{
    char uuid[40], rest[72];
    double when = 0;
    int status;

    if (sscanf(line, "intent %39s %71s", uuid, rest) == 2)
        return read_intent(r, uuid, rest);
    if (sscanf(line, "ack %39s %d %71s %lf", uuid, &status, rest, &when) == 4)
        return read_ack(r, uuid, status, rest, when);
    return false;
}

static bool take_acks(struct reading *r)
{
    for (size_t i = 0; i < r->ack_count; i++) {
        struct promise *promise = promise_find(r->promises, &r->acks[i].uuid);

        if (!promise)
            return false;
        if (!promise->acked)
            promise->transmission = r->acks[i].transmission;
        else if (!uuid_same(&promise->transmission, &r->acks[i].transmission))
            promise->unlike = true;
        r->promises->acked += !promise->acked;
        promise->acked = true;
    }
    return true;
}

bool promises_read(const char *file, double before, struct promises *promises)
{
    struct reading reading = {.promises = promises, .before = before};
    FILE *in = fopen(file, "r");
    char line[256];
    bool good = in != NULL;

    while (good && fgets(line, sizeof(line), in)) {
        if (line[strlen(line) - 1] == '\n')
            good = read_line(&reading, line);
    }
    if (in)
        fclose(in);
    if (good) {
        if (promises->count > 0)
            qsort(promises->items, promises->count, sizeof(*promises->items), by_uuid);
        good = take_acks(&reading);
    }
    if (!good)
        fprintf(stderr, "judge: %s is not a ledger\n", file);
    free(reading.acks);
    return good;
}
