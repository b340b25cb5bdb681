/* WebM (RFC 8794, 9559): elements in elements, each an id and a size of
 * variable length.  One that is to be looked into is left by its header
 * alone, as is one that does not know its size.
 */
#include <string.h>

#include "commerced/media/bytes.h"
#include "commerced/media/probe_formats.h"

enum element { ID_HEADER = 0x1a45dfa3, ID_DOC_TYPE = 0x4282,
	ID_SEGMENT = 0x18538067, ID_INFO = 0x1549a966, ID_SCALE = 0x2ad7b1,
	ID_DURATION = 0x4489, ID_TRACKS = 0x1654ae6b, ID_TRACK = 0xae,
	ID_TRACK_TYPE = 0x83, ID_CLUSTER = 0x1f43b675 };

#define NANOSECONDS_MS 1000000.0
#define DEFAULT_SCALE 1000000
#define VALUE_BYTES 8
#define UNKNOWN_SIZE UINT64_MAX

/* The length of a number, by how many zeros it begins with; 9: none. */
static size_t
number_length(uint8_t first)
{
	size_t length = 1;

	while (length <= 8 && (first & 0x80) == 0) {
		first = (uint8_t)(first << 1);
		length++;
	}
	return length;
}

static uint64_t
read_number(const uint8_t *bytes, size_t length)
{
	uint64_t number = 0;

	for (size_t i = 0; i < length; i++)
		number = number << 8 | bytes[i];
	return number;
}

/* Without the bit that ends the zeros; all ones: not known. */
static uint64_t
read_size(const uint8_t *bytes, size_t length)
{
	uint64_t most = (UINT64_C(1) << 7 * length) - 1;
	uint64_t size = read_number(bytes, length) & most;

	return size == most ? UNKNOWN_SIZE : size;
}

static double
read_real(const uint8_t *bytes, uint64_t length)
{
	uint64_t bits = read_number(bytes, (size_t)length);
	uint32_t short_bits = (uint32_t)bits;
	float short_value;
	double value = 0;

	if (length == sizeof(short_value)) {
		memcpy(&short_value, &short_bits, sizeof(short_value));
		value = (double)short_value;
	} else if (length == sizeof(value)) {
		memcpy(&value, &bits, sizeof(value));
	}
	return value;
}

static bool
is_entered(uint64_t id)
{
	return id == ID_HEADER || id == ID_SEGMENT || id == ID_INFO ||
	    id == ID_TRACKS || id == ID_TRACK;
}

static bool
is_value(uint64_t id)
{
	return id == ID_DOC_TYPE || id == ID_SCALE || id == ID_DURATION ||
	    id == ID_TRACK_TYPE;
}

static void
read_value(struct probe_webm *webm, uint64_t id, const uint8_t *value,
    uint64_t length)
{
	if (id == ID_DOC_TYPE)
		webm->is_webm = length >= 4 && memcmp(value, "webm", 4) == 0;
	else if (id == ID_SCALE)
		webm->scale = read_number(value, (size_t)length);
	else if (id == ID_DURATION)
		webm->duration = read_real(value, length);
	else if (id == ID_TRACK_TYPE)
		webm->has_video |= read_number(value, (size_t)length) == 1;
}

static void
step(struct media_probe *probe)
{
	struct probe_webm *webm = &probe->as.webm;
	const uint8_t *held = probe->held;
	size_t name = number_length(held[0]), header, seen;
	uint64_t id, size;

	if (name > 4) {
		probe_break(probe);
		return;
	}
	if (probe->held_size < name + 1) {
		probe_want(probe, name + 1);
		return;
	}
	header = name + number_length(held[name]);
	if (header > name + 8) {
		probe_break(probe);
		return;
	}
	if (probe->held_size < header) {
		probe_want(probe, header);
		return;
	}
	id = read_number(held, name);
	size = read_size(held + name, header - name);
	seen = is_value(id) ? (size_t)(size < VALUE_BYTES ? size :
	    VALUE_BYTES) : 0;
	if (probe->held_size < header + seen) {
		probe_want(probe, header + seen);
		return;
	}
	if (is_value(id) && size <= VALUE_BYTES)
		read_value(webm, id, held + header, size);
	webm->has_cluster |= id == ID_CLUSTER;
	if (is_entered(id) || (id == ID_CLUSTER && size == UNKNOWN_SIZE))
		probe_advance(probe, header, 1);
	else if (size == UNKNOWN_SIZE)
		probe_break(probe);
	else
		probe_advance(probe, header + size, 1);
}

static void
finish(const struct media_probe *probe, struct media *out)
{
	const struct probe_webm *webm = &probe->as.webm;
	double ms = webm->duration * (double)webm->scale / NANOSECONDS_MS;

	if (!webm->is_webm)
		return;
	out->container = MEDIA_WEBM;
	out->has_video = webm->has_video;
	/* Also false where it is no number. */
	if (ms >= 1 && ms <= (double)MEDIA_DURATION_MAX)
		out->duration_ms = (int64_t)ms;
	out->is_whole = webm->has_cluster && probe_is_between(probe);
}

void
probe_begin_webm(struct media_probe *probe)
{
	probe->step = step;
	probe->finish = finish;
	probe->as.webm.scale = DEFAULT_SCALE;
	step(probe);
}
