/* What the files of shop/ share; nobody else includes it. */
#ifndef COMMERCED_SHOP_INTERNAL_H
#define COMMERCED_SHOP_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/db/db.h"
#include "commerced/model.h"
#include "commerced/shop/indexer.h"
#include "commerced/shop/readers.h"
#include "commerced/shop/sale_files.h"
#include "commerced/shop/shop.h"

#define SHOP_GROUP_MAX 1024
#define SESSION_USES 16384

/* The write that is running: one job's. */
struct shop_transaction {
	struct shop *shop;
	struct db *db;
	int64_t now_ms;		/* the same throughout a job */
};

/* Jobs on their way to the writer thread (writer.c). */
struct writer {
	struct db *db;
	pthread_t thread;
	bool is_started;
	pthread_mutex_t lock;	/* of all below */
	pthread_cond_t wake;	/* a job came, or stop */
	pthread_cond_t idle;	/* nothing waits or runs */
	struct shop_job *first;
	struct shop_job *last;
	bool is_running;	/* a group */
	bool is_draining;	/* takes no more */
	bool is_stopping;
	bool is_failed;		/* after an outcome that is not known */
	struct shop_counts counts;
	bool is_purge_due;	/* writer thread only, as the next */
	int64_t commit_us;	/* of a commit with changes, smoothed */
};

/* Moves the log into the database file (checkpointer.c). */
struct checkpointer {
	struct db *db;
	pthread_t thread;
	bool is_started;
	pthread_mutex_t lock;	/* of all below */
	pthread_cond_t wake;
	pthread_cond_t rests;	/* no pass runs */
	bool is_wanted;
	bool is_purge_wanted;	/* empty the log, however often it takes */
	bool is_running;
	bool is_writers_turn;	/* no pass begins, but for a purge */
	bool is_stopping;
	int passes;		/* one after the other, near the end */
	int64_t frames;		/* of the log: after the last commit, */
	int64_t woken_at;	/* and when a pass was wanted, or tried by
				 * the writer */
	uint64_t count;
};

/*
 * When sessions were last used, more finely than the database knows: which
 * one ends when there are too many is decided by this.  A slot holds the
 * session that came last; what was pushed out falls back to the database.
 */
struct session_uses {
	pthread_mutex_t lock;
	struct session_use {
		int64_t session;
		int64_t used_ms;
	} slots[SESSION_USES];
};

struct shop {
	struct shop_options options;
	char *path;		/* of the database */
	_Atomic(const struct master_keys *) master_keys;
	struct writer writer;
	struct readers readers;
	struct readers searchers;	/* of the search index */
	struct readers authenticators;	/* told of commits to sessions alone */
	struct indexer indexer;
	atomic_uint_fast64_t catalogue_changes;	/* see shop_catalogue_stamp() */
	struct checkpointer checkpointer;
	struct session_uses uses;
	struct sale_files *sale_files;
	pthread_rwlock_t keys_lock;	/* of the two that sign */
	char *storage_origin;
	struct signing_keys *keys;
	int64_t seller;		/* the number of its row: as the options say */
};

enum err writer_start(struct shop *shop);
void writer_stop(struct shop *shop);	/* runs what is queued */
/* How many of the jobs that wait a group takes, as long as a commit takes. */
size_t writer_share(size_t waiting, int64_t commit_us);

/*
 * A connection with a snapshot begun, given back in every case of ERR_OK.
 * Waits while all are in use, which is for microseconds.
 */
enum err reader_borrow(struct shop *shop, struct db **out);
void reader_return(struct shop *shop, struct db *db);
/*
 * No reader of the books keeps a snapshot, until readers_of_books_go_on(): a
 * checkpoint begins.
 */
void readers_of_books_stop(struct shop *shop);
void readers_of_books_go_on(struct shop *shop);

/* The same of the search index; ERR_BUSY: there is none yet. */
enum err searcher_borrow(struct shop *shop, struct db **out);
/* e: how asking went; what shows damage has the index made anew. */
void searcher_return(struct shop *shop, struct db *db, enum err e);

enum err checkpointer_start(struct shop *shop);
void checkpointer_stop(struct shop *shop);
/* On the writer thread, after each commit: may begin the log anew. */
void checkpointer_note(struct shop *shop, int64_t frames);
/* Move all of the log into the database and cut it to nothing, soon. */
void checkpointer_purge(struct shop *shop);
/* After ERR_OUTCOME_UNKNOWN of a checkpoint or purge: ends the process. */
_Noreturn void checkpointer_fail(void);

/* What the catalogue shows has changed. */
void shop_note_catalogue(struct shop *shop);

/* What this job deletes is personal: purge after it is committed. */
void shop_want_purge(struct shop_transaction *tx);

/*
 * Those of the moment.  What they replaced stays valid too, and has no id that
 * these have not.
 */
const struct master_keys *shop_master_keys(struct shop *shop);

/* With the shop's clock and generator. */
void shop_random(struct shop *shop, void *bytes, size_t size);
struct uuid shop_uuid(struct shop *shop, int64_t now_ms);

/* The day in UTC; what is released later is not on sale. */
void shop_date(char date[static DATE_SIZE], int64_t now_ms);

#endif
