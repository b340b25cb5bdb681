/* Files, their versions, and the versions' way to the storage host.  Every
 * function: the errors of db.h.
 */
#ifndef COMMERCED_DB_FILES_H
#define COMMERCED_DB_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/db/db.h"
#include "commerced/model.h"

struct file_row {
	int64_t number;		/* 0: there is none */
	struct uuid id;
	bool is_removed;
	bool has_stored;
	char media_type[MEDIA_TYPE_MAX + 1];
};

struct version_row {
	int64_t number;		/* within the file; 0: there is none */
	struct uuid id;
	enum version_state state;
	int64_t size;
	uint8_t plain_hash[32];
	const char *object;
	int64_t sealed_size;
	const char *master_key;
	int64_t created_ms;
	int64_t duration_ms;	/* 0: not known */
};

/* Of that item (its number); out->number is 0 when there is none. */
enum err db_file_by_name(struct db *db, int64_t item, const char *name,
    struct file_row *out);
/* Sets file->number. */
enum err db_file_add(struct db *db, int64_t item, const char *name,
    struct file_row *file);
enum err db_file_set_media_type(struct db *db, int64_t file,
    const char *media_type);
/* With its newest version; ERR_NOT_FOUND. */
enum err db_file_get(struct db *db, const struct uuid *item,
    const char *name, struct file *out);
/* Taken off at that sequence, unless it was before. */
enum err db_file_remove(struct db *db, int64_t file, int64_t sequence);
/*
 * Work out again which version is the newest stored one; restore: it is
 * listed again.
 */
enum err db_file_set_stored(struct db *db, int64_t file, bool restore);
/* How much else the item has to give: other files, contents. */
enum err db_files_stored_beside(struct db *db, int64_t item, int64_t file,
    int64_t *count);

/* number, state, size and plain_hash of the newest; number 0: none. */
enum err db_version_newest(struct db *db, int64_t file,
    struct version_row *out);
enum err db_version_add(struct db *db, int64_t file,
    const struct version_row *version);
/* Of the version with that number, unless it has one; 0: not known. */
enum err db_version_set_duration(struct db *db, int64_t file,
    int64_t number, int64_t duration_ms);
/* Those that nobody has a right to become VERSION_DELETING. */
enum err db_versions_let_go(struct db *db, int64_t file);

/* Of the version with that number over all files.  ERR_NOT_FOUND. */
enum err db_version_get(struct db *db, int64_t version, int64_t *file,
    enum version_state *state);
/* PENDING to STORED; DELETING to DELETED; without local file; once more
 * failed.  A version in another state stays as it is. */
enum err db_version_stored(struct db *db, int64_t version, int64_t sequence);
enum err db_version_deleted(struct db *db, int64_t version);
enum err db_version_dropped(struct db *db, int64_t version);
enum err db_version_failed(struct db *db, int64_t version,
    int64_t not_before_ms);

struct push_row {
	int64_t version;
	struct uuid id;
	char object[OBJECT_ID_LENGTH + 1];
	int64_t sealed_size;
	int64_t attempts;
	int64_t not_before_ms;
	bool is_local;
};

enum db_push { DB_PUSH_STORE, DB_PUSH_DELETE, DB_PUSH_DROP };
/* The first up to capacity; returns how many in *count. */
enum err db_push_list(struct db *db, enum db_push kind,
    struct push_row *rows, int64_t capacity, size_t *count);
enum err db_push_backlog(struct db *db, int64_t *count,
    int64_t *oldest_pending_ms);
enum err db_object_is_local(struct db *db, const char *object, bool *out);
enum err db_object_is_stored(struct db *db, const char *object, bool *out);

struct kept_row {
	struct uuid id;
	char object[OBJECT_ID_LENGTH + 1];
	int64_t size;
	int64_t sealed_size;
	enum version_state state;
	bool is_local;
	char master_key[MASTER_KEY_ID_SIZE];
};

/*
 * Versions that are not DELETED, in order of their objects, after one (""
 * for the first); at most capacity, *count of them.
 */
enum err db_versions_after(struct db *db, const char *object,
    struct kept_row *rows, int64_t capacity, size_t *count);

#endif
