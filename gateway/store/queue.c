#include "gateway/store/writer_impl.h"

#include <stdlib.h>

#define INTERACTIVE_SHARE 4 /* of the interactive lane to one of the bulk lane, while both have something */

/* Who has changes waiting in one lane. The parties of a lane are a ring; each has one turn a round. */
struct party {
    struct party *next;
    struct uuid id;
    struct waiting *first, *last;
};

static struct party *party_find(const struct queue *queue, enum database database, enum lane lane,
                                const struct uuid *id)
{
    struct party *last = queue->last_served[database][lane], *party = last;

    if (!last)
        return NULL;
    do {
        if (uuid_same(&party->id, id))
            return party;
        party = party->next;
    } while (party != last);
    return NULL;
}

/* The newcomer is served last in this round. */
static struct party *party_add(struct queue *queue, enum database database, enum lane lane, const struct uuid *id)
{
    struct party **last = &queue->last_served[database][lane];
    struct party *party = calloc(1, sizeof *party);

    if (!party)
        return NULL;
    party->id = *id;
    party->next = *last ? (*last)->next : party;
    if (*last)
        (*last)->next = party;
    *last = party;
    return party;
}

bool queue_add(struct queue *queue, struct waiting *waiting)
{
    const struct verb_row *verb = &verbs[waiting->change.verb];
    struct party *party = party_find(queue, verb->database, verb->lane, &waiting->change.party);

    if (!party)
        party = party_add(queue, verb->database, verb->lane, &waiting->change.party);
    if (!party)
        return false;
    waiting->next = NULL;
    if (party->last)
        party->last->next = waiting;
    else
        party->first = waiting;
    party->last = waiting;
    queue->count[verb->lane]++;
    return true;
}

static enum lane lane_next(const struct queue *queue, enum database database)
{
    struct party *const *lanes = queue->last_served[database];

    if (!lanes[LANE_INTERACTIVE])
        return LANE_BULK;
    return lanes[LANE_BULK] && queue->in_a_row >= INTERACTIVE_SHARE ? LANE_BULK : LANE_INTERACTIVE;
}

struct waiting *queue_next(const struct queue *queue, enum database database)
{
    const struct party *last = queue->last_served[database][lane_next(queue, database)];

    return last ? last->next->first : NULL;
}

void queue_take(struct queue *queue, enum database database)
{
    enum lane lane = lane_next(queue, database);
    struct party **last = &queue->last_served[database][lane], *party = (*last)->next;

    queue->in_a_row = lane == LANE_INTERACTIVE ? queue->in_a_row + 1 : 0;
    queue->count[lane]--;
    party->first = party->first->next;
    if (party->first) {
        *last = party;
        return;
    }
    if (party == *last) {
        *last = NULL;
    } else {
        (*last)->next = party->next;
    }
    free(party);
}

unsigned queue_count(const struct queue *queue)
{
    unsigned count = 0;

    for (int lane = 0; lane < LANE_COUNT; lane++)
        count += queue->count[lane];
    return count;
}
