/* One object on its way: what is asked of the storage service next, by what
 * it answered.  No waiting and no clock here.
 *
 *	WHOLE -> done			a file that is not large, or a DELETE
 *	ASK -> PIECE -> ... -> done	a large one: how much of it is there?
 *					then piece by piece from there
 */
#ifndef COMMERCED_PUSH_SLOT_H
#define COMMERCED_PUSH_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "commerced/shop/publish.h"
#include "commerced/storage_client.h"

enum push_step { PUSH_STEP_WHOLE, PUSH_STEP_ASK, PUSH_STEP_PIECE };

struct push_slot {
	struct push push;
	enum push_kind kind;	/* PUSH_STORE or PUSH_DELETE */
	enum push_step step;
	uint64_t offset;	/* PIECE: where it begins */
	bool has_moved;		/* a piece was taken */
	bool is_used;		/* the owner's */
};

enum push_outcome {
	PUSH_IS_DONE,
	PUSH_GOES_ON,		/* step and offset say with what */
	PUSH_HAS_FAILED,	/* may go well another time */
	PUSH_IS_REFUSED		/* the same request will be refused again */
};

/* The slot's transfer ended with answer. */
enum push_outcome push_slot_take(struct push_slot *slot,
    const struct storage_answer *answer);

#endif
