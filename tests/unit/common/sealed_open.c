/* Opening: every way of being cut or altered is noticed, and any byte range
 * gives the bytes that are there.  (What the age specification demands of
 * other people's files: age_vectors.c.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/sealed_open.h"
#include "common/sealed_seal.h"
#include "tests/unit/memory_file.h"

#define CONTENT_SIZE (3 * 65536 + 1000)
#define HEAD 184

static const uint8_t identity[SEALED_IDENTITY_BYTES] = { 7 };
static uint8_t *content;
static struct memory_file file;		/* the content, sealed */

static void
seal(struct memory_file *out, size_t size)
{
	struct sealer *sealer;

	if (sealer_new(identity, memory_file_add, out, &sealer) != ERR_OK ||
	    sealer_write(sealer, content, size) != ERR_OK ||
	    sealer_finish(sealer) != ERR_OK)
		abort();
	sealer_free(sealer);
}

static int
make_file(void **state)
{
	(void)state;
	content = memory_pattern(CONTENT_SIZE);
	seal(&file, CONTENT_SIZE);
	return 0;
}

static int
free_file(void **state)
{
	(void)state;
	free(content);
	free(file.bytes);
	return 0;
}

/* Open these bytes in one piece; what came out is the content's beginning. */
static enum err
open_bytes(const uint8_t *bytes, size_t size, size_t *released)
{
	struct memory_file opened = { 0 };
	struct opener *opener;
	enum err e;

	assert_int_equal(opener_new(identity, memory_file_add, &opened,
	    &opener), ERR_OK);
	e = opener_write(opener, bytes, size);
	if (e == ERR_OK)
		e = opener_finish(opener);
	opener_free(opener);
	assert_true(opened.size <= CONTENT_SIZE);
	if (opened.size > 0)
		assert_memory_equal(opened.bytes, content, opened.size);
	*released = opened.size;
	free(opened.bytes);
	return e;
}

static void
a_file_cut_anywhere_is_noticed(void **state)
{
	static const struct {
		size_t size;
		enum err e;
		size_t released;
	} cuts[] = {
		{ 0, ERR_SEALED_HEADER, 0 }, { 1, ERR_SEALED_HEADER, 0 },
		{ 167, ERR_SEALED_HEADER, 0 }, { 168, ERR_SEALED_HEADER, 0 },
		{ HEAD - 1, ERR_SEALED_HEADER, 0 },
		{ HEAD, ERR_SEALED_TRUNCATED, 0 },
		{ HEAD + 15, ERR_SEALED_TRUNCATED, 0 },
		{ HEAD + 16, ERR_SEALED_PAYLOAD, 0 },
		{ HEAD + 65551, ERR_SEALED_PAYLOAD, 0 },
		{ HEAD + 65552, ERR_SEALED_TRUNCATED, 65536 },
		{ HEAD + 65552 + 1, ERR_SEALED_TRUNCATED, 65536 },
		{ HEAD + 65552 + 16, ERR_SEALED_PAYLOAD, 65536 },
		{ HEAD + 2 * 65552, ERR_SEALED_TRUNCATED, 2 * 65536 },
		{ HEAD + 3 * 65552, ERR_SEALED_TRUNCATED, 3 * 65536 },
		{ HEAD + 3 * 65552 + 1015, ERR_SEALED_PAYLOAD, 3 * 65536 },
	};
	size_t released;

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		assert_int_equal(open_bytes(file.bytes, cuts[i].size,
		    &released), cuts[i].e);
		assert_int_equal(released, cuts[i].released);
	}
	assert_int_equal(open_bytes(file.bytes, file.size, &released),
	    ERR_OK);
	assert_int_equal(released, CONTENT_SIZE);
}

