/* A server with a route of every kind on the real HTTP layer, for tests that
 * speak to it over raw sockets.
 *
 *	http_probe [NAME=VALUE]...
 *
 *	listen=ADDRESS		127.0.0.1:0
 *	admin-listen=ADDRESS	none
 *	threads=N		event threads, 2
 *	connections=N		connection_max, 1000
 *	memory=BYTES		connection_memory_bytes, 8192
 *	idle=S, header=S	timeouts, 30 and 30
 *	drain=MS		how long a stop waits, 5000
 *	file=PATH		what /file/... sends
 *	access-log=off|full|N, access-log-file=PATH
 *
 * Prints "port N" when it serves.  SIGTERM stops it in the order that the
 * daemons use; then it prints "drained whole|cut" and "states LEFT", how many
 * states of requests were not released.  GET /counts tells how often each
 * handler ran: a smuggled request would show there.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/http_operator.h"
#include "common/http_server.h"
#include "common/log.h"
#include "common/process.h"
#include "common/worker_pool.h"

struct settings {
	const char *listen, *admin_listen, *threads, *connections, *memory;
	const char *idle, *header, *drain, *file, *access_log;
	const char *access_log_file, *address_limit, *proxy;
	const char *send_rate, *receive_rate;
};

/* A request's state: what waits, and what was counted. */
struct visit {
	struct worker_job job;		/* first: the pool gives it back */
	struct http_request *request;
	struct visit *next;		/* of those that wait for /release */
	uint64_t bytes;
	bool is_refused;
};

enum counted { COUNT_HELLO, COUNT_ITEM, COUNT_SECRET, COUNT_JSON,
	COUNT_STREAM, COUNT_BEGIN, COUNT_WAIT, COUNT_OTHER, COUNT__COUNT };

static const char *const count_names[COUNT__COUNT] = {
	[COUNT_HELLO] = "hello", [COUNT_ITEM] = "item",
	[COUNT_SECRET] = "secret", [COUNT_JSON] = "json",
	[COUNT_STREAM] = "stream", [COUNT_BEGIN] = "begin",
	[COUNT_WAIT] = "wait", [COUNT_OTHER] = "other",
};

struct probe {
	struct http_server *server;
	struct worker_pool *pool;
	const char *file;
	_Atomic unsigned counts[COUNT__COUNT];
	_Atomic int states;
	pthread_mutex_t mutex;
	struct visit *waiting;
	bool stops;
};

static struct probe *the_probe;	/* release() has no other way to it */

static void
count(struct probe *probe, enum counted what)
{
	atomic_fetch_add(&probe->counts[what], 1);
}

static void
visit_release(void *state)
{
	free(state);
	atomic_fetch_sub(&the_probe->states, 1);
}

static struct visit *
visit_new(struct probe *probe, struct http_request *request)
{
	struct visit *visit = calloc(1, sizeof(*visit));

	if (visit == NULL)
		abort();
	visit->request = request;
	atomic_fetch_add(&probe->states, 1);
	http_request_set_state(request, visit, visit_release);
	return visit;
}

static void
reply_text(struct http_request *request, const char *text)
{
	http_reply_bytes(request, 200, "text/plain", text, strlen(text));
}

static void
handle_hello(struct http_request *request, void *application)
{
	count(application, COUNT_HELLO);
	http_request_note(request, "greeting=%s", "hello");
	reply_text(request, "hello\n");
}

static void
handle_item(struct http_request *request, void *application)
{
	count(application, COUNT_ITEM);
	http_reply_json(request, 200, json_pack("{s:s?, s:s, s:s, s:i, s:s?}",
	    "item", http_request_parameter(request, "item"),
	    "query", http_request_query(request),
	    "target", http_request_target(request),
	    "lines", (int)http_request_field_count(request, "If-Match"),
	    "list", http_request_field_list(request, "If-Match")));
}

static void
handle_secret(struct http_request *request, void *application)
{
	count(application, COUNT_SECRET);
	reply_text(request, http_request_principal(request));
}

