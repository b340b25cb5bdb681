/* One function for each format; for picture.c alone. */
#ifndef COMMERCED_MEDIA_PICTURE_FORMATS_H
#define COMMERCED_MEDIA_PICTURE_FORMATS_H

#include "commerced/media/picture.h"

/*
 * The bytes begin as the format does.  NULL, and width and height of *out are
 * filled; or why it is no whole picture: a sentence, static.
 */
typedef const char *picture_walk(const uint8_t *bytes, size_t size,
    struct picture_facts *out);

picture_walk picture_walk_png;
picture_walk picture_walk_jpeg;
picture_walk picture_walk_gif;
picture_walk picture_walk_webp;

#define PICTURE_CUT "It ends too early."
#define PICTURE_TRAILER "Something follows its end."

#endif
