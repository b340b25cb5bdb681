/* The fast lane.
 *
 * A connection begins here, without the library, and changes over at most
 * once:
 *
 *	fast, no request	the acceptor put it into the epoll set of its
 *				event thread.  What comes is read into the
 *				thread's buffer.  One whole head that
 *				http_head.c takes, for a quick route, that is
 *				answered with what is cached: the answer is
 *				sent.  Else: over.
 *	fast, a request		its answer did not go out whole.  Events go on
 *				with it, or its next turn where there is still
 *				room; what comes meanwhile stays where it is
 *				until then.
 *	the library's		for ever.  Only now it gets the socket, and
 *				memory for it.  Its first recv() gets the bytes
 *				as they came; a request that was answered here
 *				with something else than a ready answer is
 *				taken up by http_life_begin(), so that nothing
 *				is checked or counted twice.
 *
 * So there is never a byte of a connection that one of the two has read and
 * the other would have to know of.  It goes over while the event thread is in
 * epoll_wait(), into the set that it comes from: the library chooses the same
 * thread by the socket's number, and takes it up when epoll_wait() returns.
 * It is told of input and of room then, which is true or found out by asking.
 * An error, a hang-up or the end of a fast connection closes it here.
 *
 * The kernel tells of room only once an answer did not go out whole, and of
 * the client's end each time: nobody has to look for it later.
 *
 * Only the event thread touches a lane, but for is_fast, which the sweeper
 * reads.
 */
#include "common/http_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "common/clock.h"
#include "common/http_watch.h"
#include "common/log.h"

#define BUFFER_BYTES 4096
#define DATE_TEXT_SIZE 40

/* The event thread's. */
static _Thread_local struct {
	time_t date_s;
	char date[DATE_TEXT_SIZE];
	struct http_head head;
	char bytes[BUFFER_BYTES];	/* as received */
	char cut[HTTP_HEAD_MAX];	/* the same, for the reader */
	struct http_connection *untold;	/* given, and the library does not know
					 * that there is something to read */
	struct http_connection *turns;	/* with more to send, and room for it */
} own;

/* --- what the library reads ----------------------------------------------- */

static size_t
take_handed(struct http_lane *lane, void *bytes, size_t size)
{
	size_t left = lane->handed_size - lane->handed_used;

	if (size > left)
		size = left;
	memcpy(bytes, lane->handed + lane->handed_used, size);
	lane->handed_used += size;
	if (size == left) {
		free(lane->handed);
		lane->handed = NULL;
	}
	return size;
}

/*
 * What was handed over, and what the socket has behind it: less than was asked
 * for tells the library that there is no more, whatever epoll told before.
 */
static ssize_t
receive_handed(struct http_connection *connection, char *bytes, size_t size)
{
	size_t taken = take_handed(&connection->lane, bytes, size);
	ssize_t got;

	if (taken == size)
		return (ssize_t)taken;
	got = recvfrom(connection->socket, bytes + taken, size - taken, 0,
	    NULL, NULL);
	if (got > 0)
		return (ssize_t)taken + got;
	if (got == 0 || errno != EAGAIN)
		http_fast_tell_again(connection);
	return (ssize_t)taken;
}

/*
 * recv(), in front of the C library's: http_socket.c.  Under another name,
 * since the header's may be an inline function.
 */
ssize_t http_fast_recv(int socket, void *bytes, size_t size, int flags)
    __asm__("recv");

ssize_t
http_fast_recv(int socket, void *bytes, size_t size, int flags)
{
	struct http_connection *connection = http_socket_connection(socket);
	ssize_t got;

	if (connection == NULL || flags != 0)
		return recvfrom(socket, bytes, size, flags, NULL, NULL);
	if (connection->lane.handed != NULL)
		return receive_handed(connection, bytes, size);
	if (!http_watch_may_read(connection)) {
		errno = EAGAIN;
		return -1;
	}
	got = recvfrom(socket, bytes, size, 0, NULL, NULL);
	http_watch_note_read(connection, got < 0 ? errno == EAGAIN :
	    (size_t)got < size);
	return got;
}

int
http_fast_tell(struct epoll_event *events, int most)
{
	struct http_connection *connection;
	int count = 0;

	for (; (connection = own.untold) != NULL && count < most; count++) {
		own.untold = connection->lane.next_untold;
		events[count] = (struct epoll_event){
			.events = EPOLLIN | EPOLLOUT,
			.data.ptr = connection->lane.library,
		};
	}
	return count;
}

