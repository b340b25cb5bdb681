/* The fast lane.
 *
 * Three system calls of the library are ours for it: epoll_ctl(), so that an
 * event names our connection; epoll_wait(), so that we see it first; recv(),
 * so that what we have read can still be the library's.
 *
 * A connection begins here and changes over at most once:
 *
 *	fast, no request	the library knows the socket and has seen no
 *				byte.  What comes is read into the thread's
 *				buffer.  One whole head that http_head.c takes,
 *				for a quick route, that is answered with what
 *				is cached: the answer is sent.  Else: over.
 *	fast, a request		its answer did not go out whole.  Events go on
 *				with it; what comes meanwhile stays where it
 *				is until then.
 *	the library's		for ever.  Its first recv() gets the bytes as
 *				they came; a request that was answered here
 *				with something else than a ready answer is
 *				taken up by http_life_begin(), so that nothing
 *				is checked or counted twice.
 *
 * So there is never a byte of a connection that one of the two has read and
 * the other would have to know of.  Events of a fast connection are not the
 * library's; when it gets the connection it is told of input and of room,
 * which is true or found out by asking.  An error, a hang-up or the end is
 * always the library's, and it closes the socket, which ends the request.
 *
 * Only the event thread touches a lane.
 */
#include "common/http_internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

#define SOCKETS_MAX (1u << 20)
#define BUFFER_BYTES 4096
/* No address that a program has: behind it, one of ours. */
#define TAG (UINT64_C(1) << 63)
#define DATE_TEXT_SIZE 40

/* By socket, while the library has it. */
static struct http_connection *_Atomic *on_socket;
static _Atomic size_t socket_count;
static pthread_once_t prepare_once = PTHREAD_ONCE_INIT;

/* The event thread's. */
static _Thread_local struct {
	time_t date_s;
	char date[DATE_TEXT_SIZE];
	struct http_head head;
	char bytes[BUFFER_BYTES];	/* as received */
	char cut[HTTP_HEAD_MAX];	/* the same, for the reader */
} own;

static struct http_connection *
connection_on(int socket)
{
	if (socket < 0 || (size_t)socket >= atomic_load_explicit(&socket_count,
	    memory_order_acquire))
		return NULL;
	return atomic_load_explicit(&on_socket[socket], memory_order_relaxed);
}

/* --- in front of the C library's ------------------------------------------ */

int
epoll_ctl(int set, int operation, int socket, struct epoll_event *event)
{
	struct http_connection *connection = connection_on(socket);
	struct epoll_event tagged;

	if (connection != NULL && event != NULL &&
	    event->data.ptr == connection->lane.library) {
		tagged.events = event->events;
		tagged.data.u64 = TAG | (uintptr_t)connection;
		event = &tagged;
	}
	return (int)syscall(SYS_epoll_ctl, set, operation, socket, event);
}

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
		http_direct_tell_again(connection);
	return (ssize_t)taken;
}

/* recv(); under another name, since the header's may be an inline function. */
ssize_t http_fast_recv(int socket, void *bytes, size_t size, int flags)
    __asm__("recv");

ssize_t
http_fast_recv(int socket, void *bytes, size_t size, int flags)
{
	struct http_connection *connection = connection_on(socket);

	if (connection != NULL && connection->lane.handed != NULL &&
	    flags == 0)
		return receive_handed(connection, bytes, size);
	return recvfrom(socket, bytes, size, flags, NULL, NULL);
}

static bool
is_in_front(const char *name, uintptr_t ours)
{
	return (uintptr_t)dlsym(RTLD_DEFAULT, name) == ours;
}

static void
prepare(void)
{
	struct rlimit limit;
	size_t count = SOCKETS_MAX;

	if (!is_in_front("epoll_ctl", (uintptr_t)epoll_ctl) ||
	    !is_in_front("recv", (uintptr_t)http_fast_recv) ||
	    !http_direct_epoll_is_ours())
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < SOCKETS_MAX)
		count = (size_t)limit.rlim_cur;
	on_socket = calloc(count, sizeof(*on_socket));
	if (on_socket != NULL)
		atomic_store_explicit(&socket_count, count,
		    memory_order_release);
}

void
http_fast_prepare(void)
{
	pthread_once(&prepare_once, prepare);
}

bool
http_fast_serves(const struct http_route *routes, unsigned audience)
{
	for (; routes->method != NULL; routes++)
		if (routes->is_quick && (routes->audience & audience) != 0)
			return true;
	return false;
}

