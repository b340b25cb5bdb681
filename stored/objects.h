/* The objects on disk (docs/protocol.md, section 2):
 *
 *	ROOT/lock
 *	ROOT/objects/COMMERCE/ab/cd/OBJECT	whole, verified, durable
 *	ROOT/incoming/COMMERCE/			incoming.h
 *	ROOT/quarantine/COMMERCE/OBJECT		found damaged
 *
 * ab and cd are the first two bytes of the object id: 65,536 folders for each
 * issuer.  Whatever has a name below objects/ is whole.  The commerce id is
 * always that of a verified token: issuers see nothing of each other.
 */
#ifndef STORED_OBJECTS_H
#define STORED_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/token.h"

#define OBJECTS_PAGE 1000	/* of a list */
/* "objects/", commerce id, "/ab/cd/", object id, room for a suffix */
#define OBJECTS_PATH_MAX (COMMERCE_ID_MAX + OBJECT_ID_LENGTH + 64)

struct objects;			/* one root; any thread may use it */

/* Whose object; the texts are valid ids. */
struct object_key {
	char commerce_id[COMMERCE_ID_MAX + 1];
	char object[OBJECT_ID_LENGTH + 1];
};

/*
 * Open the root for this process alone and make its folders.  What lies there
 * from before is made durable first, so that later only what is new needs it.
 * Errors, logged: ERR_LOCKED (another process), ERR_CONFIG (kernel without
 * openat2), ERR_IO.  Closed by objects_close(); NULL is allowed there.
 */
enum err objects_open(const char *root, struct objects **out);
void objects_close(struct objects *objects);

/* Descriptor of the root; the objects'. */
int objects_root(const struct objects *objects);

/*
 * Tell watcher of each object that was removed, replaced or given its name,
 * after the fact and before the function that did it returns; on its thread.
 * One watcher; NULL: none any more.  Not while another thread uses the
 * objects.
 */
typedef void objects_watcher(void *context, const struct object_key *key);
void objects_watch(struct objects *objects, objects_watcher *watcher,
    void *context);

/*
 * Open an object for reading.  *descriptor is the caller's.
 * ERR_OBJECT_NOT_FOUND; ERR_BUSY (descriptors, memory) and ERR_STORAGE_ERROR,
 * logged.  Waits for a disk only where the folders are not in memory.
 */
enum err objects_get(struct objects *objects, const struct object_key *key,
    int *descriptor, uint64_t *size_bytes);

/* The size of an object.  Errors of objects_get(). */
enum err objects_find(struct objects *objects, const struct object_key *key,
    uint64_t *size_bytes);

/* Durably take an object away.  ERR_OBJECT_NOT_FOUND, ERR_STORAGE_ERROR. */
enum err objects_remove(struct objects *objects,
    const struct object_key *key);

/*
 * Durably give the file name in the folder from the object's name, replacing
 * what had it; its content must be on disk.  *is_new: nothing had the name.
 * On an error the name is as before, or (the last fsync of a replacement
 * failed) has the new content.
 * ERR_STORAGE_FULL, ERR_BUSY, ERR_STORAGE_ERROR, logged.
 */
enum err objects_adopt(struct objects *objects, const struct object_key *key,
    int from, const char *name, bool *is_new);

/*
 * Durably move the object that descriptor is open on to ROOT/quarantine, where
 * nobody is served from.  An object that replaced it meanwhile stays:
 * ERR_OBJECT_NOT_FOUND.  Else the errors of objects_remove().
 */
enum err objects_quarantine(struct objects *objects,
    const struct object_key *key, int descriptor);

/*
 * The first issuer, by name, after the one named ("": of all) that has
 * objects here.  ERR_OBJECT_NOT_FOUND: there are no more; ERR_BUSY,
 * ERR_STORAGE_ERROR, logged.
 */
enum err objects_next_issuer(struct objects *objects, const char *after,
    char next[static COMMERCE_ID_MAX + 1]);

struct object_entry {
	char object[OBJECT_ID_LENGTH + 1];
	uint64_t size_bytes;
};

struct object_page {
	struct object_entry entries[OBJECTS_PAGE];	/* in order */
	size_t count;
	bool has_more;
};

/*
 * The first OBJECTS_PAGE objects of an issuer after the object id after
 * ("": from the start).  Reads only the folders that the page needs.
 * ERR_NO_MEMORY, ERR_BUSY, ERR_STORAGE_ERROR.
 */
enum err objects_list(struct objects *objects, const char *commerce_id,
    const char *after, struct object_page *page);

/*
 * Uploads must leave so much free; before the first upload.  None at first.
 */
void objects_set_reserve(struct objects *objects, uint64_t reserve_bytes);

/* What is free on the root's file system for us.  ERR_STORAGE_ERROR. */
enum err objects_free_space(struct objects *objects, uint64_t *free_bytes);

/*
 * Is there room for more_bytes besides the reserve?  ERR_STORAGE_FULL,
 * ERR_STORAGE_ERROR.  Waits for no disk on local file systems.
 */
enum err objects_check_room(struct objects *objects, uint64_t more_bytes);

/*
 * Can something be written below the root just now?  ERR_STORAGE_FULL (the
 * reserve is reached, or all is full), ERR_BUSY, ERR_STORAGE_ERROR.
 */
enum err objects_probe(struct objects *objects);

#endif
