/* Answers that go to the socket past the library.
 *
 * What the library does for the file of an answer is more than it takes: three
 * TCP_CORK and TCP_NODELAY calls, a header in a packet of its own, pieces of
 * 128 KiB that are cut in the middle of pages, each field allocated, copied
 * and freed.  So for the answers that matter it is given a bare one, with no
 * field and no byte of body:
 *
 *	http_direct_take()	the answer is laid out: the fields as ready
 *				text, those of this request alone, a file
 *	is_bare			the library has the bare answer
 *	send()			the library sends its header, for which it
 *				calls us: we send status line and fields of
 *				its own, the laid-out rest and the file, and
 *				say that the header is sent when all of it is
 *
 * While something is left we say EAGAIN, and the library comes back with the
 * same call when epoll tells that there is room.  When the socket took all of
 * a turn, there is room already, but other connections have their turn first:
 * in front of the library they stand in a list, and for one of the library's
 * epoll is asked to tell again.  Keep-alive, errors, the end of the
 * request, timeouts: all as for any answer.
 */
#include "common/http_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "common/log.h"

/* How the library's header ends when there is nothing behind it. */
#define BARE_END "Content-Length: 0\r\n\r\n"
#define BARE_END_SIZE (sizeof(BARE_END) - 1)
/*
 * The largest packet that the kernel makes of whole pages: it takes 64 KiB
 * less the headers, and what is left of a page becomes a packet of its own.
 */
#define PAGE_BYTES 4096
#define PIPE_BYTES (16 * PAGE_BYTES)
#define PIECE_BYTES (UINT64_C(15) * PAGE_BYTES)
#define TURN_BYTES (2 * PIECE_BYTES)

static ssize_t send_all(struct http_request *request, const void *header,
    size_t size);

/* In front of the C library's: http_socket.c. */
ssize_t
send(int socket, const void *bytes, size_t size, int flags)
{
	const struct http_connection *connection =
	    http_socket_connection(socket);

	return connection != NULL && connection->request != NULL &&
	    connection->request->is_bare ?
	    send_all(connection->request, bytes, size) :
	    sendto(socket, bytes, size, flags, NULL, 0);
}

/* --- laid out ------------------------------------------------------------- */

static bool
is_possible(const struct http_request *request)
{
	const struct http_connection *connection = request->connection;

	return connection->certificate == NULL &&
	    request->server->layout_is_known &&
	    /* In the fast lane it has been asked, and the answer stands. */
	    (request->library == NULL ||
	    !atomic_load_explicit(&request->server->drains,
	    memory_order_relaxed)) && http_socket_fits(connection->socket);
}

static bool
tail_add(struct http_direct *direct, const char *name, const char *value)
{
	size_t name_size = strlen(name), value_size = strlen(value);
	char *at = direct->tail + direct->tail_size;

	if (name_size + value_size + 4 > HTTP_DIRECT_TAIL_MAX -
	    direct->tail_size)
		return false;
	memcpy(at, name, name_size);
	memcpy(at + name_size, ": ", 2);
	memcpy(at + name_size + 2, value, value_size);
	memcpy(at + name_size + 2 + value_size, "\r\n", 2);
	direct->tail_size += name_size + value_size + 4;
	return true;
}

/* The fields of the request's own, and the end of the header. */
static bool
tail_make(struct http_direct *direct, const struct http_answer *answer,
    uint64_t length)
{
	const char *name, *value;
	char number[24];

	for (size_t at = 0; http_answer_next(answer, &at, &name, &value);)
		if (!tail_add(direct, name, value))
			return false;
	snprintf(number, sizeof(number), "%" PRIu64 "\r\n", length);
	return tail_add(direct, "Content-Length", number);
}

bool
http_direct_take(struct http_request *request,
    const struct http_cached_reply *reply, const struct http_part *part)
{
	struct http_direct *direct = &request->direct;

	if (!is_possible(request))
		return false;
	direct->block = http_cached_reply_block(reply);
	direct->is_held = false;
	direct->file = -1;
	direct->offset = direct->end = 0;
	direct->sent = direct->tail_size = 0;
	if (part == NULL) {
		direct->block_size = direct->block->size;
		return true;
	}
	direct->file = part->descriptor;
	if (part->descriptor >= 0) {
		direct->offset = (off_t)part->offset;
		direct->end = (off_t)(part->offset + part->length);
	}
	if (part->length == http_cached_reply_length(reply) &&
	    request->answer.fields_size == 0) {
		direct->block_size = direct->block->head_size;
		return true;
	}
	direct->block_size = direct->block->fields_size;
	return tail_make(direct, &request->answer, part->length);
}

