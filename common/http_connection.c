/* The table of connections, and the thread that looks through it each second.
 * The library knows an inactivity timeout and nothing else: one byte each
 * half second would live for ever.
 *
 * An entry is made by the acceptor, adopted when an event thread or the library
 * takes the connection, and removed before that one closes the socket; so
 * whoever holds the shard's mutex and finds an adopted entry may shut its
 * socket down.
 */
#include "common/http_internal.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>	/* glibc's lacks tcpi_bytes_received */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/http_watch.h"
#include "common/log.h"

#define SWEEP_INTERVAL_MS 1000

static struct http_shard *
shard_of(struct http_server *server, int socket)
{
	return &server->table.shards[(unsigned)socket % HTTP_SHARDS];
}

/* The shard's mutex is held; NULL: none. */
static struct http_connection *
shard_find(struct http_shard *shard, int socket)
{
	struct http_connection *connection = shard->first;

	while (connection != NULL && connection->socket != socket)
		connection = connection->next;
	return connection;
}

/* The shard's mutex is held. */
static void
shard_add(struct http_shard *shard, struct http_connection *connection)
{
	connection->previous = NULL;
	connection->next = shard->first;
	if (shard->first != NULL)
		shard->first->previous = connection;
	shard->first = connection;
}

static void
shard_remove(struct http_shard *shard, struct http_connection *connection)
{
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		shard->first = connection->next;
}

/* Out of the table: nobody finds it any more. */
static void
take_out(struct http_connection *connection)
{
	struct http_shard *shard = shard_of(connection->listening->pool->server,
	    connection->socket);

	pthread_mutex_lock(&shard->mutex);
	shard_remove(shard, connection);
	connection->is_adopted = false;
	pthread_mutex_unlock(&shard->mutex);
}

/* It is out of the table. */
static void
let_go(struct http_server *server, struct http_connection *connection)
{
	http_life_abandon(connection->request);
	http_fast_end(connection);
	http_watch_end(connection);
	atomic_fetch_sub(&connection->listening->pool->quota->open, 1);
	http_certificate_release(connection->certificate);
	if (connection->counted != NULL)
		http_peers_leave(server->peers, connection->counted);
	free(connection);
}

void
http_connection_release(struct http_server *server,
    struct http_connection *connection)
{
	take_out(connection);
	let_go(server, connection);
}

void
http_connection_close(struct http_connection *connection)
{
	int socket = connection->socket;

	http_connection_release(connection->listening->pool->server,
	    connection);
	close(socket);
}

struct http_connection *
http_connection_expect(struct http_listening *listening, int socket)
{
	struct http_server *server = listening->pool->server;
	struct http_shard *shard = shard_of(server, socket);
	struct http_connection *connection = calloc(1, sizeof(*connection)),
	    *stale;

	pthread_mutex_lock(&shard->mutex);
	stale = shard_find(shard, socket);
	if (connection != NULL) {
		connection->listening = listening;
		connection->socket = socket;
		shard_add(shard, connection);
	}
	pthread_mutex_unlock(&shard->mutex);
	/* The library closed it without telling: it had no memory. */
	if (stale != NULL)
		http_connection_release(server, stale);
	return connection;
}

void
http_connection_adopt(struct http_connection *connection)
{
	struct http_shard *shard = shard_of(connection->listening->pool->server,
	    connection->socket);

	pthread_mutex_lock(&shard->mutex);
	connection->is_adopted = true;
	pthread_mutex_unlock(&shard->mutex);
}

/*
 * Out of the table meanwhile: the library closes the socket when it does not
 * take it, and the acceptor may have a connection of that number at once.
 * When it takes it, it does no more until this thread is back in it.
 */
void
http_connection_give(struct http_connection *connection)
{
	struct http_pool *pool = connection->listening->pool;
	struct http_shard *shard = shard_of(pool->server, connection->socket);
	const struct sockaddr unknown = { .sa_family = AF_UNSPEC };

	take_out(connection);
	if (MHD_add_connection(pool->daemon, connection->socket, &unknown,
	    sizeof(unknown.sa_family)) != MHD_YES) {
		atomic_fetch_add(&pool->server->refused_connections, 1);
		let_go(pool->server, connection);
		return;
	}
	pthread_mutex_lock(&shard->mutex);
	shard_add(shard, connection);
	pthread_mutex_unlock(&shard->mutex);
}

