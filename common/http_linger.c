/* Sockets whose answer is sent and whose client may still be sending: closed
 * at once, the kernel would reset the connection, and a client that looks at
 * its sending first (curl, where the answer and the end come before it has
 * begun to wait for 100 Continue) would see that instead of the answer.
 */
#include "common/http_internal.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

#define LINGER_MS 2000

void
http_linger_begin(struct http_server *server, int socket)
{
	struct http_lingering *lingering = &server->lingering;
	int own = -1;

	pthread_mutex_lock(&lingering->mutex);
	if (lingering->count < HTTP_LINGERING_MAX)
		own = fcntl(socket, F_DUPFD_CLOEXEC, 0);
	if (own >= 0) {
		shutdown(own, SHUT_WR);
		lingering->held[lingering->count++] = (struct http_lingerer){
			.socket = own,
			.until_ms = clock_monotonic_ms() + LINGER_MS,
		};
	}
	pthread_mutex_unlock(&lingering->mutex);
}

/* Has the client come to its end, too?  What it sent until then is dropped. */
static bool
is_over(const struct http_lingerer *lingerer, int64_t now_ms)
{
	ssize_t n;

	do
		n = recv(lingerer->socket, NULL, HTTP_LINGER_READ,
		    MSG_TRUNC | MSG_DONTWAIT);
	while (n == HTTP_LINGER_READ);
	return n == 0 || now_ms >= lingerer->until_ms;
}

void
http_linger_sweep(struct http_server *server, bool all)
{
	struct http_lingering *lingering = &server->lingering;
	int64_t now_ms = clock_monotonic_ms();
	size_t i = 0;

	pthread_mutex_lock(&lingering->mutex);
	while (i < lingering->count) {
		if (!all && !is_over(&lingering->held[i], now_ms)) {
			i++;
			continue;
		}
		close(lingering->held[i].socket);
		lingering->held[i] = lingering->held[--lingering->count];
	}
	pthread_mutex_unlock(&lingering->mutex);
}
