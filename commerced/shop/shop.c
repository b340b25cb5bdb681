#include "commerced/shop/shop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/db/books.h"
#include "commerced/db/purchases.h"
#include "commerced/shop/internal.h"
#include "commerced/shop/search.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/secret.h"

#define SHOP_QUEUE_MAX 4096
#define SHOP_GROUP 64
#define SHOP_READERS 8
#define SNAPSHOT_MS 10
#define SESSIONS_SNAPSHOT_MS 1000
#define SHOP_SESSION_S (INT64_C(30) * 24 * 3600)
#define SHOP_REORDER_S INT64_C(600)
#define SHOP_INDEX_WAIT_MS 2000		/* a small one is there at once */
#define SHOP_ACCESS_BASE_S INT64_C(3600)	/* protocol.md, section 2 */
#define SHOP_ACCESS_RATE (INT64_C(100) * 1024)
#define SHOP_ACCESS_MAX_S (INT64_C(24) * 3600)

static int64_t
shop_system_clock(void *context)
{
	(void)context;
	return clock_unix_ms();
}

static void
shop_system_random(void *context, void *bytes, size_t size)
{
	(void)context;
	secret_random(bytes, size);
}

/*
 * The writer is held up at its turn, by what is left and for a sync of it; and
 * the file of the log is cut to 64 MiB, which is 16,000 frames.
 */
static const struct log_pace log_pace_shipped = { .pass = 5000, .near = 14000,
	.few = 200, .passes = 8, .must = 32000, .wait_ms = 5,
	.must_wait_ms = 5000 };

static void
shop_options_fill(struct shop_options *options)
{
	if (options->queue_max == 0)
		options->queue_max = SHOP_QUEUE_MAX;
	if (options->group_max == 0)
		options->group_max = SHOP_GROUP;
	if (options->group_max > SHOP_GROUP_MAX)
		options->group_max = SHOP_GROUP_MAX;
	if (options->readers == 0)
		options->readers = SHOP_READERS;
	if (options->readers > READERS_MAX)
		options->readers = READERS_MAX;
	if (options->session_lifetime_s == 0)
		options->session_lifetime_s = SHOP_SESSION_S;
	if (options->search_reorder_s == 0)
		options->search_reorder_s = SHOP_REORDER_S;
	if (options->log_pace.pass == 0)
		options->log_pace = log_pace_shipped;
	if (options->access_base_s == 0 && options->access_rate_bytes_s == 0 &&
	    options->access_max_s == 0) {
		options->access_base_s = SHOP_ACCESS_BASE_S;
		options->access_rate_bytes_s = SHOP_ACCESS_RATE;
		options->access_max_s = SHOP_ACCESS_MAX_S;
	}
	if (options->seller_name == NULL)
		options->seller_name = options->commerce_id;
	if (options->now_ms == NULL)
		options->now_ms = shop_system_clock;
	if (options->random == NULL)
		options->random = shop_system_random;
}

static enum err
shop_check_keys(const struct shop *shop, const struct signing_keys *keys)
{
	if (keys != NULL && signing_keys_first(keys,
	    shop->options.commerce_id) != NULL)
		return ERR_OK;
	log_error("signing keys have no line for our commerce id; add one "
	    "commerce=%s", shop->options.commerce_id);
	return ERR_CONFIG;
}

/* New books take the configuration's names; old ones must have them. */
static enum err
shop_check_books(struct shop *shop, struct db *db)
{
	const struct shop_options *options = &shop->options;
	char commerce_id[COMMERCE_ID_MAX + 1];
	char currency[CURRENCY_SIZE];
	bool found = false;
	enum err e;

	e = db_shop_get(db, commerce_id, currency, &found);
	if (e)
		return e;
	if (!found && options->is_reader)
		return ERR_DB;
	if (!found)
		return db_shop_add(db, options->commerce_id,
		    options->currency, shop_now_ms(shop));
	if (strcmp(commerce_id, options->commerce_id) != 0) {
		log_error("books are those of commerce id %s, the "
		    "configuration says %s; set it back or use another state "
		    "folder", commerce_id, options->commerce_id);
		e = ERR_CONFIG;
	}
	if (strcmp(currency, options->currency) != 0) {
		log_error("books are kept in %s, the configuration says %s; "
		    "set it back or use another state folder", currency,
		    options->currency);
		e = ERR_CONFIG;
	}
	return e;
}

