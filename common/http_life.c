/* The life of a request.
 *
 *   http_life_begin     the request line is there: the one place where
 *                       struct http_request is made.
 *   http_life_continue  called again and again; what a call means follows
 *                       from request->phase, never from counting calls,
 *                       since a suspended request is called once more in the
 *                       library's same state:
 *
 *     HEADER   the header is complete.  Gate, check_target, route, method,
 *              authentication, size and kind of body; begin().
 *     BEGIN    begin() suspended, was resumed: its continuation.
 *     BODY     with bytes: a piece.  Without: the body is complete, handle().
 *     HANDLE   handle() suspended, was resumed: its continuation.
 *     REFUSED  an answer is there, but the library would close the
 *              connection (before the body) or not take it (in mid-body):
 *              bytes are dropped, the answer goes out when they end.
 *     SENT     the library has the answer.
 *
 *   http_life_end       answered, or the client left, or the server stops:
 *                       the request is over and freed.
 *
 * The library owes us an http_life_end and does not always pay: when the
 * arguments of a query do not fit its memory it answers by itself, loses
 * track, and begins another request or drops the connection.  So the
 * connection owns the request, and http_life_abandon() ends what was left.
 */
#include "common/http_internal.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"

/* The calling thread's. */
static struct http_counts *
own_counts(const struct http_server *server)
{
	return &server->counts[stripe_mine()];
}

