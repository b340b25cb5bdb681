/* A thread beside an upload: hashes and writes what is sealed while the next
 * is being sealed, and lets the disk begin early, so that little is left to
 * wait for at the end.
 *
 *   filling	put by the sealing thread, which waits while all pieces are full
 *   writing	the thread takes the pieces in order, until the end or an error
 *   ended	spool_writer_end() has seen the thread out
 */
#ifndef COMMERCED_SPOOL_WRITER_H
#define COMMERCED_SPOOL_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define SPOOL_PIECE_BYTES (128 * 1024)

struct spool_writer;

/* Takes a piece, on the writer's thread. */
typedef enum err spool_writer_sink(void *context, const uint8_t *bytes,
    size_t size);

/* ERR_NO_MEMORY, ERR_INTERNAL (no thread; logged). */
enum err spool_writer_new(spool_writer_sink *sink, void *context,
    struct spool_writer **out);

/*
 * The next bytes.  Waits for the thread as long as it is too far behind: no
 * longer than the sink takes for a piece.  The sink's first error.
 */
enum err spool_writer_put(struct spool_writer *writer, const uint8_t *bytes,
    size_t size);

/* No more: wait until the sink has all.  The sink's first error. */
enum err spool_writer_end(struct spool_writer *writer);

/* What the sink does not have yet is dropped; NULL is allowed. */
void spool_writer_free(struct spool_writer *writer);

#endif
