/* Reading the clocks, and Unix time as text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"

/* 9999-12-31T23:59:59Z, the last second that has four digits for its year. */
#define CLOCK_TEXT_LAST_S INT64_C(253402300799)

static struct timespec
clock_read(clockid_t clock)
{
	struct timespec now;

	/* Fails only for a clock that does not exist. */
	if (clock_gettime(clock, &now) != 0)
		abort();
	return now;
}

static int64_t
clock_milliseconds(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
clock_unix_s(void)
{
	return (int64_t)time(NULL);
}

int64_t
clock_unix_ms(void)
{
	return clock_milliseconds(clock_read(CLOCK_REALTIME));
}

int64_t
clock_monotonic_ms(void)
{
	return clock_milliseconds(clock_read(CLOCK_MONOTONIC));
}

int64_t
clock_monotonic_us(void)
{
	struct timespec now = clock_read(CLOCK_MONOTONIC);

	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool
clock_is_plausible(int64_t unix_s)
{
	return unix_s >= COUNTERFOIL_BUILT_S;
}

/* What lies outside of the years that the text can show becomes their end. */
static time_t
clock_clamp(int64_t unix_s)
{
	if (unix_s < 0)
		return 0;
	if (unix_s > CLOCK_TEXT_LAST_S)
		return (time_t)CLOCK_TEXT_LAST_S;
	return (time_t)unix_s;
}

static void
put_two_digits(char *at, int number)
{
	at[0] = (char)('0' + number / 10);
	at[1] = (char)('0' + number % 10);
}

/* strftime() would take three times as long. */
void
clock_text(char text[static CLOCK_TEXT_SIZE], int64_t unix_s)
{
	time_t t = clock_clamp(unix_s);
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL)
		abort();
	memcpy(text, "YYYY-MM-DDThh:mm:ssZ", CLOCK_TEXT_SIZE);
	put_two_digits(text, (tm.tm_year + 1900) / 100);
	put_two_digits(text + 2, (tm.tm_year + 1900) % 100);
	put_two_digits(text + 5, tm.tm_mon + 1);
	put_two_digits(text + 8, tm.tm_mday);
	put_two_digits(text + 11, tm.tm_hour);
	put_two_digits(text + 14, tm.tm_min);
	put_two_digits(text + 17, tm.tm_sec);
}
