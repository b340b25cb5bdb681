/* One item: made, read, changed, published, withdrawn. */
#include <stdlib.h>
#include <string.h>

#include "commerced/db/albums.h"
#include "commerced/shop/internal.h"
#include "commerced/shop/item.h"

/* Replace a text that item owns by a copy; NULL: none. */
static enum err
item_set_text(char **member, const char *text)
{
	char *copy = text == NULL ? NULL : strdup(text);

	if (text != NULL && copy == NULL)
		return ERR_NO_MEMORY;
	free(*member);
	*member = copy;
	return ERR_OK;
}

static enum err
item_apply(struct item *item, const struct item_fields *fields)
{
	enum err e = ERR_OK;

	if (fields->given & ITEM_TITLE)
		e = item_set_text(&item->title, fields->title);
	if (!e && fields->given & ITEM_CREATOR)
		e = item_set_text(&item->creator, fields->creator);
	if (!e && fields->given & ITEM_GENRE)
		e = item_set_text(&item->genre, fields->genre);
	if (!e && fields->given & ITEM_DESCRIPTION)
		e = item_set_text(&item->description, fields->description);
	if (fields->given & ITEM_KIND)
		item->kind = fields->kind;
	if (fields->given & ITEM_PRICE)
		item->price_minor = fields->price_minor;
	if (fields->given & ITEM_RELEASED) {
		item->released[0] = '\0';
		if (fields->released != NULL)
			memcpy(item->released, fields->released, DATE_SIZE);
	}
	return e;
}

enum err
item_create(struct shop_transaction *tx, const struct item_fields *in,
    struct item *out)
{
	const char *member;
	enum err e;

	item_clear(out);
	e = item_fields_check(in, true, &member);
	if (!e)
		e = item_apply(out, in);
	if (e)
		return e;
	out->id = shop_uuid(tx->shop, tx->now_ms);
	out->state = ITEM_DRAFT;
	out->created_ms = tx->now_ms;
	e = db_item_add(tx->db, out);
	if (!e && in->given & ITEM_CONTAINS)
		e = item_contents_set(tx, out->number, in);
	return e ? e : item_parts_get(tx->db, DB_FILES_NEWEST, out);
}

/* What is on sale, or part of what is, stays saleable. */
static enum err
item_change_contents(struct shop_transaction *tx, int64_t item,
    const struct item_fields *in, struct item_obstacles *obstacles)
{
	struct offer_row offer;
	enum err e;

	e = item_contents_set(tx, item, in);
	if (!e)
		e = db_item_offer(tx->db, item, &offer);
	return e || !offer.is_on_sale ? e :
	    item_check_contents(tx, item, obstacles);
}

enum err
item_change(struct shop_transaction *tx, const struct uuid *id,
    const struct item_fields *in, struct item *out,
    struct item_obstacles *obstacles)
{
	struct item item = { 0 };
	const char *member;
	enum err e;

	item_clear(out);
	item_obstacles_clear(obstacles);
	e = item_fields_check(in, false, &member);
	if (!e)
		e = db_item_get(tx->db, id, &item);
	if (!e)
		e = item_apply(&item, in);
	if (!e)
		e = db_item_change(tx->db, &item);
	if (!e && in->given & ITEM_CONTAINS)
		e = item_change_contents(tx, item.number, in, obstacles);
	if (!e)
		e = item_parts_get(tx->db, DB_FILES_NEWEST, &item);
	*out = item;
	return e;
}

enum err
item_withdraw(struct shop_transaction *tx, const struct uuid *id,
    struct item *out)
{
	enum err e;

	item_clear(out);
	e = db_item_get(tx->db, id, out);
	if (e)
		return e;
	out->state = ITEM_WITHDRAWN;
	e = db_item_set_state(tx->db, out);
	return e ? e : item_parts_get(tx->db, DB_FILES_NEWEST, out);
}

enum err
item_publish(struct shop_transaction *tx, const struct uuid *id,
    struct item *out, struct item_obstacles *obstacles)
{
	struct item unready;
	enum err e;

	item_clear(out);
	item_obstacles_clear(obstacles);
	e = db_item_get(tx->db, id, out);
	if (!e)
		e = item_parts_get(tx->db, DB_FILES_NEWEST, out);
	if (e || out->state == ITEM_PUBLISHED)
		return e;
	unready = (struct item){ .number = out->number, .id = out->id };
	e = db_items_files(tx->db, DB_FILES_NOT_READY,
	    &(struct item_span){ &unready, 1 });
	obstacles->files = unready.files;
	if (!e)
		e = item_check_contents(tx, out->number, obstacles);
	if (e)
		return e;
	out->state = ITEM_PUBLISHED;
	if (out->published_ms == 0)
		out->published_ms = tx->now_ms;
	return db_item_set_state(tx->db, out);
}

/* Whether viewer owns it, and whether that lets them see it. */
static enum err
item_check_viewer(struct db *db, int64_t viewer, struct item *item)
{
	enum err e = ERR_OK;

	if (viewer != 0)
		e = db_item_is_owned(db, viewer, item->number, &item->owned);
	if (!e && item->state != ITEM_PUBLISHED && !item->owned)
		e = ERR_NOT_FOUND;
	return e;
}

enum err
item_get(struct shop *shop, const struct uuid *id, int64_t viewer,
    struct item *out)
{
	struct db *db;
	enum err e;

	item_clear(out);
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_item_get(db, id, out);
	if (!e)
		e = item_check_viewer(db, viewer, out);
	if (!e)
		e = item_parts_get(db, DB_FILES_FOR_SALE, out);
	reader_return(shop, db);
	if (e)
		item_clear(out);
	return e;
}

enum err
item_get_any(struct shop *shop, const struct uuid *id, struct item *out)
{
	struct db *db;
	enum err e;

	item_clear(out);
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_item_get(db, id, out);
	if (!e)
		e = item_parts_get(db, DB_FILES_NEWEST, out);
	reader_return(shop, db);
	if (e)
		item_clear(out);
	return e;
}
