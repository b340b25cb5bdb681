/* How the search index does (db/search.h): for who runs it, and for tests. */
#ifndef COMMERCED_SHOP_SEARCH_H
#define COMMERCED_SHOP_SEARCH_H

#include "commerced/shop/shop.h"

struct search_status {
	bool is_ready;		/* there is one to ask */
	int64_t age_ms;		/* since it had every change of the books */
	int64_t order_age_ms;	/* since it was put in order by popularity */
	uint64_t made;		/* how often, since shop_open() */
	uint64_t failures;	/* likewise */
};
void search_status_get(struct shop *shop, struct search_status *out);

/*
 * Wait until everything committed by now is found; anew: by an index that was
 * begun after this call.  Never on the writer's or an event thread.  ERR_BUSY:
 * not within wait_ms.
 */
enum err search_wait(struct shop *shop, bool anew, int64_t wait_ms);

#endif
