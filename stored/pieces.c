/* The table of uploads in pieces; what lies on the disk is leftovers.c's. */
#include "stored/pieces.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define BUCKETS 256

struct piece {
	struct object_key key;
	uint64_t total;
	uint64_t offset;	/* 0: nothing on the disk */
	EVP_MD_CTX *hash;	/* of that much; NULL while claimed */
	bool is_claimed;
	bool is_superseded;	/* to be removed when the claim ends */
	uint64_t released;	/* order of the releases */
	struct piece *next;	/* in the bucket */
};

struct pieces {
	struct objects *objects;
	size_t held_max;
	pthread_mutex_t lock;	/* guards all below; never held over a wait */
	struct piece *buckets[BUCKETS];
	size_t count, claimed;
	uint64_t releases;
};

enum err
pieces_new(struct objects *objects, size_t held_max, struct pieces **out)
{
	struct pieces *pieces = calloc(1, sizeof(*pieces));

	*out = pieces;
	if (pieces == NULL)
		return ERR_NO_MEMORY;
	pieces->objects = objects;
	pieces->held_max = held_max;
	pthread_mutex_init(&pieces->lock, NULL);
	return ERR_OK;
}

static void
piece_free(struct piece *piece)
{
	EVP_MD_CTX_free(piece->hash);
	free(piece);
}

void
pieces_free(struct pieces *pieces)
{
	if (pieces == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (pieces->buckets[i] != NULL) {
			struct piece *piece = pieces->buckets[i];

			pieces->buckets[i] = piece->next;
			piece_free(piece);
		}
	}
	pthread_mutex_destroy(&pieces->lock);
	free(pieces);
}

size_t
pieces_count(struct pieces *pieces)
{
	size_t count;

	pthread_mutex_lock(&pieces->lock);
	count = pieces->count;
	pthread_mutex_unlock(&pieces->lock);
	return count;
}

static bool
key_is_equal(const struct object_key *a, const struct object_key *b)
{
	return strcmp(a->object, b->object) == 0 &&
	    strcmp(a->commerce_id, b->commerce_id) == 0;
}

/* Where the piece is linked, or the NULL at the end of its bucket. */
static struct piece **
find_link(struct pieces *pieces, const struct object_key *key)
{
	/* The id is a digest: its first byte spreads well. */
	char digits[3] = { key->object[0], key->object[1], '\0' };
	struct piece **link =
	    &pieces->buckets[strtoul(digits, NULL, 16) % BUCKETS];

	while (*link != NULL && !key_is_equal(&(*link)->key, key))
		link = &(*link)->next;
	return link;
}

static void
unlink_piece(struct pieces *pieces, struct piece *piece)
{
	*find_link(pieces, &piece->key) = piece->next;
	pieces->count--;
}

/*
 * The claim on an object, now: a new entry (offset 0, no hash) where none
 * was.  NULL and ERR_OFFSET_MISMATCH when somebody has it, with how far that
 * was when it was claimed.
 */
static enum err
claim(struct pieces *pieces, const struct object_key *key,
    struct piece **out, uint64_t *offset)
{
	struct piece **link, *piece;
	enum err e = ERR_OK;

	pthread_mutex_lock(&pieces->lock);
	link = find_link(pieces, key);
	piece = *link;
	if (piece != NULL && piece->is_claimed) {
		*offset = piece->offset;
		piece = NULL;
		e = ERR_OFFSET_MISMATCH;
	} else if (piece == NULL) {
		piece = calloc(1, sizeof(*piece));
		if (piece == NULL) {
			e = ERR_NO_MEMORY;
		} else {
			piece->key = *key;
			*link = piece;
			pieces->count++;
		}
	}
	if (piece != NULL) {
		piece->is_claimed = true;
		pieces->claimed++;
	}
	pthread_mutex_unlock(&pieces->lock);
	*out = piece;
	return e;
}

