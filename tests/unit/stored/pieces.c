/* Uploads, whole and in pieces: nothing is visible before its digest is
 * right, what was cut can be gone on with, also by the next process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

#include <cmocka.h>

#include "stored/incoming.h"
#include "stored/pieces.h"
#include "tests/unit/stored/root.h"

#define TEXT "the quick brown fox"
#define TOTAL 19

static _Atomic bool never, always = true;

struct fixture {
	struct root *root;	/* first: root_path() and others take it */
	struct pieces *pieces;
	struct object_key key;
};

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	void *root;

	if (fixture == NULL || root_make(&root) != 0)
		return -1;
	fixture->root = root;
	fixture->key = root_key(ISSUER, TEXT, TOTAL);
	*state = fixture;
	return pieces_new(fixture->root->objects, 2, &fixture->pieces) ==
	    ERR_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;
	void *root = fixture->root;

	pieces_free(fixture->pieces);
	free(fixture);
	return root_remove(&root);
}

/* As after a restart: only the disk remembers. */
static void
forget_all(struct fixture *fixture)
{
	pieces_free(fixture->pieces);
	assert_int_equal(pieces_new(fixture->root->objects, 2,
	    &fixture->pieces), ERR_OK);
}

struct writer {
	struct piece *piece;
	struct incoming *incoming;
	uint64_t offset;	/* as told */
};

static enum err
begin(struct fixture *fixture, uint64_t from, uint64_t to, uint64_t total,
    struct writer *writer)
{
	const struct content_range range = { from, to, total };

	return pieces_begin(fixture->pieces, &fixture->key, &range, &never,
	    &writer->piece, &writer->incoming, &writer->offset);
}

static void
write_part(struct writer *writer, size_t from, size_t to)
{
	assert_int_equal(incoming_write(writer->incoming,
	    (const uint8_t *)TEXT + from, to - from + 1), ERR_OK);
}

static enum err
keep(struct fixture *fixture, struct writer *writer)
{
	return pieces_keep(fixture->pieces, writer->piece, writer->incoming,
	    &writer->offset);
}

/* One piece that is not the last; what Upload-Offset says after it. */
static uint64_t
put_piece(struct fixture *fixture, size_t from, size_t to)
{
	struct writer writer;

	assert_int_equal(begin(fixture, from, to, TOTAL, &writer), ERR_OK);
	write_part(&writer, from, to);
	assert_int_equal(keep(fixture, &writer), ERR_OK);
	return writer.offset;
}

static enum err
put_last(struct fixture *fixture, size_t from)
{
	struct writer writer;
	bool is_new = false;
	enum err e = begin(fixture, from, TOTAL - 1, TOTAL, &writer);

	if (e != ERR_OK)
		return e;
	write_part(&writer, from, TOTAL - 1);
	return pieces_finish(fixture->pieces, writer.piece, writer.incoming,
	    &is_new);
}

static enum err
find(struct fixture *fixture)
{
	uint64_t size;

	return objects_find(fixture->root->objects, &fixture->key, &size);
}

static uint64_t
held(struct fixture *fixture)
{
	uint64_t offset;
	enum err e = pieces_offset(fixture->pieces, &fixture->key, &offset);

	assert_true(e == ERR_OK || e == ERR_OBJECT_NOT_FOUND);
	assert_int_equal(e == ERR_OK, offset > 0);
	return offset;
}

static int
incoming_count(const struct fixture *fixture)
{
	return root_incoming_count(fixture->root);
}

/* --- whole --------------------------------------------------------------- */

static void
a_wrong_digest_leaves_nothing_behind(void **state)
{
	struct fixture *fixture = *state;
	struct incoming *incoming;
	bool is_new;

	assert_int_equal(incoming_create(fixture->root->objects,
	    &fixture->key, 5, &incoming), ERR_OK);
	assert_int_equal(incoming_write(incoming, (const uint8_t *)"wrong",
	    5), ERR_OK);
	assert_int_equal(incoming_commit(incoming, &is_new),
	    ERR_DIGEST_MISMATCH);
	assert_int_equal(find(fixture), ERR_OBJECT_NOT_FOUND);
	assert_int_equal(incoming_count(fixture), 0);
}

