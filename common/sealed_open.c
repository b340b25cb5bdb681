/* Opening a stream of sealed bytes (docs/format.md, section 3).
 *
 * Life of an opener:
 *   HEAD    a whole file: header and nonce gather in held, until they are
 *           there and give the payload key; a range starts without
 *   CHUNKS  whole chunks are opened as they come.  One that ends the input
 *           so far is held: whether it is the last shows only in what follows
 *   ENDED   the last chunk was opened; not one byte may follow
 */
#include "common/sealed_open.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/secret.h"

#define CHUNK_NONCE_BYTES 12	/* 11 of counter, big-endian; 1 if the last */

enum opener_state { OPENER_HEAD, OPENER_CHUNKS, OPENER_ENDED };

struct opener {
	opener_sink *sink;
	void *context;
	enum opener_state state;
	enum err failed;		/* once, then always */
	EVP_CIPHER_CTX *cipher;		/* with the payload key */
	uint64_t chunk;			/* number of the next one */
	uint64_t skip;			/* plaintext to drop before releasing */
	uint64_t left;			/* plaintext to release at most */
	/* of a range: */
	bool is_range;
	uint64_t last_chunk;		/* of the file */
	uint64_t sealed_left;		/* bytes of the span still to come */
	uint8_t identity[SEALED_IDENTITY_BYTES];	/* while in HEAD */
	size_t held_size;
	uint8_t held[SEALED_HEAD_MAX > SEALED_SEALED_CHUNK_BYTES ?
	    SEALED_HEAD_MAX : SEALED_SEALED_CHUNK_BYTES];
	uint8_t plain[SEALED_CHUNK_BYTES];
};

/* --- one chunk ---------------------------------------------------------- */

/* Does it open under this mark?  Into plain. */
static bool
chunk_open(struct opener *opener, const uint8_t *bytes,
    size_t size, bool is_last)
{
	uint8_t nonce[CHUNK_NONCE_BYTES] = { 0 };
	uint8_t tag[SEALED_TAG_BYTES];
	size_t plain_size = size - SEALED_TAG_BYTES;
	int length = 0, more = 0;

	for (int i = 0; i < 8; i++)
		nonce[10 - i] = (uint8_t)(opener->chunk >> (8 * i));
	nonce[11] = is_last;
	memcpy(tag, bytes + plain_size, sizeof(tag));
	return EVP_DecryptInit_ex(opener->cipher, NULL, NULL, NULL, nonce) &&
	    EVP_CIPHER_CTX_ctrl(opener->cipher, EVP_CTRL_AEAD_SET_TAG,
	    SEALED_TAG_BYTES, tag) &&
	    EVP_DecryptUpdate(opener->cipher, opener->plain, &length, bytes,
	    (int)plain_size) &&
	    EVP_DecryptFinal_ex(opener->cipher, opener->plain + length,
	    &more) == 1;
}

/* An authenticated chunk, or the wanted part of it, to the sink. */
static enum err
opener_release(struct opener *opener, size_t size)
{
	const uint8_t *from = opener->plain;
	size_t dropped = opener->skip < size ? (size_t)opener->skip : size;

	from += dropped;
	size -= dropped;
	opener->skip -= dropped;
	if (size > opener->left)
		size = (size_t)opener->left;
	opener->left -= size;
	opener->chunk++;
	return size == 0 ? ERR_OK :
	    opener->sink(opener->context, from, size);
}

/* A whole chunk that more bytes of a file follow. */
static enum err
opener_inner_chunk(struct opener *opener,
    const uint8_t *bytes)
{
	const size_t size = SEALED_SEALED_CHUNK_BYTES;

	if (opener->is_range) {
		if (!chunk_open(opener, bytes, size,
		    opener->chunk == opener->last_chunk))
			return ERR_SEALED_PAYLOAD;
	} else if (!chunk_open(opener, bytes, size, false)) {
		/* Genuine all the same?  Then what follows is the fault. */
		if (!chunk_open(opener, bytes, size, true))
			return ERR_SEALED_PAYLOAD;
		opener->state = OPENER_ENDED;
	}
	return opener_release(opener, SEALED_CHUNK_BYTES);
}

