/* Covers and previews on the commerce host: in the clear, for everybody who
 * may see their items.  Each lies below STATE/pictures/ under an id of its own
 * and is never changed; which one an item shows is in the books.
 *
 * Life of an upload:
 *   pictures_upload_begin()	worker	a temporary in STATE/pictures/incoming/
 *   pictures_upload_write()	event	piece by piece
 *   pictures_upload_check()	worker	is it what it says?
 *   pictures_upload_commit()	worker	fsync, rename, fsync of the folder
 *   pictures_upload_free()	worker	closes; removes what was not committed
 */
#ifndef COMMERCED_PICTURES_H
#define COMMERCED_PICTURES_H

#include "commerced/model_picture.h"
#include "common/err.h"

struct pictures;
struct pictures_upload;

/*
 * Open the folder "pictures" below state, made when absent, and remove what
 * uploads of an earlier process left.  The caller holds the lock of state.
 * ERR_IO (logged), ERR_STORAGE_FULL, ERR_NO_MEMORY.
 */
enum err pictures_open(const char *state, struct pictures **out);
void pictures_close(struct pictures *pictures);	/* NULL is allowed */

/* ERR_STORAGE_FULL, ERR_IO (logged), ERR_NO_MEMORY. */
enum err pictures_upload_begin(struct pictures *pictures,
    struct pictures_upload **out);

/*
 * The next bytes; the caller bounds how many there are.  ERR_STORAGE_FULL,
 * ERR_IO (logged).
 */
enum err pictures_upload_write(struct pictures_upload *upload,
    const void *bytes, size_t size);

/*
 * Told by all its bytes: media_type, size and digest of *out are filled.
 * declared is the media type that it should be, or NULL.  On
 * ERR_PICTURE_MALFORMED *reason says why, static.  ERR_IO, ERR_NO_MEMORY,
 * ERR_CRYPTO.
 */
enum err pictures_upload_check(struct pictures_upload *upload,
    enum picture_kind kind, const char *declared, struct picture *out,
    const char **reason);

/* Make it last under this id.  ERR_STORAGE_FULL, ERR_IO (logged). */
enum err pictures_upload_commit(struct pictures_upload *upload,
    const struct uuid *id);

/* Remove what was not committed, and free; NULL is allowed. */
void pictures_upload_free(struct pictures_upload *upload);

/*
 * Open one for reading; the caller closes *descriptor.  ERR_NOT_FOUND: it was
 * replaced meanwhile, or removed.  ERR_IO (logged).
 */
enum err pictures_open_file(struct pictures *pictures, const struct uuid *id,
    int *descriptor, uint64_t *size);

/* Absent is no error.  ERR_IO (logged). */
enum err pictures_remove(struct pictures *pictures, const struct uuid *id);

/*
 * Remove what has had its name since before before_s (Unix seconds) and is
 * in no row: what a crash left.  An error of is_wanted ends the sweep and is
 * returned.  ERR_IO (logged).
 */
typedef enum err pictures_is_wanted(void *context, const struct uuid *id,
    bool *out);
enum err pictures_sweep(struct pictures *pictures, int64_t before_s,
    pictures_is_wanted *is_wanted, void *context);

#endif
