/* What a round of scrubbing has come to, in memory and in ROOT/scrub. */
#ifndef STORED_SCRUB_ROUND_H
#define STORED_SCRUB_ROUND_H

#include <stdint.h>

#include "common/err.h"
#include "stored/objects.h"

struct scrub_round {
	int64_t number;		/* from 1; 0: there is none */
	int64_t began_s, ended_s;	/* Unix time; ended 0: under way */
	uint64_t objects, bytes;	/* read */
	uint64_t damaged, unreadable;
	struct object_key position;	/* looked at last; "" at first */
};

struct scrub_rounds {
	struct scrub_round current;	/* under way; number 0: none */
	struct scrub_round last;	/* that ended; number 0: none yet, and
					 * began_s is when that was noted */
};

/*
 * Read ROOT/scrub.  A file that is not there or cannot be understood (logged)
 * gives rounds that are all zero.  ERR_STORAGE_ERROR, logged.
 */
enum err scrub_rounds_load(struct objects *objects,
    struct scrub_rounds *rounds);

/*
 * Replace ROOT/scrub as a whole.  Not synced: what a power cut takes back is
 * read once more.  Errors of beneath_err(), logged.
 */
enum err scrub_rounds_save(struct objects *objects,
    const struct scrub_rounds *rounds);

#endif
