/* A request to a running daemon's admin listener: what --scrub needs, and no
 * more, so that stored links no HTTP client.
 */
#ifndef STORED_ADMIN_CLIENT_H
#define STORED_ADMIN_CLIENT_H

#include <jansson.h>

#include "common/err.h"

/*
 * Send method and path, without a body, to address (as of admin-listen), and
 * wait for an answer with a JSON object, *json, the caller's.  ERR_NOT_FOUND:
 * nobody listens there; ERR_UNREACHABLE, logged: no answer, or none of 2xx
 * with JSON.  ERR_NO_MEMORY.
 */
enum err admin_client_ask(const char *address, const char *method,
    const char *path, json_t **json);

#endif
