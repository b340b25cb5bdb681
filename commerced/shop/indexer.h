/* The thread that keeps the search index (db/search.h) as the books are.
 *
 *   following   changes of items are put into STATE/search.db as they come
 *   making      a new one is made in search.db.new and takes its place:
 *               when there is none that is of these books, when it is damaged,
 *               and now and then for the order by popularity.  The one before
 *               answers meanwhile, if there is one.
 *   failed      a full disk, say: logged, tried again after a while
 */
#ifndef COMMERCED_SHOP_INDEXER_H
#define COMMERCED_SHOP_INDEXER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/db/search.h"

struct shop;

struct indexer {
	pthread_t thread;
	bool is_started;
	bool is_running;		/* the thread */
	atomic_bool is_stopping;
	atomic_bool is_ready;		/* there is one to ask */
	atomic_bool is_damaged;		/* seen by somebody who asked */

	/* The thread's own. */
	char *path, *path_new;
	struct db *books;		/* a reader of these */
	struct db *index;		/* NULL: there is none */
	struct search_state state;
	uint64_t inode;			/* of the file behind path */
	bool is_checked;		/* all of it was read once */
	bool is_crowded;		/* make it anew before long */
	int64_t not_before_ms;		/* after a failure */
	int64_t pause_ms;		/* after the next */
	int64_t making_took_ms;		/* the last time */
	int64_t made_purchase;		/* the last one by then */

	pthread_mutex_t lock;		/* of all below */
	pthread_cond_t wake;
	pthread_cond_t settled;
	bool is_wanted;
	bool is_making_wanted;
	int64_t change;			/* up to which it is */
	uint64_t made;			/* how many were */
	uint64_t making;		/* the one that was begun last */
	int64_t made_ms;		/* the last; or found, at the start */
	uint64_t failures;
	int64_t current_ms;		/* when it had everything, monotonic */
};

enum err indexer_start(struct shop *shop);
void indexer_stop(struct shop *shop);

/* Items have changed.  Any thread. */
void indexer_wake(struct shop *shop);

/* Wait on one of the conditions, with the lock; so long at most. */
void indexer_wait(pthread_cond_t *condition, pthread_mutex_t *lock,
    int64_t ms);

/* --- between indexer.c and index_make.c ----------------------------------- */

/* Monotonic; and is it time to end? */
int64_t indexer_now_ms(void);
bool indexer_is_stopping(const struct indexer *indexer);

/*
 * Make one beside, and let it take the place of the other, which goes on being
 * asked until then.  On an error nothing has changed.
 */
enum err index_make(struct shop *shop);

#endif
