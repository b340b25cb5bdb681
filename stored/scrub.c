/* The rounds: when one begins, how fast it goes, what becomes of findings.
 *
 *	waiting -> under way	due, asked for, or cut short by a stop
 *	under way -> waiting	every object was looked at
 *
 * A stop leaves a round under way; its place is in ROOT/scrub.
 */
#include "stored/scrub.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "stored/scrub_read.h"

/* An object costs the disk a seek too: so many bytes' worth. */
#define OBJECT_COST_BYTES 16384
#define SAVE_INTERVAL_MS 5000
/* The wall clock may be set meanwhile: it is looked at so often. */
#define LOOK_INTERVAL_MS 60000
/* Time that was not used is not made up for beyond this. */
#define BURST_US INT64_C(1000000)
/* Without descriptors or memory for so long, once more. */
#define REST_MS 1000

struct scrub {
	struct scrub_options options;
	struct scrub_reader *reader;
	pthread_t thread;
	pthread_mutex_t lock;		/* guards status and the flags */
	pthread_cond_t changed;		/* on the monotonic clock */
	struct scrub_status status;
	bool is_stopping, is_asked;
	/* the walk's own */
	int64_t paid_until_us;		/* monotonic: what was read is paid
					 * for by this time */
	int64_t saved_ms;
	struct object_page page;
};

/* --- time ----------------------------------------------------------------- */

/* Under the lock: until that time, or until something changed. */
static void
wait_until(struct scrub *scrub, int64_t until_ms)
{
	struct timespec until = {
		.tv_sec = (time_t)(until_ms / 1000),
		.tv_nsec = (long)(until_ms % 1000) * 1000000,
	};

	pthread_cond_timedwait(&scrub->changed, &scrub->lock, &until);
}

static bool
is_stopping(struct scrub *scrub)
{
	bool result;

	pthread_mutex_lock(&scrub->lock);
	result = scrub->is_stopping;
	pthread_mutex_unlock(&scrub->lock);
	return result;
}

/* What is read is to be paid for with time. */
static void
charge(struct scrub *scrub, uint64_t bytes)
{
	uint64_t rate = scrub->options.rate_bytes;
	int64_t least_us = clock_monotonic_ms() * 1000 - BURST_US;

	if (scrub->paid_until_us < least_us)
		scrub->paid_until_us = least_us;
	if (rate > 0)
		scrub->paid_until_us += (int64_t)(bytes * 1000000 / rate);
}

/* A moment's rest; false when told to stop. */
static bool
rest(struct scrub *scrub)
{
	int64_t until_ms = clock_monotonic_ms() + REST_MS;
	bool goes_on;

	pthread_mutex_lock(&scrub->lock);
	while (!scrub->is_stopping && clock_monotonic_ms() < until_ms)
		wait_until(scrub, until_ms);
	goes_on = !scrub->is_stopping;
	pthread_mutex_unlock(&scrub->lock);
	return goes_on;
}

/* Nothing that says something about the disk? */
static bool
is_passing(enum err e)
{
	return e == ERR_BUSY || e == ERR_NO_MEMORY;
}

/* Rest for what was read; false when told to stop. */
static bool
pace(void *context, size_t bytes)
{
	struct scrub *scrub = context;
	int64_t until_ms;
	bool goes_on;

	metrics_add(scrub->options.metrics, METRIC_SCRUB_BYTES, bytes);
	charge(scrub, bytes);
	until_ms = scrub->paid_until_us / 1000;
	pthread_mutex_lock(&scrub->lock);
	scrub->status.rounds.current.bytes += bytes;
	while (!scrub->is_stopping && clock_monotonic_ms() < until_ms)
		wait_until(scrub, until_ms);
	goes_on = !scrub->is_stopping;
	pthread_mutex_unlock(&scrub->lock);
	return goes_on;
}

/* --- one object ----------------------------------------------------------- */

