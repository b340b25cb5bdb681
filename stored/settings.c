/* The table of settings. */
#include "stored/settings.h"

#include <stddef.h>
#include <string.h>

#include "common/token.h"

#define FIELD(name) offsetof(struct settings, name)

static const struct config_key keys[] = {
	{ .name = "listen", .kind = CONFIG_LIST, .offset = FIELD(listen),
	    .initial = "127.0.0.1:8081", .least = 1, .most = 8,
	    .words = CONFIG_LISTEN,
	    .help = "Addresses for the public: HOST:PORT, [HOST]:PORT, "
	    "unix:PATH or systemd:NAME." },
	{ .name = "tls-listen", .kind = CONFIG_LIST,
	    .offset = FIELD(tls_listen), .initial = "", .most = 8,
	    .words = CONFIG_LISTEN,
	    .help = "Addresses for the public where TLS is spoken; takes "
	    "tls-certificate and tls-key." },
	{ .name = "tls-certificate", .kind = CONFIG_PATH,
	    .offset = FIELD(tls_certificate), .initial = "",
	    .help = "PEM file: the certificate, and behind it those that "
	    "signed it." },
	{ .name = "tls-key", .kind = CONFIG_PATH, .offset = FIELD(tls_key),
	    .initial = "",
	    .help = "PEM file of its private key, which others cannot "
	    "read." },
	{ .name = "admin-listen", .kind = CONFIG_LIST,
	    .offset = FIELD(admin_listen), .initial = "127.0.0.1:8091",
	    .least = 1, .most = 8, .words = CONFIG_LISTEN,
	    .help = "Addresses for /metrics, /readyz and /scrub, not for the "
	    "public." },
	{ .name = "trusted-proxies", .kind = CONFIG_LIST,
	    .offset = FIELD(trusted_proxies), .initial = "", .most = 32,
	    .words = CONFIG_NETWORK,
	    .help = "Addresses, networks (10.0.0.0/8) or unix, whose "
	    "X-Forwarded-For is believed." },
	{ .name = "public-origin", .kind = CONFIG_LIST,
	    .offset = FIELD(public_origins), .words = CONFIG_ORIGIN,
	    .least = 1, .most = TOKEN_ORIGINS_MAX,
	    .help = "Origins under which buyers reach this service, as in the "
	    "URLs that were signed; 1 to 4." },
	{ .name = "object-root", .kind = CONFIG_PATH,
	    .offset = FIELD(object_root),
	    .help = "Folder that holds the sealed files." },
	{ .name = "signing-keys", .kind = CONFIG_PATH,
	    .offset = FIELD(signing_keys),
	    .help = "File of lines: commerce-id key-id hex-key." },
	{ .name = "threads", .kind = CONFIG_NUMBER, .offset = FIELD(threads),
	    .initial = "0", .least = 0, .most = 256,
	    .help = "Event threads of the public listener; 0 is one for each "
	    "core." },
	{ .name = "workers", .kind = CONFIG_NUMBER, .offset = FIELD(workers),
	    .initial = "4", .least = 1, .most = 64,
	    .help = "Threads that wait for the disk: fsync, rename, remove, "
	    "list." },
	{ .name = "connection-limit", .kind = CONFIG_NUMBER,
	    .offset = FIELD(connection_limit), .initial = "4096",
	    .least = 1, .most = 1000000,
	    .help = "Public connections above which requests are answered "
	    "with 503." },
	{ .name = "open-files", .kind = CONFIG_NUMBER,
	    .offset = FIELD(open_files), .initial = "0", .least = 0,
	    .most = 1000000,
	    .help = "Objects kept open for the next request; 0 is as many as "
	    "the limit of descriptors allows." },
	{ .name = "reply-memory", .kind = CONFIG_SIZE,
	    .offset = FIELD(reply_memory_bytes), .initial = "32MiB",
	    .least = 0, .most = INT64_C(1) << 40,
	    .help = "Memory for answers kept ready: objects up to 16 KiB, "
	    "and the fields of larger ones." },
	{ .name = "address-limit", .kind = CONFIG_NUMBER,
	    .offset = FIELD(address_limit), .initial = "256",
	    .least = 0, .most = 1000000,
	    .help = "Connections from one address (of IPv6, one /64) above "
	    "which requests are answered with 503; 0 is any number." },
	{ .name = "grant-limit", .kind = CONFIG_NUMBER,
	    .offset = FIELD(grant_limit), .initial = "16",
	    .least = 0, .most = 1000000,
	    .help = "Downloads at once for each grant; more are answered with "
	    "503; 0 is any number." },
	{ .name = "least-send-rate", .kind = CONFIG_SIZE,
	    .offset = FIELD(send_rate_least), .initial = "1KiB",
	    .least = 0, .most = INT64_C(1) << 40,
	    .help = "Clients that take fewer bytes a second over an "
	    "idle-timeout are cut; 0 is any rate." },
	{ .name = "least-receive-rate", .kind = CONFIG_SIZE,
	    .offset = FIELD(receive_rate_least), .initial = "1KiB",
	    .least = 0, .most = INT64_C(1) << 40,
	    .help = "The same for clients that send a body." },
	{ .name = "idle-timeout", .kind = CONFIG_SECONDS,
	    .offset = FIELD(idle_timeout_s), .initial = "60s",
	    .least = 1, .most = 86400,
	    .help = "A connection without a byte for so long is closed." },
	{ .name = "header-timeout", .kind = CONFIG_SECONDS,
	    .offset = FIELD(header_timeout_s), .initial = "10s",
	    .least = 1, .most = 3600,
	    .help = "Time for the header of a request to arrive." },
	{ .name = "stop-timeout", .kind = CONFIG_SECONDS,
	    .offset = FIELD(stop_timeout_s), .initial = "30s",
	    .least = 1, .most = 86400,
	    .help = "Transfers get so long to end when the daemon stops." },
	{ .name = "max-object-size", .kind = CONFIG_SIZE,
	    .offset = FIELD(max_object_bytes), .initial = "64GiB",
	    .least = 1, .most = INT64_C(1) << 50,
	    .help = "Larger uploads are refused." },
	{ .name = "piece-lifetime", .kind = CONFIG_SECONDS,
	    .offset = FIELD(piece_lifetime_s), .initial = "24h",
	    .least = 1, .most = INT64_C(366) * 86400,
	    .help = "Pieces of an upload that is not continued for so long "
	    "are removed." },
	{ .name = "free-space-reserve", .kind = CONFIG_SIZE,
	    .offset = FIELD(free_space_reserve_bytes), .initial = "256MiB",
	    .least = 0, .most = INT64_C(1) << 50,
	    .help = "Uploads that would leave less free space than this are "
	    "refused; 0 is none." },
	{ .name = "scrub-rate", .kind = CONFIG_SIZE,
	    .offset = FIELD(scrub_rate_bytes), .initial = "16MiB",
	    .least = 0, .most = INT64_C(1) << 40,
	    .help = "Scrubbing reads at most so much in a second; 0 is no "
	    "bound." },
	{ .name = "scrub-interval", .kind = CONFIG_SECONDS,
	    .offset = FIELD(scrub_interval_s), .initial = "7d",
	    .least = 0, .most = INT64_C(366) * 86400,
	    .help = "A round of scrubbing begins so long after the one before "
	    "began; 0 is only when asked for." },
	{ .name = "access-log", .kind = CONFIG_TEXT,
	    .offset = FIELD(access_log), .initial = "off",
	    .help = "off, full, or N for one request in N." },
	{ .name = "access-log-file", .kind = CONFIG_PATH,
	    .offset = FIELD(access_log_file), .initial = "",
	    .help = "File for the access log; without it, the log." },
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

enum err
settings_load(const char *path, struct settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	return config_load(path, keys, KEY_COUNT, settings);
}

void
settings_clear(struct settings *settings)
{
	config_clear(keys, KEY_COUNT, settings);
}

enum err
settings_print(FILE *out, const struct settings *settings)
{
	return config_print(out, keys, KEY_COUNT, settings);
}