static void
a_flipped_bit_anywhere_is_noticed_in_its_chunk(void **state)
{
	size_t released;
	enum err e;

	(void)state;
	for (size_t at = 0; at < file.size; at += at < 400 ? 1 : 2999) {
		file.bytes[at] ^= 0x10;
		e = open_bytes(file.bytes, file.size, &released);
		file.bytes[at] ^= 0x10;
		if (at < 168)
			assert_true(e == ERR_SEALED_HEADER ||
			    e == ERR_SEALED_MAC || e == ERR_SEALED_NO_MATCH);
		else
			assert_int_equal(e, ERR_SEALED_PAYLOAD);
		assert_int_equal(released,
		    at < HEAD ? 0 : (at - HEAD) / 65552 * 65536);
	}
}

static void
chunks_in_another_order_or_twice_are_noticed(void **state)
{
	uint8_t *bytes = malloc(file.size + 65552);
	size_t released;

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, file.bytes, file.size);
	memcpy(bytes + HEAD, file.bytes + HEAD + 65552, 65552);
	memcpy(bytes + HEAD + 65552, file.bytes + HEAD, 65552);
	assert_int_equal(open_bytes(bytes, file.size, &released),
	    ERR_SEALED_PAYLOAD);
	assert_int_equal(released, 0);
	memcpy(bytes, file.bytes, HEAD + 65552);
	memcpy(bytes + HEAD + 65552, file.bytes + HEAD, file.size - HEAD);
	assert_int_equal(open_bytes(bytes, file.size + 65552, &released),
	    ERR_SEALED_PAYLOAD);
	assert_int_equal(released, 65536);
	free(bytes);
}

static void
bytes_after_the_last_chunk_are_noticed(void **state)
{
	static const size_t sizes[] = { 0, 1, 65536, 131072 };
	size_t released;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct memory_file longer = { 0 };

		seal(&longer, sizes[i]);
		assert_int_equal(open_bytes(longer.bytes, longer.size,
		    &released), ERR_OK);
		(void)memory_file_add(&longer, (const uint8_t *)"x", 1);
		assert_int_equal(open_bytes(longer.bytes, longer.size,
		    &released), ERR_SEALED_PAYLOAD);
		free(longer.bytes);
	}
}

static void
an_error_of_the_sink_ends_the_opening_for_good(void **state)
{
	struct memory_file opened = { .refuse_from = 70000 };
	struct opener *opener;

	(void)state;
	assert_int_equal(opener_new(identity, memory_file_add, &opened,
	    &opener), ERR_OK);
	assert_int_equal(opener_write(opener, file.bytes, file.size),
	    ERR_STORAGE_FULL);
	opened.refuse_from = 0;
	assert_int_equal(opener_write(opener, file.bytes, 1),
	    ERR_STORAGE_FULL);
	assert_int_equal(opener_finish(opener), ERR_STORAGE_FULL);
	assert_int_equal(opened.size, 65536);
	opener_free(opener);
	free(opened.bytes);
}

static void
a_header_without_end_is_refused_at_64_kib(void **state)
{
	static const char begin[] = "age-encryption.org/v1\n-> x ";
	uint8_t *bytes = malloc(SEALED_HEAD_MAX);
	size_t size;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'a', SEALED_HEAD_MAX);
	memcpy(bytes, begin, sizeof(begin) - 1);
	assert_int_equal(sealed_head_find(bytes, SEALED_HEADER_READ_MAX - 1,
	    &size), ERR_OK);
	assert_int_equal(size, 0);
	assert_int_equal(sealed_head_find(bytes, SEALED_HEADER_READ_MAX,
	    &size), ERR_SEALED_HEADER);
	assert_int_equal(sealed_head_find(bytes, 0, &size), ERR_OK);
	assert_int_equal(sealed_head_find((const uint8_t *)"PK", 2, &size),
	    ERR_SEALED_HEADER);
	free(bytes);
}

