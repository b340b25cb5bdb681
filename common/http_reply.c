/* Answers, as the handlers give them: kept in struct http_answer until
 * http_deliver.c hands them to the library.
 */
#include "common/http_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/log.h"

#define JSON_TYPE "application/json"
#define PROBLEM_TYPE "application/problem+json"
#define SHORT_VALUE_SIZE 128	/* most fields' are shorter */

void
http_answer_clear(struct http_answer *answer)
{
	free(answer->fields);
	free(answer->body);
	if (answer->descriptor >= 0)
		close(answer->descriptor);
	*answer = (struct http_answer){ .descriptor = -1 };
}

const char *
http_answer_field(const struct http_answer *answer, const char *name)
{
	const char *found, *value;

	for (size_t at = 0; http_answer_next(answer, &at, &found, &value);)
		if (strcasecmp(found, name) == 0)
			return value;
	return NULL;
}

bool
http_answer_next(const struct http_answer *answer, size_t *at,
    const char **name, const char **value)
{
	if (*at >= answer->fields_size)
		return false;
	*name = answer->fields + *at;
	*value = *name + strlen(*name) + 1;
	*at = (size_t)(*value + strlen(*value) + 1 - answer->fields);
	return true;
}

/* Fields of which a second one adds, instead of replacing. */
static bool
may_repeat(const char *name)
{
	return strcasecmp(name, "Set-Cookie") == 0 ||
	    strcasecmp(name, "Vary") == 0 || strcasecmp(name, "Link") == 0 ||
	    strcasecmp(name, "WWW-Authenticate") == 0;
}

static void
remove_field(struct http_answer *answer, const char *name)
{
	char *value = (char *)(uintptr_t)http_answer_field(answer, name);
	char *begin, *next, *end;

	if (value == NULL)
		return;
	end = answer->fields + answer->fields_size;
	begin = value - strlen(name) - 1;
	next = value + strlen(value) + 1;
	memmove(begin, next, (size_t)(end - next));
	answer->fields_size -= (size_t)(next - begin);
}

static bool
name_is_sound(const char *name)
{
	for (const char *p = name; *p != '\0'; p++)
		if (!http_is_token_character((unsigned char)*p))
			return false;
	return *name != '\0';
}

void
http_answer_add_field(struct http_answer *answer, const char *name,
    const char *value)
{
	size_t name_size = strlen(name) + 1, value_size = strlen(value) + 1;
	char *fields;

	if (!name_is_sound(name) ||
	    !http_field_value_is_sound(value, value_size - 1)) {
		/* The value may be a stranger's: it is not repeated here. */
		log_error("a field was left out of an answer: it holds a "
		    "control character name=%s", name);
		return;
	}
	if (!may_repeat(name))
		remove_field(answer, name);
	fields = realloc(answer->fields, answer->fields_size + name_size +
	    value_size);
	if (fields == NULL) {
		log_error("no memory for a field name=%s", name);
		return;
	}
	memcpy(fields + answer->fields_size, name, name_size);
	memcpy(fields + answer->fields_size + name_size, value, value_size);
	answer->fields = fields;
	answer->fields_size += name_size + value_size;
}

void
http_reply_field(struct http_request *request, const char *name,
    const char *format, ...)
{
	char short_value[SHORT_VALUE_SIZE], *value = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(short_value, sizeof(short_value), format,
	    arguments);
	va_end(arguments);
	if (length >= (int)sizeof(short_value)) {
		va_start(arguments, format);
		length = vasprintf(&value, format, arguments);
		va_end(arguments);
	}
	if (length < 0) {
		log_error("no memory for a field name=%s", name);
		return;
	}
	http_answer_add_field(&request->answer, name, value != NULL ? value :
	    short_value);
	free(value);
}

/* The one place that turns "none yet" into an answer. */
static bool
take_answer(struct http_request *request, int status)
{
	if (request->answer.status != 0) {
		log_error("a second answer was dropped first=%d second=%d",
		    request->answer.status, status);
		return false;
	}
	if (status < 200 || status >= HTTP_STATUS_MAX) {
		log_error("not a status to answer with status=%d", status);
		status = 500;
	}
	request->answer.status = status;
	return true;
}

