/* commerced: the commerce daemon.  Knows customers, prices and keys, seals
 * what is published, and hands out media access information (commerced(8)).
 */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commerced/audit.h"
#include "commerced/http/picture_file.h"
#include "commerced/http/service.h"
#include "commerced/keys.h"
#include "commerced/storage_client.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/process.h"

#define PROGRAM "commerced"
#define DEFAULT_CONFIG "/etc/counterfoil/commerced.conf"

#define DISK_QUEUE_MAX 1024
#define LOOKUP_THREADS 1		/* a core is left for buyers */
#define LOOKUP_QUEUE_MAX 64
/* For one request; where files are uploaded, their pieces are as large. */
#define CONNECTION_MEMORY_BYTES (16 * 1024)
#define PEOPLE_MEMORY_BYTES (128 * 1024)
#define ATTEMPT_SLOTS 65536
#define SIGN_IN_PERIOD_MS INT64_C(600000)
#define WRONG_CODES_MAX 10
#define WRONG_CODES_PERIOD_MS INT64_C(3600000)
/* Memory is given back late, since it is wanted again at once. */
#define MALLOC_TRIM_BYTES (64 * 1024 * 1024)
#define MALLOC_PAD_BYTES (1024 * 1024)
#define MALLOC_MMAP_BYTES (1024 * 1024)

/* Everything that main() makes, in order; unmade in the other. */
struct daemon {
	struct process_options options;
	struct settings settings;
	int state;			/* the locked folder */
	int64_t started_s;
	bool has_client;		/* libcurl is set up */
	struct master_keys *master_keys;
	struct service service;
	atomic_bool is_fatal;		/* end with status 1 */
};

/*
 * On the writer thread, after a commit whose outcome nobody knows: end like
 * on SIGTERM, so that those who wait get their answers, and let the next
 * start's recovery decide.
 */
static void
fatal(void *context)
{
	struct daemon *daemon = context;

	log_error("the outcome of a commit is unknown: ending, to be started "
	    "again");
	atomic_store(&daemon->is_fatal, true);
	(void)kill(getpid(), SIGTERM);
}

/* On the writer thread: a group wakes the event threads once. */
static void
telling(void *context, bool begins)
{
	(void)context;
	if (begins)
		http_wakes_hold();
	else
		http_wakes_release();
}

static enum err
open_state(struct daemon *daemon)
{
	const char *path = daemon->settings.state;

	daemon->state = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (daemon->state < 0) {
		log_errno("%s: cannot open the state folder; make it, owned "
		    "by the user of %s", path, PROGRAM);
		return ERR_IO;
	}
	return process_lock_folder(daemon->state, path);
}

/* A text that may be left out of the configuration. */
static bool
is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static enum err
open_shop(struct daemon *daemon)
{
	const struct settings *settings = &daemon->settings;
	struct shop_options options = {
		.state_path = settings->state,
		.commerce_id = settings->commerce_id,
		.currency = settings->currency,
		.storage_origin = settings->storage_origin,
		.access_base_s = settings->token_lifetime_s,
		.access_rate_bytes_s = settings->token_rate_bytes,
		.access_max_s = settings->token_lifetime_most_s,
		.session_lifetime_s = settings->session_lifetime_s,
		.search_reorder_s = settings->search_reorder_s,
		.seller_name = is_given(settings->shop_legal_name) ?
		    settings->shop_legal_name : settings->shop_name,
		.seller_tax_id = is_given(settings->shop_tax_id) ?
		    settings->shop_tax_id : NULL,
		.tax_rate = settings_tax_rate(settings),
		.queue_max = (size_t)settings->write_queue,
		.group_max = (size_t)settings->commit_group,
		.fatal = fatal,
		.telling = telling,
		.context = daemon,
	};
	enum err e;

	e = keys_load(settings->master_keys, &daemon->master_keys);
	if (e == ERR_OK)
		e = signing_keys_load(settings->signing_keys,
		    &options.signing_keys);
	options.master_keys = daemon->master_keys;
	if (e == ERR_OK)
		e = shop_open(&options, &daemon->service.shop);
	return e;
}

static enum err
make_attempts(struct daemon *daemon)
{
	const struct settings *settings = &daemon->settings;
	struct service *service = &daemon->service;
	enum err e;

	e = attempts_new((unsigned)settings->attempts_by_account,
	    SIGN_IN_PERIOD_MS, ATTEMPT_SLOTS, &service->by_account);
	if (e == ERR_OK)
		e = attempts_new((unsigned)settings->attempts_by_address,
		    SIGN_IN_PERIOD_MS, ATTEMPT_SLOTS, &service->by_address);
	if (e == ERR_OK)
		e = attempts_new(WRONG_CODES_MAX, WRONG_CODES_PERIOD_MS,
		    ATTEMPT_SLOTS, &service->wrong_codes);
	if (e == ERR_OK)
		e = answers_new(&service->answers);
	return e;
}

