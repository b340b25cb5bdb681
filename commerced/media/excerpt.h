/* Excerpts that anybody may play or read: sound, film, a few pages.  Told by
 * their bytes, as pictures are (picture.h).
 */
#ifndef COMMERCED_MEDIA_EXCERPT_H
#define COMMERCED_MEDIA_EXCERPT_H

#include "commerced/media/probe.h"

struct excerpt_facts {
	const char *media_type;		/* static */
	int64_t duration_ms;		/* or MEDIA_DURATION_UNKNOWN */
};

/*
 * Is it a whole file of sound or film (probe.h), or PDF, or EPUB, and of the
 * type that is declared, unless that is NULL?  On ERR_OK *out is filled; on
 * ERR_PICTURE_MALFORMED *reason is a sentence, static.  ERR_NO_MEMORY.
 */
enum err excerpt_check(const uint8_t *bytes, size_t size,
    const char *declared, struct excerpt_facts *out, const char **reason);

/* Is it the media type of such a file, parameters apart, in any case? */
bool excerpt_type_is_known(const char *media_type);

#endif
