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

/* A request with its target, not begun yet; NULL without memory. */
static struct http_request *
request_new(struct http_server *server, struct http_connection *connection,
    const char *target)
{
	size_t size = target == NULL ? 1 : strlen(target) + 1;
	struct http_request *request = http_memory_take(size);

	if (request == NULL)
		return NULL;
	request->server = server;
	request->connection = connection;
	request->phase = HTTP_PHASE_HEADER;
	request->answer.descriptor = -1;
	request->scratch = request->target + size;
	if (target != NULL)
		memcpy(request->target, target, size);
	return request;
}

static void
request_begin(struct http_request *request)
{
	struct http_server *server = request->server;
	struct http_connection *connection = request->connection;
	struct uuid id = uuid_new();

	http_life_abandon(connection->request);
	connection->request = request;
	request->started_ms = clock_monotonic_ms();
	if (server->options.ended != NULL)
		request->started_us = clock_monotonic_us();
	uuid_text(request->id, &id);
	stripe_add(&own_counts(server)->under_way, 1);
	/* The event thread's alone to change. */
	atomic_store_explicit(&connection->requests, atomic_load_explicit(
	    &connection->requests, memory_order_relaxed) + 1,
	    memory_order_relaxed);
}

/* The one that http_fast.c had answered, if this is it. */
static struct http_request *
request_handed_over(const struct http_connection *connection,
    const char *target)
{
	struct http_request *request = connection->request;

	return request != NULL && request->library == NULL &&
	    request->phase == HTTP_PHASE_HEADER && target != NULL &&
	    strcmp(request->target, target) == 0 ? request : NULL;
}

void *
http_life_begin(void *closure, const char *target,
    struct MHD_Connection *library)
{
	struct http_server *server = closure;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(library,
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_connection *connection;
	struct http_request *request;

	if (info == NULL || info->socket_context == NULL)
		return NULL;
	connection = info->socket_context;
	request = request_handed_over(connection, target);
	if (request == NULL) {
		request = request_new(server, connection, target);
		if (request == NULL)
			return NULL;
		request_begin(request);
	}
	request->library = library;
	request->raw_target = (uintptr_t)target;
	atomic_store(&connection->header_since_ms, request->started_ms);
	atomic_store(&connection->phase, HTTP_CONNECTION_HEADER);
	return request;
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
	if (http_admit_gate(request, method, version) != ERR_OK) {
		request->connection->lingers = true;
		return http_deliver(request) ? MHD_YES : MHD_NO;
	}
	if (request->connection->is_over) {
		http_reply_error(request, ERR_BUSY, "Too many connections.");
		return http_deliver(request) ? MHD_YES : MHD_NO;
	}
	if (!http_request_is_answered(request)) {	/* by http_fast.c */
		if (request->connection->is_proxy)
			http_peer_learn(request);
		http_admit(request);
	}
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
		http_admit_refuse(request, e);
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
	stripe_add(is_sent ? &counts->answered[request->answer.status] :
	    &counts->unanswered, 1);
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
	stripe_add(&counts->under_way, UINT64_MAX);
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

void
http_life_over(struct http_request *request)
{
	stripe_add(&own_counts(request->server)->fast, 1);
	request_end(request, true);
}

/* --- requests that the library has not seen ------------------------------- */

struct http_request *
http_life_quick(struct http_connection *connection,
    const struct http_head *head)
{
	struct http_request *request = request_new(
	    connection->listening->pool->server, connection, head->target);

	if (request == NULL)
		return NULL;
	if (!http_admit_is_quick(request, head)) {
		http_memory_give(request);
		return NULL;
	}
	request_begin(request);
	log_set_request(request->id);
	request->head = head;
	if (connection->is_proxy)
		http_peer_learn(request);
	http_admit(request);
	if (!http_request_is_answered(request))
		request->match.route->handle(request,
		    request->server->options.application);
	request->head = NULL;
	log_set_request(NULL);
	if (request->answer.is_direct)
		request->phase = HTTP_PHASE_SENT;
	return request;
}
