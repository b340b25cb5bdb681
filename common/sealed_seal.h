/* Sealing a stream in constant memory (docs/format.md). */
#ifndef COMMON_SEALED_SEAL_H
#define COMMON_SEALED_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/sealed_header.h"

/*
 * Where sealed bytes go, in order: the header, the nonce, then chunk by chunk.
 * An error ends the sealing and is what the sealer's function returns.
 */
typedef enum err sealer_sink(void *context, const uint8_t *bytes,
    size_t size);

struct sealer;	/* one file; one thread at a time; about 130 KiB */

/*
 * Start a file for the holder of identity (the download key), with a random
 * file key, nonce and ephemeral key.  ERR_NO_MEMORY, ERR_CRYPTO, or the
 * sink's.
 */
enum err sealer_new(const uint8_t identity[static SEALED_IDENTITY_BYTES],
    sealer_sink *sink, void *context, struct sealer **out);

/* Any number of bytes, any number of times.  ERR_CRYPTO, or the sink's. */
enum err sealer_write(struct sealer *sealer, const void *bytes, size_t size);

/* Seal the last chunk; nothing may be written after. */
enum err sealer_finish(struct sealer *sealer);

/* Wipes the keys; NULL is allowed. */
void sealer_free(struct sealer *sealer);

#endif
