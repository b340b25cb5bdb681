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
item_parts_get(struct db *db, enum db_files which, struct item *item)
{
	struct id_list list = { 0 };
	enum err e;

	file_list_clear(&item->files);
	free(item->contains);
	e = db_item_files(db, item->number, which, &item->files);
	if (!e)
		e = db_contents_list(db, item->number, &list);
	item->contains = list.ids;
	item->contains_count = list.count;
	return e;
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
	int64_t sequence = 0;
	bool found = true;
	enum err e;

	e = db_sequence_next(tx->db, &sequence);
	if (!e)
		e = db_contents_take_out(tx->db, item, sequence);
	for (size_t i = 0; !e && found && i < fields->contains_count; i++)
		e = db_contents_put_in(tx->db, item, &fields->contains[i],
		    (int64_t)i, &found);
	if (!e && !found)
		e = ERR_OUT_OF_RANGE;
	if (!e)
		e = db_contents_settle(tx->db, item);
	return e ? e : item_contents_keep(tx, item, sequence);
}

enum err
item_check_contents(struct shop_transaction *tx, int64_t item,
    struct item_obstacles *out)
{
	struct file_list newest = { 0 };
	struct id_list empty = { 0 }, contents = { 0 };
	enum err e;

	e = db_contents_too_deep(tx->db, item, &out->too_deep);
	if (!e)
		e = db_contents_empty(tx->db, item, &empty);
	if (!e)
		e = db_item_files(tx->db, item, DB_FILES_NEWEST, &newest);
	if (!e)
		e = db_contents_list(tx->db, item, &contents);
	out->empty = empty.ids;
	out->empty_count = empty.count;
	out->nothing = newest.count == 0 && contents.count == 0;
	if (!e && (out->nothing || out->too_deep || out->files.count > 0 ||
	    out->empty_count > 0))
		e = ERR_NOT_PUBLISHABLE;
	file_list_clear(&newest);
	free(contents.ids);
	return e;
}
