/* What a request meets before its handler.  For common/http_*.c alone, through
 * http_internal.h.
 */
#ifndef COMMON_HTTP_ADMIT_H
#define COMMON_HTTP_ADMIT_H

#include <stdbool.h>

#include "common/err.h"

struct http_head;
struct http_request;

/* The gate; a refusal is answered, and closes the connection. */
enum err http_admit_gate(struct http_request *request, const char *method,
    const char *version);
/*
 * All that follows up to the size and kind of the body.  Every refusal is a
 * reply.
 */
void http_admit(struct http_request *request);
/*
 * Does this head, which the library has not seen, pass the gate to a route
 * that is_quick?  False: nothing was done, answered or counted.
 */
bool http_admit_is_quick(struct http_request *request,
    const struct http_head *head);
/* The program's own checks reply themselves, or let us do it. */
void http_admit_refuse(struct http_request *request, enum err e);

#endif
