/* MPEG audio (ISO/IEC 11172-3, 13818-3): frames, each with its length in its
 * header.  All are walked, since neither the first one's promise (Xing, VBRI)
 * nor a constant rate need be true.
 */
#include <string.h>

#include "commerced/media/bytes.h"
#include "commerced/media/probe_formats.h"

#define HEADER_BYTES 4
#define TAG_BYTES 128
#define FRAMES_LEAST 4		/* fewer may be chance */
#define LOST_MAX (64 * 1024)	/* bytes that are no frame, in all */
/* version, layer and sampling rate, the same in all frames */
#define KIND_BITS 0xfffe0c00

struct frame {
	uint32_t rate;		/* samples a second */
	uint32_t samples;
	uint32_t length;	/* bytes, with the header */
};

/* kbit/s by index; 0: any (free format), not taken */
static const uint16_t rates_1[3][15] = {
	{ 0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416,
	    448 },
	{ 0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384 },
	{ 0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320 },
};
static const uint16_t rates_2[3][15] = {
	{ 0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256 },
	{ 0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160 },
	{ 0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160 },
};

/* False: no header of a frame. */
static bool
read_header(uint32_t bits, struct frame *frame)
{
	static const uint32_t samplings[3] = { 44100, 48000, 32000 };
	unsigned version = bits >> 19 & 3;	/* 3: 1, 2: 2, 0: 2.5 */
	unsigned layer = 4 - (bits >> 17 & 3);	/* 1 to 3; 4: none */
	unsigned index = bits >> 12 & 15, sampling = bits >> 10 & 3;
	unsigned padding = bits >> 9 & 1, rate;

	if (bits >> 21 != 0x7ff || version == 1 || layer == 4 ||
	    index == 0 || index == 15 || sampling == 3)
		return false;
	rate = version == 3 ? rates_1[layer - 1][index] :
	    rates_2[layer - 1][index];
	frame->rate = samplings[sampling] >> (version == 3 ? 0 :
	    version == 2 ? 1 : 2);
	frame->samples = layer == 1 ? 384 :
	    layer == 3 && version != 3 ? 576 : 1152;
	frame->length = layer == 1 ?
	    (12000 * rate / frame->rate + padding) * 4 :
	    frame->samples / 8 * 1000 * rate / frame->rate + padding;
	return frame->length > HEADER_BYTES;
}

bool
probe_is_mp3(const uint8_t bytes[static 4])
{
	struct frame frame;

	return read_header(bytes_be32(bytes), &frame);
}

/* A frame of layer III that holds numbers about the others, and no sound. */
static bool
is_about_others(const uint8_t *frame, size_t length)
{
	for (size_t i = HEADER_BYTES; i + 4 <= length && i < 40; i++)
		if (memcmp(frame + i, "Xing", 4) == 0 ||
		    memcmp(frame + i, "Info", 4) == 0 ||
		    memcmp(frame + i, "VBRI", 4) == 0)
			return true;
	return false;
}

/* What players find behind the last frame. */
static bool
is_trailer(const uint8_t *held)
{
	return memcmp(held, "TAG", 3) == 0 || memcmp(held, "APET", 4) == 0 ||
	    memcmp(held, "LYRI", 4) == 0 || memcmp(held, "ID3", 3) == 0;
}

static void
step(struct media_probe *probe)
{
	struct probe_mp3 *mp3 = &probe->as.mp3;
	uint32_t bits = bytes_be32(probe->held);
	struct frame frame;

	if (read_header(bits, &frame) && (bits & KIND_BITS) == mp3->kind) {
		mp3->frames++;
		probe_advance(probe, frame.length, HEADER_BYTES);
	} else if (is_trailer(probe->held)) {
		mp3->trailer_at = probe->offset;
		mp3->is_tag = memcmp(probe->held, "TAG", 3) == 0;
		probe_end(probe);
	} else if (++mp3->lost > LOST_MAX) {
		probe_break(probe);
	} else {
		probe_advance(probe, 1, HEADER_BYTES);
	}
}

static void
finish(const struct media_probe *probe, struct media *out)
{
	const struct probe_mp3 *mp3 = &probe->as.mp3;

	if (mp3->frames < FRAMES_LEAST)
		return;
	out->container = MEDIA_MP3;
	out->duration_ms = probe_duration_ms(mp3->frames * mp3->samples,
	    mp3->rate);
	if (mp3->is_tag)
		out->is_whole = probe->size - mp3->trailer_at == TAG_BYTES;
	else
		out->is_whole = probe_is_between(probe) ||
		    (probe->skip == 0 && mp3->lost > 0);
}

/* The first frame, seen whole. */
static void
step_first(struct media_probe *probe)
{
	struct probe_mp3 *mp3 = &probe->as.mp3;
	uint32_t bits = bytes_be32(probe->held);
	struct frame frame = { 0 };

	(void)read_header(bits, &frame);
	if (probe->held_size < frame.length) {
		probe_want(probe, frame.length);
		return;
	}
	mp3->kind = bits & KIND_BITS;
	mp3->rate = frame.rate;
	mp3->samples = frame.samples;
	mp3->frames = is_about_others(probe->held, frame.length) ? 0 : 1;
	probe->step = step;
	probe_advance(probe, frame.length, HEADER_BYTES);
}

void
probe_begin_mp3(struct media_probe *probe)
{
	probe->step = step_first;
	probe->finish = finish;
	step_first(probe);
}
