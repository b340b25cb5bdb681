/* What goes out over TLS: records, and the files they are made of. */
#include "common/http_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mapped.h"

/* The library takes 4 KiB a record where a file is the body. */
#define BLOCK_BYTES (60 * 1024)
#define RECORD_TEXT_MAX (16 * 1024)
#define GREETING_MAX (16 * 1024)	/* one message; GnuTLS takes 128 KiB */
/* GnuTLS looks at that only when the message is there, and keeps up to 16 MiB
 * for anybody who connects and announces them.  So this much may come of which
 * nothing has come yet: a greeting of two such messages, or a record. */
#define PULLED_MAX (3 * GREETING_MAX)
/* Larger files are read: their tables of pages would be large too. */
#define MAPPED_MAX (UINT64_C(1024) * 1024 * 1024)

/* --- records -------------------------------------------------------------- */

/*
 * GnuTLS hands over each record as it is made.  While more of the answer is at
 * hand the kernel is told so, and makes few large segments of it.
 */
static ssize_t
push(gnutls_transport_ptr_t transport, const giovec_t *parts, int count)
{
	struct http_connection *connection = transport;
	struct msghdr message = { .msg_iovlen = (size_t)count,
		.msg_iov = (struct iovec *)(uintptr_t)parts };
	size_t size = 0;
	ssize_t sent;

	if (connection->tls_mapped != NULL && !connection->tls_is_dead &&
	    !mapped_is_whole(connection->tls_mapped)) {
		/* GnuTLS would send it again, with the farewell. */
		connection->tls_is_dead = true;
		log_error("a file cannot be read");
	}
	if (connection->tls_is_dead) {
		errno = EIO;
		return -1;
	}
	for (int i = 0; i < count; i++)
		size += parts[i].iov_len;
	if (!connection->tls_is_cut)
		connection->tls_block -= connection->tls_block <
		    RECORD_TEXT_MAX ? connection->tls_block : RECORD_TEXT_MAX;
	sent = sendmsg(connection->socket, &message, MSG_NOSIGNAL |
	    (connection->tls_block > 0 ? MSG_MORE : 0));
	connection->tls_is_cut = sent < (ssize_t)size;
	return sent;
}

