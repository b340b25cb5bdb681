/* What the files of the HTTP layer share among themselves.  The library's
 * header comes in here and nowhere else: common/http_*.c alone may include
 * this one.
 */
#ifndef COMMON_HTTP_INTERNAL_H
#define COMMON_HTTP_INTERNAL_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stddef.h>

#include "common/http_admit.h"
#include "common/http_cached.h"
#include "common/http_connection.h"
#include "common/http_direct.h"
#include "common/http_fast.h"
#include "common/http_gate.h"
#include "common/http_head.h"
#include "common/http_route.h"
#include "common/http_server.h"
#include "common/http_socket.h"
#include "common/http_tls.h"
#include "common/stripe.h"
#include "common/uuid.h"

#define HTTP_STATUS_MAX 600
/* Of a refused body this much is read, so that the client sees the answer. */
#define HTTP_SWALLOW_MAX (UINT64_C(1024) * 1024)
/* And this much behind the answer: more than a connection's buffers hold, so
 * that a client that stops at once never loses it to a reset. */
#define HTTP_SWALLOW_BEHIND_MAX (UINT64_C(16) * 1024 * 1024)
/* Up to here a file is copied to memory; above, the kernel sends it. */
#define HTTP_FILE_COPY_MAX (UINT64_C(16) * 1024)
#define HTTP_JSON_NESTING_MAX 16
#define HTTP_NOTES_SIZE 256
#define HTTP_ARENA_BYTES 1024	/* of http_request_allocate() */

/* --- an answer, before the library gets it ------------------------------- */

struct http_answer {
	int status;		/* 0: none yet */
	char *fields;		/* name NUL value NUL, ... */
	size_t fields_size;
	void *body;		/* owned; NULL: none, or a file */
	size_t body_size;
	int descriptor;		/* of a file, owned; -1: none */
	uint64_t offset;	/* in the file */
	uint64_t length;	/* of the file's part, or of what is cached */
	const struct http_cached_reply *cached;	/* the whole answer, or when
						 * is_part its fields; not
						 * owned */
	bool is_part;
	bool is_direct;		/* goes past the library: http_direct.c */
	bool closes;		/* the connection ends with it */
};

/* --- the access log: http_access_log.c ----------------------------------- */

struct http_access_log {
	unsigned one_in;	/* 0: off */
	char *path;		/* NULL: to the log */
	_Atomic int descriptor;
	_Atomic unsigned count;
};

/* --- answered, but the client may still send: http_linger.c --------------- */

#define HTTP_LINGERING_MAX 256	/* further ones are closed at once */
#define HTTP_LINGER_READ (64 * 1024)

struct http_lingering {
	pthread_mutex_t mutex;
	size_t count;
	struct http_lingerer {
		int socket;		/* owned */
		int64_t until_ms;
	} held[HTTP_LINGERING_MAX];
};

/* --- the server ----------------------------------------------------------- */

/* What each request counts; a stripe (stripe.h). */
struct http_counts {
	_Alignas(STRIPE_BYTES) _Atomic uint64_t under_way;	/* begun, less
								 * ended */
	_Atomic uint64_t unanswered;	/* requests that ended without */
	_Atomic uint64_t fast;		/* answered by http_fast.c */
	_Atomic uint64_t answered[HTTP_STATUS_MAX];
};

struct http_server {
	struct http_server_options options;
	struct http_listening *listening;
	size_t listening_count;
	struct http_pool *pools;
	size_t pool_count;
	struct http_quota public, other;
	struct http_acceptor acceptor;
	struct http_peers *peers;
	struct http_tls *tls;		/* NULL: no listener speaks it */
	struct network *proxies;	/* whose X-Forwarded-For counts */
	size_t proxy_count;
	struct http_connection_table table;
	struct http_lingering lingering;
	struct http_access_log access_log;
	bool layout_is_known;	/* the library is the one whose header
				 * parsing the gate knows */
	_Atomic bool drains;	/* answers say Connection: close */
	_Atomic bool cuts;	/* requests go no further */
	struct http_counts *counts;	/* STRIPES of them */
	_Atomic unsigned suspended, library_connections;
	_Atomic unsigned resuming;	/* threads inside of a resume */
	_Atomic uint64_t refused_connections, slow_connections;
};

/* --- a request: http_life.c ----------------------------------------------- */

enum http_phase {
	HTTP_PHASE_HEADER,	/* the request line is there */
	HTTP_PHASE_BEGIN,	/* begin was called, or its continuation */
	HTTP_PHASE_BODY,	/* the body arrives */
	HTTP_PHASE_HANDLE,	/* handle was called, or its continuation */
	HTTP_PHASE_REFUSED,	/* there is an answer; the body is dropped */
	HTTP_PHASE_SENT		/* the library has the answer */
};

struct http_text {		/* a copy that lives as long as the request */
	struct http_text *next;
	_Alignas(max_align_t) char text[];
};

struct http_request {
	struct http_server *server;
	struct http_connection *connection;
	struct MHD_Connection *library;	/* NULL: it has not seen it */
	const struct http_head *head;	/* then; while a handler runs */
	enum http_phase phase;
	http_handler *then;	/* not NULL: suspended, or just resumed */
	char method[16];	/* cut when longer; no route has such */
	int64_t started_ms;
	int64_t started_us;	/* where options.ended asks */
	enum err refusal;	/* that the answer tells */
	struct http_framing framing;
	struct http_match match;
	uint64_t received;	/* bytes of the body */
	uint64_t dropped;	/* of them, after the refusal */
	bool is_answered_early;	/* past the library, see http_deliver.c */
	bool is_bare;		/* the library has that answer: http_direct.c */
	uint8_t *body;		/* HTTP_BODY_JSON */
	size_t body_size, body_capacity;
	json_t *json;
	struct http_answer answer;
	void *state, *principal;
	void (*state_release)(void *);
	void (*principal_release)(void *);
	struct http_text *texts;
	char *forwarded;	/* the client a proxy speaks for; else NULL */
	size_t notes_length;
	uintptr_t raw_target;	/* where the library has it; an address to
				 * compare, never to read from */
	char *scratch;		/* of the match; behind target */
	size_t arena_used;
	/* from here on not zeroed: http_memory.c */
	char id[UUID_TEXT_SIZE];
	char notes[HTTP_NOTES_SIZE];
	struct http_direct direct;	/* where answer.is_direct says so */
	_Alignas(max_align_t) unsigned char arena[HTTP_ARENA_BYTES];
	struct http_request *next;	/* while it is spare */
	size_t capacity;	/* of target */
	char target[];
};

