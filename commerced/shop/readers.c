#include "commerced/shop/readers.h"

#include "commerced/shop/internal.h"
#include "common/clock.h"


void
readers_init(struct readers *readers)
{
	(void)pthread_rwlock_init(&readers->file_lock, NULL);
	(void)pthread_mutex_init(&readers->lock, NULL);
	(void)pthread_cond_init(&readers->returned, NULL);
}

void
readers_close(struct readers *readers)
{
	for (size_t i = 0; i < READERS_MAX; i++)
		db_close(readers->all[i].db);
	(void)pthread_cond_destroy(&readers->returned);
	(void)pthread_mutex_destroy(&readers->lock);
	(void)pthread_rwlock_destroy(&readers->file_lock);
}

/* One that nobody has: best with a snapshot, else open, else to be opened. */
static struct reader *
readers_find_idle(struct readers *readers)
{
	struct reader *best = NULL;

	for (size_t i = 0; i < readers->most; i++) {
		struct reader *reader = &readers->all[i];

		if (reader->is_lent)
			continue;
		if (reader->has_snapshot)
			return reader;
		if (best == NULL || (best->db == NULL && reader->db != NULL))
			best = reader;
	}
	return best;
}

static struct reader *
readers_take(struct readers *readers)
{
	struct reader *reader;

	(void)pthread_mutex_lock(&readers->lock);
	while ((reader = readers_find_idle(readers)) == NULL)
		(void)pthread_cond_wait(&readers->returned, &readers->lock);
	reader->is_lent = true;
	(void)pthread_mutex_unlock(&readers->lock);
	return reader;
}

static void
readers_give(struct readers *readers, struct reader *reader)
{
	(void)pthread_mutex_lock(&readers->lock);
	reader->is_lent = false;
	(void)pthread_cond_signal(&readers->returned);
	(void)pthread_mutex_unlock(&readers->lock);
}

/* Of one that is ours, or with the lock: the connection is ours then. */
static struct db *
reader_shut(struct reader *reader)
{
	struct db *db = reader->db;

	reader->db = NULL;
	reader->has_snapshot = false;
	return db;
}

/* Opening ends before path may become another file. */
static enum err
reader_open(struct readers *readers, struct reader *reader)
{
	struct db *db = NULL;
	enum err e;

	(void)pthread_rwlock_rdlock(&readers->file_lock);
	e = db_open(readers->path, readers->role, &db);
	(void)pthread_mutex_lock(&readers->lock);
	reader->db = db;
	reader->file = readers->file;
	(void)pthread_mutex_unlock(&readers->lock);
	(void)pthread_rwlock_unlock(&readers->file_lock);
	return e;
}

static enum err
reader_begin(struct readers *readers, struct reader *reader)
{
	uint64_t commits = atomic_load(&readers->commits);
	int64_t now_ms = clock_monotonic_ms();
	enum err e;

	if (reader->has_snapshot && reader->commits == commits &&
	    now_ms - reader->begun_ms < readers->keep_ms)
		return ERR_OK;
	db_rollback(reader->db);
	/* Its first statement takes the snapshot: no earlier than now. */
	e = db_begin_read(reader->db);
	reader->has_snapshot = !e;
	reader->commits = commits;
	reader->begun_ms = now_ms;
	return e;
}

enum err
readers_borrow(struct readers *readers, struct db **out)
{
	struct reader *reader = readers_take(readers);
	enum err e = ERR_OK;

	*out = NULL;
	if (reader->db == NULL)
		e = reader_open(readers, reader);
	if (!e)
		e = reader_begin(readers, reader);
	if (e)
		readers_give(readers, reader);
	else
		*out = reader->db;
	return e;
}

/* With the lock. */
static struct reader *
readers_find_lent(struct readers *readers, const struct db *db)
{
	struct reader *reader = readers->all;

	while (reader->db != db)
		reader++;
	return reader;
}

/* With the lock: kept is what readers_stop_keeping() finds. */
static bool
readers_keep(struct readers *readers, struct reader *reader)
{
	if (readers->keep_ms == 0 || readers->stops > 0 ||
	    reader->commits != atomic_load(&readers->commits) ||
	    reader->file != readers->file)
		return false;
	reader->is_lent = false;
	(void)pthread_cond_signal(&readers->returned);
	return true;
}

void
readers_return(struct readers *readers, struct db *db)
{
	struct db *old = NULL;
	struct reader *reader;
	bool is_kept;

	(void)pthread_mutex_lock(&readers->lock);
	reader = readers_find_lent(readers, db);
	is_kept = readers_keep(readers, reader);
	if (!is_kept && reader->file != readers->file)
		old = reader_shut(reader);
	(void)pthread_mutex_unlock(&readers->lock);
	if (is_kept)
		return;
	if (old != NULL) {
		db_close(old);
	} else {
		db_rollback(db);
		reader->has_snapshot = false;
	}
	readers_give(readers, reader);
}

void
readers_note_commit(struct readers *readers)
{
	(void)atomic_fetch_add(&readers->commits, 1);
}

void
readers_stop_keeping(struct readers *readers)
{
	/* Nor does who has one now go on with it. */
	readers_note_commit(readers);
	(void)pthread_mutex_lock(&readers->lock);
	readers->stops++;
	for (size_t i = 0; i < readers->most; i++) {
		struct reader *reader = &readers->all[i];

		if (reader->is_lent || !reader->has_snapshot)
			continue;
		db_rollback(reader->db);
		reader->has_snapshot = false;
	}
	(void)pthread_mutex_unlock(&readers->lock);
}

void
readers_keep_again(struct readers *readers)
{
	(void)pthread_mutex_lock(&readers->lock);
	readers->stops--;
	(void)pthread_mutex_unlock(&readers->lock);
}

void
readers_stop_opening(struct readers *readers)
{
	(void)pthread_rwlock_wrlock(&readers->file_lock);
}

void
readers_open_anew(struct readers *readers)
{
	(void)pthread_mutex_lock(&readers->lock);
	readers->file++;
	for (size_t i = 0; i < READERS_MAX; i++) {
		if (!readers->all[i].is_lent)
			db_close(reader_shut(&readers->all[i]));
	}
	(void)pthread_mutex_unlock(&readers->lock);
	(void)pthread_rwlock_unlock(&readers->file_lock);
}

enum err
reader_borrow(struct shop *shop, struct db **out)
{
	return readers_borrow(&shop->readers, out);
}

void
reader_return(struct shop *shop, struct db *db)
{
	readers_return(&shop->readers, db);
}

void
readers_of_books_stop(struct shop *shop)
{
	readers_stop_keeping(&shop->readers);
	readers_stop_keeping(&shop->authenticators);
}

void
readers_of_books_go_on(struct shop *shop)
{
	readers_keep_again(&shop->authenticators);
	readers_keep_again(&shop->readers);
}
