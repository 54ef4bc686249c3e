/* Time: milliseconds since 1970-01-01T00:00:00Z in an int64_t, and the Danish calendar. */
#ifndef GATEWAY_BASE_TIME_H
#define GATEWAY_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* 2026-11-01: no clock that is right shows less. */
#define TIME_FLOOR INT64_C(1793491200000)
#define TIME_TEXT_SIZE 25 /* "2026-11-23T15:54:29.123Z" and its NUL */

/* The wall clock. Requests read it once, at their beginning. */
int64_t time_now(void);

/* Milliseconds that only go forward, for waiting and measuring. */
int64_t time_monotonic(void);

/* UTC with milliseconds and Z. */
void time_format(int64_t when, char out[TIME_TEXT_SIZE]);

/* An xs:dateTime that ends in Z, fractions cut to milliseconds. False: not such a time, or before year 1970. */
bool time_parse(const char *text, int64_t *when);

/* 00:00 in Denmark (Europe/Copenhagen: CET, CEST from the last Sunday of March to that of October) of a
 * "yyyy-mm-dd" day, leap years checked. False: not a day. */
bool time_danish_midnight(const char *day, int64_t *when);

/* The Danish calendar day of a moment as "yyyy-mm-dd". */
void time_danish_day(int64_t when, char out[11]);

#endif
