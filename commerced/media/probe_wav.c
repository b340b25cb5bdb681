/* WAV: a RIFF file whose chunk "fmt " says how many bytes a second "data" has.
 * RF64 (EBU Tech 3306) has the long size apart, in "ds64".  Programs that
 * write to a pipe leave the size open.
 */
#include <string.h>

#include "commerced/media/bytes.h"
#include "commerced/media/probe_formats.h"

#define RIFF_BYTES 12
#define CHUNK_BYTES 8
#define FORMAT_BYTES 16
#define LONG_BYTES 16		/* of ds64: of the file, of the sound */

/* How much of a chunk is to be seen. */
static size_t
chunk_need(const uint8_t *name)
{
	if (memcmp(name, "fmt ", 4) == 0)
		return FORMAT_BYTES;
	return memcmp(name, "ds64", 4) == 0 ? LONG_BYTES : 0;
}

static void
read_chunk(struct probe_wav *wav, const uint8_t *chunk)
{
	if (memcmp(chunk, "fmt ", 4) == 0) {
		wav->byte_rate = bytes_le32(chunk + CHUNK_BYTES + 8);
		wav->has_format = true;
	} else if (memcmp(chunk, "ds64", 4) == 0) {
		wav->long_size = bytes_le64(chunk + CHUNK_BYTES + 8);
	}
}

static void
step(struct media_probe *probe)
{
	struct probe_wav *wav = &probe->as.wav;
	const uint8_t *chunk = probe->held;
	uint64_t length = bytes_le32(chunk + 4);
	size_t need = chunk_need(chunk);

	if (length < need) {
		probe_break(probe);
		return;
	}
	if (probe->held_size < CHUNK_BYTES + need) {
		probe_want(probe, CHUNK_BYTES + need);
		return;
	}
	read_chunk(wav, chunk);
	if (memcmp(chunk, "data", 4) == 0) {
		wav->has_data = true;
		if (length == UINT32_MAX && wav->long_size > 0)
			length = wav->long_size;
		wav->size = length;
		if (length == UINT32_MAX || length == 0) {
			wav->open_at = probe->offset + CHUNK_BYTES;
			probe_advance(probe, UINT64_MAX, CHUNK_BYTES);
			return;
		}
	}
	if (length > UINT64_MAX - CHUNK_BYTES - 1) {
		probe_break(probe);
		return;
	}
	probe_advance(probe, CHUNK_BYTES + length + (length & 1),
	    CHUNK_BYTES);
}

static void
finish(const struct media_probe *probe, struct media *out)
{
	const struct probe_wav *wav = &probe->as.wav;

	out->container = MEDIA_WAV;
	if (!wav->has_format || !wav->has_data)
		return;
	out->duration_ms = probe_duration_ms(wav->open_at == 0 ? wav->size :
	    probe->size - wav->open_at, wav->byte_rate);
	/* The last byte that makes a length even is often left out. */
	out->is_whole = wav->open_at != 0 ||
	    (probe->held_size == 0 && probe->skip <= (wav->size & 1));
}

void
probe_begin_wav(struct media_probe *probe)
{
	probe->step = step;
	probe->finish = finish;
	probe_advance(probe, RIFF_BYTES, CHUNK_BYTES);
}