/* http_life.c: the library's callbacks */
void *http_life_begin(void *server, const char *target,
    struct MHD_Connection *library);
enum MHD_Result http_life_continue(void *server,
    struct MHD_Connection *library, const char *url, const char *method,
    const char *version, const char *data, size_t *data_size,
    void **request);
void http_life_end(void *server, struct MHD_Connection *library,
    void **request, enum MHD_RequestTerminationCode how);
/* The library forgot to end this one; NULL is allowed. */
void http_life_abandon(struct http_request *request);

/* http_request.c */
/*
 * Room for length bytes and a NUL, which is there; lives like the request.
 * NULL without memory.
 */
char *http_request_text(struct http_request *request, size_t length);

/* http_memory.c */
/*
 * A request with room for target_size bytes of target and as much of scratch;
 * zeroed but for what struct http_request says.  Mostly the thread's own spare
 * one.  NULL without memory.
 */
struct http_request *http_memory_take(size_t target_size);
/* Give it back; nothing that it points to. */
void http_memory_give(struct http_request *request);

/* http_body.c */
/*
 * May the route have the body that the header announces?  ERR_OK, or what to
 * answer, with *reason; what is too large is answered already.
 */
enum err http_body_check(struct http_request *request, const char **reason);
/* One piece; ERR_TOO_LARGE (answered), ERR_NO_MEMORY, or what the handler
 * says. */
enum err http_body_add(struct http_request *request, const uint8_t *bytes,
    size_t size);
/* The body is complete: HTTP_BODY_JSON is parsed.  ERR_MALFORMED_JSON. */
enum err http_body_finish(struct http_request *request, const char **reason);

/* http_reply.c */
void http_answer_clear(struct http_answer *answer);
/* As http_reply_field(), from a ready value. */
void http_answer_add_field(struct http_answer *answer, const char *name,
    const char *value);
const char *http_answer_field(const struct http_answer *answer,
    const char *name);
/* The field at *at, which is 0 for the first; false: there is none more. */
bool http_answer_next(const struct http_answer *answer, size_t *at,
    const char **name, const char **value);
/*
 * length bytes at offset of the file, as *out of malloc().  ERR_NO_MEMORY,
 * ERR_STORAGE_ERROR.
 */
enum err http_read_part(int descriptor, uint64_t offset, size_t length,
    char **out);
/* The same into memory of the caller's. */
enum err http_read_bytes(int descriptor, uint64_t offset, size_t length,
    char *bytes);

/* http_json.c */
/*
 * The value as compact text of *length bytes and a NUL, the caller's; NULL
 * without memory.
 */
char *http_json_text(const json_t *json, size_t *length);

/* http_cached.c */
/* With fields and length; with the body where that is short.  NULL without
 * memory. */
struct MHD_Response *http_cached_reply_whole(
    const struct http_cached_reply *reply);
/* With neither; the block lives as long as it does.  NULL without memory. */
struct MHD_Response *http_cached_reply_bare(
    const struct http_cached_reply *reply);
struct http_block *http_cached_reply_block(
    const struct http_cached_reply *reply);
/* Give all its fields to response. */
void http_cached_reply_copy_fields(const struct http_cached_reply *reply,
    struct MHD_Response *response);
uint64_t http_cached_reply_length(const struct http_cached_reply *reply);
bool http_cached_reply_is_short(const struct http_cached_reply *reply);
/* What http_tls_send.c keeps with it. */
struct http_cached_memory *http_cached_reply_in_memory(
    const struct http_cached_reply *reply);

/* http_deliver.c */
typedef void http_field_sink(void *closure, const char *name,
    const char *value);
/*
 * All fields of the answer but X-Request-Id and those that the sender of it
 * makes.
 */
void http_each_field(const struct http_request *request,
    http_field_sink *sink, void *closure);
/* Hand the answer to the library.  False: the connection must be closed. */
bool http_deliver(struct http_request *request);
/*
 * Answer in the middle of a body, where the library takes no answer: written
 * to the socket by ourselves.  False: it did not go out.
 */
bool http_deliver_early(struct http_request *request);

/* http_connection.c */
void http_connection_notify(void *pool, struct MHD_Connection *library,
    void **context, enum MHD_ConnectionNotificationCode code);

/* http_access_log.c */
enum err http_access_log_open(struct http_access_log *log,
    const char *setting, const char *path);
void http_access_log_close(struct http_access_log *log);
void http_access_log_reopen(struct http_access_log *log);
/* aborted: the client did not get the whole answer. */
void http_access_log_write(struct http_access_log *log,
    const struct http_request *request, bool aborted);

/* http_linger.c */
/*
 * The library is about to close socket: keep the connection, which says no
 * more, until the client ends it, at most two seconds.  Any thread.
 */
void http_linger_begin(struct http_server *server, int socket);
/* Each second, by the sweeper; all: at the end. */
void http_linger_sweep(struct http_server *server, bool all);

#endif
