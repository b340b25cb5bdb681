#include "commerced/media/excerpt.h"

#include <string.h>
#include <strings.h>

#include "commerced/media/bytes.h"
#include "commerced/media/pages.h"

#define FLAC_HEADER_LEAST 6	/* bytes of a frame's header, with its CRC */
#define FLAC_FRAME_MAX (1024 * 1024)	/* how far back the last one begins */

/* What a file is, as far as types tell it apart. */
enum nature { OGG, OGG_FILM, MP3, FLAC, WAV, MP4, MP4_FILM, WEBM, WEBM_FILM,
	PDF, EPUB, NO_NATURE };

/* The first one of a nature is what an excerpt without a type gets. */
static const struct type {
	const char *name;
	enum nature nature, also;	/* what may be called so */
} types[] = {
	{ "audio/ogg", OGG, OGG },
	{ "audio/opus", OGG, OGG },
	{ "audio/vorbis", OGG, OGG },
	{ "video/ogg", OGG_FILM, OGG_FILM },
	{ "application/ogg", OGG, OGG_FILM },
	{ "audio/mpeg", MP3, MP3 },
	{ "audio/mp3", MP3, MP3 },
	{ "audio/flac", FLAC, FLAC },
	{ "audio/x-flac", FLAC, FLAC },
	{ "audio/wav", WAV, WAV },
	{ "audio/x-wav", WAV, WAV },
	{ "audio/vnd.wave", WAV, WAV },
	{ "audio/mp4", MP4, MP4 },
	{ "audio/x-m4a", MP4, MP4 },
	{ "video/mp4", MP4_FILM, MP4 },
	{ "audio/webm", WEBM, WEBM },
	{ "video/webm", WEBM_FILM, WEBM },
	{ "application/pdf", PDF, PDF },
	{ "application/epub+zip", EPUB, EPUB },
};
#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

static const struct type *
find_declared(const char *declared)
{
	size_t length = strcspn(declared, "; \t");

	for (size_t i = 0; i < TYPE_COUNT; i++)
		if (strlen(types[i].name) == length &&
		    strncasecmp(types[i].name, declared, length) == 0)
			return &types[i];
	return NULL;
}

static const struct type *
find_nature(enum nature nature)
{
	for (size_t i = 0; i < TYPE_COUNT; i++)
		if (types[i].nature == nature)
			return &types[i];
	return NULL;
}

bool
excerpt_type_is_known(const char *media_type)
{
	return find_declared(media_type) != NULL;
}

/* --- the end of FLAC ------------------------------------------------------ */

static uint8_t
crc8(const uint8_t *bytes, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++) {
		sum ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			sum = (uint8_t)(sum << 1 ^ (sum >> 7) * 7);
	}
	return sum;
}

static uint16_t
crc16(const uint8_t *bytes, size_t size)
{
	uint16_t sum = 0;

	for (size_t i = 0; i < size; i++) {
		sum = (uint16_t)(sum ^ bytes[i] << 8);
		for (unsigned bit = 0; bit < 8; bit++)
			sum = (uint16_t)(sum << 1 ^ (sum >> 15) * 0x8005);
	}
	return sum;
}

/* Bytes of a frame's header before its CRC; 0: it is none. */
static size_t
flac_header_length(const uint8_t *frame, size_t size)
{
	size_t length = 4;
	unsigned blocks, rate;

	if (size < FLAC_HEADER_LEAST || frame[0] != 0xff ||
	    (frame[1] & 0xfe) != 0xf8 || (frame[3] & 1) != 0)
		return 0;
	blocks = frame[2] >> 4;
	rate = frame[2] & 15;
	/* The frame's number, written as UTF-8 would. */
	for (uint8_t first = frame[4]; (first & 0x80) != 0;
	    first = (uint8_t)(first << 1))
		length++;
	if (length == 4)
		length++;
	length += blocks == 6 ? 1 : blocks == 7 ? 2 : 0;
	length += rate == 12 ? 1 : rate == 13 || rate == 14 ? 2 : 0;
	/* With its CRC, and that of the frame. */
	return blocks == 0 || rate == 15 || length + 3 > size ? 0 : length;
}

/*
 * Where the last frame begins only its checksums tell: of the header, and of
 * the whole up to the end of the file.
 */
static bool
flac_is_whole(const uint8_t *bytes, size_t size)
{
	size_t least = size > FLAC_FRAME_MAX ? size - FLAC_FRAME_MAX : 0;
	unsigned tries = 32;
	size_t header;

	for (size_t at = size; at-- > least && tries > 0;) {
		header = flac_header_length(bytes + at, size - at);
		if (header == 0 ||
		    crc8(bytes + at, header) != bytes[at + header])
			continue;
		tries--;
		if (crc16(bytes + at, size - at - 2) ==
		    bytes_be16(bytes + size - 2))
			return true;
	}
	return false;
}

/* --- what it is ----------------------------------------------------------- */

static enum nature
nature_of(const struct media *media)
{
	switch (media->container) {
	case MEDIA_OGG:
		return media->has_video ? OGG_FILM : OGG;
	case MEDIA_MP3:
		return MP3;
	case MEDIA_FLAC:
		return FLAC;
	case MEDIA_WAV:
		return WAV;
	case MEDIA_MP4:
		return media->has_video ? MP4_FILM : MP4;
	case MEDIA_WEBM:
		return media->has_video ? WEBM_FILM : WEBM;
	case MEDIA_UNKNOWN:
		break;
	}
	return NO_NATURE;
}

/* Any bytes: their nature, and whether it is all there. */
static enum err
look(const uint8_t *bytes, size_t size, struct media *media,
    enum nature *nature)
{
	struct media_probe *probe;
	enum err e = media_probe_new(&probe);

	if (e != ERR_OK)
		return e;
	media_probe_add(probe, bytes, size);
	media_probe_finish(probe, media);
	media_probe_free(probe);
	*nature = nature_of(media);
	if (*nature == FLAC)
		media->is_whole = media->is_whole &&
		    flac_is_whole(bytes, size);
	if (*nature != NO_NATURE)
		return ERR_OK;
	if (pages_is_pdf(bytes, size))
		*nature = PDF;
	else if (pages_is_epub(bytes, size))
		*nature = EPUB;
	media->is_whole = *nature == PDF ? pages_pdf_is_whole(bytes, size) :
	    *nature == EPUB && pages_zip_is_whole(bytes, size);
	return ERR_OK;
}

static const char *
check(const struct media *media, enum nature nature, const char *declared,
    struct excerpt_facts *out)
{
	const struct type *type;

	if (nature == NO_NATURE)
		return "It is none of Ogg, MP3, FLAC, WAV, MP4, WebM, PDF and "
		    "EPUB.";
	type = declared == NULL ? find_nature(nature) :
	    find_declared(declared);
	if (type == NULL || (type->nature != nature && type->also != nature))
		return "It is another kind of file than Content-Type says.";
	if (!media->is_whole)
		return "It is damaged, or ends too early.";
	out->media_type = type->name;
	out->duration_ms = media->duration_ms;
	return NULL;
}

enum err
excerpt_check(const uint8_t *bytes, size_t size, const char *declared,
    struct excerpt_facts *out, const char **reason)
{
	struct media media;
	enum nature nature = NO_NATURE;
	enum err e;

	*out = (struct excerpt_facts){ .duration_ms = MEDIA_DURATION_UNKNOWN };
	*reason = NULL;
	e = look(bytes, size, &media, &nature);
	if (e != ERR_OK)
		return e;
	*reason = check(&media, nature, declared, out);
	return *reason == NULL ? ERR_OK : ERR_PICTURE_MALFORMED;
}
