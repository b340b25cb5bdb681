/* Removing what nobody comes back for: at the start, then now and then. */
#ifndef STORED_HOUSEKEEPING_H
#define STORED_HOUSEKEEPING_H

#include <stdint.h>

#include "common/err.h"
#include "stored/objects.h"
#include "stored/pieces.h"

struct housekeeping;

/*
 * Remove every temporary and expired pieces now, then expired pieces on a
 * thread until housekeeping_stop(): a quarter of their lifetime after it at
 * the latest, or an hour if that is less.  Both outlive it.
 * ERR_STORAGE_ERROR, ERR_NO_MEMORY, ERR_INTERNAL, logged.
 */
enum err housekeeping_start(struct objects *objects, struct pieces *pieces,
    int64_t piece_lifetime_s, struct housekeeping **out);
void housekeeping_stop(struct housekeeping *housekeeping);	/* or NULL */

#endif