static void
a_body_larger_than_the_buffer_arrives_whole(void **state)
{
	struct fixture *fixture = *state;
	size_t size = 3 * INCOMING_BUFFER_BYTES + 12345, at = 0, step = 1;
	uint8_t *bytes = malloc(size);
	struct object_key key;
	struct incoming *incoming;
	uint64_t stored_size;
	bool is_new = false;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 31 + i / 251);
	key = root_key(ISSUER, bytes, size);
	assert_int_equal(incoming_create(fixture->root->objects, &key, size,
	    &incoming), ERR_OK);
	for (; at < size; at += step, step = step * 2 + 1) {
		if (step > size - at)
			step = size - at;
		assert_int_equal(incoming_write(incoming, bytes + at, step),
		    ERR_OK);
	}
	assert_int_equal(incoming_commit(incoming, &is_new), ERR_OK);
	assert_true(is_new);
	assert_int_equal(objects_find(fixture->root->objects, &key,
	    &stored_size), ERR_OK);
	assert_int_equal(stored_size, size);
	free(bytes);
}

static void
an_empty_object_can_be_stored(void **state)
{
	struct fixture *fixture = *state;
	struct object_key key = root_key(ISSUER, "", 0);
	struct incoming *incoming;
	bool is_new = false;
	uint64_t size = 1;

	assert_int_equal(incoming_create(fixture->root->objects, &key, 0,
	    &incoming), ERR_OK);
	assert_int_equal(incoming_commit(incoming, &is_new), ERR_OK);
	assert_true(is_new);
	assert_int_equal(objects_find(fixture->root->objects, &key, &size),
	    ERR_OK);
	assert_int_equal(size, 0);
}

static enum err
put_whole(struct fixture *fixture, bool *is_new)
{
	struct incoming *incoming;
	enum err e = incoming_create(fixture->root->objects, &fixture->key,
	    TOTAL, &incoming);

	assert_int_equal(e, ERR_OK);
	assert_int_equal(incoming_write(incoming, (const uint8_t *)TEXT,
	    TOTAL), ERR_OK);
	return incoming_commit(incoming, is_new);
}

static void
a_second_upload_replaces_the_first_and_says_so(void **state)
{
	struct fixture *fixture = *state;
	char path[256];
	bool is_new = false;
	uint64_t size;

	assert_int_equal(put_whole(fixture, &is_new), ERR_OK);
	assert_true(is_new);
	/* damage it: the second one repairs */
	snprintf(path, sizeof(path), "objects/" ISSUER "/%.2s/%.2s/%s",
	    fixture->key.object, fixture->key.object + 2,
	    fixture->key.object);
	root_write(fixture->root, path, "damaged");
	assert_int_equal(put_whole(fixture, &is_new), ERR_OK);
	assert_false(is_new);
	assert_int_equal(objects_find(fixture->root->objects, &fixture->key,
	    &size), ERR_OK);
	assert_int_equal(size, TOTAL);
}

static void
a_discarded_upload_leaves_nothing_behind(void **state)
{
	struct fixture *fixture = *state;
	struct incoming *incoming;

	assert_int_equal(incoming_create(fixture->root->objects,
	    &fixture->key, TOTAL, &incoming), ERR_OK);
	assert_int_equal(incoming_count(fixture), 1);
	incoming_discard(incoming);
	assert_int_equal(incoming_count(fixture), 0);
	incoming_discard(NULL);
}

static void
temporaries_of_a_crash_are_removed_and_pieces_stay(void **state)
{
	struct fixture *fixture = *state;
	struct incoming *incoming;

	assert_int_equal(put_piece(fixture, 0, 4), 5);
	assert_int_equal(incoming_create(fixture->root->objects,
	    &fixture->key, TOTAL, &incoming), ERR_OK);
	assert_int_equal(incoming_count(fixture), 3);
	assert_int_equal(incoming_remove_temporaries(fixture->root->objects),
	    ERR_OK);
	assert_int_equal(incoming_count(fixture), 2);
	incoming_discard(incoming);
	assert_int_equal(held(fixture), 5);
}

