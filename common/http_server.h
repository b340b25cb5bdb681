/* The HTTP layer: listeners, the route table, the life of a request, answers.
 * Only common/http_*.c know the library beneath.
 *
 * A request meets, in this order: the gate (http_gate.c), check_target, the
 * route, the method, the authentication of the route's column, the size and
 * kind of the body; then the route's handler.  A handler runs on an event
 * thread: it may parse, hash, seal and write to the page cache, and must not
 * wait for a disk or a peer.  It ends with exactly one http_reply_*() call, or
 * with one http_request_suspend(); 500 answers for one that did neither.
 */
#ifndef COMMON_HTTP_SERVER_H
#define COMMON_HTTP_SERVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "common/http_listener.h"
#include "common/http_outcome.h"
#include "common/http_reply.h"

struct http_server;
struct http_request;	/* freed by the layer alone, after the answer is sent
			 * or the connection is gone */

/* application is what http_server_options carries. */
typedef void http_handler(struct http_request *request, void *application);
typedef enum err http_piece_handler(struct http_request *request,
    void *application, const uint8_t *bytes, size_t size);

enum http_body {
	HTTP_BODY_NONE,		/* any body is refused by the gate */
	HTTP_BODY_JSON,		/* application/json (for PATCH also
				 * application/merge-patch+json), an object,
				 * parsed before handle */
	HTTP_BODY_JSON_OPTIONAL,	/* the same, or no body at all: then
					 * http_request_json() is NULL */
	HTTP_BODY_STREAM	/* any type, in pieces, never held in memory */
};

struct http_route {
	const char *method;	/* "GET" also serves HEAD; OPTIONS is made
				 * from the table unless a row names it */
	const char *pattern;	/* "/v1/items/{item}": a name takes one
				 * segment; a last "*" takes all that follows,
				 * "?" and "/" included, after any text */
	unsigned audience;	/* of enum http_audience, or-ed */
	int authentication;	/* the program's; handed to authenticate() */
	enum http_body body;
	uint64_t body_max_bytes;	/* JSON and STREAM; 0, STREAM: any */
	http_handler *begin;	/* STREAM: after the headers, may be NULL; may
				 * answer or suspend; its answer ends the
				 * request */
	http_piece_handler *piece;	/* STREAM: each piece; an error is the
					 * answer once the body is dropped */
	http_handler *handle;	/* with the whole body received */
	bool is_quick;		/* GET; never suspends: for http_fast.c */
};

/* Fields for all answers whose target begins with prefix, errors too. */
struct http_prefix_field {
	const char *prefix;	/* "/media/" */
	const char *name;
	const char *value;
};

struct http_server_options {
	const struct http_listener *listeners;
	size_t listener_count;
	const struct http_route *routes;	/* kept, not copied; ended by
						 * a NULL method */
	const struct http_prefix_field *prefix_fields;	/* kept; ended by a NULL
							 * prefix; NULL: none */
	void *application;
	/*
	 * May there be a request for this target?  Called once the gate let the
	 * request pass, before the route table is looked at, whatever the
	 * method; NULL: nothing to look at.  It may set the principal.  On an
	 * error the layer answers with it, unless the function replied itself.
	 */
	enum err (*check_target)(struct http_request *request,
	    void *application);
	/*
	 * May this request go on?  Called before any of the body is read, on an
	 * event thread, for routes whose authentication is not 0.  On an error
	 * the layer answers with it (401 with WWW-Authenticate: Bearer), unless
	 * the function replied itself.
	 */
	enum err (*authenticate)(struct http_request *request,
	    void *application, int authentication);
	/*
	 * There is no descriptor for a client: close what is only kept, and say
	 * whether there was anything.  On the thread that accepts; NULL:
	 * nothing is kept.
	 */
	bool (*free_descriptors)(void *application);
	/* At the end of each request, on an event thread; NULL: nobody asks. */
	void (*ended)(const struct http_outcome *outcome, void *application);
	bool request_ids;	/* X-Request-Id on every answer */
	size_t connection_memory_bytes;	/* for reading one request: 4 KiB up;
					 * wiped after each */
	size_t people_memory_bytes;	/* the same on listeners that serve
					 * HTTP_PEOPLE: the larger, the larger
					 * the pieces of a body; 0: no more */
	unsigned connection_max;	/* on all public listeners together;
					 * lowered to what the descriptors
					 * allow */
	unsigned connections_per_address;	/* 0: any; IPv6: of a /64 */
	const char *const *trusted_proxies;	/* addresses, networks, "unix":
						 * not counted by address, and
						 * their X-Forwarded-For is
						 * believed */
	size_t trusted_proxy_count;
	const char *tls_certificate;	/* paths of PEM files; NULL: no
					 * listener has is_tls */
	const char *tls_key;
	unsigned idle_timeout_s;	/* no byte in either direction */
	uint64_t send_rate_least;	/* bytes a second, over an idle timeout;
					 * slower clients are cut; 0: any */
	uint64_t receive_rate_least;
	unsigned header_timeout_s;	/* from the first byte to the end of the
					 * header fields; swept each second */
	const char *access_log;	/* "off", "full", or "N": one request in N */
	const char *access_log_path;	/* NULL: to the log */
};