/* The library has it. */
static void
taken(struct http_server *server, struct MHD_Connection *library,
    void **context)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(library,
	    MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_shard *shard = shard_of(server, info->connect_fd);
	struct http_connection *connection;

	pthread_mutex_lock(&shard->mutex);
	connection = shard_find(shard, info->connect_fd);
	if (connection != NULL)
		connection->is_adopted = true;
	pthread_mutex_unlock(&shard->mutex);
	*context = connection;
	if (connection == NULL)
		return;
	atomic_fetch_add(&server->library_connections, 1);
	if (connection->listening->pool->is_tls) {
		http_tls_begin(server->tls, connection, library);
		return;
	}
	http_socket_set(connection->socket, connection);
	http_fast_given(connection, library);
}

void
http_connection_notify(void *closure, struct MHD_Connection *library,
    void **context, enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = ((struct http_pool *)closure)->server;
	struct http_connection *connection = *context;

	switch (code) {
	case MHD_CONNECTION_NOTIFY_STARTED:
		taken(server, library, context);
		break;
	case MHD_CONNECTION_NOTIFY_CLOSED:
		*context = NULL;
		if (connection == NULL)
			break;
		atomic_fetch_sub(&server->library_connections, 1);
		http_life_abandon(connection->request);
		http_socket_set(connection->socket, NULL);
		if (connection->lingers)
			http_linger_begin(server, connection->socket);
		http_connection_release(server, connection);
		break;
	}
}

/* For each whose socket is open, while nobody can close it. */
static void
each_adopted(struct http_server *server,
    void (*visit)(struct http_server *, struct http_connection *))
{
	struct http_connection *connection;

	for (size_t i = 0; i < HTTP_SHARDS; i++) {
		struct http_shard *shard = &server->table.shards[i];
		pthread_mutex_lock(&shard->mutex);
		for (connection = shard->first; connection != NULL;
		    connection = connection->next)
			if (connection->is_adopted)
				visit(server, connection);
		pthread_mutex_unlock(&shard->mutex);
	}
}

static bool
is_fast(const struct http_connection *connection)
{
	return atomic_load_explicit(&connection->lane.is_fast,
	    memory_order_relaxed);
}

/*
 * Where the client's end comes together with its last bytes, the library (not
 * http_fast.c) misses it: it reads less than it asked for, and waits for an
 * event that was already told.  A cut upload, or a client that sends one
 * request and ends its side, would stay until the idle timeout.  This makes the
 * kernel tell again; what was received is still read, and a request that is
 * complete is still answered.
 */
static void
repeat_end(const struct http_connection *connection)
{
	struct pollfd end = { .fd = connection->socket,
		.events = POLLRDHUP };

	if (is_fast(connection))
		return;
	if (poll(&end, 1, 0) == 1 && (end.revents & POLLRDHUP) != 0)
		shutdown(connection->socket, SHUT_RD);
}

/* All zero where the kernel does not count (Unix sockets). */
static struct tcp_info
tcp_counts(int socket)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
		return (struct tcp_info){ 0 };
	return info;
}

/* Bytes that wait in the kernel: to be sent or acknowledged, or for us. */
static int
queued_bytes(int socket, unsigned long which)
{
	int bytes = 0;

	return ioctl(socket, which, &bytes) == 0 ? bytes : 0;
}

enum verdict { FINE, OVERDUE, TOO_SLOW };

/* Of a Unix socket it is known that something was taken, not how much. */
static uint64_t
bytes_sent(struct http_connection *connection, int queued)
{
	struct http_sweep *sweep = &connection->sweep;
	uint64_t acked = tcp_counts(connection->socket).tcpi_bytes_acked;

	if (acked == 0)
		acked = sweep->bytes + (queued != sweep->queued);
	sweep->queued = queued;
	return acked;
}

