#include "commerced/db/files.h"

#include "commerced/db/query.h"
#include "commerced/db/rows.h"

enum err
db_file_by_name(struct db *db, int64_t item, const char *name,
    struct file_row *out)
{
	struct query query;

	*out = (struct file_row){ 0 };
	query_begin(&query, db, STMT_FILE_BY_NAME);
	query_int(&query, item);
	query_text(&query, name);
	if (query_next(&query)) {
		out->number = row_int(&query);
		out->id = row_uuid(&query);
		row_text_into(&query, out->media_type,
		    sizeof(out->media_type));
		out->is_removed = row_int(&query) != 0;
		out->has_stored = row_int(&query) != 0;
	}
	return query_end(&query);
}

enum err
db_file_add(struct db *db, int64_t item, const char *name,
    struct file_row *file)
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_FILE_ADD);
	query_uuid(&query, &file->id);
	query_int(&query, item);
	query_text(&query, name);
	query_text(&query, file->media_type);
	e = query_run(&query);
	file->number = e ? 0 : sqlite3_last_insert_rowid(db->handle);
	return e;
}

enum err
db_file_set_media_type(struct db *db, int64_t file, const char *media_type)
{
	struct query query;

	query_begin(&query, db, STMT_FILE_SET_MEDIA_TYPE);
	query_int(&query, file);
	query_text(&query, media_type);
	return query_run(&query);
}

enum err
db_file_get(struct db *db, const struct uuid *item, const char *name,
    struct file *out)
{
	struct query query;
	bool found;
	enum err e;

	query_begin(&query, db, STMT_FILE_GET_NEWEST);
	query_uuid(&query, item);
	query_text(&query, name);
	found = query_next(&query);
	if (found)
		db_file_read(&query, out);
	e = query_end(&query);
	return e || found ? e : ERR_NOT_FOUND;
}

/* Statements that take one or two numbers and give no row. */
static enum err
db_run_numbers(struct db *db, enum statement number, int64_t first,
    int64_t second)
{
	struct query query;

	query_begin(&query, db, number);
	query_int(&query, first);
	query_int(&query, second);
	return query_run(&query);
}

static enum err
db_run_number(struct db *db, enum statement number, int64_t value)
{
	struct query query;

	query_begin(&query, db, number);
	query_int(&query, value);
	return query_run(&query);
}

enum err
db_file_remove(struct db *db, int64_t file, int64_t sequence)
{
	return db_run_numbers(db, STMT_FILE_REMOVE, file, sequence);
}

enum err
db_file_set_stored(struct db *db, int64_t file, bool restore)
{
	return db_run_numbers(db, STMT_FILE_SET_STORED, file, restore);
}

enum err
db_files_stored_beside(struct db *db, int64_t item, int64_t file,
    int64_t *count)
{
	struct query query;

	query_begin(&query, db, STMT_FILES_STORED_BESIDE);
	query_int(&query, item);
	query_int(&query, file);
	*count = query_next(&query) ? row_int(&query) : 0;
	return query_end(&query);
}

enum err
db_version_newest(struct db *db, int64_t file, struct version_row *out)
{
	struct query query;

	*out = (struct version_row){ 0 };
	query_begin(&query, db, STMT_VERSION_NEWEST);
	query_int(&query, file);
	if (query_next(&query)) {
		out->number = row_int(&query);
		out->state = (enum version_state)row_int(&query);
		out->size = row_int(&query);
		row_bytes(&query, out->plain_hash, sizeof(out->plain_hash));
	}
	return query_end(&query);
}

enum err
db_version_add(struct db *db, int64_t file,
    const struct version_row *version)
{
	uint8_t object[OBJECT_ID_LENGTH / 2];
	struct query query;

	query_begin(&query, db, STMT_VERSION_ADD);
	query_uuid(&query, &version->id);
	query_int(&query, file);
	query_int(&query, version->number);
	query_int(&query, version->size);
	query_bytes(&query, version->plain_hash, sizeof(version->plain_hash));
	query_object(&query, version->object, object);
	query_int(&query, version->sealed_size);
	query_text(&query, version->master_key);
	query_int(&query, version->created_ms);
	query_int(&query, version->duration_ms);
	return query_run(&query);
}

enum err
db_version_set_duration(struct db *db, int64_t file, int64_t number,
    int64_t duration_ms)
{
	struct query query;

	query_begin(&query, db, STMT_VERSION_SET_DURATION);
	query_int(&query, file);
	query_int(&query, number);
	query_int(&query, duration_ms);
	return query_run(&query);
}

