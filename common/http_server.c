/* Setting the layer up and taking it down.
 *
 * The stop order: http_server_quiesce() (no further connection, every answer
 * says Connection: close, idle connections are shut); http_server_drain()
 * (requests under way end, or are cut when the time is over; none is left
 * suspended, which the library would answer with abort()); http_server_free().
 */
#include "common/http_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

#define DRAIN_POLL_MS 5
#define CUT_WAIT_MS 2000
#define MEMORY_LEAST_BYTES 4096
/* There the library writes the fields of all answers behind the request. */
#define TLS_MEMORY_LEAST_BYTES 8192
#define OTHER_OPEN_MAX 256	/* connections on a listener not for buyers */
#define TOLD_MAX 256		/* above the limit, told so by event threads */
#define SPARE_DESCRIPTORS 256	/* besides connections and their files */
/* The parser that http_gate_layout_is_exact() knows. */
#define KNOWN_LIBRARY "0.9.75"

/*
 * A connection is a descriptor, and its answer may be a file: reckoned are as
 * many as half of the connections, since most are idle or send what is open
 * already.  What descriptors cannot serve is not let in; what is left of them
 * is for those to be told that there are too many.
 */
static void
set_quotas(struct http_server *server)
{
	const struct http_server_options *options = &server->options;
	rlim_t most = options->connection_max, kept =
	    SPARE_DESCRIPTORS + OTHER_OPEN_MAX, left;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		limit.rlim_cur = limit.rlim_max = 1024;
	if (limit.rlim_cur < kept + 4 * most && limit.rlim_cur !=
	    RLIM_INFINITY) {
		limit.rlim_cur = limit.rlim_max > kept + 4 * most ?
		    kept + 4 * most : limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		(void)getrlimit(RLIMIT_NOFILE, &limit);
	}
	left = limit.rlim_cur > kept + 32 ? limit.rlim_cur - kept : 32;
	if (left / 3 * 2 < most) {
		log_warning("too few file descriptors for the configured "
		    "connections: raise LimitNOFILE has=%ju needs=%ju "
		    "connections=%ju", (uintmax_t)limit.rlim_cur,
		    (uintmax_t)(kept + most + most / 2),
		    (uintmax_t)(left / 3 * 2));
		most = left / 3 * 2;
	}
	left -= most + most / 2;
	server->public.soft = (unsigned)most;
	server->public.hard = (unsigned)(most + (left > TOLD_MAX ? TOLD_MAX :
	    left > 16 ? left : 16));
	server->other.soft = server->other.hard = OTHER_OPEN_MAX;
}

/* The event threads of a listener, shared with those that are alike. */
static struct http_pool *
pool_for(struct http_server *server, const struct http_listener *listener)
{
	unsigned threads = listener->threads > 0 ? listener->threads : 1;
	struct http_pool *pool = server->pools;

	for (size_t i = 0; i < server->pool_count; i++, pool++)
		if (pool->audience == listener->audience &&
		    pool->is_tls == listener->is_tls &&
		    pool->threads == threads)
			return pool;
	server->pool_count++;
	*pool = (struct http_pool){ .server = server, .threads = threads,
		.audience = listener->audience, .is_tls = listener->is_tls,
		.is_fast = !listener->is_tls && server->layout_is_known &&
		    http_fast_serves(server->options.routes,
		    listener->audience),
		.quota = (listener->audience & HTTP_PUBLIC) != 0 ?
		    &server->public : &server->other };
	return pool;
}

static enum err
listening_open(struct http_server *server,
    const struct http_server_options *options)
{
	const struct http_listener *listeners = options->listeners;
	size_t count = options->listener_count;
	enum err e = ERR_OK;

	server->listening = calloc(HTTP_LISTENINGS_MAX + 1,
	    sizeof(*server->listening));
	server->pools = calloc(count + 1, sizeof(*server->pools));
	if (server->listening == NULL || server->pools == NULL)
		return ERR_NO_MEMORY;
	for (size_t i = 0; e == ERR_OK && i < count; i++) {
		if (listeners[i].is_tls && server->tls == NULL)
			e = http_tls_new(options->tls_certificate,
			    options->tls_key, &server->tls);
		if (e == ERR_OK)
			e = http_listen_open(server, listeners[i].address,
			    pool_for(server, &listeners[i]));
	}
	http_listen_warn_unused(server);
	return e;
}