void *
http_life_begin(void *closure, const char *target,
    struct MHD_Connection *library)
{
	struct http_server *server = closure;
	size_t size = target == NULL ? 1 : strlen(target) + 1;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(library,
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_request *request;
	struct uuid id;

	if (info == NULL || info->socket_context == NULL)
		return NULL;
	request = http_memory_take(size);
	if (request == NULL)
		return NULL;
	request->server = server;
	request->connection = info->socket_context;
	http_life_abandon(request->connection->request);
	request->connection->request = request;
	request->library = library;
	request->phase = HTTP_PHASE_HEADER;
	request->answer.descriptor = -1;
	request->raw_target = (uintptr_t)target;
	request->scratch = request->target + size;
	if (target != NULL)
		memcpy(request->target, target, size);
	request->started_ms = clock_monotonic_ms();
	if (server->options.ended != NULL)
		request->started_us = clock_monotonic_us();
	id = uuid_new();
	uuid_text(request->id, &id);
	atomic_fetch_add_explicit(&own_counts(server)->under_way, 1,
	    memory_order_relaxed);
	atomic_fetch_add(&request->connection->requests, 1);
	atomic_store(&request->connection->header_since_ms,
	    request->started_ms);
	atomic_store(&request->connection->phase, HTTP_CONNECTION_HEADER);
	return request;
}

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

/* The gate; refusals close the connection. */
static enum err
meet_gate(struct http_request *request, const char *method,
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

/* The program's own checks reply themselves, or let us do it. */
static void
refuse_unless_answered(struct http_request *request, enum err e)
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

/* Route, method, authentication, body.  Every refusal is a reply. */
static void
admit(struct http_request *request)
{
	struct http_server *server = request->server;
	const struct http_server_options *options = &server->options;
	const struct http_route *route;
	const char *reason = NULL;
	enum err e = ERR_OK;

	if (options->check_target != NULL &&
	    (e = options->check_target(request, options->application)) !=
	    ERR_OK) {
		refuse_unless_answered(request, e);
		return;
	}
	if (http_request_is_answered(request))
		return;
	e = http_route_find(options->routes,
	    request->connection->listening->pool->audience, request->method,
	    request->target, request->scratch, &request->match);
	if (e == ERR_METHOD_NOT_ALLOWED)
		http_reply_field(request, "Allow", "%s", request->match.allow);
	if (e != ERR_OK) {
		http_reply_error(request, e, e == ERR_MALFORMED_REQUEST ?
		    "A segment of the path is not percent-encoded rightly." :
		    NULL);
		return;
	}
	route = request->match.route;
	if (route != NULL && route->authentication != 0 &&
	    (e = options->authenticate(request, options->application,
	    route->authentication)) != ERR_OK) {
		refuse_unless_answered(request, e);
		return;
	}
	if (http_request_is_answered(request))
		return;
	e = http_body_check(request, &reason);
	/* A body where none belongs is as doubtful as bad framing. */
	request->answer.closes = e == ERR_MALFORMED_REQUEST;
	if (e != ERR_OK)
		http_reply_error(request, e, "%s", reason);
	else if (route == NULL)
		answer_options(request);
}

/*
 * There is an answer before the body.  Given to the library now, it closes
 * the connection, and a client that is still sending may see a reset instead
 * of the answer.  So a small body is read and dropped first, and for a large
 * one the answer goes past the library, which reads on for a while.
 */
static enum MHD_Result
refuse(struct http_request *request)
{
	int64_t length = request->framing.content_length;

	request->phase = HTTP_PHASE_REFUSED;
	request->connection->lingers = length != 0;
	if (length != 0 && request->framing.expects_continue)
		return http_deliver(request) ? MHD_YES : MHD_NO;
	if (length > (int64_t)HTTP_SWALLOW_MAX)
		return http_deliver_early(request) ? MHD_YES : MHD_NO;
	return MHD_YES;
}

/* What follows begin(), or its continuation. */
static enum MHD_Result
after_begin(struct http_request *request)
{
	if (request->then != NULL)
		return MHD_YES;		/* suspended */
	if (http_request_is_answered(request))
		return refuse(request);
	request->phase = HTTP_PHASE_BODY;
	if (request->framing.content_length != 0)
		atomic_store(&request->connection->phase,
		    HTTP_CONNECTION_RECEIVING);
	return MHD_YES;
}

static enum MHD_Result
header_is_complete(struct http_request *request, const char *method,
    const char *version)
{
	const struct http_route *route;

	atomic_store(&request->connection->phase, HTTP_CONNECTION_SERVING);
	memccpy(request->method, method, '\0', sizeof(request->method) - 1);
	if (meet_gate(request, method, version) != ERR_OK) {
		request->connection->lingers = true;
		return http_deliver(request) ? MHD_YES : MHD_NO;
	}
	if (request->connection->is_over) {
		http_reply_error(request, ERR_BUSY, "Too many connections.");
		return http_deliver(request) ? MHD_YES : MHD_NO;
	}
	if (request->connection->is_proxy)
		http_peer_learn(request);
	admit(request);
	request->phase = HTTP_PHASE_BEGIN;
	route = request->match.route;
	if (!http_request_is_answered(request) && route->begin != NULL)
		route->begin(request, request->server->options.application);
	return after_begin(request);
}

/* What follows handle(), or its continuation. */
static enum MHD_Result
after_handle(struct http_request *request)
{
	if (request->then != NULL)
		return MHD_YES;		/* suspended */
	if (!http_request_is_answered(request)) {
		log_error("the handler gave no answer method=%s pattern=%s",
		    request->method, request->match.route->pattern);
		http_reply_error(request, ERR_INTERNAL, NULL);
	}
	return http_deliver(request) ? MHD_YES : MHD_NO;
}

static enum MHD_Result
body_is_complete(struct http_request *request)
{
	const char *reason = NULL;
	enum err e = http_body_finish(request, &reason);

	atomic_store(&request->connection->phase, HTTP_CONNECTION_SERVING);
	if (e != ERR_OK) {
		http_reply_error(request, e, "%s", reason);
		return http_deliver(request) ? MHD_YES : MHD_NO;
	}
	request->phase = HTTP_PHASE_HANDLE;
	request->match.route->handle(request,
	    request->server->options.application);
	return after_handle(request);
}

/*
 * A piece of a body that nobody wants.  What is left is dropped when it is
 * little; else the answer goes past the library, and the client has
 * HTTP_SWALLOW_BEHIND_MAX to notice it.
 */
static enum MHD_Result
drop_piece(struct http_request *request, size_t size)
{
	int64_t length = request->framing.content_length;
	uint64_t left = length < 0 ? UINT64_MAX :
	    (uint64_t)length - request->received;

	request->received += size;
	request->dropped += size;
	atomic_fetch_add_explicit(&request->connection->received, size,
	    memory_order_relaxed);
	if (request->is_answered_early)
		return request->dropped <= HTTP_SWALLOW_BEHIND_MAX ? MHD_YES :
		    MHD_NO;
	if (left <= HTTP_SWALLOW_MAX ||
	    (length < 0 && request->dropped <= HTTP_SWALLOW_MAX))
		return MHD_YES;
	request->dropped = 0;
	return http_deliver_early(request) ? MHD_YES : MHD_NO;
}

static enum MHD_Result
piece_arrived(struct http_request *request, const char *data, size_t size)
{
	enum err e;

	if (request->phase == HTTP_PHASE_REFUSED)
		return drop_piece(request, size);
	e = http_body_add(request, (const uint8_t *)data, size);
	request->received += size;
	atomic_fetch_add_explicit(&request->connection->received, size,
	    memory_order_relaxed);
	if (e != ERR_OK)
		refuse_unless_answered(request, e);
	if (http_request_is_answered(request))
		request->phase = HTTP_PHASE_REFUSED;
	return MHD_YES;
}

/* Resumed: what the handler asked to be called next. */
static enum MHD_Result
resumed(struct http_request *request)
{
	http_handler *then = request->then;

	request->then = NULL;
	then(request, request->server->options.application);
	return request->phase == HTTP_PHASE_BEGIN ? after_begin(request) :
	    after_handle(request);
}

static enum MHD_Result
step(struct http_request *request, const char *method, const char *version,
    const char *data, size_t *size)
{
	size_t given = *size;

	if (atomic_load(&request->server->cuts))
		return MHD_NO;
	if (request->then != NULL)
		return resumed(request);
	switch (request->phase) {
	case HTTP_PHASE_HEADER:
		return header_is_complete(request, method, version);
	case HTTP_PHASE_BODY:
		if (given == 0)
			return body_is_complete(request);
		*size = 0;
		return piece_arrived(request, data, given);
	case HTTP_PHASE_REFUSED:
		if (given == 0)
			return request->is_answered_early ? MHD_NO :
			    http_deliver(request) ? MHD_YES : MHD_NO;
		*size = 0;
		return piece_arrived(request, data, given);
	case HTTP_PHASE_SENT:
		*size = 0;
		return MHD_YES;
	case HTTP_PHASE_BEGIN:
	case HTTP_PHASE_HANDLE:
		break;
	}
	log_error("a request was continued while it was suspended");
	return MHD_NO;
}

enum MHD_Result
http_life_continue(void *closure, struct MHD_Connection *library,
    const char *url, const char *method, const char *version,
    const char *data, size_t *data_size, void **context)
{
	struct http_request *request = *context;
	enum MHD_Result result;

	(void)closure;
	(void)library;
	(void)url;	/* decoded, cut: never to be looked at */
	if (request == NULL)
		return MHD_NO;	/* no memory for it */
	log_set_request(request->id);
	result = step(request, method, version, data, data_size);
	log_set_request(NULL);
	return result;
}

static void
request_free(struct http_request *request)
{
	struct http_text *text;

	if (request->state_release != NULL)
		request->state_release(request->state);
	if (request->principal_release != NULL)
		request->principal_release(request->principal);
	json_decref(request->json);
	free(request->body);
	free(request->forwarded);
	http_answer_clear(&request->answer);
	while ((text = request->texts) != NULL) {
		request->texts = text->next;
		free(text);
	}
	http_memory_give(request);
}

static void
tell_outcome(const struct http_request *request, bool is_sent)
{
	const struct http_server_options *options = &request->server->options;
	const struct http_outcome outcome = {
		.route = request->match.route,
		.status = is_sent ? request->answer.status : 0,
		.refusal = is_sent ? request->refusal : ERR_OK,
		.took_us = clock_monotonic_us() - request->started_us,
	};

	options->ended(&outcome, options->application);
}

/* Count it, log it, and let it go; the one place that frees. */
static void
request_end(struct http_request *request, bool is_whole)
{
	struct http_server *server = request->server;
	struct http_counts *counts = own_counts(server);
	bool is_sent = request->phase == HTTP_PHASE_SENT ||
	    request->is_answered_early;

	log_set_request(request->id);
	if (request->answer.is_direct)
		http_direct_end(request);
	atomic_fetch_add_explicit(is_sent ?
	    &counts->answered[request->answer.status] : &counts->unanswered,
	    1, memory_order_relaxed);
	if (server->options.ended != NULL)
		tell_outcome(request, is_sent);
	http_access_log_write(&server->access_log, request,
	    !is_sent || !(is_whole || request->is_answered_early));
	request->connection->request = NULL;
	request->connection->tls_mapped = NULL;
	request->connection->tls_block = 0;
	atomic_store(&request->connection->phase, HTTP_CONNECTION_WAITING);
	request_free(request);
	log_set_request(NULL);
	atomic_fetch_sub_explicit(&counts->under_way, 1,
	    memory_order_release);
}

void
http_life_end(void *closure, struct MHD_Connection *library,
    void **context, enum MHD_RequestTerminationCode how)
{
	struct http_request *request = *context;

	(void)closure;
	(void)library;
	*context = NULL;
	if (request != NULL)
		request_end(request,
		    how == MHD_REQUEST_TERMINATED_COMPLETED_OK);
}

void
http_life_abandon(struct http_request *request)
{
	if (request != NULL)
		request_end(request, false);
}
