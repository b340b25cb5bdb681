/* A sealed file on a storage host, read by range requests alone.  The only
 * part of the player that knows libcurl.
 */
#ifndef PLAYER_CLIENT_H
#define PLAYER_CLIENT_H

#include <stdint.h>

#include "common/err.h"
#include "common/sealed_open.h"

struct client;		/* one URL; keeps its connection */

/*
 * Ask for the first bytes at url, and with them for the size of the whole.
 * token goes into the Authorization header; NULL when the URL carries it.
 * Only http and https, redirects are not followed.  Errors are logged with
 * what to do, never with the URL: ERR_UNREACHABLE (refused, or no answer),
 * ERR_NO_MEMORY.
 */
enum err client_open(const char *url, const char *token,
    struct client **out);

/* Of the whole sealed file, as the storage host says. */
uint64_t client_sealed_size(const struct client *client);

/*
 * The fetch() of a struct sealed_source; context is the client.  Bytes go to
 * the sink as they arrive, in requests of at most 8 MiB each.  An object that
 * changed since client_open() is noticed.  Errors: ERR_UNREACHABLE,
 * ERR_PRECONDITION_FAILED (it changed), logged; ERR_NO_MEMORY; the sink's.
 */
enum err client_fetch(void *context, const struct sealed_span *span,
    opener_sink *sink, void *sink_context);

/* Wipes the token; NULL is allowed. */
void client_close(struct client *client);

#endif