static void
note_finding(struct scrub *scrub, const struct object_key *key,
    bool is_unreadable)
{
	struct scrub_status *status = &scrub->status;

	metrics_add(scrub->options.metrics, is_unreadable ?
	    METRIC_SCRUB_UNREADABLE : METRIC_SCRUB_DAMAGED, 1);
	pthread_mutex_lock(&scrub->lock);
	if (is_unreadable)
		status->rounds.current.unreadable++;
	else
		status->rounds.current.damaged++;
	if (status->finding_count < SCRUB_FINDINGS_MAX)
		status->findings[status->finding_count++] =
		    (struct scrub_finding){ *key, is_unreadable };
	pthread_mutex_unlock(&scrub->lock);
}

static void
put_away(struct scrub *scrub, const struct object_key *key, int descriptor,
    uint64_t size_bytes)
{
	enum err e = objects_quarantine(scrub->options.objects, key,
	    descriptor);

	/* Deleted or sent again while it was read: nobody's loss. */
	if (e == ERR_OBJECT_NOT_FOUND)
		return;
	if (e == ERR_OK)
		log_error("scrub: damaged, put into quarantine object=%s "
		    "commerce=%s size=%" PRIu64, key->object,
		    key->commerce_id, size_bytes);
	else
		log_error("scrub: damaged, still in its place object=%s "
		    "commerce=%s size=%" PRIu64, key->object,
		    key->commerce_id, size_bytes);
	note_finding(scrub, key, false);
}

/* False when told to stop before the object was looked at. */
static bool
check_object(struct scrub *scrub, const struct object_key *key)
{
	uint64_t size_bytes, bytes_before = scrub->status.rounds.current.bytes;
	int descriptor;
	enum err e;

	while (is_passing(e = objects_get(scrub->options.objects, key,
	    &descriptor, &size_bytes)))
		if (!rest(scrub))
			return false;
	if (e == ERR_OBJECT_NOT_FOUND)
		return true;
	if (e == ERR_OK) {
		e = scrub_reader_check(scrub->reader, descriptor, key->object,
		    pace, scrub);
		if (e == ERR_STORAGE_ERROR)
			log_errno("scrub: cannot be read object=%s "
			    "commerce=%s", key->object, key->commerce_id);
		if (e == ERR_DIGEST_MISMATCH)
			put_away(scrub, key, descriptor, size_bytes);
		close(descriptor);
	}
	if (e == ERR_BUSY) {
		/* The next process reads it from its beginning. */
		pthread_mutex_lock(&scrub->lock);
		scrub->status.rounds.current.bytes = bytes_before;
		pthread_mutex_unlock(&scrub->lock);
		return false;
	}
	if (e != ERR_OK && e != ERR_DIGEST_MISMATCH)
		note_finding(scrub, key, true);
	metrics_add(scrub->options.metrics, METRIC_SCRUB_OBJECTS, 1);
	pthread_mutex_lock(&scrub->lock);
	scrub->status.rounds.current.objects++;
	scrub->status.rounds.current.position = *key;
	pthread_mutex_unlock(&scrub->lock);
	return true;
}

/* --- the walk ------------------------------------------------------------- */

static void
save(struct scrub *scrub)
{
	struct scrub_rounds rounds;

	pthread_mutex_lock(&scrub->lock);
	rounds = scrub->status.rounds;
	pthread_mutex_unlock(&scrub->lock);
	(void)scrub_rounds_save(scrub->options.objects, &rounds);
	scrub->saved_ms = clock_monotonic_ms();
}

/* False when told to stop. */
static bool
check_page(struct scrub *scrub, const char *commerce_id)
{
	struct object_key key = { 0 };

	memcpy(key.commerce_id, commerce_id, sizeof(key.commerce_id));
	for (size_t i = 0; i < scrub->page.count; i++) {
		memcpy(key.object, scrub->page.entries[i].object,
		    sizeof(key.object));
		charge(scrub, OBJECT_COST_BYTES);
		if (is_stopping(scrub) || !check_object(scrub, &key))
			return false;
		if (clock_monotonic_ms() - scrub->saved_ms >=
		    SAVE_INTERVAL_MS)
			save(scrub);
	}
	return true;
}