/* What moved so far; is it the client that keeps us waiting? */
static bool
is_waited_for(struct http_connection *connection, uint64_t *moved)
{
	int queued;

	if (connection->sweep.phase == HTTP_CONNECTION_RECEIVING) {
		*moved = atomic_load_explicit(&connection->received,
		    memory_order_relaxed);
		return queued_bytes(connection->socket, SIOCINQ) == 0;
	}
	queued = queued_bytes(connection->socket, SIOCOUTQ);
	*moved = bytes_sent(connection, queued);
	return queued > 0;
}

/*
 * No byte for an idle timeout, or, over a window of that length, fewer than
 * the least rate asks for?  The rate counts only while the client is waited
 * for.  An answer that stands still for another reason (a file that has
 * become shorter, and the library waits for more) ends with the timeout too.
 */
static enum verdict
judge_transfer(const struct http_server *server,
    struct http_connection *connection, int64_t now_ms)
{
	struct http_sweep *sweep = &connection->sweep;
	bool receives = sweep->phase == HTTP_CONNECTION_RECEIVING;
	int64_t limit_ms = (int64_t)server->options.idle_timeout_s * 1000;
	uint64_t least = receives ? server->options.receive_rate_least :
	    server->options.send_rate_least, moved;

	if (!is_waited_for(connection, &moved)) {
		sweep->window_bytes = moved;
		sweep->window_ms = now_ms;
		if (receives)
			sweep->moved_ms = now_ms;
	}
	if (moved != sweep->bytes) {
		sweep->bytes = moved;
		sweep->moved_ms = now_ms;
	}
	if (now_ms - sweep->moved_ms >= limit_ms)
		return OVERDUE;
	if (now_ms - sweep->window_ms < limit_ms)
		return FINE;
	if (!connection->listening->is_unix &&
	    moved - sweep->window_bytes < least * (uint64_t)limit_ms / 1000)
		return TOO_SLOW;
	sweep->window_bytes = moved;
	sweep->window_ms = now_ms;
	return FINE;
}

/*
 * The library tells of a request when its first line is whole; before that
 * only the count of bytes shows that one has begun.  In front of it no byte
 * waits: the first one is served, or tells of itself when it is handed over.
 */
static enum verdict
judge_waiting(const struct http_server *server,
    struct http_connection *connection, int64_t now_ms)
{
	struct http_sweep *sweep = &connection->sweep;
	int64_t header_ms = (int64_t)server->options.header_timeout_s * 1000;
	int64_t idle_ms = (int64_t)server->options.idle_timeout_s * 1000;

	if (sweep->first_byte_ms == 0 && !is_fast(connection) && tcp_counts(
	    connection->socket).tcpi_bytes_received > sweep->bytes)
		sweep->first_byte_ms = now_ms;
	if (sweep->first_byte_ms != 0 &&
	    now_ms - sweep->first_byte_ms > header_ms)
		return OVERDUE;
	return now_ms - sweep->moved_ms >= idle_ms ? OVERDUE : FINE;
}

/* Phase or request are others than a second ago: all counts begin again. */
static void
sweep_anew(struct http_connection *connection, int phase, unsigned requests,
    int64_t now_ms)
{
	struct http_sweep *sweep = &connection->sweep;

	*sweep = (struct http_sweep){ .phase = phase, .requests = requests,
		.moved_ms = now_ms, .window_ms = now_ms };
	if (phase == HTTP_CONNECTION_WAITING)
		sweep->bytes = requests == 0 || is_fast(connection) ? 0 :
		    tcp_counts(connection->socket).tcpi_bytes_received;
	else if (phase != HTTP_CONNECTION_SERVING)
		(void)is_waited_for(connection, &sweep->bytes);
	sweep->window_bytes = sweep->bytes;
}

