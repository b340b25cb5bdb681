/* Each of the first threads has a stripe for itself, and nobody after it; all
 * that come later have the last one.
 */
#include "common/stripe.h"

#include <stdlib.h>
#include <string.h>

#define LAST (STRIPES - 1)

static _Atomic unsigned threads_seen;
static _Thread_local unsigned own_number;	/* from 1 on; 0: none yet */

unsigned
stripe_mine(void)
{
	unsigned before;

	if (own_number == 0) {
		before = atomic_load(&threads_seen);
		while (before < LAST && !atomic_compare_exchange_weak(
		    &threads_seen, &before, before + 1))
			;
		own_number = before + 1;
	}
	return own_number - 1;
}

void
stripe_add(_Atomic uint64_t *counter, uint64_t more)
{
	/* Where nobody else writes, an addition that stops the others from
	 * writing is 5 ns for nothing, a dozen times for each request. */
	if (stripe_mine() < LAST)
		atomic_store_explicit(counter, atomic_load_explicit(counter,
		    memory_order_relaxed) + more, memory_order_release);
	else
		atomic_fetch_add_explicit(counter, more,
		    memory_order_release);
}

void *
stripes_new(size_t size)
{
	void *stripes = aligned_alloc(STRIPE_BYTES, STRIPES * size);

	if (stripes != NULL)
		memset(stripes, 0, STRIPES * size);
	return stripes;
}