static enum err
proxies_parse(struct http_server *server, const char *const *words,
    size_t count)
{
	server->proxies = calloc(count + 1, sizeof(*server->proxies));
	server->peers = http_peers_new();
	if (server->proxies == NULL || server->peers == NULL)
		return ERR_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		if (!network_parse(words[i],
		    &server->proxies[server->proxy_count++])) {
			log_error("not an address or network: %s", words[i]);
			return ERR_CONFIG;
		}
	}
	return ERR_OK;
}

enum err
http_server_new(const struct http_server_options *options,
    struct http_server **out)
{
	struct http_server *server = calloc(1, sizeof(*server));
	enum err e;

	*out = NULL;
	if (server == NULL)
		return ERR_NO_MEMORY;
	server->options = *options;
	server->options.listeners = NULL;	/* copied, not kept */
	server->options.access_log = server->options.access_log_path = NULL;
	server->options.trusted_proxies = NULL;
	server->options.tls_certificate = server->options.tls_key = NULL;
	server->acceptor.wake = server->table.wake = -1;
	server->acceptor.spare = -1;
	for (size_t i = 0; i < HTTP_SHARDS; i++)
		pthread_mutex_init(&server->table.shards[i].mutex, NULL);
	pthread_mutex_init(&server->lingering.mutex, NULL);
	server->layout_is_known = strncmp(MHD_get_version(), KNOWN_LIBRARY,
	    strlen(KNOWN_LIBRARY)) == 0;
	json_object_seed(0);
	server->counts = stripes_new(sizeof(*server->counts));
	e = server->counts == NULL ? ERR_NO_MEMORY :
	    http_access_log_open(&server->access_log, options->access_log,
	    options->access_log_path);
	if (e == ERR_OK)
		e = proxies_parse(server, options->trusted_proxies,
		    options->trusted_proxy_count);
	if (e == ERR_OK)
		e = listening_open(server, options);
	if (e != ERR_OK) {
		http_server_free(server);
		return e;
	}
	set_quotas(server);
	http_sockets_prepare();
	*out = server;
	return ERR_OK;
}

/* What the library has to say; its lines end with LF. */
static void __attribute__((format(printf, 2, 0)))
library_log(void *closure, const char *format, va_list arguments)
{
	char line[512];

	(void)closure;
	vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = '\0';
	log_debug("http library: %s", line);
}

/* The library decodes nothing for us: its idea of a URL is never looked at. */
static size_t
leave_escaped(void *closure, struct MHD_Connection *library, char *text)
{
	(void)closure;
	(void)library;
	return strlen(text);
}

static size_t
memory_bytes(const struct http_pool *pool)
{
	const struct http_server_options *options = &pool->server->options;
	size_t wanted = (pool->audience & HTTP_PEOPLE) != 0 &&
	    options->people_memory_bytes > 0 ? options->people_memory_bytes :
	    options->connection_memory_bytes;

	size_t least = pool->is_tls ? TLS_MEMORY_LEAST_BYTES :
	    MEMORY_LEAST_BYTES;

	return wanted < least ? least : wanted;
}

/* Options that the library would complain of where they do not apply. */
static void
pool_options(const struct http_pool *pool, struct MHD_OptionItem *items)
{
	if (pool->threads > 1)
		*items++ = (struct MHD_OptionItem){
			MHD_OPTION_THREAD_POOL_SIZE, pool->threads, NULL };
	if (pool->is_tls)
		*items++ = (struct MHD_OptionItem){
			MHD_OPTION_HTTPS_PRIORITIES, 0,
			(void *)(uintptr_t)http_tls_priorities };
	*items = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
}

