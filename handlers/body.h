/* How large a body each row of the endpoint table takes: what its column `body` means. nginx refuses most of what is
 * larger before it comes; the worker holds every request against its row. */
#ifndef HANDLERS_BODY_H
#define HANDLERS_BODY_H

#include "gateway/http/http.h"

#include <stdbool.h>

#define JSON_BODY_MAX ((size_t)4096) /* bytes: the longest command of the contract has a few hundred */

/* By the length that nginx gives, before a byte of it is read. False: ERROR_BODY_TOO_LARGE. */
bool body_check(struct request *rq);

#endif