/* --- from the acceptor to the library ------------------------------------- */

bool
http_fast_serves(const struct http_route *routes, unsigned audience)
{
	for (; routes->method != NULL; routes++)
		if (routes->is_quick && (routes->audience & audience) != 0)
			return true;
	return false;
}

bool
http_fast_begin(struct http_connection *connection)
{
	const struct http_pool *pool = connection->listening->pool;
	int socket = connection->socket;
	int set = pool->sets[(unsigned)socket % pool->threads];
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET,
		.data.u64 = http_event_of(connection),
	};

	atomic_store(&connection->lane.is_fast, true);
	http_connection_adopt(connection);
	/* It may be gone before this call is back. */
	return http_socket_control(set, EPOLL_CTL_ADD, socket, &event) == 0;
}

void
http_fast_tell_again(struct http_connection *connection)
{
	struct http_lane *lane = &connection->lane;
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET,
		.data.u64 = http_event_of(connection),
	};

	if (lane->library == NULL)
		lane->is_told_of_room = true;
	(void)http_socket_control(http_socket_own_set(), EPOLL_CTL_MOD,
	    connection->socket, &event);
}

void
http_fast_next_turn(struct http_connection *connection)
{
	struct http_lane *lane = &connection->lane;

	if (lane->library != NULL) {
		http_fast_tell_again(connection);
	} else if (!lane->has_turn) {
		lane->has_turn = true;
		lane->next_turn = own.turns;
		own.turns = connection;
	}
}

bool
http_fast_has_turns(void)
{
	return own.turns != NULL;
}

/* To the library, with the bytes that were handed over: they are of a header,
 * whose time begins. */
static void
give(struct http_connection *connection)
{
	(void)http_socket_control(http_socket_own_set(), EPOLL_CTL_DEL,
	    connection->socket, NULL);
	atomic_store(&connection->header_since_ms, clock_monotonic_ms());
	atomic_store(&connection->phase, HTTP_CONNECTION_HEADER);
	atomic_store(&connection->lane.is_fast, false);
	http_connection_give(connection);
}

void
http_fast_given(struct http_connection *connection,
    struct MHD_Connection *library)
{
	struct http_lane *lane = &connection->lane;

	lane->library = library;
	if (lane->handed != NULL) {
		lane->next_untold = own.untold;
		own.untold = connection;
	}
}

/* It is over before its turn. */
static void
lose_turn(struct http_connection *connection)
{
	struct http_connection **link = &own.turns;

	while (*link != NULL && *link != connection)
		link = &(*link)->lane.next_turn;
	if (*link != NULL)
		*link = connection->lane.next_turn;
}

void
http_fast_end(struct http_connection *connection)
{
	struct http_connection **link = &own.untold;

	while (*link != NULL && *link != connection)
		link = &(*link)->lane.next_untold;
	if (*link != NULL)
		*link = connection->lane.next_untold;
	if (connection->lane.has_turn)
		lose_turn(connection);
	free(connection->lane.handed);
	connection->lane.handed = NULL;
}

/* --- the answer ----------------------------------------------------------- */

static const char *
date_text(void)
{
	time_t now = (time_t)clock_unix_s();
	struct tm tm;

	if (now != own.date_s && gmtime_r(&now, &tm) != NULL) {
		strftime(own.date, sizeof(own.date),
		    "%a, %d %b %Y %H:%M:%S GMT", &tm);
		own.date_s = now;
	}
	return own.date;
}

/* As the library writes it. */
static void
head_make(struct http_request *request)
{
	struct http_direct *direct = &request->direct;
	int status = request->answer.status;
	char *end = direct->head;

	if (status == 200)
		end = stpcpy(end, "HTTP/1.1 200 OK\r\nDate: ");
	else
		end += snprintf(end, sizeof(direct->head) - DATE_TEXT_SIZE,
		    "HTTP/1.1 %d %s\r\nDate: ", status,
		    MHD_get_reason_phrase_for((unsigned)status));
	end = stpcpy(stpcpy(end, date_text()), "\r\n");
	direct->head_size = (size_t)(end - direct->head);
}

enum progress {
	WAITS,		/* for an event */
	DONE,		/* what was there is served */
	LEAVES,		/* it is the library's */
	ENDS		/* nobody's: to be closed */
};

