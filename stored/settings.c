/* The table of settings. */
#include "stored/settings.h"

#include <stddef.h>
#include <string.h>

#include "common/token.h"

#define FIELD(name) offsetof(struct settings, name)

static const struct config_key keys[] = {
	HTTP_SETTINGS_KEYS(FIELD(http), "127.0.0.1:8081", "127.0.0.1:8091",
	    "12288"),
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
	{ .name = "workers", .kind = CONFIG_NUMBER, .offset = FIELD(workers),
	    .initial = "4", .least = 1, .most = 64,
	    .help = "Threads that wait for the disk: fsync, rename, remove, "
	    "list." },
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
	{ .name = "grant-limit", .kind = CONFIG_NUMBER,
	    .offset = FIELD(grant_limit), .initial = "16",
	    .least = 0, .most = 1000000,
	    .help = "Downloads at once for each grant; more are answered with "
	    "503; 0 is any number." },
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
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

enum err
settings_load(const char *path, struct settings *settings)
{
	enum err e;

	memset(settings, 0, sizeof(*settings));
	e = config_load(path, keys, KEY_COUNT, settings);
	if (e == ERR_OK)
		e = http_settings_check(path, &settings->http);
	return e;
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
