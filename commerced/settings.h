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
	struct config_list listen;
	struct config_list tls_listen;
	char *tls_certificate;		/* NULL: no TLS */
	char *tls_key;
	struct config_list admin_listen;
	struct config_list trusted_proxies;
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

	/* limits */
	int64_t upload_max_bytes;
	int64_t threads;		/* event threads of each listener */
	int64_t workers;
	int64_t password_threads;
	int64_t password_queue;
	int64_t attempts_by_account;	/* failed ones, in ten minutes */
	int64_t attempts_by_address;
	char *client_address_field;	/* NULL or "": the connection's */
	int64_t connection_max;
	int64_t address_limit;		/* 0: any */
	int64_t send_rate_least;	/* bytes a second; 0: any */
	int64_t receive_rate_least;
	int64_t idle_timeout_s;
	int64_t header_timeout_s;
	int64_t stop_wait_s;

	char *access_log;
	char *access_log_file;		/* NULL or "": to the log */
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
