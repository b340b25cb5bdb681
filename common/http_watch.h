/* Epoll, between the library and the kernel.  For common/http_*.c alone.
 */
#ifndef COMMON_HTTP_WATCH_H
#define COMMON_HTTP_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct epoll_event;
struct http_connection;

/* No address that a program has: behind it, one of ours. */
#define HTTP_EVENT_TAG (UINT64_C(1) << 63)

/* What epoll says of our connection; and whose it is, NULL: another's. */
static inline uint64_t
http_event_of(const struct http_connection *connection)
{
	return HTTP_EVENT_TAG | (uintptr_t)connection;
}

static inline struct http_connection *
http_event_connection(uint64_t data)
{
	return (data & HTTP_EVENT_TAG) == 0 ? NULL :
	    (struct http_connection *)(uintptr_t)(data & ~HTTP_EVENT_TAG);
}

/* The library's epoll_ctl() for a connection that it has. */
int http_watch_control(struct http_connection *connection, int set,
    int operation, const struct epoll_event *event);
/* Make the event the library's; false: it does not want to know. */
bool http_watch_tell(struct http_connection *connection,
    struct epoll_event *event);
/* Is the library to read its socket now?  It is told when it can, else. */
bool http_watch_may_read(const struct http_connection *connection);
/* It was read; is_short: less came than was asked for, or nothing. */
void http_watch_note_read(struct http_connection *connection, bool is_short);
/* The library, which took it out of its set or not, closes it. */
void http_watch_end(struct http_connection *connection);

#endif
