/* Finding the route: the table, patterns, parameters, what to allow. */
#ifndef COMMON_HTTP_ROUTE_H
#define COMMON_HTTP_ROUTE_H

#include <stddef.h>

#include "common/err.h"
#include "common/http_server.h"

#define HTTP_PARAMETERS_MAX 4	/* names in one pattern */
#define HTTP_ALLOW_SIZE 64	/* every method once, and a NUL */

struct http_parameter {
	const char *name;	/* into the pattern; "*" for the rest */
	size_t name_length;
	const char *value;	/* decoded, into scratch; of "*": into the
				 * target */
};

struct http_match {
	const struct http_route *route;	/* NULL for an OPTIONS made here */
	struct http_parameter parameters[HTTP_PARAMETERS_MAX];
	size_t parameter_count;
	char allow[HTTP_ALLOW_SIZE];	/* for Allow: "GET, HEAD, OPTIONS";
					 * empty when a route was found */
};

/*
 * The first row that fits target, method and audience.  scratch takes
 * strlen(target) + 1 bytes and must outlive the match, as must target.
 * ERR_NOT_FOUND; ERR_METHOD_NOT_ALLOWED (allow is filled);
 * ERR_MALFORMED_REQUEST: a segment that a name took is not percent-encoded
 * rightly, or hides a NUL or a "/".
 */
enum err http_route_find(const struct http_route *routes, unsigned audience,
    const char *method, const char *target, char *scratch,
    struct http_match *match);

#endif
