#include "commerced/shop/publish.h"

#include <string.h>

#include "commerced/db/albums.h"
#include "commerced/db/files.h"
#include "commerced/db/items.h"
#include "commerced/db/books.h"
#include "commerced/shop/internal.h"

bool
publish_name_is_valid(const char *name, size_t length)
{
	return length <= PUBLISHED_NAME_MAX &&
	    file_name_is_valid(name, length);
}

/* RFC 9110: token; returns how many bytes of text are one. */
static size_t
token_length(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		char c = text[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9'))
			continue;
		if (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)
			break;
	}
	return i;
}

bool
publish_media_type_is_valid(const char *media_type, size_t length)
{
	size_t type = token_length(media_type, length), subtype;

	if (length > MEDIA_TYPE_MAX || type == 0 || type == length ||
	    media_type[type] != '/')
		return false;
	type++;
	subtype = token_length(media_type + type, length - type);
	if (subtype == 0)
		return false;
	type += subtype;
	if (type < length && media_type[type] != ';' &&
	    media_type[type] != ' ')
		return false;
	for (; type < length; type++) {
		if (media_type[type] < ' ' || media_type[type] > '~')
			return false;
	}
	return true;
}

static bool
publish_names_are_valid(const char *name, const char *media_type)
{
	return publish_name_is_valid(name, strlen(name)) &&
	    publish_media_type_is_valid(media_type, strlen(media_type));
}

/* The number of an item in any state.  ERR_NOT_FOUND. */
static enum err
publish_item_find(struct db *db, const struct uuid *id, struct item *item)
{
	item_clear(item);
	return db_item_get(db, id, item);
}

enum err
publish_begin(struct shop *shop, const struct uuid *item, const char *name,
    const char *media_type, struct version_plan *out)
{
	const struct master_keys *keys = shop_master_keys(shop);
	struct item found = { 0 };
	struct db *db;
	enum err e;

	*out = (struct version_plan){ 0 };
	if (!publish_names_are_valid(name, media_type))
		return ERR_OUT_OF_RANGE;
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = publish_item_find(db, item, &found);
	reader_return(shop, db);
	item_clear(&found);
	if (e)
		return e;
	out->version_id = shop_uuid(shop, shop_now_ms(shop));
	(void)stpncpy(out->master_key, keys_first_id(keys),
	    sizeof(out->master_key) - 1);
	return keys_download_key(out->identity, keys, out->master_key,
	    &out->version_id);
}

/* The file of that name, made when there is none. */
static enum err
publish_file_find(struct shop_transaction *tx, int64_t item,
    const struct version_upload *in, struct file_row *file)
{
	enum err e;

	e = db_file_by_name(tx->db, item, in->name, file);
	if (e || file->number != 0)
		return e;
	file->id = shop_uuid(tx->shop, tx->now_ms);
	(void)stpncpy(file->media_type, in->media_type, MEDIA_TYPE_MAX);
	return db_file_add(tx->db, item, in->name, file);
}

/*
 * Does the file hold that content as its newest version?  What was taken off
 * is no longer held, unless something new is on its way already.
 */
static bool
publish_is_held(const struct file_row *file, const struct version_row *newest,
    const struct version_upload *in)
{
	if (newest->number == 0 || newest->size != in->size ||
	    memcmp(newest->plain_hash, in->plain_hash, PLAIN_HASH_BYTES) != 0)
		return false;
	return newest->state == VERSION_PENDING ||
	    (newest->state == VERSION_STORED && !file->is_removed);
}

static enum err
publish_version_add(struct shop_transaction *tx, int64_t file,
    int64_t number, const struct version_upload *in)
{
	struct version_row version = { .number = number,
	    .id = in->version_id, .size = in->size, .object = in->object,
	    .sealed_size = in->sealed_size, .master_key = in->master_key,
	    .duration_ms = in->duration_ms,
	    .created_ms = tx->now_ms };

	memcpy(version.plain_hash, in->plain_hash, PLAIN_HASH_BYTES);
	return db_version_add(tx->db, file, &version);
}

/* A sale gives it too: it counts as a change of what sales give. */
static enum err
publish_set_media_type(struct shop_transaction *tx,
    const struct file_row *file, const char *media_type)
{
	int64_t sequence = 0;
	enum err e = db_file_set_media_type(tx->db, file->number, media_type);

	return e ? e : db_sequence_next(tx->db, &sequence);
}

enum err
publish_record(struct shop_transaction *tx, const struct version_upload *in,
    struct version_record *out)
{
	struct item item = { 0 };
	struct file_row file;
	struct version_row newest = { 0 };
	enum err e;

	file_clear(&out->file);
	out->is_unchanged = false;
	if (!publish_names_are_valid(in->name, in->media_type) ||
	    in->size < 0 || in->sealed_size <= in->size)
		return ERR_OUT_OF_RANGE;
	e = publish_item_find(tx->db, &in->item, &item);
	if (!e)
		e = publish_file_find(tx, item.number, in, &file);
	if (!e && strcmp(file.media_type, in->media_type) != 0)
		e = publish_set_media_type(tx, &file, in->media_type);
	if (!e)
		e = db_version_newest(tx->db, file.number, &newest);
	if (e)
		goto out;
	out->is_unchanged = publish_is_held(&file, &newest, in);
	e = out->is_unchanged ? db_version_set_duration(tx->db, file.number,
	    newest.number, in->duration_ms) :
	    publish_version_add(tx, file.number, newest.number + 1, in);
	if (!e)
		e = db_file_get(tx->db, &in->item, in->name, &out->file);
out:
	item_clear(&item);
	return e;
}

enum err
publish_file_get(struct shop *shop, const struct uuid *item,
    const char *name, struct file *out)
{
	struct db *db;
	enum err e;

	file_clear(out);
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_file_get(db, item, name, out);
	reader_return(shop, db);
	if (e)
		file_clear(out);
	return e;
}

/* What is on sale, or part of what is, keeps something to give. */
static enum err
publish_check_removable(struct shop_transaction *tx, const struct item *item,
    const struct file_row *file)
{
	struct offer_row offer;
	int64_t beside = 0;
	enum err e;

	e = db_item_offer(tx->db, item->number, &offer);
	if (e || !offer.is_on_sale || file->is_removed || !file->has_stored)
		return e;
	e = db_files_stored_beside(tx->db, item->number, file->number,
	    &beside);
	return e || beside > 0 ? e : ERR_NOT_PUBLISHABLE;
}

enum err
publish_file_remove(struct shop_transaction *tx, const struct uuid *id,
    const char *name)
{
	struct item item = { 0 };
	struct file listed = { 0 };
	struct file_row file = { 0 };
	int64_t sequence = 0;
	enum err e;

	/* Listed: there, or taken off with something new on its way. */
	e = db_file_get(tx->db, id, name, &listed);
	if (!e)
		e = publish_item_find(tx->db, id, &item);
	if (!e)
		e = db_file_by_name(tx->db, item.number, name, &file);
	if (!e)
		e = publish_check_removable(tx, &item, &file);
	if (!e)
		e = db_sequence_next(tx->db, &sequence);
	if (!e)
		e = db_versions_let_go(tx->db, file.number);
	if (!e)
		e = db_file_remove(tx->db, file.number, sequence);
	if (!e)
		e = db_file_set_stored(tx->db, file.number, false);
	file_clear(&listed);
	item_clear(&item);
	return e;
}
