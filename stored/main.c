/* stored: the storage daemon.  Receives sealed files, checks security tokens,
 * hands the files out.  It links nothing that opens them (stored(8)).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/log.h"
#include "common/process.h"
#include "stored/housekeeping.h"
#include "stored/scrub_command.h"
#include "stored/settings.h"
#include "stored/stored.h"

#define PROGRAM "stored"
#define DEFAULT_CONFIG "/etc/counterfoil/stored.conf"

#define QUEUE_MAX 4096		/* requests that wait for a worker */
#define PIECES_HELD_MAX 1024	/* uploads whose running hash is kept */
/* For one request that the library reads.  With 4 KiB an upload takes a fifth
 * more processor time, and a browser that sends the cookies of a whole domain
 * to a link gets no answer; 10,000 idle connections that the library has take
 * 96 MiB instead of 57 (the others 13, see http_fast.c). */
#define CONNECTION_MEMORY_BYTES (8 * 1024)
#define OPERATOR_THREADS 1
#define OPEN_FILES_MAX 131072	/* kept open unless open-files says more */
#define OTHER_DESCRIPTORS 1024	/* uploads, listeners, the daemon's own */

/* Everything that main() makes, in order; unmade in the other. */
struct daemon {
	struct process_options options;
	struct settings settings;
	struct stored stored;
	struct housekeeping *housekeeping;
	bool is_scrub;			/* --scrub */
};

/* As many descriptors as we may have: each transfer takes two. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		log_errno("cannot raise the limit of open files");
}

/*
 * How many objects to keep open: what connections and all else leave of the
 * descriptors that we may have.  There are seldom as many connections as there
 * may be: reckoned is less, and what is kept gives way (free_descriptors).
 */
static size_t
open_files(const struct settings *settings)
{
	const rlim_t needed = OTHER_DESCRIPTORS +
	    2 * (rlim_t)settings->http.connection_limit / 3;
	struct rlimit limit;

	if (settings->open_files > 0)
		return (size_t)settings->open_files;
	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    limit.rlim_cur <= needed)
		return 0;
	limit.rlim_cur -= needed;
	return limit.rlim_cur < OPEN_FILES_MAX ? (size_t)limit.rlim_cur :
	    OPEN_FILES_MAX;
}

static bool
free_descriptors(void *application)
{
	struct stored *stored = application;

	return media_cache_halve(stored->media) > 0;
}

static enum err
make_server(struct daemon *daemon)
{
	const struct http_listener operator = { .audience = HTTP_OPERATOR,
		.threads = OPERATOR_THREADS };
	struct http_server_options options = {
		.routes = stored_routes,
		.prefix_fields = stored_prefix_fields,
		.application = &daemon->stored,
		.check_target = stored_check_target,
		.authenticate = stored_authenticate,
		.free_descriptors = free_descriptors,
		.connection_memory_bytes = CONNECTION_MEMORY_BYTES,
	};

	return http_settings_server(&daemon->settings.http, &options,
	    HTTP_PUBLIC, operator, &daemon->stored.server);
}

static enum err
start_scrub(struct daemon *daemon)
{
	const struct scrub_options options = {
		.objects = daemon->stored.objects,
		.metrics = daemon->stored.metrics,
		.rate_bytes = (uint64_t)daemon->settings.scrub_rate_bytes,
		.interval_s = daemon->settings.scrub_interval_s,
	};

	return scrub_start(&options, &daemon->stored.scrub);
}

static enum err
open_root(struct daemon *daemon)
{
	struct stored *stored = &daemon->stored;
	const struct media_limits limits = {
		.files = open_files(&daemon->settings),
		.memory_bytes = (size_t)daemon->settings.reply_memory_bytes,
		.threads = http_settings_threads(&daemon->settings.http),
	};
	enum err e = objects_open(daemon->settings.object_root,
	    &stored->objects);

	if (e == ERR_OK)
		e = media_cache_new(stored->objects, &limits, &stored->media);
	if (e == ERR_OK) {
		objects_set_reserve(stored->objects,
		    (uint64_t)daemon->settings.free_space_reserve_bytes);
		e = pieces_new(stored->objects, PIECES_HELD_MAX,
		    &stored->pieces);
	}
	if (e == ERR_OK)
		e = housekeeping_start(stored->objects, stored->pieces,
		    daemon->settings.piece_lifetime_s, &daemon->housekeeping);
	if (e == ERR_OK)
		e = start_scrub(daemon);
	return e;
}