static enum err
library_start(struct http_pool *pool)
{
	struct http_server *server = pool->server;
	struct MHD_OptionItem items[3];

	pool_options(pool, items);
	if (pool->is_fast) {
		pool->sets = calloc(pool->threads, sizeof(*pool->sets));
		if (pool->sets == NULL)
			return ERR_NO_MEMORY;
		http_socket_learn_sets(pool);
	}
	pool->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD |
	    MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET |
	    MHD_USE_ERROR_LOG | (pool->is_tls ? MHD_USE_TLS : 0u), 0, NULL,
	    NULL, http_life_continue, server,
	    MHD_OPTION_EXTERNAL_LOGGER, library_log, NULL,
	    MHD_OPTION_URI_LOG_CALLBACK, http_life_begin, server,
	    MHD_OPTION_NOTIFY_COMPLETED, http_life_end, server,
	    MHD_OPTION_NOTIFY_CONNECTION, http_connection_notify, pool,
	    MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory_bytes(pool),
	    /* Split over the threads, and a thread that reaches its part locks
	     * a mutex twice: each has room for all. */
	    MHD_OPTION_CONNECTION_LIMIT,
	    (pool->quota->hard + 1) * pool->threads,
	    /* The sweeper's: this one knows only what goes into the kernel. */
	    MHD_OPTION_CONNECTION_TIMEOUT, 0u,
	    MHD_OPTION_ARRAY, items, pool->is_tls ?
	    MHD_OPTION_HTTPS_CERT_CALLBACK2 : MHD_OPTION_END, http_tls_choose,
	    MHD_OPTION_END);
	http_socket_learn_sets(NULL);
	pool->is_fast = pool->is_fast && pool->set_count == pool->threads;
	if (pool->daemon != NULL)
		return ERR_OK;
	log_error("the event threads of the http library cannot be started");
	return ERR_IO;
}

enum err
http_server_start(struct http_server *server)
{
	enum err e = http_connection_table_open(server);

	if (!server->layout_is_known)
		log_warning("unknown version of libmicrohttpd: bare LF, "
		    "folded lines and NUL are left to it version=%s",
		    MHD_get_version());
	if (!http_socket_call_is_ours("epoll_wait"))
		log_warning("epoll_wait is not ours: with 128 clients ready "
		    "at once an event thread can stand still");
	if (server->tls != NULL && !http_tls_greet_is_in_front())
		log_warning("gnutls_handshake is not ours: a TLS greeting "
		    "that stands still takes a core");
	for (size_t i = 0; e == ERR_OK && i < server->pool_count; i++)
		e = library_start(&server->pools[i]);
	if (e == ERR_OK)
		e = http_acceptor_start(server);
	return e;
}

void
http_server_quiesce(struct http_server *server)
{
	atomic_store(&server->drains, true);
	http_acceptor_stop(server);
	for (size_t i = 0; i < server->listening_count; i++)
		http_listen_close(&server->listening[i]);
	http_connection_shut_idle(server);
}

/* None suspended, and no thread inside of the library to resume one? */
static bool
is_awake(const struct http_server *server)
{
	return atomic_load(&server->suspended) == 0 &&
	    atomic_load(&server->resuming) == 0;
}

/* Requests begun and not ended. */
static unsigned
requests_under_way(const struct http_server *server)
{
	uint64_t sum = 0;

	/* One may end on another thread than it began: only the sum counts. */
	for (unsigned i = 0; i < STRIPES; i++)
		sum += atomic_load(&server->counts[i].under_way);
	return (unsigned)sum;
}

static bool
is_drained(const struct http_server *server)
{
	return requests_under_way(server) == 0 && is_awake(server);
}

static void
wait_drained(const struct http_server *server, int64_t timeout_ms)
{
	int64_t deadline = clock_monotonic_ms() + timeout_ms;

	while (!is_drained(server) && clock_monotonic_ms() < deadline)
		poll(NULL, 0, DRAIN_POLL_MS);
}

bool
http_server_drain(struct http_server *server, int64_t timeout_ms)
{
	bool is_whole;

	wait_drained(server, timeout_ms);
	is_whole = is_drained(server);
	if (!is_whole)
		log_warning("requests under way are cut requests=%u "
		    "suspended=%u", requests_under_way(server),
		    atomic_load(&server->suspended));
	/*
	 * From here on no handler is called, so none can suspend; those that
	 * are suspended end when they are resumed.
	 */
	atomic_store(&server->cuts, true);
	http_connection_cut(server);
	while (!is_awake(server))
		poll(NULL, 0, DRAIN_POLL_MS);
	/* What does not end by itself now, the library ends when it stops. */
	wait_drained(server, CUT_WAIT_MS);
	return is_whole;
}

