/* The thread that accepts on all listening sockets, counts, and hands each
 * connection to the event threads of its listener.
 */
#include "common/http_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

#define PAUSE_MS 100	/* when there are no descriptors left */
#define LOG_EACH_MS 10000

/* Of a client that is over its address' limit, how many are told 503 by an
 * event thread; those above are told by the acceptor. */
static unsigned
address_hard_limit(unsigned limit)
{
	return limit + limit / 8 + 1;
}

/*
 * May it be served, or be told 503 by an event thread (is_over)?  False:
 * neither, there are far too many.
 */
static bool
count_in(struct http_server *server, struct http_connection *connection,
    const struct sockaddr *peer)
{
	struct http_quota *quota = connection->listening->pool->quota;
	unsigned limit = server->options.connections_per_address, by_address;
	unsigned open = atomic_fetch_add(&quota->open, 1) + 1;
	struct network_address address;
	bool has_address = network_address_of(peer, &address);

	connection->is_proxy = http_peer_is_proxy(server,
	    has_address ? &address : NULL);
	connection->is_over = open > quota->soft;
	if (quota != &server->public || !has_address || limit == 0 ||
	    connection->is_proxy)
		return open <= quota->hard;
	connection->counted = http_peers_enter(server->peers, &address,
	    &by_address);
	if (connection->counted == NULL)
		return open <= quota->hard;
	connection->is_over = connection->is_over || by_address > limit;
	return open <= quota->hard &&
	    by_address <= address_hard_limit(limit);
}

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

/* To its event thread, or to the library. */
static void
pass_on(struct http_connection *connection, const struct sockaddr *peer,
    socklen_t size)
{
	struct http_pool *pool = connection->listening->pool;
	struct http_server *server = pool->server;

	if (pool->is_fast && !connection->is_over &&
	    http_socket_fits(connection->socket)) {
		if (http_fast_begin(connection))
			return;
		log_errno("a connection cannot be waited for");
		http_connection_close(connection);
	/* The library closes the socket also when it does not take it. */
	} else if (MHD_add_connection(pool->daemon, connection->socket, peer,
	    size) == MHD_YES) {
		return;
	} else {
		http_connection_release(server, connection);
	}
	atomic_fetch_add(&server->refused_connections, 1);
}

static void
hand_over(struct http_listening *listening, int client,
    const struct sockaddr *peer, socklen_t size)
{
	struct http_server *server = listening->pool->server;
	struct http_connection *connection = http_connection_expect(listening,
	    client);

	if (connection == NULL) {
		close(client);
		atomic_fetch_add(&server->refused_connections, 1);
		return;
	}
	if (!count_in(server, connection, peer)) {
		http_connection_release(server, connection);
		if (listening->pool->is_tls)
			close(client);	/* who has not greeted hears nothing */
		else
			http_refuse(&server->acceptor, client);
		atomic_fetch_add(&server->refused_connections, 1);
		return;
	}
	peer_text(connection->peer, peer);
	pass_on(connection, peer, size);
}

/* No descriptor, or no memory: what is only kept is given up for the client,
 * who waits meanwhile; else say so, as long as that can be done. */
static void
cannot_accept(struct http_server *server, const struct http_listening *from)
{
	const struct http_server_options *options = &server->options;
	struct http_acceptor *acceptor = &server->acceptor;
	int64_t now_ms = clock_monotonic_ms();
	int failure = errno;

	if (options->free_descriptors != NULL &&
	    options->free_descriptors(options->application))
		return;
	errno = failure;
	if (acceptor->logged_ms == 0 ||
	    now_ms - acceptor->logged_ms >= LOG_EACH_MS) {
		acceptor->logged_ms = now_ms;
		log_errno("cannot accept; clients are refused until others "
		    "leave");
	}
	if (http_refuse_without_descriptor(acceptor, from->socket))
		atomic_fetch_add(&server->refused_connections, 1);
	else
		poll(NULL, 0, PAUSE_MS);
}

/* One only: where there is nobody more, accept4() makes a whole socket before
 * it says so, and poll() takes a third of that. */
static void
accept_one(struct http_listening *listening)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);
	int client = accept4(listening->socket, (struct sockaddr *)&address,
	    &size, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (client >= 0) {
		if (address.ss_family != AF_INET &&
		    address.ss_family != AF_INET6) {
			address.ss_family = AF_UNIX;
			size = sizeof(address.ss_family);
		}
		hand_over(listening, client, (struct sockaddr *)&address,
		    size);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	    errno == ENOMEM) {
		cannot_accept(listening->pool->server, listening);
	}			/* else that client is gone already */
}

static void *
acceptor_main(void *closure)
{
	struct http_server *server = closure;
	struct pollfd polled[HTTP_LISTENINGS_MAX + 1];
	size_t count = server->listening_count;

	for (size_t i = 0; i < count; i++)
		polled[i] = (struct pollfd){ .events = POLLIN,
			.fd = server->listening[i].socket };
	polled[count] = (struct pollfd){ .events = POLLIN,
		.fd = server->acceptor.wake };
	for (;;) {
		if (poll(polled, count + 1,
		    http_refuse_tidy(&server->acceptor)) < 0 &&
		    errno != EINTR)
			log_errno("poll failed");
		if (polled[count].revents != 0)
			return NULL;
		for (size_t i = 0; i < count; i++)
			if (polled[i].revents != 0)
				accept_one(&server->listening[i]);
	}
}

enum err
http_acceptor_start(struct http_server *server)
{
	struct http_acceptor *acceptor = &server->acceptor;
	enum err e = http_refuse_open(acceptor);
	int failure;

	if (e != ERR_OK)
		return e;
	acceptor->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (acceptor->wake < 0) {
		log_errno("no eventfd for the acceptor");
		return ERR_IO;
	}
	failure = pthread_create(&acceptor->thread, NULL, acceptor_main,
	    server);
	if (failure != 0) {
		errno = failure;
		log_errno("the accepting thread cannot be started");
		return ERR_NO_MEMORY;
	}
	acceptor->runs = true;
	pthread_setname_np(acceptor->thread, "http-acceptor");
	return ERR_OK;
}

void
http_acceptor_stop(struct http_server *server)
{
	struct http_acceptor *acceptor = &server->acceptor;

	if (acceptor->runs) {
		eventfd_write(acceptor->wake, 1);
		pthread_join(acceptor->thread, NULL);
		acceptor->runs = false;
	}
	if (acceptor->wake >= 0)
		close(acceptor->wake);
	acceptor->wake = -1;
	http_refuse_close(acceptor);
}
