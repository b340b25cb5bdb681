/* A query becomes a JSON object of the types that its table names, and then
 * goes the way of every other object: one set of checks for both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/http/member.h"
#include "common/encoding.h"

/*
 * Decode length bytes of text into out, which takes as many and a NUL.
 * False when a "%" is not followed by two digits, or what comes out is not
 * UTF-8 or holds a NUL.
 */
static bool
member_query_decode(char *out, const char *text, size_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			int high = length - i > 2 ?
			    hex_digit_value(text[i + 1]) : -1;
			int low = length - i > 2 ?
			    hex_digit_value(text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (c == '\0')
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return member_utf8_is_valid(out, n);
}

static const struct member *
member_query_row(const struct member_source *source, const char *name)
{
	for (size_t i = 0; i < source->count; i++)
		if (strcmp(source->table[i].name, name) == 0)
			return &source->table[i];
	return NULL;
}

/* Decimal digits with an optional minus, nothing else; else a string, which
 * the table then refuses as a wrong type. */
static json_t *
member_query_integer(const char *text)
{
	char *end = NULL;
	long long number;

	if (text[0] != '-' && (text[0] < '0' || text[0] > '9'))
		return json_string(text);
	number = strtoll(text, &end, 10);
	if (*end != '\0' || end == text)
		return json_string(text);
	/* Beyond 64 bits strtoll() gives the end: beyond every bound too. */
	return json_integer(number);
}

static json_t *
member_query_value(const struct member *row, const char *text)
{
	switch (row->kind) {
	case MEMBER_INTEGER:
		return member_query_integer(text);
	case MEMBER_BOOLEAN:
		if (strcmp(text, "true") == 0)
			return json_true();
		if (strcmp(text, "false") == 0)
			return json_false();
		return json_string(text);
	case MEMBER_LINE:
	case MEMBER_TEXT:
	case MEMBER_SECRET:
	case MEMBER_MONEY:
	case MEMBER_ID:
	case MEMBER_IDS:
	case MEMBER_TIME:
	case MEMBER_DATE:
	case MEMBER_CHOICE:
		return json_string(text);
	}
	return NULL;
}

static enum err
member_query_fail(struct member_fault *fault, enum err e, const char *name,
    const char *detail)
{
	member_fault_name(fault, name, "");
	(void)snprintf(fault->detail, sizeof(fault->detail), "%s", detail);
	return e;
}

/* One "name=value" of length bytes; buffer takes them decoded. */
static enum err
member_query_add(json_t *object, const struct member_source *source,
    const char *pair, char *buffer, struct member_fault *fault)
{
	size_t length = strcspn(pair, "&");
	size_t name_length = strcspn(pair, "=&");
	const struct member *row;

	if (!member_query_decode(buffer, pair, name_length))
		return member_query_fail(fault, ERR_UNKNOWN_MEMBER, "",
		    "the name of a parameter is not percent-encoded UTF-8");
	row = member_query_row(source, buffer);
	if (row == NULL)
		return member_query_fail(fault, ERR_UNKNOWN_MEMBER, buffer,
		    "this parameter is not known here: leave it out");
	if (json_object_get(object, row->name) != NULL)
		return member_query_fail(fault, ERR_UNKNOWN_MEMBER, row->name,
		    "give this parameter once");
	if (name_length < length)
		name_length++;	/* the "=" */
	if (!member_query_decode(buffer, pair + name_length,
	    length - name_length))
		return member_query_fail(fault, ERR_OUT_OF_RANGE, row->name,
		    "the value is not percent-encoded UTF-8 without U+0000");
	if (json_object_set_new(object, row->name,
	    member_query_value(row, buffer)) != 0)
		return ERR_NO_MEMORY;
	return ERR_OK;
}

enum err
member_parse_query(const char *query, const struct member_source *source,
    void *out, json_t **object, struct member_fault *fault)
{
	char *buffer = malloc(strlen(query) + 1);
	enum err e = ERR_OK;

	memset(fault, 0, sizeof(*fault));
	*object = json_object();
	if (buffer == NULL || *object == NULL)
		e = ERR_NO_MEMORY;
	while (e == ERR_OK && *query != '\0') {
		e = member_query_add(*object, source, query, buffer, fault);
		query += strcspn(query, "&");
		if (*query == '&' && *++query == '\0' && e == ERR_OK)
			e = member_query_fail(fault, ERR_UNKNOWN_MEMBER, "",
			    "the query ends with an ampersand");
	}
	if (e == ERR_OK)
		e = member_parse(*object, source, out, NULL, fault);
	if (e != ERR_OK) {
		json_decref(*object);
		*object = NULL;
	}
	free(buffer);
	return e;
}
