/* Answers that are made once and sent many times.
 *
 * Each is a block of ready text, for http_direct.c.  What the library takes is
 * made of it when the library is to send it for the first time: a bare answer
 * that goes past it, or (TLS, HEAD) a whole one.  Both have a hold on the
 * block, and the library frees them behind the last connection that sends
 * them; who sends the block without the library takes a hold of its own.  So a
 * reply may go while it is being sent.
 */
#include "common/http_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

struct http_cached_reply {
	struct MHD_Response *bare, *whole;	/* NULL before their use */
	uint64_t length;
	size_t memory_bytes;
	struct http_cached_memory memory;
};	/* the block lies behind it, in the same piece of memory */

_Static_assert(sizeof(struct http_cached_reply) %
    _Alignof(struct http_block) == 0, "the block would not be aligned");

/* About what the library keeps of a bare one, and of a whole one. */
#define BARE_BYTES 512
#define WHOLE_BYTES 3072
#define LENGTH_FORMAT "Content-Length: %" PRIu64 "\r\n\r\n"
#define LENGTH_TEXT_MAX 48

/* --- the block ------------------------------------------------------------ */

static struct http_block *
block_of(const struct http_cached_reply *reply)
{
	return (struct http_block *)(uintptr_t)(reply + 1);
}

void
http_cached_block_release(void *held)
{
	struct http_block *block = held;

	if (atomic_fetch_sub(&block->owners, 1) == 1)
		free((struct http_cached_reply *)held - 1);
}

void
http_cached_block_hold(struct http_block *block)
{
	atomic_fetch_add(&block->owners, 1);
}

static char *
write_text(char *at, const char *text)
{
	size_t size = strlen(text);

	memcpy(at, text, size);
	return at + size;
}

/* As many bytes as write_prefix_fields() writes. */
static size_t
prefix_fields_size(const struct http_prefix_field *prefix, const char *target)
{
	size_t size = 0;

	for (; prefix != NULL && prefix->prefix != NULL; prefix++)
		if (strncmp(target, prefix->prefix,
		    strlen(prefix->prefix)) == 0)
			size += strlen(prefix->name) + strlen(prefix->value) +
			    strlen(": \r\n");
	return size;
}

static char *
write_prefix_fields(char *at, const struct http_prefix_field *prefix,
    const char *target)
{
	for (; prefix != NULL && prefix->prefix != NULL; prefix++)
		if (strncmp(target, prefix->prefix,
		    strlen(prefix->prefix)) == 0)
			at = write_text(write_text(write_text(write_text(at,
			    prefix->name), ": "), prefix->value), "\r\n");
	return at;
}

/*
 * A reply and its block, with room for a short body behind the end of the
 * header.
 */
static struct http_cached_reply *
reply_allocate(const struct http_request *request,
    const struct http_cached_parts *parts)
{
	const struct http_prefix_field *prefix =
	    request->server->options.prefix_fields;
	bool is_short = parts->length <= HTTP_FILE_COPY_MAX;
	size_t fields_size = parts->fields_size +
	    prefix_fields_size(prefix, request->target);
	size_t size = sizeof(struct http_cached_reply) +
	    sizeof(struct http_block) + fields_size + LENGTH_TEXT_MAX +
	    (is_short ? (size_t)parts->length : 0);
	struct http_cached_reply *reply = malloc(size);
	struct http_block *block;
	char *end;

	if (reply == NULL)
		return NULL;
	*reply = (struct http_cached_reply){ .length = parts->length,
		.memory_bytes = size + (request->connection->certificate ==
		    NULL ? BARE_BYTES : WHOLE_BYTES) };
	block = block_of(reply);
	atomic_init(&block->owners, 1);
	memcpy(block->text, parts->fields, parts->fields_size);
	end = write_prefix_fields(block->text + parts->fields_size, prefix,
	    request->target);
	block->fields_size = fields_size;
	block->head_size = fields_size + (size_t)snprintf(end, LENGTH_TEXT_MAX,
	    LENGTH_FORMAT, parts->length);
	block->size = block->head_size + (is_short ? (size_t)parts->length :
	    0);
	return reply;
}

/* Where the short body lies. */
static char *
short_body(const struct http_cached_reply *reply)
{
	return block_of(reply)->text + block_of(reply)->head_size;
}

