/* The judge: compares what a load client was promised (its ledger) with what a store holds. */
#ifndef TESTS_CRASH_JUDGE_H
#define TESTS_CRASH_JUDGE_H

#include "gateway/base/digest.h"
#include "gateway/base/ids.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One letter that was, or was about to be, sent. */
struct promise {
    struct uuid uuid;
    struct digest digest;
    bool acked;               /* at least one answer 201 */
    struct uuid transmission; /* of the first such answer */
    bool unlike;              /* another 201 had another transmissionId */
    unsigned found;           /* messages of the store */
};

struct promises {
    struct promise *items; /* ordered by uuid */
    size_t count, acked;
};

/* Reads a ledger; answers from `before` (seconds of CLOCK_MONOTONIC; 0: no bound) on are left out. A last line that
 * was cut short is no line. False with a line on standard error: not a ledger. */
bool promises_read(const char *file, double before, struct promises *promises);
struct promise *promise_find(const struct promises *promises, const struct uuid *uuid);
void promises_free(struct promises *promises);

/* What is wrong, counted; all nought: nothing. */
enum fault_kind {
    FAULT_LOST,           /* acknowledged, not in the store */
    FAULT_DUP,            /* in the store more than once */
    FAULT_PHANTOM,        /* in the store, never sent */
    FAULT_BROKEN_CHAIN,   /* of the event log */
    FAULT_DIGEST_WRONG,   /* other bytes than were sent, or a content unlike its digest, or not there */
    FAULT_ANSWER_WRONG,   /* the store's first answer is not the one that was given */
    FAULT_RECEIPTS_WRONG, /* not exactly one business receipt a message, or a count of receipts that is off */
    FAULT_OUTBOX_WRONG,   /* not exactly one job for each receipt that is to be pushed */
    FAULT_EVENTS_WRONG,   /* a message without its events */
    FAULT_PLACES_WRONG,   /* counters of mailboxes and contents unlike what they count */
    FAULT_INTEGRITY,      /* SQLite's own checks */
    FAULT_NOT_UNIQUE,     /* the unique index on message_uuid is missing */
    FAULT_VERIFY,         /* anything else that dpctl verify finds */
    FAULT_KIND_COUNT
};

struct verdict {
    uint64_t faults[FAULT_KIND_COUNT];
    uint64_t found;
    bool verbose;
};
void verdict_add(struct verdict *verdict, enum fault_kind kind, uint64_t times, const char *says);

/* Every look into the databases below `state`. False: they cannot be read at all. */
bool store_judge(const char *state, struct promises *promises, struct verdict *verdict);

/* Runs `command` (dpctl verify --json) and takes over what it finds. False: it did not run to its end. */
bool verify_judge(const char *command, struct verdict *verdict);

#endif
