/* The dispatcher's work: takes jobs from the store's outbox, sends each to its target, reports what came of it.
 *
 *   store     a job, written in the change that caused it, leased for a while (store.h)
 *   errand    a leased job on its way, at most `concurrent` of them, at most `per_target` of one target (outbox.c)
 *   courier   the POST itself (courier.c, the home of libcurl)
 *   retry     when it is tried again (retry.c)
 *
 * A job goes out at least once: whoever dies between the target's answer and the report sends it again when its lease
 * is over. What a job is about is not known here: a kind makes its parcel. */
#ifndef GATEWAY_OUTBOX_OUTBOX_H
#define GATEWAY_OUTBOX_OUTBOX_H

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/config/config.h"
#include "gateway/log/log.h"
#include "gateway/log/metrics.h"
#include "gateway/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outbox;

/* What is posted, as application/json. */
struct parcel {
    const char *url; /* may hold secrets, so it is never logged */
    const char *body;
    size_t size;
};

struct outbox_kind {
    const char *name; /* of its jobs; NULL behind the last kind */
    /* Fills *parcel, with strings in `arena`. False: it cannot be sent now, which counts as a failed try; error->detail
     * is then told to the log and the event. */
    bool (*prepare)(struct store *store, const struct job *job, int64_t now, struct arena *arena, struct parcel *parcel,
                    struct error *error);
};

/* Must be called while files can be read still: the certificates and the key of the settings are read here, once. */
bool outbox_open(const struct config *config, const struct log *log, struct metrics *metrics, struct store *store,
                 const struct outbox_kind *kinds, struct outbox **outbox, struct error *error);

/* Works until `drain_signal` comes: then nothing is leased any more, what is under way may end within a few seconds, and
 * the rest is given back, to be sent at once by the next dispatcher. False: it cannot go on. */
bool outbox_serve(struct outbox *outbox, int drain_signal, struct error *error);
void outbox_close(struct outbox *outbox);

/* When a job is due again after its `tries`-th try failed at `now`; 0: that was the last, it is put aside. The pauses
 * grow from 10 s to 4 hours over 7 days, each up to a tenth longer, as the job's id has it, so that what failed together
 * is not tried together. `retry_after`: seconds that the target asked for, 0 for none; an hour at most is given. */
int64_t outbox_retry(const struct uuid *id, unsigned tries, int64_t now, uint64_t retry_after);

#endif
