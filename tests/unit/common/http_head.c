/* The strict reader of request heads: what it takes, and all that it does
 * not, which is left to the library and the gate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/http_head.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define LINE "GET /media/a?b=c HTTP/1.1\r\n"
#define HOST "Host: x\r\n"

static struct http_head head;
static char bytes[2 * HTTP_HEAD_MAX];

static bool
takes_bytes(const char *text, size_t size)
{
	memcpy(bytes, text, size);
	/* What lies behind must not be looked at. */
	memset(bytes + size, '\n', sizeof(bytes) - size);
	return http_head_read(bytes, size, &head);
}

static bool
takes(const char *text)
{
	return takes_bytes(text, strlen(text));
}

static void
a_plain_head_is_taken_apart(void **state)
{
	(void)state;
	assert_true(takes("HEAD /media/a?b=c HTTP/1.1\r\nHost: x:80\r\n"
	    "user-agent: Some One/1.0 (a; b)\r\nRange: bytes=0-9\r\n\r\n"));
	assert_string_equal(head.method, "HEAD");
	assert_string_equal(head.target, "/media/a?b=c");
	assert_string_equal(head.version, "HTTP/1.1");
	assert_int_equal(head.field_count, 3);
	assert_string_equal(head.fields[0].name, "Host");
	assert_int_equal(head.fields[0].name_length, 4);
	assert_string_equal(head.fields[0].value, "x:80");
	assert_int_equal(head.fields[0].value_length, 4);
	assert_string_equal(head.fields[1].name, "user-agent");
	assert_string_equal(head.fields[1].value, "Some One/1.0 (a; b)");
	assert_string_equal(head.fields[2].value, "bytes=0-9");
}

static void
other_plain_heads_are_taken(void **state)
{
	static const char *const texts[] = {
		LINE "\r\n",			/* the gate asks for Host */
		LINE HOST HOST "\r\n",
		"GET / HTTP/1.1\r\n" HOST "\r\n",
		"GET /%00//../x HTTP/1.1\r\n" HOST "\r\n",
		LINE HOST "Connection: keep-alive\r\n\r\n",
		LINE HOST "CONNECTION: Keep-Alive\r\n\r\n",
		LINE HOST "Upgrade-Insecure-Requests: 1\r\n\r\n",
		LINE HOST "!#$%&'*+-.^_`|~09: v\r\n\r\n",
		LINE HOST "A: b:c  d\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++)
		if (!takes(texts[i]))
			fail_msg("not taken: %s", texts[i]);
}

static void
what_is_not_exactly_one_head_is_left(void **state)
{
	static const char *const texts[] = {
		"", "\r\n", "\n", "G", "GET ", "GET /", LINE,
		LINE HOST, LINE HOST "\r", LINE HOST "\n",
		LINE HOST "\r\n\r\n", LINE HOST "\r\nx",
		LINE HOST "\r\n" LINE HOST "\r\n",
		"\r\n" LINE HOST "\r\n", " " LINE HOST "\r\n",
	};
	const char *whole = LINE HOST "Range: bytes=0-\r\n\r\n";

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++)
		if (takes(texts[i]))
			fail_msg("taken: %s", texts[i]);
	for (size_t size = 0; size < strlen(whole); size++)
		assert_false(takes_bytes(whole, size));
	assert_true(takes(whole));
}

static void
another_request_line_is_left(void **state)
{
	static const char *const lines[] = {
		"POST /a HTTP/1.1", "get /a HTTP/1.1", "GETX /a HTTP/1.1",
		"GET /a HTTP/1.0", "GET /a HTTP/1.1 ", "GET /a  HTTP/1.1",
		"GET  /a HTTP/1.1", "GET\t/a HTTP/1.1", "GET /a\tHTTP/1.1",
		"GET /a http/1.1", "GET /a HTTP/2.0", "GET /a HTTP/1.1\r",
		"GET /a", "GET /aHTTP/1.1", "GET HTTP/1.1", "GET / HTTP/1.",
		"GET a HTTP/1.1", "GET * HTTP/1.1", "OPTIONS * HTTP/1.1",
		"GET http://x/a HTTP/1.1", "GET /a b HTTP/1.1",
		"GET /a\x7f HTTP/1.1", "GET /\xc3\xa4 HTTP/1.1",
		"HEAD a HTTP/1.1", "HEAD  / HTTP/1.1", "HEAD/ HTTP/1.1",
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < LENGTH(lines); i++) {
		snprintf(text, sizeof(text), "%s\r\n" HOST "\r\n", lines[i]);
		if (takes(text))
			fail_msg("taken: %s", lines[i]);
	}
}

