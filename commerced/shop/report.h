/* The books as the shop's people read them: purchases, accounts, transfers,
 * sales by day and by item.
 */
#ifndef COMMERCED_SHOP_REPORT_H
#define COMMERCED_SHOP_REPORT_H

#include "commerced/model.h"
#include "commerced/shop/shop.h"

#define REPORT_LIMIT_MAX 10000

struct report_query {
	enum report_kind kind;
	int64_t from_ms;	/* of sales; 0: from the first */
	int64_t until_ms;	/* of sales; 0: to the last */
	size_t limit;		/* 1 to REPORT_LIMIT_MAX */
	const char *cursor;	/* NULL: from the start */
};

/*
 * A page, newest first (sales by item: the newest item).  Sales are what was
 * sold, and what was refunded, in that time.  Looks at every sale: for worker
 * threads.  ERR_MALFORMED_CURSOR, ERR_OUT_OF_RANGE.
 */
enum err report_list(struct shop *shop, const struct report_query *query,
    struct report *out);

/* Anybody's receipt.  ERR_NOT_FOUND. */
enum err report_purchase_get(struct shop *shop, const struct uuid *id,
    struct purchase *out);

#endif
