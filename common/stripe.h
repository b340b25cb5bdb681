/* Spreading what many threads touch all the time, so that none waits for a
 * cache line of another: a counter or a lock is kept STRIPES times, each
 * thread uses its own, and whoever wants the whole goes through all of them.
 */
#ifndef COMMON_STRIPE_H
#define COMMON_STRIPE_H

#include <stddef.h>

#define STRIPES 32	/* more threads share, and are still right */
#define STRIPE_BYTES 64	/* of a cache line; what a stripe is aligned to */

/* The calling thread's stripe, below STRIPES; the same while it lives. */
unsigned stripe_mine(void);

/*
 * STRIPES times size bytes of zeros, size a multiple of STRIPE_BYTES; freed
 * by free().  NULL without memory.
 */
void *stripes_new(size_t size);

#endif
