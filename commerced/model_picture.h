/* Covers and previews, as model.h has everything else. */
#ifndef COMMERCED_MODEL_PICTURE_H
#define COMMERCED_MODEL_PICTURE_H

#include "commerced/model.h"

#define PICTURE_DIGEST_BYTES 32			/* SHA-256 */

/* What an item shows to everybody; numbers as the database holds them. */
enum picture_kind { PICTURE_COVER, PICTURE_PREVIEW, PICTURE_KIND__COUNT };

struct picture {
	struct uuid id;		/* its file's name; another one, another id */
	char media_type[MEDIA_TYPE_MAX + 1];
	int64_t size;		/* bytes */
	uint8_t digest[PICTURE_DIGEST_BYTES];
	int64_t changed_ms;
	bool is_public;		/* its item is; else for owners alone */
};

#endif
