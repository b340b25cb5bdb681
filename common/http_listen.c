/* Listening sockets: made from addresses, or handed over by systemd.
 *
 * The library gets connections, not sockets to listen on: with those,
 * quiescing a pool of event threads can abort the process (the thread and the
 * caller both take the socket out of the same epoll set), clients above its
 * limit hang, and the address of a Unix peer overruns its buffer.
 */
#include "common/http_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"

#define BACKLOG 1024
#define UNIX_PREFIX "unix:"
#define ACTIVATED_PREFIX "systemd:"

size_t
http_listeners_add(struct http_listener *listeners, size_t count, size_t room,
    char *const *words, struct http_listener model)
{
	for (; words != NULL && *words != NULL && count < room; words++) {
		listeners[count] = model;
		listeners[count++].address = *words;
	}
	return count;
}

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
socket_learn(struct http_listening *listening)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	static const int on = 1;

	if (getsockname(listening->socket, (struct sockaddr *)&address,
	    &size) != 0)
		return;
	if (address.ss_family == AF_INET)
		listening->port = ntohs(((struct sockaddr_in *)
		    (void *)&address)->sin_port);
	else if (address.ss_family == AF_INET6)
		listening->port = ntohs(((struct sockaddr_in6 *)
		    (void *)&address)->sin6_port);
	listening->is_unix = address.ss_family == AF_UNIX;
	/* Accepted sockets inherit it: no answer waits for more to send. */
	if (!listening->is_unix)
		(void)setsockopt(listening->socket, IPPROTO_TCP, TCP_NODELAY,
		    &on, sizeof(on));
}

/* Room for one more socket; NULL, logged: there is none. */
static struct http_listening *
listening_add(struct http_server *server, const char *address,
    struct http_pool *pool)
{
	struct http_listening *listening =
	    &server->listening[server->listening_count];

	if (server->listening_count == HTTP_LISTENINGS_MAX) {
		log_error("at most %d sockets can be listened on",
		    HTTP_LISTENINGS_MAX);
		return NULL;
	}
	*listening = (struct http_listening){ .pool = pool, .socket = -1,
		.address = strdup(address) };
	if (listening->address == NULL)
		return NULL;
	server->listening_count++;
	return listening;
}

/* A name may have several addresses: as many as can be had, one at least. */
static enum err
listen_all(struct http_server *server, const char *address,
    struct http_pool *pool, const struct addrinfo *found)
{
	struct http_listening *listening = NULL;
	int failure = 0, s;

	for (; found != NULL; found = found->ai_next) {
		s = socket_bind(found);
		if (s < 0) {
			failure = errno;
			continue;
		}
		listening = listening_add(server, address, pool);
		if (listening == NULL) {
			close(s);
			return ERR_CONFIG;
		}
		listening->socket = s;
		socket_learn(listening);
	}
	if (listening != NULL)
		return ERR_OK;
	errno = failure;
	log_errno("cannot listen address=%s", address);
	return ERR_IO;
}

static enum err
listen_internet(struct http_server *server, const char *address,
    struct http_pool *pool)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	char *copy = strdup(address), *name, *port;
	enum err e = ERR_CONFIG;
	int failure;

	if (copy == NULL)
		return ERR_NO_MEMORY;
	if (!address_split(copy, &name, &port)) {
		log_error("an address must be HOST:PORT, [HOST]:PORT, "
		    "unix:PATH or systemd:NAME address=%s", address);
		goto out;
	}
	failure = getaddrinfo(name, port, &hints, &found);
	if (failure != 0) {
		log_error("cannot listen: %s address=%s",
		    gai_strerror(failure), address);
		goto out;
	}
	e = listen_all(server, address, pool, found);
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
listen_unix(struct http_server *server, const char *address_text,
    struct http_pool *pool)
{
	const char *path = address_text + strlen(UNIX_PREFIX);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct http_listening *listening;
	struct stat status;

	if (path[0] != '/' || strlen(path) >= sizeof(address.sun_path)) {
		log_error("the path of a Unix socket must be absolute and "
		    "shorter than %zu bytes address=%s",
		    sizeof(address.sun_path), address_text);
		return ERR_CONFIG;
	}
	listening = listening_add(server, address_text, pool);
	if (listening == NULL)
		return ERR_CONFIG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	listening->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (listening->socket < 0 || stale_remove(&address) != ERR_OK ||
	    bind(listening->socket, (const struct sockaddr *)&address,
	    sizeof(address)) != 0 || listen(listening->socket, BACKLOG) != 0 ||
	    stat(path, &status) != 0) {
		log_errno("cannot listen address=%s", address_text);
		return ERR_IO;
	}
	socket_learn(listening);
	listening->unix_inode = status.st_ino;
	listening->unix_device = status.st_dev;
	listening->unix_path = strdup(path);
	return listening->unix_path != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static void
names_free(char **names)
{
	for (char **name = names; name != NULL && *name != NULL; name++)
		free(*name);
	free(names);
}

/* One that systemd opened, if it is one to accept on. */
static enum err
listen_activated_one(struct http_server *server, const char *address,
    struct http_pool *pool, int s)
{
	struct http_listening *listening;
	int flags;

	if (sd_is_socket(s, AF_UNSPEC, SOCK_STREAM, 1) <= 0) {
		log_error("the socket is none that listens for streams: in "
		    "the .socket unit, write ListenStream= and no Accept=yes "
		    "address=%s", address);
		return ERR_CONFIG;
	}
	flags = fcntl(s, F_GETFL);
	if (flags < 0 || fcntl(s, F_SETFL, flags | O_NONBLOCK) != 0) {
		log_errno("cannot listen address=%s", address);
		return ERR_IO;
	}
	listening = listening_add(server, address, pool);
	if (listening == NULL)
		return ERR_CONFIG;
	listening->socket = s;
	socket_learn(listening);
	return ERR_OK;
}

static enum err
listen_activated(struct http_server *server, const char *address,
    struct http_pool *pool)
{
	const char *wanted = address + strlen(ACTIVATED_PREFIX);
	char **names = NULL;
	int count = sd_listen_fds_with_names(0, &names);
	bool is_found = false;
	enum err e = ERR_OK;

	for (int i = 0; e == ERR_OK && i < count; i++)
		if (strcmp(names[i], wanted) == 0) {
			is_found = true;
			e = listen_activated_one(server, address, pool,
			    SD_LISTEN_FDS_START + i);
		}
	names_free(names);
	if (e == ERR_OK && !is_found) {
		log_error("systemd opened no socket of that name: start the "
		    ".socket unit, with FileDescriptorName= address=%s",
		    address);
		e = ERR_CONFIG;
	}
	return e;
}

void
http_listen_warn_unused(const struct http_server *server)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(0, &names);

	for (int i = 0; i < count; i++) {
		bool is_used = false;
		for (size_t j = 0; j < server->listening_count; j++)
			is_used = is_used || server->listening[j].socket ==
			    SD_LISTEN_FDS_START + i;
		if (!is_used)
			log_warning("systemd opened a socket that no address "
			    "names: write " ACTIVATED_PREFIX "%s", names[i]);
	}
	names_free(names);
}

enum err
http_listen_open(struct http_server *server, const char *address,
    struct http_pool *pool)
{
	if (strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		return listen_unix(server, address, pool);
	if (strncmp(address, ACTIVATED_PREFIX,
	    strlen(ACTIVATED_PREFIX)) == 0)
		return listen_activated(server, address, pool);
	return listen_internet(server, address, pool);
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
