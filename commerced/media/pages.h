/* Files to read: PDF and EPUB, as far as it shows whether they are whole. */
#ifndef COMMERCED_MEDIA_PAGES_H
#define COMMERCED_MEDIA_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool pages_is_pdf(const uint8_t *bytes, size_t size);
/* Does it end as PDF does, with where its cross-reference table begins? */
bool pages_pdf_is_whole(const uint8_t *bytes, size_t size);

/* A ZIP archive that begins with a "mimetype" as EPUB has it. */
bool pages_is_epub(const uint8_t *bytes, size_t size);
/* Does its directory end where the file does? */
bool pages_zip_is_whole(const uint8_t *bytes, size_t size);

#endif
