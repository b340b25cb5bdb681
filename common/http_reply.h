/* Answers: what a handler gives, exactly one for each request.  Comes with
 * http_server.h.
 */
#ifndef COMMON_HTTP_REPLY_H
#define COMMON_HTTP_REPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/json_text.h"

struct http_request;

/* A field for the answer that follows; also kept when that is an error. */
void http_reply_field(struct http_request *request, const char *name,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* No body. */
void http_reply_empty(struct http_request *request, int status);

/* Takes json.  Adds Content-Type: application/json. */
void http_reply_json(struct http_request *request, int status, json_t *json);
/* The same of what was written, which it takes. */
void http_reply_json_text(struct http_request *request, int status,
    struct json_text *text);

/* A copy of size bytes. */
void http_reply_bytes(struct http_request *request, int status,
    const char *content_type, const void *bytes, size_t size);

/*
 * length bytes of the file from offset; takes the descriptor, also on failure.
 * For HEAD only the fields are sent.
 */
void http_reply_file(struct http_request *request, int status, int descriptor,
    uint64_t offset, uint64_t length);

/*
 * problem+json with type, title and status of e; detail says what to do;
 * NULL: as err_advice() says.  Cache-Control: no-store.  503 and 429 get
 * Retry-After unless a field was added.
 */
void http_reply_error(struct http_request *request, enum err e,
    const char *detail, ...) __attribute__((format(printf, 3, 4)));

/* The same, naming the member at fault. */
void http_reply_error_member(struct http_request *request, enum err e,
    const char *member, const char *detail, ...)
    __attribute__((format(printf, 4, 5)));

/* The same with further members; takes extra (an object). */
void http_reply_problem(struct http_request *request, enum err e,
    json_t *extra, const char *detail, ...)
    __attribute__((format(printf, 4, 5)));

/* Was one of the above called? */
bool http_request_is_answered(const struct http_request *request);

#endif
