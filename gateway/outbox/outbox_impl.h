/* What the files of gateway/outbox share. */
#ifndef GATEWAY_OUTBOX_OUTBOX_IMPL_H
#define GATEWAY_OUTBOX_OUTBOX_IMPL_H

#include "gateway/outbox/outbox.h"

/* ---- courier.c: posts, many at a time, each with its own limits of time ---- */

struct courier;

/* What came back of a post. */
struct reply {
    unsigned number;      /* as it was given to courier_post */
    unsigned status;      /* 0: there was none */
    uint64_t retry_after; /* seconds, with 429 and 503; 0: none */
    const char *problem;  /* NULL: the answer came whole; else why not, in libcurl's words: static, without addresses */
};

/* For numbers below `most`. Reads the certificates and the key of the settings. */
bool courier_open(const struct config *config, unsigned most, struct courier **courier, struct error *error);
void courier_close(struct courier *courier);

/* Begins a post. The parcel is copied. False: it could not begin. */
bool courier_post(struct courier *courier, unsigned number, const struct parcel *parcel, struct error *error);

/* Goes on with what is under way, waiting at most `wait` milliseconds; less when something can be done, or `wake` (-1:
 * none) can be read. */
bool courier_turn(struct courier *courier, int wait, int wake, struct error *error);

/* The next post that ended. False: no more for now. */
bool courier_next(struct courier *courier, struct reply *reply);

/* Breaks a post off. */
void courier_drop(struct courier *courier, unsigned number);

#endif
