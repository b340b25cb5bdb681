/* Time as the daemons read it; everything below main() and the handlers gets
 * it as a parameter.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_TEXT_SIZE 21	/* 2026-11-22T15:00:00Z and a NUL */

/* Of the last tick: some milliseconds behind clock_unix_ms(), which asks. */
int64_t clock_unix_s(void);
int64_t clock_unix_ms(void);
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/*
 * Can it be that time?  Not before this program was built: tokens are made
 * and refused by the clock, and a host whose clock lost its battery must say
 * so instead of refusing every buyer.
 */
bool clock_is_plausible(int64_t unix_s);

/* RFC 3339 in UTC, to the second; the years 1970 to 9999. */
void clock_text(char text[static CLOCK_TEXT_SIZE], int64_t unix_s);

#endif
