/* Connections for reading one database, lent to one thread at a time. */
#ifndef COMMERCED_SHOP_READERS_H
#define COMMERCED_SHOP_READERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/db/db.h"

#define READERS_MAX 64

struct readers {
	/* Set before the first is borrowed. */
	const char *path;
	enum db_role role;
	size_t most;		/* connections */
	int64_t keep_ms;	/* a snapshot, while nothing is committed: of
				 * each commit readers_note_commit() is told;
				 * 0: none is kept */

	atomic_uint_fast64_t commits;
	pthread_rwlock_t file_lock;	/* for writing while path becomes
					 * another file */
	pthread_mutex_t lock;		/* of all below */
	pthread_cond_t returned;
	unsigned stops;		/* who wants that none is kept */
	uint64_t file;			/* how many files path was before */
	struct reader {
		struct db *db;
		bool is_lent;
		bool has_snapshot;
		uint64_t commits;	/* when its snapshot began */
		int64_t begun_ms;
		uint64_t file;
	} all[READERS_MAX];
};

void readers_init(struct readers *readers);
void readers_close(struct readers *readers);

/*
 * A connection with a snapshot that holds everything noted so far; given back
 * in every case of ERR_OK.  Waits while all are in use, which is for
 * microseconds.  The errors of db_open() and db_begin_read().
 */
enum err readers_borrow(struct readers *readers, struct db **out);
void readers_return(struct readers *readers, struct db *db);

/* Something was committed: to be called before anybody is told of it. */
void readers_note_commit(struct readers *readers);

/*
 * Between these two calls no snapshot is kept, and those that nobody uses have
 * ended, so that they hold up no checkpoint; one that is in use ends with that.
 * Any thread, several at once.
 */
void readers_stop_keeping(struct readers *readers);
void readers_keep_again(struct readers *readers);

/* Between these two calls path may become another file; nobody opens it. */
void readers_stop_opening(struct readers *readers);
void readers_open_anew(struct readers *readers);

#endif
