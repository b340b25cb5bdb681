/* The greeting of TLS: two calls of the HTTP library to GnuTLS that are ours.
 *
 * libmicrohttpd 0.9.75 waits for the rest of a greeting without waiting: it
 * never notes that the socket gave nothing, and asks again and again, one core
 * for as long as the client likes.  Where it reads a record it does wait as it
 * must.  So its gnutls_handshake() is told that all is done, and the greeting
 * is made where it wants the first record.
 *
 * It also closes a connection whose greeting fails and says nothing: the
 * client cannot tell a server that does not speak its version from one that
 * crashed.  Here an alert goes out first, and who speaks HTTP without TLS is
 * told so in HTTP.
 *
 * The program's own symbols come before those of shared libraries; sessions
 * that are not of our listeners pass through.
 */
#include "common/http_internal.h"

#include <dlfcn.h>
#include <linux/sockios.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common/log.h"

#define WARNINGS_MAX 8		/* of a client in its greeting */

typedef int greet_function(gnutls_session_t session);
typedef ssize_t receive_function(gnutls_session_t session, void *bytes,
    size_t size);

static greet_function *real_greet;
static receive_function *real_receive;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
find_real(void)
{
	void *greet = dlsym(RTLD_NEXT, "gnutls_handshake");
	void *receive = dlsym(RTLD_NEXT, "gnutls_record_recv");

	memcpy(&real_greet, &greet, sizeof(real_greet));
	memcpy(&real_receive, &receive, sizeof(real_receive));
}

static bool
is_found(void)
{
	pthread_once(&once, find_real);
	return real_greet != NULL && real_receive != NULL;
}

/* No record of TLS begins with a letter, and each request of HTTP does. */
static bool
speaks_http(const struct http_connection *connection)
{
	char first;

	return recv(connection->socket, &first, 1, MSG_PEEK | MSG_DONTWAIT) ==
	    1 && first >= 'A' && first <= 'Z';
}

static int
refuse_http(struct http_connection *connection)
{
	size_t size;
	const char *text = http_tls_wanted(
	    connection->listening->pool->server->tls, &size);

	(void)send(connection->socket, text, size, MSG_NOSIGNAL |
	    MSG_DONTWAIT);
	connection->tls_is_dead = true;		/* no farewell in TLS */
	connection->lingers = true;
	return GNUTLS_E_UNEXPECTED_PACKET;
}

/* Bytes that wait in the socket. */
static int
waiting_bytes(const struct http_connection *connection)
{
	int bytes = 0;

	return ioctl(connection->socket, SIOCINQ, &bytes) == 0 ? bytes : 0;
}

/*
 * GnuTLS asks to be called again where a message of a greeting goes on in the
 * next record, although that may be there already: the event of it has been.
 * Yes, if there is something and GnuTLS has taken some of what there was.
 */
static bool
goes_on_at_once(const struct http_connection *connection, int *waiting)
{
	int before = *waiting;

	*waiting = waiting_bytes(connection);
	return *waiting > 0 && *waiting != before;
}

/* 0, or what is wrong; GNUTLS_E_AGAIN: the client has not said all. */
static int
greet(gnutls_session_t session, struct http_connection *connection)
{
	int done, waiting = 0, warnings = 0;

	if (!connection->tls_is_begun && speaks_http(connection))
		return refuse_http(connection);
	connection->tls_is_begun = true;
	do
		done = real_greet(session);
	while ((done == GNUTLS_E_AGAIN &&
	    goes_on_at_once(connection, &waiting)) ||
	    (done < 0 && done != GNUTLS_E_AGAIN &&
	    !gnutls_error_is_fatal(done) && ++warnings < WARNINGS_MAX));
	if (done < 0 && !gnutls_error_is_fatal(done))
		return GNUTLS_E_AGAIN;
	if (done < 0) {
		(void)gnutls_alert_send_appropriate(session, done);
		/* What the client sent behind it must not reset the
		 * connection before it has read that; no farewell. */
		connection->tls_is_dead = connection->lingers = true;
		log_debug("a TLS greeting failed peer=%s: %s",
		    connection->peer, gnutls_strerror(done));
	}
	connection->tls_is_greeted = done == 0;
	return done;
}

int
gnutls_handshake(gnutls_session_t session)
{
	if (!is_found())
		return GNUTLS_E_INTERNAL_ERROR;
	return http_tls_connection(session) != NULL ? GNUTLS_E_SUCCESS :
	    real_greet(session);
}

ssize_t
gnutls_record_recv(gnutls_session_t session, void *bytes, size_t size)
{
	struct http_connection *connection = http_tls_connection(session);
	int done, waiting = 0;
	ssize_t got;

	if (!is_found())
		return GNUTLS_E_INTERNAL_ERROR;
	if (connection == NULL)
		return real_receive(session, bytes, size);
	if (!connection->tls_is_greeted) {
		done = greet(session, connection);
		if (done != 0)
			return done;
	}
	do
		got = real_receive(session, bytes, size);
	while (got == GNUTLS_E_AGAIN && goes_on_at_once(connection, &waiting));
	if (got > 0)
		connection->tls_pulled = 0;
	return got;
}

bool
http_tls_greet_is_in_front(void)
{
	return (uintptr_t)dlsym(RTLD_DEFAULT, "gnutls_handshake") ==
	    (uintptr_t)gnutls_handshake &&
	    (uintptr_t)dlsym(RTLD_DEFAULT, "gnutls_record_recv") ==
	    (uintptr_t)gnutls_record_recv;
}
