/* How often something failed: attempts counted by a key in a table of fixed
 * size.  An attempt is taken before it is known whether it succeeds, and
 * given back when it did, so that many at once cannot slip through.
 */
#ifndef COMMERCED_HTTP_ATTEMPTS_H
#define COMMERCED_HTTP_ATTEMPTS_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct attempts;

/*
 * most attempts for each key in each period; slots keys are remembered (a
 * power of two; 24 bytes each).  Where more are under way, the one longest
 * unused is forgotten.  ERR_NO_MEMORY.
 */
enum err attempts_new(unsigned most, int64_t period_ms, size_t slots,
    struct attempts **out);
void attempts_free(struct attempts *attempts);	/* NULL is allowed */

/* What is counted: account and address, each may be NULL. */
struct attempts_key {
	const char *account;	/* e-mail address or id; its case is folded */
	const char *address;	/* of IPv6 the first 64 bits count */
};

/*
 * Take one attempt at now_ms (monotonic).  ERR_TOO_MANY_ATTEMPTS, with the
 * seconds until the next is free in *retry_s; nothing was taken then.
 */
enum err attempts_take(struct attempts *attempts,
    const struct attempts_key *key, int64_t now_ms, int64_t *retry_s);

/* Give back what was taken at now_ms or before. */
void attempts_give_back(struct attempts *attempts,
    const struct attempts_key *key, int64_t now_ms);

#endif