/* The bytes held are the file's last. */
static enum err
opener_last_chunk(struct opener *opener)
{
	size_t size = opener->held_size;
	enum err e;

	if (size < SEALED_TAG_BYTES)
		return ERR_SEALED_TRUNCATED;
	if (chunk_open(opener, opener->held, size, true)) {
		/* The one empty chunk is that of a file of nothing. */
		if (size == SEALED_TAG_BYTES && opener->chunk > 0)
			return ERR_SEALED_PAYLOAD;
		opener->state = OPENER_ENDED;
		return opener_release(opener, size - SEALED_TAG_BYTES);
	}
	if (size < SEALED_SEALED_CHUNK_BYTES ||
	    !chunk_open(opener, opener->held, size, false))
		return ERR_SEALED_PAYLOAD;
	e = opener_release(opener, SEALED_CHUNK_BYTES);
	return e == ERR_OK ? ERR_SEALED_TRUNCATED : e;
}

/* The bytes held are the last of a range's span. */
static enum err
opener_range_end(struct opener *opener)
{
	size_t size = opener->held_size;

	if (opener->sealed_left > 0)
		return ERR_SEALED_TRUNCATED;
	if (size == 0)
		return ERR_OK;
	if (size < SEALED_TAG_BYTES || !chunk_open(opener, opener->held, size,
	    opener->chunk == opener->last_chunk))
		return ERR_SEALED_PAYLOAD;
	return opener_release(opener, size - SEALED_TAG_BYTES);
}

/* --- the stream --------------------------------------------------------- */

static enum err
opener_key(struct opener *opener,
    const struct sealed_head *head)
{
	opener->state = OPENER_CHUNKS;
	opener->cipher = EVP_CIPHER_CTX_new();
	if (opener->cipher == NULL)
		return ERR_NO_MEMORY;
	return EVP_DecryptInit_ex(opener->cipher, EVP_chacha20_poly1305(),
	    NULL, head->payload_key, NULL) ? ERR_OK : ERR_CRYPTO;
}

/* Add to held until it has most bytes; how many were taken. */
static size_t
opener_hold(struct opener *opener, const uint8_t *bytes,
    size_t size, size_t most)
{
	size_t room = most - opener->held_size;
	size_t taken = size < room ? size : room;

	memcpy(opener->held + opener->held_size, bytes, taken);
	opener->held_size += taken;
	return taken;
}

/*
 * Gather the head.  Bytes beyond it that were held with it are given back:
 * *taken says how many of these size bytes belong to the head.
 */
static enum err
opener_head(struct opener *opener, const uint8_t *bytes,
    size_t size, size_t *taken)
{
	struct sealed_head head;
	size_t before = opener->held_size, header_size;
	enum err e;

	*taken = opener_hold(opener, bytes, size, SEALED_HEAD_MAX);
	e = sealed_head_find(opener->held, opener->held_size, &header_size);
	if (e != ERR_OK || header_size == 0 ||
	    opener->held_size < header_size + SEALED_NONCE_BYTES)
		return e;
	*taken = header_size + SEALED_NONCE_BYTES - before;
	e = sealed_head_open(&head, opener->identity, opener->held,
	    header_size);
	if (e == ERR_OK)
		e = opener_key(opener, &head);
	opener->held_size = 0;
	secret_wipe(&head, sizeof(head));
	secret_wipe(opener->identity, sizeof(opener->identity));
	return e;
}

static enum err
opener_chunks(struct opener *opener, const uint8_t *bytes,
    size_t size, size_t *taken)
{
	const size_t whole = SEALED_SEALED_CHUNK_BYTES;
	enum err e;

	*taken = 0;
	if (opener->held_size == whole) {
		e = opener_inner_chunk(opener, opener->held);
		opener->held_size = 0;
		return e;
	}
	if (opener->held_size == 0 && size > whole) {
		/* More follows it: no need to copy. */
		*taken = whole;
		return opener_inner_chunk(opener, bytes);
	}
	*taken = opener_hold(opener, bytes, size, whole);
	return ERR_OK;
}

