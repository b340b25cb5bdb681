/* What is to be brought to the storage service, and what became of it. */
#include <string.h>

#include "commerced/db/books.h"
#include "commerced/db/files.h"
#include "commerced/shop/internal.h"
#include "commerced/shop/publish.h"

#define PUSH_PAGE 64

static struct push
push_from_row(const struct push_row *row)
{
	struct push push = { .version = row->version, .version_id = row->id,
	    .sealed_size = row->sealed_size, .attempts = row->attempts,
	    .not_before_ms = row->not_before_ms, .is_local = row->is_local };

	memcpy(push.object, row->object, sizeof(push.object));
	return push;
}

enum err
push_list(struct shop *shop, enum push_kind kind, struct push *pushes,
    size_t capacity, size_t *count)
{
	static const enum db_push kinds[] = {
		[PUSH_STORE] = DB_PUSH_STORE, [PUSH_DELETE] = DB_PUSH_DELETE,
		[PUSH_DROP] = DB_PUSH_DROP
	};
	struct push_row rows[PUSH_PAGE];
	struct db *db;
	enum err e;

	*count = 0;
	if (capacity > PUSH_PAGE)
		capacity = PUSH_PAGE;
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_push_list(db, kinds[kind], rows, (int64_t)capacity, count);
	reader_return(shop, db);
	for (size_t i = 0; i < *count; i++)
		pushes[i] = push_from_row(&rows[i]);
	return e;
}

enum err
push_stored(struct shop_transaction *tx, int64_t version)
{
	enum version_state state;
	int64_t file, sequence;
	enum err e;

	e = db_version_get(tx->db, version, &file, &state);
	/* Taken off while it was pushed: it will be deleted again. */
	if (e || state != VERSION_PENDING)
		return e;
	e = db_sequence_next(tx->db, &sequence);
	if (!e)
		e = db_version_stored(tx->db, version, sequence);
	/* What was taken off and came again is back from now on. */
	return e ? e : db_file_set_stored(tx->db, file, true);
}

enum err
push_deleted(struct shop_transaction *tx, int64_t version)
{
	return db_version_deleted(tx->db, version);
}

enum err
push_dropped(struct shop_transaction *tx, int64_t version)
{
	return db_version_dropped(tx->db, version);
}

enum err
push_failed(struct shop_transaction *tx, int64_t version,
    int64_t not_before_ms)
{
	return db_version_failed(tx->db, version, not_before_ms);
}

enum err
push_backlog(struct shop *shop, int64_t *count, int64_t *oldest_pending_ms)
{
	struct db *db;
	enum err e;

	*count = *oldest_pending_ms = 0;
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_push_backlog(db, count, oldest_pending_ms);
	reader_return(shop, db);
	return e;
}

enum err
publish_object_is_local(struct shop *shop, const char *object, bool *out)
{
	struct db *db;
	enum err e;

	*out = false;
	if (!object_id_is_valid(object, strlen(object)))
		return ERR_OK;
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_object_is_local(db, object, out);
	reader_return(shop, db);
	return e;
}

enum err
publish_object_is_stored(struct shop *shop, const char *object, bool *out)
{
	struct db *db;
	enum err e;

	*out = false;
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_object_is_stored(db, object, out);
	reader_return(shop, db);
	return e;
}

static struct kept_version
kept_from_row(const struct kept_row *row)
{
	struct kept_version version = { .version_id = row->id,
	    .size = row->size, .sealed_size = row->sealed_size,
	    .state = row->state, .is_local = row->is_local };

	memcpy(version.object, row->object, sizeof(version.object));
	memcpy(version.master_key, row->master_key,
	    sizeof(version.master_key));
	return version;
}

enum err
publish_versions(struct shop *shop, const char *object,
    struct kept_version *versions, size_t capacity, size_t *count)
{
	struct kept_row rows[PUSH_PAGE];
	struct db *db;
	enum err e;

	*count = 0;
	if (capacity > PUSH_PAGE)
		capacity = PUSH_PAGE;
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_versions_after(db, object, rows, (int64_t)capacity, count);
	reader_return(shop, db);
	for (size_t i = 0; i < *count; i++)
		versions[i] = kept_from_row(&rows[i]);
	return e;
}

enum err
publish_download_key(struct shop *shop, const struct kept_version *version,
    uint8_t identity[static SEALED_IDENTITY_BYTES])
{
	return keys_download_key(identity, shop_master_keys(shop),
	    version->master_key, &version->version_id);
}
