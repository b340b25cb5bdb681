/* MP4 (ISO/IEC 14496-12): boxes in boxes.  A box that is to be looked into is
 * left by its header alone, so that those inside of it come next, and what
 * follows it after them.
 *
 * How long it plays stands in mvhd; of a film in fragments that is the first
 * one alone, and all of it in mehd.  Where there is no mehd, the end of the
 * last fragment tells: where it begins (tfdt), and its samples (trun), which
 * are of a length that is said for all (trex, tfhd) or for each.
 */
#include <string.h>

#include "commerced/media/bytes.h"
#include "commerced/media/probe_formats.h"

#define BOX_BYTES 8
#define LONG_BOX_BYTES 16
#define SEEN_MAX 32		/* of a box's content */

/* Flags of tfhd: what stands there. */
#define HAS_BASE 0x01		/* 8 bytes; all others 4 */
#define HAS_DESCRIPTION 0x02
#define HAS_EACH 0x08
/* Of trun: before the samples, and of each sample, its length first. */
#define HAS_OFFSET 0x01
#define HAS_FIRST_FLAGS 0x04
#define HAS_LENGTHS 0x100
#define HAS_SIZES 0x200
#define HAS_FLAGS 0x400
#define HAS_SHIFTS 0x800

static bool
is_box(const uint8_t *box, const char *name)
{
	return memcmp(box + 4, name, 4) == 0;
}

static bool
is_entered(const uint8_t *box)
{
	return is_box(box, "moov") || is_box(box, "trak") ||
	    is_box(box, "mdia") || is_box(box, "mvex") ||
	    is_box(box, "moof") || is_box(box, "traf");
}

/* How much of the content is to be seen; of some no more than is there. */
static size_t
box_need(const uint8_t *box, uint64_t size)
{
	if (is_box(box, "mvhd"))
		return SEEN_MAX;
	if (is_box(box, "hdlr"))
		return 12;
	if (is_box(box, "tkhd") || is_box(box, "mdhd"))
		return 24;
	if (is_box(box, "trex"))
		return 16;
	if (is_box(box, "mehd") || is_box(box, "tfhd") ||
	    is_box(box, "tfdt") || is_box(box, "trun"))
		return size < SEEN_MAX ? (size_t)size : SEEN_MAX;
	return 0;
}

/* --- the whole ------------------------------------------------------------ */

static void
read_movie(struct probe_mp4 *mp4, const uint8_t *content)
{
	uint64_t duration;

	if (content[0] == 1) {
		mp4->scale = bytes_be32(content + 20);
		duration = bytes_be64(content + 24);
		if (duration == UINT64_MAX)
			duration = 0;
	} else {
		mp4->scale = bytes_be32(content + 12);
		duration = bytes_be32(content + 16);
		if (duration == UINT32_MAX)
			duration = 0;
	}
	if (!mp4->is_total)
		mp4->duration = duration;
}

static void
read_total(struct probe_mp4 *mp4, const uint8_t *content)
{
	uint64_t duration = content[0] == 1 ? bytes_be64(content + 4) :
	    bytes_be32(content + 4);

	if (duration > 0) {
		mp4->duration = duration;
		mp4->is_total = true;
	}
}

/* --- fragments ------------------------------------------------------------ */

static struct mp4_track *
track_find(struct probe_mp4 *mp4, uint32_t id)
{
	for (size_t i = 0; i < mp4->count; i++) {
		if (mp4->tracks[i].id == id)
			return &mp4->tracks[i];
	}
	return NULL;
}

/* tkhd: one more; those that are too many are not followed. */
static void
track_add(struct probe_mp4 *mp4, const uint8_t *content)
{
	uint32_t id = bytes_be32(content + (content[0] == 1 ? 20 : 12));

	if (mp4->count < PROBE_STREAMS_MAX && track_find(mp4, id) == NULL)
		mp4->tracks[mp4->count++] = (struct mp4_track){ .id = id };
}

/* mdhd of the track that was added last. */
static void
read_scale(struct probe_mp4 *mp4, const uint8_t *content)
{
	if (mp4->count > 0)
		mp4->tracks[mp4->count - 1].scale =
		    bytes_be32(content + (content[0] == 1 ? 20 : 12));
}

static void
read_default(struct probe_mp4 *mp4, const uint8_t *content)
{
	struct mp4_track *track = track_find(mp4, bytes_be32(content + 4));

	if (track != NULL)
		track->each = bytes_be32(content + 12);
}

static void
begin_fragment(struct probe_mp4 *mp4, const uint8_t *content)
{
	uint32_t flags = bytes_be32(content);
	size_t at = 8;

	mp4->track = track_find(mp4, bytes_be32(content + 4));
	if (mp4->track == NULL)
		return;
	if ((flags & HAS_BASE) != 0)
		at += 8;
	if ((flags & HAS_DESCRIPTION) != 0)
		at += 4;
	mp4->each = (flags & HAS_EACH) != 0 ? bytes_be32(content + at) :
	    mp4->track->each;
	mp4->at = mp4->track->end;
}