/* A core is left for those who have signed in. */
static unsigned
password_threads(const struct settings *settings)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (settings->password_threads > 0)
		return (unsigned)settings->password_threads;
	return cores > 1 ? (unsigned)cores - 1 : 1;
}

static enum err
make_workers(struct daemon *daemon)
{
	const struct settings *settings = &daemon->settings;
	struct service *service = &daemon->service;
	const struct push_options options = {
		.shop = service->shop,
		.spool = service->spool,
		.connect_to = settings->storage_connect_to,
		.keep_sealed = settings->keep_sealed,
		.transfers = settings->push_transfers,
		.piece_bytes = (uint64_t)settings->push_piece_bytes,
		.started_s = daemon->started_s,
	};
	enum err e;

	e = worker_pool_new("disk", (unsigned)settings->workers,
	    DISK_QUEUE_MAX, &service->disk);
	if (e == ERR_OK)
		e = worker_pool_new_low("password",
		    password_threads(settings),
		    (size_t)settings->password_queue, &service->passwords);
	if (e == ERR_OK)
		e = worker_pool_new("lookup", LOOKUP_THREADS,
		    LOOKUP_QUEUE_MAX, &service->lookups);
	if (e == ERR_OK)
		e = storage_client_global_init();
	if (e == ERR_OK) {
		daemon->has_client = true;
		e = push_start(&options, &service->push);
	}
	return e;
}

static enum err
make_server(struct daemon *daemon)
{
	const struct settings *settings = &daemon->settings;
	const struct http_listener people = {
		.audience = HTTP_PEOPLE | HTTP_OPERATOR,
		.threads = http_settings_threads(&settings->http),
	};
	struct http_server_options options = {
		.routes = service_routes(),
		.application = &daemon->service,
		.authenticate = service_authenticate,
		.ended = metrics_request_ended,
		.request_ids = true,
		.connection_memory_bytes = CONNECTION_MEMORY_BYTES,
		.people_memory_bytes = PEOPLE_MEMORY_BYTES,
	};

	return http_settings_server(&settings->http, &options, HTTP_PUBLIC |
	    (settings->admin_on_public ? HTTP_PEOPLE : 0), people,
	    &daemon->service.server);
}

static enum err
start(struct daemon *daemon)
{
	const struct settings *settings = &daemon->settings;
	struct service *service = &daemon->service;
	enum err e;

	service->settings = settings;
	daemon->started_s = clock_unix_s();
	process_block_signals();
	if ((e = open_state(daemon)) != ERR_OK ||
	    (e = admin_token_load(settings->admin_token_file,
	    &service->admin_token)) != ERR_OK ||
	    (e = open_shop(daemon)) != ERR_OK ||
	    (e = spool_open(settings->state, &service->spool)) != ERR_OK ||
	    (e = pictures_open(settings->state, &service->pictures)) !=
	    ERR_OK ||
	    (e = make_attempts(daemon)) != ERR_OK ||
	    (e = make_workers(daemon)) != ERR_OK ||
	    (e = metrics_new(service_routes(), &service->metrics)) !=
	    ERR_OK ||
	    (e = make_server(daemon)) != ERR_OK ||
	    (e = http_server_start(service->server)) != ERR_OK) {
		log_error("not started: %s", err_text(e));
		return e;
	}
	picture_file_sweep(service, daemon->started_s);
	log_info("serving commerce-id=%s currency=%s listen=%s "
	    "admin-listen=%s storage=%s", settings->commerce_id,
	    settings->currency, settings->http.listen.words[0],
	    settings->http.admin_listen.words[0], settings->storage_origin);
	process_notify_ready();
	return ERR_OK;
}

/* Of the configuration, what may change while running: no more than this. */
static void
reload_origin(struct daemon *daemon)
{
	struct settings fresh = { 0 };
	enum err e = settings_load(daemon->options.config_path, &fresh);

	if (e == ERR_OK)
		e = shop_replace_storage_origin(daemon->service.shop,
		    fresh.storage_origin);
	if (e == ERR_OK)
		log_info("reloaded storage-origin=%s", fresh.storage_origin);
	else
		log_error("the old storage-origin stays: %s", err_text(e));
	settings_clear(&fresh);
}

/* Lines may be added and moved; none may go while anything is under way. */
static void
reload_master_keys(struct daemon *daemon)
{
	const char *path = daemon->settings.master_keys;
	struct master_keys *keys = NULL;
	enum err e = keys_load(path, &keys);

	if (e == ERR_OK && !keys_contain(keys, daemon->master_keys)) {
		log_error("%s: a line that was there is missing, or has "
		    "another key: put it back, or restart", path);
		e = ERR_KEY_FILE;
	}
	if (e != ERR_OK) {
		log_error("the old master keys stay: %s", err_text(e));
		keys_free(keys);
	} else if (keys_equal(keys, daemon->master_keys)) {
		keys_free(keys);
	} else {
		shop_replace_master_keys(daemon->service.shop, keys);
		keys_keep(keys, daemon->master_keys);
		daemon->master_keys = keys;
		log_info("reloaded the master keys first=%s",
		    keys_first_id(keys));
	}
}

