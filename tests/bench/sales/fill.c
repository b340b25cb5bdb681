/* Fill the books of a shop in bulk, past the daemon: runs files of SQL on
 * them, with the functions that these need.
 *
 *	fill DATABASE SQL-FILE... NAME=NUMBER...
 *
 *	sha256(text)	32 bytes
 *	number(blob)	its first 8, the most significant first
 *	...		what catalogue/words.c has
 *	setting(name)	the number of the command line
 */
#include <endian.h>
#include <openssl/sha.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/catalogue/words.h"

static void fill_sha256(sqlite3_context *context, int count,
    sqlite3_value **values)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	(void)count;
	SHA256(sqlite3_value_blob(values[0]),
	    (size_t)sqlite3_value_bytes(values[0]), hash);
	sqlite3_result_blob(context, hash, sizeof(hash), SQLITE_TRANSIENT);
}

static void fill_number(sqlite3_context *context, int count,
    sqlite3_value **values)
{
	uint64_t number = 0;

	(void)count;
	if (sqlite3_value_bytes(values[0]) < (int)sizeof(number)) {
		sqlite3_result_error(context, "too short", -1);
		return;
	}
	memcpy(&number, sqlite3_value_blob(values[0]), sizeof(number));
	sqlite3_result_int64(context, (sqlite3_int64)be64toh(number));
}

/* The arguments, up to NULL, are the function's user data. */
static void fill_setting(sqlite3_context *context, int count,
    sqlite3_value **values)
{
	char **settings = sqlite3_user_data(context);
	const char *name = (const char *)sqlite3_value_text(values[0]);
	size_t length = strlen(name);

	(void)count;
	for (; *settings != NULL; settings++)
		if (strncmp(*settings, name, length) == 0 &&
		    (*settings)[length] == '=') {
			sqlite3_result_int64(context,
			    strtoll(*settings + length + 1, NULL, 10));
			return;
		}
	sqlite3_result_error(context, "no such setting", -1);
}

static char *fill_read(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t size = 0;
	char *text = NULL;

	if (file == NULL || getdelim(&text, &size, '\0', file) < 0)
		perror(path);
	if (file != NULL)
		(void)fclose(file);
	return text;
}

static int fill_add(sqlite3 *db, char *settings[])
{
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
	int rc = sqlite3_create_function(db, "sha256", 1, flags, NULL,
	    fill_sha256, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_create_function(db, "number", 1, flags, NULL,
		    fill_number, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function(db, "setting", 1, flags, settings,
		    fill_setting, NULL, NULL);
	return rc == SQLITE_OK ? words_add(db) : rc;
}

/* The files come before the settings. */
static int fill(sqlite3 *db, char *arguments[])
{
	int rc = fill_add(db, arguments);

	for (; rc == SQLITE_OK && *arguments != NULL &&
	    strchr(*arguments, '=') == NULL; arguments++) {
		char *sql = fill_read(*arguments);

		rc = sql == NULL ? SQLITE_NOMEM :
		    sqlite3_exec(db, sql, NULL, NULL, NULL);
		free(sql);
	}
	if (rc != SQLITE_OK)
		fprintf(stderr, "fill: %s\n", sqlite3_errmsg(db));
	return rc;
}

int main(int argc, char *argv[])
{
	sqlite3 *db = NULL;
	int status = EXIT_FAILURE;

	if (argc < 3) {
		fputs("fill DATABASE SQL-FILE... NAME=NUMBER...\n", stderr);
		return 2;
	}
	if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL) ==
	    SQLITE_OK && fill(db, argv + 2) == SQLITE_OK)
		status = EXIT_SUCCESS;
	if (sqlite3_close(db) != SQLITE_OK)
		status = EXIT_FAILURE;
	return status;
}
