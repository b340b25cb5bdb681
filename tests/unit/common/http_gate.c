/* The gate: each field's rules, and the layout that a clean header has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/http_gate.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct shape {
	const char *method, *target, *version;
	const char *fields[6];	/* "Name: value" */
	enum err expected;
	int64_t content_length;
};

/* A request as the library would hand it over; holds the texts. */
struct request {
	char text[2048];
	struct http_field fields[HTTP_FIELDS_MAX + 2];
	struct http_gate_input input;
};

static void
field_set(struct request *request, size_t i, const char *line)
{
	const char *colon = strchr(line, ':');
	const char *value = colon + 1 + strspn(colon + 1, " ");
	static char names[HTTP_FIELDS_MAX + 2][64];

	snprintf(names[i], sizeof(names[i]), "%.*s", (int)(colon - line),
	    line);
	request->fields[i] = (struct http_field){
		.name = names[i], .name_length = strlen(names[i]),
		.value = value, .value_length = strlen(value) };
	request->input.field_count = i + 1;
}

static enum err
check(const struct shape *shape, struct http_framing *framing)
{
	struct request request = { .input = {
		.method = shape->method, .target = shape->target,
		.version = shape->version } };
	const char *reason = NULL;
	enum err e;

	request.input.fields = request.fields;
	for (size_t i = 0; i < LENGTH(shape->fields) &&
	    shape->fields[i] != NULL; i++)
		field_set(&request, i, shape->fields[i]);
	e = http_gate_check(&request.input, framing, &reason);
	assert_true((e == ERR_OK) == (reason == NULL));
	return e;
}

#define GOOD ERR_OK
#define BAD ERR_MALFORMED_REQUEST
#define V1 "HTTP/1.1"

