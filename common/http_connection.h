/* Connections of the HTTP layer: listening, accepting, counting, timeouts; and
 * what of them the other files of the layer see through http_internal.h.
 */
#ifndef COMMON_HTTP_CONNECTION_H
#define COMMON_HTTP_CONNECTION_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/network.h"

/* --- a connection: http_connection.c ------------------------------------- */

struct MHD_Connection;
struct http_request;
struct http_server;
struct mapped;

enum http_connection_phase {
	HTTP_CONNECTION_WAITING,	/* for a request line */
	HTTP_CONNECTION_HEADER,		/* the request line is there */
	HTTP_CONNECTION_RECEIVING,	/* the header is complete, not the
					 * body */
	HTTP_CONNECTION_SERVING,	/* the handler has it all */
	HTTP_CONNECTION_SENDING		/* the library has the answer */
};

/* Where its requests go: http_fast.c, which alone looks into it. */
struct http_lane {
	struct MHD_Connection *library;	/* NULL: does not have it */
	_Atomic bool is_fast;	/* in front of the library, and will be closed
				 * here; the sweeper reads it */
	bool is_told_of_room;	/* by events of epoll */
	bool has_input;		/* told while an answer was sent */
	bool is_ended;		/* by the client: after the last byte */
	bool has_turn;		/* waits for one, to send more */
	/* http_watch.c, of what the library has */
	bool is_held;		/* in the epoll set, from which the library
				 * took it */
	bool is_drained;	/* nothing to receive until the next event */
	char *handed;		/* what the library's next recv() gets; owned */
	size_t handed_size, handed_used;
	struct http_connection *next_untold, *next_turn;
};

/*
 * Made by the acceptor, adopted by the event thread that gets it, from the
 * acceptor or through the library, and freed by that one when the socket is
 * closed.
 */
struct http_connection {
	struct http_connection *next, *previous;	/* in its shard */
	struct http_listening *listening;
	struct http_peer *counted;	/* where the address is; NULL: not */
	struct http_certificate *certificate;	/* NULL: no TLS */
	uint64_t tls_block;	/* bytes that are there and not sent yet: at
				 * most so many */
	const struct mapped *tls_mapped;	/* where they are; NULL: not
						 * there */
	bool tls_is_begun;	/* the first byte was one of TLS, or none */
	bool tls_is_greeted;
	size_t tls_pulled;	/* bytes received of which nothing came yet */
	bool tls_is_cut;	/* a part of a record is not sent yet */
	bool tls_is_dead;	/* a record must never be sent, nor others */
	int socket;
	bool is_adopted;	/* else the socket may be another's by now */
	bool is_over;		/* one too many: answered with 503 */
	bool is_proxy;		/* may say whom it speaks for */
	bool lingers;		/* answered before its body was read */
	char peer[INET6_ADDRSTRLEN];
	struct http_request *request;	/* the event thread's: begun, not
					 * ended; owned */
	struct http_lane lane;
	_Atomic int phase;		/* of enum http_connection_phase */
	_Atomic unsigned requests;	/* begun */
	_Atomic int64_t header_since_ms;	/* when the request line came */
	_Atomic uint64_t received;	/* bytes of bodies */
	/* the sweeper's alone: since phase and requests are what they are */
	struct http_sweep {
		int phase;
		unsigned requests;
		uint64_t bytes;		/* moved, when last looked at */
		int64_t moved_ms;	/* when that was more than before */
		uint64_t window_bytes;	/* moved, when the window began */
		int64_t window_ms;	/* when it did */
		int64_t first_byte_ms;	/* of a header; 0: none yet */
		int queued;		/* of a Unix socket, to be sent */
	} sweep;
};

#define HTTP_SHARDS 256

/* By socket, so that no thread waits while another walks through all. */
struct http_connection_table {
	struct http_shard {
		pthread_mutex_t mutex;
		struct http_connection *first;
	} shards[HTTP_SHARDS];
	pthread_t sweeper;
	bool sweeper_runs;
	int wake;		/* eventfd: end, or look now */
	_Atomic bool ends;
};

/* --- listeners: http_server.c, http_listen.c, http_accept.c -------------- */

#define HTTP_LISTENINGS_MAX 32	/* sockets; an address may name several */
#define HTTP_REFUSED_MAX 64	/* refused and not yet closed */

/* How many connections there may be. */
struct http_quota {
	_Atomic unsigned open;	/* from the accept to the end */
	unsigned soft;		/* more are answered with 503 */
	unsigned hard;		/* more are told so by the acceptor */
};