static enum verdict
judge(const struct http_server *server, struct http_connection *connection)
{
	int64_t now_ms = clock_monotonic_ms();
	int phase = atomic_load(&connection->phase);
	unsigned requests = atomic_load(&connection->requests);

	if (phase == HTTP_CONNECTION_HEADER)
		return now_ms - atomic_load(&connection->header_since_ms) >
		    (int64_t)server->options.header_timeout_s * 1000 ?
		    OVERDUE : FINE;
	if (connection->sweep.moved_ms == 0 ||
	    connection->sweep.phase != phase ||
	    connection->sweep.requests != requests)
		sweep_anew(connection, phase, requests, now_ms);
	if (phase == HTTP_CONNECTION_WAITING)
		return judge_waiting(server, connection, now_ms);
	/* Ours is the time that a handler takes. */
	return phase == HTTP_CONNECTION_SERVING ? FINE :
	    judge_transfer(server, connection, now_ms);
}

/*
 * What is queued for a client that does not take it would stay in the kernel's
 * memory for long: it is dropped when the library closes the socket.
 */
static void
shut(struct http_connection *connection)
{
	const struct linger at_once = { .l_onoff = 1 };

	if (atomic_load(&connection->phase) == HTTP_CONNECTION_SENDING)
		(void)setsockopt(connection->socket, SOL_SOCKET, SO_LINGER,
		    &at_once, sizeof(at_once));
	shutdown(connection->socket, SHUT_RDWR);
}

static void
sweep_one(struct http_server *server, struct http_connection *connection)
{
	switch (judge(server, connection)) {
	case FINE:
		repeat_end(connection);
		break;
	case TOO_SLOW:
		atomic_fetch_add(&server->slow_connections, 1);
		shut(connection);
		break;
	case OVERDUE:
		shut(connection);
		break;
	}
}

static void
sweep(struct http_server *server)
{
	each_adopted(server, sweep_one);
	if (atomic_load(&server->drains))
		http_connection_shut_idle(server);
}

/*
 * What was received before is still read, and answered; then the library sees
 * the end.  Nothing is lost but what the client sends from now on.
 */
static void
shut_if_idle(struct http_server *server, struct http_connection *connection)
{
	(void)server;
	if (atomic_load(&connection->phase) == HTTP_CONNECTION_WAITING)
		shutdown(connection->socket, SHUT_RD);
}

void
http_connection_shut_idle(struct http_server *server)
{
	each_adopted(server, shut_if_idle);
}

static void
cut(struct http_server *server, struct http_connection *connection)
{
	(void)server;
	shutdown(connection->socket, SHUT_RDWR);
}

void
http_connection_cut(struct http_server *server)
{
	each_adopted(server, cut);
}

static void *
sweeper_main(void *closure)
{
	struct http_server *server = closure;
	struct pollfd wake = { .fd = server->table.wake, .events = POLLIN };

	while (!atomic_load(&server->table.ends)) {
		poll(&wake, 1, SWEEP_INTERVAL_MS);
		if (!atomic_load(&server->table.ends))
			sweep(server);
		http_linger_sweep(server, false);
	}
	return NULL;
}

enum err
http_connection_table_open(struct http_server *server)
{
	struct http_connection_table *table = &server->table;
	int failure;

	table->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (table->wake < 0) {
		log_errno("no eventfd for the sweeper");
		return ERR_IO;
	}
	failure = pthread_create(&table->sweeper, NULL, sweeper_main, server);
	if (failure != 0) {
		errno = failure;
		log_errno("the sweeper thread cannot be started");
		return ERR_NO_MEMORY;
	}
	table->sweeper_runs = true;
	pthread_setname_np(table->sweeper, "http-sweeper");
	return ERR_OK;
}

void
http_connection_table_close(struct http_server *server)
{
	struct http_connection_table *table = &server->table;
	struct http_connection *connection;

	if (table->sweeper_runs) {
		atomic_store(&table->ends, true);
		eventfd_write(table->wake, 1);
		pthread_join(table->sweeper, NULL);
		table->sweeper_runs = false;
	}
	http_linger_sweep(server, true);
	pthread_mutex_destroy(&server->lingering.mutex);
	if (table->wake >= 0)
		close(table->wake);
	table->wake = -1;
	for (size_t i = 0; i < HTTP_SHARDS; i++) {
		while ((connection = table->shards[i].first) != NULL)
			if (is_fast(connection))
				http_connection_close(connection);
			else
				http_connection_release(server, connection);
		pthread_mutex_destroy(&table->shards[i].mutex);
	}
}
