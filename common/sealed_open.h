/* Opening sealed files: as a stream, or any byte range of them
 * (docs/format.md).  Reads every age v1 file that has an X25519 stanza for the
 * identity, whatever other stanzas stand beside it.
 *
 * Nothing is released before its chunk is authenticated; an error after some
 * bytes leaves what was released valid as the beginning of the content.
 */
#ifndef COMMON_SEALED_OPEN_H
#define COMMON_SEALED_OPEN_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/sealed_header.h"

/* --- the header --------------------------------------------------------- */

/* What the header and the nonce after it give; secret: wiped by the caller. */
struct sealed_head {
	size_t header_size;	/* without the nonce */
	uint8_t payload_key[32];
};

/* Never more bytes than this are needed for sealed_head_open(). */
#define SEALED_HEAD_MAX (SEALED_HEADER_READ_MAX + SEALED_NONCE_BYTES)

/*
 * Where the header ends, given the first size bytes of a file; *header_size
 * is 0 while more bytes are needed to know.  ERR_SEALED_HEADER when no header
 * begins so, or one is longer than SEALED_HEADER_READ_MAX.
 */
enum err sealed_head_find(const uint8_t *bytes, size_t size,
    size_t *header_size);

/*
 * Check the header at bytes, of which there are the header_size found, and
 * SEALED_NONCE_BYTES after it; take the payload key out with identity.
 * ERR_SEALED_HEADER, ERR_SEALED_NO_MATCH, ERR_SEALED_MAC, ERR_CRYPTO.
 */
enum err sealed_head_open(struct sealed_head *head,
    const uint8_t identity[static SEALED_IDENTITY_BYTES],
    const uint8_t *bytes, size_t header_size);

/* --- a stream ----------------------------------------------------------- */

/*
 * Where opened bytes go, in order.  An error ends the opening and is what the
 * opener's function returns.
 */
typedef enum err opener_sink(void *context, const uint8_t *bytes,
    size_t size);

struct opener;	/* one file or range; one thread at a time; about 130 KiB */

/* Open a whole file from its first byte.  ERR_NO_MEMORY. */
enum err opener_new(const uint8_t identity[static SEALED_IDENTITY_BYTES],
    opener_sink *sink, void *context, struct opener **out);

/*
 * Sealed bytes, any number, any number of times.  Errors, which are also what
 * every later call returns: those of sealed_head_open(), ERR_SEALED_PAYLOAD,
 * ERR_NO_MEMORY, or the sink's.
 */
enum err opener_write(struct opener *opener, const void *bytes, size_t size);

/*
 * The sealed bytes have ended.  As opener_write(), and ERR_SEALED_TRUNCATED
 * when the last chunk never came.  (A file that was cut inside of a chunk
 * cannot be told from one altered there: ERR_SEALED_PAYLOAD.)
 */
enum err opener_finish(struct opener *opener);

/* Wipes the keys; NULL is allowed. */
void opener_free(struct opener *opener);

/* --- a range ------------------------------------------------------------ */

/*
 * Plaintext bytes of a sealed file, and the size of that file from a source
 * that is trusted for it: the number of chunks is computed from it, and the
 * chunk at its end must be marked as the last.
 */
struct sealed_range {
	uint64_t sealed_size;
	uint64_t from;		/* first byte of plaintext */
	uint64_t size;		/* how many; 0 is allowed */
};

/* Sealed bytes: whole chunks, all that a range needs and no more. */
struct sealed_span {
	uint64_t offset;
	uint64_t size;
};

/*
 * ERR_SEALED_TRUNCATED when no sealed file has that size,
 * ERR_RANGE_NOT_SATISFIABLE when the range does not lie within the plaintext.
 * A range of size 0 needs no bytes.
 */
enum err sealed_span(const struct sealed_head *head,
    const struct sealed_range *range, struct sealed_span *out);

/*
 * Open a range: the bytes of its span follow through opener_write(), then
 * opener_finish().  ERR_NO_MEMORY, ERR_CRYPTO, and those of sealed_span().
 */
enum err opener_new_range(const struct sealed_head *head,
    const struct sealed_range *range, opener_sink *sink, void *context,
    struct opener **out);

/*
 * Where the sealed bytes come from: fetch() hands exactly the size bytes at
 * offset to the sink, in order and in any pieces.  Its own errors and the
 * sink's are passed on.
 */
struct sealed_source {
	enum err (*fetch)(void *context, const struct sealed_span *span,
	    opener_sink *sink, void *sink_context);
	void *context;
	uint64_t sealed_size;	/* of the whole file */
};

/*
 * Header and nonce by way of source: the bytes of a header of ours first, more
 * only when it is longer.  ERR_NO_MEMORY, those of sealed_head_open(), the
 * source's.
 */
enum err sealed_source_head(const struct sealed_source *source,
    const uint8_t identity[static SEALED_IDENTITY_BYTES],
    struct sealed_head *head);

/*
 * size bytes of plaintext from `from` on to the sink.  Errors of
 * opener_new_range(), the opener and the source.
 */
struct sealed_want {
	uint64_t from, size;
	opener_sink *sink;
	void *context;
};
enum err sealed_source_read(const struct sealed_source *source,
    const struct sealed_head *head, const struct sealed_want *want);

#endif