/* The objects of an issuer after one of them; false when told to stop. */
static bool
check_issuer(struct scrub *scrub, struct object_key *position)
{
	struct object_page *page = &scrub->page;
	enum err e;

	do {
		while (is_passing(e = objects_list(scrub->options.objects,
		    position->commerce_id, position->object, page)))
			if (!rest(scrub))
				return false;
		if (e != ERR_OK) {
			/* Logged; what lies there could not be read. */
			note_finding(scrub, position, true);
			return true;
		}
		if (!check_page(scrub, position->commerce_id))
			return false;
		if (page->count > 0)
			memcpy(position->object,
			    page->entries[page->count - 1].object,
			    sizeof(position->object));
	} while (page->has_more);
	return true;
}

/* The issuer after that one, or why none; false when told to stop. */
static bool
find_issuer(struct scrub *scrub, const char *after,
    char next[static COMMERCE_ID_MAX + 1], enum err *e)
{
	while (is_passing(*e = objects_next_issuer(scrub->options.objects,
	    after, next)))
		if (!rest(scrub))
			return false;
	return true;
}

/* False when told to stop. */
static bool
check_all(struct scrub *scrub)
{
	struct object_key position = scrub->status.rounds.current.position;
	char next[COMMERCE_ID_MAX + 1];
	enum err e;

	if (position.commerce_id[0] != '\0' &&
	    !check_issuer(scrub, &position))
		return false;
	for (;;) {
		if (!find_issuer(scrub, position.commerce_id, next, &e))
			return false;
		if (e != ERR_OK)
			break;
		memcpy(position.commerce_id, next, sizeof(next));
		position.object[0] = '\0';
		if (!check_issuer(scrub, &position))
			return false;
	}
	if (e != ERR_OBJECT_NOT_FOUND)
		note_finding(scrub, &position, true);
	return true;
}

/* --- a round -------------------------------------------------------------- */

/* Under the lock. */
static int64_t
next_number(const struct scrub_rounds *rounds)
{
	return rounds->current.number != 0 ? rounds->current.number :
	    rounds->last.number + 1;
}

static void
begin_round(struct scrub *scrub)
{
	struct scrub_rounds *rounds = &scrub->status.rounds;
	int64_t number;

	pthread_mutex_lock(&scrub->lock);
	scrub->is_asked = false;
	number = next_number(rounds);
	if (rounds->current.number == 0) {
		memset(&rounds->current, 0, sizeof(rounds->current));
		rounds->current.number = number;
		rounds->current.began_s = clock_unix_s();
		scrub->status.finding_count = 0;
	}
	pthread_mutex_unlock(&scrub->lock);
	scrub->saved_ms = clock_monotonic_ms();
	scrub->paid_until_us = scrub->saved_ms * 1000;
	log_info("scrub: round=%" PRId64 " objects=%" PRIu64 " so far",
	    number, rounds->current.objects);
}

static void
end_round(struct scrub *scrub)
{
	struct scrub_rounds *rounds = &scrub->status.rounds;
	void (*log)(const char *format, ...);
	struct scrub_round round;

	pthread_mutex_lock(&scrub->lock);
	rounds->current.ended_s = clock_unix_s();
	round = rounds->last = rounds->current;
	memset(&rounds->current, 0, sizeof(rounds->current));
	pthread_mutex_unlock(&scrub->lock);
	save(scrub);
	log = round.damaged + round.unreadable > 0 ? log_warning : log_info;
	log("scrub: round=%" PRId64 " ended objects=%" PRIu64
	    " bytes=%" PRIu64 " damaged=%" PRIu64 " unreadable=%" PRIu64
	    " seconds=%" PRId64, round.number, round.objects, round.bytes,
	    round.damaged, round.unreadable, round.ended_s - round.began_s);
}

static void
do_round(struct scrub *scrub)
{
	begin_round(scrub);
	if (check_all(scrub))
		end_round(scrub);
	else
		save(scrub);
}

