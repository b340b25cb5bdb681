/* Byte ranges on the command line, object ids in URLs. */
#include "player/range.h"

#include <string.h>

#define OBJECT_DIGITS 64

/* A number without sign or blanks, up to `stop`; false beyond 2^63. */
static bool
range_number(const char *text, const char *stop, uint64_t *out)
{
	uint64_t number = 0;

	if (text == stop)
		return false;
	for (; text < stop; text++) {
		if (*text < '0' || *text > '9' ||
		    number > (INT64_MAX - 9) / 10)
			return false;
		number = number * 10 + (uint64_t)(*text - '0');
	}
	*out = number;
	return true;
}

enum err
range_parse(const char *text, struct byte_range *out)
{
	const char *hyphen = strchr(text, '-');
	const char *end = text + strlen(text);

	*out = (struct byte_range){ .to = UINT64_MAX };
	if (hyphen == NULL)
		return ERR_OUT_OF_RANGE;
	if (hyphen == text) {
		out->is_suffix = true;
		return range_number(text + 1, end, &out->to) ? ERR_OK :
		    ERR_OUT_OF_RANGE;
	}
	if (!range_number(text, hyphen, &out->from))
		return ERR_OUT_OF_RANGE;
	if (hyphen + 1 == end)
		return ERR_OK;
	if (!range_number(hyphen + 1, end, &out->to) || out->to < out->from)
		return ERR_OUT_OF_RANGE;
	return ERR_OK;
}

bool
range_needs_end(const struct byte_range *range, uint64_t size)
{
	return range->is_suffix || range->from >= size;
}

enum err
range_resolve(const struct byte_range *range, uint64_t size, uint64_t *from,
    uint64_t *count)
{
	if (range->is_suffix) {
		*count = range->to < size ? range->to : size;
		*from = size - *count;
		return *count == 0 ? ERR_RANGE_NOT_SATISFIABLE : ERR_OK;
	}
	if (range->from >= size)
		return ERR_RANGE_NOT_SATISFIABLE;
	*from = range->from;
	*count = (range->to < size ? range->to + 1 : size) - range->from;
	return ERR_OK;
}

bool
range_url_object(const char *url, char object[static 65])
{
	static const char folder[] = "/media/";
	const char *at = strstr(url, "://");
	size_t length;

	at = at == NULL ? NULL : at + 3 + strcspn(at + 3, "/?#");
	if (at == NULL || strncmp(at, folder, sizeof(folder) - 1) != 0)
		return false;
	at += sizeof(folder) - 1;
	length = strspn(at, "0123456789abcdef");
	if (length != OBJECT_DIGITS || strchr("?#", at[length]) == NULL)
		return false;
	memcpy(object, at, OBJECT_DIGITS);
	object[OBJECT_DIGITS] = '\0';
	return true;
}