static void
handle_json(struct http_request *request, void *application)
{
	json_t *json = http_request_json(request);

	count(application, COUNT_JSON);
	http_reply_json(request, 200, json == NULL ?
	    json_pack("{s:s}", "body", "none") : json_incref(json));
}

static void
handle_rest(struct http_request *request, void *application)
{
	count(application, COUNT_OTHER);
	reply_text(request, http_request_parameter(request, "*"));
}

/* --- streams -------------------------------------------------------------- */

static void
begin_stream(struct http_request *request, void *application)
{
	count(application, COUNT_BEGIN);
	visit_new(application, request);
}

static void
begin_refusing(struct http_request *request, void *application)
{
	count(application, COUNT_BEGIN);
	http_reply_error(request, ERR_OFFSET_MISMATCH, "Not today.");
}

static enum err
piece_stream(struct http_request *request, void *application,
    const uint8_t *bytes, size_t size)
{
	struct visit *visit = http_request_state(request);

	(void)application;
	(void)bytes;
	visit->bytes += size;
	return ERR_OK;
}

/* A disk that is full after 100,000 bytes */
static enum err
piece_filling(struct http_request *request, void *application,
    const uint8_t *bytes, size_t size)
{
	struct visit *visit = http_request_state(request);

	piece_stream(request, application, bytes, size);
	return visit->bytes > 100000 ? ERR_STORAGE_FULL : ERR_OK;
}

static void
handle_stream(struct http_request *request, void *application)
{
	struct visit *visit = http_request_state(request);

	count(application, COUNT_STREAM);
	http_reply_json(request, 201, json_pack("{s:I, s:I}",
	    "bytes", (json_int_t)visit->bytes, "declared",
	    (json_int_t)http_request_content_length(request)));
}

/* --- waiting -------------------------------------------------------------- */

static void
job_resume(struct worker_job *job)
{
	http_request_resume(((struct visit *)(void *)job)->request);
}

static void
answer_waited(struct http_request *request, void *application)
{
	struct visit *visit = http_request_state(request);

	count(application, COUNT_WAIT);
	if (visit->is_refused)
		http_reply_error(request, ERR_BUSY, "The server stops.");
	else
		reply_text(request, "waited\n");
}

static void
submit(struct http_request *request, struct probe *probe, http_handler *then)
{
	struct visit *visit = http_request_state(request);

	visit->job.run = job_resume;
	http_request_suspend(request, then);
	if (worker_pool_submit(probe->pool, &visit->job) != ERR_OK)
		http_request_resume(request);
}

static void
handle_work(struct http_request *request, void *application)
{
	visit_new(application, request);
	submit(request, application, answer_waited);
}

static void
work_again(struct http_request *request, void *application)
{
	submit(request, application, answer_waited);
}

static void
handle_work_twice(struct http_request *request, void *application)
{
	visit_new(application, request);
	submit(request, application, work_again);
}

/* Resumed before the handler has returned */
static void
handle_hurry(struct http_request *request, void *application)
{
	visit_new(application, request);
	http_request_suspend(request, answer_waited);
	http_request_resume(request);
}

static void
begin_went_well(struct http_request *request, void *application)
{
	(void)request;
	count(application, COUNT_BEGIN);
}

static void
begin_went_badly(struct http_request *request, void *application)
{
	count(application, COUNT_BEGIN);
	http_reply_error(request, ERR_OFFSET_MISMATCH, "Not today either.");
}

static void
begin_waiting(struct http_request *request, void *application)
{
	visit_new(application, request);
	submit(request, application, begin_went_well);
}

static void
begin_waiting_refusing(struct http_request *request, void *application)
{
	visit_new(application, request);
	submit(request, application, begin_went_badly);
}

static void
handle_stream_waiting(struct http_request *request, void *application)
{
	count(application, COUNT_STREAM);
	submit(request, application, answer_waited);
}

/* Until GET /release, or the stop */
static void
handle_wait(struct http_request *request, void *application)
{
	struct probe *probe = application;
	struct visit *visit = visit_new(probe, request);

	pthread_mutex_lock(&probe->mutex);
	visit->is_refused = probe->stops;
	http_request_suspend(request, answer_waited);
	if (probe->stops) {
		http_request_resume(request);
	} else {
		visit->next = probe->waiting;
		probe->waiting = visit;
	}
	pthread_mutex_unlock(&probe->mutex);
}