static enum progress
send_more(struct http_connection *connection)
{
	struct http_request *request = connection->request;

	if (http_direct_send(request, request->direct.head,
	    request->direct.head_size)) {
		http_life_over(request);
		return DONE;
	}
	if (errno != EAGAIN)
		return ENDS;
	http_direct_hold(request);
	atomic_store_explicit(&connection->phase, HTTP_CONNECTION_SENDING,
	    memory_order_relaxed);
	if (!connection->lane.is_told_of_room && !connection->lane.has_turn)
		http_fast_tell_again(connection);
	return WAITS;
}

/* --- the request ---------------------------------------------------------- */

static enum progress
hand_over(struct http_connection *connection, size_t size)
{
	struct http_lane *lane = &connection->lane;

	lane->handed = malloc(size);
	if (lane->handed == NULL)
		return ENDS;
	memcpy(lane->handed, own.bytes, size);
	lane->handed_size = size;
	lane->handed_used = 0;
	return LEAVES;
}

static enum progress
serve_head(struct http_connection *connection, size_t size)
{
	const struct http_server *server = connection->listening->pool->server;
	struct http_request *request = NULL;

	if (size <= HTTP_HEAD_MAX && !atomic_load_explicit(&server->drains,
	    memory_order_relaxed)) {
		memcpy(own.cut, own.bytes, size);
		if (http_head_read(own.cut, size, &own.head))
			request = http_life_quick(connection, &own.head);
	}
	if (request == NULL || !request->answer.is_direct)
		return hand_over(connection, size);
	head_make(request);
	return send_more(connection);
}

static enum progress
receive(struct http_connection *connection)
{
	ssize_t got = recvfrom(connection->socket, own.bytes, BUFFER_BYTES, 0,
	    NULL, NULL);

	if (got > 0)
		return serve_head(connection, (size_t)got);
	return got < 0 && (errno == EAGAIN || errno == EINTR) ? WAITS : ENDS;
}

static enum progress
serve(struct http_connection *connection, uint32_t events)
{
	struct http_lane *lane = &connection->lane;
	enum progress progress = DONE;

	if ((events & (EPOLLERR | EPOLLHUP | EPOLLPRI)) != 0)
		return ENDS;
	lane->is_ended = lane->is_ended || (events & EPOLLRDHUP) != 0;
	lane->has_input = lane->has_input || (events & EPOLLIN) != 0;
	if (lane->has_turn)
		return WAITS;	/* until it comes */
	if (connection->request != NULL)
		progress = send_more(connection);
	while (progress == DONE && lane->has_input) {
		lane->has_input = lane->is_ended;
		progress = receive(connection);
	}
	return progress;
}

static void
step(struct http_connection *connection, uint32_t events)
{
	switch (serve(connection, events)) {
	case WAITS:
	case DONE:
		break;
	case LEAVES:
		give(connection);
		break;
	case ENDS:
		http_connection_close(connection);
		break;
	}
}

/* False: the event is the library's. */
static bool
take_event(struct epoll_event *event)
{
	struct http_connection *connection =
	    http_event_connection(event->data.u64);

	if (connection == NULL)
		return false;
	/* What the acceptor wrote is seen. */
	if (!atomic_load_explicit(&connection->lane.is_fast,
	    memory_order_acquire))
		return !http_watch_tell(connection, event);
	step(connection, event->events);
	return true;
}

/* One for each that waits now; none of them is closed but in its turn. */
static void
turns_serve(void)
{
	struct http_connection *connection, *next = own.turns;

	own.turns = NULL;
	while ((connection = next) != NULL) {
		next = connection->lane.next_turn;
		connection->lane.has_turn = false;
		step(connection, 0);
	}
}

/* With a thousand connections none is in the cache any more. */
static void
look_ahead(const struct epoll_event *event)
{
	const struct http_connection *next =
	    http_event_connection(event->data.u64);

	if (next == NULL)
		return;
	__builtin_prefetch(&next->listening);
	__builtin_prefetch(&next->lane);
	__builtin_prefetch(&next->phase);
}

int
http_fast_serve(struct epoll_event *events, int count)
{
	int left = 0;

	for (int i = 0; i < count; i++) {
		if (i + 1 < count)
			look_ahead(&events[i + 1]);
		if (!take_event(&events[i]))
			events[left++] = events[i];
	}
	turns_serve();
	return count > 0 ? left : count;
}