/* Who sells from now on; receipts keep who it was. */
static enum err
shop_find_seller(struct shop *shop)
{
	struct seller seller = { .tax_rate = shop->options.tax_rate };
	enum err e = ERR_NO_MEMORY;

	seller.legal_name = strdup(shop->options.seller_name);
	if (shop->options.seller_tax_id != NULL)
		seller.tax_id = strdup(shop->options.seller_tax_id);
	if (seller.legal_name != NULL && (seller.tax_id != NULL ||
	    shop->options.seller_tax_id == NULL))
		e = db_seller_find(shop->writer.db, &seller);
	shop->seller = seller.number;
	seller_clear(&seller);
	return e;
}

static enum err
shop_start_reader(struct shop *shop)
{
	struct db *db;
	enum err e;

	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_check_schema(db);
	if (!e)
		e = shop_check_books(shop, db);
	reader_return(shop, db);
	return e;
}

static enum err
shop_start(struct shop *shop)
{
	enum err e;

	e = shop_check_keys(shop, shop->keys);
	if (!e)
		e = shop_replace_storage_origin(shop,
		    shop->options.storage_origin);
	if (e)
		return e;
	if (asprintf(&shop->path, "%s/counterfoil.db",
	    shop->options.state_path) < 0) {
		shop->path = NULL;
		return ERR_NO_MEMORY;
	}
	shop->readers.path = shop->path;
	shop->authenticators.path = shop->path;
	if (shop->options.is_reader)
		return shop_start_reader(shop);
	e = db_open(shop->path, DB_WRITER, &shop->writer.db);
	if (!e)
		e = db_migrate(shop->writer.db);
	/* A crash may have come between a deletion and its purge. */
	if (!e && db_purge(shop->writer.db) == ERR_OUTCOME_UNKNOWN)
		checkpointer_fail();
	if (!e)
		e = shop_check_books(shop, shop->writer.db);
	if (!e)
		e = shop_find_seller(shop);
	if (!e)
		e = checkpointer_start(shop);
	if (!e)
		e = writer_start(shop);
	if (!e)
		e = indexer_start(shop);
	if (!e)
		(void)search_wait(shop, false, SHOP_INDEX_WAIT_MS);
	return e;
}

static void
shop_init_readers(struct shop *shop)
{
	readers_init(&shop->readers);
	shop->readers.role = DB_READER;
	shop->readers.most = shop->options.readers;
	/* Beside the process that writes nobody tells of its commits. */
	shop->readers.keep_ms = shop->options.is_reader ? 0 : SNAPSHOT_MS;
	readers_init(&shop->searchers);
	shop->searchers.role = DB_INDEX_READER;
	shop->searchers.most = shop->options.readers;
	shop->searchers.keep_ms = SNAPSHOT_MS;
	/*
	 * A sale is a commit, and asks for a session first: its snapshot stays
	 * true, and so do the pages read for it.
	 */
	readers_init(&shop->authenticators);
	shop->authenticators.role = DB_SESSION_READER;
	shop->authenticators.most = shop->options.readers;
	shop->authenticators.keep_ms = shop->options.is_reader ? 0 :
	    SESSIONS_SNAPSHOT_MS;
}

enum err
shop_open(const struct shop_options *options, struct shop **out)
{
	struct shop *shop;
	enum err e;

	*out = NULL;
	shop = calloc(1, sizeof(*shop));
	if (shop == NULL) {
		signing_keys_free(options->signing_keys);
		return ERR_NO_MEMORY;
	}
	shop->options = *options;
	shop->keys = options->signing_keys;
	atomic_init(&shop->master_keys, options->master_keys);
	shop_options_fill(&shop->options);
	(void)pthread_rwlock_init(&shop->keys_lock, NULL);
	(void)pthread_mutex_init(&shop->uses.lock, NULL);
	(void)pthread_mutex_init(&shop->writer.lock, NULL);
	(void)pthread_cond_init(&shop->writer.wake, NULL);
	(void)pthread_cond_init(&shop->writer.idle, NULL);
	(void)pthread_mutex_init(&shop->checkpointer.lock, NULL);
	(void)pthread_cond_init(&shop->checkpointer.wake, NULL);
	(void)pthread_cond_init(&shop->checkpointer.rests, NULL);
	shop_init_readers(shop);
	e = sale_files_new(&shop->sale_files);
	if (!e)
		e = shop_start(shop);
	if (e) {
		shop_close(shop);
		shop = NULL;
	}
	*out = shop;
	return e;
}

