/* What the files of store_verify() share. Each check looks at one thing in one view of the database, or page by page
 * where that would hold up the writer's checkpoints for long. */
#ifndef GATEWAY_STORE_VERIFY_IMPL_H
#define GATEWAY_STORE_VERIFY_IMPL_H

#include "gateway/store/store_impl.h"

struct verify {
    struct store *store;
    store_restore *restore;
    store_progress *progress;
    store_finding_each *each;
    void *state;
    struct digest_stream *digests;
    struct buffer kept; /* of verify_accepted() */
    uint64_t findings;
    uint64_t done, total;  /* bytes */
    uint64_t letter_bytes; /* that a letter counts for in them */
    enum database database;
};

void verify_found(struct verify *verify, const char *check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void verify_moved(struct verify *verify, uint64_t bytes);

/* Holds a letter against the event of its acceptance; other events are nothing to it. */
bool verify_accepted(struct verify *verify, struct backend *backend, const struct event *event, struct error *error);
bool verify_chain(struct verify *verify, enum database database, struct error *error);
bool verify_contents(struct verify *verify, struct error *error);
bool verify_letters(struct verify *verify, struct error *error);
bool verify_rows(struct verify *verify, struct error *error);

#endif
