/* Ogg (RFC 3533): pages of several streams, each with the position in its
 * codec's units at which the page ends.  Streams may follow one another.
 */
#include <string.h>

#include "commerced/media/bytes.h"
#include "commerced/media/probe_formats.h"

#define PAGE_BYTES 27		/* then a length byte for each segment */
#define CODEC_BYTES 64		/* of a stream's first page, to know it */
#define OPUS_RATE 48000

enum page_flag { PAGE_CONTINUES = 1, PAGE_FIRST = 2, PAGE_LAST = 4 };

static bool
begins(const uint8_t *data, size_t size, const char *text, size_t length)
{
	return size >= length && memcmp(data, text, length) == 0;
}

/* What a stream holds, by its first page. */
static void
read_codec(struct ogg_stream *stream, const uint8_t *data, size_t size,
    bool *has_video)
{
	stream->scale = 1;
	if (begins(data, size, "OpusHead", 8) && size >= 19) {
		stream->rate = OPUS_RATE;
		stream->skip = bytes_le16(data + 10);
	} else if (begins(data, size, "\x01vorbis", 7) && size >= 30) {
		stream->rate = bytes_le32(data + 12);
	} else if (begins(data, size, "\x7f" "FLAC", 5) && size >= 30) {
		stream->rate = bytes_be24(data + 27) >> 4;
	} else if (begins(data, size, "Speex   ", 8) && size >= 40) {
		stream->rate = bytes_le32(data + 36);
	} else if (begins(data, size, "\x80theora", 7) && size >= 42) {
		stream->rate = bytes_be32(data + 22);
		stream->scale = bytes_be32(data + 26);
		stream->shift = (uint8_t)((data[40] & 3) << 3 | data[41] >> 5);
		*has_video = true;
	}
	stream->is_known = stream->rate != 0;
}

static int64_t
stream_duration_ms(const struct ogg_stream *stream)
{
	uint64_t units = stream->last > stream->skip ?
	    stream->last - stream->skip : 0;

	if (stream->scale != 0 && units > UINT64_MAX / stream->scale)
		return MEDIA_DURATION_UNKNOWN;
	return probe_duration_ms(units * stream->scale, stream->rate);
}

/* The longest of those that play together. */
static int64_t
group_duration_ms(const struct probe_ogg *ogg)
{
	int64_t most = MEDIA_DURATION_UNKNOWN;

	for (size_t i = 0; i < ogg->count; i++) {
		int64_t one = ogg->streams[i].is_known ?
		    stream_duration_ms(&ogg->streams[i]) :
		    MEDIA_DURATION_UNKNOWN;

		if (one > most)
			most = one;
	}
	return most;
}

static bool
group_has_ended(const struct probe_ogg *ogg)
{
	bool has_ended = ogg->count > 0;

	for (size_t i = 0; i < ogg->count; i++)
		has_ended &= ogg->streams[i].has_ended;
	return has_ended;
}

static struct ogg_stream *
find(struct probe_ogg *ogg, uint32_t serial)
{
	for (size_t i = 0; i < ogg->count; i++)
		if (ogg->streams[i].serial == serial)
			return &ogg->streams[i];
	return NULL;
}

/* The first page of a stream; NULL: too many of them, or one twice. */
static struct ogg_stream *
add(struct probe_ogg *ogg, uint32_t serial)
{
	int64_t before_ms;

	if (ogg->is_begun && group_has_ended(ogg)) {
		/* The next ones of a chain. */
		before_ms = group_duration_ms(ogg);
		if (before_ms > 0 && ogg->before_ms <= MEDIA_DURATION_MAX)
			ogg->before_ms += before_ms;
		ogg->count = 0;
		ogg->is_begun = false;
	}
	if (ogg->count == PROBE_STREAMS_MAX || find(ogg, serial) != NULL)
		return NULL;
	ogg->streams[ogg->count] = (struct ogg_stream){ .serial = serial };
	return &ogg->streams[ogg->count++];
}

/* Where the page ends, unless no packet ends on it. */
static void
read_position(struct ogg_stream *stream, uint64_t position)
{
	if (position == UINT64_MAX || !stream->is_known)
		return;
	/* Theora: the key frame's number, and how many came after it. */
	if (stream->shift != 0)
		position = (position >> stream->shift) +
		    (position & ((UINT64_C(1) << stream->shift) - 1));
	if (position > stream->last)
		stream->last = position;
}

static void
step(struct media_probe *probe)
{
	struct probe_ogg *ogg = &probe->as.ogg;
	const uint8_t *page = probe->held;
	struct ogg_stream *stream;
	size_t header, body = 0, shown;
	uint8_t flags = page[5];

	if (memcmp(page, "OggS", 5) != 0) {
		probe_break(probe);
		return;
	}
	header = PAGE_BYTES + (size_t)page[26];
	if (probe->held_size < header) {
		probe_want(probe, header);
		return;
	}
	for (size_t i = PAGE_BYTES; i < header; i++)
		body += page[i];
	shown = (flags & PAGE_FIRST) == 0 ? 0 :
	    body < CODEC_BYTES ? body : CODEC_BYTES;
	if (probe->held_size < header + shown) {
		probe_want(probe, header + shown);
		return;
	}
	stream = (flags & PAGE_FIRST) != 0 ?
	    add(ogg, bytes_le32(page + 14)) : find(ogg, bytes_le32(page + 14));
	if (stream == NULL) {
		probe_break(probe);
		return;
	}
	if ((flags & PAGE_FIRST) != 0)
		read_codec(stream, page + header, shown, &ogg->has_video);
	else
		ogg->is_begun = true;
	read_position(stream, bytes_le64(page + 6));
	stream->has_ended |= (flags & PAGE_LAST) != 0;
	probe_advance(probe, header + body, PAGE_BYTES);
}

static void
finish(const struct media_probe *probe, struct media *out)
{
	const struct probe_ogg *ogg = &probe->as.ogg;
	int64_t last_ms = group_duration_ms(ogg);

	out->container = MEDIA_OGG;
	out->has_video = ogg->has_video;
	if (last_ms >= 0 || ogg->before_ms > 0)
		out->duration_ms = ogg->before_ms +
		    (last_ms > 0 ? last_ms : 0);
	out->is_whole = probe_is_between(probe) && ogg->is_begun &&
	    group_has_ended(ogg);
}

void
probe_begin_ogg(struct media_probe *probe)
{
	probe->step = step;
	probe->finish = finish;
	probe_want(probe, PAGE_BYTES);
}
