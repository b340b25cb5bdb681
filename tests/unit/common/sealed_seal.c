/* Sealing a stream: what goes in comes out, in any pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/sealed_open.h"
#include "common/sealed_seal.h"
#include "tests/unit/memory_file.h"

static const uint8_t identity[SEALED_IDENTITY_BYTES] = { 7 };

static void
seal(struct memory_file *file, const uint8_t *bytes, size_t size,
    size_t piece)
{
	struct sealer *sealer;

	assert_int_equal(sealer_new(identity, memory_file_add, file,
	    &sealer), ERR_OK);
	for (size_t at = 0; at < size; at += piece)
		assert_int_equal(sealer_write(sealer, bytes + at,
		    size - at < piece ? size - at : piece), ERR_OK);
	assert_int_equal(sealer_finish(sealer), ERR_OK);
	sealer_free(sealer);
}

static void
assert_opens(const struct memory_file *file, const uint8_t *bytes,
    size_t size)
{
	struct memory_file opened = { 0 };
	struct opener *opener;

	assert_int_equal(opener_new(identity, memory_file_add, &opened,
	    &opener), ERR_OK);
	assert_int_equal(opener_write(opener, file->bytes, file->size),
	    ERR_OK);
	assert_int_equal(opener_finish(opener), ERR_OK);
	opener_free(opener);
	assert_int_equal(opened.size, size);
	if (size > 0)
		assert_memory_equal(opened.bytes, bytes, size);
	free(opened.bytes);
}

static void
every_size_and_piece_opens_to_the_same(void **state)
{
	static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 131071,
		131072, 131073, 300000 };
	static const size_t pieces[] = { 1 << 20, 65537, 65536, 65535, 777 };
	uint8_t *bytes = memory_pattern(300000);

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(size_t); i++)
		for (size_t j = 0; j < sizeof(pieces) / sizeof(size_t); j++) {
			struct memory_file file = { 0 };

			seal(&file, bytes, sizes[i], pieces[j]);
			assert_int_equal(file.size, sealed_size(sizes[i]));
			assert_opens(&file, bytes, sizes[i]);
			free(file.bytes);
		}
	free(bytes);
}

static void
the_same_content_is_never_sealed_to_the_same_bytes(void **state)
{
	struct memory_file one = { 0 }, two = { 0 };

	(void)state;
	seal(&one, (const uint8_t *)"waltz", 5, 5);
	seal(&two, (const uint8_t *)"waltz", 5, 5);
	/* Header, nonce and chunk are all new; only fixed text is common. */
	assert_memory_not_equal(one.bytes + 32, two.bytes + 32, 43);
	assert_memory_not_equal(one.bytes + 168, two.bytes + 168, 16);
	assert_memory_not_equal(one.bytes + 184, two.bytes + 184, 21);
	free(one.bytes);
	free(two.bytes);
}

static void
an_error_of_the_sink_ends_the_sealing_for_good(void **state)
{
	struct memory_file file = { .refuse_from = 100000 };
	uint8_t *bytes = memory_pattern(200000);
	struct sealer *sealer;

	(void)state;
	assert_int_equal(sealer_new(identity, memory_file_add, &file,
	    &sealer), ERR_OK);
	assert_int_equal(sealer_write(sealer, bytes, 200000),
	    ERR_STORAGE_FULL);
	file.refuse_from = 0;
	assert_int_equal(sealer_write(sealer, bytes, 1), ERR_STORAGE_FULL);
	assert_int_equal(sealer_finish(sealer), ERR_STORAGE_FULL);
	assert_int_equal(file.size, 184 + 65552);
	sealer_free(sealer);
	free(file.bytes);

	file = (struct memory_file){ .refuse_from = 100 };
	assert_int_equal(sealer_new(identity, memory_file_add, &file,
	    &sealer), ERR_STORAGE_FULL);
	assert_null(sealer);
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_and_piece_opens_to_the_same),
		cmocka_unit_test(
		    the_same_content_is_never_sealed_to_the_same_bytes),
		cmocka_unit_test(
		    an_error_of_the_sink_ends_the_sealing_for_good),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
