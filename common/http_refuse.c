/* Telling clients that there are too many, without giving them to the library:
 * what they sent is not read as a request, and they hold nothing but a
 * descriptor for a moment.
 */
#include "common/http_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

/*
 * A socket that is closed while bytes of the client wait in it resets the
 * connection, and the client may lose the answer: so it gets this long.
 */
#define LINGER_MS 1000
#define DRAIN_BYTES (16 * 1024)

char *
http_refuse_text(enum err e, const char *extra, const char *detail,
    size_t *size)
{
	static const char format[] = "{\"type\":\"urn:counterfoil:%s\","
	    "\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}";
	int status = err_status(e), length;
	char body[512], *text;

	length = snprintf(body, sizeof(body), format, err_slug(e),
	    err_text(e), status, detail);
	length = asprintf(&text, "HTTP/1.1 %d %s\r\n"
	    "Connection: close\r\nCache-Control: no-store\r\n%s"
	    "Content-Type: application/problem+json\r\n"
	    "Content-Length: %d\r\n\r\n%s", status,
	    MHD_get_reason_phrase_for((unsigned)status), extra, length, body);
	if (length < 0)
		return NULL;
	*size = (size_t)length;
	return text;
}

enum err
http_refuse_open(struct http_acceptor *acceptor)
{
	acceptor->refusal = http_refuse_text(ERR_BUSY, "Retry-After: 1\r\n",
	    "Too many connections.", &acceptor->refusal_size);
	if (acceptor->refusal == NULL)
		return ERR_NO_MEMORY;
	acceptor->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return ERR_OK;
}

static void
drain(int client)
{
	char bytes[DRAIN_BYTES];

	(void)recv(client, bytes, sizeof(bytes), MSG_DONTWAIT);
}

static void
close_oldest(struct http_acceptor *acceptor, size_t count)
{
	struct http_refused *refused = acceptor->refused;

	for (size_t i = 0; i < count; i++) {
		drain(refused[i].socket);
		close(refused[i].socket);
	}
	acceptor->refused_count -= count;
	memmove(refused, refused + count,
	    acceptor->refused_count * sizeof(*refused));
}

void
http_refuse_close(struct http_acceptor *acceptor)
{
	close_oldest(acceptor, acceptor->refused_count);
	if (acceptor->spare >= 0)
		close(acceptor->spare);
	acceptor->spare = -1;
	free(acceptor->refusal);
	acceptor->refusal = NULL;
}

static void
tell(const struct http_acceptor *acceptor, int client)
{
	(void)send(client, acceptor->refusal, acceptor->refusal_size,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(client, SHUT_WR);
	drain(client);
}

void
http_refuse(struct http_acceptor *acceptor, int client)
{
	tell(acceptor, client);
	if (acceptor->refused_count == HTTP_REFUSED_MAX)
		close_oldest(acceptor, 1);
	acceptor->refused[acceptor->refused_count++] = (struct http_refused){
		.socket = client, .since_ms = clock_monotonic_ms() };
}

bool
http_refuse_without_descriptor(struct http_acceptor *acceptor, int listening)
{
	int client;

	close_oldest(acceptor, acceptor->refused_count);
	if (acceptor->spare >= 0)
		close(acceptor->spare);
	client = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client >= 0) {
		tell(acceptor, client);
		close(client);
	}
	acceptor->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return client >= 0;
}

int
http_refuse_tidy(struct http_acceptor *acceptor)
{
	int64_t now_ms = clock_monotonic_ms();
	size_t count = 0;

	while (count < acceptor->refused_count &&
	    now_ms - acceptor->refused[count].since_ms >= LINGER_MS)
		count++;
	close_oldest(acceptor, count);
	return acceptor->refused_count == 0 ? -1 : (int)(LINGER_MS -
	    (now_ms - acceptor->refused[0].since_ms));
}
