/* What stored counts for /metrics. */
#ifndef STORED_METRICS_H
#define STORED_METRICS_H

#include <stdint.h>
#include <stdio.h>

#include "common/err.h"

enum metric {
	METRIC_DOWNLOADS,		/* 200 and 206 of /media/ */
	METRIC_DOWNLOAD_BYTES,		/* of their bodies, HEAD not counted */
	METRIC_OBJECTS_STORED,		/* 200 and 201 of PUT */
	METRIC_PIECES_STORED,		/* 204 of PUT */
	METRIC_UPLOAD_BYTES,		/* of bodies, kept or not */
	METRIC_UPLOADS_CUT,		/* the client left in mid-body */
	METRIC_OBJECTS_REMOVED,		/* 204 of DELETE */
	METRIC_SCRUB_OBJECTS,		/* looked at by scrubbing */
	METRIC_SCRUB_BYTES,		/* read by it */
	METRIC_SCRUB_DAMAGED,		/* found to be no longer their id */
	METRIC_SCRUB_UNREADABLE,	/* could not be read */
	METRIC__COUNT
};

struct metrics;			/* any thread may use it */

/* ERR_NO_MEMORY. */
enum err metrics_new(struct metrics **out);
void metrics_free(struct metrics *metrics);	/* NULL is allowed */

void metrics_add(struct metrics *metrics, enum metric metric, uint64_t more);

/* A request of the storage protocol was refused with e. */
void metrics_refused(struct metrics *metrics, enum err e);

/*
 * A key is in force: it has a line of the metrics from now on, which never
 * goes.  Without memory it has it later.
 */
void metrics_know_key(struct metrics *metrics, const char *commerce_id,
    const char *key_id);

/* A token of this key was accepted.  Only for verified tokens, likewise. */
void metrics_token_accepted(struct metrics *metrics, const char *commerce_id,
    const char *key_id);

/* In Prometheus text. */
void metrics_write(struct metrics *metrics, FILE *out);

#endif
