/* One request, one connection, by hand: both ends are ours. */
#include "stored/admin_client.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"

#define ANSWER_MAX ((size_t)256 * 1024)
#define PATIENCE_S 30
#define HOST_MAX 256
#define UNIX_PREFIX "unix:"

static int
connect_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int descriptor;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (descriptor != -1 && connect(descriptor,
	    (struct sockaddr *)&address, sizeof(address)) == -1) {
		close(descriptor);
		return -1;
	}
	return descriptor;
}

/* HOST:PORT or [HOST]:PORT, which the settings have checked. */
static int
connect_internet(const char *address)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const char *port = strrchr(address, ':');
	struct addrinfo *found = NULL;
	char host[HOST_MAX];
	int descriptor = -1;

	errno = EINVAL;
	if (port == NULL)
		return -1;
	snprintf(host, sizeof(host), "%.*s", (int)(port - address), address);
	if (host[0] == '[') {
		memmove(host, host + 1, strlen(host));
		host[strcspn(host, "]")] = '\0';
	}
	if (getaddrinfo(host, port + 1, &hints, &found) != 0)
		return -1;
	for (struct addrinfo *a = found; a != NULL && descriptor == -1;
	    a = a->ai_next) {
		descriptor = socket(a->ai_family, a->ai_socktype |
		    SOCK_CLOEXEC, a->ai_protocol);
		if (descriptor != -1 && connect(descriptor, a->ai_addr,
		    a->ai_addrlen) == -1) {
			close(descriptor);
			descriptor = -1;
		}
	}
	freeaddrinfo(found);
	return descriptor;
}

static int
connect_to(const char *address)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	size_t prefix = strlen(UNIX_PREFIX);
	int descriptor = strncmp(address, UNIX_PREFIX, prefix) == 0 ?
	    connect_unix(address + prefix) : connect_internet(address);

	if (descriptor != -1) {
		(void)setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO,
		    &patience, sizeof(patience));
		(void)setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO,
		    &patience, sizeof(patience));
	}
	return descriptor;
}

/* Until the other side closes; the size, -1 and errno when it does not. */
static ssize_t
receive_all(int descriptor, char *answer, size_t capacity)
{
	size_t used = 0;
	ssize_t size;

	while (used < capacity) {
		size = recv(descriptor, answer + used, capacity - used, 0);
		if (size == 0)
			return (ssize_t)used;
		if (size > 0)
			used += (size_t)size;
		else if (errno != EINTR)
			return -1;
	}
	errno = EMSGSIZE;
	return -1;
}

/* The JSON of an answer of 2xx; NULL for all else. */
static json_t *
parse_answer(const char *answer, size_t size)
{
	static const char version[] = "HTTP/1.1 2", end[] = "\r\n\r\n";
	const char *body = memmem(answer, size, end, strlen(end));
	json_t *json;

	if (size < strlen(version) || body == NULL ||
	    memcmp(answer, version, strlen(version)) != 0)
		return NULL;
	body += strlen(end);
	json = json_loadb(body, size - (size_t)(body - answer), 0, NULL);
	if (json != NULL && !json_is_object(json)) {
		json_decref(json);
		json = NULL;
	}
	return json;
}

static enum err
exchange(int descriptor, const char *request, char *answer, json_t **json)
{
	size_t length = strlen(request);
	ssize_t size = -1;

	if (send(descriptor, request, length, MSG_NOSIGNAL) ==
	    (ssize_t)length)
		size = receive_all(descriptor, answer, ANSWER_MAX);
	if (size == -1) {
		log_errno("the daemon does not answer");
		return ERR_UNREACHABLE;
	}
	*json = parse_answer(answer, (size_t)size);
	if (*json != NULL)
		return ERR_OK;
	log_error("what listens on admin-listen does not answer as stored "
	    "does: %.*s", (int)strcspn(answer, "\r\n"), answer);
	return ERR_UNREACHABLE;
}

enum err
admin_client_ask(const char *address, const char *method, const char *path,
    json_t **json)
{
	char request[256], *answer;
	enum err e;
	int descriptor = connect_to(address);

	*json = NULL;
	if (descriptor == -1 && (errno == ECONNREFUSED || errno == ENOENT))
		return ERR_NOT_FOUND;
	if (descriptor == -1) {
		log_errno("%s: cannot connect", address);
		return ERR_UNREACHABLE;
	}
	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\n"
	    "Host: localhost\r\nContent-Length: 0\r\n"
	    "Connection: close\r\n\r\n", method, path);
	answer = calloc(1, ANSWER_MAX + 1);
	e = answer == NULL ? ERR_NO_MEMORY :
	    exchange(descriptor, request, answer, json);
	free(answer);
	close(descriptor);
	return e;
}
