#include "commerced/shop/indexer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "commerced/shop/internal.h"
#include "common/clock.h"
#include "common/log.h"

#define TICK_MS 1000
#define CHANGES_BATCH 256
#define FOLLOW_MAX 50000		/* changes */
#define PAUSE_MIN_MS 1000
#define PAUSE_MAX_MS 60000
#define REST_AFTER_MAKING 20	/* so many times as long as it took */
#define INDEXER_NICE 10		/* buyers come first */

int64_t
indexer_now_ms(void)
{
	return clock_monotonic_ms();
}

bool
indexer_is_stopping(const struct indexer *indexer)
{
	return atomic_load(&indexer->is_stopping);
}

/* --- eras: see db_era_get() ----------------------------------------------- */

struct era_job {
	struct shop_job job;
	const uint8_t *era;
};

static enum err
era_job_run(struct shop_transaction *tx, struct shop_job *job)
{
	return db_era_set(tx->db, ((struct era_job *)job)->era);
}

/* Another era for the books, on the disk when this is ERR_OK. */
static enum err
era_begin(struct shop *shop, const uint8_t *era)
{
	struct era_job job = { .job = { .run = era_job_run }, .era = era };

	return shop_run(shop, &job.job);
}

/*
 * A new era, of which the index knows before the books have it, and after.
 * Where this fails the old one goes on.
 */
static enum err
era_renew(struct shop *shop)
{
	struct indexer *indexer = &shop->indexer;
	struct search_state state = indexer->state;
	enum err e;

	shop_random(shop, state.next_era, sizeof(state.next_era));
	e = db_search_state_set(indexer->index, &state);
	if (!e)
		e = era_begin(shop, state.next_era);
	if (e)
		return e;
	memcpy(state.era, state.next_era, sizeof(state.era));
	indexer->state = state;
	return db_search_state_set(indexer->index, &state);
}

/* Is the index of these books, and of no later state of theirs? */
static enum err
era_check(struct indexer *indexer, bool *is_ours)
{
	const struct search_state *state = &indexer->state;
	uint8_t era[SEARCH_ERA_BYTES];
	int64_t change;
	enum err e;

	e = db_era_get(indexer->books, era, is_ours);
	if (!e)
		e = db_change_last(indexer->books, &change);
	if (e || !*is_ours)
		return e;
	*is_ours = state->change <= change &&
	    (memcmp(era, state->era, sizeof(era)) == 0 ||
	    memcmp(era, state->next_era, sizeof(era)) == 0);
	return ERR_OK;
}

/* --- finding, following, making ------------------------------------------- */

static uint64_t
index_inode(const struct indexer *indexer)
{
	struct stat status;

	return stat(indexer->path, &status) == 0 ?
	    (uint64_t)status.st_ino : 0;
}

static void
index_shut(struct indexer *indexer)
{
	db_close(indexer->index);
	indexer->index = NULL;
	atomic_store(&indexer->is_ready, false);
}

/* What was left by the process before, if it can go on being used. */
static void
index_find(struct shop *shop)
{
	struct indexer *indexer = &shop->indexer;
	bool is_ours = false;
	enum err e = ERR_NOT_FOUND;

	if (index_inode(indexer) != 0)
		e = db_open(indexer->path, DB_INDEX_WRITER, &indexer->index);
	if (!e)
		e = db_search_state_get(indexer->index, &indexer->state);
	if (!e)
		e = era_check(indexer, &is_ours);
	if (e || !is_ours) {
		if (e != ERR_NOT_FOUND)
			log_warning("search index cannot be used and is made "
			    "anew: %s", e ? err_text(e) : "not of these books");
		index_shut(indexer);
		return;
	}
	indexer->inode = index_inode(indexer);
	if (era_renew(shop) != ERR_OK)
		log_warning("search index keeps its era");
	atomic_store(&indexer->is_ready, true);
}

/* Up to so many changes of items, in one transaction of the index. */
static enum err
index_put_batch(struct shop *shop, struct search_state *state, size_t *count)
{
	struct indexer *indexer = &shop->indexer;
	enum err e = ERR_OK;

	for (*count = 0; !e && *count < CHANGES_BATCH; (*count)++) {
		struct item item = { 0 };

		e = db_item_get_changed(indexer->books, &state->change, &item);
		if (!e)
			e = db_search_put(indexer->index, &item, state->day,
			    &indexer->is_crowded);
		item_clear(&item);
		if (e == ERR_NOT_FOUND)
			return ERR_OK;
	}
	return e;
}

