/* The connections of the load client.
 *
 * Life of one: connected, with TLS greeted; then again and again
 *	sending		a part of the request is not with the kernel yet
 *	header		waiting for the end of the answer's header
 *	body		what is left of the body is dropped unread: MSG_TRUNC
 *			copies nothing, so any size costs the client the same
 *	resting		idle, after its one request
 * A connection that the server closes after an answer is opened again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/storage/load.h"
#include "tests/bench/storage/load_tls.h"

#define HEAD_MAX 8192		/* header, and the whole of a small answer */
#define RANGE_TEXT_MAX 80
#define REQUEST_MAX 4096
#define EVENTS_MAX 256
#define OPENING_MAX 256		/* at once, so that no backlog overflows */
#define WAIT_MS 10
#define SILENT_TURNS 1000		/* of WAIT_MS each */
#define DISCARD_MAX (1u << 30)

enum phase {
	PHASE_GREETING, PHASE_SENDING, PHASE_HEADER, PHASE_BODY, PHASE_RESTING
};

struct connection {
	int fd;
	struct load_tls_line *tls;	/* NULL: as it is */
	enum phase phase;
	bool is_idle;		/* rests after its first answer */
	bool is_writing;	/* epoll looks for room to send */
	bool closes;		/* the answer says so */
	bool is_good;		/* the answer is the expected one */
	unsigned index;
	uint64_t began_ns;
	uint64_t body_left;
	size_t request_length, sent;
	char request[REQUEST_MAX];
	size_t head_length;
	char head[HEAD_MAX];
};

struct load {
	const struct load_options *options;
	const struct load_requests *requests;
	struct load_tls *tls;
	struct connection *connections;	/* the idle ones first */
	unsigned connection_count;	/* all of them */
	unsigned opened, resting;
	uint32_t addresses;		/* taken */
	int epoll;
	bool is_told;			/* one wrong answer was printed */
	uint64_t random;
	unsigned silent_turns;
	struct load_counts counts;
};

static uint64_t load_random(struct load *load)
{
	uint64_t x = load->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static bool connection_watch(struct load *load, struct connection *connection,
    int operation)
{
	struct epoll_event event = {
		.events = connection->is_writing ? EPOLLIN | EPOLLOUT :
		    EPOLLIN,
		.data.ptr = connection,
	};

	return epoll_ctl(load->epoll, operation, connection->fd, &event) == 0;
}

/* --- asking -------------------------------------------------------------- */

static size_t range_write(struct load *load, char *out, size_t capacity)
{
	const struct load_options *options = load->options;
	uint64_t from;

	if (options->range_bytes == 0)
		return (size_t)snprintf(out, capacity, "\r\n");
	from = load_random(load) %
	    (options->object_bytes - options->range_bytes + 1);
	return (size_t)snprintf(out, capacity, "Range: bytes=%" PRIu64 "-%"
	    PRIu64 "\r\n\r\n", from, from + options->range_bytes - 1);
}

static void request_take_line(struct load *load,
    struct connection *connection)
{
	size_t line = load->options->random_order ? load_random(load) :
	    connection->index;
	const struct load_request *request =
	    &load->requests->all[line % load->requests->count];

	memcpy(connection->request, request->bytes, request->length);
	connection->request_length = request->length + range_write(load,
	    connection->request + request->length, RANGE_TEXT_MAX);
}

static void request_make(struct load *load, struct connection *connection)
{
	const struct load_source *source = load->options->source;

	if (source == NULL)
		request_take_line(load, connection);
	else
		connection->request_length = source->write(source->context,
		    connection->index, connection->request, REQUEST_MAX -
		    LOAD_TLS_OVERHEAD);
	if (connection->tls != NULL)
		connection->request_length = load_tls_seal(connection->tls,
		    connection->request, connection->request_length);
	connection->sent = 0;
	connection->head_length = 0;
	connection->phase = PHASE_SENDING;
}

/* Hand over what the kernel takes; false when the connection is broken. */
static bool request_send(struct load *load, struct connection *connection)
{
	size_t left = connection->request_length - connection->sent;
	ssize_t sent = send(connection->fd, connection->request +
	    connection->sent, left, MSG_NOSIGNAL);
	bool was_writing = connection->is_writing;

	if (sent < 0 && errno != EAGAIN)
		return false;
	connection->sent += sent > 0 ? (size_t)sent : 0;
	connection->is_writing = connection->sent < connection->request_length;
	if (!connection->is_writing)
		connection->phase = PHASE_HEADER;
	return connection->is_writing == was_writing ||
	    connection_watch(load, connection, EPOLL_CTL_MOD);
}

static bool request_begin(struct load *load, struct connection *connection)
{
	request_make(load, connection);
	if (!load->options->is_fresh)	/* else the greeting counts too */
		connection->began_ns = measure_now_ns();
	return request_send(load, connection);
}

/* --- opening ------------------------------------------------------------- */

static bool greeting_go_on(struct load *load, struct connection *connection)
{
	int done = load_tls_greet(connection->tls);

	return done == 1 ? request_begin(load, connection) : done == 0;
}

/* The connection is there: ask, behind the greeting where there is one. */
static bool connection_begin(struct load *load, struct connection *connection)
{
	if (load->tls == NULL)
		return request_begin(load, connection);
	connection->phase = PHASE_GREETING;
	connection->tls = load_tls_begin(load->tls, connection->fd);
	return connection->tls != NULL && greeting_go_on(load, connection);
}

/*
 * From another address each time: one that has thousands of connections, or had
 * them a minute ago, looks so long for a free port that nothing else is seen.
 */
static void connection_take_address(struct load *load, int fd)
{
	static const int yes = 1;
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl((INADDR_LOOPBACK & 0xff000000) |
		    0x10000 | (load->addresses++ & 0xffff)) } };

	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes,
	    sizeof(yes));
	(void)bind(fd, (const struct sockaddr *)&address, sizeof(address));
}

