/* What epoll is told of a connection that the library has, and what the
 * library is told by it.
 *
 * For each request that is suspended libmicrohttpd takes the socket out of its
 * set, and puts it in again once it has read in vain: two system calls, an
 * event that says what it knows, and the reading.  So the socket stays in the
 * set here.  Events of one that the library took out are left out, and when it
 * comes back and there may be something to receive, epoll tells again how
 * things are, as it does of a socket that is new in a set.
 *
 * As every arrival is an event, a socket that was read empty has nothing until
 * the next one: no need to ask it.  The client's end is an event, too, which
 * epoll may have told together with the last bytes: behind it everything is
 * asked.  Nor is a socket read before the answer to a request that waited: met
 * there, the end of a client that has only ended its half would be taken for
 * that of the connection.
 *
 * All of it is the event thread's.
 */
#include "common/http_watch.h"

#include <sys/epoll.h>

#include "common/http_internal.h"

int
http_watch_control(struct http_connection *connection, int set,
    int operation, const struct epoll_event *event)
{
	struct http_lane *lane = &connection->lane;
	struct epoll_event own = { .data.u64 = http_event_of(connection) };
	bool was_held = lane->is_held;

	if (operation == EPOLL_CTL_DEL || (was_held && lane->is_drained)) {
		lane->is_held = operation == EPOLL_CTL_DEL;
		return 0;
	}
	own.events = event->events | EPOLLRDHUP;
	lane->is_drained = false;
	if (http_socket_control(set, was_held ? EPOLL_CTL_MOD : operation,
	    connection->socket, &own) != 0)
		return -1;
	lane->is_held = false;
	return 0;
}

bool
http_watch_tell(struct http_connection *connection,
    struct epoll_event *event)
{
	struct http_lane *lane = &connection->lane;

	if ((event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) !=
	    0)
		lane->is_ended = true;
	if (lane->is_ended || (event->events & EPOLLIN) != 0)
		lane->is_drained = false;
	event->data.ptr = lane->library;
	return !lane->is_held;
}

bool
http_watch_may_read(const struct http_connection *connection)
{
	const struct http_request *request = connection->request;

	return !connection->lane.is_drained &&
	    (request == NULL || request->then == NULL);
}

void
http_watch_note_read(struct http_connection *connection, bool is_short)
{
	connection->lane.is_drained = is_short && !connection->lane.is_ended;
}

void
http_watch_end(struct http_connection *connection)
{
	if (connection->lane.is_held)
		(void)http_socket_control(http_socket_own_set(),
		    EPOLL_CTL_DEL, connection->socket, NULL);
}
