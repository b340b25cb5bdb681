/* Telling the format, and handing it what it wants to see. */
#include <stdlib.h>
#include <string.h>

#include "commerced/media/bytes.h"
#include "commerced/media/probe_formats.h"

/* --- for the formats ------------------------------------------------------ */

void
probe_want(struct media_probe *probe, size_t count)
{
	if (count <= probe->held_size || count > PROBE_HELD_MAX)
		probe_break(probe);
	else
		probe->wanted = count;
}

void
probe_advance(struct media_probe *probe, uint64_t count, size_t wanted)
{
	probe->offset += count;
	if (count < probe->held_size) {
		probe->held_size -= (size_t)count;
		memmove(probe->held, probe->held + count, probe->held_size);
	} else {
		probe->skip = count - probe->held_size;
		probe->held_size = 0;
	}
	if (count == 0)
		probe_break(probe);
	probe->wanted = wanted;
}

void
probe_break(struct media_probe *probe)
{
	probe->is_broken = true;
	probe_end(probe);
}

void
probe_end(struct media_probe *probe)
{
	probe->is_over = true;
	probe->held_size = 0;
	probe->skip = 0;
}

bool
probe_is_between(const struct media_probe *probe)
{
	return probe->held_size == 0 && probe->skip == 0;
}

int64_t
probe_duration_ms(uint64_t units, uint64_t rate)
{
	uint64_t whole, rest;

	if (rate == 0 || rate > UINT64_MAX / 1000 || units == 0)
		return MEDIA_DURATION_UNKNOWN;
	whole = units / rate;
	rest = units % rate;
	if (whole > (uint64_t)MEDIA_DURATION_MAX / 1000)
		return MEDIA_DURATION_UNKNOWN;
	return (int64_t)(whole * 1000 + rest * 1000 / rate);
}

/* --- what is it? ---------------------------------------------------------- */

/* An ID3v2 tag may stand before anything; four times seven bits of length. */
static void
skip_tag(struct media_probe *probe)
{
	const uint8_t *tag = probe->held;
	uint64_t length = 0;

	for (size_t i = 6; i < 10; i++)
		length = length << 7 | (tag[i] & 0x7f);
	length += 10;
	if ((tag[5] & 0x10) != 0)
		length += 10;
	probe_advance(probe, length, PROBE_WANTED);
}

static void
tell(struct media_probe *probe)
{
	const uint8_t *held = probe->held;

	if (memcmp(held, "ID3", 3) == 0)
		skip_tag(probe);
	else if (memcmp(held, "OggS", 4) == 0)
		probe_begin_ogg(probe);
	else if (memcmp(held, "fLaC", 4) == 0)
		probe_begin_flac(probe);
	else if ((memcmp(held, "RIFF", 4) == 0 ||
	    memcmp(held, "RF64", 4) == 0) &&
	    memcmp(held + 8, "WAVE", 4) == 0)
		probe_begin_wav(probe);
	else if (memcmp(held + 4, "ftyp", 4) == 0)
		probe_begin_mp4(probe);
	else if (bytes_be32(held) == 0x1a45dfa3)
		probe_begin_webm(probe);
	else if (probe_is_mp3(held))
		probe_begin_mp3(probe);
	else
		probe_break(probe);
}

/* --- for everybody -------------------------------------------------------- */

enum err
media_probe_new(struct media_probe **out)
{
	*out = calloc(1, sizeof(**out));
	if (*out == NULL)
		return ERR_NO_MEMORY;
	(*out)->step = tell;
	(*out)->wanted = PROBE_WANTED;
	return ERR_OK;
}

void
media_probe_free(struct media_probe *probe)
{
	free(probe);
}

void
media_probe_add(struct media_probe *probe, const void *bytes, size_t size)
{
	const uint8_t *rest = bytes;
	size_t n;

	probe->size += size;
	while (size > 0 && !probe->is_over) {
		n = probe->skip > 0 ? (probe->skip < size ?
		    (size_t)probe->skip : size) :
		    probe->wanted - probe->held_size;
		if (n > size)
			n = size;
		if (probe->skip > 0) {
			probe->skip -= n;
		} else {
			memcpy(probe->held + probe->held_size, rest, n);
			probe->held_size += n;
		}
		rest += n;
		size -= n;
		while (!probe->is_over && probe->skip == 0 &&
		    probe->held_size >= probe->wanted)
			probe->step(probe);
	}
}

void
media_probe_finish(const struct media_probe *probe, struct media *out)
{
	*out = (struct media){ .duration_ms = MEDIA_DURATION_UNKNOWN };
	if (probe->finish != NULL && !probe->is_broken)
		probe->finish(probe, out);
	if (out->duration_ms > MEDIA_DURATION_MAX)
		out->duration_ms = MEDIA_DURATION_UNKNOWN;
}