static enum err
opener_step(struct opener *opener, const uint8_t *bytes,
    size_t size, size_t *taken)
{
	switch (opener->state) {
	case OPENER_HEAD:
		return opener_head(opener, bytes, size, taken);
	case OPENER_CHUNKS:
		return opener_chunks(opener, bytes, size, taken);
	case OPENER_ENDED:
		break;
	}
	return ERR_SEALED_PAYLOAD;	/* bytes after the last chunk */
}

enum err
opener_write(struct opener *opener, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	size_t taken = 0;

	if (opener->is_range && opener->failed == ERR_OK) {
		if (size > opener->sealed_left)
			opener->failed = ERR_SEALED_PAYLOAD;
		else
			opener->sealed_left -= size;
	}
	while (size > 0 && opener->failed == ERR_OK) {
		opener->failed = opener_step(opener, at, size, &taken);
		at += taken;
		size -= taken;
	}
	return opener->failed;
}

enum err
opener_finish(struct opener *opener)
{
	if (opener->failed != ERR_OK)
		return opener->failed;
	if (opener->is_range) {
		opener->failed = opener_range_end(opener);
		return opener->failed;
	}
	switch (opener->state) {
	case OPENER_HEAD:
		opener->failed = ERR_SEALED_HEADER;
		break;
	case OPENER_CHUNKS:
		opener->failed = opener_last_chunk(opener);
		break;
	case OPENER_ENDED:
		break;
	}
	return opener->failed;
}

/* --- life --------------------------------------------------------------- */

static struct opener *
opener_allocate(opener_sink *sink, void *context)
{
	struct opener *opener = malloc(sizeof(*opener));

	if (opener == NULL)
		return NULL;
	/* The two buffers need no zeros. */
	memset(opener, 0, offsetof(struct opener, held));
	opener->sink = sink;
	opener->context = context;
	opener->state = OPENER_HEAD;
	opener->left = UINT64_MAX;
	return opener;
}

enum err
opener_new(const uint8_t identity[static SEALED_IDENTITY_BYTES],
    opener_sink *sink, void *context, struct opener **out)
{
	*out = opener_allocate(sink, context);
	if (*out == NULL)
		return ERR_NO_MEMORY;
	memcpy((*out)->identity, identity, SEALED_IDENTITY_BYTES);
	return ERR_OK;
}

enum err
opener_new_range(const struct sealed_head *head,
    const struct sealed_range *range, opener_sink *sink, void *context,
    struct opener **out)
{
	struct sealed_span span;
	struct opener *opener;
	uint64_t payload = head->header_size + SEALED_NONCE_BYTES;
	enum err e = sealed_span(head, range, &span);

	*out = NULL;
	if (e != ERR_OK)
		return e;
	opener = opener_allocate(sink, context);
	if (opener == NULL)
		return ERR_NO_MEMORY;
	e = opener_key(opener, head);
	if (e != ERR_OK) {
		opener_free(opener);
		return e;
	}
	opener->is_range = true;
	opener->chunk = (span.offset - payload) / SEALED_SEALED_CHUNK_BYTES;
	opener->last_chunk = (range->sealed_size - payload - 1) /
	    SEALED_SEALED_CHUNK_BYTES;
	opener->sealed_left = span.size;
	opener->skip = range->from % SEALED_CHUNK_BYTES;
	opener->left = range->size;
	*out = opener;
	return ERR_OK;
}

void
opener_free(struct opener *opener)
{
	if (opener == NULL)
		return;
	EVP_CIPHER_CTX_free(opener->cipher);	/* wipes its key */
	secret_wipe(opener, sizeof(*opener));
	free(opener);
}
