/* The work of "counterfoil open": content out of a sealed file, whole or in
 * part, from this machine or from a storage host.
 */
#ifndef PLAYER_OPENING_H
#define PLAYER_OPENING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/sealed_header.h"
#include "player/output.h"
#include "player/range.h"

struct opening {
	const char *source;		/* FILE, "-" or URL */
	const char *token;		/* for the URL; NULL: none, or in it */
	const struct byte_range *range;	/* NULL: the whole */
	struct output *output;
	uint8_t identity[SEALED_IDENTITY_BYTES];
};

bool opening_is_url(const char *source);

/*
 * Write the content to the output.  Errors of the sealed file, and
 * ERR_DIGEST_MISMATCH, ERR_RANGE_NOT_SATISFIABLE, ERR_NO_MEMORY and
 * ERR_CRYPTO, are the caller's to report; ERR_IO, ERR_UNREACHABLE and
 * ERR_PRECONDITION_FAILED were logged.
 */
enum err opening_run(const struct opening *opening);

#endif
