/* One shelf for each thread that asks: a hash table of open files, in the
 * order of their last use, and the answers made of them, in theirs.
 *
 *   taken down   by its thread, which opens what is not there.  The shelf's
 *                lock is held meanwhile, so that a change of the object comes
 *                either before the file was opened or finds it on the shelf.
 *   held         by the requests that send it; each has counted itself.
 *   cleared      when it is the one least recently used and there are too
 *                many, when it grew old, or when the object changed: by a
 *                worker then.  Nobody finds it any more.
 *   freed        with the last hold on it.  Answers that are still being sent
 *                are counted once more by the HTTP library.
 *
 * Nobody but a worker that changes an object ever takes the lock of another
 * thread's shelf: it costs as little as a lock can.
 */
#include "stored/media.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#define BUCKETS_LEAST 64
#define LINE_BYTES 64		/* of the processor's cache */
#define FILES_LEAST 1		/* of each thread: what it is just sending */

struct ready {
	struct http_cached_reply *reply;
	struct media *media;
	bool is_shelved;		/* in the shelf's order, and counted */
	SLIST_ENTRY(ready) of_media;
	TAILQ_ENTRY(ready) by_use;	/* the shelf's */
	char name[];
};

struct media {
	struct object_key key;
	int descriptor;
	uint64_t size_bytes;
	int64_t opened_s;
	_Atomic unsigned holds;		/* the shelf's is one of them */
	struct shelf *shelf;
	SLIST_HEAD(, ready) replies;	/* changed by its thread alone */
	struct media *next;		/* in the bucket */
	TAILQ_ENTRY(media) by_use;
};

struct shelf {
	struct media_cache *cache;
	struct shelf *next;
	pthread_mutex_t lock;		/* of all that follows */
	struct media **buckets;
	size_t bucket_count;		/* a power of 2 */
	TAILQ_HEAD(media_order, media) files;	/* last used first */
	TAILQ_HEAD(ready_order, ready) replies;
	struct media_counts counts;
};

struct media_cache {
	struct objects *objects;
	struct media_limits each;	/* of one thread */
	uint64_t number;		/* no other cache has or had it */
	pthread_mutex_t growing;
	struct shelf *_Atomic shelves;
};

/* The calling thread's shelf, of the cache with that number. */
static _Thread_local struct {
	uint64_t number;
	struct shelf *shelf;
} own;

static _Atomic uint64_t caches_made;

/* --- one object ---------------------------------------------------------- */

static void
ready_free(struct ready *ready)
{
	http_cached_reply_free(ready->reply);
	free(ready);
}

void
media_release(void *held)
{
	struct media *media = held;
	struct ready *ready;

	if (media == NULL || atomic_fetch_sub(&media->holds, 1) > 1)
		return;
	while ((ready = SLIST_FIRST(&media->replies)) != NULL) {
		SLIST_REMOVE_HEAD(&media->replies, of_media);
		ready_free(ready);
	}
	close(media->descriptor);
	free(media);
}

int
media_descriptor(const struct media *media)
{
	return media->descriptor;
}

uint64_t
media_size(const struct media *media)
{
	return media->size_bytes;
}

/* --- a shelf, under its lock --------------------------------------------- */

/* Object ids are digests: their characters are as good as any hash. */
static struct media **
bucket_of(const struct shelf *shelf, const struct object_key *key)
{
	uint64_t hash;

	memcpy(&hash, key->object + OBJECT_ID_LENGTH - sizeof(hash),
	    sizeof(hash));
	/* Hex digits differ in their lower bits alone. */
	hash = (hash & UINT64_C(0x4f4f4f4f4f4f4f4f)) *
	    UINT64_C(0x9e3779b97f4a7c15);
	return &shelf->buckets[hash >> 32 & (shelf->bucket_count - 1)];
}

static struct media *
shelf_find(const struct shelf *shelf, const struct object_key *key)
{
	struct media *media = *bucket_of(shelf, key);

	while (media != NULL &&
	    (memcmp(media->key.object, key->object, OBJECT_ID_LENGTH) != 0 ||
	    strcmp(media->key.commerce_id, key->commerce_id) != 0))
		media = media->next;
	return media;
}

