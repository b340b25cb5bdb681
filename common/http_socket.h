/* Sockets and epoll sets of the event threads.  For common/http_*.c alone,
 * through http_internal.h.
 */
#ifndef COMMON_HTTP_SOCKET_H
#define COMMON_HTTP_SOCKET_H

#include <stdbool.h>

struct epoll_event;
struct http_connection;
struct http_pool;

/* Before the first connection; more often does nothing. */
void http_sockets_prepare(void);
/* Does the library call our function of that name? */
bool http_socket_call_is_ours(const char *name);
/* Can http_socket_set() take it?  No socket, where a call is not ours. */
bool http_socket_fits(int socket);
/*
 * Whose socket it is, for the calls that are ours; NULL: nobody's.  To be set
 * while nobody else uses that number.
 */
void http_socket_set(int socket, struct http_connection *connection);
struct http_connection *http_socket_connection(int socket);

/*
 * The epoll sets that the library makes on this thread are those of the pool's
 * event threads, until NULL is told.
 */
void http_socket_learn_sets(struct http_pool *pool);
/* epoll_ctl() as the kernel has it. */
int http_socket_control(int set, int operation, int socket,
    struct epoll_event *event);
/* The set of the calling event thread. */
int http_socket_own_set(void);

#endif
