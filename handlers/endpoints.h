/* The endpoint table: every address the gateway answers, one line each (DESIGN.md 9: room for 132). */
#ifndef HANDLERS_ENDPOINTS_H
#define HANDLERS_ENDPOINTS_H

#include "gateway/http/http.h"

/* Ends with a row whose path is NULL. */
extern const struct endpoint endpoints[];

#endif