void
http_direct_hold(struct http_request *request)
{
	if (!request->direct.is_held)
		http_cached_block_hold(request->direct.block);
	request->direct.is_held = true;
}

void
http_direct_end(struct http_request *request)
{
	if (request->direct.is_held)
		http_cached_block_release(request->direct.block);
	request->direct.is_held = false;
}

/* --- sent ----------------------------------------------------------------- */

static bool
would_block(void)
{
	errno = EAGAIN;
	return false;
}

/* Add what is not sent yet of one part of the header. */
static size_t
part_left(struct iovec *left, size_t *skip, const void *bytes, size_t size)
{
	size_t skipped = *skip < size ? *skip : size;

	*skip -= skipped;
	left->iov_base = (char *)(uintptr_t)bytes + skipped;
	left->iov_len = size - skipped;
	return left->iov_len;
}

/*
 * The answer begins, and all of it but a file is one block: the header goes in
 * front of it, since one piece costs the kernel less than two.  Blocks are
 * their thread's own; what is not sent at once is taken from the request's
 * header.
 */
static ssize_t
send_block(const struct http_request *request, const void *header,
    size_t size, int flags)
{
	const struct http_direct *direct = &request->direct;
	char *begin = (char *)(uintptr_t)direct->block->text - size;

	memcpy(begin, header, size);
	return sendto(request->connection->socket, begin,
	    size + direct->block_size, flags, NULL, 0);
}

/* Header, and the body where that is in memory.  False: errno says why. */
static bool
send_header(struct http_request *request, const void *header, size_t size)
{
	struct http_direct *direct = &request->direct;
	struct iovec parts[3];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 3 };
	int flags = MSG_NOSIGNAL | (direct->offset < direct->end ? MSG_MORE :
	    0);
	size_t skip = direct->sent, left;
	ssize_t sent;

	left = part_left(&parts[0], &skip, header, size);
	left += part_left(&parts[1], &skip, direct->block->text,
	    direct->block_size);
	left += part_left(&parts[2], &skip, direct->tail, direct->tail_size);
	if (left == 0)
		return true;
	if (direct->sent == 0 && direct->tail_size == 0 &&
	    size <= sizeof(direct->block->room))
		sent = send_block(request, header, size, flags);
	else
		sent = sendmsg(request->connection->socket, &message, flags);
	if (sent < 0)
		return false;
	direct->sent += (size_t)sent;
	return (size_t)sent == left ? true : would_block();
}

/*
 * The piece that is less than a whole one first: behind the header, and so
 * all packets after it are of whole pages.
 */
static size_t
next_piece(off_t offset, uint64_t left, uint64_t turn)
{
	uint64_t odd = left % PIECE_BYTES;

	if (left <= PIPE_BYTES && offset % PAGE_BYTES == 0)
		return (size_t)left;
	if (odd > 0)
		return (size_t)odd;
	return (size_t)(left < turn ? left : turn);
}

static bool
file_failed(ssize_t sent)
{
	if (sent == 0) {
		log_error("a file is shorter than it was");
		errno = EPIPE;
	} else if (errno == EIO) {
		log_errno("a file cannot be read");
	}
	return false;
}

static bool
send_file(struct http_request *request)
{
	struct http_direct *direct = &request->direct;
	uint64_t left, turn = TURN_BYTES;
	size_t piece;
	ssize_t sent;

	while (direct->offset < direct->end) {
		if (turn == 0) {
			http_fast_next_turn(request->connection);
			return would_block();
		}
		left = (uint64_t)(direct->end - direct->offset);
		piece = next_piece(direct->offset, left, turn);
		sent = sendfile(request->connection->socket, direct->file,
		    &direct->offset, piece);
		if (sent <= 0)
			return file_failed(sent);
		if ((size_t)sent < piece)
			return would_block();
		if (piece % PIECE_BYTES == 0)
			turn -= piece;
	}
	return true;
}

bool
http_direct_send(struct http_request *request, const char *header,
    size_t size)
{
	return send_header(request, header, size) && send_file(request);
}

/* As send() with the header of the bare answer. */
static ssize_t
send_all(struct http_request *request, const void *header, size_t size)
{
	if (size < BARE_END_SIZE || memcmp((const char *)header + size -
	    BARE_END_SIZE, BARE_END, BARE_END_SIZE) != 0) {
		log_error("the library sends another header than was thought");
		errno = EPIPE;
		return -1;
	}
	if (!http_direct_send(request, header, size - BARE_END_SIZE))
		return -1;
	request->is_bare = false;
	return (ssize_t)size;
}
