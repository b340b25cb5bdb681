/* The strict reader of request heads: for those alone that can be read in one
 * way.  It knows no error; what it does not take is for the library and the
 * gate behind it (docs/security.md, "Two readers of HTTP").
 */
#ifndef COMMON_HTTP_HEAD_H
#define COMMON_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/http_gate.h"

/* The library's smallest memory holds the fields of such a one, too. */
#define HTTP_HEAD_MAX 2048
#define HTTP_HEAD_FIELDS_MAX 20

struct http_head {
	const char *method, *target, *version;
	struct http_field fields[HTTP_HEAD_FIELDS_MAX];
	size_t field_count;
};

/*
 * Are these bytes exactly one whole head of GET or HEAD, HTTP/1.1, of a
 * request without a body, each line "Name: value" CR LF, and no field that
 * says how messages are framed or what becomes of the connection?  Then
 * *head points into bytes, which were cut up by NULs.  False: bytes may have
 * been, and nothing is known of them.
 */
bool http_head_read(char *bytes, size_t size, struct http_head *head);

#endif