/* All keys may change while running. */
static void
reload(struct daemon *daemon)
{
	struct signing_keys *keys = NULL;
	enum err e;

	process_notify_reloading();
	http_server_reopen_log(daemon->service.server);
	if (http_server_reload_tls(daemon->service.server) != ERR_OK)
		log_error("the old certificate stays");
	e = signing_keys_load(daemon->settings.signing_keys, &keys);
	if (e == ERR_OK) {
		e = shop_replace_signing_keys(daemon->service.shop, keys);
		if (e != ERR_OK)
			signing_keys_free(keys);
	}
	if (e == ERR_OK)
		log_info("reloaded the signing keys");
	else
		log_error("the old signing keys stay: %s", err_text(e));
	e = admin_token_reload(daemon->service.admin_token);
	if (e == ERR_OK)
		log_info("reloaded the admin token");
	else
		log_error("the old admin token stays: %s", err_text(e));
	reload_master_keys(daemon);
	reload_origin(daemon);
	push_retry(daemon->service.push);
	process_notify_ready();
}

/*
 * Unmake in the other order; any part may be missing.  Whoever waits for the
 * storage service is woken first; the workers and the writer go on while
 * requests are waited for, since those wait for them.  The server's last act
 * is to hand cut uploads to the disk threads.
 */
static void
stop(struct daemon *daemon)
{
	struct service *service = &daemon->service;

	process_notify_stopping();
	if (service->server != NULL)
		http_server_quiesce(service->server);
	if (service->push != NULL)
		push_stop(service->push);
	if (service->server != NULL)
		(void)http_server_drain(service->server,
		    daemon->settings.http.stop_timeout_s * 1000);
	http_server_free(service->server);
	worker_pool_free(service->lookups);
	worker_pool_free(service->passwords);
	worker_pool_free(service->disk);
	push_free(service->push);
	shop_close(service->shop);
	if (daemon->has_client)
		storage_client_global_cleanup();
	answers_free(service->answers);
	attempts_free(service->wrong_codes);
	attempts_free(service->by_address);
	attempts_free(service->by_account);
	metrics_free(service->metrics);
	pictures_close(service->pictures);
	spool_close(service->spool);
	admin_token_free(service->admin_token);
	keys_free(daemon->master_keys);
	if (daemon->state >= 0)
		(void)close(daemon->state);
}

static int
serve(struct daemon *daemon)
{
	while (process_wait_signal() == PROCESS_RELOAD)
		reload(daemon);
	log_info("stopping");
	return atomic_load(&daemon->is_fatal) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* -n and -T; the exit status. */
static int
check_only(const struct daemon *daemon)
{
	const struct settings *settings = &daemon->settings;
	struct master_keys *master_keys = NULL;
	struct signing_keys *signing_keys = NULL;
	struct admin_token *token = NULL;
	int status = EXIT_FAILURE;

	if (daemon->options.print)
		return settings_print(stdout, settings) == ERR_OK &&
		    fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	if (keys_load(settings->master_keys, &master_keys) == ERR_OK &&
	    signing_keys_load(settings->signing_keys, &signing_keys) ==
	    ERR_OK &&
	    admin_token_load(settings->admin_token_file, &token) == ERR_OK)
		status = EXIT_SUCCESS;
	if (signing_keys != NULL && signing_keys_first(signing_keys,
	    settings->commerce_id) == NULL) {
		log_error("%s: no line for %s", settings->signing_keys,
		    settings->commerce_id);
		status = EXIT_FAILURE;
	}
	if (http_settings_check_files(&settings->http) != ERR_OK)
		status = EXIT_FAILURE;
	admin_token_free(token);
	signing_keys_free(signing_keys);
	keys_free(master_keys);
	return status;
}

int
main(int argc, char *argv[])
{
	struct daemon daemon = { .state = -1 };
	bool is_audit = false, is_sampled = false;
	int64_t sample = 0;
	const struct process_extra extras[] = {
		{ "audit", "compare the storage service with the books, and"
		    " send\n                         again what it lost",
		    &is_audit, NULL },
		{ "sample", "with --audit: open a random chunk of so many"
		    " objects", &is_sampled, &sample },
		{ NULL, NULL, NULL, NULL },
	};
	int status = EXIT_FAILURE;

	daemon.options.extras = extras;
	(void)mallopt(M_TRIM_THRESHOLD, MALLOC_TRIM_BYTES);
	(void)mallopt(M_TOP_PAD, MALLOC_PAD_BYTES);
	(void)mallopt(M_MMAP_THRESHOLD, MALLOC_MMAP_BYTES);
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
	if (is_audit || is_sampled) {
		status = audit_command(&daemon.settings, sample);
		goto out;
	}
	if (start(&daemon) == ERR_OK)
		status = serve(&daemon);
	stop(&daemon);
out:
	settings_clear(&daemon.settings);
	return status;
}
