/* FLAC (RFC 9639): STREAMINFO says how many samples there are; then other
 * blocks, then frames, whose lengths only a decoder knows.
 */
#include "commerced/media/bytes.h"
#include "commerced/media/probe_formats.h"

#define MARKER_BYTES 4
#define BLOCK_BYTES 4		/* kind and length */
#define INFO_BYTES 34
#define LAST_BLOCK 0x80

static void
step_frame(struct media_probe *probe)
{
	/* Fourteen bits of synchronisation, and a reserved one. */
	if (probe->held[0] != 0xff || (probe->held[1] & 0xfe) != 0xf8) {
		probe_break(probe);
		return;
	}
	probe->as.flac.has_frame = true;
	probe_end(probe);
}

static void
step_block(struct media_probe *probe)
{
	struct probe_flac *flac = &probe->as.flac;
	const uint8_t *block = probe->held;
	uint32_t length = bytes_be24(block + 1);

	if (!flac->is_begun) {
		if ((block[0] & 0x7f) != 0 || length != INFO_BYTES) {
			probe_break(probe);
			return;
		}
		if (probe->held_size < BLOCK_BYTES + INFO_BYTES) {
			probe_want(probe, BLOCK_BYTES + INFO_BYTES);
			return;
		}
		flac->rate = bytes_be24(block + BLOCK_BYTES + 10) >> 4;
		flac->samples = (uint64_t)(block[BLOCK_BYTES + 13] & 15) << 32 |
		    bytes_be32(block + BLOCK_BYTES + 14);
		flac->is_begun = true;
	}
	if ((block[0] & LAST_BLOCK) != 0) {
		probe->step = step_frame;
		probe_advance(probe, BLOCK_BYTES + length, 2);
	} else {
		probe_advance(probe, BLOCK_BYTES + length, BLOCK_BYTES);
	}
}

static void
finish(const struct media_probe *probe, struct media *out)
{
	const struct probe_flac *flac = &probe->as.flac;

	out->container = MEDIA_FLAC;
	out->duration_ms = probe_duration_ms(flac->samples, flac->rate);
	out->is_whole = flac->has_frame;
}

void
probe_begin_flac(struct media_probe *probe)
{
	probe->step = step_block;
	probe->finish = finish;
	probe_advance(probe, MARKER_BYTES, BLOCK_BYTES);
}
