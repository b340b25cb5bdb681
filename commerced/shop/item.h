/* Between item.c, item_contents.c and item_list.c; others include catalogue.h.
 */
#ifndef COMMERCED_SHOP_ITEM_H
#define COMMERCED_SHOP_ITEM_H

#include "commerced/db/items.h"
#include "commerced/shop/catalogue.h"

/* The lists of items, read anew: their files and what they contain. */
enum err items_parts_get(struct db *db, enum db_files which,
    const struct item_span *span);
enum err item_parts_get(struct db *db, enum db_files which,
    struct item *item);

/*
 * What it contains from now on.  ERR_OUT_OF_RANGE: one of them does not exist
 * or is the item itself.
 */
enum err item_contents_set(struct shop_transaction *tx, int64_t item,
    const struct item_fields *fields);

/*
 * Can its contents be sold?  ERR_NOT_PUBLISHABLE, with what is in the way, to
 * which out may hold files already.
 */
enum err item_check_contents(struct shop_transaction *tx, int64_t item,
    struct item_obstacles *out);

#endif
