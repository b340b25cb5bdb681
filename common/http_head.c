/* Reading a request head that has one reading. */
#include "common/http_head.h"

#include <string.h>
#include <strings.h>

#define NAME(text) { text, sizeof(text) - 1 }

/* How a message is framed, and what else changes what follows it; but for
 * "Connection: keep-alive", which says what HTTP/1.1 means anyway. */
static const struct {
	const char *name;
	size_t length;
} not_plain[] = {
	NAME("Connection"),		/* the first */
	NAME("Content-Length"), NAME("Transfer-Encoding"),
	NAME("Expect"), NAME("Upgrade"), NAME("Trailer"), NAME("TE"),
	NAME("Keep-Alive"), NAME("Proxy-Connection"), NAME("HTTP2-Settings"),
	NAME("Cookie")
};

#define NOT_PLAIN_COUNT (sizeof(not_plain) / sizeof(not_plain[0]))

static bool
is_named(const struct http_field *field, const char *name, size_t length)
{
	return field->name_length == length &&
	    strncasecmp(field->name, name, length) == 0;
}

static bool
is_plain_field(const struct http_field *field)
{
	static const char keep[] = "keep-alive";

	for (size_t i = 0; i < NOT_PLAIN_COUNT; i++)
		if (is_named(field, not_plain[i].name, not_plain[i].length))
			return i == 0 &&
			    field->value_length == sizeof(keep) - 1 &&
			    strncasecmp(field->value, keep,
			    sizeof(keep) - 1) == 0;
	return true;
}

/* Visible ASCII, with blanks inside of it alone. */
static bool
is_plain_value(const char *value, size_t length)
{
	return length > 0 && value[0] != ' ' && value[length - 1] != ' ' &&
	    http_is_from(' ', value, length);
}

/* "Name: value" up to its CR LF, of which both are there. */
static bool
read_field(char *line, char *end, struct http_field *field)
{
	char *colon = memchr(line, ':', (size_t)(end - line));

	if (colon == NULL || colon[1] != ' ')
		return false;
	*field = (struct http_field){
		.name = line, .name_length = (size_t)(colon - line),
		.value = colon + 2, .value_length = (size_t)(end - colon - 2),
	};
	if (!http_is_token(field->name, field->name_length) ||
	    !is_plain_value(field->value, field->value_length) ||
	    !is_plain_field(field))
		return false;
	*colon = '\0';
	return true;
}

/* "GET /target HTTP/1.1" */
static bool
read_request_line(char *line, char *end, struct http_head *head)
{
	static const char version[] = " HTTP/1.1";
	size_t length = (size_t)(end - line);
	char *target;

	head->method = line;
	if (length < sizeof("GET / HTTP/1.1") - 1)
		return false;
	if (memcmp(line, "GET /", 5) == 0)
		target = line + 4;
	else if (memcmp(line, "HEAD /", 6) == 0)
		target = line + 5;
	else
		return false;
	end -= sizeof(version) - 1;
	if (end <= target || memcmp(end, version, sizeof(version) - 1) != 0)
		return false;
	if (!http_is_from('!', target, (size_t)(end - target)))
		return false;
	target[-1] = *end = '\0';
	head->target = target;
	head->version = end + 1;
	return true;
}

/* The LF that ends the line, behind a CR; NULL: there is none. */
static char *
line_end(char *line, size_t size)
{
	char *end = memchr(line, '\n', size);

	return end == NULL || end == line || end[-1] != '\r' ? NULL : end;
}

bool
http_head_read(char *bytes, size_t size, struct http_head *head)
{
	char *end = bytes + size, *line = bytes, *line_feed;

	head->field_count = 0;
	if (size > HTTP_HEAD_MAX)
		return false;
	line_feed = line_end(line, size);
	if (line_feed == NULL || !read_request_line(line, line_feed - 1, head))
		return false;
	for (;;) {
		line_feed[-1] = '\0';
		line = line_feed + 1;
		line_feed = line_end(line, (size_t)(end - line));
		if (line_feed == NULL)
			return false;
		if (line_feed == line + 1)	/* the empty line */
			return line_feed + 1 == end;
		if (head->field_count == HTTP_HEAD_FIELDS_MAX ||
		    !read_field(line, line_feed - 1,
		    &head->fields[head->field_count++]))
			return false;
	}
}