/*
 * Bind and listen; answer nothing yet.  The reason of a failure is logged
 * with the address.  ERR_IO, ERR_NO_MEMORY, ERR_CONFIG.
 */
enum err http_server_new(const struct http_server_options *options,
    struct http_server **out);

/* Begin to serve. */
enum err http_server_start(struct http_server *server);

/*
 * Accept no further connection, say Connection: close in every answer, shut
 * idle connections.  Requests under way go on.
 */
void http_server_quiesce(struct http_server *server);

/*
 * Wait until no request is under way, at most timeout_ms; then shut the
 * connections that are left, and wait until none is suspended (so: after
 * every queue that holds a suspended request was drained or failed, and while
 * nothing else resumes them).  False when something had to be cut.
 */
bool http_server_drain(struct http_server *server, int64_t timeout_ms);

/* Stop and free; NULL is allowed.  Only after a drain. */
void http_server_free(struct http_server *server);

/* The port that listener index got (for port 0 in tests); 0 for a Unix one. */
unsigned http_server_port(const struct http_server *server, size_t index);

/*
 * Read the files of certificate and key again, for connections to come; does
 * nothing without TLS.  On an error, which is logged, the old ones stay.
 */
enum err http_server_reload_tls(struct http_server *server);

/* Are these a certificate and its key?  Faults are logged as at the start. */
enum err http_tls_check(const char *certificate_path, const char *key_path);

/*
 * Open the file of the access log again, which a program that rotates logs may
 * have renamed.  Where that fails, lines go on to the old one; logged.
 */
void http_server_reopen_log(struct http_server *server);

/* Counters in Prometheus text: PREFIX_http_requests_total{code} and such. */
void http_server_write_metrics(struct http_server *server, FILE *out,
    const char *prefix);

/* --- what a request says ------------------------------------------------ */

const char *http_request_method(const struct http_request *request);
/* As received, query included, never decoded. */
const char *http_request_target(const struct http_request *request);
/* What follows "?" in the target, undecoded; "" when nothing does. */
const char *http_request_query(const struct http_request *request);
/* A field by name in any case; NULL when absent.  Of several the first. */
const char *http_request_field(const struct http_request *request,
    const char *name);
/* How often the field occurs. */
unsigned http_request_field_count(const struct http_request *request,
    const char *name);
/*
 * The lines of a field that is a list, in their order and joined by ", "
 * (RFC 9110, section 5.3).  NULL when absent, or without memory.
 */
const char *http_request_field_list(const struct http_request *request,
    const char *name);
/*
 * The segment that {name} of the pattern took, percent-decoded, a NUL after
 * it; never holds a NUL or "/".  Of a "*": under the name "*", undecoded.
 * NULL when the pattern has no such name.
 */
const char *http_request_parameter(const struct http_request *request,
    const char *name);
/* Declared length of the body; -1 for chunked, 0 for none. */
int64_t http_request_content_length(const struct http_request *request);
/* HTTP_BODY_JSON: the object, borrowed; and the bytes it was parsed from. */
json_t *http_request_json(const struct http_request *request);
const uint8_t *http_request_body(const struct http_request *request,
    size_t *size);
/*
 * The client's address as text, without port; "unix" for a Unix socket.
 * Where a trusted proxy came, the one that it says.
 */
const char *http_request_peer(const struct http_request *request);
/* Unique, also in the log; a UUID as text. */
const char *http_request_id(const struct http_request *request);
/* Which audience mask does the listener serve that it came by? */
unsigned http_request_audience(const struct http_request *request);
/* True once the server drains: long waits should end. */
bool http_request_is_draining(const struct http_request *request);

/*
 * size bytes that live as long as the request, aligned for anything.  NULL
 * without memory; up to about a kilobyte in all there always is.
 */
void *http_request_allocate(struct http_request *request, size_t size);

/*
 * The program's own state for this request; release(state) is called exactly
 * once, on an event thread, when the request ends in whatever way.
 */
void http_request_set_state(struct http_request *request, void *state,
    void (*release)(void *state));
void *http_request_state(const struct http_request *request);

/* The program's verdict of authenticate(); released the same way. */
void http_request_set_principal(struct http_request *request,
    void *principal, void (*release)(void *principal));
void *http_request_principal(const struct http_request *request);

/* Add " name=value" to the access-log line of this request. */
void http_request_note(struct http_request *request, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* --- waiting ------------------------------------------------------------ */

/*
 * Stop handling this request until http_request_resume(), then call then() on
 * an event thread.  To be called before the job that will resume is handed
 * over, as the handler's last use of the request.  The request outlives the
 * client: a worker may fill the request's state until it resumes.
 */
void http_request_suspend(struct http_request *request, http_handler *then);

/* From any thread, exactly once for each suspend, as the last use. */
void http_request_resume(struct http_request *request);

/*
 * What the calling thread resumes between these two wakes the event threads
 * together, at the end.  Nothing that waits may be done in between.
 */
void http_wakes_hold(void);
void http_wakes_release(void);

#endif
