#include "tests/fuzz/daemon/answers.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "common/http_gate.h"

/* Statuses of docs/protocol.md and docs/api/openapi.yaml.  500 is not one:
 * nothing fails here but by a fault.
 */
static const int statuses[] = { 200, 201, 202, 204, 206, 304, 400, 401, 402,
	403, 404, 405, 409, 410, 411, 412, 413, 415, 416, 417, 422, 429, 503,
	507 };
/* docs/security.md, "Refused by libmicrohttpd itself" */
static const int page_statuses[] = { 400, 413, 414, 431, 500, 505 };

struct answer {
	int status;
	int64_t length;		/* -1: none said */
	bool is_problem;
	bool has_type;
	bool has_tag;
	const char *body;
};

static bool
is_one_of(int status, const int *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == status)
			return true;
	return false;
}

/* --- the header ----------------------------------------------------------- */

static bool
is_named(const char *line, size_t name_length, const char *name)
{
	return name_length == strlen(name) &&
	    strncasecmp(line, name, name_length) == 0;
}

/* One field of length bytes, without its end. */
static const char *
take_field(struct answer *answer, const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length), *value;
	size_t name_length, value_length;

	if (colon == NULL || colon == line || colon[1] != ' ')
		return "a field without its colon";
	name_length = (size_t)(colon - line);
	for (size_t i = 0; i < name_length; i++)
		if (!http_is_token_character((unsigned char)line[i]))
			return "a field whose name is no token";
	value = colon + 2;
	value_length = length - name_length - 2;
	if (!http_field_value_is_sound(value, value_length))
		return "a field with a control character";
	if (is_named(line, name_length, "Content-Length")) {
		if (answer->length >= 0)
			return "Content-Length twice";
		answer->length = strtoll(value, NULL, 10);
	} else if (is_named(line, name_length, "Transfer-Encoding")) {
		return "an answer in chunks";
	} else if (is_named(line, name_length, "Content-Type")) {
		answer->has_type = true;
		answer->is_problem = value_length == 24 &&
		    memcmp(value, "application/problem+json", 24) == 0;
	} else if (is_named(line, name_length, "ETag")) {
		answer->has_tag = true;
	}
	return NULL;
}

/* Status line and fields; *bytes moves behind them. */
static const char *
take_header(struct answer *answer, const char **bytes, const char *end)
{
	const char *line = *bytes, *stop;
	const char *broken = NULL;

	*answer = (struct answer){ .length = -1 };
	if (end - line < 15 || memcmp(line, "HTTP/1.1 ", 9) != 0 ||
	    line[12] != ' ')
		return "no status line";
	answer->status = (int)strtol(line + 9, NULL, 10);
	for (bool is_first = true; broken == NULL; is_first = false) {
		stop = memmem(line, (size_t)(end - line), "\r\n", 2);
		if (stop == NULL)
			return "a header without its end";
		if (stop == line)
			break;
		if (!is_first)
			broken = take_field(answer, line,
			    (size_t)(stop - line));
		line = stop + 2;
	}
	*bytes = answer->body = stop + 2;
	return broken;
}

/* --- problems ------------------------------------------------------------- */

/* Is there an error with this slug and this status? */
static bool
is_known(const char *slug, int status)
{
	for (int e = 1; e < ERR__COUNT; e++)
		if (strcmp(err_slug((enum err)e), slug) == 0 &&
		    err_status((enum err)e) == status)
			return true;
	return false;
}

static const char *
check_problem(const struct answer *answer)
{
	static const char prefix[] = "urn:counterfoil:";
	json_t *json = json_loadb(answer->body, (size_t)answer->length,
	    JSON_REJECT_DUPLICATES, NULL);
	const char *type = json_string_value(json_object_get(json, "type"));
	const char *broken = NULL;

	if (json == NULL)
		broken = "a problem that is no JSON";
	else if (type == NULL || strncmp(type, prefix, sizeof(prefix) - 1) !=
	    0 || !is_known(type + sizeof(prefix) - 1, answer->status))
		broken = "a problem of no known type, or with another status";
	else if (json_integer_value(json_object_get(json, "status")) !=
	    answer->status)
		broken = "a problem that says another status";
	else if (json_string_value(json_object_get(json, "title")) == NULL ||
	    json_string_value(json_object_get(json, "detail")) == NULL)
		broken = "a problem without title and detail";
	json_decref(json);
	return broken;
}

/* --- one after the other -------------------------------------------------- */

static bool
begins_answer(const char *bytes, const char *end)
{
	return end - bytes >= 9 && memcmp(bytes, "HTTP/1.1 ", 9) == 0;
}

/* A page of the library's own, after which the connection ends. */
static bool
is_page(const struct answer *answer, const char *end, bool may_be_head)
{
	size_t left = (size_t)(end - answer->body);

	return !answer->has_type && answer->status >= 400 &&
	    ((left == 0 && may_be_head) ||
	    memmem(answer->body, left, "<html>", 6) != NULL);
}

/* What the body must be; *bytes moves behind it. */
static const char *
take_body(const struct answer *answer, const char **bytes, const char *end,
    bool may_be_head, struct answers *out)
{
	size_t left = (size_t)(end - *bytes);

	if (answer->status == 204 || answer->status == 304)
		return NULL;
	if (answer->length < 0)
		return "an answer without a length";
	if (may_be_head && answer->length > 0 &&
	    (left == 0 || begins_answer(*bytes, end)))
		return NULL;
	if ((uint64_t)answer->length > left) {
		out->is_cut = true;
		*bytes = end;
		return NULL;
	}
	*bytes += answer->length;
	if (answer->status >= 400)
		return answer->is_problem ? check_problem(answer) :
		    "an error that is no problem+json";
	return NULL;
}

const char *
answers_parse(const char *bytes, size_t size, bool may_be_head,
    struct answers *out)
{
	const char *end = bytes + size;
	const char *broken = NULL;
	struct answer answer;

	*out = (struct answers){ .last = "" };
	while (broken == NULL && bytes < end && !out->is_cut) {
		out->last = bytes;
		broken = take_header(&answer, &bytes, end);
		if (broken != NULL || answer.status == 100)
			continue;
		out->count++;
		if (is_page(&answer, end, may_be_head)) {
			out->is_page = true;
			return is_one_of(answer.status, page_statuses,
			    sizeof(page_statuses) / sizeof(int)) ? NULL :
			    "a page of the library with an unknown status";
		}
		if (!is_one_of(answer.status, statuses,
		    sizeof(statuses) / sizeof(int)))
			return "a status that is not documented";
		out->has_media |= answer.has_tag && answer.status < 400;
		broken = take_body(&answer, &bytes, end, may_be_head, out);
	}
	return broken;
}
