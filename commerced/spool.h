/* Sealed files on the commerce host: written while an upload arrives, kept
 * under their object id below STATE/sealed/ab/ until they are stored, and
 * longer where keep-sealed says so.  Nothing here is ever plaintext.
 *
 * Life of an upload:
 *   spool_upload_begin()	worker	a temporary in STATE/sealed/incoming/
 *   spool_upload_write()	event	sealed; a thread beside it hashes
 *					and writes
 *   spool_upload_finish()	worker	last chunk; object id and sizes known
 *   spool_upload_commit()	worker	fsync, rename, fsync of the folders
 *   spool_upload_free()	worker	closes; removes what was not committed
 */
#ifndef COMMERCED_SPOOL_H
#define COMMERCED_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/encoding.h"
#include "common/err.h"
#include "common/sealed_header.h"
#include "common/token.h"

#define SPOOL_DIGEST_BYTES 32

struct spool;
struct spool_upload;

/* What an upload turned out to be. */
struct spool_object {
	char object[OBJECT_ID_LENGTH + 1];	/* SHA-256 of the sealed file */
	uint8_t plain_digest[SPOOL_DIGEST_BYTES];
	uint64_t size;			/* of the plaintext, bytes */
	uint64_t sealed_size;
};

/*
 * Open the folder "sealed" below state, made when absent, and remove what
 * uploads of an earlier process left.  The caller holds the lock of state.
 * ERR_IO (logged), ERR_NO_MEMORY.
 */
enum err spool_open(const char *state, struct spool **out);
/*
 * The same beside the process that holds the lock: to open sealed files alone.
 */
enum err spool_open_beside(const char *state, struct spool **out);
void spool_close(struct spool *spool);	/* NULL is allowed */

/*
 * A temporary for at most size_max bytes of plaintext, sealed for the holder
 * of identity.  ERR_STORAGE_FULL, ERR_IO (logged), ERR_NO_MEMORY, ERR_CRYPTO.
 */
enum err spool_upload_begin(struct spool *spool,
    const uint8_t identity[static SEALED_IDENTITY_BYTES], uint64_t size_max,
    struct spool_upload **out);

/*
 * The next bytes.  ERR_TOO_LARGE, ERR_STORAGE_FULL, ERR_IO (logged),
 * ERR_CRYPTO; after an error only spool_upload_free() is left to do.
 */
enum err spool_upload_write(struct spool_upload *upload, const void *bytes,
    size_t size);

/*
 * The end of the plaintext; *object is filled.  Waits until all is written.
 * Errors as above.
 */
enum err spool_upload_finish(struct spool_upload *upload,
    struct spool_object *object);

/*
 * Make the finished upload last under its object id, which is on disk when
 * this returns ERR_OK.  ERR_STORAGE_FULL, ERR_IO (logged).
 */
enum err spool_upload_commit(struct spool_upload *upload);

/* Remove a temporary that was not committed, and free; NULL is allowed. */
void spool_upload_free(struct spool_upload *upload);

/*
 * Open a sealed file for reading; the caller closes *descriptor.
 * ERR_OBJECT_NOT_FOUND, ERR_IO (logged).
 */
enum err spool_object_open(struct spool *spool, const char *object,
    int *descriptor, uint64_t *size);

/*
 * Remove every sealed file that has had its name since before before_s (Unix
 * seconds) and that nobody wants: what a crash left between the file and its
 * row.  An error of is_wanted ends the sweep and is returned.  ERR_IO
 * (logged).
 */
typedef enum err spool_is_wanted(void *context, const char *object,
    bool *out);
enum err spool_sweep(struct spool *spool, int64_t before_s,
    spool_is_wanted *is_wanted, void *context);

/* Remove a sealed file; one that is absent is no error.  ERR_IO (logged). */
enum err spool_object_remove(struct spool *spool, const char *object);

#endif
