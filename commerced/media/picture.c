#include "commerced/media/picture.h"

#include <string.h>
#include <strings.h>

#include "commerced/media/picture_formats.h"

static const struct format {
	const char *media_type;
	const char *signature;
	size_t length;		/* of the signature */
	picture_walk *walk;
} formats[] = {
	{ "image/png", "\x89PNG\r\n\x1a\n", 8, picture_walk_png },
	{ "image/jpeg", "\xff\xd8\xff", 3, picture_walk_jpeg },
	{ "image/gif", "GIF87a", 6, picture_walk_gif },
	{ "image/gif", "GIF89a", 6, picture_walk_gif },
	{ "image/webp", "RIFF", 4, picture_walk_webp },
};
#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

static bool
type_is(const char *media_type, const char *declared)
{
	size_t length = strcspn(declared, "; \t");

	return strlen(media_type) == length &&
	    strncasecmp(media_type, declared, length) == 0;
}

static const char *
check_sides(const struct picture_facts *picture)
{
	if (picture->width == 0 || picture->height == 0)
		return "It has no pixels.";
	if (picture->width > PICTURE_SIDE_MAX ||
	    picture->height > PICTURE_SIDE_MAX ||
	    (uint64_t)picture->width * picture->height > PICTURE_AREA_MAX)
		return "It has too many pixels: at most 16384 on a side, and "
		    "100 million in all.";
	return NULL;
}

static const char *
check(const struct format *format, const uint8_t *bytes, size_t size,
    const char *declared, struct picture_facts *out)
{
	const char *reason;

	if (format == NULL)
		return "It is neither PNG, JPEG, GIF nor WebP.";
	if (declared != NULL && !type_is(format->media_type, declared))
		return "It is another kind of picture than Content-Type says.";
	out->media_type = format->media_type;
	reason = format->walk(bytes, size, out);
	return reason == NULL ? check_sides(out) : reason;
}

enum err
picture_check(const uint8_t *bytes, size_t size, const char *declared,
    struct picture_facts *out, const char **reason)
{
	const struct format *format = NULL;

	*out = (struct picture_facts){ 0 };
	for (size_t i = 0; format == NULL && i < FORMAT_COUNT; i++)
		if (size >= formats[i].length && memcmp(bytes,
		    formats[i].signature, formats[i].length) == 0)
			format = &formats[i];
	*reason = check(format, bytes, size, declared, out);
	return *reason == NULL ? ERR_OK : ERR_PICTURE_MALFORMED;
}

bool
picture_type_is_known(const char *media_type)
{
	bool is_known = false;

	for (size_t i = 0; i < FORMAT_COUNT; i++)
		is_known |= type_is(formats[i].media_type, media_type);
	return is_known;
}
