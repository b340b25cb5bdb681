/* PNG (ISO/IEC 15948): a signature, then chunks of length, name, data and
 * CRC.  IHDR is the first, IEND the last, and all IDAT stand together.
 */
#include <stdbool.h>
#include <string.h>

#include "commerced/media/bytes.h"
#include "commerced/media/picture_formats.h"

#define SIGNATURE_BYTES 8
#define AROUND_BYTES 12		/* length, name and CRC */
#define HEADER_BYTES 13

struct walk {
	const uint8_t *data;	/* of the chunk */
	size_t length;
	size_t chunks;		/* before this one */
	uint8_t colour;		/* type, of IHDR */
	bool has_palette;
	bool has_data, data_ended;
	struct picture_facts *out;
};

/* One table for the polynomial 0xedb88320, made from four bits at a time. */
static uint32_t
crc(const uint8_t *bytes, size_t size)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190,
		0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344,
		0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278,
		0xbdbdf21c
	};
	uint32_t sum = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		sum = sum >> 4 ^ table[(sum ^ bytes[i]) & 15];
		sum = sum >> 4 ^ table[(sum ^ bytes[i] >> 4) & 15];
	}
	return ~sum;
}

static bool
depth_is_valid(uint8_t colour, uint8_t depth)
{
	switch (colour) {
	case 0:
		return depth == 1 || depth == 2 || depth == 4 || depth == 8 ||
		    depth == 16;
	case 3:
		return depth == 1 || depth == 2 || depth == 4 || depth == 8;
	case 2: case 4: case 6:
		return depth == 8 || depth == 16;
	}
	return false;
}

static const char *
read_header(struct walk *walk)
{
	const uint8_t *data = walk->data;

	if (walk->length != HEADER_BYTES)
		return "Its header has another length.";
	walk->out->width = bytes_be32(data);
	walk->out->height = bytes_be32(data + 4);
	walk->colour = data[9];
	/* compression, filter, interlace */
	if (!depth_is_valid(data[9], data[8]) || data[10] != 0 ||
	    data[11] != 0 || data[12] > 1)
		return "Its header is none of PNG.";
	return NULL;
}

static const char *
read_chunk(struct walk *walk, const uint8_t *name)
{
	bool is_data = memcmp(name, "IDAT", 4) == 0;

	if ((memcmp(name, "IHDR", 4) == 0) != (walk->chunks == 0))
		return "Its header is not the first chunk.";
	if (walk->chunks == 0)
		return read_header(walk);
	walk->data_ended |= walk->has_data && !is_data;
	if (is_data) {
		if (walk->data_ended)
			return "Its image data are apart.";
		if (walk->colour == 3 && !walk->has_palette)
			return "It has no palette.";
		walk->has_data = true;
	}
	if (memcmp(name, "PLTE", 4) == 0) {
		if (walk->has_palette || walk->has_data || walk->length == 0 ||
		    walk->length > 768 || walk->length % 3 != 0)
			return "Its palette is none.";
		walk->has_palette = true;
	}
	return NULL;
}

static bool
name_is_valid(const uint8_t *name)
{
	for (size_t i = 0; i < 4; i++)
		if ((name[i] | 0x20) < 'a' || (name[i] | 0x20) > 'z')
			return false;
	return true;
}

const char *
picture_walk_png(const uint8_t *bytes, size_t size, struct picture_facts *out)
{
	struct walk walk = { .out = out };
	size_t at = SIGNATURE_BYTES;
	const char *reason = NULL;
	const uint8_t *name;

	for (; reason == NULL; walk.chunks++) {
		if (size - at < AROUND_BYTES)
			return PICTURE_CUT;
		walk.length = bytes_be32(bytes + at);
		if (walk.length > size - at - AROUND_BYTES)
			return PICTURE_CUT;
		name = bytes + at + 4;
		walk.data = name + 4;
		at += AROUND_BYTES + walk.length;
		if (!name_is_valid(name) ||
		    crc(name, walk.length + 4) != bytes_be32(bytes + at - 4))
			return "A chunk of it is damaged.";
		reason = read_chunk(&walk, name);
		if (reason == NULL && memcmp(name, "IEND", 4) == 0)
			break;
	}
	if (reason != NULL)
		return reason;
	if (!walk.has_data || walk.length != 0)
		return "It has no image data.";
	return at == size ? NULL : PICTURE_TRAILER;
}
