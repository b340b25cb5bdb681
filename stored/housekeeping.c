/* A thread that sleeps for an hour at a time, or less where less counts. */
#include "stored/housekeeping.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"

#define INTERVAL_MAX_S 3600

struct housekeeping {
	struct pieces *pieces;
	int64_t piece_lifetime_s;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stopped;		/* on the monotonic clock */
	bool is_stopping;
};

/* What has expired stays a quarter of its time longer, an hour at most. */
static int64_t
interval_s(const struct housekeeping *housekeeping)
{
	int64_t quarter_s = housekeeping->piece_lifetime_s / 4;

	if (quarter_s < 1)
		return 1;
	return quarter_s < INTERVAL_MAX_S ? quarter_s : INTERVAL_MAX_S;
}

/* True when told to stop within the interval. */
static bool
wait_interval(struct housekeeping *housekeeping)
{
	struct timespec until;
	int result = 0;
	bool is_stopping;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += interval_s(housekeeping);
	pthread_mutex_lock(&housekeeping->lock);
	while (!housekeeping->is_stopping && result != ETIMEDOUT)
		result = pthread_cond_timedwait(&housekeeping->stopped,
		    &housekeeping->lock, &until);
	is_stopping = housekeeping->is_stopping;
	pthread_mutex_unlock(&housekeeping->lock);
	return is_stopping;
}

static enum err
expire(const struct housekeeping *housekeeping)
{
	return pieces_expire(housekeeping->pieces, clock_unix_s() -
	    housekeeping->piece_lifetime_s);
}

static void *
run(void *context)
{
	struct housekeeping *housekeeping = context;

	while (!wait_interval(housekeeping))
		expire(housekeeping);	/* has logged what it could not do */
	return NULL;
}

static struct housekeeping *
housekeeping_new(struct pieces *pieces, int64_t piece_lifetime_s)
{
	struct housekeeping *housekeeping = calloc(1, sizeof(*housekeeping));
	pthread_condattr_t attributes;

	if (housekeeping == NULL)
		return NULL;
	housekeeping->pieces = pieces;
	housekeeping->piece_lifetime_s = piece_lifetime_s;
	pthread_mutex_init(&housekeeping->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&housekeeping->stopped, &attributes);
	pthread_condattr_destroy(&attributes);
	return housekeeping;
}

static void
housekeeping_free(struct housekeeping *housekeeping)
{
	pthread_cond_destroy(&housekeeping->stopped);
	pthread_mutex_destroy(&housekeeping->lock);
	free(housekeeping);
}

enum err
housekeeping_start(struct objects *objects, struct pieces *pieces,
    int64_t piece_lifetime_s, struct housekeeping **out)
{
	struct housekeeping *housekeeping;
	enum err e;

	*out = NULL;
	e = incoming_remove_temporaries(objects);
	if (e != ERR_OK)
		return e;
	housekeeping = housekeeping_new(pieces, piece_lifetime_s);
	if (housekeeping == NULL)
		return ERR_NO_MEMORY;
	e = expire(housekeeping);
	if (e == ERR_OK && (errno = pthread_create(&housekeeping->thread,
	    NULL, run, housekeeping)) != 0) {
		log_errno("cannot start a thread");
		e = ERR_INTERNAL;
	}
	if (e == ERR_OK)
		*out = housekeeping;
	else
		housekeeping_free(housekeeping);
	return e;
}

void
housekeeping_stop(struct housekeeping *housekeeping)
{
	if (housekeeping == NULL)
		return;
	pthread_mutex_lock(&housekeeping->lock);
	housekeeping->is_stopping = true;
	pthread_cond_signal(&housekeeping->stopped);
	pthread_mutex_unlock(&housekeeping->lock);
	pthread_join(housekeeping->thread, NULL);
	housekeeping_free(housekeeping);
}