void
shop_close(struct shop *shop)
{
	if (shop == NULL)
		return;
	indexer_stop(shop);
	writer_stop(shop);
	checkpointer_stop(shop);
	readers_close(&shop->authenticators);
	readers_close(&shop->searchers);
	readers_close(&shop->readers);
	/* The last connection moves the log into the file. */
	db_close(shop->writer.db);
	signing_keys_free(shop->keys);
	sale_files_free(shop->sale_files);
	free(shop->storage_origin);
	(void)pthread_cond_destroy(&shop->checkpointer.rests);
	(void)pthread_cond_destroy(&shop->checkpointer.wake);
	(void)pthread_mutex_destroy(&shop->checkpointer.lock);
	(void)pthread_cond_destroy(&shop->writer.idle);
	(void)pthread_cond_destroy(&shop->writer.wake);
	(void)pthread_mutex_destroy(&shop->writer.lock);
	(void)pthread_mutex_destroy(&shop->uses.lock);
	(void)pthread_rwlock_destroy(&shop->keys_lock);
	free(shop->path);
	free(shop);
}

enum err
shop_replace_signing_keys(struct shop *shop, struct signing_keys *keys)
{
	struct signing_keys *old;
	enum err e;

	e = shop_check_keys(shop, keys);
	if (e)
		return e;
	(void)pthread_rwlock_wrlock(&shop->keys_lock);
	old = shop->keys;
	shop->keys = keys;
	(void)pthread_rwlock_unlock(&shop->keys_lock);
	signing_keys_free(old);
	return ERR_OK;
}

const struct master_keys *
shop_master_keys(struct shop *shop)
{
	return atomic_load(&shop->master_keys);
}

void
shop_replace_master_keys(struct shop *shop, const struct master_keys *keys)
{
	atomic_store(&shop->master_keys, keys);
}

enum err
shop_replace_storage_origin(struct shop *shop, const char *origin)
{
	char *copy = strdup(origin), *old;

	if (copy == NULL)
		return ERR_NO_MEMORY;
	(void)pthread_rwlock_wrlock(&shop->keys_lock);
	old = shop->storage_origin;
	shop->storage_origin = copy;
	(void)pthread_rwlock_unlock(&shop->keys_lock);
	free(old);
	return ERR_OK;
}

enum err
shop_check(struct shop *shop)
{
	struct db *db;
	int64_t sequence;
	enum err e;

	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_sequence_get(db, &sequence);
	reader_return(shop, db);
	return e;
}

void
shop_counts_get(struct shop *shop, struct shop_counts *counts)
{
	(void)pthread_mutex_lock(&shop->writer.lock);
	*counts = shop->writer.counts;
	(void)pthread_mutex_unlock(&shop->writer.lock);
	(void)pthread_mutex_lock(&shop->checkpointer.lock);
	counts->checkpoints = shop->checkpointer.count;
	(void)pthread_mutex_unlock(&shop->checkpointer.lock);
}

const char *
shop_currency(const struct shop *shop)
{
	return shop->options.currency;
}

const char *
shop_commerce_id(const struct shop *shop)
{
	return shop->options.commerce_id;
}

int64_t
shop_now_ms(const struct shop *shop)
{
	return shop->options.now_ms(shop->options.context);
}

void
shop_random(struct shop *shop, void *bytes, size_t size)
{
	shop->options.random(shop->options.context, bytes, size);
}

struct uuid
shop_uuid(struct shop *shop, int64_t now_ms)
{
	uint8_t random[10];

	shop_random(shop, random, sizeof(random));
	return uuid_make(now_ms, random);
}

void
shop_date(char date[static DATE_SIZE], int64_t now_ms)
{
	char text[CLOCK_TEXT_SIZE];

	clock_text(text, now_ms / 1000);
	memcpy(date, text, DATE_SIZE - 1);
	date[DATE_SIZE - 1] = '\0';
}
