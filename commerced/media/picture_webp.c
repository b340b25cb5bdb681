/* WebP (RFC 9649): a RIFF file of chunks of an even length.  The first one is
 * VP8, VP8L, or VP8X, which announces images that follow.
 */
#include <stdbool.h>
#include <string.h>

#include "commerced/media/bytes.h"
#include "commerced/media/picture_formats.h"

#define RIFF_BYTES 12
#define CHUNK_BYTES 8

struct walk {
	const uint8_t *data;		/* of the chunk */
	size_t length;
	size_t chunks;			/* before this one */
	bool is_extended, has_image;
	struct picture_facts *out;
};

static bool
is_chunk(const uint8_t *name, const char *wanted)
{
	return memcmp(name, wanted, 4) == 0;
}

/* RFC 6386, section 9.1: a key frame that is shown. */
static const char *
read_lossy(struct walk *walk, uint32_t *width, uint32_t *height)
{
	if (walk->length < 10 || (walk->data[0] & 1) != 0 ||
	    memcmp(walk->data + 3, "\x9d\x01\x2a", 3) != 0)
		return "Its image is none of VP8.";
	*width = bytes_le16(walk->data + 6) & 0x3fff;
	*height = bytes_le16(walk->data + 8) & 0x3fff;
	return NULL;
}

static const char *
read_lossless(struct walk *walk, uint32_t *width, uint32_t *height)
{
	uint32_t bits;

	if (walk->length < 5 || walk->data[0] != 0x2f ||
	    (walk->data[4] & 0xe0) != 0)
		return "Its image is none of VP8L.";
	bits = bytes_le32(walk->data + 1);
	*width = (bits & 0x3fff) + 1;
	*height = (bits >> 14 & 0x3fff) + 1;
	return NULL;
}

static const char *
read_extended(struct walk *walk)
{
	if (walk->length != 10)
		return "Its header has another length.";
	walk->out->width = bytes_le24(walk->data + 4) + 1;
	walk->out->height = bytes_le24(walk->data + 7) + 1;
	walk->is_extended = true;
	return NULL;
}

static const char *
read_chunk(struct walk *walk, const uint8_t *name)
{
	uint32_t width = 0, height = 0;
	const char *reason;

	if (is_chunk(name, "VP8X"))
		return walk->chunks == 0 ? read_extended(walk) :
		    "Its header is not the first chunk.";
	if (is_chunk(name, "ANMF")) {
		walk->has_image |= walk->is_extended && walk->length > 16;
		return NULL;
	}
	if (is_chunk(name, "VP8 "))
		reason = read_lossy(walk, &width, &height);
	else if (is_chunk(name, "VP8L"))
		reason = read_lossless(walk, &width, &height);
	else
		return walk->is_extended ? NULL :
		    "Its first chunk is no image.";
	if (reason != NULL)
		return reason;
	if (walk->has_image)
		return "It has two images.";
	walk->has_image = true;
	if (!walk->is_extended) {
		walk->out->width = width;
		walk->out->height = height;
	} else if (width != walk->out->width ||
	    height != walk->out->height) {
		return "Its image has another size than its header.";
	}
	return NULL;
}

const char *
picture_walk_webp(const uint8_t *bytes, size_t size, struct picture_facts *out)
{
	struct walk walk = { .out = out };
	const char *reason = NULL;
	size_t at = RIFF_BYTES, riff;

	if (size < RIFF_BYTES || !is_chunk(bytes + 8, "WEBP"))
		return "It is neither PNG, JPEG, GIF nor WebP.";
	riff = bytes_le32(bytes + 4);
	if (riff > size - CHUNK_BYTES)
		return PICTURE_CUT;
	if (riff < size - CHUNK_BYTES)
		return PICTURE_TRAILER;
	for (; reason == NULL && at < size; walk.chunks++) {
		if (size - at < CHUNK_BYTES)
			return PICTURE_CUT;
		walk.data = bytes + at + CHUNK_BYTES;
		walk.length = bytes_le32(walk.data - 4);
		at += CHUNK_BYTES;
		if (walk.length > size - at ||
		    (walk.length & 1) > size - at - walk.length)
			return PICTURE_CUT;
		at += walk.length + (walk.length & 1);
		reason = read_chunk(&walk, walk.data - CHUNK_BYTES);
	}
	if (reason != NULL)
		return reason;
	return walk.has_image ? NULL : "It has no image.";
}
