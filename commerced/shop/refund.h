/* Money back for lines of a purchase. */
#ifndef COMMERCED_SHOP_REFUND_H
#define COMMERCED_SHOP_REFUND_H

#include <stdbool.h>

#include "commerced/model.h"
#include "commerced/shop/admin_request.h"
#include "commerced/shop/purchase.h"
#include "commerced/shop/shop.h"

#define REFUND_REASON_MAX 500		/* bytes */

/* All pointers are borrowed until done(). */
struct refund_request {
	struct uuid purchase;
	const struct uuid *items;	/* of the lines */
	size_t item_count;		/* 0: all that are left */
	const char *reason;		/* 1 to REFUND_REASON_MAX bytes */
	struct admin_request request;
};

struct refund_result {
	struct purchase purchase;	/* as it is now */
	struct refund refund;
	bool is_replayed;
	/* NOT_REFUNDABLE: the lines that were deducted from others (none: the
	 * account cannot be credited); ALREADY_REFUNDED and DUPLICATE_ITEM:
	 * those; OUT_OF_RANGE: items that no line has */
	struct uuid refused[PURCHASE_ITEMS_MAX];
	size_t refused_count;
};

/*
 * Back to the balance that paid; what these lines gave ends at once, also of
 * a gift that was claimed.  A line that made another one cheaper goes back
 * only after that one did.  ERR_OUT_OF_RANGE, ERR_IDEMPOTENCY_KEY_REUSED,
 * ERR_NOT_FOUND, ERR_DUPLICATE_ITEM, ERR_ALREADY_REFUNDED,
 * ERR_NOT_REFUNDABLE.  The result is to be cleared in every case.
 */
enum err refund_make(struct shop_transaction *tx,
    const struct refund_request *in, struct refund_result *out);
void refund_result_clear(struct refund_result *result);

#endif
