/* From the settings that daemons share to their HTTP server. */
#include "common/http_settings.h"

#include <string.h>
#include <unistd.h>

#include "common/log.h"

#define LISTENERS_MAX 24	/* three lists of at most eight */

static bool
access_log_is_valid(const char *text)
{
	if (strcmp(text, "off") == 0 || strcmp(text, "full") == 0)
		return true;
	return text[0] >= '1' && text[0] <= '9' && strlen(text) <= 9 &&
	    strspn(text, "0123456789") == strlen(text);
}

enum err
http_settings_check(const char *path, const struct http_settings *settings)
{
	if (access_log_is_valid(settings->access_log))
		return ERR_OK;
	log_error("%s: access-log: write off, full, or a number", path);
	return ERR_CONFIG;
}

enum err
http_settings_check_files(const struct http_settings *settings)
{
	if (settings->tls_listen.count == 0)
		return ERR_OK;
	return http_tls_check(settings->tls_certificate, settings->tls_key);
}

unsigned
http_settings_threads(const struct http_settings *settings)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (settings->threads > 0)
		return (unsigned)settings->threads;
	return cores > 0 ? (unsigned)cores : 1;
}

static void
fill(struct http_server_options *options,
    const struct http_settings *settings)
{
	options->connection_max = (unsigned)settings->connection_limit;
	options->connections_per_address = (unsigned)settings->address_limit;
	options->trusted_proxies =
	    (const char *const *)settings->trusted_proxies.words;
	options->trusted_proxy_count = settings->trusted_proxies.count;
	options->tls_certificate = settings->tls_certificate;
	options->tls_key = settings->tls_key;
	options->idle_timeout_s = (unsigned)settings->idle_timeout_s;
	options->send_rate_least = (uint64_t)settings->send_rate_least;
	options->receive_rate_least = (uint64_t)settings->receive_rate_least;
	options->header_timeout_s = (unsigned)settings->header_timeout_s;
	options->access_log = settings->access_log;
	options->access_log_path = settings->access_log_file;
}

enum err
http_settings_server(const struct http_settings *settings,
    struct http_server_options *options, unsigned public_audience,
    struct http_listener admin, struct http_server **out)
{
	struct http_listener listeners[LISTENERS_MAX];
	struct http_listener public = {
		.audience = public_audience,
		.threads = http_settings_threads(settings),
	};
	size_t count;

	fill(options, settings);
	count = http_listeners_add(listeners, 0, LISTENERS_MAX,
	    settings->listen.words, public);
	public.is_tls = true;
	count = http_listeners_add(listeners, count, LISTENERS_MAX,
	    settings->tls_listen.words, public);
	count = http_listeners_add(listeners, count, LISTENERS_MAX,
	    settings->admin_listen.words, admin);
	options->listeners = listeners;
	options->listener_count = count;
	return http_server_new(options, out);
}
