/* Objects that are being handed out: open files and ready answers, kept by the
 * thread that serves them.
 *
 * What lies below ROOT/objects is replaced by rename and removed by this
 * process alone (objects.h), which tells us each time; so what is kept needs
 * no look at the disk.  In case somebody else did it after all, a file is
 * opened anew when MEDIA_REOPEN_S are over.
 */
#ifndef STORED_MEDIA_H
#define STORED_MEDIA_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/http_cached.h"
#include "stored/objects.h"

#define MEDIA_REOPEN_S 300

struct media_cache;		/* any thread may use it */

struct media_limits {
	size_t files;		/* open at once without being sent, in all */
	size_t memory_bytes;	/* of ready answers, in all */
	unsigned threads;	/* that share both: each gets its part */
};

/*
 * Makes itself the objects' watcher.  ERR_NO_MEMORY.  To be freed when no
 * media are held any more; NULL is allowed.
 */
enum err media_cache_new(struct objects *objects,
    const struct media_limits *limits, struct media_cache **out);
void media_cache_free(struct media_cache *cache);

/* An object, open.  Of the thread that got it, until it releases it. */
struct media;

/*
 * The object at now_s (Unix seconds), held.  Errors of objects_get().
 * Whoever asks after objects_remove() or objects_adopt() returned gets the
 * object as it is since; a file that is held stays readable.
 */
enum err media_get(struct media_cache *cache, const struct object_key *key,
    int64_t now_s, struct media **out);
void media_release(void *media);

int media_descriptor(const struct media *media);	/* the media's */
uint64_t media_size(const struct media *media);

/*
 * The ready answer for this object under this file name ("": none), until the
 * thread's next call; NULL: there is none yet.
 */
const struct http_cached_reply *media_reply(struct media *media,
    const char *name);

/*
 * Keep reply, which is taken: as ready answer for that name where the limits
 * allow it, else until the media are released.  ERR_NO_MEMORY: it is freed.
 */
enum err media_keep_reply(struct media *media, const char *name,
    struct http_cached_reply *reply);

/* Close half of what is kept, of what was not used for longest.  How many. */
size_t media_cache_halve(struct media_cache *cache);

/* For /metrics. */
struct media_counts {
	uint64_t files;		/* open now */
	uint64_t replies;	/* ready now */
	uint64_t memory_bytes;	/* of these */
	uint64_t hits;		/* requests that found the file open */
	uint64_t misses;
};

struct media_counts media_cache_counts(struct media_cache *cache);

#endif
