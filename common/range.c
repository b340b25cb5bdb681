/* Parsing of byte ranges; strict in form, saturating in numbers. */
#include "common/range.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* A range-spec: FROM-TO, FROM- or -SUFFIX. */
struct range_spec {
	bool has_from, has_to;
	uint64_t from, to;	/* to: the suffix's length without from */
};

const char *
range_parse_number(const char *text, uint64_t *value)
{
	uint64_t number = 0, digit;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		digit = (uint64_t)(*text - '0');
		if (number > (UINT64_MAX - digit) / 10)
			number = UINT64_MAX;
		else if (number != UINT64_MAX)
			number = number * 10 + digit;
	}
	*value = number;
	return text;
}

/* What follows the spec; NULL when it is malformed. */
static const char *
parse_spec(const char *text, struct range_spec *spec)
{
	const char *end = range_parse_number(text, &spec->from);

	spec->has_from = end != NULL;
	if (end == NULL)
		end = text;
	if (*end++ != '-')
		return NULL;
	text = end;
	end = range_parse_number(text, &spec->to);
	spec->has_to = end != NULL;
	if (end == NULL)
		end = text;
	if (!spec->has_from && !spec->has_to)
		return NULL;
	if (spec->has_from && spec->has_to && spec->to < spec->from)
		return NULL;
	return end;
}

static const char *
skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/*
 * The one spec of a list (RFC 9110, section 5.6.1: empty elements count for
 * nothing).  False: malformed, none, or several.
 */
static bool
parse_set(const char *text, struct range_spec *spec)
{
	unsigned count = 0;

	/* No blank between "=" and the first element. */
	if (*text == ' ' || *text == '\t')
		return false;
	for (;;) {
		if (*text != ',' && *text != '\0') {
			text = parse_spec(text, spec);
			if (text == NULL || ++count > 1)
				return false;
		}
		text = skip_blanks(text);
		if (*text == '\0')
			return count == 1;
		if (*text != ',')
			return false;
		text = skip_blanks(text + 1);
	}
}

enum range_verdict
range_select(const char *field, uint64_t size, struct range *range)
{
	struct range_spec spec = { 0 };

	if (field == NULL || strncasecmp(field, "bytes=", 6) != 0 ||
	    !parse_set(field + 6, &spec))
		return RANGE_WHOLE;
	if (!spec.has_from) {
		if (spec.to == 0)
			return RANGE_UNSATISFIABLE;
		/* Satisfiable, says the RFC, but no Content-Range says it. */
		if (size == 0)
			return RANGE_WHOLE;
		range->length = spec.to < size ? spec.to : size;
		range->offset = size - range->length;
		return RANGE_PART;
	}
	if (spec.from >= size)
		return RANGE_UNSATISFIABLE;
	range->offset = spec.from;
	range->length = size - spec.from;
	if (spec.has_to && spec.to - spec.from < range->length)
		range->length = spec.to - spec.from + 1;
	return RANGE_PART;
}

bool
range_parse_content(const char *field, struct content_range *range)
{
	const char *text = field;

	if (strncasecmp(text, "bytes ", 6) != 0)
		return false;
	text = range_parse_number(text + 6, &range->from);
	if (text == NULL || *text != '-')
		return false;
	text = range_parse_number(text + 1, &range->to);
	if (text == NULL || *text != '/')
		return false;
	text = range_parse_number(text + 1, &range->total);
	if (text == NULL || *text != '\0')
		return false;
	return range->from <= range->to && range->to < range->total &&
	    range->total <= INT64_MAX;
}
