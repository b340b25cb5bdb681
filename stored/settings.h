/* stored.conf: the settings of the storage daemon (stored.conf(5)). */
#ifndef STORED_SETTINGS_H
#define STORED_SETTINGS_H

#include <stdint.h>
#include <stdio.h>

#include "common/config.h"
#include "common/err.h"
#include "common/http_settings.h"

struct settings {
	struct http_settings http;
	struct config_list public_origins;
	char *object_root;
	char *signing_keys;
	int64_t workers;
	int64_t open_files;		/* 0: what descriptors allow */
	int64_t reply_memory_bytes;
	int64_t grant_limit;		/* 0: any */
	int64_t max_object_bytes;
	int64_t piece_lifetime_s;
	int64_t free_space_reserve_bytes;
	int64_t scrub_rate_bytes;	/* each second; 0: no bound */
	int64_t scrub_interval_s;	/* 0: only when asked */
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
