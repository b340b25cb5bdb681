/* Times, dates and UTF-8 as requests write them. */
#include <string.h>
#include <time.h>

#include "commerced/http/member.h"

/* Exactly digits decimal digits; -1 else. */
static int
member_digits(const char *text, size_t digits)
{
	int value = 0;

	for (size_t i = 0; i < digits; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

static int
member_days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

/* "YYYY-MM-DD" at the start of text. */
static bool
member_date_parse(const char *text, struct tm *tm)
{
	int year, month, day;

	if (strnlen(text, 10) < 10 || text[4] != '-' || text[7] != '-')
		return false;
	year = member_digits(text, 4);
	month = member_digits(text + 5, 2);
	day = member_digits(text + 8, 2);
	if (year < 1 || month < 1 || month > 12 || day < 1)
		return false;
	if (day > member_days_in_month(year, month))
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return true;
}

bool
member_date_is_valid(const char *text)
{
	struct tm tm = { 0 };

	return strlen(text) == 10 && member_date_parse(text, &tm);
}

/* "HH:MM:SS"; a leap second counts as the one before. */
static bool
member_clock_parse(const char *text, struct tm *tm)
{
	if (strnlen(text, 8) < 8 || text[2] != ':' || text[5] != ':')
		return false;
	tm->tm_hour = member_digits(text, 2);
	tm->tm_min = member_digits(text + 3, 2);
	tm->tm_sec = member_digits(text + 6, 2);
	if (tm->tm_hour < 0 || tm->tm_hour > 23 || tm->tm_min < 0 ||
	    tm->tm_min > 59 || tm->tm_sec < 0 || tm->tm_sec > 60)
		return false;
	if (tm->tm_sec == 60)
		tm->tm_sec = 59;
	return true;
}

/* "Z", or "+HH:MM"; how far that is ahead of UTC. */
static bool
member_offset_parse(const char *text, int64_t *ahead_s)
{
	int hours, minutes;

	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
		*ahead_s = 0;
		return true;
	}
	if (strlen(text) != 6 || (text[0] != '+' && text[0] != '-') ||
	    text[3] != ':')
		return false;
	hours = member_digits(text + 1, 2);
	minutes = member_digits(text + 4, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return false;
	*ahead_s = (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

enum err
member_time_parse(const char *text, int64_t *unix_s)
{
	struct tm tm = { 0 };
	const char *rest;
	int64_t ahead_s, seconds;

	if (!member_date_parse(text, &tm) ||
	    (text[10] != 'T' && text[10] != 't') ||
	    !member_clock_parse(text + 11, &tm))
		return ERR_OUT_OF_RANGE;
	rest = text + 19;
	if (rest[0] == '.') {
		size_t digits = strspn(rest + 1, "0123456789");

		if (digits == 0)
			return ERR_OUT_OF_RANGE;
		rest += 1 + digits;
	}
	if (!member_offset_parse(rest, &ahead_s))
		return ERR_OUT_OF_RANGE;
	seconds = (int64_t)timegm(&tm) - ahead_s;
	if (seconds < 0 || seconds > INT64_C(253402300799))
		return ERR_OUT_OF_RANGE;
	*unix_s = seconds;
	return ERR_OK;
}

/* Length of the character at p, of which left bytes are there; 0: not UTF-8. */
static size_t
member_utf8_character(const unsigned char *p, size_t left)
{
	size_t length = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] <= 0xdf ? 2 :
	    p[0] >= 0xe0 && p[0] <= 0xef ? 3 :
	    p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : 0;

	if (length == 0 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return length;
}

bool
member_utf8_is_valid(const char *text, size_t length)
{
	const unsigned char *p = (const unsigned char *)text;

	while (length > 0) {
		size_t step = member_utf8_character(p, length);

		if (step == 0)
			return false;
		p += step;
		length -= step;
	}
	return true;
}
