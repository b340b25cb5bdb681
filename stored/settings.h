/* stored.conf: the settings of the storage daemon (stored.conf(5)). */
#ifndef STORED_SETTINGS_H
#define STORED_SETTINGS_H

#include <stdint.h>
#include <stdio.h>

#include "common/config.h"
#include "common/err.h"

struct settings {
	struct config_list listen;
	struct config_list tls_listen;
	char *tls_certificate;		/* NULL: no TLS */
	char *tls_key;
	struct config_list admin_listen;
	struct config_list trusted_proxies;
	struct config_list public_origins;
	char *object_root;
	char *signing_keys;
	int64_t threads;		/* 0: one for each core */
	int64_t workers;
	int64_t connection_limit;
	int64_t open_files;		/* 0: what descriptors allow */
	int64_t reply_memory_bytes;
	int64_t address_limit;		/* 0: any */
	int64_t grant_limit;		/* 0: any */
	int64_t send_rate_least;	/* bytes a second; 0: any */
	int64_t receive_rate_least;
	int64_t idle_timeout_s;
	int64_t header_timeout_s;
	int64_t stop_timeout_s;
	int64_t max_object_bytes;
	int64_t piece_lifetime_s;
	int64_t free_space_reserve_bytes;
	int64_t scrub_rate_bytes;	/* each second; 0: no bound */
	int64_t scrub_interval_s;	/* 0: only when asked */
	char *access_log;
	char *access_log_file;		/* NULL: to the log */
};

/*
 * Read path into *settings; every fault is logged with file and line.
 * ERR_CONFIG, ERR_IO, ERR_NO_MEMORY.  Cleared by settings_clear() in any
 * case.
 */
enum err settings_load(const char *path, struct settings *settings);
void settings_clear(struct settings *settings);

/* The effective settings, as a file that reads back to the same.  ERR_IO. */
enum err settings_print(FILE *out, const struct settings *settings);

#endif