void
http_reply_empty(struct http_request *request, int status)
{
	take_answer(request, status);
}

/* Takes body, of size bytes. */
static void
reply_owned(struct http_request *request, int status,
    const char *content_type, void *body, size_t size)
{
	if (!take_answer(request, status)) {
		free(body);
		return;
	}
	http_answer_add_field(&request->answer, "Content-Type", content_type);
	request->answer.body = body;
	request->answer.body_size = size;
}

/* Without memory for the body: the status says the rest. */
static void
reply_without_memory(struct http_request *request)
{
	log_error("no memory for an answer");
	take_answer(request, err_status(ERR_NO_MEMORY));
}

void
http_reply_bytes(struct http_request *request, int status,
    const char *content_type, const void *bytes, size_t size)
{
	void *copy = malloc(size + 1);

	if (copy == NULL) {
		reply_without_memory(request);
		return;
	}
	memcpy(copy, bytes, size);
	reply_owned(request, status, content_type, copy, size);
}

static void
reply_json_as(struct http_request *request, int status,
    const char *content_type, json_t *json)
{
	size_t length = 0;
	char *text = json == NULL ? NULL : http_json_text(json, &length);

	json_decref(json);
	if (text == NULL)
		reply_without_memory(request);
	else
		reply_owned(request, status, content_type, text, length);
}

void
http_reply_json_text(struct http_request *request, int status,
    struct json_text *text)
{
	size_t length = 0;
	char *bytes = json_text_take(text, &length);

	if (bytes == NULL)
		reply_without_memory(request);
	else
		reply_owned(request, status, JSON_TYPE, bytes, length);
}

void
http_reply_json(struct http_request *request, int status, json_t *json)
{
	reply_json_as(request, status, JSON_TYPE, json);
}