static const struct shape shapes[] = {
	{ "GET", "/", V1, { "Host: x" }, GOOD, 0 },
	{ "GET", "/", "HTTP/1.0", { "Host: x" }, GOOD, 0 },
	{ "get", "/", V1, { "Host: x" }, GOOD, 0 },
	{ "M-SEARCH", "/~!'()*;:@&=+$,?#[]", V1, { "Host: x" }, GOOD, 0 },
	/* versions and methods */
	{ "GET", "/", "HTTP/1.2", { "Host: x" }, BAD, 0 },
	{ "GET", "/", "HTTP/2.0", { "Host: x" }, BAD, 0 },
	{ "GET", "/", "http/1.1", { "Host: x" }, BAD, 0 },
	{ "GET", "/", "", { "Host: x" }, BAD, 0 },
	{ "", "/", V1, { "Host: x" }, BAD, 0 },
	{ "GE T", "/", V1, { "Host: x" }, BAD, 0 },
	{ "GET\xc3\xa9", "/", V1, { "Host: x" }, BAD, 0 },
	/* targets */
	{ "GET", "", V1, { "Host: x" }, BAD, 0 },
	{ "GET", "a", V1, { "Host: x" }, BAD, 0 },
	{ "OPTIONS", "*", V1, { "Host: x" }, BAD, 0 },
	{ "GET", "http://x/", V1, { "Host: x" }, BAD, 0 },
	{ "GET", "/a b", V1, { "Host: x" }, BAD, 0 },
	{ "GET", "/a\tb", V1, { "Host: x" }, BAD, 0 },
	{ "GET", "/a\x7f", V1, { "Host: x" }, BAD, 0 },
	{ "GET", "/\xc3\xa9", V1, { "Host: x" }, BAD, 0 },
	/* names and values */
	{ "GET", "/", V1, { "Host: x", "X-A_b.c!: d" }, GOOD, 0 },
	{ "GET", "/", V1, { "Host: x", "A: \tb\t" }, GOOD, 0 },
	{ "GET", "/", V1, { "Host: x", "A: \xc3\xa9" }, GOOD, 0 },
	{ "GET", "/", V1, { "Host: x", ": a" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x", "A : a" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x", " A: a" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x", "A\xe9: a" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x", "A: a\rb" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x", "A: a\nb" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x", "A: a\x01" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x", "A: a\x7f" }, BAD, 0 },
	/* Host */
	{ "GET", "/", V1, { NULL }, BAD, 0 },
	{ "GET", "/", "HTTP/1.0", { NULL }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x", "host: x" }, BAD, 0 },
	{ "GET", "/", V1, { "Host:" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x " }, GOOD, 0 },
	{ "GET", "/", V1, { "Host: [::1]:80\t " }, GOOD, 0 },
	{ "GET", "/", V1, { "Host:  \t" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x y" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: :80" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x:80" }, GOOD, 0 },
	{ "GET", "/", V1, { "Host: x:" }, GOOD, 0 },
	{ "GET", "/", V1, { "Host: x:655360" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x:8a" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x:80:80" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: [::1]:80" }, GOOD, 0 },
	{ "GET", "/", V1, { "Host: [::1" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: []" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: [::1]x" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x y" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x/y" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: u@x" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: a, b" }, BAD, 0 },
	/* lengths */
	{ "PUT", "/", V1, { "Host: x", "Content-Length: 7" }, GOOD, 7 },
	{ "PUT", "/", V1, { "Host: x", "content-length: 007" }, GOOD, 7 },
	{ "PUT", "/", V1, { "Host: x",
	    "Content-Length: 9223372036854775807" }, GOOD, INT64_MAX },
	{ "PUT", "/", V1, { "Host: x",
	    "Content-Length: 9223372036854775808" }, BAD, 0 },
	{ "PUT", "/", V1, { "Host: x",
	    "Content-Length: 99999999999999999999999" }, BAD, 0 },
	{ "PUT", "/", V1, { "Host: x", "Content-Length:" }, BAD, 0 },
	{ "PUT", "/", V1, { "Host: x", "Content-Length: -1" }, BAD, 0 },
	{ "PUT", "/", V1, { "Host: x", "Content-Length: +1" }, BAD, 0 },
	{ "PUT", "/", V1, { "Host: x", "Content-Length: 1 " }, BAD, 0 },
	{ "PUT", "/", V1, { "Host: x", "Content-Length: 1,1" }, BAD, 0 },
	{ "PUT", "/", V1, { "Host: x", "Content-Length: 0x1" }, BAD, 0 },
	{ "PUT", "/", V1, { "Host: x", "Content-Length: 1",
	    "Content-Length: 1" }, BAD, 0 },
	/* codings */
	{ "PUT", "/", V1, { "Host: x", "Transfer-Encoding: CHUNKED" },
	    GOOD, -1 },
	{ "PUT", "/", "HTTP/1.0", { "Host: x",
	    "Transfer-Encoding: chunked" }, BAD, 0 },
	{ "PUT", "/", V1, { "Host: x", "Transfer-Encoding: gzip" }, BAD, 0 },
	{ "PUT", "/", V1, { "Host: x", "Transfer-Encoding: chunked " },
	    BAD, 0 },
	{ "PUT", "/", V1, { "Host: x", "Transfer-Encoding: gzip, chunked" },
	    BAD, 0 },
	{ "PUT", "/", V1, { "Host: x", "Transfer-Encoding:" }, BAD, 0 },
	{ "PUT", "/", V1, { "Host: x", "Transfer-Encoding: chunked",
	    "transfer-encoding: chunked" }, BAD, 0 },
	{ "PUT", "/", V1, { "Host: x", "Transfer-Encoding: chunked",
	    "Content-Length: 1" }, BAD, 0 },
	{ "PUT", "/", V1, { "Host: x", "Content-Length: 0",
	    "Transfer-Encoding: chunked" }, BAD, 0 },
	/* what may be there once */
	{ "GET", "/", V1, { "Host: x", "Accept: a", "Accept: b" }, GOOD, 0 },
	{ "GET", "/", V1, { "Host: x", "Range: a", "range: a" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x", "Authorization: a",
	    "AUTHORIZATION: b" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x", "Origin: a", "Origin: a" }, BAD, 0 },
	{ "GET", "/", V1, { "Host: x", "Cookie: a", "Cookie: b" }, BAD, 0 },
	/* expectations */
	{ "PUT", "/", V1, { "Host: x", "Expect: 100-Continue",
	    "Content-Length: 1" }, GOOD, 1 },
	{ "PUT", "/", V1, { "Host: x", "Expect: 100-Continue",
	    "Transfer-Encoding: chunked" }, GOOD, -1 },
	{ "PUT", "/", V1, { "Host: x", "Expect: 100-continue" },
	    ERR_MALFORMED_REQUEST, 0 },
	{ "PUT", "/", V1, { "Host: x", "Expect: 100-continue",
	    "Content-Length: 0" }, ERR_MALFORMED_REQUEST, 0 },
	{ "PUT", "/", "HTTP/1.0", { "Host: x", "Expect: 100-continue" },
	    GOOD, 0 },
	{ "PUT", "/", V1, { "Host: x", "Expect: 100-continue " },
	    ERR_EXPECTATION_FAILED, 0 },
	{ "PUT", "/", V1, { "Host: x", "Expect:" },
	    ERR_EXPECTATION_FAILED, 0 },
	{ "PUT", "/", V1, { "Host: x", "Expect: fun" },
	    ERR_EXPECTATION_FAILED, 0 },
};

static void
each_shape_is_taken_or_refused_as_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(shapes); i++) {
		struct http_framing framing = { .content_length = 99 };
		enum err e = check(&shapes[i], &framing);
		if (e != shapes[i].expected || (e == ERR_OK &&
		    framing.content_length != shapes[i].content_length))
			fail_msg("shape %zu: %s %s: got %s, length %jd", i,
			    shapes[i].method, shapes[i].target, err_slug(e),
			    (intmax_t)framing.content_length);
	}
}

static void
only_http_1_1_is_told_to_continue(void **state)
{
	struct shape shape = { "PUT", "/", "HTTP/1.0",
	    { "Host: x", "Expect: 100-continue", "Content-Length: 1" },
	    GOOD, 1 };
	struct http_framing framing;

	(void)state;
	assert_int_equal(check(&shape, &framing), ERR_OK);
	assert_false(framing.expects_continue);
	shape.version = V1;
	assert_int_equal(check(&shape, &framing), ERR_OK);
	assert_true(framing.expects_continue);
}

static void
the_101st_field_is_too_many(void **state)
{
	struct request request = { .input = { .method = "GET", .target = "/",
		.version = V1 } };
	struct http_framing framing;
	const char *reason = NULL;

	(void)state;
	request.input.fields = request.fields;
	field_set(&request, 0, "Host: x");
	for (size_t i = 1; i < HTTP_FIELDS_MAX; i++)
		field_set(&request, i, "A: b");
	assert_int_equal(http_gate_check(&request.input, &framing, &reason),
	    ERR_OK);
	field_set(&request, HTTP_FIELDS_MAX, "A: b");
	assert_int_equal(http_gate_check(&request.input, &framing, &reason),
	    ERR_MALFORMED_REQUEST);
	assert_non_null(reason);
}

/*
 * Cut a header up in place as libmicrohttpd 0.9.75 does: LF, and the CR
 * before it, become NULs.  The bytes may hold NULs themselves.
 */
static bool
layout_of(const char *bytes, size_t size)
{
	struct request request = { 0 };
	struct http_gate_input *input = &request.input;
	char *p = request.text, *end = p + size, *target;
	size_t line = (size_t)((const char *)memchr(bytes, '\n', size) -
	    bytes);

	memcpy(request.text, bytes, size);
	for (char *q = p; q < end; q++)
		if (*q == '\n') {
			*q = '\0';
			if (q > p && q[-1] == '\r')
				q[-1] = '\0';
		}
	input->method = p;
	target = strchr(p, ' ');
	*target++ = '\0';
	target += strspn(target, " ");
	input->target = target;
	p = memrchr(p, ' ', line);
	*p++ = '\0';
	input->version = p;
	p += strlen(p);
	p += p[1] == '\0' ? 2 : 1;
	input->fields = request.fields;
	while (p < end && *p != '\0') {
		struct http_field *field =
		    &request.fields[input->field_count++];
		char *colon = strchr(p, ':');
		if (colon == NULL)
			return false;	/* the library's own refusal */
		*colon = '\0';
		field->name = p;
		field->name_length = strlen(p);
		field->value = colon + 1 + strspn(colon + 1, " \t");
		field->value_length = strlen(field->value);
		p = colon + 1 + strspn(colon + 1, " \t") +
		    field->value_length;
		p += p + 1 < end && p[1] == '\0' ? 2 : 1;
	}
	return http_gate_layout_is_exact(input, (uintptr_t)target,
	    (uintptr_t)end);
}

#define LAYOUT(text) layout_of(text, sizeof(text) - 1)

static void
a_header_of_crlf_lines_lies_exactly(void **state)
{
	(void)state;
	assert_true(LAYOUT("GET / HTTP/1.1\r\n\r\n"));
	assert_true(LAYOUT("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
	assert_true(LAYOUT("GET /a?b HTTP/1.1\r\nHost:x\r\nA: \t b \r\n\r\n"));
	assert_true(LAYOUT("GET / HTTP/1.1\r\nHost: x\r\nA:\r\n\r\n"));
}

static void
bare_lf_and_nul_shift_the_pieces(void **state)
{
	(void)state;
	assert_false(LAYOUT("GET / HTTP/1.1\nHost: x\r\n\r\n"));
	assert_false(LAYOUT("GET / HTTP/1.1\r\nHost: x\n\r\n"));
	assert_false(LAYOUT("GET / HTTP/1.1\r\nHost: x\r\n\n"));
	assert_false(LAYOUT("GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n"));
	assert_false(LAYOUT("GET / HTTP/1.1\r\nHost: x\0\r\n\r\n"));
	assert_false(LAYOUT("GET / HTTP/1.1\r\nHost: x\0yz\r\n\r\n"));
	assert_false(LAYOUT("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"));
	assert_false(LAYOUT("GET  / HTTP/1.1\r\nHost: x\r\n\r\n"));
}

static void
a_value_moved_elsewhere_is_noticed(void **state)
{
	char text[] = "GET\0/\0HTTP/1.1\0\0Host\0 x\0\0\0";
	struct http_field field = { .name = text + 16, .name_length = 4,
		.value = text + 22, .value_length = 1 };
	struct http_gate_input input = { .method = text, .target = "/",
		.version = text + 6, .fields = &field, .field_count = 1 };
	uintptr_t target = (uintptr_t)(text + 4);
	uintptr_t end = (uintptr_t)(text + 27);

	(void)state;
	assert_true(http_gate_layout_is_exact(&input, target, end));
	assert_false(http_gate_layout_is_exact(&input, target, end + 1));
	assert_false(http_gate_layout_is_exact(&input, target + 1, end));
	field.name = "Host";
	assert_false(http_gate_layout_is_exact(&input, target, end));
	field.name = text + 16;
	field.value = "x";
	assert_false(http_gate_layout_is_exact(&input, target, end));
}

static void
every_byte_at_every_place_is_looked_at(void **state)
{
	char text[21];

	(void)state;
	for (size_t at = 0; at < sizeof(text) * 256; at++) {
		unsigned char c = (unsigned char)(at % 256);

		memset(text, '~', sizeof(text));
		text[at / 256] = (char)c;
		assert_int_equal(http_is_from('!', text, sizeof(text)),
		    c >= '!' && c <= '~');
		assert_int_equal(http_is_from(' ', text, sizeof(text)),
		    c >= ' ' && c <= '~');
		assert_int_equal(http_field_value_is_sound(text,
		    sizeof(text)), (c >= ' ' && c != 0x7f) || c == '\t');
	}
	assert_true(http_is_from('!', "", 0));
	assert_false(http_is_token("", 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    each_shape_is_taken_or_refused_as_the_table_says),
		cmocka_unit_test(only_http_1_1_is_told_to_continue),
		cmocka_unit_test(the_101st_field_is_too_many),
		cmocka_unit_test(a_header_of_crlf_lines_lies_exactly),
		cmocka_unit_test(bare_lf_and_nul_shift_the_pieces),
		cmocka_unit_test(a_value_moved_elsewhere_is_noticed),
		cmocka_unit_test(every_byte_at_every_place_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
