/* What accounts own, file by file.  Every function: the errors of db.h.
 * What is filled is to be cleared by the caller.
 */
#ifndef COMMERCED_DB_LIBRARY_H
#define COMMERCED_DB_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/db/db.h"
#include "commerced/db/purchases.h"
#include "commerced/model.h"

/* A place in a library: when bought, the item's and the file's number. */
struct library_place {
	int64_t bought_ms;
	int64_t item;
	int64_t file;
};

struct library_filter {
	int64_t account;
	bool unfinished;
	size_t limit;
	struct library_place after;
};

/* last: the place of the last entry where more follow; else its file is 0. */
enum err db_library_list(struct db *db, const struct library_filter *filter,
    struct library_list *out, struct library_place *last);

/* A file that an account owns, and what makes its grant id. */
struct owned_file {
	struct file file;
	uint8_t grant_seed[GRANT_SEED_BYTES];
};

struct owned_files {
	struct owned_file *files;
	size_t count;
};
void db_owned_files_clear(struct owned_files *list);

/* Those of an item, appended; none when the account does not own it. */
enum err db_library_item(struct db *db, int64_t account,
    const struct uuid *item, struct owned_files *out);
/* One file, with its newest stored version (0) or that one; appended, or
 * ERR_NOT_FOUND. */
enum err db_library_file(struct db *db, int64_t account,
    const struct uuid *file, int64_t version, struct owned_files *out);

struct owned_object {
	int64_t file;
	int64_t version;
	int64_t sealed_size;
};
/* A version that the account may have, by its object.  ERR_NOT_FOUND. */
enum err db_library_object(struct db *db, int64_t account,
    const struct uuid *file, const char *object, struct owned_object *out);
enum err db_completion_set(struct db *db, int64_t account,
    const struct owned_object *object, int64_t now_ms);

#endif
