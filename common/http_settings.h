/* The settings that every daemon with an HTTP server has: in its table, in its
 * struct, and on their way to http_server_new().
 */
#ifndef COMMON_HTTP_SETTINGS_H
#define COMMON_HTTP_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/err.h"
#include "common/http_server.h"

struct http_settings {
	struct config_list listen;	/* for the public */
	struct config_list tls_listen;
	char *tls_certificate;		/* NULL: no TLS */
	char *tls_key;
	struct config_list admin_listen;
	struct config_list trusted_proxies;
	int64_t threads;		/* 0: one for each core */
	int64_t connection_limit;
	int64_t address_limit;		/* 0: any */
	int64_t send_rate_least;	/* bytes a second; 0: any */
	int64_t receive_rate_least;
	int64_t idle_timeout_s;
	int64_t header_timeout_s;
	int64_t stop_timeout_s;
	char *access_log;
	char *access_log_file;		/* NULL: to the log */
};

/*
 * Rows of a table of settings whose struct has a member http, a struct
 * http_settings, at offset base.  Where they listen by default and how many
 * connections they take is each program's own.
 */
#define HTTP_SETTINGS_FIELD(base, name) \
	((base) + offsetof(struct http_settings, name))
#define HTTP_SETTINGS_KEYS(base, public_address, admin_address, connections) \
	{ .name = "listen", .kind = CONFIG_LIST, \
	    .offset = HTTP_SETTINGS_FIELD(base, listen), \
	    .initial = (public_address), .least = 1, .most = 8, \
	    .words = CONFIG_LISTEN, \
	    .help = "Addresses for the public: HOST:PORT, [HOST]:PORT, " \
	    "unix:PATH or systemd:NAME." }, \
	{ .name = "tls-listen", .kind = CONFIG_LIST, \
	    .offset = HTTP_SETTINGS_FIELD(base, tls_listen), .initial = "", \
	    .most = 8, .words = CONFIG_LISTEN, \
	    .help = "Addresses for the public where TLS is spoken; takes " \
	    "tls-certificate and tls-key." }, \
	{ .name = "tls-certificate", .kind = CONFIG_PATH, \
	    .offset = HTTP_SETTINGS_FIELD(base, tls_certificate), \
	    .initial = "", \
	    .help = "PEM file: the certificate, and behind it those that " \
	    "signed it." }, \
	{ .name = "tls-key", .kind = CONFIG_PATH, \
	    .offset = HTTP_SETTINGS_FIELD(base, tls_key), .initial = "", \
	    .help = "PEM file of its private key, which others cannot " \
	    "read." }, \
	{ .name = "admin-listen", .kind = CONFIG_LIST, \
	    .offset = HTTP_SETTINGS_FIELD(base, admin_listen), \
	    .initial = (admin_address), .least = 1, .most = 8, \
	    .words = CONFIG_LISTEN, \
	    .help = "Addresses for the operator, with /readyz and /metrics; " \
	    "not for the public." }, \
	{ .name = "trusted-proxies", .kind = CONFIG_LIST, \
	    .offset = HTTP_SETTINGS_FIELD(base, trusted_proxies), \
	    .initial = "", .most = 32, .words = CONFIG_NETWORK, \
	    .help = "Addresses, networks (10.0.0.0/8) or unix, whose " \
	    "X-Forwarded-For is believed." }, \
	{ .name = "threads", .kind = CONFIG_NUMBER, \
	    .offset = HTTP_SETTINGS_FIELD(base, threads), .initial = "0", \
	    .most = 256, \
	    .help = "Event threads of each kind of listener; 0: one for " \
	    "each core." }, \
	{ .name = "connection-limit", .kind = CONFIG_NUMBER, \
	    .offset = HTTP_SETTINGS_FIELD(base, connection_limit), \
	    .initial = (connections), .least = 1, .most = 1000000, \
	    .help = "Public connections above which requests are answered " \
	    "with 503." }, \
	{ .name = "address-limit", .kind = CONFIG_NUMBER, \
	    .offset = HTTP_SETTINGS_FIELD(base, address_limit), \
	    .initial = "256", .most = 1000000, \
	    .help = "Connections from one address (of IPv6, one /64) above " \
	    "which requests are answered with 503; 0 is any number." }, \
	{ .name = "least-send-rate", .kind = CONFIG_SIZE, \
	    .offset = HTTP_SETTINGS_FIELD(base, send_rate_least), \
	    .initial = "1KiB", .most = INT64_C(1) << 40, \
	    .help = "Clients that take fewer bytes a second over an " \
	    "idle-timeout are cut; 0 is any rate." }, \
	{ .name = "least-receive-rate", .kind = CONFIG_SIZE, \
	    .offset = HTTP_SETTINGS_FIELD(base, receive_rate_least), \
	    .initial = "1KiB", .most = INT64_C(1) << 40, \
	    .help = "The same for clients that send a body." }, \
	{ .name = "idle-timeout", .kind = CONFIG_SECONDS, \
	    .offset = HTTP_SETTINGS_FIELD(base, idle_timeout_s), \
	    .initial = "60s", .least = 1, .most = 86400, \
	    .help = "A connection without a byte in either direction for so " \
	    "long is closed." }, \
	{ .name = "header-timeout", .kind = CONFIG_SECONDS, \
	    .offset = HTTP_SETTINGS_FIELD(base, header_timeout_s), \
	    .initial = "10s", .least = 1, .most = 3600, \
	    .help = "From the first byte of a request to the end of its " \
	    "header fields." }, \
	{ .name = "stop-timeout", .kind = CONFIG_SECONDS, \
	    .offset = HTTP_SETTINGS_FIELD(base, stop_timeout_s), \
	    .initial = "30s", .most = 86400, \
	    .help = "How long requests under way may go on after SIGTERM." }, \
	{ .name = "access-log", .kind = CONFIG_TEXT, \
	    .offset = HTTP_SETTINGS_FIELD(base, access_log), \
	    .initial = "off", \
	    .help = "off, full, or a number N: one request in N." }, \
	{ .name = "access-log-file", .kind = CONFIG_PATH, \
	    .offset = HTTP_SETTINGS_FIELD(base, access_log_file), \
	    .initial = "", \
	    .help = "The file of the access log; without one it goes to the " \
	    "log." }

/*
 * What the table cannot say: the value of access-log; and whether certificate
 * and key are there.  Faults are logged; ERR_CONFIG, or that of the files.
 */
enum err http_settings_check(const char *path,
    const struct http_settings *settings);
enum err http_settings_check_files(const struct http_settings *settings);

/* How many event threads: as set, or one for each core. */
unsigned http_settings_threads(const struct http_settings *settings);

/*
 * Make the server.  Of options all that settings say is filled in, the
 * listeners too: the public ones have public_audience, and admin-listen is
 * like admin.  Errors of http_server_new().
 */
enum err http_settings_server(const struct http_settings *settings,
    struct http_server_options *options, unsigned public_audience,
    struct http_listener admin, struct http_server **out);

#endif
