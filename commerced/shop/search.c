/* Asking the search index, and how it does. */
#include "commerced/shop/search.h"

#include "commerced/shop/catalogue.h"
#include "commerced/shop/internal.h"

#define DAY_MS INT64_C(86400000)

enum err
searcher_borrow(struct shop *shop, struct db **out)
{
	enum err e = ERR_BUSY;

	*out = NULL;
	if (!atomic_load(&shop->indexer.is_ready))
		return ERR_BUSY;
	e = readers_borrow(&shop->searchers, out);
	if (!e)
		return ERR_OK;
	/* It goes away at this moment, or cannot be read. */
	if (e == ERR_DB || e == ERR_IO) {
		atomic_store(&shop->indexer.is_damaged, true);
		indexer_wake(shop);
	}
	return e == ERR_NO_MEMORY ? e : ERR_BUSY;
}

void
searcher_return(struct shop *shop, struct db *db, enum err e)
{
	readers_return(&shop->searchers, db);
	if (e != ERR_DB && e != ERR_IO)
		return;
	atomic_store(&shop->indexer.is_damaged, true);
	indexer_wake(shop);
}

void
shop_note_catalogue(struct shop *shop)
{
	(void)atomic_fetch_add(&shop->catalogue_changes, 1);
}

struct catalogue_stamp
catalogue_stamp_get(struct shop *shop)
{
	return (struct catalogue_stamp){
	    .changes = atomic_load(&shop->catalogue_changes),
	    .day = shop_now_ms(shop) / DAY_MS };
}

void
search_status_get(struct shop *shop, struct search_status *out)
{
	struct indexer *indexer = &shop->indexer;
	int64_t now_ms = indexer_now_ms();

	*out = (struct search_status){ 0 };
	if (!indexer->is_started)
		return;
	out->is_ready = atomic_load(&indexer->is_ready);
	(void)pthread_mutex_lock(&indexer->lock);
	out->age_ms = now_ms - indexer->current_ms;
	out->order_age_ms = now_ms - indexer->made_ms;
	out->made = indexer->made;
	out->failures = indexer->failures;
	(void)pthread_mutex_unlock(&indexer->lock);
}

/* The change up to which the index must come. */
static enum err
search_target(struct shop *shop, int64_t *change)
{
	struct db *db;
	enum err e;

	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_change_last(db, change);
	reader_return(shop, db);
	return e;
}

enum err
search_wait(struct shop *shop, bool anew, int64_t wait_ms)
{
	struct indexer *indexer = &shop->indexer;
	int64_t until_ms = indexer_now_ms() + wait_ms, change = 0;
	bool is_settled;
	uint64_t making;
	enum err e;

	e = search_target(shop, &change);
	if (e)
		return e;
	(void)pthread_mutex_lock(&indexer->lock);
	making = indexer->making;
	indexer->is_making_wanted |= anew;
	indexer->is_wanted = true;
	(void)pthread_cond_signal(&indexer->wake);
	for (;;) {
		is_settled = atomic_load(&indexer->is_ready) &&
		    indexer->change >= change &&
		    (!anew || indexer->made > making);
		if (is_settled || indexer_now_ms() >= until_ms)
			break;
		indexer_wait(&indexer->settled, &indexer->lock,
		    until_ms - indexer_now_ms());
	}
	(void)pthread_mutex_unlock(&indexer->lock);
	return is_settled ? ERR_OK : ERR_BUSY;
}
