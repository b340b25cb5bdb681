/* commerced's own requests to the storage service: several transfers at once
 * on one thread.  The only file of the program that includes curl/curl.h.
 */
#ifndef COMMERCED_STORAGE_CLIENT_H
#define COMMERCED_STORAGE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define STORAGE_SLUG_SIZE 64
#define STORAGE_REASON_SIZE 256

struct storage_client;	/* one thread, except storage_client_wake() */

/* How a transfer ended. */
struct storage_answer {
	void *context;		/* of the transfer */
	enum err result;	/* ERR_OK: status is the answer's;
				 * ERR_UNREACHABLE: no whole answer came;
				 * ERR_IO: the file could not be read */
	int status;
	bool is_complete;	/* Upload-Complete: ?1 */
	int64_t upload_offset;	/* Upload-Offset; -1: none */
	uint64_t sent;		/* bytes of the body that left */
	const char *body;	/* body_size bytes of it, cut where more came
				 * than fits; until the next wait */
	size_t body_size;
	char slug[STORAGE_SLUG_SIZE];	/* of the problem, "" when none */
	char reason[STORAGE_REASON_SIZE];	/* for the log; no secrets */
};

/*
 * Once in the life of the process, before the first thread, and at its end.
 * ERR_INTERNAL.
 */
enum err storage_client_global_init(void);
void storage_client_global_cleanup(void);

/*
 * connect_to: HOST:PORT or unix:PATH that stands for whatever host the URLs
 * name; NULL or "": none.  Borrowed until free.  ERR_NO_MEMORY.
 */
enum err storage_client_new(const char *connect_to,
    struct storage_client **out);

/* Cut what is under way, without an answer for it.  NULL is allowed. */
void storage_client_free(struct storage_client *client);

/* What a PUT carries: a file from one byte to another, or all of it. */
struct storage_body {
	int descriptor;		/* taken, also on failure */
	uint64_t from, to;	/* to: the byte behind the last */
	uint64_t total;		/* of the whole file; with from 0 and to total
				 * no Content-Range is sent */
};

/* Begin a PUT.  url and token are copied.  ERR_NO_MEMORY, ERR_INTERNAL. */
enum err storage_client_put(struct storage_client *client, const char *url,
    const char *token, const struct storage_body *body, void *context);

/*
 * Begin a GET: of the size bytes from `from` on, or with size 0 of all, of
 * which STORAGE_LIST_MAX are kept.
 */
#define STORAGE_LIST_MAX ((size_t)512 * 1024)
struct storage_range {
	uint64_t from;
	size_t size;
};
enum err storage_client_get(struct storage_client *client, const char *url,
    const char *token, const struct storage_range *range, void *context);

/* Begin a HEAD. */
enum err storage_client_head(struct storage_client *client, const char *url,
    const char *token, void *context);

/* Begin a DELETE. */
enum err storage_client_delete(struct storage_client *client,
    const char *url, const char *token, void *context);

/*
 * Work until a transfer ended (true, with its answer), or storage_client_wake()
 * was called or timeout_ms passed (false).  Answers that are there already
 * come first.
 */
bool storage_client_wait(struct storage_client *client, int64_t timeout_ms,
    struct storage_answer *answer);

/* End a wait, now or the next one; any thread. */
void storage_client_wake(struct storage_client *client);

#endif
