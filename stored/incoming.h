/* Files on their way to be objects:
 *
 *	ROOT/incoming/COMMERCE/OBJECT.RANDOM.tmp	a whole upload; removed
 *							at the next start
 *	ROOT/incoming/COMMERCE/OBJECT.part		pieces held (pieces.h)
 *	ROOT/incoming/COMMERCE/OBJECT.total		their declared total
 *
 * An incoming file has a write buffer and a running SHA-256 of exactly those
 * bytes that are in the file, so that what was cut can be gone on with.
 *
 * Opening, committing and discarding wait for the disk: worker threads.
 * Writing fills the page cache: event threads.
 */
#ifndef STORED_INCOMING_H
#define STORED_INCOMING_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "stored/objects.h"

#define INCOMING_BUFFER_BYTES ((size_t)256 * 1024)

struct incoming;		/* one file; one thread at a time */

/* A SHA-256 of nothing yet; NULL without memory.  EVP_MD_CTX_free(). */
EVP_MD_CTX *incoming_new_hash(void);

/*
 * A new temporary for an object, with room on the disk for size_bytes set
 * aside where the file system can.  ERR_STORAGE_FULL, ERR_TOO_LARGE,
 * ERR_BUSY, ERR_NO_MEMORY, ERR_STORAGE_ERROR.
 * Ended by incoming_commit() or incoming_discard().
 */
enum err incoming_create(struct objects *objects,
    const struct object_key *key, uint64_t size_bytes,
    struct incoming **out);

/*
 * The .part file, made when offset is 0, to go on at its end, offset, for
 * size_bytes more.  Takes hash, the SHA-256 of what is there, on ERR_OK only.
 * Errors as above.  Ended by incoming_commit(), incoming_discard() or
 * incoming_park().
 */
enum err incoming_continue(struct objects *objects,
    const struct object_key *key, uint64_t offset, uint64_t size_bytes,
    EVP_MD_CTX *hash, struct incoming **out);

/*
 * Append.  ERR_STORAGE_FULL or ERR_STORAGE_ERROR; the file then ends where
 * incoming_size() says, and takes no more.
 */
enum err incoming_write(struct incoming *incoming, const uint8_t *bytes,
    size_t size);

/* Bring what is in the buffer into the file; errors as above. */
enum err incoming_flush(struct incoming *incoming);

/* Bytes in the file. */
uint64_t incoming_size(const struct incoming *incoming);

/*
 * Check the digest, make the content durable and give the object its name
 * (objects_adopt()).  ERR_DIGEST_MISMATCH, ERR_STORAGE_FULL, ERR_BUSY,
 * ERR_STORAGE_ERROR: the file is removed then.  Frees incoming in any case.
 */
enum err incoming_commit(struct incoming *incoming, bool *is_new);

/* Remove and free; NULL is allowed. */
void incoming_discard(struct incoming *incoming);

/*
 * Keep the file for later, and give back the running hash, the caller's.
 * The content is brought to the disk: an error of the disk that came between
 * two pieces would be forgotten with the descriptor.  ERR_STORAGE_FULL,
 * ERR_STORAGE_ERROR: the file is removed.  Frees incoming in any case.
 */
enum err incoming_park(struct incoming *incoming, EVP_MD_CTX **hash);

/* --- pieces on disk between two requests --------------------------------- */

/*
 * How much of an object is held, and the total it was declared with.
 * ERR_OBJECT_NOT_FOUND, and *offset 0, when nothing useful is; others as
 * above.
 */
enum err incoming_find_part(struct objects *objects,
    const struct object_key *key, uint64_t *offset, uint64_t *total);

/*
 * The running hash of the offset bytes held, read from the disk; stops with
 * ERR_BUSY when *is_stopping becomes true.  ERR_NO_MEMORY, ERR_STORAGE_ERROR.
 */
enum err incoming_hash_part(struct objects *objects,
    const struct object_key *key, uint64_t offset,
    const _Atomic bool *is_stopping, EVP_MD_CTX **hash);

/* Write down the total, before the first piece. */
enum err incoming_set_total(struct objects *objects,
    const struct object_key *key, uint64_t total);

/* Remove pieces and their total, where they are. */
void incoming_remove_part(struct objects *objects,
    const struct object_key *key);

/* --- what was left behind ------------------------------------------------ */

/*
 * Remove every temporary.  Only at the start, while nothing is uploaded.
 * ERR_STORAGE_ERROR, logged: the folder cannot be read.
 */
enum err incoming_remove_temporaries(struct objects *objects);

/* Were pieces and total last written before before_s (Unix seconds)? */
bool incoming_is_old(struct objects *objects, const struct object_key *key,
    int64_t before_s);

typedef void incoming_visitor(void *context, const struct object_key *key);

/* Visit every object of which pieces or a total lie here; some twice. */
enum err incoming_visit_parts(struct objects *objects,
    incoming_visitor *visit, void *context);

#endif
