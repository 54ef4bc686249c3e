/* Who may call what (reliability.md R21): default deny, decided on every request. */
#ifndef HANDLERS_ACCESS_H
#define HANDLERS_ACCESS_H

#include "gateway/http/http.h"

#include <stdbool.h>

/* Establishes who calls, as the endpoint's row demands, and leaves it in rq->caller. False with rq->error: 401 where the
 * credentials are missing or wrong, 403 where they are good but do not reach this far (CONTRACT.md, Who is calling). */
bool access_check(struct request *rq);

#endif