static void
a_field_that_is_written_otherwise_is_left(void **state)
{
	static const char *const lines[] = {
		"A", ":", ": b", "A:", "A: ", "A:b", "A:\tb", "A:  b",
		"A : b", " A: b", "\tA: b", "A: b ", "A: b\t", "A: b\tc",
		"A: b\rc", "A: b\nB: c", "A: b\r\n c", "A: b\r\n\tc",
		"A: \x01", "A: \x7f", "A: \xc3\xa4", "A(: b", "A\x80: b",
		"A: b\r", "\"A\": b", "A b: c", "\x01: b",
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < LENGTH(lines); i++) {
		snprintf(text, sizeof(text), LINE HOST "%s\r\n\r\n", lines[i]);
		if (takes(text))
			fail_msg("taken: %s", lines[i]);
	}
	assert_false(takes_bytes(LINE "A: b\0c\r\n\r\n",
	    strlen(LINE) + strlen("A: b?c\r\n\r\n")));
	assert_false(takes_bytes("GET /\0 HTTP/1.1\r\n\r\n",
	    strlen("GET /? HTTP/1.1\r\n\r\n")));
}

static void
what_frames_a_message_or_ends_a_connection_is_left(void **state)
{
	static const char *const lines[] = {
		"Content-Length: 0", "content-length: 5", "CONTENT-LENGTH: 0",
		"Transfer-Encoding: chunked", "Transfer-encoding: identity",
		"Expect: 100-continue", "Upgrade: h2c", "Trailer: a",
		"TE: trailers", "Connection: close", "Connection: Upgrade",
		"Connection: keep-alive, TE", "Connection: keep-aliv",
		"Keep-Alive: timeout=5", "Proxy-Connection: keep-alive",
		"HTTP2-Settings: a", "Cookie: a=b",
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < LENGTH(lines); i++) {
		snprintf(text, sizeof(text), LINE "%s\r\n" HOST "\r\n",
		    lines[i]);
		if (takes(text))
			fail_msg("taken: %s", lines[i]);
	}
}

/* A head of size bytes with count fields. */
static bool
takes_size(size_t size, unsigned count)
{
	char text[HTTP_HEAD_MAX + 64] = "GET /";
	size_t used, left;

	left = size - strlen("GET / HTTP/1.1\r\n\r\n") -
	    count * strlen("Aa: b\r\n");
	memset(text + strlen("GET /"), 'a', left);
	used = strlen("GET /") + left;
	used += (size_t)snprintf(text + used, sizeof(text) - used,
	    " HTTP/1.1\r\n");
	for (unsigned i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "A%c: b\r\n", (char)('a' + i));
	used += (size_t)snprintf(text + used, sizeof(text) - used, "\r\n");
	assert_int_equal(used, size);
	return takes_bytes(text, used);
}

static void
a_large_head_is_left(void **state)
{
	(void)state;
	assert_true(takes_size(HTTP_HEAD_MAX, 1));
	assert_false(takes_size(HTTP_HEAD_MAX + 1, 1));
	assert_true(takes_size(HTTP_HEAD_MAX, HTTP_HEAD_FIELDS_MAX));
	assert_int_equal(head.field_count, HTTP_HEAD_FIELDS_MAX);
	assert_false(takes_size(HTTP_HEAD_MAX, HTTP_HEAD_FIELDS_MAX + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_head_is_taken_apart),
		cmocka_unit_test(other_plain_heads_are_taken),
		cmocka_unit_test(what_is_not_exactly_one_head_is_left),
		cmocka_unit_test(another_request_line_is_left),
		cmocka_unit_test(a_field_that_is_written_otherwise_is_left),
		cmocka_unit_test(
		    what_frames_a_message_or_ends_a_connection_is_left),
		cmocka_unit_test(a_large_head_is_left),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