/* The header with text put in front of a line that begins with mark. */
static enum err
open_with(const char *mark, const char *text)
{
	uint8_t bytes[HEAD + 256];
	const uint8_t *at = memmem(file.bytes, HEAD, mark, strlen(mark));
	struct sealed_head head;
	size_t before, size;

	assert_non_null(at);
	before = (size_t)(at - file.bytes);
	memcpy(bytes, file.bytes, before);
	memcpy(bytes + before, text, strlen(text));
	memcpy(bytes + before + strlen(text), at, HEAD - before);
	assert_int_equal(sealed_head_find(bytes, HEAD + strlen(text), &size),
	    ERR_OK);
	assert_int_equal(size, 168 + strlen(text));
	return sealed_head_open(&head, identity, bytes, size);
}

/* Whatever is added breaks the MAC: this tells what is refused before. */
static void
what_may_stand_beside_our_stanza_and_what_not(void **state)
{
	(void)state;
	assert_int_equal(open_with("---", "-> other with arguments\nAAAA\n"),
	    ERR_SEALED_MAC);
	assert_int_equal(open_with("---", "-> scrypt AAAAAAAAAAAAAAAAAAAAAA"
	    " 10\nAAAA\n"), ERR_SEALED_HEADER);
	assert_int_equal(open_with("---", "-> X25519\n\n"),
	    ERR_SEALED_HEADER);
	/* A body of 64 characters and then the 43 of ours: 80 bytes. */
	assert_int_equal(open_with((const char[]){ (char)file.bytes[76],
	    (char)file.bytes[77], (char)file.bytes[78], '\0' },
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "\n"), ERR_SEALED_HEADER);
}

/* --- ranges --------------------------------------------------------------- */

struct memory_source {
	const uint8_t *bytes;
	size_t size;
	size_t piece;		/* handed on at once */
	uint64_t fetched;	/* so far */
};

static enum err
memory_fetch(void *context, const struct sealed_span *span,
    opener_sink *sink, void *sink_context)
{
	struct memory_source *source = context;
	enum err e = ERR_OK;

	assert_true(span->offset + span->size <= source->size);
	source->fetched += span->size;
	for (uint64_t at = 0; e == ERR_OK && at < span->size;
	    at += source->piece)
		e = sink(sink_context, source->bytes + span->offset + at,
		    span->size - at < source->piece ?
		    (size_t)(span->size - at) : source->piece);
	return e;
}

static enum err
read_range(struct memory_source *bytes, uint64_t from, uint64_t size,
    struct memory_file *out)
{
	const struct sealed_source source = { memory_fetch, bytes,
		bytes->size };
	const struct sealed_want want = { from, size, memory_file_add, out };
	struct sealed_head head;
	enum err e = sealed_source_head(&source, identity, &head);

	bytes->fetched = 0;
	return e == ERR_OK ? sealed_source_read(&source, &head, &want) : e;
}

static void
every_range_gives_its_bytes_and_fetches_its_chunks_only(void **state)
{
	static const uint64_t edges[] = { 0, 1, 65535, 65536, 65537, 131071,
		131072, 196607, 196608, 197607, CONTENT_SIZE };
	const size_t count = sizeof(edges) / sizeof(edges[0]);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t j = i; j < count; j++) {
			struct memory_source source = { file.bytes, file.size,
				1000 + 40000 * (i % 3), 0 };
			struct memory_file out = { 0 };
			uint64_t size = edges[j] - edges[i];

			assert_int_equal(read_range(&source, edges[i], size,
			    &out), ERR_OK);
			assert_int_equal(out.size, size);
			if (size > 0)
				assert_memory_equal(out.bytes,
				    content + edges[i], size);
			assert_true(source.fetched <= (size == 0 ? 0 :
			    ((edges[j] - 1) / 65536 - edges[i] / 65536 + 1) *
			    65552));
			free(out.bytes);
		}
}

static void
a_range_beyond_the_end_is_not_satisfiable(void **state)
{
	struct memory_source source = { file.bytes, file.size, 1 << 20, 0 };
	struct memory_file out = { 0 };

	(void)state;
	assert_int_equal(read_range(&source, CONTENT_SIZE, 1, &out),
	    ERR_RANGE_NOT_SATISFIABLE);
	assert_int_equal(read_range(&source, CONTENT_SIZE + 1, 0, &out),
	    ERR_RANGE_NOT_SATISFIABLE);
	assert_int_equal(read_range(&source, 1, UINT64_MAX, &out),
	    ERR_RANGE_NOT_SATISFIABLE);
	assert_int_equal(source.fetched, 0);
}

