/* Answers that are made once and sent many times.
 *
 * Each is a block of ready text with a bare answer, for http_direct.c, and is
 * made whole when the library shall send it (TLS).  The library
 * counts the connections that send an answer, and frees it behind the last
 * one, and with it its hold on the block: so a reply may go while it is being
 * sent.
 */
#include "common/http_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

struct http_cached_reply {
	struct MHD_Response *bare, *whole;	/* whole: NULL before its use */
	struct http_block *block;	/* bare's */
	uint64_t length;
	size_t memory_bytes;
	struct http_cached_memory memory;
};

/* About what the library keeps of both. */
#define RESPONSES_BYTES 3072
#define LENGTH_FORMAT "Content-Length: %" PRIu64 "\r\n\r\n"
#define LENGTH_TEXT_MAX 48

/* --- the block ------------------------------------------------------------ */

static void
block_release(void *held)
{
	struct http_block *block = held;

	if (block != NULL && atomic_fetch_sub(&block->owners, 1) == 1)
		free(block);
}

static struct http_block *
block_hold(struct http_block *block)
{
	atomic_fetch_add(&block->owners, 1);
	return block;
}

static void
count_field(void *closure, const char *name, const char *value)
{
	*(size_t *)closure += strlen(name) + strlen(value) + 4;
}

static void
write_field(void *closure, const char *name, const char *value)
{
	char **at = closure;

	at[0] = stpcpy(stpcpy(stpcpy(stpcpy(at[0], name), ": "), value),
	    "\r\n");
}

/* With room for a short body, behind the end of the header. */
static struct http_block *
block_new(const struct http_request *request, uint64_t length, bool is_short)
{
	size_t size = 0, rest = is_short ? LENGTH_TEXT_MAX + (size_t)length :
	    1;
	struct http_block *block;
	char *end;

	http_each_field(request, count_field, &size);
	block = malloc(sizeof(*block) + size + rest);
	if (block == NULL)
		return NULL;
	atomic_init(&block->owners, 1);
	end = block->text;
	http_each_field(request, write_field, &end);
	block->fields_size = block->size = size;
	if (is_short)
		block->size += (size_t)snprintf(end, LENGTH_TEXT_MAX,
		    LENGTH_FORMAT, length) + (size_t)length;
	return block;
}

/* Where the short body lies. */
static char *
block_body(struct http_block *block, uint64_t length)
{
	return block->text + block->size - length;
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

/* That of a long one is for HEAD and 304, which have no body. */
static struct MHD_Response *
whole_new(struct http_cached_reply *reply)
{
	struct MHD_Response *response;

	if (!http_cached_reply_is_short(reply))
		return MHD_create_response_from_callback(reply->length, 16,
		    read_nothing, NULL, NULL);
	response = MHD_create_response_from_buffer_with_free_callback_cls(
	    (size_t)reply->length, block_body(reply->block, reply->length),
	    block_release, reply->block);
	if (response != NULL)
		block_hold(reply->block);
	return response;
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

enum err
http_cached_reply_new(struct http_request *request, int descriptor,
    uint64_t length, struct http_cached_reply **out)
{
	struct http_cached_reply *reply = calloc(1, sizeof(*reply));
	bool is_short;
	enum err e = ERR_OK;

	*out = NULL;
	if (reply == NULL)
		return ERR_NO_MEMORY;
	reply->length = length;
	is_short = http_cached_reply_is_short(reply);
	reply->block = block_new(request, length, is_short);
	if (reply->block == NULL) {
		free(reply);
		return ERR_NO_MEMORY;
	}
	if (is_short)
		e = http_read_bytes(descriptor, 0, (size_t)length,
		    block_body(reply->block, length));
	if (e == ERR_OK) {
		reply->bare =
		    MHD_create_response_from_buffer_with_free_callback_cls(0,
		    reply->block->text, block_release, reply->block);
		e = reply->bare == NULL ? ERR_NO_MEMORY : ERR_OK;
	}
	if (e != ERR_OK) {
		block_release(reply->block);
		free(reply);
		return e;
	}
	reply->memory_bytes = sizeof(*reply) + RESPONSES_BYTES +
	    sizeof(*reply->block) + reply->block->size;
	request->answer.fields_size = 0;
	*out = reply;
	return ERR_OK;
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
	free(reply);
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
	response = whole_new(own(reply));
	if (response != NULL && !add_fields(reply->block, response)) {
		MHD_destroy_response(response);
		response = NULL;
	}
	own(reply)->whole = response;
	return response;
}

struct MHD_Response *
http_cached_reply_bare(const struct http_cached_reply *reply)
{
	return reply->bare;
}

const struct http_block *
http_cached_reply_block(const struct http_cached_reply *reply)
{
	return reply->block;
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
	if (!add_fields(reply->block, response))
		log_error("the library refused a field");
}

struct http_cached_memory *
http_cached_reply_in_memory(const struct http_cached_reply *reply)
{
	return &own(reply)->memory;
}
