/* Four system calls of the library are ours for it: epoll_ctl(), which tells
 * what the epoll sets of its event threads are, and goes through http_watch.c
 * for connections; epoll_wait(), so that an event is seen here first; recv() in
 * http_fast.c; send() in http_direct.c.
 *
 * The program's own symbol comes before those of shared libraries, and the
 * linker exports it since a library on its command line refers to it.  Where
 * one of the four is not ours, every connection is the library's alone.
 *
 * MHD_epoll() of libmicrohttpd 0.9.75 asks for 128 events, and while exactly
 * so many come it asks again, with the same timeout, before it serves those
 * that it holds.  When 128 (256, ...) sockets are ready and nothing else
 * happens, the whole event thread sleeps until the idle timeout.  The cure is
 * never to give as many as were asked for; what is left over is told by the
 * next call.
 */
#include "common/http_internal.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/http_watch.h"

#define SOCKETS_MAX (1u << 20)

/* An entry is its event thread's as long as the socket is open. */
static struct http_connection *_Atomic *on_socket;
/* Set last: threads that send, such as libcurl's, may run before a server. */
static _Atomic size_t socket_count;
static pthread_once_t prepare_once = PTHREAD_ONCE_INIT;

static _Thread_local int event_set = -1;	/* of the event thread */
static _Thread_local struct http_pool *learning;

/* --- by socket ------------------------------------------------------------ */

bool
http_socket_call_is_ours(const char *name)
{
	void *called = dlsym(RTLD_DEFAULT, name);
	Dl_info theirs, ours;

	return called != NULL && dladdr(called, &theirs) != 0 &&
	    dladdr(&prepare_once, &ours) != 0 &&
	    theirs.dli_fbase == ours.dli_fbase;
}

static void
prepare(void)
{
	static const char *const calls[] = { "epoll_ctl", "epoll_wait",
		"recv", "send" };
	struct rlimit limit;
	size_t count = SOCKETS_MAX;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!http_socket_call_is_ours(calls[i]))
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
http_sockets_prepare(void)
{
	pthread_once(&prepare_once, prepare);
}

bool
http_socket_fits(int socket)
{
	return socket >= 0 && (size_t)socket < atomic_load_explicit(
	    &socket_count, memory_order_acquire);
}

void
http_socket_set(int socket, struct http_connection *connection)
{
	if (http_socket_fits(socket))
		atomic_store_explicit(&on_socket[socket], connection,
		    memory_order_relaxed);
}

struct http_connection *
http_socket_connection(int socket)
{
	return !http_socket_fits(socket) ? NULL :
	    atomic_load_explicit(&on_socket[socket], memory_order_relaxed);
}

/* --- epoll ---------------------------------------------------------------- */

void
http_socket_learn_sets(struct http_pool *pool)
{
	learning = pool;
}

int
http_socket_control(int set, int operation, int socket,
    struct epoll_event *event)
{
	return (int)syscall(SYS_epoll_ctl, set, operation, socket, event);
}

int
http_socket_own_set(void)
{
	return event_set;
}

/* The library makes a set for each thread in turn, and begins it with the
 * descriptor that wakes the thread. */
int
epoll_ctl(int set, int operation, int socket, struct epoll_event *event)
{
	struct http_connection *connection = http_socket_connection(socket);

	if (learning != NULL && operation == EPOLL_CTL_ADD) {
		if (learning->set_count < learning->threads)
			learning->sets[learning->set_count] = set;
		learning->set_count++;
	}
	if (connection != NULL)
		return http_watch_control(connection, set, operation, event);
	return http_socket_control(set, operation, socket, event);
}

int
epoll_wait(int set, struct epoll_event *events, int most, int timeout_ms)
{
	int count, left;

	event_set = set;
	most = most > 1 ? most - 1 : most;
	left = http_fast_tell(events, most);
	if (left > 0)
		return left;
	do {
		count = epoll_pwait(set, events, most, http_fast_has_turns() ?
		    0 : timeout_ms, NULL);
		left = http_fast_serve(events, count);
	} while (left == 0 && timeout_ms < 0 && (count > 0 ||
	    http_fast_has_turns()));
	return left;
}