static ssize_t
pull(gnutls_transport_ptr_t transport, void *bytes, size_t size)
{
	struct http_connection *connection = transport;
	ssize_t got;

	if (connection->tls_pulled > PULLED_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	got = recv(connection->socket, bytes, size, 0);
	if (got > 0)
		connection->tls_pulled += (size_t)got;
	return got;
}

static int
pull_wait(gnutls_transport_ptr_t transport, unsigned ms)
{
	const struct http_connection *connection = transport;

	return gnutls_system_recv_timeout(
	    (gnutls_transport_ptr_t)(intptr_t)connection->socket, ms);
}

void
http_tls_send_by(gnutls_session_t session, struct http_connection *connection)
{
	gnutls_transport_set_ptr(session, connection);
	gnutls_transport_set_vec_push_function(session, push);
	gnutls_transport_set_pull_function(session, pull);
	gnutls_transport_set_pull_timeout_function(session, pull_wait);
	gnutls_handshake_set_max_packet_length(session, GREETING_MAX);
	/* A place for a pointer that nobody else uses: there is no database
	 * of sessions. */
	gnutls_db_set_ptr(session, connection);
}

struct http_connection *
http_tls_connection(gnutls_session_t session)
{
	void *connection = gnutls_db_get_ptr(session);

	return connection == gnutls_transport_get_ptr(session) ? connection :
	    NULL;
}

bool
http_tls_send(struct MHD_Connection *library, const char *text, size_t size)
{
	gnutls_session_t session = http_tls_session(library);

	while (size > 0) {
		ssize_t sent = gnutls_record_send(session, text, size);
		if (sent <= 0)
			return false;
		text += sent;
		size -= (size_t)sent;
	}
	return gnutls_bye(session, GNUTLS_SHUT_WR) == 0;
}

/* --- files ---------------------------------------------------------------- */

struct part {
	struct http_connection *connection;
	int descriptor;
	uint64_t offset;
};

static ssize_t
part_read(void *closure, uint64_t position, char *buffer, size_t size)
{
	const struct part *part = closure;
	ssize_t got;

	do
		got = pread(part->descriptor, buffer, size,
		    (off_t)(part->offset + position));
	while (got < 0 && errno == EINTR);
	if (got > 0) {
		part->connection->tls_block = (uint64_t)got;
		return got;
	}
	if (got < 0)
		log_errno("a file cannot be read");
	else
		log_error("a file is shorter than it was");
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

static void
part_free(void *closure)
{
	struct part *part = closure;

	close(part->descriptor);
	free(part);
}

struct MHD_Response *
http_tls_response(struct http_connection *connection, int descriptor,
    uint64_t offset, uint64_t length)
{
	struct part *part = malloc(sizeof(*part));
	struct MHD_Response *response;

	if (part == NULL)
		return NULL;
	*part = (struct part){ .connection = connection,
		.descriptor = descriptor, .offset = offset };
	response = MHD_create_response_from_callback(length, length <
	    BLOCK_BYTES ? (size_t)length : BLOCK_BYTES, part_read, part,
	    part_free);
	if (response == NULL)
		free(part);
	return response;
}

/* --- files that are asked for again and again ----------------------------- */

/* Of a reply, and of the answers that are being sent from it. */
struct mapping {
	_Atomic unsigned holds;
	struct mapped *mapped;
};

static void
mapping_release(void *closure)
{
	struct mapping *mapping = closure;

	if (mapping == NULL || atomic_fetch_sub(&mapping->holds, 1) > 1)
		return;
	mapped_close(mapping->mapped);
	free(mapping);
}

static struct mapping *
mapping_new(int descriptor, uint64_t length)
{
	struct mapping *mapping = malloc(sizeof(*mapping));

	if (mapping == NULL)
		return NULL;
	atomic_init(&mapping->holds, 1);
	mapping->mapped = mapped_open(descriptor, (size_t)length);
	if (mapping->mapped != NULL)
		return mapping;
	free(mapping);
	return NULL;
}

static struct MHD_Response *
mapping_response(struct mapping *mapping, uint64_t offset, uint64_t length)
{
	char *bytes = (char *)(uintptr_t)mapped_bytes(mapping->mapped);
	struct MHD_Response *response;

	atomic_fetch_add(&mapping->holds, 1);
	response = MHD_create_response_from_buffer_with_free_callback_cls(
	    (size_t)length, bytes + offset, mapping_release, mapping);
	if (response == NULL)
		mapping_release(mapping);
	return response;
}

/*
 * A mapping costs more than to read a file once: it is made for the second
 * use.  One that is broken is for nobody: reading says what is wrong.
 */
static struct mapping *
mapping_of(const struct http_cached_reply *cached, int descriptor)
{
	struct http_cached_memory *memory = http_cached_reply_in_memory(cached);
	uint64_t length = http_cached_reply_length(cached);

	if (memory->mapping == NULL && memory->uses++ == 1 &&
	    length <= MAPPED_MAX)
		memory->mapping = mapping_new(descriptor, length);
	return memory->mapping == NULL ||
	    !mapped_is_whole(memory->mapping->mapped) ? NULL : memory->mapping;
}

struct MHD_Response *
http_tls_cached_response(const struct http_cached_reply *cached,
    int descriptor)
{
	struct http_cached_memory *memory = http_cached_reply_in_memory(cached);
	struct mapping *mapping = mapping_of(cached, descriptor);

	if (mapping == NULL)
		return NULL;
	if (memory->response == NULL) {
		memory->response = mapping_response(mapping, 0,
		    http_cached_reply_length(cached));
		if (memory->response != NULL)
			http_cached_reply_copy_fields(cached,
			    memory->response);
	}
	return memory->response;
}

struct MHD_Response *
http_tls_cached_part(const struct http_cached_reply *cached, int descriptor,
    uint64_t offset, uint64_t length)
{
	struct mapping *mapping = mapping_of(cached, descriptor);

	return mapping == NULL ? NULL :
	    mapping_response(mapping, offset, length);
}

void
http_tls_expect(struct http_connection *connection,
    const struct http_cached_reply *cached, uint64_t length)
{
	/* The header is a record of its own in front. */
	connection->tls_block = length + RECORD_TEXT_MAX;
	connection->tls_mapped =
	    http_cached_reply_in_memory(cached)->mapping->mapped;
}

void
http_tls_forget(struct http_cached_memory *memory)
{
	if (memory->response != NULL)
		MHD_destroy_response(memory->response);
	mapping_release(memory->mapping);
	*memory = (struct http_cached_memory){ 0 };
}
