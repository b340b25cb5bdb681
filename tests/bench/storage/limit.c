/* The limit: a bare epoll server that checks the same security token as stored
 * and sends the same object, and does nothing else.  What stored costs above
 * this is what its HTTP library and its care cost.
 *
 *	limit PORT ROOT KEY-FILE ORIGIN [THREADS]
 *
 * It trusts its client, the load generator: one request at a time on a
 * connection, GET alone, no more than it needs to find the token and a Range.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/token.h"
#include "tests/bench/storage/limit_objects.h"

#define REQUEST_MAX 4096
#define HEAD_MAX 1024
#define EVENTS_MAX 256
#define THREADS_MAX 64
#define SLICE_BYTES (128 * 1024)

struct limit {
	int listener;
	struct signing_keys *keys;
	const char *origin;
	const char *root;
	struct limit_objects *objects;	/* of this thread, like what follows */
	int epoll;
	struct connection *ready;	/* whose socket took a whole slice */
};

struct connection {
	int fd;
	bool is_writing;		/* epoll looks for room to send */
	size_t length;
	char request[REQUEST_MAX];
	struct limit_object *object;	/* while it is sent */
	off_t offset, end;		/* of the file: what is left to send */
	struct connection *next_ready;
};

/* --- sending ------------------------------------------------------------- */

static bool connection_watch(struct limit *limit,
    struct connection *connection, int operation)
{
	struct epoll_event event = {
		.events = connection->is_writing ? EPOLLOUT : EPOLLIN,
		.data.ptr = connection,
	};

	return epoll_ctl(limit->epoll, operation, connection->fd, &event) == 0;
}

static void connection_end(struct connection *connection)
{
	limit_object_release(connection->object);
	connection->object = NULL;
}

static void connection_close(struct connection *connection)
{
	connection_end(connection);
	close(connection->fd);
	free(connection);
}

/*
 * One slice of the file; false when the connection is broken.  To fill the
 * socket at once costs up to twice as much: what is sent in turns with the
 * other connections is still in the cache when their clients take it.
 */
static bool file_send(struct limit *limit, struct connection *connection)
{
	off_t left = connection->end - connection->offset;
	bool was_writing = connection->is_writing;
	size_t slice = left < SLICE_BYTES ? (size_t)left : SLICE_BYTES;
	ssize_t sent = sendfile(connection->fd, connection->object->fd,
	    &connection->offset, slice);

	if (sent == 0 || (sent < 0 && errno != EAGAIN))
		return false;
	connection->is_writing = connection->offset < connection->end &&
	    (was_writing || sent < (ssize_t)slice);
	if (!connection->is_writing && connection->offset < connection->end) {
		connection->next_ready = limit->ready;
		limit->ready = connection;
	}
	if (connection->offset == connection->end)
		connection_end(connection);
	return connection->is_writing == was_writing ||
	    connection_watch(limit, connection, EPOLL_CTL_MOD);
}

/*
 * A header or a whole small answer: the socket is empty, as the client asks
 * one thing at a time, and so takes it all.
 */
static bool bytes_send(struct connection *connection, const char *bytes,
    size_t length, int flags)
{
	return send(connection->fd, bytes, length, MSG_NOSIGNAL | flags) ==
	    (ssize_t)length;
}

static bool range_send(struct limit *limit,
    struct connection *connection, const char *range)
{
	const struct limit_object *object = connection->object;
	char head[HEAD_MAX], *rest;
	unsigned long long from = strtoull(range, &rest, 10), to;
	size_t length;

	to = *rest == '-' ? strtoull(rest + 1, NULL, 10) : 0;
	if (from > to || to >= object->size)
		return false;
	length = limit_object_range_head(object, head, sizeof(head), from, to);
	connection->offset = (off_t)from;
	connection->end = (off_t)to + 1;
	return bytes_send(connection, head, length, MSG_MORE) &&
	    file_send(limit, connection);
}

static bool object_send(struct limit *limit,
    struct connection *connection)
{
	const struct limit_object *object = connection->object;
	bool is_sent;

	if (object->answer_length > object->head_length) {
		is_sent = bytes_send(connection, object->answer,
		    object->answer_length, 0);
		connection_end(connection);
		return is_sent;
	}
	connection->offset = 0;
	connection->end = (off_t)object->size;
	return bytes_send(connection, object->answer, object->head_length,
	    MSG_MORE) && file_send(limit, connection);
}

/* --- the request --------------------------------------------------------- */

/* What follows name in the header fields, which a NUL ends; NULL: none. */
static const char *field(const char *fields, const char *name)
{
	const char *at = strstr(fields, name);

	return at == NULL ? NULL : at + strlen(name);
}

static enum err token_check(struct limit *limit, const char *target,
    const char *fields, struct token_target *parsed)
{
	const char *token = field(fields, "\nAuthorization: Bearer ");
	struct token_request request = {
		.method = TOKEN_GET,
		.target = target,
		.parsed = parsed,
		.token = token,
		.origins = &limit->origin,
		.origin_count = 1,
	};
	enum err e = token_target_parse(target, parsed);

	if (e != ERR_OK)
		return e;
	if (token != NULL) {
		request.token_length = strcspn(token, "\r");
	} else {
		request.token = parsed->token;
		request.token_length = parsed->token_length;
	}
	return token_verify(limit->keys, &request, clock_unix_s());
}

