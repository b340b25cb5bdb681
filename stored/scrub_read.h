/* Reading one object from the disk and comparing it with its name. */
#ifndef STORED_SCRUB_READ_H
#define STORED_SCRUB_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "stored/objects.h"

struct scrub_reader;		/* a buffer and a hash, used again and again */

/* ERR_NO_MEMORY. */
enum err scrub_reader_new(struct scrub_reader **out);
void scrub_reader_free(struct scrub_reader *reader);	/* NULL is allowed */

/* After each block of so many bytes: false ends the reading. */
typedef bool scrub_pace(void *context, size_t bytes);

/*
 * Does the file at descriptor have the SHA-256 object?  Read past the page
 * cache where the file system can, so that the disk is looked at and buyers'
 * pages stay.  ERR_DIGEST_MISMATCH: it has not; ERR_STORAGE_ERROR: it cannot
 * be read (errno); ERR_BUSY: pace said false; ERR_CRYPTO.
 */
enum err scrub_reader_check(struct scrub_reader *reader, int descriptor,
    const char *object, scrub_pace *pace, void *context);

#endif
