/* Connections for reading, lent to one thread at a time. */
#include "commerced/shop/internal.h"

void
readers_init(struct readers *readers)
{
	(void)pthread_mutex_init(&readers->lock, NULL);
	(void)pthread_cond_init(&readers->returned, NULL);
}

void
readers_close(struct readers *readers)
{
	while (readers->idle_count > 0)
		db_close(readers->idle[--readers->idle_count]);
	(void)pthread_cond_destroy(&readers->returned);
	(void)pthread_mutex_destroy(&readers->lock);
}

/* An idle connection, or leave to open one more (NULL). */
static struct db *
readers_take(struct readers *readers, size_t most)
{
	struct db *db = NULL;

	(void)pthread_mutex_lock(&readers->lock);
	while (readers->idle_count == 0 && readers->open_count >= most)
		(void)pthread_cond_wait(&readers->returned, &readers->lock);
	if (readers->idle_count > 0)
		db = readers->idle[--readers->idle_count];
	else
		readers->open_count++;
	(void)pthread_mutex_unlock(&readers->lock);
	return db;
}

static void
readers_give(struct readers *readers, struct db *db)
{
	(void)pthread_mutex_lock(&readers->lock);
	if (db == NULL)
		readers->open_count--;
	else
		readers->idle[readers->idle_count++] = db;
	(void)pthread_cond_signal(&readers->returned);
	(void)pthread_mutex_unlock(&readers->lock);
}

enum err
reader_borrow(struct shop *shop, struct db **out)
{
	struct db *db = readers_take(&shop->readers, shop->options.readers);
	enum err e = ERR_OK;

	if (db == NULL)
		e = db_open(shop->path, DB_READER, &db);
	if (!e)
		e = db_begin_read(db);
	if (e) {
		readers_give(&shop->readers, db);
		db = NULL;
	}
	*out = db;
	return e;
}

void
reader_return(struct shop *shop, struct db *db)
{
	db_rollback(db);
	readers_give(&shop->readers, db);
}
