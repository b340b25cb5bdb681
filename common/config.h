/* Configuration by table: an INI file of "key = value" lines without
 * sections.  The table is the documentation's source: key, parser, field,
 * default, and a sentence of help.
 */
#ifndef COMMON_CONFIG_H
#define COMMON_CONFIG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"

/* How the text of a value becomes a field, and back for -T. */
enum config_kind {
	CONFIG_TEXT,		/* char *: text without control characters */
	CONFIG_PATH,		/* char *: absolute path */
	CONFIG_BOOLEAN,		/* bool: yes or no */
	CONFIG_NUMBER,		/* int64_t within least and most */
	CONFIG_SECONDS,		/* int64_t: N, or N with s, m, h or d */
	CONFIG_SIZE,		/* int64_t bytes: N or N KiB, MiB, GiB, TiB */
	CONFIG_ADDRESS,		/* char *: HOST:PORT, [HOST]:PORT, unix:PATH */
	CONFIG_LISTEN,		/* char *: ADDRESS, or systemd:NAME for the
				 * sockets of that name it opened */
	CONFIG_NETWORK,		/* char *: an address, ADDRESS/BITS, unix */
	CONFIG_ORIGIN,		/* char *: http(s)://host[:port], no path */
	CONFIG_LIST,		/* struct config_list: words and blanks */
	CONFIG_CHOICE		/* int: index in the choices, "a|b|c" */
};

struct config_list {
	char **words;		/* NULL-terminated */
	size_t count;
};

struct config_key {
	const char *name;	/* as in the file: "admin-listen" */
	enum config_kind kind;
	size_t offset;		/* of the field in the settings struct */
	const char *initial;	/* default as text; NULL: required;
				 * "": optional, the field is NULL or empty */
	const char *help;	/* one sentence, for -T and the man page */
	int64_t least, most;	/* NUMBER, SECONDS, SIZE (both 0: any >= 0);
				 * LIST: how many words */
	const char *choices;	/* CHOICE */
	enum config_kind words;	/* LIST: kind of each word; TEXT by default */
};

/*
 * Read path into settings, a struct of the program's own that is all zero
 * before, by a table of count keys.  Every fault is logged as
 * "PATH:LINE: what is wrong and what to write instead"; all faults of the
 * file are reported, not the first alone.  Unknown keys, repeated keys,
 * sections and overlong lines are faults.  ERR_CONFIG, ERR_IO or
 * ERR_NO_MEMORY; the settings are to be cleared all the same.  One thread at
 * a time, as inih is set up by variables.
 */
enum err config_load(const char *path, const struct config_key keys[],
    size_t count, void *settings);

/*
 * The effective configuration as a file that config_load() reads back to the
 * same.  ERR_IO when out reports an error.
 */
enum err config_print(FILE *out, const struct config_key keys[], size_t count,
    const void *settings);

/* Free what config_load() allocated in settings. */
void config_clear(const struct config_key keys[], size_t count,
    void *settings);

#endif
