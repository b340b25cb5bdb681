/* The table of commerced.conf, and what must hold between its values. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/settings.h"
#include "common/log.h"
#include "common/token.h"

#define KIB(n) (INT64_C(1024) * (n))
#define HOUR_S INT64_C(3600)
#define DAY_S (24 * HOUR_S)
#define FIELD(f) offsetof(struct settings, f)

static const struct config_key settings_keys[] = {
	{ .name = "commerce-id", .kind = CONFIG_TEXT,
	    .offset = FIELD(commerce_id),
	    .help = "The identifier of this commerce server in every URL: "
	    "letters, digits, '.', '_' and '-', at most 64." },
	{ .name = "shop-name", .kind = CONFIG_TEXT,
	    .offset = FIELD(shop_name), .initial = "Counterfoil",
	    .help = "The name of the shop, as buyers see it." },
	{ .name = "shop-legal-name", .kind = CONFIG_TEXT,
	    .offset = FIELD(shop_legal_name), .initial = "",
	    .help = "Who sells, as receipts tell it; without one it is "
	    "shop-name." },
	{ .name = "shop-tax-id", .kind = CONFIG_TEXT,
	    .offset = FIELD(shop_tax_id), .initial = "",
	    .help = "The seller's tax number, as receipts tell it." },
	{ .name = "tax-rate", .kind = CONFIG_TEXT,
	    .offset = FIELD(tax_rate), .initial = "0",
	    .help = "The tax that prices contain, in percent with at most two "
	    "decimals; 19 makes 0.19 of 1.19 a tax." },
	{ .name = "shop-url", .kind = CONFIG_ORIGIN,
	    .offset = FIELD(shop_url),
	    .help = "The origin under which browsers reach the shop; cookies "
	    "are for it alone." },
	{ .name = "currency", .kind = CONFIG_TEXT,
	    .offset = FIELD(currency),
	    .help = "The shop's one currency, three capitals (ISO 4217); "
	    "fixed once the database is made." },

	HTTP_SETTINGS_KEYS(FIELD(http), "127.0.0.1:8080", "127.0.0.1:8090",
	    "1024"),
	{ .name = "admin-on-public", .kind = CONFIG_BOOLEAN,
	    .offset = FIELD(admin_on_public), .initial = "no",
	    .help = "Whether /admin/v1 is served on listen too." },

	{ .name = "state", .kind = CONFIG_PATH, .offset = FIELD(state),
	    .help = "The folder of the database and the sealed files; one "
	    "process for each." },
	{ .name = "master-keys", .kind = CONFIG_PATH,
	    .offset = FIELD(master_keys),
	    .help = "Lines 'id hex': the first seals new versions, the others "
	    "open what was sold before." },
	{ .name = "signing-keys", .kind = CONFIG_PATH,
	    .offset = FIELD(signing_keys),
	    .help = "Lines 'commerce-id key-id hex', shared with the storage "
	    "service; the first one of commerce-id signs." },
	{ .name = "admin-token-file", .kind = CONFIG_PATH,
	    .offset = FIELD(admin_token_file),
	    .help = "One line: the token of the shop's own people." },

	{ .name = "storage-origin", .kind = CONFIG_ORIGIN,
	    .offset = FIELD(storage_origin),
	    .help = "The public origin of the storage service, which is "
	    "signed and given to buyers." },
	{ .name = "storage-connect-to", .kind = CONFIG_ADDRESS,
	    .offset = FIELD(storage_connect_to), .initial = "",
	    .help = "Connect there instead of to what storage-origin names: "
	    "HOST:PORT or unix:PATH." },
	{ .name = "keep-sealed", .kind = CONFIG_BOOLEAN,
	    .offset = FIELD(keep_sealed), .initial = "yes",
	    .help = "Whether sealed files stay here once they are stored, so "
	    "that a lost storage host can be filled again." },
	{ .name = "push-transfers", .kind = CONFIG_NUMBER,
	    .offset = FIELD(push_transfers), .initial = "4",
	    .least = 1, .most = 64,
	    .help = "How many sealed files go to the storage service at "
	    "once." },
	{ .name = "push-piece", .kind = CONFIG_SIZE,
	    .offset = FIELD(push_piece_bytes), .initial = "64MiB",
	    .least = KIB(64), .most = INT64_C(1) << 40,
	    .help = "Sealed files larger than this go to the storage service "
	    "in pieces of this size, so that what is cut goes on." },
	{ .name = "publish-wait", .kind = CONFIG_SECONDS,
	    .offset = FIELD(publish_wait_s), .initial = "5s",
	    .most = 300,
	    .help = "How long an upload waits to be stored before it is "
	    "answered with 202." },

	{ .name = "token-lifetime", .kind = CONFIG_SECONDS,
	    .offset = FIELD(token_lifetime_s), .initial = "1h",
	    .least = 1, .most = 7 * DAY_S,
	    .help = "The least lifetime of a security token for buyers." },
	{ .name = "token-rate", .kind = CONFIG_SIZE,
	    .offset = FIELD(token_rate_bytes), .initial = "100KiB",
	    .least = 1, .most = INT64_C(1) << 40,
	    .help = "One second is added to the lifetime for so many bytes of "
	    "the file." },
	{ .name = "token-lifetime-most", .kind = CONFIG_SECONDS,
	    .offset = FIELD(token_lifetime_most_s), .initial = "24h",
	    .least = 1, .most = 7 * DAY_S,
	    .help = "The longest lifetime of a security token; the storage "
	    "service refuses more than 8 days." },
	{ .name = "session-lifetime", .kind = CONFIG_SECONDS,
	    .offset = FIELD(session_lifetime_s), .initial = "30d",
	    .least = 1, .most = 365 * DAY_S,
	    .help = "How long a session lasts after its last use." },
	{ .name = "search-reorder", .kind = CONFIG_SECONDS,
	    .offset = FIELD(search_reorder_s), .initial = "10m",
	    .least = 1, .most = 30 * DAY_S,
	    .help = "How often at most the search index is put in order by "
	    "popularity, which means to make it anew." },

	{ .name = "upload-max", .kind = CONFIG_SIZE,
	    .offset = FIELD(upload_max_bytes), .initial = "1TiB",
	    .least = 1, .most = INT64_C(1) << 50,
	    .help = "The largest file that may be uploaded." },
	{ .name = "workers", .kind = CONFIG_NUMBER,
	    .offset = FIELD(workers), .initial = "4", .least = 1, .most = 64,
	    .help = "Threads that wait for the disk." },
	{ .name = "write-queue", .kind = CONFIG_NUMBER,
	    .offset = FIELD(write_queue), .initial = "4096",
	    .least = 1, .most = 100000,
	    .help = "Writes, such as purchases, that may wait for those before "
	    "them; more are answered with 503." },
	{ .name = "commit-group", .kind = CONFIG_NUMBER,
	    .offset = FIELD(commit_group), .initial = "64",
	    .least = 1, .most = 1024,
	    .help = "The most writes, such as purchases, that share a "
	    "transaction and its wait for the disk; 1: each has its own.  "
	    "Where the disk is quick fewer do, unless many wait." },
	{ .name = "password-threads", .kind = CONFIG_NUMBER,
	    .offset = FIELD(password_threads), .initial = "0", .most = 64,
	    .help = "Threads that check passwords, behind all others, each "
	    "with 16 MiB while it does; 0: one fewer than cores, at least "
	    "one." },
	{ .name = "password-queue", .kind = CONFIG_NUMBER,
	    .offset = FIELD(password_queue), .initial = "64",
	    .least = 1, .most = 100000,
	    .help = "Sign-ins and registrations that may wait for a password "
	    "thread; more are answered with 503." },
	{ .name = "password-wait", .kind = CONFIG_SECONDS,
	    .offset = FIELD(password_wait_s), .initial = "10s",
	    .least = 1, .most = 300,
	    .help = "How long they may wait; those whose turn comes later are "
	    "answered with 503." },
	{ .name = "attempts-by-account", .kind = CONFIG_NUMBER,
	    .offset = FIELD(attempts_by_account), .initial = "10",
	    .least = 1, .most = 1000000,
	    .help = "Failed sign-ins in ten minutes from one address for one "
	    "e-mail address." },
	{ .name = "attempts-by-address", .kind = CONFIG_NUMBER,
	    .offset = FIELD(attempts_by_address), .initial = "100",
	    .least = 1, .most = 1000000,
	    .help = "Failed sign-ins and registrations in ten minutes from "
	    "one address." },
};

#define SETTINGS_COUNT (sizeof(settings_keys) / sizeof(settings_keys[0]))

static bool
settings_currency_is_valid(const char *text)
{
	return strlen(text) == 3 &&
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

int64_t
settings_tax_rate(const struct settings *settings)
{
	const char *text = settings->tax_rate;
	size_t whole = strspn(text, "0123456789"), decimals = 0;
	int64_t rate = 0;

	if (text[whole] == '.')
		decimals = strspn(text + whole + 1, "0123456789");
	if (whole < 1 || whole > 3 || decimals > 2 ||
	    (text[whole] == '.') != (decimals > 0) ||
	    text[whole + (decimals > 0 ? decimals + 1 : 0)] != '\0')
		return -1;
	for (size_t i = 0; i < whole; i++)
		rate = rate * 10 + (text[i] - '0');
	for (size_t i = 0; i < 2; i++)
		rate = rate * 10 + (i < decimals ?
		    text[whole + 1 + i] - '0' : 0);
	return rate <= 10000 ? rate : -1;
}

/* What the table cannot say.  All faults are logged, not the first alone. */
static enum err
settings_check(const char *path, const struct settings *s)
{
	enum err e = ERR_OK;

	if (!commerce_id_is_valid(s->commerce_id)) {
		log_error("%s: commerce-id: write 1 to 64 letters, digits, "
		    "'.', '_' or '-', beginning with a letter or digit", path);
		e = ERR_CONFIG;
	}
	if (!settings_currency_is_valid(s->currency)) {
		log_error("%s: currency: write three capitals, such as EUR",
		    path);
		e = ERR_CONFIG;
	}
	if (s->shop_name[0] == '\0') {
		log_error("%s: shop-name: write the name of the shop", path);
		e = ERR_CONFIG;
	}
	if (settings_tax_rate(s) < 0) {
		log_error("%s: tax-rate: write a percentage from 0 to 100, "
		    "such as 19 or 7.75", path);
		e = ERR_CONFIG;
	}
	if (http_settings_check(path, &s->http) != ERR_OK)
		e = ERR_CONFIG;
	if (s->token_lifetime_most_s < s->token_lifetime_s) {
		log_error("%s: token-lifetime-most: must not be less than "
		    "token-lifetime", path);
		e = ERR_CONFIG;
	}
	return e;
}

enum err
settings_load(const char *path, struct settings *settings)
{
	enum err e;

	e = config_load(path, settings_keys, SETTINGS_COUNT, settings);
	if (e == ERR_OK)
		e = settings_check(path, settings);
	return e;
}

enum err
settings_print(FILE *out, const struct settings *settings)
{
	return config_print(out, settings_keys, SETTINGS_COUNT, settings);
}

void
settings_clear(struct settings *settings)
{
	config_clear(settings_keys, SETTINGS_COUNT, settings);
}