/* End the claim and the entry. */
static void
forget(struct pieces *pieces, struct piece *piece)
{
	pthread_mutex_lock(&pieces->lock);
	unlink_piece(pieces, piece);
	pieces->claimed--;
	pthread_mutex_unlock(&pieces->lock);
	piece_free(piece);
}

/* End the claim and the entry, and remove what is on the disk: that first. */
static void
drop(struct pieces *pieces, struct piece *piece)
{
	incoming_remove_part(pieces->objects, &piece->key);
	forget(pieces, piece);
}

/* The held entry that was released longest ago, when there are too many. */
static struct piece *
take_surplus(struct pieces *pieces)
{
	struct piece *oldest = NULL;

	if (pieces->count - pieces->claimed <= pieces->held_max)
		return NULL;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct piece *piece = pieces->buckets[i]; piece != NULL;
		    piece = piece->next)
			if (!piece->is_claimed && (oldest == NULL ||
			    piece->released < oldest->released))
				oldest = piece;
	if (oldest != NULL)
		unlink_piece(pieces, oldest);
	return oldest;
}

/*
 * End the claim and keep the entry.  False when the object came whole
 * meanwhile: then the claim stays.
 */
static bool
release(struct pieces *pieces, struct piece *piece)
{
	struct piece *surplus = NULL;
	bool is_superseded;

	pthread_mutex_lock(&pieces->lock);
	is_superseded = piece->is_superseded;
	if (!is_superseded) {
		piece->is_claimed = false;
		piece->released = ++pieces->releases;
		pieces->claimed--;
		surplus = take_surplus(pieces);
	}
	pthread_mutex_unlock(&pieces->lock);
	if (surplus != NULL)
		piece_free(surplus);
	return !is_superseded;
}

/* Readers of the table see offset while the claim is held. */
static void
set_offset(struct pieces *pieces, struct piece *piece, uint64_t offset)
{
	pthread_mutex_lock(&pieces->lock);
	piece->offset = offset;
	pthread_mutex_unlock(&pieces->lock);
}

/* What the disk holds of a fresh claim: after a restart, or forgotten. */
static enum err
load(struct pieces *pieces, struct piece *piece,
    const _Atomic bool *is_stopping)
{
	uint64_t offset;
	enum err e = incoming_find_part(pieces->objects, &piece->key, &offset,
	    &piece->total);

	if (e == ERR_OBJECT_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK)
		return e;
	e = incoming_hash_part(pieces->objects, &piece->key, offset,
	    is_stopping, &piece->hash);
	if (e != ERR_OK)
		return e;
	set_offset(pieces, piece, offset);
	log_info("found pieces held object=%s commerce=%s offset=%" PRIu64,
	    piece->key.object, piece->key.commerce_id, offset);
	return ERR_OK;
}

/* The first piece of an object: its total goes to the disk before it. */
static enum err
start(struct pieces *pieces, struct piece *piece, uint64_t total)
{
	if (piece->hash == NULL)
		piece->hash = incoming_new_hash();
	if (piece->hash == NULL)
		return ERR_NO_MEMORY;
	piece->total = total;
	return incoming_set_total(pieces->objects, &piece->key, total);
}

/* Give a claim back that nothing was written under. */
static void
give_back(struct pieces *pieces, struct piece *piece)
{
	if (piece->offset == 0 || piece->hash == NULL)
		forget(pieces, piece);
	else if (!release(pieces, piece))
		drop(pieces, piece);
}

static enum err
open_claimed(struct pieces *pieces, struct piece *piece,
    const struct content_range *range, struct incoming **incoming)
{
	uint64_t size = range->to - range->from + 1;
	enum err e;

	if (piece->offset != range->from ||
	    (piece->offset != 0 && piece->total != range->total))
		return ERR_OFFSET_MISMATCH;
	if (piece->offset == 0) {
		e = start(pieces, piece, range->total);
		if (e != ERR_OK)
			return e;
	}
	e = incoming_continue(pieces->objects, &piece->key, piece->offset,
	    size, piece->hash, incoming);
	if (e == ERR_OK)
		piece->hash = NULL;
	else if (piece->offset == 0)
		incoming_remove_part(pieces->objects, &piece->key);
	return e;
}

