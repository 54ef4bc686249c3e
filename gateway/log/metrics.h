/* Metrics: numbers in memory that all processes share, written as Prometheus text (format 0.0.4).
 *
 * The closed list stands in metrics.c: name, kind, help, label name and the label's values, so the cells have fixed
 * places and adding is one atomic addition. The supervisor maps the page before it forks, and hands its memory to the
 * build that comes after it. */
#ifndef GATEWAY_LOG_METRICS_H
#define GATEWAY_LOG_METRICS_H

#include "gateway/base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum metric {
    METRIC_REQUESTS,          /* counter by pool (label: enum role x 5 + status / 100 - 1) */
    METRIC_REQUEST_SECONDS,   /* histogram by pool */
    METRIC_BODY_BYTES,        /* counter by pool */
    METRIC_ACCEPTED,          /* counter: submissions answered 201 for the first time */
    METRIC_REPEATED,          /* counter: submissions answered with the stored first answer */
    METRIC_REFUSED,           /* counter by reason: caller, limit, schema, rule, conflict, store */
    METRIC_COMMITS,           /* counter by database: registry, mail */
    METRIC_CHANGES,           /* counter by outcome: done, refused, failed */
    METRIC_GROUP_SIZE,        /* histogram of changes a commit */
    METRIC_COMMIT_SECONDS,    /* histogram */
    METRIC_CHECKPOINTS,       /* counter by outcome: whole, part, failed */
    METRIC_WAL_BYTES,         /* gauge by database */
    METRIC_FREE_BYTES,        /* gauge: of the file system that holds the store */
    METRIC_QUEUE,             /* gauge: changes waiting for the writer, by lane: interactive, bulk */
    METRIC_STORE_STATE,       /* gauge: enum store_state below */
    METRIC_WORKERS,           /* gauge by pool: live workers */
    METRIC_WORKER_EXITS,      /* counter by how: drained, failed, killed */
    METRIC_CERTIFICATE_CACHE, /* counter by outcome: hit, miss */
    METRIC_WRITER_BEAT,       /* gauge: wall clock in milliseconds of the writer's last turn */
    METRIC_JOBS,              /* gauge of outbox jobs by state: waiting (leased ones too), put_aside */
    METRIC_PUSHES,            /* counter of tries by outcome: done, failed (tried again later), put_aside */
    METRIC_COUNT
};

enum store_state { STORE_DOWN, STORE_OK, STORE_NO_MAIL /* disk floor or WAL cap: reads and deletes go on */ };

struct metrics; /* the shared page */

/* A descriptor of fresh memory for a page, closed at an execve. -1: there is none. */
int metrics_memory(void);
/* Maps the page, shared with every process forked later; `fd` stays the caller's. NULL: that memory is no page, or the
 * page of a build that counts other things. */
struct metrics *metrics_map(int fd);
/* Both in one, for a page that nobody hands on. NULL: no memory. */
struct metrics *metrics_open(void);
void metrics_close(struct metrics *metrics);

/* `label` is the index of the label's value, 0 where there is none; out of range does nothing. A NULL page does
 * nothing, so that tools and tests need none. */
void metrics_add(struct metrics *metrics, enum metric metric, unsigned label, uint64_t amount);
void metrics_set(struct metrics *metrics, enum metric metric, unsigned label, uint64_t value);
uint64_t metrics_get(const struct metrics *metrics, enum metric metric, unsigned label);
/* Histograms of seconds take microseconds; histograms of counts take the count. */
void metrics_observe(struct metrics *metrics, enum metric metric, unsigned label, uint64_t value);

/* The whole text. */
bool metrics_write(const struct metrics *metrics, struct buffer *text);

#endif