/* Under the lock: is a round to begin, or to go on with? */
static bool
is_due(const struct scrub *scrub)
{
	const struct scrub_rounds *rounds = &scrub->status.rounds;
	int64_t interval_s = scrub->options.interval_s;

	return rounds->current.number != 0 || scrub->is_asked ||
	    (interval_s > 0 && clock_unix_s() - rounds->last.began_s >=
	    interval_s);
}

static void *
run(void *context)
{
	struct scrub *scrub = context;
	bool goes_on;

	(void)pthread_setname_np(pthread_self(), "scrub");
	do {
		pthread_mutex_lock(&scrub->lock);
		while (!scrub->is_stopping && !is_due(scrub))
			wait_until(scrub, clock_monotonic_ms() +
			    LOOK_INTERVAL_MS);
		goes_on = !scrub->is_stopping;
		pthread_mutex_unlock(&scrub->lock);
		if (goes_on)
			do_round(scrub);
	} while (goes_on);
	return NULL;
}

/* --- from outside --------------------------------------------------------- */

static void
scrub_free(struct scrub *scrub)
{
	if (scrub == NULL)
		return;
	scrub_reader_free(scrub->reader);
	pthread_cond_destroy(&scrub->changed);
	pthread_mutex_destroy(&scrub->lock);
	free(scrub);
}

static enum err
scrub_new(const struct scrub_options *options, struct scrub **out)
{
	struct scrub *scrub = calloc(1, sizeof(*scrub));
	struct scrub_rounds *rounds;
	pthread_condattr_t attributes;
	enum err e;

	*out = NULL;
	if (scrub == NULL)
		return ERR_NO_MEMORY;
	scrub->options = *options;
	pthread_mutex_init(&scrub->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&scrub->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	rounds = &scrub->status.rounds;
	e = scrub_reader_new(&scrub->reader);
	if (e == ERR_OK)
		e = scrub_rounds_load(options->objects, rounds);
	/* A root that is new is not read at once, and not at each start. */
	if (e == ERR_OK && rounds->last.began_s == 0) {
		rounds->last.began_s = clock_unix_s();
		e = scrub_rounds_save(options->objects, rounds);
	}
	if (e == ERR_OK)
		*out = scrub;
	else
		scrub_free(scrub);
	return e;
}

enum err
scrub_start(const struct scrub_options *options, struct scrub **out)
{
	struct scrub *scrub;
	enum err e = scrub_new(options, &scrub);

	*out = NULL;
	if (e != ERR_OK)
		return e;
	errno = pthread_create(&scrub->thread, NULL, run, scrub);
	if (errno != 0) {
		log_errno("cannot start a thread");
		scrub_free(scrub);
		return ERR_INTERNAL;
	}
	*out = scrub;
	return ERR_OK;
}

void
scrub_stop(struct scrub *scrub)
{
	if (scrub == NULL)
		return;
	pthread_mutex_lock(&scrub->lock);
	scrub->is_stopping = true;
	pthread_cond_signal(&scrub->changed);
	pthread_mutex_unlock(&scrub->lock);
	pthread_join(scrub->thread, NULL);
	scrub_free(scrub);
}

int64_t
scrub_ask(struct scrub *scrub)
{
	int64_t number;

	pthread_mutex_lock(&scrub->lock);
	number = next_number(&scrub->status.rounds);
	scrub->is_asked = scrub->status.rounds.current.number == 0;
	pthread_cond_signal(&scrub->changed);
	pthread_mutex_unlock(&scrub->lock);
	return number;
}

void
scrub_status_get(struct scrub *scrub, struct scrub_status *status)
{
	pthread_mutex_lock(&scrub->lock);
	*status = scrub->status;
	pthread_mutex_unlock(&scrub->lock);
}

enum err
scrub_run(const struct scrub_options *options, struct scrub_status *status)
{
	struct scrub *scrub;
	enum err e = scrub_new(options, &scrub);

	memset(status, 0, sizeof(*status));
	if (e != ERR_OK)
		return e;
	do_round(scrub);
	*status = scrub->status;
	scrub_free(scrub);
	return ERR_OK;
}
