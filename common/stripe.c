/* Stripes are handed to threads in turn. */
#include "common/stripe.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic unsigned threads_seen;
static _Thread_local unsigned own_number;	/* 0: none yet */

unsigned
stripe_mine(void)
{
	if (own_number == 0)
		own_number = atomic_fetch_add(&threads_seen, 1) % STRIPES + 1;
	return own_number - 1;
}

void *
stripes_new(size_t size)
{
	void *stripes = aligned_alloc(STRIPE_BYTES, STRIPES * size);

	if (stripes != NULL)
		memset(stripes, 0, STRIPES * size);
	return stripes;
}
