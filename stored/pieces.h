/* Uploads in pieces: who writes, how far, and the running hash between two
 * requests (docs/protocol.md, section 2).
 *
 * One writer for each object of an issuer.  The table is a memory of what the
 * disk says anyway (incoming.h): an entry that is not there is read back.
 *
 *	absent -> claimed	pieces_begin(): one request writes
 *	claimed -> held		pieces_keep(): more is to come
 *	claimed -> absent	pieces_finish(), or nothing worth keeping
 *	held -> claimed		pieces_begin()
 *	held -> absent		forgotten to make room, expired, superseded
 *
 * All but pieces_new() and pieces_free() wait for the disk.
 */
#ifndef STORED_PIECES_H
#define STORED_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/range.h"
#include "stored/incoming.h"
#include "stored/objects.h"

struct pieces;			/* any thread may use it */
struct piece;			/* the right to write pieces of one object */

/* Remembers at most held_max uploads that nobody writes.  ERR_NO_MEMORY. */
enum err pieces_new(struct objects *objects, size_t held_max,
    struct pieces **out);
/* After every claim was given back; NULL is allowed. */
void pieces_free(struct pieces *pieces);

/*
 * Claim an object to write range of it.  On ERR_OK *incoming stands at the
 * right place and *piece is the claim; both go to pieces_keep() or
 * pieces_finish().  ERR_OFFSET_MISMATCH: another writer, another total or
 * another place; *offset is the right one.  Else the errors of incoming.h;
 * ERR_BUSY also when *is_stopping becomes true.
 */
enum err pieces_begin(struct pieces *pieces, const struct object_key *key,
    const struct content_range *range, const _Atomic bool *is_stopping,
    struct piece **piece, struct incoming **incoming, uint64_t *offset);

/*
 * Give the claim back and keep what has arrived; *offset is how much.
 * Nothing arrived, or the disk fails: the pieces are removed.
 * ERR_OFFSET_MISMATCH with *offset 0: the object came whole meanwhile.
 * Errors of incoming.h.  Takes both.
 */
enum err pieces_keep(struct pieces *pieces, struct piece *piece,
    struct incoming *incoming, uint64_t *offset);

/* Give the claim back and make the object: incoming_commit().  Takes both. */
enum err pieces_finish(struct pieces *pieces, struct piece *piece,
    struct incoming *incoming, bool *is_new);

/* How much is held.  ERR_OBJECT_NOT_FOUND: nothing. */
enum err pieces_offset(struct pieces *pieces, const struct object_key *key,
    uint64_t *offset);

/* Remove the pieces of an object that came whole; a writer's when it ends. */
void pieces_discard(struct pieces *pieces, const struct object_key *key);

/* Remove all that were not continued since before_s (Unix seconds). */
enum err pieces_expire(struct pieces *pieces, int64_t before_s);

/* Held in memory now, claimed ones included; for metrics. */
size_t pieces_count(struct pieces *pieces);

#endif