static enum err
index_follow_batch(struct shop *shop, bool *is_more)
{
	struct indexer *indexer = &shop->indexer;
	struct search_state state = indexer->state;
	size_t count = 0;
	bool is_new_day;
	enum err e;

	shop_date(state.day, shop_now_ms(shop));
	is_new_day = strcmp(state.day, indexer->state.day) > 0;
	e = db_begin_read(indexer->books);
	if (!e)
		e = db_begin_write(indexer->index);
	if (!e)
		e = index_put_batch(shop, &state, &count);
	if (!e && is_new_day)
		e = db_search_release(indexer->index, state.day);
	if (!e && (count > 0 || is_new_day))
		e = db_search_state_set(indexer->index, &state);
	if (!e)
		e = db_commit(indexer->index);
	db_rollback(indexer->index);
	db_rollback(indexer->books);
	if (e)
		return e;
	*is_more = count == CHANGES_BATCH;
	if (count > 0 || is_new_day) {
		indexer->state = state;
		readers_note_commit(&shop->searchers);
		shop_note_catalogue(shop);
	}
	return ERR_OK;
}

static enum err
index_follow(struct shop *shop)
{
	bool is_more = true;
	enum err e = ERR_OK;

	while (!e && is_more && !indexer_is_stopping(&shop->indexer))
		e = index_follow_batch(shop, &is_more);
	return e;
}

/* Damage that shows only where it is read: once after each start. */
static enum err
index_check(struct indexer *indexer)
{
	if (indexer->is_checked)
		return ERR_OK;
	indexer->is_checked = true;
	return db_search_check(indexer->index);
}

/* Is it time for the order by popularity, and has anything been sold? */
static bool
index_is_old(struct shop *shop)
{
	struct indexer *indexer = &shop->indexer;
	int64_t rest_ms = REST_AFTER_MAKING * indexer->making_took_ms;
	int64_t purchase;

	if (rest_ms < shop->options.search_reorder_s * 1000)
		rest_ms = shop->options.search_reorder_s * 1000;
	if (indexer_now_ms() < indexer->made_ms + rest_ms)
		return false;
	return indexer->is_crowded || (db_purchase_last(indexer->books,
	    &purchase) == ERR_OK && purchase != indexer->made_purchase);
}

static enum err
index_make_first(struct shop *shop)
{
	struct indexer *indexer = &shop->indexer;
	uint8_t *era = indexer->state.era;
	enum err e = ERR_OK;

	/* Without an index there is no era that both know. */
	if (indexer->index == NULL) {
		shop_random(shop, era, SEARCH_ERA_BYTES);
		memcpy(indexer->state.next_era, era, SEARCH_ERA_BYTES);
		e = era_begin(shop, era);
	}
	return e ? e : index_make(shop);
}

/* --- the thread ----------------------------------------------------------- */

/* Is so much to be followed that all of it is made anew sooner? */
static bool
index_is_far_behind(struct indexer *indexer)
{
	int64_t change;

	return db_change_last(indexer->books, &change) == ERR_OK &&
	    change - indexer->state.change > FOLLOW_MAX;
}

/* Is there an index that can be followed, and none wanted in its place? */
static bool
indexer_can_follow(struct shop *shop, bool is_making_wanted)
{
	struct indexer *indexer = &shop->indexer;

	if (indexer->index != NULL &&
	    index_inode(indexer) != indexer->inode) {
		log_warning("search index is gone and is made anew");
		index_shut(indexer);
	}
	if (indexer->index != NULL && atomic_load(&indexer->is_damaged)) {
		log_warning("search index is damaged and is made anew");
		index_shut(indexer);
	}
	return indexer->index != NULL && !is_making_wanted &&
	    !index_is_old(shop) && !index_is_far_behind(indexer);
}

static enum err
indexer_make(struct shop *shop)
{
	struct indexer *indexer = &shop->indexer;
	enum err e;

	atomic_store(&indexer->is_damaged, false);
	(void)pthread_mutex_lock(&indexer->lock);
	indexer->making = indexer->made + 1;
	(void)pthread_mutex_unlock(&indexer->lock);
	e = index_make_first(shop);
	(void)pthread_mutex_lock(&indexer->lock);
	if (e) {
		indexer->making = indexer->made;
	} else {
		indexer->made = indexer->making;
		indexer->made_ms = indexer_now_ms();
	}
	(void)pthread_mutex_unlock(&indexer->lock);
	if (e)
		return e;
	indexer->inode = index_inode(indexer);
	shop_note_catalogue(shop);
	return ERR_OK;
}

static enum err
indexer_work(struct shop *shop, bool is_making_wanted)
{
	struct indexer *indexer = &shop->indexer;
	enum err e = ERR_OK;

	if (!indexer_can_follow(shop, is_making_wanted))
		e = indexer_make(shop);
	if (!e)
		e = index_follow(shop);
	if (!e)
		e = index_check(indexer);
	if (e == ERR_DB || e == ERR_IO)
		atomic_store(&indexer->is_damaged, true);
	return e;
}

