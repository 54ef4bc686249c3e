/* The dispatcher: the one process that connects to others, with what the outbox has for them. */
#ifndef HANDLERS_DISPATCHER_H
#define HANDLERS_DISPATCHER_H

#include "gateway/process/process.h"

bool dispatcher_open(struct process *process, void **state, struct error *error);
bool dispatcher_serve(struct process *process, void *state, struct error *error);
void dispatcher_close(void *state);

#endif
