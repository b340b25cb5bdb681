/* From struct http_answer to the client: through the library, and in the
 * middle of a body past it.
 */
#include "common/http_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

/* Does prefix_fields apply, and did the handler not say it itself? */
static bool
prefix_field_applies(const struct http_request *request,
    const struct http_prefix_field *field)
{
	return strncmp(request->target, field->prefix,
	    strlen(field->prefix)) == 0 &&
	    http_answer_field(&request->answer, field->name) == NULL;
}

void
http_each_field(const struct http_request *request, http_field_sink *sink,
    void *closure)
{
	const struct http_answer *answer = &request->answer;
	const struct http_server_options *options = &request->server->options;
	const struct http_prefix_field *prefix = options->prefix_fields;
	bool must_not_be_kept = answer->status >= 300 && answer->status != 304;
	const char *name, *value;

	for (size_t at = 0; http_answer_next(answer, &at, &name, &value);)
		if (!must_not_be_kept ||
		    strcasecmp(name, "Cache-Control") != 0)
			sink(closure, name, value);
	if (must_not_be_kept)
		sink(closure, "Cache-Control", "no-store");
	for (; prefix != NULL && prefix->prefix != NULL; prefix++)
		if (prefix_field_applies(request, prefix))
			sink(closure, prefix->name, prefix->value);
}

/* The same, and what belongs to this request alone. */
static void
each_own_field(const struct http_request *request, http_field_sink *sink,
    void *closure)
{
	http_each_field(request, sink, closure);
	if (request->server->options.request_ids)
		sink(closure, "X-Request-Id", request->id);
}

static void
add_to_response(void *closure, const char *name, const char *value)
{
	if (MHD_add_response_header(closure, name, value) != MHD_YES)
		log_error("the library refused a field name=%s", name);
}

static ssize_t
read_nothing(void *closure, uint64_t position, char *buffer, size_t size)
{
	(void)closure;
	(void)position;
	(void)buffer;
	(void)size;
	return MHD_CONTENT_READER_END_OF_STREAM;
}

/*
 * A 304 of which nobody told the length of the 200: Content-Length: 0 would
 * be a lie, and the library leaves it away only where the connection closes.
 */