/* It is so much longer.  Where the sum is none it stays: that is no film. */
static void
go_on(struct probe_mp4 *mp4, uint64_t units)
{
	if (units > UINT64_MAX - mp4->at)
		return;
	mp4->at += units;
	if (mp4->track != NULL && mp4->at > mp4->track->end)
		mp4->track->end = mp4->at;
}

static void
read_samples(struct probe_mp4 *mp4, const uint8_t *content)
{
	uint32_t flags = bytes_be32(content);
	uint32_t count = bytes_be32(content + 4);

	if ((flags & HAS_LENGTHS) == 0) {
		go_on(mp4, (uint64_t)count * mp4->each);
		return;
	}
	mp4->samples_left = count;
	mp4->sample_size = 4 + 4 * (size_t)(((flags & HAS_SIZES) != 0) +
	    ((flags & HAS_FLAGS) != 0) + ((flags & HAS_SHIFTS) != 0));
}

/* Where they begin in the box. */
static size_t
samples_offset(const uint8_t *content)
{
	uint32_t flags = bytes_be32(content);

	return 8 + 4 * (size_t)(((flags & HAS_OFFSET) != 0) +
	    ((flags & HAS_FIRST_FLAGS) != 0));
}

/* The next sample that says its length, or what is behind the last one. */
static void
step_sample(struct media_probe *probe)
{
	struct probe_mp4 *mp4 = &probe->as.mp4;
	uint64_t passed = mp4->box_left;

	if (mp4->samples_left > 0) {
		go_on(mp4, bytes_be32(probe->held));
		mp4->samples_left--;
		passed = mp4->sample_size;
	}
	mp4->box_left -= passed;
	probe_advance(probe, passed, mp4->samples_left > 0 ? mp4->sample_size :
	    mp4->box_left > 0 ? 1 : BOX_BYTES);
}

/* --- boxes ---------------------------------------------------------------- */

static void
read_box(struct probe_mp4 *mp4, const uint8_t *box, const uint8_t *content)
{
	if (is_box(box, "mvhd"))
		read_movie(mp4, content);
	else if (is_box(box, "mehd"))
		read_total(mp4, content);
	else if (is_box(box, "hdlr"))
		mp4->has_video |= memcmp(content + 8, "vide", 4) == 0;
	else if (is_box(box, "tkhd"))
		track_add(mp4, content);
	else if (is_box(box, "mdhd"))
		read_scale(mp4, content);
	else if (is_box(box, "trex"))
		read_default(mp4, content);
	else if (is_box(box, "tfhd"))
		begin_fragment(mp4, content);
	else if (is_box(box, "tfdt"))
		mp4->at = content[0] == 1 ? bytes_be64(content + 4) :
		    bytes_be32(content + 4);
	else if (is_box(box, "trun"))
		read_samples(mp4, content);
	mp4->has_film |= is_box(box, "moov");
	mp4->has_data |= is_box(box, "mdat");
}

/* Past the box, or into it: to the boxes inside, or to samples. */
static void
pass_box(struct media_probe *probe, size_t header, uint64_t size,
    size_t offset)
{
	struct probe_mp4 *mp4 = &probe->as.mp4;

	if (mp4->samples_left == 0) {
		probe_advance(probe, is_entered(probe->held) ? header : size,
		    BOX_BYTES);
		return;
	}
	mp4->box_left = size - header;
	if (mp4->box_left < offset || (mp4->box_left - offset) /
	    mp4->sample_size < mp4->samples_left) {
		probe_break(probe);
		return;
	}
	mp4->box_left -= offset;
	probe_advance(probe, header + offset, mp4->sample_size);
}

static void
step(struct media_probe *probe)
{
	struct probe_mp4 *mp4 = &probe->as.mp4;
	const uint8_t *box = probe->held;
	uint8_t content[SEEN_MAX] = { 0 };	/* zeros behind its end */
	uint64_t size = bytes_be32(box);
	size_t header = size == 1 ? LONG_BOX_BYTES : BOX_BYTES, need;

	if (mp4->box_left > 0) {
		step_sample(probe);
		return;
	}
	if (probe->held_size < header) {
		probe_want(probe, header);
		return;
	}
	if (size == 1)
		size = bytes_be64(box + BOX_BYTES);
	mp4->is_open = size == 0;
	if (size == 0)
		size = UINT64_MAX;
	need = size < header ? 0 : box_need(box, size - header);
	if (size < header || size - header < need) {
		probe_break(probe);
		return;
	}
	if (probe->held_size < header + need) {
		probe_want(probe, header + need);
		return;
	}
	memcpy(content, box + header, need);
	read_box(mp4, box, content);
	pass_box(probe, header, size, samples_offset(content));
}

static void
finish(const struct media_probe *probe, struct media *out)
{
	const struct probe_mp4 *mp4 = &probe->as.mp4;

	out->container = MEDIA_MP4;
	out->has_video = mp4->has_video;
	out->duration_ms = probe_duration_ms(mp4->duration, mp4->scale);
	for (size_t i = 0; i < mp4->count && !mp4->is_total; i++) {
		const struct mp4_track *track = &mp4->tracks[i];
		int64_t ms = probe_duration_ms(track->end, track->scale);

		if (ms > out->duration_ms)
			out->duration_ms = ms;
	}
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
