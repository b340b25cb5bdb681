/* Keeps the write-ahead log short.
 *
 * A thread moves the log into the database beside the writer, pass by pass.
 * Only while nothing is committed can all of it be moved, so that the log
 * begins anew: that is the writer's turn, and no sale is answered meanwhile.
 *
 *   far     a pass each pace.pass frames
 *   near    from pace.near on one pass after the other: each meets what came
 *           during the one before, which is less and less.  Each waits for
 *           the disk, so that the writer need not wait for the pages of all
 *   turn    when few frames are left, or after so many passes, none begins any
 *           more, and the writer moves the rest after its next group
 *   must    at pace.must frames the writer waits for the pass that runs, and
 *           takes its turn whatever is left: on a machine where this thread
 *           hardly runs
 *   stayed  a reader held the log: the writer goes on, and pace.pass frames
 *           later it is far, near or must again
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "commerced/shop/internal.h"
#include "common/log.h"

#define PURGE_PAUSE_NS 100000000

void
checkpointer_purge(struct shop *shop)
{
	struct checkpointer *checkpointer = &shop->checkpointer;

	(void)pthread_mutex_lock(&checkpointer->lock);
	checkpointer->is_purge_wanted = true;
	(void)pthread_cond_signal(&checkpointer->wake);
	(void)pthread_mutex_unlock(&checkpointer->lock);
}

/* Closing the books in order would give the log up, so not even that. */
_Noreturn void
checkpointer_fail(void)
{
	log_error("the books could not be written to the disk: ending, to be "
	    "started again");
	_exit(EXIT_FAILURE);
}

/* After a pass, with the lock: another at once, or the writer's turn? */
static void
checkpointer_judge(struct shop *shop, int64_t moved)
{
	struct checkpointer *checkpointer = &shop->checkpointer;
	const struct log_pace *pace = &shop->options.log_pace;

	if (checkpointer->frames < pace->near) {
		checkpointer->passes = 0;
		return;
	}
	checkpointer->passes++;
	checkpointer->is_wanted = true;
	checkpointer->is_writers_turn = checkpointer->passes >= pace->passes ||
	    checkpointer->frames - moved <= pace->few;
}

/*
 * What was wanted, without the lock.  What fails here stays in the log, which
 * only grows; a purge that a reader or the writer holds up is to be tried
 * again.
 */
static void
checkpointer_run(struct shop *shop)
{
	struct checkpointer *checkpointer = &shop->checkpointer;
	bool is_purge = checkpointer->is_purge_wanted;
	bool is_near = checkpointer->frames >= shop->options.log_pace.near;
	int64_t moved = 0;
	enum err e;

	checkpointer->is_wanted = false;
	checkpointer->is_purge_wanted = false;
	checkpointer->is_running = true;
	(void)pthread_mutex_unlock(&checkpointer->lock);
	readers_of_books_stop(shop);
	if (is_purge) {
		e = db_purge(checkpointer->db);
		readers_of_books_go_on(shop);
	} else {
		/* Snapshots that begin now hold nothing up. */
		readers_of_books_go_on(shop);
		e = db_checkpoint(checkpointer->db, &moved);
		if (e == ERR_OK && is_near)
			e = db_sync(checkpointer->db);
	}
	if (e == ERR_OUTCOME_UNKNOWN)
		checkpointer_fail();
	(void)pthread_mutex_lock(&checkpointer->lock);
	checkpointer->is_running = false;
	(void)pthread_cond_signal(&checkpointer->rests);
	if (e == ERR_OK)
		checkpointer->count++;
	if (is_purge && e == ERR_BUSY)
		checkpointer->is_purge_wanted = true;
	else if (!is_purge && e == ERR_OK)
		checkpointer_judge(shop, moved);
}

/* With the lock: is there something to do, and is it nobody else's turn? */
static bool
checkpointer_may_run(const struct checkpointer *checkpointer)
{
	return checkpointer->is_purge_wanted ||
	    (checkpointer->is_wanted && !checkpointer->is_writers_turn);
}

/* Leave whoever holds the log up some time. */
static void
checkpointer_pause(struct checkpointer *checkpointer)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += PURGE_PAUSE_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	(void)pthread_cond_timedwait(&checkpointer->wake,
	    &checkpointer->lock, &until);
}

