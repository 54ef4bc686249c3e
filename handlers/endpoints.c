#include "handlers/endpoints.h"

#include "handlers/monitor/monitor.h"
#include "handlers/reader/reader.h"
#include "handlers/receipt/receipt.h"
#include "handlers/sender/sender.h"

#define SENDER ROLE_SENDER
#define RECEIPT ROLE_RECEIPT
#define READER ROLE_READER
#define MONITOR ROLE_MONITOR
#define SENDER_SYSTEM CALLER_SENDER_SYSTEM
#define MAIL_READER CALLER_READER
#define MAIL_CHANGER CALLER_CHANGER
#define NOBODY CALLER_NOBODY

/* clang-format off */
#define MESSAGES "/mailboxes/{mailbox}/messages/"
#define DOCUMENTS MESSAGES "{message}/documents/"
#define FILES DOCUMENTS "{document}/files/"
const struct endpoint endpoints[] = {
    /* pool      method    path                                    who may        body       function, in the file of its name */
    { SENDER,    "POST",   "/memos/",                              SENDER_SYSTEM, MEMO_BODY, submit_memo        },

    { RECEIPT,   "GET",    "/receipts/",                           SENDER_SYSTEM, NO_BODY,   list_receipts      },
    { RECEIPT,   "GET",    "/receipts/{receipt}",                  SENDER_SYSTEM, NO_BODY,   fetch_receipt      },
    { RECEIPT,   "DELETE", "/receipts/{receipt}",                  SENDER_SYSTEM, NO_BODY,   delete_receipt     },
    { RECEIPT,   "GET",    "/receipts-bulk/",                      SENDER_SYSTEM, NO_BODY,   list_bulk_receipts },

    { READER,    "GET",    "/mailboxes/",                          MAIL_READER,   NO_BODY,   list_mailboxes     },
    { READER,    "GET",    "/mailboxes/{mailbox}",                 MAIL_READER,   NO_BODY,   fetch_mailbox      },
    { READER,    "GET",    "/mailboxes/{mailbox}/folders/",        MAIL_READER,   NO_BODY,   list_folders       },
    { READER,    "GET",    "/mailboxes/{mailbox}/folders/summary/", MAIL_READER,  NO_BODY,   summarize_folders  },
    { READER,    "GET",    "/mailboxes/{mailbox}/folders/{folder}", MAIL_READER,  NO_BODY,   fetch_folder       },
    { READER,    "GET",    MESSAGES,                               MAIL_READER,   NO_BODY,   list_messages      },
    { READER,    "GET",    MESSAGES "{message}",                   MAIL_READER,   NO_BODY,   fetch_message      },
    { READER,    "PATCH",  MESSAGES "{message}",                   MAIL_CHANGER,  JSON_BODY, patch_message      },
    { READER,    "GET",    DOCUMENTS,                              MAIL_READER,   NO_BODY,   list_documents     },
    { READER,    "GET",    DOCUMENTS "{document}",                 MAIL_READER,   NO_BODY,   fetch_document     },
    { READER,    "GET",    FILES,                                  MAIL_READER,   NO_BODY,   list_files         },
    { READER,    "GET",    FILES "{file}",                         MAIL_READER,   NO_BODY,   fetch_file         },
    { READER,    "GET",    FILES "{file}/content",                 MAIL_READER,   NO_BODY,   fetch_content      },

    /* our own, outside the contract's paths */
    { SENDER,    "POST",   "/apis/gateway/v1/empty",               NOBODY,        ANY_BODY,  handle_empty       },
    { MONITOR,   "GET",    "/healthz",                             NOBODY,        NO_BODY,   handle_healthz     },
    { MONITOR,   "GET",    "/readyz",                              NOBODY,        NO_BODY,   handle_readyz      },
    { MONITOR,   "GET",    "/metrics",                             NOBODY,        NO_BODY,   handle_metrics     },
    { 0 }
};
/* clang-format on */
