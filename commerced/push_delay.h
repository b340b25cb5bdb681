/* When a version that failed may be tried again: what the books say, until
 * something shows that the storage service is back.  One thread.
 */
#ifndef COMMERCED_PUSH_DELAY_H
#define COMMERCED_PUSH_DELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define PUSH_BACK_OFF_MOST_MS INT64_C(300000)

/*
 * How long to wait after failures in a row (1 or more): a second doubled for
 * each, at most five minutes, of which random (0 to 2^32 - 1) takes up to a
 * half away.
 */
int64_t push_back_off_ms(int64_t failures, uint32_t random);

/* The failures of this process. */
struct push_delays {
	struct push_delay *rows;
	size_t count, capacity;
	bool is_reset;		/* times in the books no longer count */
};

void push_delays_clear(struct push_delays *delays);

/*
 * A version failed, and rests until not_before_ms.  is_refused: by an answer
 * that a reset does not change.  Without memory the books alone know.
 */
void push_delays_add(struct push_delays *delays, int64_t version,
    int64_t not_before_ms, bool is_refused);
void push_delays_remove(struct push_delays *delays, int64_t version);

/* All but the refused ones may be tried at once; everything: those too. */
void push_delays_reset(struct push_delays *delays, bool everything);

/* From when on may a version be tried, of which the books say book_ms? */
int64_t push_delays_get(const struct push_delays *delays, int64_t version,
    int64_t book_ms);

#endif
