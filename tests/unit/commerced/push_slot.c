/* An object on its way: asked for, sent piece by piece, gone on with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "commerced/push_slot.h"

#define SIZE 1000

static struct push_slot
slot_at(enum push_step step, uint64_t offset)
{
	return (struct push_slot){ .push = { .sealed_size = SIZE },
	    .kind = PUSH_STORE, .step = step, .offset = offset };
}

static struct storage_answer
answer_of(int status, int64_t upload_offset)
{
	return (struct storage_answer){ .result = ERR_OK, .status = status,
	    .upload_offset = upload_offset };
}

static void
assert_goes_on_at(struct push_slot slot, struct storage_answer answer,
    uint64_t offset)
{
	assert_int_equal(push_slot_take(&slot, &answer), PUSH_GOES_ON);
	assert_int_equal(slot.step, PUSH_STEP_PIECE);
	assert_int_equal(slot.offset, offset);
}

static void
a_large_file_goes_on_where_the_storage_says(void **state)
{
	struct storage_answer other = answer_of(200, SIZE - 1);

	(void)state;
	assert_goes_on_at(slot_at(PUSH_STEP_ASK, 0), answer_of(404, 0), 0);
	assert_goes_on_at(slot_at(PUSH_STEP_ASK, 0), answer_of(200, 300),
	    300);
	assert_goes_on_at(slot_at(PUSH_STEP_PIECE, 300), answer_of(204, 600),
	    600);
	/* What makes no sense begins anew. */
	assert_goes_on_at(slot_at(PUSH_STEP_ASK, 0), answer_of(200, -1), 0);
	assert_goes_on_at(slot_at(PUSH_STEP_ASK, 0), answer_of(200, SIZE), 0);
	other.is_complete = true;
	assert_goes_on_at(slot_at(PUSH_STEP_ASK, 0), other, 0);
}

static void
assert_outcome(struct push_slot slot, struct storage_answer answer,
    enum push_outcome outcome)
{
	assert_int_equal(push_slot_take(&slot, &answer), outcome);
}

static void
what_is_there_in_full_is_not_sent_again(void **state)
{
	struct storage_answer whole = answer_of(200, SIZE);

	(void)state;
	whole.is_complete = true;
	assert_outcome(slot_at(PUSH_STEP_ASK, 0), whole, PUSH_IS_DONE);
	assert_outcome(slot_at(PUSH_STEP_PIECE, 900), answer_of(201, -1),
	    PUSH_IS_DONE);
	assert_outcome(slot_at(PUSH_STEP_WHOLE, 0), answer_of(200, -1),
	    PUSH_IS_DONE);
}

static void
a_piece_that_does_not_move_has_failed(void **state)
{
	static const int64_t offsets[] = { -1, 0, 300, SIZE, SIZE + 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		assert_outcome(slot_at(PUSH_STEP_PIECE, 300),
		    answer_of(204, offsets[i]), PUSH_HAS_FAILED);
	assert_outcome(slot_at(PUSH_STEP_PIECE, 300), answer_of(409, 600),
	    PUSH_HAS_FAILED);
	assert_outcome(slot_at(PUSH_STEP_PIECE, 300), answer_of(507, -1),
	    PUSH_HAS_FAILED);
	assert_outcome(slot_at(PUSH_STEP_PIECE, 300), answer_of(403, -1),
	    PUSH_IS_REFUSED);
	assert_outcome(slot_at(PUSH_STEP_ASK, 0), answer_of(403, -1),
	    PUSH_IS_REFUSED);
}

static void
no_answer_may_be_one_another_time(void **state)
{
	struct storage_answer answer = { .result = ERR_UNREACHABLE };

	(void)state;
	assert_outcome(slot_at(PUSH_STEP_ASK, 0), answer, PUSH_HAS_FAILED);
	answer.result = ERR_IO;
	assert_outcome(slot_at(PUSH_STEP_PIECE, 0), answer, PUSH_IS_REFUSED);
}

static void
a_deletion_is_done_when_nothing_is_there(void **state)
{
	struct push_slot slot = { .kind = PUSH_DELETE };
	struct storage_answer answer = answer_of(404, -1);

	(void)state;
	assert_outcome(slot, answer_of(204, -1), PUSH_IS_DONE);
	assert_outcome(slot, answer, PUSH_IS_REFUSED);
	snprintf(answer.slug, sizeof(answer.slug), "object-not-found");
	assert_outcome(slot, answer, PUSH_IS_DONE);
	assert_outcome(slot, answer_of(200, -1), PUSH_HAS_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_large_file_goes_on_where_the_storage_says),
		cmocka_unit_test(what_is_there_in_full_is_not_sent_again),
		cmocka_unit_test(a_piece_that_does_not_move_has_failed),
		cmocka_unit_test(no_answer_may_be_one_another_time),
		cmocka_unit_test(a_deletion_is_done_when_nothing_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
