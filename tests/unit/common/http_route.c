/* Finding routes: patterns, methods, audiences, parameters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/http_route.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define ROW(row_method, row_pattern, row_audience) { .method = row_method, \
	.pattern = row_pattern, .audience = row_audience }

static const struct http_route routes[] = {
	ROW("GET", "/v1/items", HTTP_PUBLIC),
	ROW("POST", "/v1/items", HTTP_PEOPLE),
	ROW("GET", "/v1/items/special", HTTP_PUBLIC),
	ROW("GET", "/v1/items/{item}", HTTP_PUBLIC),
	ROW("PUT", "/v1/items/{item}/files/{name}", HTTP_PUBLIC),
	ROW("DELETE", "/v1/items/{item}/files/{name}", HTTP_PUBLIC),
	ROW("GET", "/media/*", HTTP_PUBLIC),
	ROW("PUT", "/objects/*", HTTP_PUBLIC),
	ROW("GET", "/objects*", HTTP_PUBLIC),
	ROW("HEAD", "/objects/*", HTTP_PUBLIC),
	ROW("GET", "/both", HTTP_PUBLIC),
	ROW("HEAD", "/both", HTTP_PUBLIC),
	ROW("OPTIONS", "/own", HTTP_PUBLIC),
	ROW("GET", "/metrics", HTTP_OPERATOR),
	{ 0 }
};

static struct http_match match;
static char scratch[256];

static enum err
find(const char *method, const char *target)
{
	assert_true(strlen(target) < sizeof(scratch));
	return http_route_find(routes, HTTP_PUBLIC, method, target, scratch,
	    &match);
}

static const char *
parameter(const char *name)
{
	for (size_t i = 0; i < match.parameter_count; i++)
		if (match.parameters[i].name_length == strlen(name) &&
		    memcmp(match.parameters[i].name, name, strlen(name)) == 0)
			return match.parameters[i].value;
	return NULL;
}

static void
a_target_finds_the_first_row_that_fits(void **state)
{
	static const struct { const char *method, *target; size_t row; }
	    found[] = {
		{ "GET", "/v1/items", 0 }, { "GET", "/v1/items?q=a/b", 0 },
		{ "HEAD", "/v1/items", 0 }, { "GET", "/v1/items/special", 2 },
		{ "GET", "/v1/items/a", 3 }, { "GET", "/v1/items/a?b", 3 },
		{ "PUT", "/v1/items/a/files/b", 4 },
		{ "DELETE", "/v1/items/a/files/b", 5 },
		{ "GET", "/media/", 6 }, { "GET", "/media/a/b?c", 6 },
		{ "PUT", "/objects/a", 7 }, { "GET", "/objects?a", 8 },
		{ "GET", "/objects", 8 }, { "OPTIONS", "/own", 12 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(found); i++) {
		assert_int_equal(find(found[i].method, found[i].target),
		    ERR_OK);
		assert_ptr_equal(match.route, &routes[found[i].row]);
	}
}

static void
what_no_pattern_takes_is_not_found(void **state)
{
	static const char *const targets[] = {
		"/", "/v1", "/v1/item", "/v1/items/", "/v1/items/?a",
		"/v1/items//files/b", "/v1/items/a/b", "/v1/items/a/files/",
		"/v1/items/a/files/b/c", "/media", "/V1/items", "/metrics",
		"/v1/items;a", "/v1%2fitems", "//v1/items",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(targets); i++)
		if (find("GET", targets[i]) != ERR_NOT_FOUND)
			fail_msg("%s is found", targets[i]);
}

static void
a_row_that_names_head_goes_before_get(void **state)
{
	(void)state;
	assert_int_equal(find("HEAD", "/both"), ERR_OK);
	assert_string_equal(match.route->method, "HEAD");
	assert_int_equal(find("GET", "/both"), ERR_OK);
	assert_string_equal(match.route->method, "GET");
}

static void
another_method_is_told_what_is_allowed(void **state)
{
	(void)state;
	assert_int_equal(find("PATCH", "/v1/items/a/files/b"),
	    ERR_METHOD_NOT_ALLOWED);
	assert_string_equal(match.allow, "PUT, DELETE, OPTIONS");
	assert_int_equal(find("get", "/v1/items/special"),
	    ERR_METHOD_NOT_ALLOWED);
	assert_string_equal(match.allow, "GET, HEAD, OPTIONS");
	assert_int_equal(find("POST", "/objects/a"), ERR_METHOD_NOT_ALLOWED);
	assert_string_equal(match.allow, "PUT, GET, HEAD, OPTIONS");
}

static void
options_is_made_from_the_table(void **state)
{
	(void)state;
	assert_int_equal(find("OPTIONS", "/v1/items"), ERR_OK);
	assert_null(match.route);
	assert_string_equal(match.allow, "GET, HEAD, OPTIONS");
	assert_int_equal(find("OPTIONS", "/nothing"), ERR_NOT_FOUND);
}

static void
a_row_for_another_audience_does_not_exist(void **state)
{
	(void)state;
	assert_int_equal(find("POST", "/v1/items"), ERR_METHOD_NOT_ALLOWED);
	assert_int_equal(http_route_find(routes, HTTP_PUBLIC | HTTP_PEOPLE,
	    "POST", "/v1/items", scratch, &match), ERR_OK);
	assert_int_equal(http_route_find(routes, HTTP_PUBLIC | HTTP_PEOPLE,
	    "OPTIONS", "/v1/items", scratch, &match), ERR_OK);
	assert_string_equal(match.allow, "GET, HEAD, POST, OPTIONS");
	assert_int_equal(http_route_find(routes, HTTP_OPERATOR, "GET",
	    "/metrics", scratch, &match), ERR_OK);
	assert_int_equal(http_route_find(routes, HTTP_OPERATOR, "GET",
	    "/v1/items", scratch, &match), ERR_NOT_FOUND);
}

static void
names_take_decoded_segments_and_the_star_the_raw_rest(void **state)
{
	(void)state;
	assert_int_equal(find("PUT",
	    "/v1/items/a%20b/files/%C3%A9.%6fgg?x=%41"), ERR_OK);
	assert_string_equal(parameter("item"), "a b");
	assert_string_equal(parameter("name"), "\xc3\xa9.ogg");
	assert_null(parameter("nam"));
	assert_null(parameter("*"));
	assert_int_equal(find("GET", "/media/a%2Fb/c?d=%41"), ERR_OK);
	assert_string_equal(parameter("*"), "a%2Fb/c?d=%41");
	assert_int_equal(find("GET", "/objects"), ERR_OK);
	assert_string_equal(parameter("*"), "");
}

static void
a_segment_that_is_encoded_badly_is_malformed(void **state)
{
	static const char *const segments[] = {
		"%", "a%", "%4", "%4g", "%g4", "%%41", "%00", "a%00b",
		"%2f", "%2F", "..%2f", "% 1",
	};
	char target[64];

	(void)state;
	for (size_t i = 0; i < LENGTH(segments); i++) {
		snprintf(target, sizeof(target), "/v1/items/%s", segments[i]);
		if (find("GET", target) != ERR_MALFORMED_REQUEST)
			fail_msg("%s is taken", segments[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_finds_the_first_row_that_fits),
		cmocka_unit_test(what_no_pattern_takes_is_not_found),
		cmocka_unit_test(a_row_that_names_head_goes_before_get),
		cmocka_unit_test(another_method_is_told_what_is_allowed),
		cmocka_unit_test(options_is_made_from_the_table),
		cmocka_unit_test(a_row_for_another_audience_does_not_exist),
		cmocka_unit_test(
		    names_take_decoded_segments_and_the_star_the_raw_rest),
		cmocka_unit_test(a_segment_that_is_encoded_badly_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
