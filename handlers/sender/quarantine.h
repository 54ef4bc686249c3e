/* Messages that ended the process that read them.
 *
 * The sender pool reads strangers' XML. Should a message make it die, or read on without end, that message must not cost
 * one worker after the other while its sender repeats it (reliability.md R19): a worker says in shared memory what it
 * reads, its successor finds that there, and what ended two processes is not read again. One may have been killed for
 * another reason. The memory is the pool's: a reload or a new build, which may know better, begins with an empty one. */
#ifndef HANDLERS_SENDER_QUARANTINE_H
#define HANDLERS_SENDER_QUARANTINE_H

#include "gateway/base/ids.h"

#include <stdbool.h>

struct quarantine;

/* Memory shared with every process forked later. NULL: there is none. */
struct quarantine *quarantine_open(void);
void quarantine_close(struct quarantine *quarantine);

/* From here to the second call the worker of that number reads the system's message, for at most `cpu_ms` of its own
 * processor time; then it dies of SIGPROF. */
void quarantine_enter(struct quarantine *quarantine, int worker, const struct uuid *system, const struct uuid *message,
                      unsigned cpu_ms);
void quarantine_leave(struct quarantine *quarantine, int worker);

/* Called by a worker when it starts. True: the one before it died over *message, which is remembered. */
bool quarantine_find(struct quarantine *quarantine, int worker, struct uuid *message);

/* Whether the system's message may be read. */
bool quarantine_allows(const struct quarantine *quarantine, const struct uuid *system, const struct uuid *message);

#endif