/* A server that says the file is shorter must not get away with it. */
static void
a_size_that_is_not_the_true_one_is_noticed_at_the_end(void **state)
{
	struct memory_source source = { file.bytes, HEAD + 2 * 65552,
		1 << 20, 0 };
	struct memory_file out = { 0 };

	(void)state;
	assert_int_equal(read_range(&source, 0, 65536, &out), ERR_OK);
	assert_int_equal(read_range(&source, 131071, 1, &out),
	    ERR_SEALED_PAYLOAD);
	source.size = HEAD + 65552 + 16;	/* no file has that size */
	assert_int_equal(read_range(&source, 0, 1, &out),
	    ERR_SEALED_TRUNCATED);
	free(out.bytes);
}

static void
an_altered_chunk_is_noticed_in_ranges_that_touch_it(void **state)
{
	struct memory_source source = { file.bytes, file.size, 1 << 20, 0 };
	struct memory_file out = { 0 };

	(void)state;
	file.bytes[HEAD + 65552 + 7] ^= 1;
	assert_int_equal(read_range(&source, 0, 65536, &out), ERR_OK);
	assert_int_equal(read_range(&source, 131072, 10, &out), ERR_OK);
	assert_int_equal(read_range(&source, 131071, 1, &out),
	    ERR_SEALED_PAYLOAD);
	assert_int_equal(out.size, 65536 + 10);
	file.bytes[HEAD + 65552 + 7] ^= 1;
	free(out.bytes);
}

static void
fewer_and_more_bytes_than_the_span_are_noticed(void **state)
{
	const struct sealed_range range = { file.size, 0, 65536 };
	struct memory_file out = { 0 };
	struct sealed_head head;
	struct opener *opener;

	(void)state;
	assert_int_equal(sealed_head_open(&head, identity, file.bytes, 168),
	    ERR_OK);
	assert_int_equal(opener_new_range(&head, &range, memory_file_add,
	    &out, &opener), ERR_OK);
	assert_int_equal(opener_write(opener, file.bytes + HEAD, 65551),
	    ERR_OK);
	assert_int_equal(opener_finish(opener), ERR_SEALED_TRUNCATED);
	opener_free(opener);
	assert_int_equal(opener_new_range(&head, &range, memory_file_add,
	    &out, &opener), ERR_OK);
	assert_int_equal(opener_write(opener, file.bytes + HEAD, 65553),
	    ERR_SEALED_PAYLOAD);
	opener_free(opener);
	assert_int_equal(out.size, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_cut_anywhere_is_noticed),
		cmocka_unit_test(
		    a_flipped_bit_anywhere_is_noticed_in_its_chunk),
		cmocka_unit_test(chunks_in_another_order_or_twice_are_noticed),
		cmocka_unit_test(bytes_after_the_last_chunk_are_noticed),
		cmocka_unit_test(
		    an_error_of_the_sink_ends_the_opening_for_good),
		cmocka_unit_test(a_header_without_end_is_refused_at_64_kib),
		cmocka_unit_test(
		    what_may_stand_beside_our_stanza_and_what_not),
		cmocka_unit_test(
		    every_range_gives_its_bytes_and_fetches_its_chunks_only),
		cmocka_unit_test(a_range_beyond_the_end_is_not_satisfiable),
		cmocka_unit_test(
		    a_size_that_is_not_the_true_one_is_noticed_at_the_end),
		cmocka_unit_test(
		    an_altered_chunk_is_noticed_in_ranges_that_touch_it),
		cmocka_unit_test(
		    fewer_and_more_bytes_than_the_span_are_noticed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_file, free_file);
}
