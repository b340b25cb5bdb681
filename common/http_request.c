/* What a request says; its state; waiting. */
#include "common/http_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *
http_request_method(const struct http_request *request)
{
	return request->method;
}

const char *
http_request_target(const struct http_request *request)
{
	return request->target;
}

const char *
http_request_query(const struct http_request *request)
{
	const char *mark = strchr(request->target, '?');

	return mark == NULL ? "" : mark + 1;
}

char *
http_request_text(struct http_request *request, size_t length)
{
	struct http_text *text = malloc(sizeof(*text) + length + 1);

	if (text == NULL)
		return NULL;
	text->text[length] = '\0';
	text->next = request->texts;
	request->texts = text;
	return text->text;
}

/* The library leaves blanks behind a value; RFC 9110 does not count them. */
static const char *
trimmed_copy(struct http_request *request, const char *value, size_t length)
{
	char *text = http_request_text(request, length);

	if (text != NULL)
		memcpy(text, value, length);
	return text;
}

typedef enum MHD_Result field_visitor(void *closure, enum MHD_ValueKind kind,
    const char *name, size_t name_length, const char *value,
    size_t value_length);

/* Whoever has read them: the library, or http_head.c. */
static void
each_field(const struct http_request *request, field_visitor *visit,
    void *closure)
{
	const struct http_head *head = request->head;

	if (head == NULL)
		MHD_get_connection_values_n(request->library, MHD_HEADER_KIND,
		    visit, closure);
	for (size_t i = 0; head != NULL && i < head->field_count; i++)
		visit(closure, MHD_HEADER_KIND, head->fields[i].name,
		    head->fields[i].name_length, head->fields[i].value,
		    head->fields[i].value_length);
}

/* Its values have no blanks around them, and a NUL behind them. */
static const char *
head_field(const struct http_head *head, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < head->field_count; i++)
		if (head->fields[i].name_length == length &&
		    strcasecmp(head->fields[i].name, name) == 0)
			return head->fields[i].value;
	return NULL;
}

const char *
http_request_field(const struct http_request *request, const char *name)
{
	const char *value = NULL;
	size_t length = 0, trimmed;

	if (request->head != NULL)
		return head_field(request->head, name);
	if (MHD_lookup_connection_value_n(request->library, MHD_HEADER_KIND,
	    name, strlen(name), &value, &length) != MHD_YES)
		return NULL;
	if (value == NULL)
		return "";
	trimmed = length;
	while (trimmed > 0 && (value[trimmed - 1] == ' ' ||
	    value[trimmed - 1] == '\t'))
		trimmed--;
	if (trimmed == length)
		return value;
	return trimmed_copy((struct http_request *)(uintptr_t)request, value,
	    trimmed);
}

struct counting {
	const char *name;
	size_t length;
	unsigned count;
};

static enum MHD_Result
count_field(void *closure, enum MHD_ValueKind kind, const char *name,
    size_t name_length, const char *value, size_t value_length)
{
	struct counting *counting = closure;

	(void)kind;
	(void)value;
	(void)value_length;
	if (name_length == counting->length &&
	    strcasecmp(name, counting->name) == 0)
		counting->count++;
	return MHD_YES;
}

unsigned
http_request_field_count(const struct http_request *request,
    const char *name)
{
	struct counting counting = { .name = name, .length = strlen(name) };

	each_field(request, count_field, &counting);
	return counting.count;
}

struct joining {
	const char *name;
	size_t name_length;
	char *text;		/* NULL: measure only */
	size_t length;
};

static enum MHD_Result
join_field(void *closure, enum MHD_ValueKind kind, const char *name,
    size_t name_length, const char *value, size_t value_length)
{
	struct joining *joining = closure;

	(void)kind;
	if (name_length != joining->name_length ||
	    strcasecmp(name, joining->name) != 0)
		return MHD_YES;
	if (joining->length > 0) {
		if (joining->text != NULL)
			memcpy(joining->text + joining->length, ", ", 2);
		joining->length += 2;
	}
	if (joining->text != NULL && value != NULL)
		memcpy(joining->text + joining->length, value, value_length);
	joining->length += value_length;
	return MHD_YES;
}

const char *
http_request_field_list(const struct http_request *request, const char *name)
{
	struct joining joining = { .name = name, .name_length = strlen(name) };
	unsigned count = http_request_field_count(request, name);

	if (count == 0)
		return NULL;
	if (count == 1)
		return http_request_field(request, name);
	each_field(request, join_field, &joining);
	joining.text = http_request_text(
	    (struct http_request *)(uintptr_t)request, joining.length);
	if (joining.text == NULL)
		return NULL;
	joining.length = 0;
	each_field(request, join_field, &joining);
	return joining.text;
}

const char *
http_request_parameter(const struct http_request *request, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < request->match.parameter_count; i++) {
		const struct http_parameter *parameter =
		    &request->match.parameters[i];
		if (parameter->name_length == length &&
		    memcmp(parameter->name, name, length) == 0)
			return parameter->value;
	}
	return NULL;
}

int64_t
http_request_content_length(const struct http_request *request)
{
	return request->framing.content_length;
}

json_t *
http_request_json(const struct http_request *request)
{
	return request->json;
}

const uint8_t *
http_request_body(const struct http_request *request, size_t *size)
{
	*size = request->body_size;
	return request->body;
}

const char *
http_request_peer(const struct http_request *request)
{
	return request->forwarded != NULL ? request->forwarded :
	    request->connection->peer;
}

const char *
http_request_id(const struct http_request *request)
{
	return request->id;
}

unsigned
http_request_audience(const struct http_request *request)
{
	return request->connection->listening->pool->audience;
}

bool
http_request_is_draining(const struct http_request *request)
{
	return atomic_load(&request->server->drains);
}

void
http_request_set_state(struct http_request *request, void *state,
    void (*release)(void *state))
{
	if (request->state_release != NULL)
		request->state_release(request->state);
	request->state = state;
	request->state_release = release;
}

void *
http_request_state(const struct http_request *request)
{
	return request->state;
}

void
http_request_set_principal(struct http_request *request, void *principal,
    void (*release)(void *principal))
{
	if (request->principal_release != NULL)
		request->principal_release(request->principal);
	request->principal = principal;
	request->principal_release = release;
}

void *
http_request_principal(const struct http_request *request)
{
	return request->principal;
}

/* A note that does not fit is left out whole. */
void
http_request_note(struct http_request *request, const char *format, ...)
{
	size_t room = sizeof(request->notes) - request->notes_length;
	char *at = request->notes + request->notes_length;
	va_list arguments;
	int length;

	if (room < 3 || request->server->access_log.one_in == 0)
		return;
	va_start(arguments, format);
	length = vsnprintf(at + 1, room - 1, format, arguments);
	va_end(arguments);
	if (length <= 0 || (size_t)length >= room - 1) {
		*at = '\0';
		return;
	}
	*at = ' ';
	request->notes_length += (size_t)length + 1;
}

void
http_request_suspend(struct http_request *request, http_handler *then)
{
	request->then = then;
	atomic_fetch_add(&request->server->suspended, 1);
	MHD_suspend_connection(request->library);
}

bool
http_request_is_answered(const struct http_request *request)
{
	return request->answer.status != 0;
}
