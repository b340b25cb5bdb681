/* The thread that brings sealed files to the storage service, and takes away
 * what nobody needs: the books are its queue, so nothing is lost in between.
 */
#ifndef COMMERCED_PUSH_H
#define COMMERCED_PUSH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "commerced/shop/shop.h"
#include "commerced/spool.h"
#include "common/err.h"
#include "common/uuid.h"

struct push_service;

struct push_options {
	struct shop *shop;		/* borrowed, as are the next two */
	struct spool *spool;
	const char *connect_to;		/* HOST:PORT, unix:PATH, "" or NULL */
	bool keep_sealed;
	int64_t transfers;		/* at once */
	uint64_t piece_bytes;		/* larger files go in pieces */
	int64_t started_s;		/* Unix time at which this process took
					 * the state folder */
};

/* Start the thread.  ERR_NO_MEMORY, ERR_INTERNAL. */
enum err push_start(const struct push_options *options,
    struct push_service **out);

/*
 * Who waits for a version to be stored: the caller's memory, the service's
 * from push_wait() until wake() is called, which happens exactly once, on any
 * thread, and must not wait.
 */
struct push_waiter {
	struct uuid version_id;
	int64_t deadline_ms;		/* monotonic */
	bool is_stored;			/* for wake(): did it come true? */
	void (*wake)(struct push_waiter *waiter);
	struct push_waiter *next;	/* the service's */
};

/*
 * There is a new version in the books; wake waiter (NULL: nobody waits) when
 * it is stored, at its deadline, or at the stop.  Any thread.
 */
void push_announce(struct push_service *push, struct push_waiter *waiter);

/* Forget what was put off, and try all of it now.  Any thread. */
void push_retry(struct push_service *push);

/* Cut what is under way, wake every waiter, and end the thread. */
void push_stop(struct push_service *push);
void push_free(struct push_service *push);	/* stops; NULL is allowed */

/* Counters in Prometheus text. */
void push_write_metrics(struct push_service *push, FILE *out);

#endif