static enum err
start(struct daemon *daemon)
{
	const struct settings *settings = &daemon->settings;
	struct stored *stored = &daemon->stored;
	enum err e;

	stored->max_object_bytes = (uint64_t)settings->max_object_bytes;
	raise_descriptor_limit();
	process_block_signals();
	if ((e = metrics_new(&stored->metrics)) != ERR_OK ||
	    (e = transfers_new((unsigned)settings->grant_limit,
	    &stored->transfers)) != ERR_OK ||
	    (e = authority_new(settings, &stored->authority)) != ERR_OK ||
	    (e = open_root(daemon)) != ERR_OK ||
	    (e = worker_pool_new("worker", (unsigned)settings->workers,
	    QUEUE_MAX, &stored->workers)) != ERR_OK ||
	    (e = make_server(daemon)) != ERR_OK ||
	    (e = http_server_start(stored->server)) != ERR_OK)
		return e;
	authority_tell_keys(stored->authority, stored->metrics);
	log_info("serving listen=%s admin-listen=%s keys=%zu",
	    settings->http.listen.words[0],
	    settings->http.admin_listen.words[0],
	    authority_key_count(stored->authority));
	process_notify_ready();
	return ERR_OK;
}

/* Keys and origins; what cannot change while running waits for a restart. */
static void
reload(struct daemon *daemon)
{
	struct authority *authority = daemon->stored.authority;
	struct settings settings;
	enum err e;

	process_notify_reloading();
	http_server_reopen_log(daemon->stored.server);
	if (http_server_reload_tls(daemon->stored.server) != ERR_OK)
		log_error("the old certificate stays");
	e = settings_load(daemon->options.config_path, &settings);
	if (e == ERR_OK)
		e = authority_reload(authority, &settings);
	authority_tell_keys(authority, daemon->stored.metrics);
	if (e == ERR_OK)
		log_info("reloaded keys=%zu origins=%zu",
		    authority_key_count(authority),
		    settings.public_origins.count);
	else
		log_error("not reloaded, the old keys and origins stay: %s",
		    err_text(e));
	settings_clear(&settings);
	process_notify_ready();
}

/*
 * Unmake in the other order; any part may be missing.  The workers go on
 * while requests are waited for, since those wait for them, and are freed
 * behind the server, whose last act is to hand over cut uploads.
 */
static void
stop(struct daemon *daemon)
{
	struct stored *stored = &daemon->stored;

	process_notify_stopping();
	stored->is_stopping = true;
	if (stored->server != NULL) {
		http_server_quiesce(stored->server);
		if (!http_server_drain(stored->server,
		    daemon->settings.http.stop_timeout_s * 1000))
			log_warning("transfers were cut, stop-timeout is "
			    "over");
		http_server_free(stored->server);
	}
	worker_pool_free(stored->workers);
	scrub_stop(stored->scrub);
	housekeeping_stop(daemon->housekeeping);
	pieces_free(stored->pieces);
	media_cache_free(stored->media);
	objects_close(stored->objects);
	authority_free(stored->authority);
	transfers_free(stored->transfers);
	metrics_free(stored->metrics);
}

static void
serve(struct daemon *daemon)
{
	while (process_wait_signal() == PROCESS_RELOAD)
		reload(daemon);
	log_info("stopping");
}

/* -n and -T; the exit status. */
static int
check_only(struct daemon *daemon)
{
	struct authority *authority = NULL;

	if (daemon->options.print)
		return settings_print(stdout, &daemon->settings) == ERR_OK &&
		    fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	if (authority_new(&daemon->settings, &authority) != ERR_OK)
		return EXIT_FAILURE;
	authority_free(authority);
	return http_settings_check_files(&daemon->settings.http) == ERR_OK ?
	    EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char *argv[])
{
	struct daemon daemon = { 0 };
	const struct process_extra extras[] = {
		{ "scrub", "read every object now, by the daemon if it runs,\n"
		    "                         and say what is damaged",
		    &daemon.is_scrub, NULL },
		{ NULL, NULL, NULL, NULL },
	};
	int status = EXIT_FAILURE;

	daemon.options.extras = extras;
	process_parse_options(argc, argv, PROGRAM, DEFAULT_CONFIG,
	    &daemon.options);
	log_init(PROGRAM, daemon.options.log_format, daemon.options.log_level);
	if (settings_load(daemon.options.config_path, &daemon.settings) !=
	    ERR_OK)
		goto out;
	if (daemon.options.check_only || daemon.options.print) {
		status = check_only(&daemon);
		goto out;
	}
	if (daemon.is_scrub) {
		status = scrub_command(&daemon.settings);
		goto out;
	}
	if (start(&daemon) == ERR_OK) {
		serve(&daemon);
		status = EXIT_SUCCESS;
	}
	stop(&daemon);
out:
	settings_clear(&daemon.settings);
	return status;
}
