/* Answers that are made once and sent any number of times, by any thread: the
 * fields, and a file as the body.  They carry nothing that belongs to one
 * request: no X-Request-Id, no Connection: close.
 */
#ifndef COMMON_HTTP_CACHED_H
#define COMMON_HTTP_CACHED_H

#include "common/http_server.h"

struct http_cached_reply;

/* What a reply is made of. */
struct http_cached_parts {
	const char *fields;	/* each "Name: value" CR LF, and nothing in
				 * them that no field may hold */
	size_t fields_size;
	int descriptor;		/* of a file */
	uint64_t length;
};

/*
 * Of these fields, those of prefix_fields that the request's target has, and
 * the file as the body: a short one is read, of a long one the length is kept.
 * ERR_NO_MEMORY; ERR_STORAGE_ERROR, logged.
 */
enum err http_cached_reply_new(const struct http_request *request,
    const struct http_cached_parts *parts, struct http_cached_reply **out);
/* NULL is allowed; so are connections that are sending it. */
void http_cached_reply_free(struct http_cached_reply *reply);

/* About how many bytes of memory it takes. */
size_t http_cached_reply_memory(const struct http_cached_reply *reply);

/*
 * Answer with it, and with no field of the request's own.  The reply must live
 * until the handler returns, the file's descriptor until the request ends.
 */
void http_reply_cached(struct http_request *request, int status,
    const struct http_cached_reply *reply, int descriptor);

/*
 * Answer with its fields, those that were added to the request, and length
 * bytes of the file at offset as the body; the rest as above.
 */
void http_reply_cached_part(struct http_request *request, int status,
    const struct http_cached_reply *reply, int descriptor, uint64_t offset,
    uint64_t length);

#endif