static int
release_waiting(struct probe *probe, bool stops)
{
	struct visit *visit;
	int released = 0;

	pthread_mutex_lock(&probe->mutex);
	probe->stops = stops;
	while ((visit = probe->waiting) != NULL) {
		probe->waiting = visit->next;
		visit->is_refused = stops;
		http_request_resume(visit->request);
		released++;
	}
	pthread_mutex_unlock(&probe->mutex);
	return released;
}

static void
handle_release(struct http_request *request, void *application)
{
	http_reply_json(request, 200, json_pack("{s:i}", "released",
	    release_waiting(application, false)));
}

/* --- answers -------------------------------------------------------------- */

static void
handle_file(struct http_request *request, void *application)
{
	struct probe *probe = application;
	const char *size = http_request_parameter(request, "size");
	int descriptor = open(probe->file, O_RDONLY | O_CLOEXEC);

	if (descriptor < 0) {
		http_reply_error(request, ERR_NOT_FOUND, NULL);
		return;
	}
	http_reply_field(request, "Content-Type", "text/x-%s", "probe");
	http_reply_file(request, 200, descriptor, 0,
	    strtoull(size, NULL, 10));
}

static void
handle_not_modified_file(struct http_request *request, void *application)
{
	struct probe *probe = application;

	http_reply_field(request, "Cache-Control", "max-age=%d", 60);
	http_reply_file(request, 304, open(probe->file, O_RDONLY | O_CLOEXEC),
	    0, 5);
}

static void
handle_status(struct http_request *request, void *application)
{
	(void)application;
	http_reply_field(request, "Cache-Control", "max-age=%d", 60);
	http_reply_empty(request, (int)strtol(http_request_parameter(request,
	    "status"), NULL, 10));
}

static void
handle_error(struct http_request *request, void *application)
{
	const char *name = http_request_parameter(request, "name");

	(void)application;
	for (int i = 1; i < ERR__COUNT; i++)
		if (strcmp(err_slug((enum err)i), name) == 0) {
			http_reply_field(request, "Cache-Control", "public");
			http_reply_field(request, "X-Kept", "yes");
			http_reply_error_member(request, (enum err)i, "title",
			    "Said by %s.", "the probe");
			return;
		}
	http_reply_error(request, ERR_NOT_FOUND, NULL);
}

static void
handle_peer(struct http_request *request, void *application)
{
	(void)application;
	reply_text(request, http_request_peer(request));
}

static void
handle_silence(struct http_request *request, void *application)
{
	(void)request;
	count(application, COUNT_OTHER);
}

static void
handle_twice(struct http_request *request, void *application)
{
	(void)application;
	reply_text(request, "first\n");
	http_reply_problem(request, ERR_INTERNAL, json_object(), NULL);
}

/* A value that would begin a second field, and one that is fine */
static void
handle_injection(struct http_request *request, void *application)
{
	(void)application;
	http_reply_field(request, "X-Bad", "a\r\nSet-Cookie: evil=%d", 1);
	http_reply_field(request, "X-Good", "%s", "a");
	reply_text(request, "done\n");
}

static void
handle_counts(struct http_request *request, void *application)
{
	struct probe *probe = application;
	json_t *counts = json_object();

	for (int i = 0; i < COUNT__COUNT; i++)
		json_object_set_new(counts, count_names[i],
		    json_integer(atomic_load(&probe->counts[i])));
	json_object_set_new(counts, "states",
	    json_integer(atomic_load(&probe->states)));
	http_reply_json(request, 200, counts);
}

static void
handle_metrics(struct http_request *request, void *application)
{
	struct probe *probe = application;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	http_server_write_metrics(probe->server, out, "probe");
	fclose(out);
	http_reply_bytes(request, 200, "text/plain; version=0.0.4", text,
	    size);
	free(text);
}

#define ALL (HTTP_PUBLIC | HTTP_OPERATOR)
#define ROW(method, pattern, authentication, handle, is_quick) \
	{ method, pattern, HTTP_PUBLIC, authentication, HTTP_BODY_NONE, 0, \
	    NULL, NULL, handle, is_quick }
