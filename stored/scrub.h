/* Scrubbing: reading every object from the disk at a bounded rate, to find
 * what is no longer the bytes its name is the SHA-256 of, before a buyer does.
 * What is damaged goes to ROOT/quarantine; the shop's audit finds it missing
 * and sends it again.
 *
 * A round looks at every object once, in order of issuer and id.  How far it
 * has come stands in ROOT/scrub, so that the next process goes on there.
 */
#ifndef STORED_SCRUB_H
#define STORED_SCRUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "stored/metrics.h"
#include "stored/objects.h"
#include "stored/scrub_round.h"

#define SCRUB_FINDINGS_MAX 64

struct scrub;			/* any thread may ask it */

struct scrub_options {
	struct objects *objects;	/* borrowed, as is the next */
	struct metrics *metrics;
	uint64_t rate_bytes;		/* each second; 0: no bound */
	int64_t interval_s;		/* between the beginnings of two
					 * rounds; 0: only when asked */
};

struct scrub_finding {
	struct object_key key;
	bool is_unreadable;		/* else: damaged, in quarantine */
};

struct scrub_status {
	struct scrub_rounds rounds;
	size_t finding_count;
	struct scrub_finding findings[SCRUB_FINDINGS_MAX];	/* of the newest
					 * round, by this process: the first */
};

/* A thread that begins rounds when they are due.  ERR_NO_MEMORY, _INTERNAL. */
enum err scrub_start(const struct scrub_options *options,
    struct scrub **out);
/* End within a block of reading; the place is kept.  NULL is allowed. */
void scrub_stop(struct scrub *scrub);

/* Begin a round now unless one is under way; its number. */
int64_t scrub_ask(struct scrub *scrub);

void scrub_status_get(struct scrub *scrub, struct scrub_status *status);

/*
 * Without a thread: end the round that was under way, or do a whole one.
 * ERR_NO_MEMORY, ERR_STORAGE_ERROR (logged); what was found is in status.
 */
enum err scrub_run(const struct scrub_options *options,
    struct scrub_status *status);

#endif
