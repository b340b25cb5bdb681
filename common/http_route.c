/* The route table, read row by row: it is short, and the order is the rule. */
#include "common/http_route.h"

#include <string.h>

#include "common/encoding.h"

/*
 * Decode length bytes of a segment to *scratch, which moves on behind the
 * NUL.  A NUL or "/" that comes to light is refused: nobody who checked the
 * raw target could have seen it.
 */
static enum err
segment_decode(const char *segment, size_t length, char **scratch)
{
	char *out = *scratch;

	for (size_t i = 0; i < length; i++) {
		int high, low;
		if (segment[i] != '%') {
			*out++ = segment[i];
			continue;
		}
		if (length - i < 3)
			return ERR_MALFORMED_REQUEST;
		high = hex_digit_value(segment[i + 1]);
		low = hex_digit_value(segment[i + 2]);
		if (high < 0 || low < 0)
			return ERR_MALFORMED_REQUEST;
		*out = (char)(high * 16 + low);
		if (*out == '\0' || *out == '/')
			return ERR_MALFORMED_REQUEST;
		out++;
		i += 2;
	}
	*out++ = '\0';
	*scratch = out;
	return ERR_OK;
}

static void
match_add(struct http_match *match, const char *name, size_t name_length,
    const char *value)
{
	struct http_parameter *parameter;

	if (match->parameter_count == HTTP_PARAMETERS_MAX)
		return;
	parameter = &match->parameters[match->parameter_count++];
	parameter->name = name;
	parameter->name_length = name_length;
	parameter->value = value;
}

/*
 * Does target fit pattern?  Then its parameters are those of *match, with
 * raw segments as values and their ends in ends[].
 */
static bool
pattern_fits(const char *pattern, const char *target,
    struct http_match *match, const char *ends[HTTP_PARAMETERS_MAX])
{
	const char *close;

	match->parameter_count = 0;
	while (*pattern != '\0') {
		size_t length;
		if (*pattern == '*' && pattern[1] == '\0') {
			match_add(match, pattern, 1, target);
			return true;
		}
		if (*pattern != '{' ||
		    (close = strchr(pattern, '}')) == NULL) {
			if (*pattern++ != *target++)
				return false;
			continue;
		}
		length = strcspn(target, "/?");
		if (length == 0)
			return false;
		match_add(match, pattern + 1, (size_t)(close - pattern - 1),
		    target);
		target += length;
		ends[match->parameter_count - 1] = target;
		pattern = close + 1;
	}
	return *target == '\0' || *target == '?';
}

static enum err
match_decode(struct http_match *match, char *scratch,
    const char *const ends[HTTP_PARAMETERS_MAX])
{
	for (size_t i = 0; i < match->parameter_count; i++) {
		struct http_parameter *parameter = &match->parameters[i];
		const char *raw = parameter->value;
		enum err e;
		if (parameter->name[0] == '*')
			continue;
		parameter->value = scratch;
		e = segment_decode(raw, (size_t)(ends[i] - raw), &scratch);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* Add a method to the list unless it is there. */
static void
allow_add(char allow[HTTP_ALLOW_SIZE], const char *method)
{
	size_t used = strlen(allow), length = strlen(method);

	for (const char *p = allow; *p != '\0'; ) {
		size_t word = strcspn(p, ",");
		if (word == length && memcmp(p, method, length) == 0)
			return;
		p += word;
		p += strspn(p, ", ");
	}
	if (used + length + 3 > HTTP_ALLOW_SIZE)
		return;
	if (used > 0) {
		memcpy(allow + used, ", ", 2);
		used += 2;
	}
	memcpy(allow + used, method, length + 1);
}

static bool
method_fits(const char *row, const char *method)
{
	return strcmp(row, method) == 0 ||
	    (strcmp(row, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

/* A row that names HEAD goes before the GET row that would serve it. */
static bool
is_better(const struct http_route *row, const struct http_route *found,
    const char *method)
{
	return method_fits(row->method, method) && (found == NULL ||
	    (strcmp(found->method, method) != 0 &&
	    strcmp(row->method, method) == 0 &&
	    strcmp(row->pattern, found->pattern) == 0));
}

/* What Allow says of the target.  False: no row fits it. */
static bool
fill_allow(const struct http_route *routes, unsigned audience,
    const char *target, struct http_match *match)
{
	const char *ends[HTTP_PARAMETERS_MAX];

	for (const struct http_route *row = routes; row->method != NULL;
	    row++) {
		if ((row->audience & audience) == 0 ||
		    !pattern_fits(row->pattern, target, match, ends))
			continue;
		allow_add(match->allow, row->method);
		if (strcmp(row->method, "GET") == 0)
			allow_add(match->allow, "HEAD");
	}
	match->parameter_count = 0;
	if (match->allow[0] == '\0')
		return false;
	allow_add(match->allow, "OPTIONS");
	return true;
}

enum err
http_route_find(const struct http_route *routes, unsigned audience,
    const char *method, const char *target, char *scratch,
    struct http_match *match)
{
	const char *ends[HTTP_PARAMETERS_MAX];
	const struct http_route *found = NULL;

	*match = (struct http_match){ 0 };
	for (const struct http_route *row = routes; row->method != NULL;
	    row++)
		if ((row->audience & audience) != 0 &&
		    is_better(row, found, method) &&
		    pattern_fits(row->pattern, target, match, ends)) {
			found = row;
			if (strcmp(row->method, method) == 0)
				break;	/* no row is better */
		}
	if (found != NULL) {
		match->route = found;
		pattern_fits(found->pattern, target, match, ends);
		return match_decode(match, scratch, ends);
	}
	if (!fill_allow(routes, audience, target, match))
		return ERR_NOT_FOUND;
	return strcmp(method, "OPTIONS") == 0 ? ERR_OK :
	    ERR_METHOD_NOT_ALLOWED;
}
