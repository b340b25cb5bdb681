#include "commerced/db/library.h"

#include <stdlib.h>

#include "commerced/db/query.h"
#include "commerced/db/rows.h"

enum err
db_library_list(struct db *db, const struct library_filter *filter,
    struct library_list *out, struct library_place *last)
{
	struct library_place place = { 0 };
	struct query query;

	*last = place;
	query_begin(&query, db, STMT_LIBRARY_LIST);
	query_int(&query, filter->account);
	query_int(&query, filter->unfinished);
	query_int(&query, filter->after.bought_ms);
	query_int(&query, filter->after.item);
	query_int(&query, filter->after.file);
	query_int(&query, (int64_t)filter->limit + 1);
	while (query_next(&query)) {
		struct library_entry *entries, *entry;

		if (out->count == filter->limit) {
			*last = place;
			break;
		}
		entries = db_array_grow(out->entries, out->count,
		    sizeof(*entries));
		if (entries == NULL) {
			query.error = ERR_NO_MEMORY;
			break;
		}
		out->entries = entries;
		entry = &entries[out->count++];
		*entry = (struct library_entry){ 0 };
		db_file_read(&query, &entry->file);
		entry->bought_version = row_int(&query);
		entry->bought_ms = row_int(&query);
		entry->completed_ms = row_int(&query);
		place.bought_ms = entry->bought_ms;
		place.item = row_int(&query);
		place.file = entry->file.number;
	}
	return query_end(&query);
}

void
db_owned_files_clear(struct owned_files *list)
{
	for (size_t i = 0; i < list->count; i++)
		file_clear(&list->files[i].file);
	free(list->files);
	*list = (struct owned_files){ 0 };
}

/* All rows of a query for owned files. */
static enum err
db_owned_files_read(struct query *query, struct owned_files *out)
{
	while (query_next(query)) {
		struct owned_file *files = db_array_grow(out->files,
		    out->count, sizeof(*files));
		struct owned_file *file;

		if (files == NULL) {
			query->error = ERR_NO_MEMORY;
			break;
		}
		out->files = files;
		file = &files[out->count++];
		*file = (struct owned_file){ 0 };
		db_file_read(query, &file->file);
		row_bytes(query, file->grant_seed, GRANT_SEED_BYTES);
	}
	return query_end(query);
}

enum err
db_library_item(struct db *db, int64_t account, const struct uuid *item,
    struct owned_files *out)
{
	struct query query;

	query_begin(&query, db, STMT_LIBRARY_ITEM);
	query_int(&query, account);
	query_uuid(&query, item);
	return db_owned_files_read(&query, out);
}

enum err
db_library_file(struct db *db, int64_t account, const struct uuid *file,
    int64_t version, struct owned_files *out)
{
	const size_t before = out->count;
	struct query query;
	enum err e;

	query_begin(&query, db,
	    version == 0 ? STMT_LIBRARY_FILE : STMT_LIBRARY_VERSION);
	query_int(&query, account);
	query_uuid(&query, file);
	if (version != 0)
		query_int(&query, version);
	e = db_owned_files_read(&query, out);
	return e || out->count > before ? e : ERR_NOT_FOUND;
}

enum err
db_library_object(struct db *db, int64_t account, const struct uuid *file,
    const char *object, struct owned_object *out)
{
	uint8_t bytes[OBJECT_ID_LENGTH / 2];
	struct query query;
	bool found;
	enum err e;

	*out = (struct owned_object){ 0 };
	query_begin(&query, db, STMT_LIBRARY_OBJECT);
	query_int(&query, account);
	query_uuid(&query, file);
	query_object(&query, object, bytes);
	found = query_next(&query);
	if (found) {
		out->file = row_int(&query);
		out->version = row_int(&query);
		out->sealed_size = row_int(&query);
	}
	e = query_end(&query);
	return e || found ? e : ERR_NOT_FOUND;
}

enum err
db_completion_set(struct db *db, int64_t account,
    const struct owned_object *object, int64_t now_ms)
{
	struct query query;

	query_begin(&query, db, STMT_COMPLETION_SET);
	query_int(&query, account);
	query_int(&query, object->file);
	query_int(&query, object->version);
	query_int(&query, now_ms);
	return query_run(&query);
}
