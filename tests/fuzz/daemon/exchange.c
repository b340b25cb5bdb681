#include "tests/fuzz/daemon/exchange.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

#define ANSWER_MOST_MS 30000	/* the daemon's own limits are far below */
#define CUT_MS 1		/* between two writes, or until it answers */
#define FIRST_MS 3		/* for the first answer, before our side ends:
				 * with the last bytes in one segment the end is
				 * noticed late (common/http_connection.c) */

static int
connect_to(unsigned port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (const struct sockaddr *)&address,
	    sizeof(address)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* What is there already; false at the end of the connection. */
static bool
receive(int fd, struct reply *reply)
{
	ssize_t n;

	while (reply->size < REPLY_MAX) {
		n = recv(fd, reply->bytes + reply->size,
		    REPLY_MAX - reply->size, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		if (n <= 0)
			return false;
		reply->size += (size_t)n;
	}
	return false;
}

/* Wait for events; false: the connection has ended, or nothing happened. */
static bool
wait_for(int fd, short events, int timeout_ms, struct reply *reply)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };
	int n;

	do {
		n = poll(&poll_fd, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	if (n > 0 && (poll_fd.revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
	    !receive(fd, reply)) {
		reply->has_ended = true;
		return false;
	}
	return n > 0;
}

/* Write from offset up to end; false: the other side takes no more. */
static bool
send_part(int fd, const struct expansion *sent, size_t offset, size_t end,
    struct reply *reply)
{
	while (offset < end) {
		ssize_t n = send(fd, sent->bytes + offset, end - offset,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			offset += (size_t)n;
		else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK &&
		    errno != EINTR)
			return false;
		else if (!wait_for(fd, POLLIN | POLLOUT, ANSWER_MOST_MS,
		    reply))
			return false;
	}
	return true;
}

static void
send_all(int fd, const struct expansion *sent, struct reply *reply)
{
	size_t offset = 0;

	for (size_t i = 0; i <= sent->cut_count; i++) {
		size_t end = i < sent->cut_count ? sent->cuts[i] : sent->size;

		if (!send_part(fd, sent, offset, end, reply))
			return;
		offset = end;
		if (i < sent->cut_count)
			(void)wait_for(fd, POLLIN, CUT_MS, reply);
		if (reply->has_ended)
			return;
	}
}

bool
exchange(unsigned port, const struct expansion *sent, struct reply *reply)
{
	int64_t until_ms = clock_monotonic_ms() + ANSWER_MOST_MS;
	int fd = connect_to(port);

	reply->size = 0;
	reply->has_ended = false;
	if (fd < 0)
		return false;
	send_all(fd, sent, reply);
	if (!reply->has_ended && reply->size == 0)
		(void)wait_for(fd, POLLIN, FIRST_MS, reply);
	(void)shutdown(fd, SHUT_WR);
	while (!reply->has_ended && clock_monotonic_ms() < until_ms)
		(void)wait_for(fd, POLLIN, ANSWER_MOST_MS, reply);
	reply->bytes[reply->size] = '\0';
	(void)close(fd);
	return true;
}