/* --- in pieces ----------------------------------------------------------- */

static void
pieces_in_a_row_make_the_object(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(held(fixture), 0);
	assert_int_equal(put_piece(fixture, 0, 4), 5);
	assert_int_equal(held(fixture), 5);
	assert_int_equal(put_piece(fixture, 5, 5), 6);
	assert_int_equal(find(fixture), ERR_OBJECT_NOT_FOUND);
	assert_int_equal(put_last(fixture, 6), ERR_OK);
	assert_int_equal(find(fixture), ERR_OK);
	assert_int_equal(incoming_count(fixture), 0);
	assert_int_equal(pieces_count(fixture->pieces), 0);
}

static void
pieces_go_on_after_a_restart(void **state)
{
	struct fixture *fixture = *state;

	put_piece(fixture, 0, 4);
	forget_all(fixture);
	assert_int_equal(held(fixture), 5);
	assert_int_equal(put_piece(fixture, 5, 9), 10);
	forget_all(fixture);
	assert_int_equal(put_last(fixture, 10), ERR_OK);
	assert_int_equal(find(fixture), ERR_OK);
}

static void
a_piece_at_another_place_is_told_the_right_one(void **state)
{
	struct fixture *fixture = *state;
	struct writer writer;

	assert_int_equal(begin(fixture, 5, 9, TOTAL, &writer),
	    ERR_OFFSET_MISMATCH);
	assert_int_equal(writer.offset, 0);
	assert_int_equal(incoming_count(fixture), 0);
	put_piece(fixture, 0, 4);
	for (uint64_t from = 0; from < TOTAL; from++) {
		if (from == 5)
			continue;
		assert_int_equal(begin(fixture, from, from, TOTAL, &writer),
		    ERR_OFFSET_MISMATCH);
		assert_int_equal(writer.offset, 5);
	}
	assert_int_equal(put_last(fixture, 5), ERR_OK);
}

static void
another_total_is_refused_also_after_a_restart(void **state)
{
	struct fixture *fixture = *state;
	struct writer writer;

	put_piece(fixture, 0, 4);
	assert_int_equal(begin(fixture, 5, 9, TOTAL + 1, &writer),
	    ERR_OFFSET_MISMATCH);
	assert_int_equal(writer.offset, 5);
	forget_all(fixture);
	assert_int_equal(begin(fixture, 5, 9, TOTAL + 1, &writer),
	    ERR_OFFSET_MISMATCH);
	assert_int_equal(writer.offset, 5);
	assert_int_equal(put_last(fixture, 5), ERR_OK);
}

static void
a_second_writer_is_refused_while_the_first_writes(void **state)
{
	struct fixture *fixture = *state;
	struct writer first, second;

	put_piece(fixture, 0, 4);
	assert_int_equal(begin(fixture, 5, 9, TOTAL, &first), ERR_OK);
	assert_int_equal(begin(fixture, 5, 9, TOTAL, &second),
	    ERR_OFFSET_MISMATCH);
	assert_int_equal(second.offset, 5);
	write_part(&first, 5, 9);
	assert_int_equal(keep(fixture, &first), ERR_OK);
	assert_int_equal(put_last(fixture, 10), ERR_OK);
}

static void
a_cut_piece_keeps_what_arrived(void **state)
{
	struct fixture *fixture = *state;
	struct writer writer;

	assert_int_equal(begin(fixture, 0, 15, TOTAL, &writer), ERR_OK);
	write_part(&writer, 0, 6);
	assert_int_equal(keep(fixture, &writer), ERR_OK);
	assert_int_equal(writer.offset, 7);
	assert_int_equal(put_last(fixture, 7), ERR_OK);
	assert_int_equal(find(fixture), ERR_OK);
}

