/* What commerced.conf says, checked.  The table in settings.c is the source of
 * commerced.conf(5).
 */
#ifndef COMMERCED_SETTINGS_H
#define COMMERCED_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/config.h"
#include "common/err.h"
#include "common/http_settings.h"

struct settings {
	/* who we are */
	char *commerce_id;
	char *shop_name;
	char *shop_legal_name;	/* NULL or "": shop_name */
	char *shop_tax_id;	/* NULL or "": none */
	char *tax_rate;		/* percent, as settings_tax_rate() reads it */
	char *shop_url;		/* origin of the web shop, no path */
	char *currency;		/* three capitals, ISO 4217 */

	/* where we listen */
	struct http_settings http;
	bool admin_on_public;

	/* files */
	char *state;
	char *master_keys;
	char *signing_keys;
	char *admin_token_file;

	/* the storage service */
	char *storage_origin;
	char *storage_connect_to;	/* NULL or "": what the origin names */
	bool keep_sealed;
	int64_t push_transfers;		/* at once */
	int64_t push_piece_bytes;	/* larger files go in pieces */
	int64_t publish_wait_s;

	/* what buyers get */
	int64_t token_lifetime_s;
	int64_t token_rate_bytes;	/* each second */
	int64_t token_lifetime_most_s;
	int64_t session_lifetime_s;
	int64_t search_reorder_s;

	/* limits */
	int64_t upload_max_bytes;
	int64_t workers;
	int64_t write_queue;
	int64_t commit_group;		/* writes in one transaction */
	int64_t password_threads;
	int64_t password_queue;
	int64_t password_wait_s;
	int64_t attempts_by_account;	/* failed ones, in ten minutes */
	int64_t attempts_by_address;
};

/*
 * Read and check path into settings, which is all zero before and is cleared
 * by settings_clear() in any case.  Every fault is logged with the file and
 * what to write instead.  ERR_CONFIG, ERR_IO.
 */
enum err settings_load(const char *path, struct settings *settings);

/* tax-rate in hundredths of a percent; -1 when it is none. */
int64_t settings_tax_rate(const struct settings *settings);

/* The effective configuration, as settings_load() reads it. */
enum err settings_print(FILE *out, const struct settings *settings);

void settings_clear(struct settings *settings);

#endif
