/* What is put arrives in order and once; an error reaches who puts; nobody
 * waits for ever.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "commerced/spool_writer.h"

#define TOTAL (40 * SPOOL_PIECE_BYTES + 12345)

static uint8_t *arrived;
static size_t arrived_size;
static size_t fails_at;		/* bytes; 0: never */

static enum err
take(void *context, const uint8_t *bytes, size_t size)
{
	assert_ptr_equal(context, &arrived);
	if (fails_at > 0 && arrived_size + size > fails_at)
		return ERR_STORAGE_FULL;
	assert_true(arrived_size + size <= TOTAL);
	memcpy(arrived + arrived_size, bytes, size);
	arrived_size += size;
	return ERR_OK;
}

static int
set_up(void **state)
{
	(void)state;
	arrived = calloc(1, TOTAL);
	arrived_size = 0;
	fails_at = 0;
	return arrived == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	free(arrived);
	return 0;
}

static void
sizes_of_all_kinds_arrive_in_order(void **state)
{
	static const size_t sizes[] = { 1, 65552, 200, 3 * SPOOL_PIECE_BYTES,
		SPOOL_PIECE_BYTES, SPOOL_PIECE_BYTES - 1 };
	uint8_t *bytes = malloc(TOTAL);
	struct spool_writer *writer;
	size_t at = 0;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < TOTAL; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	assert_int_equal(spool_writer_new(take, &arrived, &writer), ERR_OK);
	for (size_t i = 0; at < TOTAL; i++) {
		size_t size = sizes[i % (sizeof(sizes) / sizeof(sizes[0]))];

		if (size > TOTAL - at)
			size = TOTAL - at;
		assert_int_equal(spool_writer_put(writer, bytes + at, size),
		    ERR_OK);
		at += size;
	}
	assert_int_equal(spool_writer_end(writer), ERR_OK);
	assert_int_equal(arrived_size, TOTAL);
	assert_memory_equal(arrived, bytes, TOTAL);
	spool_writer_free(writer);
	free(bytes);
}

static void
nothing_put_is_nothing_arrived(void **state)
{
	struct spool_writer *writer;

	(void)state;
	assert_int_equal(spool_writer_new(take, &arrived, &writer), ERR_OK);
	assert_int_equal(spool_writer_end(writer), ERR_OK);
	assert_int_equal(arrived_size, 0);
	spool_writer_free(writer);
}

/* However much is put after it: the first error comes, and stays. */
static void
an_error_reaches_who_puts(void **state)
{
	static const uint8_t piece[SPOOL_PIECE_BYTES];
	struct spool_writer *writer;
	enum err e = ERR_OK;
	int count = 0;

	(void)state;
	fails_at = 3 * SPOOL_PIECE_BYTES;
	assert_int_equal(spool_writer_new(take, &arrived, &writer), ERR_OK);
	while (e == ERR_OK && count++ < 40)
		e = spool_writer_put(writer, piece, sizeof(piece));
	assert_int_equal(e, ERR_STORAGE_FULL);
	assert_int_equal(arrived_size, 3 * SPOOL_PIECE_BYTES);
	spool_writer_free(writer);
}

static void
an_error_of_the_last_piece_is_told_at_the_end(void **state)
{
	static const uint8_t bytes[100];
	struct spool_writer *writer;

	(void)state;
	fails_at = 1;
	assert_int_equal(spool_writer_new(take, &arrived, &writer), ERR_OK);
	assert_int_equal(spool_writer_put(writer, bytes, sizeof(bytes)),
	    ERR_OK);
	assert_int_equal(spool_writer_end(writer), ERR_STORAGE_FULL);
	spool_writer_free(writer);
}

static void
what_is_dropped_is_not_waited_for(void **state)
{
	static const uint8_t bytes[5 * SPOOL_PIECE_BYTES];
	struct spool_writer *writer;

	(void)state;
	spool_writer_free(NULL);
	assert_int_equal(spool_writer_new(take, &arrived, &writer), ERR_OK);
	assert_int_equal(spool_writer_put(writer, bytes, sizeof(bytes)),
	    ERR_OK);
	spool_writer_free(writer);
	assert_int_equal(arrived_size % SPOOL_PIECE_BYTES, 0);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sizes_of_all_kinds_arrive_in_order),
		TEST(nothing_put_is_nothing_arrived),
		TEST(an_error_reaches_who_puts),
		TEST(an_error_of_the_last_piece_is_told_at_the_end),
		TEST(what_is_dropped_is_not_waited_for),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
