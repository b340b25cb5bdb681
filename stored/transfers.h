/* How many transfers each grant has under way, so that a link that was passed
 * on does not take the whole service.  Any thread.
 */
#ifndef STORED_TRANSFERS_H
#define STORED_TRANSFERS_H

#include "common/err.h"

struct transfers;

struct transfer {
	unsigned slots[2];
};

/* most: at once for each grant; 0: any number.  ERR_NO_MEMORY. */
enum err transfers_new(unsigned most, struct transfers **out);
void transfers_free(struct transfers *transfers);	/* NULL is allowed */

/*
 * Which counters this grant of this issuer has.  They come into the cache
 * meanwhile, so that it is asked some time before it counts.
 */
void transfers_find(const struct transfers *transfers, const char *commerce_id,
    const char *grant, struct transfer *out);
/* One more of them.  ERR_OK: to be given to transfers_end(); ERR_BUSY. */
enum err transfers_begin(struct transfers *transfers,
    const struct transfer *transfer);
void transfers_end(struct transfers *transfers,
    const struct transfer *transfer);

#endif
