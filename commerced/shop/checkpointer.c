/* A thread that moves the write-ahead log into the database, so that the
 * writer need not.
 */
#include "commerced/shop/internal.h"
#include "common/log.h"

void
checkpointer_wake(struct shop *shop)
{
	struct checkpointer *checkpointer = &shop->checkpointer;

	(void)pthread_mutex_lock(&checkpointer->lock);
	checkpointer->is_wanted = true;
	(void)pthread_cond_signal(&checkpointer->wake);
	(void)pthread_mutex_unlock(&checkpointer->lock);
}

static void *
checkpointer_main(void *argument)
{
	struct shop *shop = argument;
	struct checkpointer *checkpointer = &shop->checkpointer;

	(void)pthread_mutex_lock(&checkpointer->lock);
	while (!checkpointer->is_stopping) {
		if (!checkpointer->is_wanted) {
			(void)pthread_cond_wait(&checkpointer->wake,
			    &checkpointer->lock);
			continue;
		}
		checkpointer->is_wanted = false;
		(void)pthread_mutex_unlock(&checkpointer->lock);
		/* What fails here stays in the log, which only grows. */
		if (db_checkpoint(checkpointer->db, false) == ERR_OK) {
			(void)pthread_mutex_lock(&checkpointer->lock);
			checkpointer->count++;
		} else {
			(void)pthread_mutex_lock(&checkpointer->lock);
		}
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
