#include "handlers/dispatcher.h"

#include <stdlib.h>

#include "gateway/outbox/outbox.h"
#include "handlers/receipt/receipt.h"

/* What goes out, by the kind of its job. */
static const struct outbox_kind kinds[] = {
    {"RECEIPT_PUSH", push_receipt},
    {NULL, NULL},
};

struct dispatcher {
    struct store *store;
    struct outbox *outbox;
};

bool dispatcher_open(struct process *process, void **state, struct error *error)
{
    struct dispatcher *dispatcher = calloc(1, sizeof *dispatcher);

    *state = dispatcher;
    if (!dispatcher)
        return error_set(error, ERROR_OUT_OF_MEMORY, NULL, NULL);
    if (store_open(process->config, process->role, process->slot, &dispatcher->store, error)
        && outbox_open(process->config, &process->log, process->metrics, dispatcher->store, kinds, &dispatcher->outbox,
                       error))
        return true;
    dispatcher_close(dispatcher);
    *state = NULL;
    return false;
}

bool dispatcher_serve(struct process *process, void *state, struct error *error)
{
    struct dispatcher *dispatcher = state;

    (void)process;
    return outbox_serve(dispatcher->outbox, DRAIN_SIGNAL, error);
}

void dispatcher_close(void *state)
{
    struct dispatcher *dispatcher = state;

    outbox_close(dispatcher->outbox);
    store_close(dispatcher->store);
    free(dispatcher);
}