enum err
db_versions_let_go(struct db *db, int64_t file)
{
	return db_run_number(db, STMT_VERSIONS_LET_GO, file);
}

enum err
db_version_get(struct db *db, int64_t version, int64_t *file,
    enum version_state *state)
{
	struct query query;
	bool found;
	enum err e;

	query_begin(&query, db, STMT_VERSION_GET);
	query_int(&query, version);
	found = query_next(&query);
	*file = found ? row_int(&query) : 0;
	*state = found ? (enum version_state)row_int(&query) : VERSION_DELETED;
	e = query_end(&query);
	return e || found ? e : ERR_NOT_FOUND;
}

enum err
db_version_stored(struct db *db, int64_t version, int64_t sequence)
{
	return db_run_numbers(db, STMT_VERSION_STORED, version, sequence);
}

enum err
db_version_deleted(struct db *db, int64_t version)
{
	return db_run_number(db, STMT_VERSION_DELETED, version);
}

enum err
db_version_dropped(struct db *db, int64_t version)
{
	return db_run_number(db, STMT_VERSION_DROPPED, version);
}

enum err
db_version_failed(struct db *db, int64_t version, int64_t not_before_ms)
{
	return db_run_numbers(db, STMT_VERSION_FAILED, version, not_before_ms);
}

enum err
db_push_list(struct db *db, enum db_push kind, struct push_row *rows,
    int64_t capacity, size_t *count)
{
	static const enum statement numbers[] = {
		[DB_PUSH_STORE] = STMT_PUSH_STORE,
		[DB_PUSH_DELETE] = STMT_PUSH_DELETE,
		[DB_PUSH_DROP] = STMT_PUSH_DROP
	};
	struct query query;

	*count = 0;
	query_begin(&query, db, numbers[kind]);
	query_int(&query, capacity);
	while (query_next(&query)) {
		struct push_row *row = &rows[(*count)++];

		row->version = row_int(&query);
		row->id = row_uuid(&query);
		row_object(&query, row->object);
		row->sealed_size = row_int(&query);
		row->attempts = row_int(&query);
		row->not_before_ms = row_int(&query);
		row->is_local = row_int(&query) != 0;
	}
	return query_end(&query);
}

enum err
db_push_backlog(struct db *db, int64_t *count, int64_t *oldest_pending_ms)
{
	struct query query;
	bool found;

	query_begin(&query, db, STMT_PUSH_BACKLOG);
	found = query_next(&query);
	*count = found ? row_int(&query) : 0;
	*oldest_pending_ms = found ? row_int(&query) : 0;
	return query_end(&query);
}

/* A question about one object that is answered with yes or no. */
static enum err
db_object_ask(struct db *db, enum statement number, const char *object,
    bool *out)
{
	uint8_t bytes[OBJECT_ID_LENGTH / 2];
	struct query query;

	query_begin(&query, db, number);
	query_object(&query, object, bytes);
	*out = query_next(&query) && row_int(&query) != 0;
	return query_end(&query);
}

enum err
db_object_is_local(struct db *db, const char *object, bool *out)
{
	return db_object_ask(db, STMT_OBJECT_IS_LOCAL, object, out);
}

enum err
db_object_is_stored(struct db *db, const char *object, bool *out)
{
	return db_object_ask(db, STMT_OBJECT_IS_STORED, object, out);
}

enum err
db_versions_after(struct db *db, const char *object, struct kept_row *rows,
    int64_t capacity, size_t *count)
{
	uint8_t bytes[OBJECT_ID_LENGTH / 2];
	struct query query;

	*count = 0;
	query_begin(&query, db, STMT_VERSIONS_AFTER);
	if (object[0] == '\0')
		query_bytes(&query, bytes, 0);
	else
		query_object(&query, object, bytes);
	query_int(&query, capacity);
	while (query_next(&query)) {
		struct kept_row *row = &rows[(*count)++];

		row->id = row_uuid(&query);
		row_object(&query, row->object);
		row->size = row_int(&query);
		row->sealed_size = row_int(&query);
		row->state = (enum version_state)row_int(&query);
		row->is_local = row_int(&query) != 0;
		row_text_into(&query, row->master_key,
		    sizeof(row->master_key));
	}
	return query_end(&query);
}