/* Event threads, for all listeners that serve the same in the same way. */
struct http_pool {
	struct http_server *server;
	unsigned audience;
	unsigned threads;
	bool is_tls;
	bool is_fast;		/* its connections begin in http_fast.c */
	int *sets;		/* epoll's, of each thread; for those */
	unsigned set_count;
	struct http_quota *quota;
	struct MHD_Daemon *daemon;	/* NULL before the start */
};

struct http_listening {
	struct http_pool *pool;
	char *address;		/* as configured */
	char *unix_path;	/* NULL: not a Unix socket that we made */
	ino_t unix_inode;	/* to remove the path only while it is ours */
	dev_t unix_device;
	int socket;		/* -1 once closed */
	bool is_unix;
	unsigned port;
};

struct http_acceptor {
	pthread_t thread;
	bool runs;
	int wake;		/* eventfd: end */
	int spare;		/* a descriptor to give up when there is none
				 * left, so as to refuse */
	int64_t logged_ms;	/* when the lack of them was */
	struct http_refused {
		int socket;
		int64_t since_ms;
	} refused[HTTP_REFUSED_MAX];	/* the oldest first */
	size_t refused_count;
	char *refusal;		/* what they are told */
	size_t refusal_size;
};

/* --- addresses: http_peer.c ----------------------------------------------- */

struct http_peers;		/* how many connections by each address */

/* http_connection.c */
enum err http_connection_table_open(struct http_server *server);
void http_connection_table_close(struct http_server *server);
/*
 * A socket that was accepted.  NULL without memory.  An entry that was never
 * adopted, whose socket the library closed, is found and freed here.
 */
struct http_connection *http_connection_expect(
    struct http_listening *listening, int socket);
/* Whoever closes the socket tells http_connection_release() before. */
void http_connection_adopt(struct http_connection *connection);
/*
 * An adopted one, by its event thread, to the library, which will have it
 * adopted again.  Where it does not take it, both are gone.
 */
void http_connection_give(struct http_connection *connection);
/* Free it; its socket is closed, or will be by the caller. */
void http_connection_release(struct http_server *server,
    struct http_connection *connection);
/* Free it and close its socket. */
void http_connection_close(struct http_connection *connection);
/* Let those that wait for a request read nothing more. */
void http_connection_shut_idle(struct http_server *server);
/* Shut all, whatever they do. */
void http_connection_cut(struct http_server *server);

/* http_listen.c */
/* Adds to listening, which has room for HTTP_LISTENINGS_MAX. */
enum err http_listen_open(struct http_server *server, const char *address,
    struct http_pool *pool);
void http_listen_close(struct http_listening *listening);
/* Sockets that were handed to us and that no address names. */
void http_listen_warn_unused(const struct http_server *server);

/* http_accept.c */
enum err http_acceptor_start(struct http_server *server);
/* No connection is accepted once this returns. */
void http_acceptor_stop(struct http_server *server);

/* http_refuse.c: 503, said by the acceptor */
/*
 * A whole answer with a problem of e; extra are ready fields of its own.  The
 * caller's, *size bytes; NULL without memory.
 */
char *http_refuse_text(enum err e, const char *extra, const char *detail,
    size_t *size);
/* What is said; ERR_NO_MEMORY. */
enum err http_refuse_open(struct http_acceptor *acceptor);
void http_refuse_close(struct http_acceptor *acceptor);
/* Takes the socket. */
void http_refuse(struct http_acceptor *acceptor, int client);
/* Tell one client although no descriptor is left; false: cannot either. */
bool http_refuse_without_descriptor(struct http_acceptor *acceptor,
    int listening);
/* Close those that had time to read; how long to the next, -1: none. */
int http_refuse_tidy(struct http_acceptor *acceptor);

/* http_peer.c */
struct http_peers *http_peers_new(void);
void http_peers_free(struct http_peers *peers);
/*
 * One connection more from address (of IPv6 its /64): *open, with this one.
 * NULL without memory.
 */
struct http_peer *http_peers_enter(struct http_peers *peers,
    const struct network_address *address, unsigned *open);
void http_peers_leave(struct http_peers *peers, struct http_peer *peer);
/* May who comes from there (NULL: a Unix socket) say for whom? */
bool http_peer_is_proxy(const struct http_server *server,
    const struct network_address *address);
/*
 * The client of a list as X-Forwarded-For has it: the last address that is not
 * a proxy of ours.  False: it does not say.
 */
bool http_peer_forwarded(const struct http_server *server, const char *list,
    char text[static INET6_ADDRSTRLEN]);
/* The same for a request. */
void http_peer_learn(struct http_request *request);

#endif
