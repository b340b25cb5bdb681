/* One wake-up for many requests that are resumed together.
 *
 * MHD_resume_connection() marks the connection and writes to the eventfd of
 * its event thread: for a group of writes one system call for each of them,
 * and an event thread that is woken, serves one, sleeps, and takes the
 * processor from who has more to tell.  While a thread holds its wake-ups, the
 * library's write() is ours: it notes the eventfd, which is written to once
 * when they are released.  An event thread that is awake finds what is marked
 * without any.
 *
 * The program's own symbol comes before those of shared libraries, as in
 * http_socket.c; where it does not, each request has its wake-up at once.
 */
#include "common/http_internal.h"

#include <dlfcn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/log.h"

#define WAKES_MAX 64	/* event threads; further ones are woken at once */

static _Thread_local struct wakes {
	bool is_held;
	bool is_resuming;	/* the next write is a wake-up */
	struct http_server *server;	/* whose requests were resumed */
	unsigned count;
	int descriptors[WAKES_MAX];
} wakes;

/* False: there is no room for it. */
static bool
note_wake(int descriptor)
{
	for (unsigned i = 0; i < wakes.count; i++)
		if (wakes.descriptors[i] == descriptor)
			return true;
	if (wakes.count == WAKES_MAX)
		return false;
	wakes.descriptors[wakes.count++] = descriptor;
	return true;
}

/* What is behind ours: the C library's, or one that was preloaded. */
static ssize_t
write_on(int descriptor, const void *bytes, size_t size)
{
	typedef ssize_t next_write(int, const void *, size_t);
	static _Atomic(uintptr_t) known;
	uintptr_t next = atomic_load_explicit(&known, memory_order_relaxed);

	if (next == 0) {
		next = (uintptr_t)dlsym(RTLD_NEXT, "write");
		atomic_store_explicit(&known, next, memory_order_relaxed);
	}
	return next != 0 ? ((next_write *)next)(descriptor, bytes, size) :
	    (ssize_t)syscall(SYS_write, descriptor, bytes, size);
}

ssize_t
write(int descriptor, const void *bytes, size_t size)
{
	if (wakes.is_resuming && size == sizeof(eventfd_t) &&
	    note_wake(descriptor))
		return (ssize_t)size;
	return write_on(descriptor, bytes, size);
}

void
http_wakes_hold(void)
{
	wakes.is_held = true;
}

/*
 * The event thread may go on, and even end the request, while we are still in
 * the library's call, or before its wake-up; hence the copies, and the count
 * that a stop waits for before it takes the library down.
 */
void
http_request_resume(struct http_request *request)
{
	struct http_server *server = request->server;
	struct MHD_Connection *library = request->library;

	if (wakes.is_held && wakes.server == NULL) {
		wakes.server = server;
		atomic_fetch_add(&server->resuming, 1);
	}
	wakes.is_resuming = wakes.is_held && wakes.server == server;
	atomic_fetch_add(&server->resuming, 1);
	atomic_fetch_sub(&server->suspended, 1);
	MHD_resume_connection(library);
	atomic_fetch_sub(&server->resuming, 1);
	wakes.is_resuming = false;
}

void
http_wakes_release(void)
{
	for (unsigned i = 0; i < wakes.count; i++)
		if (eventfd_write(wakes.descriptors[i], 1) != 0)
			log_errno("an event thread cannot be woken");
	if (wakes.server != NULL)
		atomic_fetch_sub(&wakes.server->resuming, 1);
	wakes = (struct wakes){ 0 };
}
