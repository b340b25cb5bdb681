#include "tests/fuzz/support/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define REQUEST_MAX 8192

static int listening;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const void *said;
static size_t said_size;

/* Up to the end of the header; bodies are left unread. */
static void
read_request(int fd)
{
	char text[REQUEST_MAX + 1];
	size_t size = 0;

	while (size < REQUEST_MAX) {
		ssize_t n = recv(fd, text + size, REQUEST_MAX - size, 0);

		if (n <= 0)
			return;
		size += (size_t)n;
		text[size] = '\0';
		if (strstr(text, "\r\n\r\n") != NULL)
			return;
	}
}

static void
answer(int fd)
{
	const char *bytes;
	size_t size;

	read_request(fd);
	pthread_mutex_lock(&mutex);
	bytes = said;
	size = said_size;
	while (size > 0) {
		ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);

		if (n <= 0)
			break;
		bytes += n;
		size -= (size_t)n;
	}
	pthread_mutex_unlock(&mutex);
	close(fd);
}

static void *
serve(void *unused)
{
	(void)unused;
	for (;;) {
		int fd = accept(listening, NULL, NULL);

		if (fd >= 0)
			answer(fd);
	}
	return NULL;
}

unsigned
peer_start(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	pthread_t thread;

	listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	PROMISE(listening >= 0);
	PROMISE(bind(listening, (struct sockaddr *)&address, size) == 0);
	PROMISE(listen(listening, 16) == 0);
	PROMISE(getsockname(listening, (struct sockaddr *)&address, &size) ==
	    0);
	PROMISE(pthread_create(&thread, NULL, serve, NULL) == 0);
	pthread_detach(thread);
	return ntohs(address.sin_port);
}

void
peer_say(const void *bytes, size_t size)
{
	pthread_mutex_lock(&mutex);
	said = bytes;
	said_size = size;
	pthread_mutex_unlock(&mutex);
}
