/* The fast lane: plain requests for what is cached, served in front of the
 * library.  For common/http_*.c alone, through http_internal.h.
 */
#ifndef COMMON_HTTP_FAST_H
#define COMMON_HTTP_FAST_H

#include <stdbool.h>

struct MHD_Connection;
struct epoll_event;
struct http_connection;
struct http_head;
struct http_request;
struct http_route;

/* Is there a route for this audience that is_quick? */
bool http_fast_serves(const struct http_route *routes, unsigned audience);
/*
 * By the acceptor: the connection is its event thread's from here on, in front
 * of the library.  False: it is not.
 */
bool http_fast_begin(struct http_connection *connection);
/* The library took it; and: it is about to close the socket. */
void http_fast_given(struct http_connection *connection,
    struct MHD_Connection *library);
void http_fast_end(struct http_connection *connection);
/* Let epoll tell again what is true of the connection's socket. */
void http_fast_tell_again(struct http_connection *connection);
/* There is more to send, and room: its next turn is behind the others'. */
void http_fast_next_turn(struct http_connection *connection);
/* Does any connection of this thread wait for its turn? */
bool http_fast_has_turns(void);
/*
 * Events of connections that the library took since, with bytes to read that
 * no epoll set knows of: at most so many; how many they are.
 */
int http_fast_tell(struct epoll_event *events, int most);
/*
 * Serve what can be served of count events, and leave the library's in front;
 * how many they are; and a turn of each that waits for one.  count may be -1.
 */
int http_fast_serve(struct epoll_event *events, int count);

/* --- the part of http_life.c in it ---------------------------------------- */

/*
 * A request that the library has not seen: through gate, checks and handler.
 * NULL: nothing was done.  Else the request is the connection's, and where
 * answer.is_direct it is to be sent and to be ended by http_life_over(); else
 * the library's http_life_begin() takes it up.  head is not kept.
 */
struct http_request *http_life_quick(struct http_connection *connection,
    const struct http_head *head);
/* It is sent whole. */
void http_life_over(struct http_request *request);

#endif