/* No ready answer any more; the media still have it. */
static void
take_ready_off(struct shelf *shelf, struct ready *ready)
{
	if (!ready->is_shelved)
		return;
	ready->is_shelved = false;
	TAILQ_REMOVE(&shelf->replies, ready, by_use);
	shelf->counts.replies--;
	shelf->counts.memory_bytes -= http_cached_reply_memory(ready->reply);
}

/* The shelf's hold is then the caller's. */
static void
take_media_off(struct shelf *shelf, struct media *media)
{
	struct media **at = bucket_of(shelf, &media->key);
	struct ready *ready;

	while (*at != media)
		at = &(*at)->next;
	*at = media->next;
	TAILQ_REMOVE(&shelf->files, media, by_use);
	shelf->counts.files--;
	SLIST_FOREACH(ready, &media->replies, of_media)
		take_ready_off(shelf, ready);
}

/*
 * Drop the answer not used for longest.  One of spared may be about to be
 * sent: media_reply() finds it later, no longer shelved.
 */
static void
drop_ready(struct shelf *shelf, const struct media *spared)
{
	struct ready *ready = TAILQ_LAST(&shelf->replies, ready_order);

	take_ready_off(shelf, ready);
	if (ready->media == spared)
		return;
	SLIST_REMOVE(&ready->media->replies, ready, ready, of_media);
	ready_free(ready);
}

/*
 * The media that will be dropped after these have not been in the cache for
 * long: let them come while the request is served.
 */
static void
look_ahead(const struct media *media)
{
	/* Where its link lies says where it lies; the list's head is no
	 * place to read from, but may be fetched. */
	uintptr_t next = (uintptr_t)media->by_use.tqe_prev -
	    offsetof(struct media, by_use);

	for (size_t i = 0; i < sizeof(*media); i += LINE_BYTES)
		__builtin_prefetch((const void *)(next + i));
}

/*
 * Drop what was not used for longest, but not spared (NULL: none), until there
 * are at most files_max descriptors.  Closing is quick here: the names of
 * these files are still there.
 */
static void
shelf_trim(struct shelf *shelf, size_t files_max, const struct media *spared)
{
	struct media *media;

	while (shelf->counts.memory_bytes > shelf->cache->each.memory_bytes)
		drop_ready(shelf, spared);
	while (shelf->counts.files > files_max) {
		media = TAILQ_LAST(&shelf->files, media_order);
		if (media == NULL || media == spared)
			break;
		look_ahead(media);
		take_media_off(shelf, media);
		media_release(media);
	}
}

static void
shelf_add(struct shelf *shelf, struct media *media)
{
	struct media **bucket = bucket_of(shelf, &media->key);

	media->next = *bucket;
	*bucket = media;
	TAILQ_INSERT_HEAD(&shelf->files, media, by_use);
	shelf->counts.files++;
}

/* --- shelves ------------------------------------------------------------- */

static size_t
bucket_count_for(size_t files)
{
	size_t count = BUCKETS_LEAST;

	/* Most are empty, so that what is not there touches nothing else. */
	while (count < 2 * files)
		count *= 2;
	return count;
}

static struct shelf *
shelf_new(struct media_cache *cache)
{
	struct shelf *shelf = calloc(1, sizeof(*shelf));

	if (shelf == NULL)
		return NULL;
	shelf->cache = cache;
	shelf->bucket_count = bucket_count_for(cache->each.files);
	shelf->buckets = calloc(shelf->bucket_count, sizeof(*shelf->buckets));
	if (shelf->buckets == NULL) {
		free(shelf);
		return NULL;
	}
	pthread_mutex_init(&shelf->lock, NULL);
	TAILQ_INIT(&shelf->files);
	TAILQ_INIT(&shelf->replies);
	return shelf;
}

static void
shelf_free(struct shelf *shelf)
{
	struct media *media;

	while ((media = TAILQ_FIRST(&shelf->files)) != NULL) {
		take_media_off(shelf, media);
		media_release(media);
	}
	pthread_mutex_destroy(&shelf->lock);
	free(shelf->buckets);
	free(shelf);
}