static void
a_piece_cut_before_its_first_byte_holds_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct writer writer;

	assert_int_equal(begin(fixture, 0, 4, TOTAL + 1, &writer), ERR_OK);
	assert_int_equal(keep(fixture, &writer), ERR_OK);
	assert_int_equal(writer.offset, 0);
	assert_int_equal(incoming_count(fixture), 0);
	/* nor is its total held against the next */
	assert_int_equal(put_piece(fixture, 0, 4), 5);
}

static void
a_wrong_digest_removes_the_pieces(void **state)
{
	struct fixture *fixture = *state;
	struct writer writer;
	bool is_new;

	assert_int_equal(begin(fixture, 0, 4, TOTAL, &writer), ERR_OK);
	assert_int_equal(incoming_write(writer.incoming,
	    (const uint8_t *)"wrong", 5), ERR_OK);
	assert_int_equal(keep(fixture, &writer), ERR_OK);
	assert_int_equal(begin(fixture, 5, TOTAL - 1, TOTAL, &writer),
	    ERR_OK);
	write_part(&writer, 5, TOTAL - 1);
	assert_int_equal(pieces_finish(fixture->pieces, writer.piece,
	    writer.incoming, &is_new), ERR_DIGEST_MISMATCH);
	assert_int_equal(held(fixture), 0);
	assert_int_equal(incoming_count(fixture), 0);
	assert_int_equal(find(fixture), ERR_OBJECT_NOT_FOUND);
}

static void
a_whole_upload_removes_the_pieces(void **state)
{
	struct fixture *fixture = *state;

	put_piece(fixture, 0, 4);
	pieces_discard(fixture->pieces, &fixture->key);
	assert_int_equal(held(fixture), 0);
	assert_int_equal(incoming_count(fixture), 0);
	/* those of another process, too */
	put_piece(fixture, 0, 4);
	forget_all(fixture);
	pieces_discard(fixture->pieces, &fixture->key);
	assert_int_equal(incoming_count(fixture), 0);
	assert_int_equal(pieces_count(fixture->pieces), 0);
}

static void
a_writer_overtaken_by_a_whole_upload_keeps_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct writer writer;

	assert_int_equal(begin(fixture, 0, 4, TOTAL, &writer), ERR_OK);
	pieces_discard(fixture->pieces, &fixture->key);
	write_part(&writer, 0, 4);
	assert_int_equal(keep(fixture, &writer), ERR_OFFSET_MISMATCH);
	assert_int_equal(writer.offset, 0);
	assert_int_equal(incoming_count(fixture), 0);
	assert_int_equal(pieces_count(fixture->pieces), 0);
}

static void
pieces_without_a_readable_total_are_worth_nothing(void **state)
{
	static const char *const totals[] = { "", "19", "x\n", "19\n\n",
	    "-19\n", "5\n", "19 \n", "99999999999999999999999\n" };
	struct fixture *fixture = *state;
	char path[256];

	snprintf(path, sizeof(path), "incoming/" ISSUER "/%s.total",
	    fixture->key.object);
	for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
		put_piece(fixture, 0, 4);
		forget_all(fixture);
		root_write(fixture->root, path, totals[i]);
		if (i < 7)
			assert_int_equal(held(fixture), 0);
		assert_int_equal(begin(fixture, 5, 9, TOTAL,
		    &(struct writer){ 0 }), ERR_OFFSET_MISMATCH);
		pieces_discard(fixture->pieces, &fixture->key);
	}
	assert_int_equal(put_piece(fixture, 0, 4), 5);
	assert_int_equal(put_last(fixture, 5), ERR_OK);
}

static void
reading_back_ends_when_the_daemon_stops(void **state)
{
	struct fixture *fixture = *state;
	const struct content_range range = { 5, 9, TOTAL };
	struct writer writer;

	put_piece(fixture, 0, 4);
	forget_all(fixture);
	assert_int_equal(pieces_begin(fixture->pieces, &fixture->key, &range,
	    &always, &writer.piece, &writer.incoming, &writer.offset),
	    ERR_BUSY);
	assert_int_equal(held(fixture), 5);
	assert_int_equal(put_last(fixture, 5), ERR_OK);
}

