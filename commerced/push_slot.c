/* What an answer of the storage service means for an object on its way. */
#include <string.h>

#include "commerced/push_slot.h"

static bool
push_is_done(const struct push_slot *slot,
    const struct storage_answer *answer)
{
	if (slot->kind == PUSH_DELETE)
		return answer->status == 204 || (answer->status == 404 &&
		    strcmp(answer->slug, "object-not-found") == 0);
	/* An object of another size is none: it is replaced. */
	if (slot->step == PUSH_STEP_ASK)
		return answer->status == 200 && answer->is_complete &&
		    answer->upload_offset == slot->push.sealed_size;
	return answer->status == 200 || answer->status == 201;
}

/* Where to begin, by the answer to HEAD. */
static uint64_t
push_offset(const struct push_slot *slot, const struct storage_answer *answer)
{
	if (answer->status != 200 || answer->is_complete ||
	    answer->upload_offset < 0 ||
	    answer->upload_offset >= slot->push.sealed_size)
		return 0;
	return (uint64_t)answer->upload_offset;
}

/* Does the answer lead to a piece?  The slot is made ready for it. */
static bool
push_goes_on(struct push_slot *slot, const struct storage_answer *answer)
{
	if (slot->kind == PUSH_DELETE)
		return false;
	/* HEAD has no body: nothing to tell one 404 from another by. */
	if (slot->step == PUSH_STEP_ASK && (answer->status == 200 ||
	    answer->status == 404)) {
		slot->step = PUSH_STEP_PIECE;
		slot->offset = push_offset(slot, answer);
		return true;
	}
	if (slot->step == PUSH_STEP_PIECE && answer->status == 204 &&
	    answer->upload_offset > (int64_t)slot->offset &&
	    answer->upload_offset < slot->push.sealed_size) {
		slot->offset = (uint64_t)answer->upload_offset;
		slot->has_moved = true;
		return true;
	}
	return false;
}

/* Will the same request be refused again, whenever it comes? */
static bool
push_is_final(const struct storage_answer *answer)
{
	return answer->status >= 300 && answer->status < 500 &&
	    answer->status != 408 && answer->status != 409 &&
	    answer->status != 429;
}

enum push_outcome
push_slot_take(struct push_slot *slot, const struct storage_answer *answer)
{
	if (answer->result == ERR_IO)
		return PUSH_IS_REFUSED;
	if (answer->result != ERR_OK)
		return PUSH_HAS_FAILED;
	if (push_is_done(slot, answer))
		return PUSH_IS_DONE;
	if (push_goes_on(slot, answer))
		return PUSH_GOES_ON;
	return push_is_final(answer) ? PUSH_IS_REFUSED : PUSH_HAS_FAILED;
}