/* The calling thread's; NULL without memory. */
static struct shelf *
own_shelf(struct media_cache *cache)
{
	struct shelf *shelf;

	if (own.number == cache->number)
		return own.shelf;
	shelf = shelf_new(cache);
	if (shelf == NULL)
		return NULL;
	pthread_mutex_lock(&cache->growing);
	shelf->next = atomic_load(&cache->shelves);
	atomic_store(&cache->shelves, shelf);
	pthread_mutex_unlock(&cache->growing);
	own.number = cache->number;
	own.shelf = shelf;
	return shelf;
}

/* The objects' watcher: it changed, after the fact. */
static void
object_changed(void *context, const struct object_key *key)
{
	struct media_cache *cache = context;
	struct media *media;

	for (struct shelf *shelf = atomic_load(&cache->shelves);
	    shelf != NULL; shelf = shelf->next) {
		pthread_mutex_lock(&shelf->lock);
		media = shelf_find(shelf, key);
		if (media != NULL)
			take_media_off(shelf, media);
		pthread_mutex_unlock(&shelf->lock);
		/* May free all the blocks of a large file: not in the lock. */
		media_release(media);
	}
}

enum err
media_cache_new(struct objects *objects, const struct media_limits *limits,
    struct media_cache **out)
{
	struct media_cache *cache = calloc(1, sizeof(*cache));
	unsigned threads = limits->threads > 0 ? limits->threads : 1;

	*out = cache;
	if (cache == NULL)
		return ERR_NO_MEMORY;
	cache->objects = objects;
	cache->each.files = limits->files / threads;
	if (cache->each.files < FILES_LEAST)
		cache->each.files = FILES_LEAST;
	cache->each.memory_bytes = limits->memory_bytes / threads;
	cache->number = atomic_fetch_add(&caches_made, 1) + 1;
	pthread_mutex_init(&cache->growing, NULL);
	objects_watch(objects, object_changed, cache);
	return ERR_OK;
}

void
media_cache_free(struct media_cache *cache)
{
	struct shelf *shelf, *next;

	if (cache == NULL)
		return;
	objects_watch(cache->objects, NULL, NULL);
	for (shelf = atomic_load(&cache->shelves); shelf != NULL;
	    shelf = next) {
		next = shelf->next;
		shelf_free(shelf);
	}
	pthread_mutex_destroy(&cache->growing);
	free(cache);
}

/* --- asked by requests --------------------------------------------------- */

static enum err
media_open(struct objects *objects, const struct object_key *key,
    int64_t now_s, struct media **out)
{
	struct media *media = calloc(1, sizeof(*media));
	enum err e;

	*out = NULL;
	if (media == NULL)
		return ERR_NO_MEMORY;
	e = objects_get(objects, key, &media->descriptor, &media->size_bytes);
	if (e != ERR_OK) {
		free(media);
		return e;
	}
	media->key = *key;
	media->opened_s = now_s;
	media->holds = 1;
	SLIST_INIT(&media->replies);
	*out = media;
	return ERR_OK;
}

/* Was it opened too long ago, or in the future? */
static bool
is_old(const struct media *media, int64_t now_s)
{
	return now_s < media->opened_s ||
	    now_s - media->opened_s >= MEDIA_REOPEN_S;
}

/* Open it and put it on the shelf, under its lock. */
static enum err
shelf_open(struct shelf *shelf, const struct object_key *key, int64_t now_s,
    struct media **out)
{
	enum err e = media_open(shelf->cache->objects, key, now_s, out);

	/* Descriptors ran out elsewhere: give back what is only kept. */
	if (e == ERR_BUSY && shelf->counts.files > 0) {
		shelf_trim(shelf, shelf->counts.files / 2, NULL);
		e = media_open(shelf->cache->objects, key, now_s, out);
	}
	if (e != ERR_OK)
		return e;
	(*out)->shelf = shelf;
	shelf_add(shelf, *out);
	return ERR_OK;
}