enum err
http_read_bytes(int descriptor, uint64_t offset, size_t length, char *bytes)
{
	size_t done = 0;

	while (done < length) {
		ssize_t got = pread(descriptor, bytes + done, length - done,
		    (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			if (got == 0)
				log_error("a file is shorter than it was");
			else
				log_errno("a file cannot be read");
			return ERR_STORAGE_ERROR;
		}
		done += (size_t)got;
	}
	return ERR_OK;
}

enum err
http_read_part(int descriptor, uint64_t offset, size_t length, char **out)
{
	char *bytes = malloc(length + 1);
	enum err e = bytes == NULL ? ERR_NO_MEMORY :
	    http_read_bytes(descriptor, offset, length, bytes);

	*out = e == ERR_OK ? bytes : NULL;
	if (e != ERR_OK)
		free(bytes);
	return e;
}

/* Is this part of a file copied to memory, or left to the kernel? */
static bool
is_copied(const struct http_request *request, int status, uint64_t length)
{
	bool has_body = strcmp(request->method, "HEAD") != 0 && status != 304;

	return length == 0 || (length <= HTTP_FILE_COPY_MAX && has_body);
}

/* The descriptor stays the caller's. */
static void
reply_copied(struct http_request *request, int status, int descriptor,
    uint64_t offset, uint64_t length)
{
	char *bytes;
	enum err e = http_read_part(descriptor, offset, (size_t)length,
	    &bytes);

	if (e != ERR_OK) {
		http_reply_error(request, e, NULL);
		return;
	}
	take_answer(request, status);
	request->answer.body = bytes;
	request->answer.body_size = (size_t)length;
}

void
http_reply_file(struct http_request *request, int status, int descriptor,
    uint64_t offset, uint64_t length)
{
	if (http_request_is_answered(request)) {
		close(descriptor);
		take_answer(request, status);
	} else if (is_copied(request, status, length)) {
		reply_copied(request, status, descriptor, offset, length);
		close(descriptor);
	} else {
		take_answer(request, status);
		request->answer.descriptor = descriptor;
		request->answer.offset = offset;
		request->answer.length = length;
	}
}

/* As http_reply_file(), but the descriptor stays the caller's. */
static void
reply_shared_file(struct http_request *request, int status, int descriptor,
    uint64_t offset, uint64_t length)
{
	int own;

	if (!http_request_is_answered(request) &&
	    is_copied(request, status, length)) {
		reply_copied(request, status, descriptor, offset, length);
		return;
	}
	own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
	if (own >= 0) {
		http_reply_file(request, status, own, offset, length);
	} else {
		log_errno("no descriptor for an answer");
		http_reply_error(request, ERR_BUSY, NULL);
	}
}

void
http_reply_cached_part(struct http_request *request, int status,
    const struct http_cached_reply *reply, int descriptor, uint64_t offset,
    uint64_t length)
{
	const struct http_part part = { descriptor, offset, length };

	if (!http_request_is_answered(request) &&
	    http_direct_take(request, reply, &part)) {
		take_answer(request, status);
		request->answer.is_direct = true;
		request->answer.length = length;
	} else {
		reply_shared_file(request, status, descriptor, offset,
		    length);
	}
	if (request->answer.status == status) {
		request->answer.cached = reply;
		request->answer.is_part = true;
	}
}

void
http_reply_cached(struct http_request *request, int status,
    const struct http_cached_reply *reply, int descriptor)
{
	uint64_t length = http_cached_reply_length(reply);
	bool has_body = status != 304 && strcmp(request->method, "HEAD") != 0;
	const struct http_part only_length = { -1, 0, length };

	/* What is ready as a whole cannot say that the connection ends. */
	if ((has_body && !http_cached_reply_is_short(reply)) ||
	    http_request_is_draining(request)) {
		http_reply_cached_part(request, status, reply, descriptor, 0,
		    length);
		return;
	}
	if (!take_answer(request, status))
		return;
	request->answer.is_direct = http_direct_take(request, reply,
	    has_body ? NULL : &only_length);
	request->answer.cached = reply;
	request->answer.length = length;
}

/* Fields that the status itself asks for. */
static void
add_status_fields(struct http_request *request, int status)
{
	if (status == 401 && http_answer_field(&request->answer,
	    "WWW-Authenticate") == NULL)
		http_reply_field(request, "WWW-Authenticate", "Bearer");
	if ((status == 503 || status == 429) &&
	    http_answer_field(&request->answer, "Retry-After") == NULL)
		http_reply_field(request, "Retry-After", "%d",
		    status == 503 ? 1 : 60);
}

/* Takes extra, which may be NULL; so may member and detail. */
static void
reply_problem(struct http_request *request, enum err e, json_t *extra,
    const char *member, const char *detail)
{
	int status = err_status(e);
	json_t *problem = extra != NULL ? extra : json_object();

	json_object_set_new(problem, "type", json_sprintf(
	    "urn:counterfoil:%s", err_slug(e)));
	json_object_set_new(problem, "title", json_string(err_text(e)));
	json_object_set_new(problem, "status", json_integer(status));
	json_object_set_new(problem, "detail",
	    json_string(detail != NULL ? detail : err_advice(e)));
	if (member != NULL)
		json_object_set_new(problem, "member", json_string(member));
	add_status_fields(request, status);
	request->refusal = e;
	reply_json_as(request, status, PROBLEM_TYPE, problem);
}

/* detail as text, NULL when there is none or no memory for it */
static char * __attribute__((format(printf, 1, 0)))
detail_text(const char *detail, va_list arguments)
{
	char *text = NULL;

	if (detail == NULL || vasprintf(&text, detail, arguments) < 0)
		return NULL;
	return text;
}

void
http_reply_error(struct http_request *request, enum err e,
    const char *detail, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, detail);
	text = detail_text(detail, arguments);
	va_end(arguments);
	reply_problem(request, e, NULL, NULL, text);
	free(text);
}

void
http_reply_error_member(struct http_request *request, enum err e,
    const char *member, const char *detail, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, detail);
	text = detail_text(detail, arguments);
	va_end(arguments);
	reply_problem(request, e, NULL, member, text);
	free(text);
}

void
http_reply_problem(struct http_request *request, enum err e,
    json_t *extra, const char *detail, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, detail);
	text = detail_text(detail, arguments);
	va_end(arguments);
	reply_problem(request, e, extra, NULL, text);
	free(text);
}
