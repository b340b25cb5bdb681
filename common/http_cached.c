/* Answers that are made once and sent many times.
 *
 * The library copies the fields of a response into memory of its own for each
 * answer, counts the connections that send it, and frees it behind the last
 * one: so a response may go while it is being sent.
 */
#include "common/http_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

struct http_cached_reply {
	struct MHD_Response *response;
	int descriptor;		/* the response's */
	uint64_t length;
	size_t memory_bytes;
	struct http_cached_memory memory;
};

/* About what the library keeps beside fields and body. */
#define RESPONSE_BYTES 512
#define FILE_RESPONSE_BYTES (RESPONSE_BYTES + 4096)
#define FIELD_BYTES 96

struct filling {
	struct MHD_Response *response;
	size_t bytes;
	bool is_whole;
};

static void
fill(void *closure, const char *name, const char *value)
{
	struct filling *filling = closure;

	if (MHD_add_response_header(filling->response, name, value) !=
	    MHD_YES)
		filling->is_whole = false;
	filling->bytes += strlen(name) + strlen(value) + FIELD_BYTES;
}

static enum err
response_from_file(int descriptor, uint64_t length,
    struct http_cached_reply *reply)
{
	int own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);

	if (own < 0) {
		log_errno("no descriptor for an answer");
		return ERR_BUSY;
	}
	reply->memory_bytes = FILE_RESPONSE_BYTES;
	reply->descriptor = own;
	reply->response = MHD_create_response_from_fd_at_offset64(length, own,
	    0);
	if (reply->response == NULL)
		close(own);
	return reply->response == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static enum err
response_from_copy(int descriptor, uint64_t length,
    struct http_cached_reply *reply)
{
	char *bytes;
	enum err e = http_read_part(descriptor, 0, (size_t)length, &bytes);

	if (e != ERR_OK)
		return e;
	reply->memory_bytes = RESPONSE_BYTES + (size_t)length;
	reply->response = MHD_create_response_from_buffer((size_t)length,
	    bytes, MHD_RESPMEM_MUST_FREE);
	if (reply->response == NULL)
		free(bytes);
	return reply->response == NULL ? ERR_NO_MEMORY : ERR_OK;
}

enum err
http_cached_reply_new(struct http_request *request, int descriptor,
    uint64_t length, struct http_cached_reply **out)
{
	struct http_cached_reply *reply = calloc(1, sizeof(*reply));
	struct filling filling = { .is_whole = true };
	enum err e;

	*out = NULL;
	if (reply == NULL)
		return ERR_NO_MEMORY;
	reply->length = length;
	e = http_cached_reply_has_file(reply) ?
	    response_from_file(descriptor, length, reply) :
	    response_from_copy(descriptor, length, reply);
	if (e != ERR_OK)
		goto out;
	filling.response = reply->response;
	http_each_field(request, fill, &filling);
	reply->memory_bytes += filling.bytes;
	if (filling.is_whole) {
		request->answer.fields_size = 0;
		*out = reply;
		return ERR_OK;
	}
	e = ERR_NO_MEMORY;
out:
	http_cached_reply_free(reply);
	return e;
}

void
http_cached_reply_free(struct http_cached_reply *reply)
{
	if (reply == NULL)
		return;
	if (reply->response != NULL)
		MHD_destroy_response(reply->response);
	http_tls_forget(&reply->memory);
	free(reply);
}

size_t
http_cached_reply_memory(const struct http_cached_reply *reply)
{
	return reply->memory_bytes;
}

bool
http_cached_reply_has_file(const struct http_cached_reply *reply)
{
	return reply->length > HTTP_FILE_COPY_MAX;
}

struct MHD_Response *
http_cached_reply_response(const struct http_cached_reply *reply)
{
	return reply->response;
}

static enum MHD_Result
copy_field(void *closure, enum MHD_ValueKind kind, const char *name,
    const char *value)
{
	(void)kind;
	if (MHD_add_response_header(closure, name, value) != MHD_YES)
		log_error("the library refused a field name=%s", name);
	return MHD_YES;
}

void
http_cached_reply_copy_fields(const struct http_cached_reply *reply,
    struct MHD_Response *response)
{
	MHD_get_response_headers(reply->response, copy_field, response);
}

int
http_cached_reply_descriptor(const struct http_cached_reply *reply)
{
	return reply->descriptor;
}

uint64_t
http_cached_reply_length(const struct http_cached_reply *reply)
{
	return reply->length;
}

/* A reply is its thread's own (stored/media.h), but for being freed. */
struct http_cached_memory *
http_cached_reply_in_memory(const struct http_cached_reply *reply)
{
	return &((struct http_cached_reply *)(uintptr_t)reply)->memory;
}
