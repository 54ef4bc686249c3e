/* A pool's worker: one request after the other, from the socket to the answer. */
#ifndef HANDLERS_WORKER_H
#define HANDLERS_WORKER_H

#include "gateway/process/process.h"

/* The duty of the pools. prepare and release are for the sender pool: the schemas, read once for all its workers. */
bool worker_prepare(const struct config *config, void **prepared, struct error *error);
void worker_release(void *prepared);
bool worker_open(struct process *process, void **state, struct error *error);
bool worker_serve(struct process *process, void *state, struct error *error);
void worker_close(void *state);

#endif
