/* MP4 (ISO/IEC 14496-12): boxes in boxes.  A box that is to be looked into is
 * left by its header alone, so that those inside of it come next, and what
 * follows it after them.
 */
#include <string.h>

#include "commerced/media/bytes.h"
#include "commerced/media/probe_formats.h"

#define BOX_BYTES 8
#define LONG_BOX_BYTES 16
#define SEEN_MAX 32		/* of a box's content */

static bool
is_box(const uint8_t *box, const char *name)
{
	return memcmp(box + 4, name, 4) == 0;
}

static bool
is_entered(const uint8_t *box)
{
	return is_box(box, "moov") || is_box(box, "trak") ||
	    is_box(box, "mdia") || is_box(box, "mvex");
}

/* How much of the content is to be seen. */
static size_t
box_need(const uint8_t *box)
{
	if (is_box(box, "mvhd"))
		return SEEN_MAX;
	if (is_box(box, "hdlr"))
		return 12;
	return is_box(box, "mehd") ? 8 : 0;
}

static void
read_box(struct probe_mp4 *mp4, const uint8_t *box, const uint8_t *content)
{
	if (is_box(box, "mvhd") && content[0] == 1) {
		mp4->scale = bytes_be32(content + 20);
		mp4->duration = bytes_be64(content + 24);
		if (mp4->duration == UINT64_MAX)
			mp4->duration = 0;
	} else if (is_box(box, "mvhd")) {
		mp4->scale = bytes_be32(content + 12);
		mp4->duration = bytes_be32(content + 16);
		if (mp4->duration == UINT32_MAX)
			mp4->duration = 0;
	} else if (is_box(box, "mehd") && mp4->duration == 0) {
		/* Of a film in fragments. */
		if (content[0] == 0)
			mp4->duration = bytes_be32(content + 4);
	} else if (is_box(box, "hdlr")) {
		mp4->has_video |= memcmp(content + 8, "vide", 4) == 0;
	}
	mp4->has_film |= is_box(box, "moov");
	mp4->has_data |= is_box(box, "mdat");
}

static void
step(struct media_probe *probe)
{
	struct probe_mp4 *mp4 = &probe->as.mp4;
	const uint8_t *box = probe->held;
	uint64_t size = bytes_be32(box);
	size_t header = size == 1 ? LONG_BOX_BYTES : BOX_BYTES;
	size_t need = box_need(box);

	if (probe->held_size < header) {
		probe_want(probe, header);
		return;
	}
	if (size == 1)
		size = bytes_be64(box + BOX_BYTES);
	mp4->is_open = size == 0;
	if (size == 0)
		size = UINT64_MAX;
	if (size < header || size - header < need) {
		probe_break(probe);
		return;
	}
	if (probe->held_size < header + need) {
		probe_want(probe, header + need);
		return;
	}
	read_box(mp4, box, box + header);
	probe_advance(probe, is_entered(box) ? header : size, BOX_BYTES);
}

static void
finish(const struct media_probe *probe, struct media *out)
{
	const struct probe_mp4 *mp4 = &probe->as.mp4;

	out->container = MEDIA_MP4;
	out->has_video = mp4->has_video;
	out->duration_ms = probe_duration_ms(mp4->duration, mp4->scale);
	out->is_whole = mp4->has_film && mp4->has_data &&
	    (probe_is_between(probe) || mp4->is_open);
}

void
probe_begin_mp4(struct media_probe *probe)
{
	probe->step = step;
	probe->finish = finish;
	step(probe);
}