static bool connection_open(struct load *load, struct connection *connection)
{
	static const int yes = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	connection->fd = fd;
	connection->is_writing = false;
	if (fd < 0)
		return false;
	if (load->options->is_fresh)
		connection_take_address(load, fd);
	connection->began_ns = measure_now_ns();
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	return connect(fd, (const struct sockaddr *)&load->options->address,
	    sizeof(load->options->address)) == 0 &&
	    fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
	    connection_watch(load, connection, EPOLL_CTL_ADD) &&
	    connection_begin(load, connection);
}

static void connection_close(struct connection *connection)
{
	load_tls_end(connection->tls);
	connection->tls = NULL;
	close(connection->fd);
}

static bool connection_reopen(struct load *load, struct connection *connection)
{
	connection_close(connection);
	return connection_open(load, connection);
}

/* The next connection that is not open yet. */
static bool open_one(struct load *load)
{
	struct connection *connection = &load->connections[load->opened];

	connection->index = load->opened;
	connection->is_idle = load->opened < load->options->idle;
	if (!connection_open(load, connection)) {
		fprintf(stderr, "load: connection %u: %s\n", load->opened,
		    strerror(errno));
		return false;
	}
	load->opened++;
	return true;
}

/* --- the answer ---------------------------------------------------------- */

static void answer_is_wrong(struct load *load,
    const struct connection *connection, const char *what)
{
	load->counts.errors++;
	if (load->is_told)
		return;
	load->is_told = true;
	fprintf(stderr, "load: %s: %.*s\n", what,
	    (int)strcspn(connection->head, "\r\n"), connection->head);
}

/* Length of the header with its empty line; 0: not all there yet. */
static size_t head_end(struct connection *connection)
{
	const char *end = memmem(connection->head, connection->head_length,
	    "\r\n\r\n", 4);

	return end == NULL ? 0 : (size_t)(end + 4 - connection->head);
}

static const char *head_field(const char *head, const char *name)
{
	size_t length = strlen(name);
	const char *line = head;

	while ((line = strstr(line, "\r\n")) != NULL) {
		line += 2;
		if (strncasecmp(line, name, length) == 0)
			return line + length;
	}
	return NULL;
}

/* Status, length and fate of the connection, from a header cut by a NUL. */
static void head_read(struct load *load, struct connection *connection)
{
	const char *length = head_field(connection->head, "Content-Length: ");
	const char *fate = head_field(connection->head, "Connection: ");
	unsigned long status = strtoul(connection->head + 9, NULL, 10);

	connection->is_good = status == load->options->body_status &&
	    length != NULL;
	if (!connection->is_good)
		answer_is_wrong(load, connection, "unexpected answer");
	connection->body_left = length == NULL ? 0 :
	    strtoull(length, NULL, 10);
	connection->closes = fate != NULL && strncasecmp(fate, "close", 5) == 0;
}

static bool answer_end(struct load *load, struct connection *connection)
{
	const struct load_source *source = load->options->source;
	uint64_t now_ns = measure_now_ns();

	if (source != NULL && connection->is_good)
		source->answered(source->context, connection->index);
	load->counts.requests++;
	histogram_add(&load->counts.latency,
	    (now_ns - connection->began_ns) / 1000);
	if (connection->is_idle) {
		connection->phase = PHASE_RESTING;
		load->resting++;
		return true;
	}
	if (!connection->closes && !load->options->is_fresh)
		return request_begin(load, connection);
	load->counts.reconnects++;
	return connection_reopen(load, connection);
}

static bool body_take(struct load *load, struct connection *connection,
    uint64_t bytes)
{
	load->counts.bytes += bytes;
	connection->body_left -= bytes;
	return connection->body_left > 0 || answer_end(load, connection);
}

/* As recv(); without a buffer what comes is dropped. */
static ssize_t receive(struct connection *connection, char *buffer,
    size_t size)
{
	if (connection->tls != NULL)
		return load_tls_receive(connection->tls, buffer, size);
	return recv(connection->fd, buffer, size, buffer == NULL ? MSG_TRUNC :
	    0);
}