enum err
media_get(struct media_cache *cache, const struct object_key *key,
    int64_t now_s, struct media **out)
{
	struct shelf *shelf = own_shelf(cache);
	struct media *media, *old = NULL;
	enum err e = ERR_OK;

	*out = NULL;
	if (shelf == NULL)
		return ERR_NO_MEMORY;
	pthread_mutex_lock(&shelf->lock);
	media = shelf_find(shelf, key);
	if (media != NULL && is_old(media, now_s)) {
		old = media;
		take_media_off(shelf, old);
		media = NULL;
	}
	if (media != NULL) {
		shelf->counts.hits++;
		TAILQ_REMOVE(&shelf->files, media, by_use);
		TAILQ_INSERT_HEAD(&shelf->files, media, by_use);
	} else {
		shelf->counts.misses++;
		e = shelf_open(shelf, key, now_s, &media);
	}
	if (e == ERR_OK) {
		atomic_fetch_add(&media->holds, 1);
		shelf_trim(shelf, cache->each.files, media);
	}
	pthread_mutex_unlock(&shelf->lock);
	media_release(old);
	*out = media;
	return e;
}

const struct http_cached_reply *
media_reply(struct media *media, const char *name)
{
	struct shelf *shelf = media->shelf;
	struct ready *ready, *next, *found = NULL;

	pthread_mutex_lock(&shelf->lock);
	for (ready = SLIST_FIRST(&media->replies); ready != NULL;
	    ready = next) {
		next = SLIST_NEXT(ready, of_media);
		if (!ready->is_shelved) {
			/* There was no room; it is sent by now. */
			SLIST_REMOVE(&media->replies, ready, ready, of_media);
			ready_free(ready);
		} else if (strcmp(ready->name, name) == 0) {
			found = ready;
		}
	}
	if (found != NULL) {
		TAILQ_REMOVE(&shelf->replies, found, by_use);
		TAILQ_INSERT_HEAD(&shelf->replies, found, by_use);
	}
	pthread_mutex_unlock(&shelf->lock);
	return found == NULL ? NULL : found->reply;
}

enum err
media_keep_reply(struct media *media, const char *name,
    struct http_cached_reply *reply)
{
	struct shelf *shelf = media->shelf;
	size_t size = strlen(name) + 1;
	struct ready *ready = malloc(sizeof(*ready) + size);

	if (ready == NULL) {
		http_cached_reply_free(reply);
		return ERR_NO_MEMORY;
	}
	ready->reply = reply;
	ready->media = media;
	memcpy(ready->name, name, size);
	pthread_mutex_lock(&shelf->lock);
	SLIST_INSERT_HEAD(&media->replies, ready, of_media);
	/* Only while the object has not changed meanwhile. */
	ready->is_shelved = shelf_find(shelf, &media->key) == media;
	if (ready->is_shelved) {
		TAILQ_INSERT_HEAD(&shelf->replies, ready, by_use);
		shelf->counts.replies++;
		shelf->counts.memory_bytes += http_cached_reply_memory(reply);
	}
	shelf_trim(shelf, shelf->cache->each.files, media);
	pthread_mutex_unlock(&shelf->lock);
	return ERR_OK;
}

/* Ready answers go only with their files: those are their thread's. */
size_t
media_cache_halve(struct media_cache *cache)
{
	struct media *media;
	size_t closed = 0, left;

	for (struct shelf *shelf = atomic_load(&cache->shelves);
	    shelf != NULL; shelf = shelf->next) {
		pthread_mutex_lock(&shelf->lock);
		left = shelf->counts.files / 2;
		while (shelf->counts.files > left) {
			media = TAILQ_LAST(&shelf->files, media_order);
			take_media_off(shelf, media);
			media_release(media);
			closed++;
		}
		pthread_mutex_unlock(&shelf->lock);
	}
	return closed;
}

struct media_counts
media_cache_counts(struct media_cache *cache)
{
	struct media_counts sum = { 0 };

	for (struct shelf *shelf = atomic_load(&cache->shelves);
	    shelf != NULL; shelf = shelf->next) {
		pthread_mutex_lock(&shelf->lock);
		sum.files += shelf->counts.files;
		sum.replies += shelf->counts.replies;
		sum.memory_bytes += shelf->counts.memory_bytes;
		sum.hits += shelf->counts.hits;
		sum.misses += shelf->counts.misses;
		pthread_mutex_unlock(&shelf->lock);
	}
	return sum;
}