static struct MHD_Response *
response_without_length(void)
{
	struct MHD_Response *response = MHD_create_response_from_callback(
	    MHD_SIZE_UNKNOWN, 16, read_nothing, NULL, NULL);

	if (response != NULL)
		MHD_set_response_options(response,
		    MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
	return response;
}

static bool
is_tls(const struct http_request *request)
{
	return request->connection->certificate != NULL;
}

/* A part of a cached file; NULL: it is not in memory. */
static struct MHD_Response *
response_of_part(const struct http_request *request)
{
	const struct http_answer *answer = &request->answer;
	struct MHD_Response *response = http_tls_cached_part(answer->cached,
	    answer->descriptor, answer->offset, answer->length);

	if (response == NULL)
		return NULL;
	close(answer->descriptor);
	http_tls_expect(request->connection, answer->cached, answer->length);
	return response;
}

/* All of a cached file. */
static bool
is_whole(const struct http_answer *answer)
{
	return answer->cached != NULL && answer->status == 200 &&
	    answer->length == http_cached_reply_length(answer->cached);
}

/* Takes the descriptor unless it returns NULL. */
static struct MHD_Response *
response_of_file(const struct http_request *request)
{
	const struct http_answer *answer = &request->answer;
	struct MHD_Response *response = NULL;

	if (is_tls(request) && answer->cached != NULL && !is_whole(answer))
		response = response_of_part(request);
	if (response != NULL)
		return response;
	return is_tls(request) ? http_tls_response(request->connection,
	    answer->descriptor, answer->offset, answer->length) :
	    MHD_create_response_from_fd_at_offset64(answer->length,
	    answer->descriptor, answer->offset);
}

/* Ownership of body and descriptor moves to the response. */
static struct MHD_Response *
response_new(struct http_request *request)
{
	struct http_answer *answer = &request->answer;
	struct MHD_Response *response;
	static char nothing[1];

	if (answer->status == 304 && answer->body == NULL &&
	    answer->descriptor < 0)
		return response_without_length();
	if (answer->descriptor >= 0) {
		response = response_of_file(request);
		if (response != NULL)
			answer->descriptor = -1;
		return response;
	}
	if (answer->body == NULL)
		return MHD_create_response_from_buffer(0, nothing,
		    MHD_RESPMEM_PERSISTENT);
	response = MHD_create_response_from_buffer(answer->body_size,
	    answer->body, MHD_RESPMEM_MUST_FREE);
	if (response != NULL)
		answer->body = NULL;
	return response;
}

static bool
queue(struct http_request *request, struct MHD_Response *response)
{
	unsigned status = (unsigned)request->answer.status;

	if (MHD_queue_response(request->library, status, response) !=
	    MHD_YES) {
		log_error("the library refused an answer status=%u", status);
		return false;
	}
	request->phase = HTTP_PHASE_SENT;
	atomic_store_explicit(&request->connection->phase,
	    HTTP_CONNECTION_SENDING, memory_order_relaxed);
	return true;
}

/* Fields that were added, on top of those of a cached answer. */
static void
add_part_fields(const struct http_answer *answer,
    struct MHD_Response *response)
{
	const char *name, *value;

	http_cached_reply_copy_fields(answer->cached, response);
	for (size_t at = 0; http_answer_next(answer, &at, &name, &value);)
		add_to_response(response, name, value);
}

/* The bare answer to the library, what it lacks to the socket. */
static bool
deliver_direct(struct http_request *request)
{
	struct MHD_Response *bare =
	    http_cached_reply_bare(request->answer.cached);

	if (bare == NULL || !queue(request, bare))
		return false;
	request->is_bare = true;
	return true;
}

/* Over TLS, where the file is in memory: the answer is ready then. */
static struct MHD_Response *
response_in_memory(const struct http_request *request)
{
	const struct http_answer *answer = &request->answer;
	struct MHD_Response *response = NULL;

	if (is_tls(request) && is_whole(answer) && answer->descriptor >= 0 &&
	    !http_request_is_draining(request))
		response = http_tls_cached_response(answer->cached,
		    answer->descriptor);
	if (response != NULL)
		http_tls_expect(request->connection, answer->cached,
		    answer->length);
	return response;
}

bool
http_deliver(struct http_request *request)
{
	struct http_answer *answer = &request->answer;
	struct MHD_Response *response;
	bool is_queued;

	/* The library has its own hold on what is cached. */
	if (answer->is_direct)
		return deliver_direct(request);
	if (answer->cached != NULL && !answer->is_part) {
		response = http_cached_reply_whole(answer->cached);
		return response != NULL && queue(request, response);
	}
	response = response_in_memory(request);
	if (response != NULL)
		return queue(request, response);
	response = response_new(request);
	if (response == NULL) {
		log_error("no memory for an answer");
		return false;
	}
	if (answer->cached != NULL)
		add_part_fields(answer, response);
	else
		each_own_field(request, add_to_response, response);
	if (answer->closes || atomic_load(&request->server->drains))
		add_to_response(response, "Connection", "close");
	is_queued = queue(request, response);
	MHD_destroy_response(response);
	return is_queued;
}

static void
add_to_text(void *closure, const char *name, const char *value)
{
	fprintf(closure, "%s: %s\r\n", name, value);
}

static void
write_answer(FILE *out, const struct http_request *request)
{
	const struct http_answer *answer = &request->answer;
	time_t now = (time_t)clock_unix_s();
	char date[40] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	fprintf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: close\r\n",
	    answer->status, MHD_get_reason_phrase_for(
	    (unsigned)answer->status), date);
	each_own_field(request, add_to_text, out);
	fprintf(out, "Content-Length: %zu\r\n\r\n", answer->body_size);
	if (answer->body != NULL && strcmp(request->method, "HEAD") != 0)
		fwrite(answer->body, 1, answer->body_size, out);
}

/*
 * The library has sent all it had before it took this request up, then at
 * most a "100 Continue", and will send nothing: the socket's buffer takes an
 * answer of an error's size in one piece.  Our half is shut behind it.
 */
bool
http_deliver_early(struct http_request *request)
{
	int client = request->connection->socket;
	bool is_sent = false;
	size_t size = 0;
	char *text = NULL;
	FILE *out;

	if (request->answer.descriptor >= 0 || request->answer.cached != NULL)
		return false;
	out = open_memstream(&text, &size);
	if (out == NULL)
		return false;
	write_answer(out, request);
	if (fclose(out) == 0 && (is_tls(request) ?
	    http_tls_send(request->library, text, size) :
	    send(client, text, size, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	    (ssize_t)size)) {
		shutdown(client, SHUT_WR);
		request->is_answered_early = true;
		is_sent = true;
	}
	free(text);
	return is_sent;
}