static bool refuse(struct connection *connection, enum err e)
{
	char answer[HEAD_MAX];
	int length = snprintf(answer, sizeof(answer), "HTTP/1.1 %d %s\r\n"
	    "Content-Length: 0\r\n\r\n", err_status(e), err_slug(e));

	return bytes_send(connection, answer, (size_t)length, 0);
}

static bool request_serve(struct limit *limit,
    struct connection *connection)
{
	char *target = connection->request + 4;
	char *fields = strchr(target, ' ');
	struct token_target parsed;
	const char *range;
	enum err e;

	if (memcmp(connection->request, "GET ", 4) != 0 || fields == NULL)
		return false;
	*fields++ = '\0';
	e = token_check(limit, target, fields, &parsed);
	if (e != ERR_OK)
		return refuse(connection, e);
	connection->object = limit_objects_get(limit->objects,
	    parsed.commerce_id, parsed.object);
	if (connection->object == NULL)
		return refuse(connection, ERR_OBJECT_NOT_FOUND);
	range = field(fields, "\nRange: bytes=");
	return range != NULL ? range_send(limit, connection, range) :
	    object_send(limit, connection);
}

static bool request_receive(struct limit *limit,
    struct connection *connection)
{
	ssize_t got = recv(connection->fd, connection->request +
	    connection->length, REQUEST_MAX - 1 - connection->length, 0);

	if (got <= 0)
		return got < 0 && errno == EAGAIN;
	connection->length += (size_t)got;
	if (connection->length < 4 || memcmp(connection->request +
	    connection->length - 4, "\r\n\r\n", 4) != 0)
		return connection->length < REQUEST_MAX - 1;
	connection->request[connection->length] = '\0';
	connection->length = 0;
	return request_serve(limit, connection);
}

/* --- connections --------------------------------------------------------- */

static void connection_accept(struct limit *limit)
{
	static const int yes = 1;
	struct connection *connection;
	int fd;

	while ((fd = accept4(limit->listener, NULL, NULL, SOCK_NONBLOCK |
	    SOCK_CLOEXEC)) >= 0) {
		connection = calloc(1, sizeof(*connection));
		if (connection == NULL) {
			close(fd);
			return;
		}
		connection->fd = fd;
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes,
		    sizeof(yes));
		if (!connection_watch(limit, connection, EPOLL_CTL_ADD)) {
			close(fd);
			free(connection);
		}
	}
}

static void connection_step(struct limit *limit,
    struct connection *connection)
{
	if (!connection->is_writing && connection->offset < connection->end)
		return;		/* its turn comes in ready_serve() */
	if (connection->is_writing ? file_send(limit, connection) :
	    request_receive(limit, connection))
		return;
	connection_close(connection);
}

/* Each of those that can take more gets its next slice. */
static void ready_serve(struct limit *limit)
{
	struct connection *connection = limit->ready, *next;

	limit->ready = NULL;
	for (; connection != NULL; connection = next) {
		next = connection->next_ready;
		if (!file_send(limit, connection))
			connection_close(connection);
	}
}

static void *limit_run(void *argument)
{
	struct limit limit = *(const struct limit *)argument;
	struct epoll_event events[EVENTS_MAX], listening = {
		.events = EPOLLIN | EPOLLEXCLUSIVE };
	int count = 0;

	limit.objects = limit_objects_new(limit.root);
	limit.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (limit.objects == NULL || limit.epoll < 0 ||
	    epoll_ctl(limit.epoll, EPOLL_CTL_ADD, limit.listener,
	    &listening) != 0)
		return NULL;
	while (count >= 0 || errno == EINTR) {
		count = epoll_wait(limit.epoll, events, EVENTS_MAX,
		    limit.ready != NULL ? 0 : -1);
		for (int i = 0; i < count; i++)
			if (events[i].data.ptr == NULL)
				connection_accept(&limit);
			else
				connection_step(&limit, events[i].data.ptr);
		ready_serve(&limit);
	}
	return NULL;
}

static int listen_on(const char *port)
{
	static const int yes = 1;
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	    listen(fd, SOMAXCONN) == 0)
		return fd;
	close(fd);
	return -1;
}

int main(int argc, char *argv[])
{
	struct limit limit = { 0 };
	unsigned long threads = argc > 5 ? strtoul(argv[5], NULL, 10) : 1;
	pthread_t thread;

	if (argc < 5 || threads < 1 || threads > THREADS_MAX) {
		fputs("limit PORT ROOT KEY-FILE ORIGIN [THREADS]\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);	/* sendfile() has no MSG_NOSIGNAL */
	limit.root = argv[2];
	limit.origin = argv[4];
	if (signing_keys_load(argv[3], &limit.keys) != ERR_OK)
		return 1;
	limit.listener = listen_on(argv[1]);
	if (limit.listener < 0) {
		perror("limit: listen");
		return 1;
	}
	while (threads-- > 1)
		if (pthread_create(&thread, NULL, limit_run, &limit) != 0)
			return 1;
	limit_run(&limit);
	return 1;	/* it ends by a signal */
}
