/* Where the HTTP layer listens, and for whom. */
#ifndef COMMON_HTTP_LISTENER_H
#define COMMON_HTTP_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

/* Which listeners serve a route; a listener has a mask of these. */
enum http_audience {
	HTTP_PUBLIC = 1,	/* buyers, downloads */
	HTTP_PEOPLE = 2,	/* /admin/v1 */
	HTTP_OPERATOR = 4	/* /metrics, /readyz */
};

struct http_listener {
	const char *address;	/* HOST:PORT, [HOST]:PORT, unix:PATH, or
				 * systemd:NAME for sockets opened by it */
	unsigned audience;	/* mask of routes that are served here */
	bool is_tls;		/* with what http_server_options names */
	unsigned threads;	/* event threads; listeners that are equal but
				 * for the address share them */
};

/*
 * One listener like model for each of words, a list ended by NULL, behind the
 * first count of listeners; at most up to room.  The new count.
 */
size_t http_listeners_add(struct http_listener *listeners, size_t count,
    size_t room, char *const *words, struct http_listener model);

#endif
