/* What the files of the writer share: writer.c (opening, the loop), channel.c (messages in and out), queue.c (whose turn
 * it is), group.c (one commit), keep.c (contents), house.c (what it does besides). */
#ifndef GATEWAY_STORE_WRITER_IMPL_H
#define GATEWAY_STORE_WRITER_IMPL_H

#include "gateway/store/store_impl.h"

/* ---- channels: slots and connections of dpctl ---- */

struct channel {
    struct channel *next;
    int fd; /* -1: closed, kept until its last change is answered */
    enum role role;
    bool connection;  /* closed by us */
    unsigned waiting; /* changes in the queue or the group */
    int64_t streamed; /* monotonic time of a sender worker's last change; 0: none so far */
};

/* A change that waits for its turn. */
struct waiting {
    struct waiting *next;    /* of the same party */
    struct channel *channel; /* NULL: dpctl's own */
    enum role role;
    struct wire_change change; /* its spool_name points to spool_name below */
    char spool_name[SPOOL_NAME_SIZE];
    int64_t since; /* time_monotonic() */
    size_t size;   /* of `fields` */
    unsigned char fields[];
};

/* ---- the queue: fair between parties, two lanes a database ---- */

struct party; /* in queue.c */
struct queue {
    struct party *last_served[DATABASE_COUNT][LANE_COUNT]; /* a ring; NULL: empty */
    unsigned count[LANE_COUNT];
    unsigned in_a_row; /* of the interactive lane */
};
bool queue_add(struct queue *queue, struct waiting *waiting); /* false: no memory */
/* Whose turn it is; NULL: nobody waits for this database. */
struct waiting *queue_next(const struct queue *queue, enum database database);
void queue_take(struct queue *queue, enum database database); /* the one that queue_next() named */
unsigned queue_count(const struct queue *queue);

/* ---- the writer ---- */

/* One of the two databases. */
struct desk {
    struct backend *backend;
    struct book book;
    uint64_t checked_at; /* bytes of the log at the last try of a checkpoint that was not whole */
    uint64_t stepped_to; /* bytes of the log that steps have moved already */
    uint64_t longest;    /* bytes of the log's file, at least since this writer opened it or cut it */
    bool stepping;       /* a step has begun */
    bool stuck;          /* there was no room for what the log holds: the last try to move it failed for that */
};

/* One change of a group and what came of it. */
struct outcome {
    struct waiting *waiting;
    struct error error;
    size_t at, size; /* of its answer in writer->answers */
};

struct writer {
    const struct config *config;
    const struct log *log;   /* may be NULL */
    struct metrics *metrics; /* may be NULL */
    int lock;
    struct desk desks[DATABASE_COUNT];
    struct keeper *keeper;
    struct sweep *sweep;
    struct digest_stream *digests;
    struct arena *arena;
    struct queue queue;
    struct channel *channels;
    struct outcome *group; /* config->group_max of them */
    unsigned group_count;
    int64_t in_vain;                /* monotonic time of the last wait in which nothing came; 0: none */
    struct buffer answers, message; /* of the group; one on its way out */
    struct buffer loaded;           /* the fields of a spooled change */
    struct buffer *own_answer;      /* of writer_run() */
    unsigned char *inbox;
    int64_t now, second; /* wall clock of this turn; monotonic second of the last house-keeping */
    int64_t busy;        /* monotonic time of the last change */
    uint64_t free_bytes; /* as of `second` */
    bool any_due;        /* of the held letters */
    bool no_room;        /* the disk or a log is near its limit: no new mail */
    bool sync_failed;    /* of a folder: as final as a failed commit */
    int epoll;
};

/* Reads one message of a channel into the queue, or answers it at once. False: the channel is closed. */
bool channel_read(struct writer *writer, struct channel *channel);
/* Sends what came of a change; what the other end does not take is left, it will ask again. */
void channel_answer(struct writer *writer, const struct outcome *outcome);
void channel_hello(struct writer *writer, const struct channel *channel);
struct channel *channel_add(struct writer *writer, int fd, enum role role, bool connection);
void channel_close(struct writer *writer, struct channel *channel);
void waiting_free(struct writer *writer, struct waiting *waiting);

/* Runs one group of a database: takes changes, applies, commits, answers. False: the writer must stop (R2). */
bool group_run(struct writer *writer, enum database database, struct error *error);
/* Whether the next group is to wait a moment for more than what has come. */
bool group_waits(const struct writer *writer);
/* Runs `step` as a change of the writer's own. */
bool group_own(struct writer *writer, change_apply *step, struct unpacker *in, struct error *error);

/* dpctl's: one change without a socket. *answer gets what would have been sent. */
bool writer_run(struct writer *writer, enum role role, const struct buffer *request, struct buffer *answer,
                struct error *error);

/* keep.c */
bool keeper_open(const struct config *config, struct keeper **keeper, struct error *error);
void keeper_close(struct keeper *keeper);
/* The files taken over since the last call are in their folders for good. */
bool keeper_sync(struct keeper *keeper, struct error *error);
/* Reads the fields of a spooled change. */
bool keeper_load(struct keeper *keeper, const char *spool_name, uint64_t size, struct buffer *fields,
                 struct error *error);
/* Free bytes of the file system that holds the store. */
bool keeper_free_bytes(const struct keeper *keeper, uint64_t *bytes);

/* book.c */
bool book_read(struct desk *desk, enum database database, struct error *error);
/* Writes the counters that differ from `before`. */
bool book_write(const struct desk *desk, enum database database, const struct book *before, struct error *error);

/* house.c */
/* Once a second: room, whether held letters are due, the sweep; when nobody waits: the log's size. */
bool house_keep(struct writer *writer, struct error *error);
/* Releases some of the held letters that are due, if any are. */
bool house_release(struct writer *writer, struct error *error);
/* After a commit, and when nobody waits (`idle`): whether the log is to be moved into the database. */
bool house_checkpoint(struct writer *writer, enum database database, bool idle, struct error *error);
change_apply held_release_apply;

#endif
