/* Sound and film, told by their bytes while they pass: what it is, how long it
 * plays, whether it is whole.  Any input is safe; memory is bounded; the
 * content itself is skipped, not decoded.
 *
 * Ogg (Vorbis, Opus, FLAC, Speex, Theora), MP3, FLAC, WAV, MP4, WebM.
 */
#ifndef COMMERCED_MEDIA_PROBE_H
#define COMMERCED_MEDIA_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define MEDIA_DURATION_UNKNOWN (-1)
/* Longer ones are held to be errors of the file: a year. */
#define MEDIA_DURATION_MAX (INT64_C(366) * 24 * 3600 * 1000)

enum media_container { MEDIA_UNKNOWN, MEDIA_OGG, MEDIA_MP3, MEDIA_FLAC,
	MEDIA_WAV, MEDIA_MP4, MEDIA_WEBM };

struct media {
	enum media_container container;
	bool has_video;
	int64_t duration_ms;	/* or MEDIA_DURATION_UNKNOWN */
	bool is_whole;		/* its structure goes to its very end */
};

struct media_probe;

enum err media_probe_new(struct media_probe **out);	/* ERR_NO_MEMORY */
void media_probe_free(struct media_probe *probe);	/* NULL is allowed */

/* The next bytes, in pieces of any size. */
void media_probe_add(struct media_probe *probe, const void *bytes,
    size_t size);

/* After the last of them. */
void media_probe_finish(const struct media_probe *probe, struct media *out);

#endif
