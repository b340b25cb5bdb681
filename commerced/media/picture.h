/* Pictures, told by their bytes alone: a signature, and then every piece of the
 * file's structure to its very end, so that what is cut, padded or merely
 * named so is refused.  Pixels are not decoded.
 */
#ifndef COMMERCED_MEDIA_PICTURE_H
#define COMMERCED_MEDIA_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define PICTURE_SIDE_MAX 16384		/* pixels */
#define PICTURE_AREA_MAX 100000000	/* of all of it */

struct picture_facts {
	const char *media_type;		/* static */
	uint32_t width, height;		/* pixels */
};

/*
 * Is it a whole PNG, JPEG, GIF or WebP picture, and nothing else?  Of the type
 * that is declared, unless that is NULL.  On ERR_OK *out is filled; on
 * ERR_PICTURE_MALFORMED *reason is a sentence, static.  Takes time in
 * proportion to size, and no memory.
 */
enum err picture_check(const uint8_t *bytes, size_t size,
    const char *declared, struct picture_facts *out, const char **reason);

/* Is it the media type of such a picture, parameters apart, in any case? */
bool picture_type_is_known(const char *media_type);

#endif
