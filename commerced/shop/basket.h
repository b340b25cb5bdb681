/* What a request to buy comes to; others include purchase.h. */
#ifndef COMMERCED_SHOP_BASKET_H
#define COMMERCED_SHOP_BASKET_H

#include "commerced/db/albums.h"
#include "commerced/db/purchases.h"
#include "commerced/shop/purchase.h"

/* Line by line in the request's order. */
struct basket {
	struct sale_row lines[PURCHASE_ITEMS_MAX];
	size_t count;
	int64_t total_minor;
	struct deduction_list deductions;	/* those of line 0 first */
	size_t deducted[PURCHASE_ITEMS_MAX];	/* how many are each line's */
};

/*
 * Fill basket as the books are at now_ms; what is in it before is not looked
 * at.  The errors of purchase_buy() from ERR_OUT_OF_RANGE (number of items) to
 * ERR_ALREADY_OWNED, with out->refused; and those of the database.  Cleared
 * in any case.
 */
enum err basket_fill(struct db *db, int64_t now_ms,
    const struct purchase_request *in, struct basket *basket,
    struct purchase_result *out);
void basket_clear(struct basket *basket);

/* The lines as a receipt tells them, whose titles are taken. */
enum err basket_take_lines(struct basket *basket,
    const struct purchase_request *in, struct purchase *out);

#endif