enum err
pieces_begin(struct pieces *pieces, const struct object_key *key,
    const struct content_range *range, const _Atomic bool *is_stopping,
    struct piece **out, struct incoming **incoming, uint64_t *offset)
{
	struct piece *piece;
	enum err e = claim(pieces, key, &piece, offset);

	*out = NULL;
	*incoming = NULL;
	if (e != ERR_OK)
		return e;
	if (piece->offset == 0)
		e = load(pieces, piece, is_stopping);
	if (e == ERR_OK)
		e = open_claimed(pieces, piece, range, incoming);
	if (e == ERR_OK) {
		*out = piece;
		return ERR_OK;
	}
	*offset = piece->offset;
	give_back(pieces, piece);
	return e;
}

enum err
pieces_keep(struct pieces *pieces, struct piece *piece,
    struct incoming *incoming, uint64_t *offset)
{
	enum err e = incoming_flush(incoming), parked;

	*offset = incoming_size(incoming);
	parked = incoming_park(incoming, &piece->hash);
	set_offset(pieces, piece, *offset);
	/* A full disk leaves what there was room for; a broken one nothing. */
	if (parked != ERR_OK || *offset == 0 ||
	    (e != ERR_OK && e != ERR_STORAGE_FULL)) {
		*offset = 0;
		drop(pieces, piece);
		return parked != ERR_OK ? parked : e;
	}
	if (!release(pieces, piece)) {
		*offset = 0;
		drop(pieces, piece);
		return ERR_OFFSET_MISMATCH;
	}
	return e;
}

enum err
pieces_finish(struct pieces *pieces, struct piece *piece,
    struct incoming *incoming, bool *is_new)
{
	enum err e = incoming_commit(incoming, is_new);

	drop(pieces, piece);
	return e;
}

enum err
pieces_offset(struct pieces *pieces, const struct object_key *key,
    uint64_t *offset)
{
	const struct piece *piece;
	uint64_t total;

	*offset = 0;
	pthread_mutex_lock(&pieces->lock);
	piece = *find_link(pieces, key);
	if (piece != NULL)
		*offset = piece->offset;
	pthread_mutex_unlock(&pieces->lock);
	if (piece == NULL)
		return incoming_find_part(pieces->objects, key, offset,
		    &total);
	return *offset > 0 ? ERR_OK : ERR_OBJECT_NOT_FOUND;
}

void
pieces_discard(struct pieces *pieces, const struct object_key *key)
{
	struct piece *piece;
	uint64_t offset;

	if (claim(pieces, key, &piece, &offset) == ERR_OK) {
		drop(pieces, piece);
		return;
	}
	/* A writer that ends just now keeps its pieces until they expire. */
	pthread_mutex_lock(&pieces->lock);
	piece = *find_link(pieces, key);
	if (piece != NULL && piece->is_claimed)
		piece->is_superseded = true;
	pthread_mutex_unlock(&pieces->lock);
}

struct expiry {
	struct pieces *pieces;
	int64_t before_s;
};

static void
expire(void *context, const struct object_key *key)
{
	const struct expiry *expiry = context;
	struct pieces *pieces = expiry->pieces;
	struct piece *piece;
	uint64_t offset;

	/* Looked at first: a claim on what is fresh would disturb writers. */
	if (!incoming_is_old(pieces->objects, key, expiry->before_s) ||
	    claim(pieces, key, &piece, &offset) != ERR_OK)
		return;
	if (incoming_is_old(pieces->objects, key, expiry->before_s)) {
		log_info("removed pieces not continued object=%s commerce=%s",
		    key->object, key->commerce_id);
		drop(pieces, piece);
	} else {
		give_back(pieces, piece);
	}
}

enum err
pieces_expire(struct pieces *pieces, int64_t before_s)
{
	struct expiry expiry = { pieces, before_s };

	return incoming_visit_parts(pieces->objects, expire, &expiry);
}
