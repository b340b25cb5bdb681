/* Listening sockets, and the thread that accepts on all of them.
 *
 * The library gets connections, not sockets to listen on: with those,
 * quiescing a pool of event threads can abort the process (the thread and the
 * caller both take the socket out of the same epoll set), clients above its
 * limit hang, and the address of a Unix peer overruns its buffer.
 */
#include "common/http_internal.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"

#define BACKLOG 1024
#define PAUSE_MS 100	/* when there are no descriptors left */
#define UNIX_PREFIX "unix:"
#define LISTENERS_MAX 16

/* HOST:PORT or [HOST]:PORT; host is written to, port points into it. */
static bool
address_split(char *host, char **name, char **port)
{
	char *colon = strrchr(host, ':');

	if (colon == NULL || colon[1] == '\0')
		return false;
	*colon = '\0';
	*port = colon + 1;
	*name = host;
	if (host[0] == '[') {
		if (colon == host || colon[-1] != ']')
			return false;
		colon[-1] = '\0';
		*name = host + 1;
	}
	return **name != '\0';
}

static int
socket_bind(const struct addrinfo *info)
{
	int s = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	int on = 1, saved;

	if (s < 0)
		return -1;
	if (setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    (info->ai_family != AF_INET6 || setsockopt(s, IPPROTO_IPV6,
	    IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
	    bind(s, info->ai_addr, info->ai_addrlen) == 0 &&
	    listen(s, BACKLOG) == 0)
		return s;
	saved = errno;
	close(s);
	errno = saved;
	return -1;
}

static void
port_learn(struct http_listening *listening)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);

	if (getsockname(listening->socket, (struct sockaddr *)&address,
	    &size) != 0)
		return;
	if (address.ss_family == AF_INET)
		listening->port = ntohs(((struct sockaddr_in *)
		    (void *)&address)->sin_port);
	else if (address.ss_family == AF_INET6)
		listening->port = ntohs(((struct sockaddr_in6 *)
		    (void *)&address)->sin6_port);
}

static enum err
listen_internet(struct http_listening *listening)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	char *copy = strdup(listening->address), *name, *port;
	enum err e = ERR_OK;
	int failure;

	if (copy == NULL)
		return ERR_NO_MEMORY;
	if (!address_split(copy, &name, &port)) {
		log_error("an address must be HOST:PORT, [HOST]:PORT or "
		    "unix:PATH address=%s", listening->address);
		e = ERR_CONFIG;
		goto out;
	}
	failure = getaddrinfo(name, port, &hints, &found);
	if (failure != 0) {
		log_error("cannot listen: %s address=%s",
		    gai_strerror(failure), listening->address);
		e = ERR_CONFIG;
		goto out;
	}
	listening->socket = socket_bind(found);
	if (listening->socket < 0) {
		log_errno("cannot listen address=%s", listening->address);
		e = ERR_IO;
		goto out;
	}
	port_learn(listening);
out:
	if (found != NULL)
		freeaddrinfo(found);
	free(copy);
	return e;
}

/*
 * A socket that a killed process left behind is removed; one that somebody
 * listens on is not, and nothing else is ever.
 */
static enum err
stale_remove(const struct sockaddr_un *address)
{
	struct stat status;
	int s, failure;

	if (lstat(address->sun_path, &status) != 0)
		return errno == ENOENT ? ERR_OK : ERR_IO;
	if (!S_ISSOCK(status.st_mode)) {
		errno = EEXIST;
		return ERR_IO;
	}
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return ERR_IO;
	failure = connect(s, (const struct sockaddr *)address,
	    sizeof(*address)) == 0 ? EADDRINUSE : errno;
	close(s);
	if (failure == ECONNREFUSED && unlink(address->sun_path) == 0)
		return ERR_OK;
	errno = failure;
	return ERR_IO;
}

static enum err
listen_unix(struct http_listening *listening)
{
	const char *path = listening->address + strlen(UNIX_PREFIX);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat status;

	if (path[0] != '/' || strlen(path) >= sizeof(address.sun_path)) {
		log_error("the path of a Unix socket must be absolute and "
		    "shorter than %zu bytes address=%s",
		    sizeof(address.sun_path), listening->address);
		return ERR_CONFIG;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	listening->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (listening->socket < 0 || stale_remove(&address) != ERR_OK ||
	    bind(listening->socket, (const struct sockaddr *)&address,
	    sizeof(address)) != 0 || listen(listening->socket, BACKLOG) != 0 ||
	    stat(path, &status) != 0) {
		log_errno("cannot listen address=%s", listening->address);
		return ERR_IO;
	}
	listening->unix_inode = status.st_ino;
	listening->unix_device = status.st_dev;
	listening->unix_path = strdup(path);
	return listening->unix_path != NULL ? ERR_OK : ERR_NO_MEMORY;
}

enum err
http_listen_open(struct http_listening *listening)
{
	if (strncmp(listening->address, UNIX_PREFIX,
	    strlen(UNIX_PREFIX)) == 0)
		return listen_unix(listening);
	return listen_internet(listening);
}

/* The path is removed only while it is still the socket that we made. */
void
http_listen_close(struct http_listening *listening)
{
	struct stat status;

	if (listening->unix_path != NULL &&
	    lstat(listening->unix_path, &status) == 0 &&
	    status.st_ino == listening->unix_inode &&
	    status.st_dev == listening->unix_device)
		unlink(listening->unix_path);
	free(listening->unix_path);
	listening->unix_path = NULL;
	if (listening->socket >= 0)
		close(listening->socket);
	listening->socket = -1;
}

static void
hand_over(struct http_listening *listening, int client,
    const struct sockaddr *address, socklen_t size)
{
	struct http_server *server = listening->server;

	if (atomic_load(&listening->open) >= listening->open_max) {
		atomic_fetch_add(&server->refused_connections, 1);
		close(client);
		return;
	}
	/* The library closes the socket also when it does not take it. */
	if (MHD_add_connection(listening->daemon, client, address, size) !=
	    MHD_YES)
		atomic_fetch_add(&server->refused_connections, 1);
}

/* False: there is nobody, or no descriptor for them. */
static bool
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
		return true;
	}
	switch (errno) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		log_errno("cannot accept; waiting for others to leave");
		poll(NULL, 0, PAUSE_MS);
		return false;
	default:
		return true;	/* that client is gone already */
	}
}

static void *
acceptor_main(void *closure)
{
	struct http_server *server = closure;
	struct pollfd polled[LISTENERS_MAX + 1];
	size_t count = server->listening_count;

	for (size_t i = 0; i < count; i++)
		polled[i] = (struct pollfd){ .events = POLLIN,
			.fd = server->listening[i].socket };
	polled[count] = (struct pollfd){ .events = POLLIN,
		.fd = server->acceptor.wake };
	for (;;) {
		if (poll(polled, count + 1, -1) < 0 && errno != EINTR)
			log_errno("poll failed");
		if (polled[count].revents != 0)
			return NULL;
		for (size_t i = 0; i < count; i++)
			if (polled[i].revents != 0)
				for (int n = 0; n < 64 &&
				    accept_one(&server->listening[i]); n++)
					;
	}
}

enum err
http_acceptor_start(struct http_server *server)
{
	struct http_acceptor *acceptor = &server->acceptor;
	int failure;

	if (server->listening_count > LISTENERS_MAX) {
		log_error("at most %d addresses can be listened on",
		    LISTENERS_MAX);
		return ERR_CONFIG;
	}
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
}
