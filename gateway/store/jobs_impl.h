/* What the two sides of the outbox share: jobs.c asks, jobs_apply.c does. */
#ifndef GATEWAY_STORE_JOBS_IMPL_H
#define GATEWAY_STORE_JOBS_IMPL_H

#include "gateway/store/store_impl.h"

/* A job from the columns that the statements have first: seq, id, kind, target, subject, tries. */
bool job_read(struct query *query, struct arena *arena, struct job *job);

#endif