void
http_fast_begin(struct http_connection *connection,
    struct MHD_Connection *library)
{
	connection->lane.library = library;
	connection->lane.is_fast = connection->listening->pool->is_fast &&
	    !connection->is_over && (size_t)connection->socket <
	    atomic_load_explicit(&socket_count, memory_order_acquire);
	if (connection->lane.is_fast)
		atomic_store_explicit(&on_socket[connection->socket],
		    connection, memory_order_relaxed);
}

void
http_fast_end(struct http_connection *connection)
{
	if (connection_on(connection->socket) == connection)
		atomic_store_explicit(&on_socket[connection->socket], NULL,
		    memory_order_relaxed);
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
	LEAVES		/* it is the library's, and so are *events */
};

/* The library is told, and closes the connection. */
static enum progress
give_up(uint32_t *events)
{
	*events = EPOLLIN | EPOLLOUT | EPOLLHUP;
	return LEAVES;
}

static enum progress
send_more(struct http_connection *connection, uint32_t *events)
{
	struct http_request *request = connection->request;

	if (http_direct_send(request, request->direct.head,
	    request->direct.head_size)) {
		http_life_over(request);
		return DONE;
	}
	if (errno == EAGAIN) {
		atomic_store_explicit(&connection->phase,
		    HTTP_CONNECTION_SENDING, memory_order_relaxed);
		return WAITS;
	}
	return give_up(events);
}

/* --- the request ---------------------------------------------------------- */

static enum progress
hand_over(struct http_connection *connection, size_t size, uint32_t *events)
{
	struct http_lane *lane = &connection->lane;

	lane->handed = malloc(size);
	if (lane->handed == NULL)
		return give_up(events);
	memcpy(lane->handed, own.bytes, size);
	lane->handed_size = size;
	lane->handed_used = 0;
	return LEAVES;
}

/* As the library has it, too: no answer waits for an acknowledgement. */
static void
make_prompt(struct http_connection *connection)
{
	const int yes = 1;

	if (!connection->listening->is_unix)
		(void)setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY,
		    &yes, sizeof(yes));
	connection->lane.is_prompt = true;
}

static enum progress
serve_head(struct http_connection *connection, size_t size, uint32_t *events)
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
		return hand_over(connection, size, events);
	if (!connection->lane.is_prompt)
		make_prompt(connection);
	head_make(request);
	return send_more(connection, events);
}

static enum progress
receive(struct http_connection *connection, uint32_t *events)
{
	ssize_t got = recvfrom(connection->socket, own.bytes, BUFFER_BYTES, 0,
	    NULL, NULL);

	if (got > 0)
		return serve_head(connection, (size_t)got, events);
	return got < 0 && (errno == EAGAIN || errno == EINTR) ? WAITS : LEAVES;
}

static enum progress
serve(struct http_connection *connection, uint32_t *events)
{
	struct http_lane *lane = &connection->lane;
	bool has_input = (*events & EPOLLIN) != 0;

	if ((*events & ~(uint32_t)(EPOLLIN | EPOLLOUT)) != 0)
		return LEAVES;
	*events = EPOLLIN | EPOLLOUT;
	if (connection->request != NULL) {
		lane->has_input = lane->has_input || has_input;
		switch (send_more(connection, events)) {
		case WAITS:
			return WAITS;
		case LEAVES:
			return LEAVES;
		case DONE:
			break;
		}
		has_input = lane->has_input;
		lane->has_input = false;
	}
	return has_input ? receive(connection, events) : DONE;
}

/* False: the event is the library's. */
static bool
take_event(struct epoll_event *event)
{
	struct http_connection *connection;
	uint32_t events = event->events;

	if ((event->data.u64 & TAG) == 0)
		return false;
	connection = (struct http_connection *)(uintptr_t)
	    (event->data.u64 & ~TAG);
	event->data.ptr = connection->lane.library;
	if (!connection->lane.is_fast)
		return false;
	if (serve(connection, &events) != LEAVES)
		return true;
	connection->lane.is_fast = false;
	event->events = events;
	return false;
}

/* With a thousand connections none is in the cache any more. */
static void
look_ahead(const struct epoll_event *event)
{
	const struct http_connection *next = (const struct http_connection *)
	    (uintptr_t)(event->data.u64 & ~TAG);

	if ((event->data.u64 & TAG) == 0)
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
	return count > 0 ? left : count;
}
