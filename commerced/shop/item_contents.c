/* What albums and bundles contain, and whether that can be sold. */
#include <stdlib.h>

#include "commerced/db/albums.h"
#include "commerced/db/books.h"
#include "commerced/db/purchases.h"
#include "commerced/shop/internal.h"
#include "commerced/shop/item.h"

void
item_obstacles_clear(struct item_obstacles *obstacles)
{
	file_list_clear(&obstacles->files);
	free(obstacles->empty);
	*obstacles = (struct item_obstacles){ 0 };
}

enum err
items_parts_get(struct db *db, enum db_files which,
    const struct item_span *span)
{
	enum err e;

	for (size_t i = 0; i < span->count; i++) {
		struct item *item = &span->items[i];

		file_list_clear(&item->files);
		free(item->contains);
		item->contains = NULL;
		item->contains_count = 0;
	}
	e = db_items_files(db, which, span);
	return e ? e : db_items_contents(db, span);
}

enum err
item_parts_get(struct db *db, enum db_files which, struct item *item)
{
	return items_parts_get(db, which, &(struct item_span){ item, 1 });
}

/*
 * Who has the item, or what contains it, has from now on what was put in:
 * none of its versions may go.
 */
static enum err
item_contents_keep(struct shop_transaction *tx, int64_t item,
    int64_t sequence)
{
	struct offer_row offer;
	enum err e;

	e = db_item_offer(tx->db, item, &offer);
	return e || !offer.is_sold ? e : db_item_kept(tx->db, item, sequence);
}

enum err
item_contents_set(struct shop_transaction *tx, int64_t item,
    const struct item_fields *fields)
{
	struct content_row row = { .container = item };
	bool found = true;
	enum err e;

	e = db_sequence_next(tx->db, &row.sequence);
	if (!e)
		e = db_contents_take_out(tx->db, item, row.sequence);
	for (size_t i = 0; !e && found && i < fields->contains_count; i++) {
		row.item = fields->contains[i];
		row.position = (int64_t)i;
		e = db_contents_put_in(tx->db, &row, &found);
	}
	if (!e && !found)
		e = ERR_OUT_OF_RANGE;
	if (!e)
		e = db_contents_settle(tx->db, item);
	return e ? e : item_contents_keep(tx, item, row.sequence);
}

enum err
item_check_contents(struct shop_transaction *tx, int64_t item,
    struct item_obstacles *out)
{
	struct item parts = { .number = item };
	struct id_list empty = { 0 };
	enum err e;

	e = db_contents_too_deep(tx->db, item, &out->too_deep);
	if (!e)
		e = db_contents_empty(tx->db, item, &empty);
	if (!e)
		e = item_parts_get(tx->db, DB_FILES_NEWEST, &parts);
	out->empty = empty.ids;
	out->empty_count = empty.count;
	out->nothing = parts.files.count == 0 && parts.contains_count == 0;
	if (!e && (out->nothing || out->too_deep || out->files.count > 0 ||
	    out->empty_count > 0))
		e = ERR_NOT_PUBLISHABLE;
	item_clear(&parts);
	return e;
}
