/* Making the search index anew, from the books, beside the one that is there.
 *
 * The books are read in many short snapshots, so that none holds their log
 * up.  What changes meanwhile has a later change than the one noted at the
 * beginning, and is put in afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commerced/shop/internal.h"
#include "common/log.h"

#define SOLD_BATCH 4096
#define ITEM_BATCH 256

struct sold_list {
	struct item_sold *all;
	size_t count;
};

static int
compare_sold(const void *one, const void *other)
{
	const struct item_sold *a = one, *b = other;

	if (a->sold != b->sold)
		return a->sold > b->sold ? -1 : 1;
	return a->item == b->item ? 0 : a->item > b->item ? -1 : 1;
}

static enum err
sold_read_batch(struct db *books, struct sold_list *list, bool *is_more)
{
	size_t count = SOLD_BATCH;
	struct item_sold *all = realloc(list->all, (list->count + count) *
	    sizeof(*all));
	enum err e;

	if (all == NULL)
		return ERR_NO_MEMORY;
	list->all = all;
	e = db_begin_read(books);
	if (!e)
		e = db_sold_list(books, list->count == 0 ? 0 :
		    all[list->count - 1].item, all + list->count, &count);
	db_rollback(books);
	if (e)
		return e;
	list->count += count;
	*is_more = count == SOLD_BATCH;
	return ERR_OK;
}

/* All items, the most sold first. */
static enum err
sold_read(struct indexer *indexer, struct sold_list *list)
{
	bool is_more = true;
	enum err e = ERR_OK;

	while (!e && is_more)
		e = indexer_is_stopping(indexer) ? ERR_BUSY :
		    sold_read_batch(indexer->books, list, &is_more);
	if (!e && list->count > 0)
		qsort(list->all, list->count, sizeof(list->all[0]),
		    compare_sold);
	return e;
}

static enum err
index_add_batch(struct db *books, struct db *index,
    const struct sold_list *batch, const char *today)
{
	enum err e;

	e = db_begin_read(books);
	for (size_t i = 0; !e && i < batch->count; i++) {
		struct item item = { 0 };

		e = db_item_get_number(books, batch->all[i].item, &item);
		if (!e)
			e = db_search_append(index, &item, batch->all[i].sold,
			    today);
		item_clear(&item);
	}
	db_rollback(books);
	return e;
}

static enum err
index_add_all(struct indexer *indexer, struct db *index,
    const struct sold_list *list, const char *today)
{
	enum err e = ERR_OK;

	for (size_t i = 0; !e && i < list->count; i += ITEM_BATCH) {
		const struct sold_list batch = { list->all + i,
		    list->count - i < ITEM_BATCH ? list->count - i :
		    ITEM_BATCH };

		e = indexer_is_stopping(indexer) ? ERR_BUSY :
		    index_add_batch(indexer->books, index, &batch, today);
	}
	return e;
}

static enum err
index_fill(struct indexer *indexer, struct db *index,
    struct search_state *state)
{
	struct sold_list list = { 0 };
	enum err e;

	e = db_change_last(indexer->books, &state->change);
	if (!e)
		e = db_purchase_last(indexer->books, &indexer->made_purchase);
	if (!e)
		e = sold_read(indexer, &list);
	if (!e)
		e = db_begin_write(index);
	if (!e)
		e = db_search_create(index);
	if (!e)
		e = index_add_all(indexer, index, &list, state->day);
	if (!e)
		e = db_search_finish(index, state);
	if (!e)
		e = db_commit(index);
	free(list.all);
	return e;
}

/* A database's file and those that SQLite keeps beside it. */
static enum err
index_remove(const char *path, bool with_itself)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	enum err e = ERR_OK;
	char *name;

	for (size_t i = with_itself ? 0 : 1;
	    i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (asprintf(&name, "%s%s", path, ends[i]) < 0)
			return ERR_NO_MEMORY;
		if (unlink(name) != 0 && errno != ENOENT) {
			log_errno("cannot remove path=%s", name);
			e = ERR_IO;
		}
		free(name);
	}
	return e;
}

static enum err
sync_path(const char *path, int flags)
{
	int descriptor = open(path, flags | O_CLOEXEC);
	enum err e = ERR_OK;

	if (descriptor < 0 || fsync(descriptor) != 0) {
		e = errno == ENOSPC || errno == EDQUOT ? ERR_STORAGE_FULL :
		    ERR_IO;
		log_errno("cannot sync path=%s", path);
	}
	if (descriptor >= 0)
		(void)close(descriptor);
	return e;
}

/* From here on it is written through a log, and as safe as it will be. */
static enum err
index_close_new(const char *path)
{
	struct db *index;
	enum err e;

	e = db_open(path, DB_INDEX_WRITER, &index);
	if (e)
		return e;
	db_close(index);
	e = index_remove(path, false);
	return e ? e : sync_path(path, O_RDONLY);
}

static enum err
index_make_new(struct shop *shop, struct search_state *state)
{
	struct indexer *indexer = &shop->indexer;
	struct db *index = NULL;
	enum err e;

	e = index_remove(indexer->path_new, true);
	if (!e)
		e = db_open(indexer->path_new, DB_INDEX_MAKER, &index);
	if (!e)
		e = index_fill(indexer, index, state);
	db_close(index);
	return e ? e : index_close_new(indexer->path_new);
}

/*
 * The old one's name goes before the new one takes it, and that is on the
 * disk: an old log beside a new file would be taken for its own.  A crash in
 * between leaves none, so one is made again.
 */
static enum err
index_swap(struct shop *shop)
{
	struct indexer *indexer = &shop->indexer;
	enum err e;

	db_close(indexer->index);
	indexer->index = NULL;
	e = index_remove(indexer->path, true);
	if (!e)
		e = sync_path(shop->options.state_path, O_RDONLY | O_DIRECTORY);
	if (!e && rename(indexer->path_new, indexer->path) != 0) {
		log_errno("cannot rename path=%s", indexer->path_new);
		e = ERR_IO;
	}
	return e ? e : db_open(indexer->path, DB_INDEX_WRITER,
	    &indexer->index);
}

enum err
index_make(struct shop *shop)
{
	struct indexer *indexer = &shop->indexer;
	struct search_state state = indexer->state;
	int64_t begun_ms = indexer_now_ms();
	enum err e;

	shop_date(state.day, shop_now_ms(shop));
	e = index_make_new(shop, &state);
	if (e) {
		(void)index_remove(indexer->path_new, true);
		return e;
	}
	readers_stop_opening(&shop->searchers);
	e = index_swap(shop);
	atomic_store(&indexer->is_ready, !e);
	readers_open_anew(&shop->searchers);
	if (e)
		return e;
	indexer->state = state;
	indexer->is_checked = true;
	indexer->is_crowded = false;
	indexer->making_took_ms = indexer_now_ms() - begun_ms;
	log_info("search index made entries-changed-until=%" PRId64
	    " took-ms=%" PRId64, state.change, indexer->making_took_ms);
	return sync_path(shop->options.state_path, O_RDONLY | O_DIRECTORY);
}
