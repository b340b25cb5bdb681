/* Spreading what many threads touch all the time, so that none waits for a
 * cache line of another: a counter or a lock is kept STRIPES times, each
 * thread uses its own, and whoever wants the whole goes through all of them.
 */
#ifndef COMMON_STRIPE_H
#define COMMON_STRIPE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define STRIPES 32	/* further threads share the last one, and are still
			 * right */
#define STRIPE_BYTES 64	/* of a cache line; what a stripe is aligned to */

/* The calling thread's stripe, below STRIPES; the same while it lives. */
unsigned stripe_mine(void);

/*
 * more for a counter in the calling thread's stripe (UINT64_MAX: one less),
 * which nobody adds to but by this.  Whoever reads it sees what this thread
 * did before.
 */
void stripe_add(_Atomic uint64_t *counter, uint64_t more);

/*
 * STRIPES times size bytes of zeros, size a multiple of STRIPE_BYTES; freed
 * by free().  NULL without memory.
 */
void *stripes_new(size_t size);

#endif
