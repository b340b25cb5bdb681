/* The table of connections, and the thread that looks through it each second.
 * The library knows an inactivity timeout and nothing else: one byte each
 * half second would live for ever.
 *
 * An entry is made when the library takes a connection and removed before it
 * closes the socket; so whoever holds the mutex and finds an entry may shut
 * its socket down.
 */
#include "common/http_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>	/* glibc's lacks tcpi_bytes_received */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

#define SWEEP_INTERVAL_MS 1000

static void
peer_text(char text[static INET6_ADDRSTRLEN], const struct sockaddr *address)
{
	const void *bytes = NULL;

	if (address != NULL && address->sa_family == AF_INET)
		bytes = &((const struct sockaddr_in *)(const void *)
		    address)->sin_addr;
	else if (address != NULL && address->sa_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)(const void *)
		    address)->sin6_addr;
	if (bytes == NULL || inet_ntop(address->sa_family, bytes, text,
	    INET6_ADDRSTRLEN) == NULL)
		snprintf(text, INET6_ADDRSTRLEN, "unix");
}

static struct http_connection *
connection_new(struct http_listening *listening,
    struct MHD_Connection *library)
{
	struct http_connection *connection = calloc(1, sizeof(*connection));
	const union MHD_ConnectionInfo *info;

	if (connection == NULL)
		return NULL;
	connection->listening = listening;
	info = MHD_get_connection_info(library,
	    MHD_CONNECTION_INFO_CONNECTION_FD);
	connection->socket = info->connect_fd;
	info = MHD_get_connection_info(library,
	    MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	peer_text(connection->peer, info->client_addr);
	return connection;
}

static void
table_add(struct http_connection_table *table,
    struct http_connection *connection)
{
	pthread_mutex_lock(&table->mutex);
	connection->next = table->first;
	if (table->first != NULL)
		table->first->previous = connection;
	table->first = connection;
	pthread_mutex_unlock(&table->mutex);
}

static void
table_remove(struct http_connection_table *table,
    struct http_connection *connection)
{
	pthread_mutex_lock(&table->mutex);
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		table->first = connection->next;
	pthread_mutex_unlock(&table->mutex);
}

/*
 * Without an entry (no memory) the first request of the connection finds no
 * context and closes it.
 */
void
http_connection_notify(void *closure, struct MHD_Connection *library,
    void **context, enum MHD_ConnectionNotificationCode code)
{
	struct http_listening *listening = closure;
	struct http_connection *connection = *context;
	struct http_server *server = listening->server;

	switch (code) {
	case MHD_CONNECTION_NOTIFY_STARTED:
		connection = connection_new(listening, library);
		if (connection != NULL)
			table_add(&server->table, connection);
		*context = connection;
		atomic_fetch_add(&listening->open, 1);
		if ((listening->audience & HTTP_PUBLIC) != 0)
			atomic_fetch_add(&server->public_open, 1);
		break;
	case MHD_CONNECTION_NOTIFY_CLOSED:
		if (connection != NULL) {
			http_life_abandon(connection->request);
			table_remove(&server->table, connection);
		}
		free(connection);
		*context = NULL;
		atomic_fetch_sub(&listening->open, 1);
		if ((listening->audience & HTTP_PUBLIC) != 0)
			atomic_fetch_sub(&server->public_open, 1);
		break;
	}
}

/* Bytes received so far; 0 where the kernel does not count (Unix sockets). */
static uint64_t
bytes_received(int socket)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
		return 0;
	return info.tcpi_bytes_received;
}

/*
 * Since when does this connection wait for the rest of a header?  0: it does
 * not.  The library tells of a request when its first line is whole; before
 * that only the count of bytes shows that one has begun.
 */
static int64_t
header_since(struct http_connection *connection, int64_t now_ms)
{
	unsigned requests = atomic_load(&connection->requests);

	switch (atomic_load(&connection->phase)) {
	case HTTP_CONNECTION_HEADER:
		return atomic_load(&connection->header_since_ms);
	case HTTP_CONNECTION_SERVING:
		return 0;
	default:
		break;
	}
	if (connection->swept_requests != requests) {
		connection->swept_requests = requests;
		connection->swept_bytes = bytes_received(connection->socket);
		connection->first_byte_ms = 0;
	} else if (connection->first_byte_ms == 0 &&
	    bytes_received(connection->socket) > connection->swept_bytes) {
		connection->first_byte_ms = now_ms;
	}
	return connection->first_byte_ms;
}

/*
 * Where the client's end comes together with its last bytes, the library
 * misses it: it reads less than it asked for, and waits for an event that was
 * already told.  A cut upload would stay until the idle timeout.  This makes
 * the kernel tell again; what was received is still read, and a request that
 * is complete is still answered.
 */
static void
repeat_end(const struct http_connection *connection)
{
	struct pollfd end = { .fd = connection->socket,
		.events = POLLRDHUP };

	if (atomic_load(&connection->phase) == HTTP_CONNECTION_SERVING &&
	    poll(&end, 1, 0) == 1 && (end.revents & POLLRDHUP) != 0)
		shutdown(connection->socket, SHUT_RD);
}

static void
sweep(struct http_server *server, int64_t now_ms)
{
	int64_t limit_ms = (int64_t)server->options.header_timeout_s * 1000;
	struct http_connection *connection;

	pthread_mutex_lock(&server->table.mutex);
	for (connection = server->table.first; connection != NULL;
	    connection = connection->next) {
		int64_t since = header_since(connection, now_ms);
		if (since != 0 && limit_ms != 0 && now_ms - since > limit_ms)
			shutdown(connection->socket, SHUT_RDWR);
		repeat_end(connection);
	}
	pthread_mutex_unlock(&server->table.mutex);
	if (atomic_load(&server->drains))
		http_connection_shut_idle(server);
}

/*
 * What was received before is still read, and answered; then the library sees
 * the end.  Nothing is lost but what the client sends from now on.
 */
void
http_connection_shut_idle(struct http_server *server)
{
	struct http_connection *connection;

	pthread_mutex_lock(&server->table.mutex);
	for (connection = server->table.first; connection != NULL;
	    connection = connection->next)
		if (atomic_load(&connection->phase) ==
		    HTTP_CONNECTION_WAITING)
			shutdown(connection->socket, SHUT_RD);
	pthread_mutex_unlock(&server->table.mutex);
}

void
http_connection_cut(struct http_server *server)
{
	struct http_connection *connection;

	pthread_mutex_lock(&server->table.mutex);
	for (connection = server->table.first; connection != NULL;
	    connection = connection->next)
		shutdown(connection->socket, SHUT_RDWR);
	pthread_mutex_unlock(&server->table.mutex);
}

static void *
sweeper_main(void *closure)
{
	struct http_server *server = closure;
	struct pollfd wake = { .fd = server->table.wake, .events = POLLIN };

	while (!atomic_load(&server->table.ends)) {
		poll(&wake, 1, SWEEP_INTERVAL_MS);
		if (!atomic_load(&server->table.ends))
			sweep(server, clock_monotonic_ms());
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

	if (table->sweeper_runs) {
		atomic_store(&table->ends, true);
		eventfd_write(table->wake, 1);
		pthread_join(table->sweeper, NULL);
		table->sweeper_runs = false;
	}
	if (table->wake >= 0)
		close(table->wake);
	table->wake = -1;
}