#define PLAIN(method, pattern, handle) ROW(method, pattern, 0, handle, false)
/* Answered before the library sees them, and sent by it. */
#define QUICK(pattern, handle) ROW("GET", pattern, 0, handle, true)
#define STREAM(pattern, most, begin, piece, handle) \
	{ "PUT", pattern, HTTP_PUBLIC, 0, HTTP_BODY_STREAM, most, begin, \
	    piece, handle, false }

static const struct http_route routes[] = {
	QUICK("/hello", handle_hello),
	PLAIN("DELETE", "/hello", handle_hello),
	QUICK("/items/{item}", handle_item),
	QUICK("/items/{item}/parts/{part}", handle_item),
	QUICK("/media/*", handle_rest),
	PLAIN("OPTIONS", "/options-of-its-own", handle_hello),
	ROW("GET", "/secret", 1, handle_secret, true),
	{ "PUT", "/secret-stream", HTTP_PUBLIC, 1, HTTP_BODY_STREAM, 0,
	    begin_stream, piece_stream, handle_stream, false },
	{ "POST", "/json", HTTP_PUBLIC, 0, HTTP_BODY_JSON, 65536, NULL, NULL,
	    handle_json, false },
	{ "PATCH", "/json", HTTP_PUBLIC, 0, HTTP_BODY_JSON, 65536, NULL, NULL,
	    handle_json, false },
	{ "POST", "/json-optional", HTTP_PUBLIC, 0, HTTP_BODY_JSON_OPTIONAL,
	    100, NULL, NULL, handle_json, false },
	STREAM("/stream", 0, begin_stream, piece_stream, handle_stream),
	STREAM("/stream-to-100000", 100000, begin_stream, piece_stream,
	    handle_stream),
	STREAM("/stream-fills", 0, begin_stream, piece_filling,
	    handle_stream),
	STREAM("/stream-refuses", 0, begin_refusing, piece_stream,
	    handle_stream),
	STREAM("/stream-waits", 0, begin_waiting, piece_stream,
	    handle_stream_waiting),
	STREAM("/stream-waits-refuses", 0, begin_waiting_refusing,
	    piece_stream, handle_stream),
	PLAIN("GET", "/wait", handle_wait),
	PLAIN("GET", "/release", handle_release),
	PLAIN("GET", "/work", handle_work),
	PLAIN("GET", "/work-twice", handle_work_twice),
	PLAIN("GET", "/hurry", handle_hurry),
	QUICK("/file/{size}", handle_file),
	PLAIN("GET", "/not-modified-file", handle_not_modified_file),
	QUICK("/status/{status}", handle_status),
	QUICK("/error/{name}", handle_error),
	QUICK("/peer", handle_peer),
	PLAIN("GET", "/silence", handle_silence),
	QUICK("/twice", handle_twice),
	QUICK("/injection", handle_injection),
	PLAIN("GET", "/counts", handle_counts),
	{ "GET", "/healthz", ALL, 0, HTTP_BODY_NONE, 0, NULL, NULL,
	    http_operator_handle_health, false },
	{ "GET", "/metrics", HTTP_OPERATOR, 0, HTTP_BODY_NONE, 0, NULL, NULL,
	    handle_metrics, false },
	{ 0 }
};

static const struct http_prefix_field prefix_fields[] = {
	{ "/media/", "Access-Control-Allow-Origin", "*" },
	{ "/media/", "X-Prefix", "media" },
	{ 0 }
};

static enum err
check_target(struct http_request *request, void *application)
{
	(void)application;
	return strncmp(http_request_target(request), "/media/bad", 10) == 0 ?
	    ERR_MALFORMED_URL : ERR_OK;
}

static void
principal_release(void *principal)
{
	free(principal);
	atomic_fetch_sub(&the_probe->states, 1);
}

