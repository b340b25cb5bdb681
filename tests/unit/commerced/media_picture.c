/* Pictures: whole ones are taken, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "commerced/media/picture.h"

/* 2 x 3 pixels of one bit. */
static const uint8_t png[] = {
	0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
	0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 0, 2, 0, 0, 0, 3, 1, 0, 0, 0,
	0, 0x91, 0x91, 0xe3, 0x2c,
	0, 0, 0, 1, 'I', 'D', 'A', 'T', 'x', 0x76, 0xe6, 0x84, 0xe6,
	0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82
};

static const uint8_t gif[] = {
	'G', 'I', 'F', '8', '9', 'a', 5, 0, 7, 0, 0x80, 0, 0,
	0, 0, 0, 255, 255, 255,				/* colours */
	0x21, 0xfe, 2, 'h', 'i', 0,			/* a comment */
	0x2c, 0, 0, 0, 0, 5, 0, 7, 0, 0, 2, 2, 0x44, 1, 0, 0x3b
};

static const uint8_t webp[] = {
	'R', 'I', 'F', 'F', 18, 0, 0, 0, 'W', 'E', 'B', 'P',
	'V', 'P', '8', 'L', 5, 0, 0, 0, 0x2f, 9, 0xc0, 4, 0, 0
};

static const uint8_t jpeg[] = {
	0xff, 0xd8, 0xff, 0xe0, 0, 4, 'x', 'y',
	0xff, 0xc0, 0, 11, 8, 0, 9, 0, 8, 1, 1, 0x11, 0,
	0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0xff, 0, 0xff, 0xd3, 0x34,
	0xff, 0xff, 0xd9
};

static const struct whole {
	const char *media_type;
	const uint8_t *bytes;
	size_t size;
	uint32_t width, height;
} wholes[] = {
	{ "image/png", png, sizeof(png), 2, 3 },
	{ "image/gif", gif, sizeof(gif), 5, 7 },
	{ "image/webp", webp, sizeof(webp), 10, 20 },
	{ "image/jpeg", jpeg, sizeof(jpeg), 8, 9 },
};
#define WHOLE_COUNT (sizeof(wholes) / sizeof(wholes[0]))

static bool
is_taken(const uint8_t *bytes, size_t size)
{
	struct picture_facts facts;
	const char *reason = NULL;
	/* A copy, so that sanitizers see a read behind its end. */
	uint8_t *copy = malloc(size == 0 ? 1 : size);
	enum err e;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	e = picture_check(copy, size, NULL, &facts, &reason);
	free(copy);
	assert_true(e == ERR_OK || e == ERR_PICTURE_MALFORMED);
	assert_int_equal(reason == NULL, e == ERR_OK);
	return e == ERR_OK;
}

static void
whole_pictures_are_told_with_their_sizes(void **state)
{
	struct picture_facts facts;
	const char *reason;

	(void)state;
	for (size_t i = 0; i < WHOLE_COUNT; i++) {
		const struct whole *whole = &wholes[i];

		assert_int_equal(picture_check(whole->bytes, whole->size,
		    whole->media_type, &facts, &reason), ERR_OK);
		assert_string_equal(facts.media_type, whole->media_type);
		assert_int_equal(facts.width, whole->width);
		assert_int_equal(facts.height, whole->height);
	}
}

static void
no_beginning_of_a_picture_is_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < WHOLE_COUNT; i++)
		for (size_t size = 0; size < wholes[i].size; size++)
			assert_false(is_taken(wholes[i].bytes, size));
}

static void
nothing_may_follow_but_another_jpeg(void **state)
{
	uint8_t bytes[512];

	(void)state;
	for (size_t i = 0; i < WHOLE_COUNT; i++) {
		size_t size = wholes[i].size;

		memcpy(bytes, wholes[i].bytes, size);
		bytes[size] = 0;
		assert_false(is_taken(bytes, size + 1));
		memcpy(bytes + size, wholes[i].bytes, size);
		assert_int_equal(is_taken(bytes, 2 * size),
		    wholes[i].bytes == jpeg);
		assert_false(is_taken(bytes, 2 * size - 1));
	}
}

static void
a_picture_is_refused_under_another_name(void **state)
{
	struct picture_facts facts;
	const char *reason;

	(void)state;
	for (size_t i = 0; i < WHOLE_COUNT; i++)
		for (size_t j = 0; j < WHOLE_COUNT; j++)
			assert_int_equal(picture_check(wholes[i].bytes,
			    wholes[i].size, wholes[j].media_type, &facts,
			    &reason), i == j ? ERR_OK :
			    ERR_PICTURE_MALFORMED);
	assert_int_equal(picture_check(png, sizeof(png), "IMAGE/PNG; q=1",
	    &facts, &reason), ERR_OK);
	assert_true(picture_type_is_known("image/webp"));
	assert_false(picture_type_is_known("image/svg+xml"));
	assert_false(picture_type_is_known("image/pn"));
	assert_false(picture_type_is_known("image/pngx"));
	assert_false(picture_type_is_known(""));
}

/* A byte of a whole picture is another one. */
static bool
is_taken_with(size_t which, size_t at, uint8_t byte)
{
	uint8_t bytes[256];

	memcpy(bytes, wholes[which].bytes, wholes[which].size);
	bytes[at] = byte;
	return is_taken(bytes, wholes[which].size);
}

static void
damage_to_the_structure_is_seen(void **state)
{
	(void)state;
	/* PNG: every byte of a chunk is in its checksum */
	for (size_t at = 0; at < sizeof(png); at++)
		assert_false(is_taken_with(0, at, png[at] ^ 0x40));
	/* GIF: an unknown block, no image, no pixels */
	assert_false(is_taken_with(1, 19, 0x22));
	assert_false(is_taken_with(1, 25, 0x21));
	assert_false(is_taken_with(1, 6, 0));
	/* WebP: another chunk, a spare bit, the length */
	assert_false(is_taken_with(2, 12, 'X'));
	assert_false(is_taken_with(2, 24, 0x20));
	assert_false(is_taken_with(2, 4, 17));
	/* JPEG: no marker, no length, another frame header, no pixels */
	assert_false(is_taken_with(3, 8, 0));
	assert_false(is_taken_with(3, 5, 1));
	assert_false(is_taken_with(3, 11, 12));
	assert_false(is_taken_with(3, 14, 0));
	assert_false(is_taken_with(3, 22, 0xe1));
}

static void
pictures_have_bounded_sides(void **state)
{
	uint8_t bytes[sizeof(jpeg)];

	(void)state;
	memcpy(bytes, jpeg, sizeof(jpeg));
	bytes[13] = 0x40;	/* 0x4000 x 8 */
	bytes[14] = 0;
	assert_true(is_taken(bytes, sizeof(bytes)));
	bytes[14] = 1;
	assert_false(is_taken(bytes, sizeof(bytes)));
	bytes[14] = 0;
	bytes[15] = 0x17;	/* 0x4000 x 0x17d7 is below 100 million */
	bytes[16] = 0xd7;
	assert_true(is_taken(bytes, sizeof(bytes)));
	bytes[16] = 0xd8;
	assert_false(is_taken(bytes, sizeof(bytes)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_pictures_are_told_with_their_sizes),
		cmocka_unit_test(no_beginning_of_a_picture_is_one),
		cmocka_unit_test(nothing_may_follow_but_another_jpeg),
		cmocka_unit_test(a_picture_is_refused_under_another_name),
		cmocka_unit_test(damage_to_the_structure_is_seen),
		cmocka_unit_test(pictures_have_bounded_sides),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