static void
what_is_forgotten_to_make_room_is_read_back(void **state)
{
	struct fixture *fixture = *state;
	struct object_key first = fixture->key;
	char text[] = "object 0";

	put_piece(fixture, 0, 4);
	for (char c = '1'; c <= '5'; c++) {
		text[7] = c;
		fixture->key = root_key(ISSUER, text, strlen(text));
		put_piece(fixture, 0, 4);
	}
	assert_int_equal(pieces_count(fixture->pieces), 2);
	fixture->key = first;
	assert_int_equal(held(fixture), 5);
	assert_int_equal(put_last(fixture, 5), ERR_OK);
}

static void
set_age(struct fixture *fixture, const char *suffix, int64_t modified_s)
{
	const struct timeval times[2] = { { modified_s, 0 },
	    { modified_s, 0 } };
	char path[256];

	snprintf(path, sizeof(path), "incoming/" ISSUER "/%s%s",
	    fixture->key.object, suffix);
	assert_int_equal(utimes(root_path(fixture->root, path), times), 0);
}

static void
pieces_not_continued_are_removed(void **state)
{
	struct fixture *fixture = *state;

	put_piece(fixture, 0, 4);
	set_age(fixture, ".total", 1000);
	set_age(fixture, ".part", 2000);
	assert_int_equal(pieces_expire(fixture->pieces, 2000), ERR_OK);
	assert_int_equal(held(fixture), 5);
	assert_int_equal(pieces_expire(fixture->pieces, 2001), ERR_OK);
	assert_int_equal(held(fixture), 0);
	assert_int_equal(incoming_count(fixture), 0);
	assert_int_equal(pieces_count(fixture->pieces), 0);
}

static void
pieces_being_written_do_not_expire(void **state)
{
	struct fixture *fixture = *state;
	struct writer writer;

	put_piece(fixture, 0, 4);
	assert_int_equal(begin(fixture, 5, 9, TOTAL, &writer), ERR_OK);
	set_age(fixture, ".total", 1000);
	set_age(fixture, ".part", 1000);
	assert_int_equal(pieces_expire(fixture->pieces, 2000), ERR_OK);
	write_part(&writer, 5, 9);
	assert_int_equal(keep(fixture, &writer), ERR_OK);
	assert_int_equal(put_last(fixture, 10), ERR_OK);
}

#define WITH_ROOT(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ROOT(a_wrong_digest_leaves_nothing_behind),
		WITH_ROOT(a_body_larger_than_the_buffer_arrives_whole),
		WITH_ROOT(an_empty_object_can_be_stored),
		WITH_ROOT(a_second_upload_replaces_the_first_and_says_so),
		WITH_ROOT(a_discarded_upload_leaves_nothing_behind),
		WITH_ROOT(temporaries_of_a_crash_are_removed_and_pieces_stay),
		WITH_ROOT(pieces_in_a_row_make_the_object),
		WITH_ROOT(pieces_go_on_after_a_restart),
		WITH_ROOT(a_piece_at_another_place_is_told_the_right_one),
		WITH_ROOT(another_total_is_refused_also_after_a_restart),
		WITH_ROOT(a_second_writer_is_refused_while_the_first_writes),
		WITH_ROOT(a_cut_piece_keeps_what_arrived),
		WITH_ROOT(a_piece_cut_before_its_first_byte_holds_nothing),
		WITH_ROOT(a_wrong_digest_removes_the_pieces),
		WITH_ROOT(a_whole_upload_removes_the_pieces),
		WITH_ROOT(a_writer_overtaken_by_a_whole_upload_keeps_nothing),
		WITH_ROOT(pieces_without_a_readable_total_are_worth_nothing),
		WITH_ROOT(reading_back_ends_when_the_daemon_stops),
		WITH_ROOT(what_is_forgotten_to_make_room_is_read_back),
		WITH_ROOT(pieces_not_continued_are_removed),
		WITH_ROOT(pieces_being_written_do_not_expire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
