/* epoll_wait() for the HTTP library, in front of the C library's.
 *
 * MHD_epoll() of libmicrohttpd 0.9.75 asks for 128 events, and while exactly
 * so many come it asks again, with the same timeout, before it serves those
 * that it holds.  When 128 (256, ...) sockets are ready and nothing else
 * happens, the whole event thread sleeps until the idle timeout.  The cure is
 * never to give as many as were asked for; what is left over is told by the
 * next call.
 *
 * The program's own symbol comes before those of shared libraries, and the
 * linker exports it since a library on its command line refers to it.
 */
#include "common/http_internal.h"

#include <dlfcn.h>
#include <stdint.h>
#include <sys/epoll.h>

int
epoll_wait(int set, struct epoll_event *events, int most, int timeout_ms)
{
	return epoll_pwait(set, events, most > 1 ? most - 1 : most,
	    timeout_ms, NULL);
}

bool
http_epoll_is_in_front(void)
{
	return (uintptr_t)dlsym(RTLD_DEFAULT, "epoll_wait") ==
	    (uintptr_t)epoll_wait;
}
