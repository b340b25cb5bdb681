/* GIF (87a and 89a): a screen, then blocks, each of sub-blocks with a length
 * of one byte, then a trailer.
 */
#include <stdbool.h>

#include "commerced/media/bytes.h"
#include "commerced/media/picture_formats.h"

#define SCREEN_BYTES 13		/* with the signature */
#define IMAGE_BYTES 9		/* after the separator */

struct walk {
	const uint8_t *bytes;
	size_t size, at;
};

static bool
has(const struct walk *walk, size_t count)
{
	return walk->size - walk->at >= count;
}

/* How long the colour table is that these flags announce. */
static size_t
table_length(uint8_t flags)
{
	return (flags & 0x80) != 0 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* False: it ends too early. */
static bool
skip_sub_blocks(struct walk *walk, bool *has_data)
{
	while (has(walk, 1)) {
		size_t length = walk->bytes[walk->at++];

		if (length == 0)
			return true;
		if (!has(walk, length))
			return false;
		walk->at += length;
		*has_data = true;
	}
	return false;
}

static const char *
read_image(struct walk *walk)
{
	bool has_data = false;
	size_t table;
	uint8_t bits;

	if (!has(walk, IMAGE_BYTES))
		return PICTURE_CUT;
	table = table_length(walk->bytes[walk->at + IMAGE_BYTES - 1]);
	walk->at += IMAGE_BYTES;
	if (!has(walk, table + 1))
		return PICTURE_CUT;
	walk->at += table;
	bits = walk->bytes[walk->at++];
	if (bits < 1 || bits > 8)
		return "An image of it is none of GIF.";
	if (!skip_sub_blocks(walk, &has_data))
		return PICTURE_CUT;
	return has_data ? NULL : "It has no image data.";
}

static const char *
read_extension(struct walk *walk)
{
	bool has_data = false;

	if (!has(walk, 1))
		return PICTURE_CUT;
	walk->at++;		/* the label */
	return skip_sub_blocks(walk, &has_data) ? NULL : PICTURE_CUT;
}

const char *
picture_walk_gif(const uint8_t *bytes, size_t size, struct picture_facts *out)
{
	struct walk walk = { .bytes = bytes, .size = size };
	const char *reason = NULL;
	bool has_image = false;
	uint8_t block;

	if (!has(&walk, SCREEN_BYTES))
		return PICTURE_CUT;
	out->width = bytes_le16(bytes + 6);
	out->height = bytes_le16(bytes + 8);
	walk.at = SCREEN_BYTES;
	if (!has(&walk, table_length(bytes[10])))
		return PICTURE_CUT;
	walk.at += table_length(bytes[10]);
	while (reason == NULL) {
		if (!has(&walk, 1))
			return PICTURE_CUT;
		block = bytes[walk.at++];
		if (block == 0x3b)
			break;
		has_image |= block == 0x2c;
		if (block == 0x2c)
			reason = read_image(&walk);
		else if (block == 0x21)
			reason = read_extension(&walk);
		else
			reason = "A block of it is none of GIF.";
	}
	if (reason != NULL)
		return reason;
	if (!has_image)
		return "It has no image data.";
	return walk.at == size ? NULL : PICTURE_TRAILER;
}
