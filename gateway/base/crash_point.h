/* Named places at which a test build can be made to die or to stop.
 *
 * Built with -DCRASH_POINTS, a process that passes a point looks at a page of memory shared with the test
 * (tests/crash/run). When the page names this point and the count of passages has come, the process kills itself, as
 * SIGKILL from outside would, or stops until it is continued. In every other build a point is nothing at all. */
#ifndef GATEWAY_BASE_CRASH_POINT_H
#define GATEWAY_BASE_CRASH_POINT_H

#include <stdint.h>

/* The closed list: role whose process passes it, point. The crash test fails when one of them was never passed. */
#define CRASH_POINTS_LIST(X)                                                                                           \
    X(SENDER, AFTER_BODY_READ)  /* the letter was read, nothing of it is handed on */                                  \
    X(SENDER, AFTER_SPOOL_SYNC) /* a large content lies synced in the spool */                                         \
    X(SENDER, BEFORE_CHANGE_SENT)                                                                                      \
    X(SENDER, AFTER_CHANGE_SENT) /* the writer has or will have it; the worker does not know the outcome */            \
    X(SENDER, BEFORE_ANSWER)     /* committed, and the sender has not heard of it */                                   \
    X(WRITER, CHANGE_RECEIVED)                                                                                         \
    X(WRITER, BEFORE_BEGIN)                                                                                            \
    X(WRITER, BEFORE_CONTENT_RENAME)                                                                                   \
    X(WRITER, AFTER_CONTENT_RENAME) /* a file without a row */                                                         \
    X(WRITER, AFTER_CHANGE_APPLIED)                                                                                    \
    X(WRITER, BEFORE_COMMIT)                                                                                           \
    X(WRITER, AFTER_COMMIT)       /* durable, and nobody has heard of it */                                            \
    X(WRITER, AFTER_FIRST_ANSWER) /* some of the group have heard */                                                   \
    X(WRITER, AFTER_STEP)         /* some of the log lies in the database too, unsynced */                             \
    X(WRITER, BEFORE_CHECKPOINT)                                                                                       \
    X(WRITER, AFTER_CHECKPOINT)

enum crash_point {
#define CRASH_POINT_ENUM(role, point) CRASH_##role##_##point,
    CRASH_POINTS_LIST(CRASH_POINT_ENUM)
#undef CRASH_POINT_ENUM
        CRASH_POINT_COUNT
};

/* "SENDER.AFTER_BODY_READ"; "none" for anything else. */
const char *crash_point_name(enum crash_point point);

enum crash_action { CRASH_NOTHING, CRASH_KILL, CRASH_STOP };

/* The shared page: a file of this size named by the environment variable DP_CRASH_FILE, mapped when the program
 * starts, before any right is given up. The test writes it while processes read it; every field is accessed
 * atomically. */
struct crash_page {
    uint32_t point, action; /* what to do, and where */
    int32_t countdown;      /* it is done by the process whose passage brings this to nought, once */
    int32_t victim;         /* pid of that process */
    uint64_t passed[CRASH_POINT_COUNT];
};

#ifdef CRASH_POINTS
void crash_point(enum crash_point point);
#else
static inline void crash_point(enum crash_point point)
{
    (void)point;
}
#endif

#endif
