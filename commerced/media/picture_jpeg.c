/* JPEG (ITU-T T.81): markers, most with a segment of their own; after SOS
 * come coded data, in which 0xff is followed by 0x00 or a restart marker.
 *
 * Cameras append further whole pictures (CIPA DC-007): these are walked too.
 */
#include <stdbool.h>

#include "commerced/media/bytes.h"
#include "commerced/media/picture_formats.h"

enum marker { MARKER_TEM = 0x01, MARKER_SOF0 = 0xc0, MARKER_DHT = 0xc4,
	MARKER_JPG = 0xc8, MARKER_DAC = 0xcc, MARKER_SOF15 = 0xcf,
	MARKER_RST0 = 0xd0, MARKER_RST7 = 0xd7, MARKER_SOI = 0xd8,
	MARKER_EOI = 0xd9, MARKER_SOS = 0xda };

struct walk {
	const uint8_t *bytes;
	size_t size, at;
	uint32_t width, height;
	bool has_frame, has_scan;
};

/* Is it the start of a frame, and so with the sizes? */
static bool
is_frame(uint8_t marker)
{
	return marker >= MARKER_SOF0 && marker <= MARKER_SOF15 &&
	    marker != MARKER_DHT && marker != MARKER_JPG &&
	    marker != MARKER_DAC;
}

static const char *
read_frame(struct walk *walk, const uint8_t *segment, size_t length)
{
	if (walk->has_frame)
		return "It has two frames.";
	if (length < 6 || (segment[0] != 8 && segment[0] != 12) ||
	    segment[5] < 1 || segment[5] > 4 ||
	    length != 6 + 3 * (size_t)segment[5])
		return "Its frame header is none of JPEG.";
	walk->height = bytes_be16(segment + 1);
	walk->width = bytes_be16(segment + 3);
	walk->has_frame = true;
	return NULL;
}

static const char *
read_scan(struct walk *walk, const uint8_t *segment, size_t length)
{
	if (!walk->has_frame || length < 1 || segment[0] < 1 ||
	    segment[0] > 4 || length != 4 + 2 * (size_t)segment[0])
		return "A scan of it is none of JPEG.";
	walk->has_scan = true;
	/* To the next marker. */
	for (; walk->at + 1 < walk->size; walk->at++) {
		uint8_t next = walk->bytes[walk->at + 1];

		if (walk->bytes[walk->at] == 0xff && next != 0x00 &&
		    next != 0xff && (next < MARKER_RST0 || next > MARKER_RST7))
			return NULL;
	}
	return PICTURE_CUT;
}

/* The segment behind a marker, whose length counts itself. */
static const char *
read_segment(struct walk *walk, uint8_t marker)
{
	const uint8_t *segment = walk->bytes + walk->at + 2;
	size_t length;

	if (walk->size - walk->at < 2)
		return PICTURE_CUT;
	length = bytes_be16(segment - 2);
	if (length < 2)
		return "A segment of it has no length.";
	if (length > walk->size - walk->at)
		return PICTURE_CUT;
	walk->at += length;
	if (is_frame(marker))
		return read_frame(walk, segment, length - 2);
	if (marker == MARKER_SOS)
		return read_scan(walk, segment, length - 2);
	return NULL;
}

/* One marker; any number of 0xff may stand before it. */
static const char *
read_marker(struct walk *walk, uint8_t *marker)
{
	if (walk->at >= walk->size)
		return PICTURE_CUT;
	if (walk->bytes[walk->at] != 0xff)
		return "A marker is missing.";
	while (walk->at < walk->size && walk->bytes[walk->at] == 0xff)
		walk->at++;
	if (walk->at >= walk->size)
		return PICTURE_CUT;
	*marker = walk->bytes[walk->at++];
	return NULL;
}

/* One picture, from SOI to EOI. */
static const char *
walk_one(struct walk *walk)
{
	const char *reason;
	uint8_t marker = 0;

	walk->has_frame = walk->has_scan = false;
	reason = read_marker(walk, &marker);
	if (reason == NULL && marker != MARKER_SOI)
		reason = PICTURE_TRAILER;
	while (reason == NULL) {
		reason = read_marker(walk, &marker);
		if (reason != NULL || marker == MARKER_TEM)
			continue;
		if (marker == MARKER_EOI)
			return walk->has_scan ? NULL : "It has no image data.";
		if (marker == 0x00 ||
		    (marker >= MARKER_RST0 && marker <= MARKER_SOI))
			reason = "A marker stands at a wrong place.";
		else
			reason = read_segment(walk, marker);
	}
	return reason;
}

const char *
picture_walk_jpeg(const uint8_t *bytes, size_t size, struct picture_facts *out)
{
	struct walk walk = { .bytes = bytes, .size = size };
	const char *reason = walk_one(&walk);

	out->width = walk.width;
	out->height = walk.height;
	while (reason == NULL && walk.at < size) {
		if (bytes[walk.at] != 0xff)
			return PICTURE_TRAILER;
		reason = walk_one(&walk);
	}
	return reason;
}