static enum err
authenticate(struct http_request *request, void *application,
    int authentication)
{
	const char *field = http_request_field(request, "Authorization");

	(void)authentication;
	if (field == NULL)
		return ERR_SESSION_MISSING;
	if (strcmp(field, "Bearer letmein") != 0)
		return ERR_TOKEN_REFUSED;
	atomic_fetch_add(&((struct probe *)application)->states, 1);
	http_request_set_principal(request, strdup("a friend\n"),
	    principal_release);
	return ERR_OK;
}

static void
setting_take(struct settings *settings, const char *argument)
{
	const struct { const char *name; const char **value; } all[] = {
		{ "listen=", &settings->listen },
		{ "admin-listen=", &settings->admin_listen },
		{ "threads=", &settings->threads },
		{ "connections=", &settings->connections },
		{ "memory=", &settings->memory },
		{ "idle=", &settings->idle },
		{ "header=", &settings->header },
		{ "drain=", &settings->drain },
		{ "file=", &settings->file },
		{ "address-limit=", &settings->address_limit },
		{ "proxy=", &settings->proxy },
		{ "least-send-rate=", &settings->send_rate },
		{ "least-receive-rate=", &settings->receive_rate },
		{ "access-log=", &settings->access_log },
		{ "access-log-file=", &settings->access_log_file },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		size_t length = strlen(all[i].name);
		if (strncmp(argument, all[i].name, length) == 0) {
			*all[i].value = argument + length;
			return;
		}
	}
	fprintf(stderr, "http_probe: what is %s?\n", argument);
	exit(2);
}

static unsigned
number(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

static enum err
serve(struct probe *probe, const struct settings *settings)
{
	const struct http_listener listeners[] = {
		{ .address = settings->listen, .audience = HTTP_PUBLIC,
		    .threads = number(settings->threads) },
		{ .address = settings->admin_listen,
		    .audience = HTTP_OPERATOR, .threads = 1 },
	};
	const struct http_server_options options = {
		.listeners = listeners,
		.listener_count = settings->admin_listen != NULL ? 2 : 1,
		.routes = routes, .prefix_fields = prefix_fields,
		.application = probe, .check_target = check_target,
		.authenticate = authenticate, .request_ids = true,
		.connection_memory_bytes = number(settings->memory),
		.connection_max = number(settings->connections),
		.idle_timeout_s = number(settings->idle),
		.header_timeout_s = number(settings->header),
		.connections_per_address = number(settings->address_limit),
		.trusted_proxies = &settings->proxy,
		.trusted_proxy_count = settings->proxy != NULL,
		.send_rate_least = number(settings->send_rate),
		.receive_rate_least = number(settings->receive_rate),
		.access_log = settings->access_log,
		.access_log_path = settings->access_log_file,
	};
	enum err e = http_server_new(&options, &probe->server);

	if (e == ERR_OK)
		e = http_server_start(probe->server);
	return e;
}

int
main(int argc, char *argv[])
{
	struct settings settings = {
		.listen = "127.0.0.1:0", .threads = "2",
		.connections = "1000", .memory = "8192", .idle = "30",
		.header = "30", .drain = "5000", .file = "/dev/null",
		.access_log = "off", .address_limit = "0",
		.send_rate = "0", .receive_rate = "0",
	};
	struct probe probe = { .mutex = PTHREAD_MUTEX_INITIALIZER };
	bool is_whole;

	for (int i = 1; i < argc; i++)
		setting_take(&settings, argv[i]);
	the_probe = &probe;
	probe.file = settings.file;
	log_init("http_probe", LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG);
	process_block_signals();
	if (worker_pool_new("worker", 2, 1000, &probe.pool) != ERR_OK ||
	    serve(&probe, &settings) != ERR_OK) {
		http_server_free(probe.server);
		worker_pool_free(probe.pool);
		return 1;
	}
	printf("port %u\n", http_server_port(probe.server, 0));
	fflush(stdout);
	while (process_wait_signal() != PROCESS_STOP)
		;
	http_server_quiesce(probe.server);
	release_waiting(&probe, true);
	is_whole = http_server_drain(probe.server, number(settings.drain));
	worker_pool_free(probe.pool);
	http_server_free(probe.server);
	printf("drained %s\nstates %d\n", is_whole ? "whole" : "cut",
	    atomic_load(&probe.states));
	return 0;
}
