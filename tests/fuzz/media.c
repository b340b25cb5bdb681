/* Covers, previews and files that are sealed, told by their bytes: pictures,
 * excerpts, and sound and film in pieces, whose size the first byte says.
 */
#include <string.h>

#include "commerced/media/excerpt.h"
#include "commerced/media/picture.h"
#include "tests/fuzz/fuzz.h"

static struct media
probe(const uint8_t *bytes, size_t size, size_t piece)
{
	struct media_probe *probe;
	struct media media;

	if (media_probe_new(&probe) != ERR_OK)
		abort();
	for (size_t at = 0; at < size; at += piece)
		media_probe_add(probe, bytes + at,
		    size - at < piece ? size - at : piece);
	media_probe_finish(probe, &media);
	media_probe_free(probe);
	return media;
}

static void
check_media(const uint8_t *bytes, size_t size, size_t piece)
{
	struct media whole = probe(bytes, size, size + 1);
	struct media pieces = probe(bytes, size, piece);

	PROMISE(whole.container == pieces.container);
	PROMISE(whole.duration_ms == pieces.duration_ms);
	PROMISE(whole.is_whole == pieces.is_whole);
	PROMISE(whole.duration_ms >= MEDIA_DURATION_UNKNOWN &&
	    whole.duration_ms <= MEDIA_DURATION_MAX);
	PROMISE(whole.container != MEDIA_UNKNOWN ||
	    (whole.duration_ms == MEDIA_DURATION_UNKNOWN &&
	    !whole.is_whole));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct picture_facts picture;
	struct excerpt_facts excerpt;
	const char *reason = NULL;

	if (size == 0)
		return 0;
	check_media(bytes + 1, size - 1, (size_t)bytes[0] + 1);
	if (picture_check(bytes + 1, size - 1, NULL, &picture, &reason) ==
	    ERR_OK)
		PROMISE(picture.media_type != NULL && picture.width > 0 &&
		    picture.height > 0 &&
		    picture.width <= PICTURE_SIDE_MAX &&
		    picture.height <= PICTURE_SIDE_MAX);
	else
		PROMISE(reason != NULL);
	if (excerpt_check(bytes + 1, size - 1, NULL, &excerpt, &reason) ==
	    ERR_OK)
		PROMISE(excerpt_type_is_known(excerpt.media_type));
	else
		PROMISE(reason != NULL);
	return 0;
}