void
http_server_free(struct http_server *server)
{
	if (server == NULL)
		return;
	http_acceptor_stop(server);
	for (size_t i = 0; i < server->pool_count; i++)
		if (server->pools[i].daemon != NULL)
			MHD_stop_daemon(server->pools[i].daemon);
	http_connection_table_close(server);
	for (size_t i = 0; i < server->listening_count; i++) {
		http_listen_close(&server->listening[i]);
		free(server->listening[i].address);
	}
	for (size_t i = 0; i < server->pool_count; i++)
		free(server->pools[i].sets);
	free(server->listening);
	free(server->counts);
	free(server->pools);
	free(server->proxies);
	http_peers_free(server->peers);
	http_tls_free(server->tls);
	http_access_log_close(&server->access_log);
	free(server);
}

enum err
http_server_reload_tls(struct http_server *server)
{
	return server->tls == NULL ? ERR_OK : http_tls_reload(server->tls);
}

void
http_server_reopen_log(struct http_server *server)
{
	http_access_log_reopen(&server->access_log);
}

unsigned
http_server_port(const struct http_server *server, size_t index)
{
	return index < server->listening_count ?
	    server->listening[index].port : 0;
}

static void
write_gauge(FILE *out, const char *prefix, const char *name,
    const char *help, unsigned value)
{
	fprintf(out, "# HELP %s_%s %s\n# TYPE %s_%s gauge\n%s_%s %u\n",
	    prefix, name, help, prefix, name, prefix, name, value);
}

static void
write_counter(FILE *out, const char *prefix, const char *name,
    const char *help, uint64_t value)
{
	fprintf(out, "# HELP %s_%s %s\n# TYPE %s_%s counter\n"
	    "%s_%s %" PRIu64 "\n", prefix, name, help, prefix, name, prefix,
	    name, value);
}

void
http_server_write_metrics(struct http_server *server, FILE *out,
    const char *prefix)
{
	uint64_t unanswered = 0, fast = 0;

	fprintf(out, "# HELP %s_http_requests_total Requests answered, by "
	    "status.\n# TYPE %s_http_requests_total counter\n", prefix,
	    prefix);
	for (unsigned code = 200; code < HTTP_STATUS_MAX; code++) {
		uint64_t count = 0;
		for (unsigned i = 0; i < STRIPES; i++)
			count += atomic_load(&server->counts[i].answered[code]);
		if (count > 0)
			fprintf(out, "%s_http_requests_total{code=\"%u\"} %"
			    PRIu64 "\n", prefix, code, count);
	}
	for (unsigned i = 0; i < STRIPES; i++) {
		unanswered += atomic_load(&server->counts[i].unanswered);
		fast += atomic_load(&server->counts[i].fast);
	}
	write_counter(out, prefix, "http_requests_unanswered_total",
	    "Requests that ended without an answer of ours: the client left, "
	    "or the library refused them.", unanswered);
	write_counter(out, prefix, "http_requests_fast_total",
	    "Of the requests answered, those in front of the HTTP library.",
	    fast);
	write_counter(out, prefix, "http_connections_refused_total",
	    "Connections refused before their request was read: far too "
	    "many.", atomic_load(&server->refused_connections));
	write_counter(out, prefix, "http_connections_slow_total",
	    "Connections cut for sending or receiving too slowly.",
	    atomic_load(&server->slow_connections));
	write_gauge(out, prefix, "http_connections",
	    "Connections open.", atomic_load(&server->public.open) +
	    atomic_load(&server->other.open));
	write_gauge(out, prefix, "http_library_connections",
	    "Of them, those that the HTTP library has.",
	    atomic_load(&server->library_connections));
	write_gauge(out, prefix, "http_requests_under_way",
	    "Requests begun and not ended.", requests_under_way(server));
	write_gauge(out, prefix, "http_requests_suspended",
	    "Requests that wait for a worker.",
	    atomic_load(&server->suspended));
}