static bool body_receive(struct load *load, struct connection *connection)
{
	size_t wanted = connection->body_left < DISCARD_MAX ?
	    (size_t)connection->body_left : DISCARD_MAX;
	ssize_t got = receive(connection, NULL, wanted);

	if (got > 0)
		return body_take(load, connection, (uint64_t)got);
	return got < 0 && errno == EAGAIN;
}

static bool head_receive(struct load *load, struct connection *connection)
{
	size_t end, room = HEAD_MAX - 1 - connection->head_length;
	ssize_t got = receive(connection, connection->head +
	    connection->head_length, room);
	uint64_t body;

	if (got <= 0)
		return got < 0 && errno == EAGAIN;
	connection->head_length += (size_t)got;
	end = head_end(connection);
	if (end == 0)
		return connection->head_length < HEAD_MAX - 1;
	body = connection->head_length - end;
	connection->head[end - 1] = '\0';
	head_read(load, connection);
	if (body > connection->body_left) {
		answer_is_wrong(load, connection, "more than was announced");
		body = connection->body_left;
	}
	connection->phase = PHASE_BODY;
	if (!body_take(load, connection, body))
		return false;
	/* More is there already when the buffer was filled. */
	return connection->phase != PHASE_BODY || (size_t)got < room ||
	    body_receive(load, connection);
}

static bool connection_step(struct load *load, struct connection *connection)
{
	switch (connection->phase) {
	case PHASE_GREETING:
		return greeting_go_on(load, connection);
	case PHASE_SENDING:
		return request_send(load, connection);
	case PHASE_HEADER:
		return head_receive(load, connection);
	case PHASE_BODY:
		return body_receive(load, connection);
	case PHASE_RESTING:
		return false;	/* neither a byte nor the end was asked for */
	}
	abort();
}

/* --- all of them --------------------------------------------------------- */

struct load *load_new(const struct load_options *options,
    const struct load_requests *requests)
{
	struct load *load = calloc(1, sizeof(*load));

	if (load == NULL)
		goto failed;
	load->options = options;
	load->requests = requests;
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	load->connection_count = options->idle + options->connections;
	load->random = measure_now_ns();
	load->connections = calloc(load->connection_count,
	    sizeof(*load->connections));
	if (load->epoll < 0 || load->connections == NULL)
		goto failed;
	for (size_t i = 0; requests != NULL && i < requests->count; i++)
		if (requests->all[i].length > REQUEST_MAX - RANGE_TEXT_MAX -
		    LOAD_TLS_OVERHEAD)
			goto failed;
	if (options->is_tls) {
		load->tls = load_tls_new(options->resumes, &options->address);
		if (load->tls == NULL)
			goto failed;
	}
	return load;
failed:
	fprintf(stderr, "load: out of memory, or a request is too long\n");
	load_free(load);
	return NULL;
}

void load_free(struct load *load)
{
	if (load == NULL)
		return;
	for (unsigned i = 0; i < load->opened; i++)
		connection_close(&load->connections[i]);
	load_tls_free(load->tls);
	if (load->epoll >= 0)
		close(load->epoll);
	free(load->connections);
	free(load);
}

/* Serve what is ready, waiting a moment when nothing is. */
static bool load_turn(struct load *load)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(load->epoll, events, EVENTS_MAX, WAIT_MS);

	for (int i = 0; i < count; i++) {
		struct connection *connection = events[i].data.ptr;

		if (connection_step(load, connection))
			continue;
		answer_is_wrong(load, connection, "cut after");
		if (!connection_reopen(load, connection)) {
			perror("load: reconnecting");
			return false;
		}
	}
	load->silent_turns = count > 0 ? 0 : load->silent_turns + 1;
	if (load->silent_turns < SILENT_TURNS)
		return true;
	fprintf(stderr, "load: the server is silent; connections: open %u,"
	    " resting %u, wanted %u\n", load->opened, load->resting,
	    load->connection_count);
	return false;
}

bool load_open(struct load *load)
{
	while (load->opened < load->options->idle) {
		if (!open_one(load))
			return false;
		while (load->opened - load->resting >= OPENING_MAX)
			if (!load_turn(load))
				return false;
	}
	while (load->resting < load->options->idle)
		if (!load_turn(load))
			return false;
	while (load->opened < load->connection_count)
		if (!open_one(load))
			return false;
	return true;
}

bool load_run(struct load *load, uint64_t until_ns)
{
	while (measure_now_ns() < until_ns)
		if (!load_turn(load))
			return false;
	return true;
}

bool load_finish(struct load *load)
{
	for (unsigned i = 0; i < load->opened; i++)
		load->connections[i].is_idle = true;
	while (load->resting < load->opened)
		if (!load_turn(load))
			return false;
	return true;
}

const struct load_counts *load_counts(const struct load *load)
{
	return &load->counts;
}

void load_counts_reset(struct load *load)
{
	load->counts = (struct load_counts){ 0 };
}
