#include "commerced/shop/picture.h"

#include <string.h>

#include "commerced/db/items.h"
#include "commerced/db/pictures.h"
#include "commerced/shop/internal.h"

/* The item of a place as it is, without files and contents. */
static enum err
picture_of(struct db *db, const struct picture_place *place,
    struct item *item, struct picture *out)
{
	enum err e = db_item_get(db, &place->item, item);

	return e ? e : db_picture_get(db, item->number, place->kind, out);
}

enum err
picture_get(struct shop *shop, const struct picture_place *place,
    int64_t viewer, struct picture *out)
{
	struct item item = { 0 };
	struct db *db;
	enum err e = reader_borrow(shop, &db);

	if (e)
		return e;
	e = picture_of(db, place, &item, out);
	out->is_public = item.state == ITEM_PUBLISHED;
	if (!e && !out->is_public && viewer != 0)
		e = db_item_is_owned(db, viewer, item.number, &item.owned);
	if (!e && !out->is_public && !item.owned)
		e = ERR_NOT_FOUND;
	reader_return(shop, db);
	item_clear(&item);
	return e;
}

enum err
picture_get_any(struct shop *shop, const struct picture_place *place,
    struct picture *out)
{
	struct item item = { 0 };
	struct db *db;
	enum err e = reader_borrow(shop, &db);

	if (e)
		return e;
	e = picture_of(db, place, &item, out);
	reader_return(shop, db);
	item_clear(&item);
	return e;
}

enum err
picture_begin(struct shop *shop, const struct uuid *id, struct uuid *out)
{
	struct item item = { 0 };
	struct db *db;
	enum err e = reader_borrow(shop, &db);

	if (e)
		return e;
	e = db_item_get(db, id, &item);
	reader_return(shop, db);
	item_clear(&item);
	*out = shop_uuid(shop, shop_now_ms(shop));
	return e;
}

/* What is at a place; has_before is false where nothing is. */
static enum err
picture_before(struct shop_transaction *tx,
    const struct picture_place *place, int64_t *item,
    struct picture_change *out)
{
	struct item found = { 0 };
	enum err e;

	*out = (struct picture_change){ 0 };
	e = db_item_get(tx->db, &place->item, &found);
	*item = found.number;
	item_clear(&found);
	if (e)
		return e;
	e = db_picture_get(tx->db, *item, place->kind, &out->now);
	out->has_before = e == ERR_OK;
	out->before = out->now.id;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
picture_set(struct shop_transaction *tx, const struct picture_place *place,
    const struct picture *picture, struct picture_change *out)
{
	int64_t item;
	enum err e = picture_before(tx, place, &item, out);

	if (e)
		return e;
	out->is_unchanged = out->has_before &&
	    strcmp(out->now.media_type, picture->media_type) == 0 &&
	    memcmp(out->now.digest, picture->digest,
	    sizeof(picture->digest)) == 0;
	if (out->is_unchanged)
		return ERR_OK;
	out->now = *picture;
	out->now.changed_ms = tx->now_ms;
	return db_picture_set(tx->db, item, place->kind, &out->now);
}

enum err
picture_remove(struct shop_transaction *tx,
    const struct picture_place *place, struct picture_change *out)
{
	int64_t item;
	enum err e = picture_before(tx, place, &item, out);

	if (!e && !out->has_before)
		e = ERR_NOT_FOUND;
	return e ? e : db_picture_remove(tx->db, item, place->kind);
}

enum err
picture_is_shown(struct shop *shop, const struct uuid *id, bool *out)
{
	struct db *db;
	enum err e = reader_borrow(shop, &db);

	if (e)
		return e;
	e = db_picture_is_shown(db, id, out);
	reader_return(shop, db);
	return e;
}
