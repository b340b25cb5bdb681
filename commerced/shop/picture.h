/* Covers and previews of items: which one an item shows, and to whom. */
#ifndef COMMERCED_SHOP_PICTURE_H
#define COMMERCED_SHOP_PICTURE_H

#include <stdbool.h>

#include "commerced/model_picture.h"
#include "commerced/shop/shop.h"

/* Which picture of which item. */
struct picture_place {
	struct uuid item;
	enum picture_kind kind;
};

/*
 * For whoever may see the item: what is published, everybody; else viewer
 * (an account number; 0: nobody) when it owns it.  ERR_NOT_FOUND: no such
 * item for them, or without such a picture.
 */
enum err picture_get(struct shop *shop, const struct picture_place *place,
    int64_t viewer, struct picture *out);

/* For the shop's people, whatever the item's state.  ERR_NOT_FOUND. */
enum err picture_get_any(struct shop *shop,
    const struct picture_place *place, struct picture *out);

/* An id for a picture of this item to come.  ERR_NOT_FOUND: no such item. */
enum err picture_begin(struct shop *shop, const struct uuid *item,
    struct uuid *id);

struct picture_change {
	struct picture now;	/* what is shown afterwards */
	struct uuid before;	/* not shown any more: its file is to go */
	bool has_before;
	bool is_unchanged;	/* the same content was there: the new file is
				 * to go */
};

/*
 * Show picture (its file is durable; changed_ms is set here) at its place.
 * ERR_NOT_FOUND: no such item.
 */
enum err picture_set(struct shop_transaction *tx,
    const struct picture_place *place, const struct picture *picture,
    struct picture_change *out);

/* Show none.  ERR_NOT_FOUND: there was none. */
enum err picture_remove(struct shop_transaction *tx,
    const struct picture_place *place, struct picture_change *out);

/* Does any item show it?  Else its file was left by a crash. */
enum err picture_is_shown(struct shop *shop, const struct uuid *id,
    bool *out);

#endif
