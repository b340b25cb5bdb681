/* A thread that moves the write-ahead log into the database, so that the
 * writer need not.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "commerced/shop/internal.h"
#include "common/log.h"

#define PURGE_PAUSE_NS 100000000

void
checkpointer_wake(struct shop *shop)
{
	struct checkpointer *checkpointer = &shop->checkpointer;

	(void)pthread_mutex_lock(&checkpointer->lock);
	checkpointer->is_wanted = true;
	(void)pthread_cond_signal(&checkpointer->wake);
	(void)pthread_mutex_unlock(&checkpointer->lock);
}

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
	enum err e;

	checkpointer->is_wanted = false;
	checkpointer->is_purge_wanted = false;
	(void)pthread_mutex_unlock(&checkpointer->lock);
	readers_stop_keeping(&shop->readers);
	e = is_purge ? db_purge(checkpointer->db) :
	    db_checkpoint(checkpointer->db, false);
	readers_keep_again(&shop->readers);
	if (e == ERR_OUTCOME_UNKNOWN)
		checkpointer_fail();
	(void)pthread_mutex_lock(&checkpointer->lock);
	if (e == ERR_OK)
		checkpointer->count++;
	else if (is_purge && e == ERR_BUSY)
		checkpointer->is_purge_wanted = true;
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
		if (!checkpointer->is_wanted &&
		    !checkpointer->is_purge_wanted) {
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
