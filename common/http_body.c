/* What a route takes for a body, and how a JSON one is gathered. */
#include "common/http_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define JSON_FIRST_CAPACITY 1024	/* of a body without a length */

static bool
takes_json(const struct http_route *route)
{
	return route->body == HTTP_BODY_JSON ||
	    route->body == HTTP_BODY_JSON_OPTIONAL;
}

/* type, with charset=utf-8 or nothing behind it */
static bool
is_type(const char *value, const char *type)
{
	const char *p;
	size_t length;

	if (value == NULL || strncasecmp(value, type, strlen(type)) != 0)
		return false;
	p = value + strlen(type);
	p += strspn(p, " \t");
	if (*p == '\0')
		return true;
	if (*p++ != ';')
		return false;
	p += strspn(p, " \t");
	length = strcspn(p, " \t");
	if (p[length + strspn(p + length, " \t")] != '\0')
		return false;
	return (length == 13 && strncasecmp(p, "charset=utf-8", 13) == 0) ||
	    (length == 15 && strncasecmp(p, "charset=\"utf-8\"", 15) == 0);
}

/* RFC 7396 has a type of its own for a PATCH. */
static bool
is_json_type(const struct http_request *request)
{
	const char *value = http_request_field(request, "Content-Type");

	return is_type(value, "application/json") ||
	    (strcmp(request->method, "PATCH") == 0 &&
	    is_type(value, "application/merge-patch+json"));
}

static enum err
too_large(struct http_request *request)
{
	http_reply_error(request, ERR_TOO_LARGE, "Send at most %llu bytes.",
	    (unsigned long long)request->match.route->body_max_bytes);
	return ERR_TOO_LARGE;
}

enum err
http_body_check(struct http_request *request, const char **reason)
{
	const struct http_route *route = request->match.route;
	int64_t length = request->framing.content_length;

	if (route == NULL || route->body == HTTP_BODY_NONE) {
		*reason = "This request takes no body.";
		return length == 0 ? ERR_OK : ERR_MALFORMED_REQUEST;
	}
	if (length > 0 && (uint64_t)length > route->body_max_bytes &&
	    (takes_json(route) || route->body_max_bytes > 0))
		return too_large(request);
	if (route->body == HTTP_BODY_JSON_OPTIONAL && length == 0)
		return ERR_OK;
	if (!takes_json(route))
		return ERR_OK;
	if (!is_json_type(request)) {
		*reason = "Content-Type must be application/json.";
		return ERR_UNSUPPORTED_MEDIA_TYPE;
	}
	if (http_request_field(request, "Content-Encoding") != NULL) {
		*reason = "Send the JSON itself, without Content-Encoding.";
		return ERR_UNSUPPORTED_MEDIA_TYPE;
	}
	return ERR_OK;
}

/* Room for size more bytes and a NUL; the whole of a declared body at once. */
static enum err
body_reserve(struct http_request *request, size_t size)
{
	size_t needed = request->body_size + size + 1;
	size_t capacity = request->body_capacity;
	uint8_t *body;

	if (needed <= capacity)
		return ERR_OK;
	if (request->framing.content_length > 0)
		capacity = (size_t)request->framing.content_length + 1;
	else if (capacity == 0)
		capacity = JSON_FIRST_CAPACITY;
	while (capacity < needed)
		capacity *= 2;
	body = realloc(request->body, capacity);
	if (body == NULL)
		return ERR_NO_MEMORY;
	request->body = body;
	request->body_capacity = capacity;
	return ERR_OK;
}

enum err
http_body_add(struct http_request *request, const uint8_t *bytes,
    size_t size)
{
	const struct http_route *route = request->match.route;
	bool is_limited = takes_json(route) || route->body_max_bytes > 0;
	enum err e;

	if (is_limited && (request->received > route->body_max_bytes ||
	    size > route->body_max_bytes - request->received))
		return too_large(request);
	if (route->body == HTTP_BODY_STREAM)
		return route->piece(request,
		    request->server->options.application, bytes, size);
	e = body_reserve(request, size);
	if (e != ERR_OK)
		return e;
	memcpy(request->body + request->body_size, bytes, size);
	request->body_size += size;
	return ERR_OK;
}

/*
 * Deeper than we allow?  Looked at before the parser is, so that hostile
 * depth costs one pass and no memory; what else is wrong the parser finds.
 */
static bool
nests_too_deep(const uint8_t *text, size_t size)
{
	unsigned depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < size; i++) {
		if (in_string) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				in_string = false;
		} else if (text[i] == '"') {
			in_string = true;
		} else if (text[i] == '{' || text[i] == '[') {
			if (++depth > HTTP_JSON_NESTING_MAX)
				return true;
		} else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
			depth--;
		}
	}
	return false;
}

enum err
http_body_finish(struct http_request *request, const char **reason)
{
	const struct http_route *route = request->match.route;

	if (!takes_json(route) || (request->body_size == 0 &&
	    route->body == HTTP_BODY_JSON_OPTIONAL))
		return ERR_OK;
	if (request->body_size == 0)
		*reason = "A JSON object is needed as the body.";
	else if (memchr(request->body, '\0', request->body_size) != NULL)
		*reason = "The JSON holds a NUL.";
	else if (nests_too_deep(request->body, request->body_size))
		*reason = "The JSON is nested too deeply.";
	if (*reason != NULL)
		return ERR_MALFORMED_JSON;
	request->body[request->body_size] = '\0';
	request->json = json_loadb((const char *)request->body,
	    request->body_size, JSON_REJECT_DUPLICATES, NULL);
	if (request->json == NULL)
		*reason = "The body is not JSON in UTF-8, or names a member "
		    "twice, or holds a number that is too large.";
	else if (!json_is_object(request->json))
		*reason = "The body must be a JSON object.";
	return *reason == NULL ? ERR_OK : ERR_MALFORMED_JSON;
}
