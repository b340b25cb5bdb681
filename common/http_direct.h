/* Answers that go to the socket past the library.  For common/http_*.c alone,
 * through http_internal.h.
 */
#ifndef COMMON_HTTP_DIRECT_H
#define COMMON_HTTP_DIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct http_cached_reply;
struct http_request;

#define HTTP_DIRECT_TAIL_MAX 256
#define HTTP_DIRECT_HEAD_MAX 128

/* What ready answers are made of, shared by all that send them. */
struct http_block {
	_Atomic unsigned owners;
	size_t fields_size;	/* each "name: value" CR LF */
	size_t head_size;	/* with the length of all of the file, and the
				 * end of the header */
	size_t size;		/* with the body, where that is short */
	char room[HTTP_DIRECT_HEAD_MAX];	/* for what goes in front */
	char text[];
};

/* http_cached.c: it lives until the release, also when its reply is gone. */
void http_cached_block_hold(struct http_block *block);
void http_cached_block_release(void *block);

struct http_direct {
	struct http_block *block;	/* the reply's */
	bool is_held;		/* by us: see http_direct_hold() */
	size_t block_size;	/* as much of it is sent */
	size_t sent;		/* of header, block and tail */
	int file;		/* borrowed; -1: none */
	off_t offset, end;	/* in the file: what is left */
	size_t tail_size;
	char tail[HTTP_DIRECT_TAIL_MAX];
	size_t head_size;	/* status line and Date; http_fast.c's */
	char head[HTTP_DIRECT_HEAD_MAX];
};

/* length bytes of a file at offset. */
struct http_part {
	int descriptor;		/* -1: it is only said how many they are */
	uint64_t offset, length;
};

/*
 * Lay the answer out: the reply's fields, those that were added to the answer,
 * and the part of the file, which stays open until the request ends.  part
 * NULL: the reply's own fields and its short body.  False: it has to go
 * through the library (TLS, the server drains, ...).
 */
bool http_direct_take(struct http_request *request,
    const struct http_cached_reply *reply, const struct http_part *part);
/*
 * Send what is left of it behind the header of size bytes, always the same.
 * False: errno says why, EAGAIN when epoll will tell.
 */
bool http_direct_send(struct http_request *request, const char *header,
    size_t size);
/*
 * The rest goes out later, and the library does not know of it: the reply may
 * go meanwhile, so its block is held until http_direct_end().
 */
void http_direct_hold(struct http_request *request);
void http_direct_end(struct http_request *request);

#endif
