#include "gateway/base/time.h"

#include "gateway/base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000000;
}

int64_t time_now(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t time_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* Days from 1970-01-01 to a day of the proleptic Gregorian calendar: years are counted from March, so that the leap
 * day is a year's last. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil_from_days(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 719468, era = z / 146097, of_era = z - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;

    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + era * 400 + (*month <= 2));
}

/* The last `count` digits of a number, and what stands behind them. */
static char *put(char *out, unsigned number, int count, char behind)
{
    for (int i = count - 1; i >= 0; i--, number /= 10)
        out[i] = (char)('0' + number % 10);
    out[count] = behind;
    return out + count + 1;
}

void time_format(int64_t when, char out[TIME_TEXT_SIZE])
{
    int year, month, day;
    int64_t left = when < 0 ? 0 : when;

    civil_from_days(left / DAY, &year, &month, &day);
    left %= DAY;
    out = put(out, (unsigned)year, 4, '-');
    out = put(out, (unsigned)month, 2, '-');
    out = put(out, (unsigned)day, 2, 'T');
    out = put(out, (unsigned)(left / HOUR), 2, ':');
    out = put(out, (unsigned)(left / 60000 % 60), 2, ':');
    out = put(out, (unsigned)(left / 1000 % 60), 2, '.');
    *put(out, (unsigned)(left % 1000), 3, 'Z') = '\0';
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* Two digits, or -1. */
static int two_digits(const char *at)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return -1;
    return (at[0] - '0') * 10 + at[1] - '0';
}

/* "yyyy-mm-dd" at the beginning of `text`; days since 1970. */
static bool parse_day(const char *text, int64_t *days)
{
    if (strnlen(text, 10) < 10 || text[4] != '-' || text[7] != '-')
        return false;
    int century = two_digits(text), years = two_digits(text + 2), month = two_digits(text + 5),
        day = two_digits(text + 8);

    if (century < 0 || years < 0 || century * 100 + years < 1970 || month < 1 || month > 12 || day < 1
        || day > month_days(century * 100 + years, month))
        return false;
    *days = days_from_civil(century * 100 + years, month, day);
    return true;
}

bool time_parse(const char *text, int64_t *when)
{
    int64_t days, fraction = 0, weight = 100;

    if (!parse_day(text, &days) || strnlen(text, 20) < 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':')
        return false;
    int hour = two_digits(text + 11), minute = two_digits(text + 14), second = two_digits(text + 17);

    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return false;
    text += 19;
    if (*text == '.') {
        if (text[1] < '0' || text[1] > '9')
            return false;
        for (text++; *text >= '0' && *text <= '9'; text++, weight /= 10)
            fraction += weight * (*text - '0');
    }
    if (text[0] != 'Z' || text[1])
        return false;
    *when = days * DAY + hour * HOUR + minute * 60 * SECOND + second * SECOND + fraction;
    return true;
}

/* The last Sunday of a month, 01:00 UTC: when summer time begins (March) and ends (October) in the EU, directive
 * 2000/84/EC. 1970-01-04 was a Sunday. */
static int64_t last_sunday(int year, int month)
{
    int64_t last = days_from_civil(year, month, 31);

    return (last - (last + 4) % 7) * DAY + HOUR;
}

static int64_t danish_offset(int64_t when)
{
    int year, month, day;

    civil_from_days(when / DAY, &year, &month, &day);
    return when >= last_sunday(year, 3) && when < last_sunday(year, 10) ? 2 * HOUR : HOUR;
}

bool time_danish_midnight(const char *day, int64_t *when)
{
    int64_t days;

    if (!parse_day(day, &days) || day[10])
        return false;
    /* The clock never changes between 00:00 and 02:00, so the offset one hour before UTC midnight is the one. */
    *when = days * DAY - danish_offset(days * DAY - HOUR);
    return true;
}

void time_danish_day(int64_t when, char out[11])
{
    char text[TIME_TEXT_SIZE];

    time_format(when + danish_offset(when), text);
    memcpy(out, text, 10);
    out[10] = '\0';
}