enum err
http_cached_reply_new(const struct http_request *request,
    const struct http_cached_parts *parts, struct http_cached_reply **out)
{
	struct http_cached_reply *reply = reply_allocate(request, parts);
	enum err e = ERR_OK;

	*out = NULL;
	if (reply == NULL)
		return ERR_NO_MEMORY;
	if (http_cached_reply_is_short(reply))
		e = http_read_bytes(parts->descriptor, 0,
		    (size_t)parts->length, short_body(reply));
	if (e == ERR_OK)
		*out = reply;
	else
		free(reply);
	return e;
}

void
http_cached_reply_free(struct http_cached_reply *reply)
{
	if (reply == NULL)
		return;
	if (reply->whole != NULL)
		MHD_destroy_response(reply->whole);
	if (reply->bare != NULL)
		MHD_destroy_response(reply->bare);
	http_tls_forget(&reply->memory);
	http_cached_block_release(block_of(reply));
}

/* --- the library's answers ------------------------------------------------ */

static ssize_t
read_nothing(void *closure, uint64_t position, char *buffer, size_t size)
{
	(void)closure;
	(void)position;
	(void)buffer;
	(void)size;
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* Of bytes of a block, which lives as long as it does. */
static struct MHD_Response *
response_of_block(struct http_block *block, char *bytes, size_t size)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer_with_free_callback_cls(size, bytes,
	    http_cached_block_release, block);

	if (response != NULL)
		http_cached_block_hold(block);
	return response;
}

/* That of a long one is for HEAD and 304, which have no body. */
static struct MHD_Response *
whole_new(const struct http_cached_reply *reply)
{
	return http_cached_reply_is_short(reply) ?
	    response_of_block(block_of(reply), short_body(reply),
	    (size_t)reply->length) :
	    MHD_create_response_from_callback(reply->length, 16, read_nothing,
	    NULL, NULL);
}

/* The fields of the block, each cut out of a copy. */
static bool
add_fields(const struct http_block *block, struct MHD_Response *response)
{
	char *text = strndup(block->text, block->fields_size), *end;
	bool is_done = text != NULL;

	for (char *name = text; is_done && *name != '\0'; name = end + 2) {
		char *value = strstr(name, ": ");

		end = strstr(value, "\r\n");
		*value = *end = '\0';
		is_done = MHD_add_response_header(response, name,
		    value + 2) == MHD_YES;
	}
	free(text);
	return is_done;
}

/* --- what they are -------------------------------------------------------- */

size_t
http_cached_reply_memory(const struct http_cached_reply *reply)
{
	return reply->memory_bytes;
}

bool
http_cached_reply_is_short(const struct http_cached_reply *reply)
{
	return reply->length <= HTTP_FILE_COPY_MAX;
}

/* A reply is its thread's own (stored/media.h), but for being freed. */
static struct http_cached_reply *
own(const struct http_cached_reply *reply)
{
	return (struct http_cached_reply *)(uintptr_t)reply;
}

struct MHD_Response *
http_cached_reply_whole(const struct http_cached_reply *reply)
{
	struct MHD_Response *response;

	if (reply->whole != NULL)
		return reply->whole;
	response = whole_new(reply);
	if (response != NULL && !add_fields(block_of(reply), response)) {
		MHD_destroy_response(response);
		response = NULL;
	}
	own(reply)->whole = response;
	return response;
}

struct MHD_Response *
http_cached_reply_bare(const struct http_cached_reply *reply)
{
	if (reply->bare == NULL)
		own(reply)->bare = response_of_block(block_of(reply),
		    block_of(reply)->text, 0);
	return reply->bare;
}

struct http_block *
http_cached_reply_block(const struct http_cached_reply *reply)
{
	return block_of(reply);
}

uint64_t
http_cached_reply_length(const struct http_cached_reply *reply)
{
	return reply->length;
}

void
http_cached_reply_copy_fields(const struct http_cached_reply *reply,
    struct MHD_Response *response)
{
	if (!add_fields(block_of(reply), response))
		log_error("the library refused a field");
}

struct http_cached_memory *
http_cached_reply_in_memory(const struct http_cached_reply *reply)
{
	return &own(reply)->memory;
}