static void *
checkpointer_main(void *argument)
{
	struct shop *shop = argument;
	struct checkpointer *checkpointer = &shop->checkpointer;

	(void)pthread_mutex_lock(&checkpointer->lock);
	while (!checkpointer->is_stopping) {
		if (!checkpointer_may_run(checkpointer)) {
			(void)pthread_cond_wait(&checkpointer->wake,
			    &checkpointer->lock);
			continue;
		}
		checkpointer_run(shop);
		if (checkpointer->is_purge_wanted && !checkpointer->is_stopping)
			checkpointer_pause(checkpointer);
	}
	(void)pthread_mutex_unlock(&checkpointer->lock);
	return NULL;
}

/* --- the writer ----------------------------------------------------------- */

/* With the lock: is it to begin the log anew now? */
static bool
writer_takes_turn(struct shop *shop, int64_t frames)
{
	struct checkpointer *checkpointer = &shop->checkpointer;
	const struct log_pace *pace = &shop->options.log_pace;

	checkpointer->frames = frames;
	if (frames < checkpointer->woken_at) {
		/* It began anew by itself, as after a purge. */
		checkpointer->woken_at = 0;
		checkpointer->is_writers_turn = false;
	}
	if (checkpointer->is_writers_turn)
		return true;
	if (frames < checkpointer->woken_at + pace->pass)
		return false;
	if (frames >= pace->must)
		return true;
	checkpointer->woken_at = frames;
	checkpointer->is_wanted = true;
	(void)pthread_cond_signal(&checkpointer->wake);
	return false;
}

/* No pass begins, and the one that runs has ended. */
static void
writer_restart_log(struct shop *shop, int64_t frames)
{
	const struct log_pace *pace = &shop->options.log_pace;
	enum err e;

	readers_of_books_stop(shop);
	e = db_restart_log(shop->writer.db, frames < pace->must ?
	    pace->wait_ms : pace->must_wait_ms);
	readers_of_books_go_on(shop);
	if (e == ERR_OUTCOME_UNKNOWN)
		checkpointer_fail();
}

void
checkpointer_note(struct shop *shop, int64_t frames)
{
	struct checkpointer *checkpointer = &shop->checkpointer;

	(void)pthread_mutex_lock(&checkpointer->lock);
	if (writer_takes_turn(shop, frames)) {
		checkpointer->is_writers_turn = true;
		while (checkpointer->is_running)
			(void)pthread_cond_wait(&checkpointer->rests,
			    &checkpointer->lock);
		(void)pthread_mutex_unlock(&checkpointer->lock);
		writer_restart_log(shop, frames);
		(void)pthread_mutex_lock(&checkpointer->lock);
		checkpointer->woken_at = frames;
		checkpointer->passes = 0;
		checkpointer->is_wanted = false;
		checkpointer->is_writers_turn = false;
	}
	(void)pthread_mutex_unlock(&checkpointer->lock);
}

/* --- its beginning and its end -------------------------------------------- */

enum err
checkpointer_start(struct shop *shop)
{
	struct checkpointer *checkpointer = &shop->checkpointer;
	enum err e;

	e = db_open(shop->path, DB_CHECKPOINTER, &checkpointer->db);
	if (e)
		return e;
	if (pthread_create(&checkpointer->thread, NULL, checkpointer_main,
	    shop) != 0) {
		log_error("checkpoint thread cannot be started");
		return ERR_INTERNAL;
	}
	checkpointer->is_started = true;
	(void)pthread_setname_np(checkpointer->thread, "checkpoint");
	return ERR_OK;
}

void
checkpointer_stop(struct shop *shop)
{
	struct checkpointer *checkpointer = &shop->checkpointer;

	if (checkpointer->is_started) {
		(void)pthread_mutex_lock(&checkpointer->lock);
		checkpointer->is_stopping = true;
		(void)pthread_cond_signal(&checkpointer->wake);
		(void)pthread_mutex_unlock(&checkpointer->lock);
		(void)pthread_join(checkpointer->thread, NULL);
	}
	db_close(checkpointer->db);
	checkpointer->db = NULL;
}