/* What came of it; with the lock. */
static void
indexer_note(struct indexer *indexer, enum err e, bool is_making_wanted)
{
	if (!e) {
		indexer->pause_ms = PAUSE_MIN_MS;
		indexer->change = indexer->state.change;
		indexer->current_ms = indexer_now_ms();
		(void)pthread_cond_broadcast(&indexer->settled);
		return;
	}
	if (indexer_is_stopping(indexer))
		return;
	indexer->failures++;
	indexer->is_making_wanted |= is_making_wanted;
	indexer->not_before_ms = indexer_now_ms() + indexer->pause_ms;
	log_warning("search index stays as it is, next try in %lld s: %s",
	    (long long)(indexer->pause_ms / 1000), err_text(e));
	indexer->pause_ms = indexer->pause_ms * 2 > PAUSE_MAX_MS ?
	    PAUSE_MAX_MS : indexer->pause_ms * 2;
}

void
indexer_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	(void)pthread_cond_timedwait(condition, lock, &until);
}

static void *
indexer_main(void *argument)
{
	struct shop *shop = argument;
	struct indexer *indexer = &shop->indexer;

	/* Of this thread alone, on Linux. */
	(void)setpriority(PRIO_PROCESS, 0, INDEXER_NICE);
	index_find(shop);
	(void)pthread_mutex_lock(&indexer->lock);
	while (!indexer_is_stopping(indexer)) {
		bool is_making_wanted = indexer->is_making_wanted;
		enum err e;

		indexer->is_wanted = false;
		indexer->is_making_wanted = false;
		(void)pthread_mutex_unlock(&indexer->lock);
		e = indexer_work(shop, is_making_wanted);
		(void)pthread_mutex_lock(&indexer->lock);
		indexer_note(indexer, e, is_making_wanted);
		while (!indexer_is_stopping(indexer) &&
		    indexer_now_ms() < indexer->not_before_ms)
			indexer_wait(&indexer->wake, &indexer->lock,
			    indexer->not_before_ms - indexer_now_ms());
		if (!indexer_is_stopping(indexer) && !indexer->is_wanted)
			indexer_wait(&indexer->wake, &indexer->lock, TICK_MS);
	}
	(void)pthread_mutex_unlock(&indexer->lock);
	return NULL;
}

void
indexer_wake(struct shop *shop)
{
	struct indexer *indexer = &shop->indexer;

	(void)pthread_mutex_lock(&indexer->lock);
	indexer->is_wanted = true;
	(void)pthread_cond_signal(&indexer->wake);
	(void)pthread_mutex_unlock(&indexer->lock);
}

static void
indexer_init(struct indexer *indexer)
{
	pthread_condattr_t attributes;

	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&indexer->lock, NULL);
	(void)pthread_cond_init(&indexer->wake, &attributes);
	(void)pthread_cond_init(&indexer->settled, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	indexer->pause_ms = PAUSE_MIN_MS;
	indexer->is_wanted = true;
	indexer->current_ms = indexer_now_ms();
	indexer->made_ms = indexer->current_ms;
}

enum err
indexer_start(struct shop *shop)
{
	struct indexer *indexer = &shop->indexer;
	enum err e;

	indexer_init(indexer);
	indexer->is_started = true;
	if (asprintf(&indexer->path, "%s/search.db",
	    shop->options.state_path) < 0 ||
	    asprintf(&indexer->path_new, "%s.new", indexer->path) < 0)
		return ERR_NO_MEMORY;
	shop->searchers.path = indexer->path;
	e = db_open(shop->path, DB_READER, &indexer->books);
	if (e)
		return e;
	if (pthread_create(&indexer->thread, NULL, indexer_main, shop) != 0) {
		log_error("index thread cannot be started");
		return ERR_INTERNAL;
	}
	(void)pthread_setname_np(indexer->thread, "index");
	indexer->is_running = true;
	return ERR_OK;
}

void
indexer_stop(struct shop *shop)
{
	struct indexer *indexer = &shop->indexer;

	if (!indexer->is_started)
		return;
	if (indexer->is_running) {
		atomic_store(&indexer->is_stopping, true);
		indexer_wake(shop);
		(void)pthread_join(indexer->thread, NULL);
	}
	if (indexer->index != NULL)
		(void)db_checkpoint(indexer->index, NULL);
	db_close(indexer->index);
	db_close(indexer->books);
	free(indexer->path_new);
	free(indexer->path);
	(void)pthread_cond_destroy(&indexer->settled);
	(void)pthread_cond_destroy(&indexer->wake);
	(void)pthread_mutex_destroy(&indexer->lock);
}
