#include "handlers/endpoints.h"

#include "handlers/monitor/monitor.h"
#include "handlers/receipt/receipt.h"
#include "handlers/sender/sender.h"

#define SENDER ROLE_SENDER
#define RECEIPT ROLE_RECEIPT
#define MONITOR ROLE_MONITOR
#define SENDER_SYSTEM CALLER_SENDER_SYSTEM
#define NOBODY CALLER_NOBODY

/* clang-format off */
const struct endpoint endpoints[] = {
    /* pool      method    path                            who may        body       function, in the file of its name */
    { SENDER,    "POST",   "/memos/",                      SENDER_SYSTEM, MEMO_BODY, submit_memo        },

    { RECEIPT,   "GET",    "/receipts/",                   SENDER_SYSTEM, NO_BODY,   list_receipts      },
    { RECEIPT,   "GET",    "/receipts/{receipt}",          SENDER_SYSTEM, NO_BODY,   fetch_receipt      },
    { RECEIPT,   "DELETE", "/receipts/{receipt}",          SENDER_SYSTEM, NO_BODY,   delete_receipt     },
    { RECEIPT,   "GET",    "/receipts-bulk/",              SENDER_SYSTEM, NO_BODY,   list_bulk_receipts },

    /* our own, outside the contract's paths */
    { SENDER,    "POST",   "/apis/gateway/v1/empty",       NOBODY,        ANY_BODY,  handle_empty       },
    { MONITOR,   "GET",    "/healthz",                     NOBODY,        NO_BODY,   handle_healthz     },
    { MONITOR,   "GET",    "/readyz",                      NOBODY,        NO_BODY,   handle_readyz      },
    { MONITOR,   "GET",    "/metrics",                     NOBODY,        NO_BODY,   handle_metrics     },
    { 0 }
};
/* clang-format on */
