/* What a request meets before its handler: gate, check_target, route, method,
 * authentication, size and kind of the body.
 */
#include "common/http_internal.h"

#include <string.h>

struct field_list {
	struct http_field fields[HTTP_FIELDS_MAX + 1];
	size_t count;
};

static enum MHD_Result
collect_field(void *closure, enum MHD_ValueKind kind, const char *name,
    size_t name_length, const char *value, size_t value_length)
{
	struct field_list *list = closure;

	(void)kind;
	list->fields[list->count++] = (struct http_field){
		.name = name, .name_length = name_length,
		.value = value == NULL ? "" : value,
		.value_length = value_length,
	};
	return list->count <= HTTP_FIELDS_MAX ? MHD_YES : MHD_NO;
}

/* Does the header lie in memory as only a well-formed one does? */
static bool
layout_is_exact(const struct http_request *request,
    const struct http_gate_input *input)
{
	const union MHD_ConnectionInfo *info;

	if (!request->server->layout_is_known)
		return true;
	info = MHD_get_connection_info(request->library,
	    MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	return info != NULL && http_gate_layout_is_exact(input,
	    request->raw_target, (uintptr_t)input->method +
	    info->header_size);
}

enum err
http_admit_gate(struct http_request *request, const char *method,
    const char *version)
{
	struct field_list list;
	struct http_gate_input input = {
		.method = method, .target = request->target,
		.version = version, .fields = list.fields,
	};
	const char *reason = NULL;
	enum err e;

	list.count = 0;
	MHD_get_connection_values_n(request->library, MHD_HEADER_KIND,
	    collect_field, &list);
	input.field_count = list.count;
	e = http_gate_check(&input, &request->framing, &reason);
	if (e == ERR_OK && !layout_is_exact(request, &input)) {
		reason = "The request line or a header field is not written "
		    "as HTTP/1.1 asks: one line each, ended by CR LF.";
		e = ERR_MALFORMED_REQUEST;
	}
	if (e != ERR_OK)
		http_reply_error(request, e, "%s", reason);
	return e;
}

void
http_admit_refuse(struct http_request *request, enum err e)
{
	if (!http_request_is_answered(request))
		http_reply_error(request, e, NULL);
}

static void
answer_options(struct http_request *request)
{
	http_reply_field(request, "Allow", "%s", request->match.allow);
	http_reply_empty(request, 204);
}

/* Once: http_admit_is_quick() may have asked before. */
static enum err
find_route(struct http_request *request)
{
	if (request->match.route != NULL)
		return ERR_OK;
	return http_route_find(request->server->options.routes,
	    request->connection->listening->pool->audience, request->method,
	    request->target, request->scratch, &request->match);
}

static void
check_target(struct http_request *request)
{
	const struct http_server_options *options = &request->server->options;
	enum err e;

	if (options->check_target == NULL)
		return;
	e = options->check_target(request, options->application);
	if (e != ERR_OK)
		http_admit_refuse(request, e);
}

/* Does the route, where there is one, let this client in? */
static void
authenticate(struct http_request *request)
{
	const struct http_server_options *options = &request->server->options;
	const struct http_route *route = request->match.route;
	enum err e;

	if (route == NULL || route->authentication == 0)
		return;
	e = options->authenticate(request, options->application,
	    route->authentication);
	if (e != ERR_OK)
		http_admit_refuse(request, e);
}

void
http_admit(struct http_request *request)
{
	const char *reason = NULL;
	enum err e;

	check_target(request);
	if (http_request_is_answered(request))
		return;
	e = find_route(request);
	if (e == ERR_METHOD_NOT_ALLOWED)
		http_reply_field(request, "Allow", "%s", request->match.allow);
	if (e != ERR_OK) {
		http_reply_error(request, e, e == ERR_MALFORMED_REQUEST ?
		    "A segment of the path is not percent-encoded rightly." :
		    NULL);
		return;
	}
	authenticate(request);
	if (http_request_is_answered(request))
		return;
	e = http_body_check(request, &reason);
	/* A body where none belongs is as doubtful as bad framing. */
	request->answer.closes = e == ERR_MALFORMED_REQUEST;
	if (e != ERR_OK && reason != NULL)
		http_reply_error(request, e, "%s", reason);
	else if (request->match.route == NULL)
		answer_options(request);
}

bool
http_admit_is_quick(struct http_request *request,
    const struct http_head *head)
{
	const struct http_gate_input input = {
		.method = head->method, .target = head->target,
		.version = head->version, .fields = head->fields,
		.field_count = head->field_count,
	};
	const char *reason = NULL;

	memccpy(request->method, head->method, '\0',
	    sizeof(request->method) - 1);
	return find_route(request) == ERR_OK &&
	    request->match.route != NULL && request->match.route->is_quick &&
	    http_gate_check(&input, &request->framing, &reason) == ERR_OK;
}
