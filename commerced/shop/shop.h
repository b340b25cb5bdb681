/* The shop: its books, opened once and used by many threads.
 *
 * Reads (functions that take struct shop) run on any thread, on connections
 * of their own.  Writes (functions that take struct shop_transaction) run
 * only inside the run() of a job, on the one writer thread, which commits
 * many jobs together.  What a read sees after done() includes the job.
 *
 * Where a function fills a struct that has an x_clear(), the struct is all
 * zero or filled before; what it held is cleared first, and the caller clears
 * it in the end, also after an error.
 */
#ifndef COMMERCED_SHOP_SHOP_H
#define COMMERCED_SHOP_SHOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/keys.h"
#include "commerced/model.h"
#include "common/err.h"
#include "common/token.h"

struct shop;
struct shop_transaction;	/* valid inside one run() only */

/* How the log is kept short, in frames: checkpointer.c. */
struct log_pace {
	int64_t pass;	/* a pass each time so many more are there; 0: all of
			 * this as shipped */
	int64_t near;	/* from here on one pass after the other, until ... */
	int64_t few;	/* ... no more are left to move, or ... */
	int passes;	/* ... so many were made: the writer's turn */
	int64_t must;	/* the writer's turn in any case */
	int wait_ms;	/* of the writer for readers, at its turn */
	int must_wait_ms;
};

/* All pointers are borrowed until shop_close(), unless said otherwise. */
struct shop_options {
	const char *state_path;		/* folder of counterfoil.db; exists */
	const char *commerce_id;	/* recorded when the books are new */
	const char *currency;		/* ISO 4217; recorded likewise */
	const char *storage_origin;	/* public one of the storage service;
					 * copied */
	const struct master_keys *master_keys;
	struct signing_keys *signing_keys;	/* taken: also by a failed
						 * shop_open() */

	bool is_reader;			/* beside the process that writes: books
					 * that are there, no jobs */
	size_t queue_max;		/* waiting jobs; 0: 4,096 */
	size_t group_max;		/* jobs committed together, at most
					 * 1,024; 0: 64 */
	size_t readers;			/* read connections kept; 0: 8 */
	int64_t access_base_s;		/* lifetime of a buyer's token: base */
	int64_t access_rate_bytes_s;	/* + sealed size / rate, */
	int64_t access_max_s;		/* at most this; all three 0: those of
					 * protocol.md, section 2 */

	int64_t session_lifetime_s;	/* sliding; 0: 30 days */

	int64_t search_reorder_s;	/* least time between two orders by
					 * popularity; 0: 10 minutes */

	const char *seller_name;	/* legal; NULL: the commerce id */
	const char *seller_tax_id;	/* NULL: none */
	int64_t tax_rate;		/* hundredths of a percent, contained */

	int64_t (*now_ms)(void *context);	/* NULL: the system's clock */
	void (*random)(void *context, void *bytes, size_t size);
						/* NULL: secret_random() */
	/* Called on the writer thread after a COMMIT of unknown outcome, after
	 * the jobs were answered so: the process is to end with status 1. */
	void (*fatal)(void *context);
	/* Called on the writer thread before the first done() of a group, and
	 * after the last. */
	void (*telling)(void *context, bool begins);
	void *context;			/* of the four above */
	struct log_pace log_pace;
};

/*
 * Open, or create, STATE/counterfoil.db, migrate it, and start the writer and
 * the checkpointer.  Errors, each logged with what to do: ERR_IO, ERR_DB,
 * ERR_STORAGE_FULL, ERR_SCHEMA_NEWER (written by a later release),
 * ERR_CONFIG (currency or commerce id differ from the recorded ones, or the
 * signing keys have no line for commerce_id), ERR_NO_MEMORY.
 */
enum err shop_open(const struct shop_options *options, struct shop **out);

/*
 * Run what is queued, call done() for each, refuse all later submits with
 * ERR_BUSY.  Returns when the queue is empty.  Reads go on.
 */
void shop_drain(struct shop *shop);

/* Drain, end the threads, close.  NULL is allowed.  No read may be running. */
void shop_close(struct shop *shop);

/*
 * Sign with these from now on; the keys are taken when this is ERR_OK, and
 * stay the caller's when it is ERR_CONFIG (no line for our commerce id,
 * logged).  Any thread.
 */
enum err shop_replace_signing_keys(struct shop *shop,
    struct signing_keys *keys);

/*
 * Seal and issue with the first of these from now on.  They are borrowed until
 * shop_close(), as are those from before, all of which they must contain
 * (keys_contain()).  Any thread.
 */
void shop_replace_master_keys(struct shop *shop,
    const struct master_keys *keys);

/*
 * Name the storage service by this origin, which is copied, from now on.
 * ERR_NO_MEMORY: the old one stays.  Any thread.
 */
enum err shop_replace_storage_origin(struct shop *shop, const char *origin);

/*
 * A write, usually the first member of a larger struct that holds what goes
 * in and what comes out.  From shop_submit() to done() the shop owns it.
 */
struct shop_job {
	/*
	 * On the writer thread, inside a transaction in which an error undoes
	 * what it wrote.  May be called more than once, when another job of
	 * the group failed or the group was lost: sets its results from
	 * scratch (clears what a run before allocated), changes nothing else,
	 * and does not wait.
	 */
	enum err (*run)(struct shop_transaction *tx, struct shop_job *job);
	/*
	 * On the writer thread, once, when result is certain: with ERR_OK
	 * after COMMIT returned.  Must not wait; may free the job; may submit.
	 */
	void (*done)(struct shop_job *job);
	enum err result;	/* run()'s; or ERR_STORAGE_FULL, ERR_IO, ERR_DB,
				 * ERR_NO_MEMORY: not done; or
				 * ERR_OUTCOME_UNKNOWN: maybe done */
	struct shop_job *next;	/* the shop's */
};

/*
 * ERR_BUSY when the queue is full or the shop drains: the job was not taken
 * and done() is not called.
 */
enum err shop_submit(struct shop *shop, struct shop_job *job);

/*
 * Submit and wait, for threads that may wait (never the writer's own, never
 * an event thread); job->done is not used.  Returns job->result, or ERR_BUSY.
 */
enum err shop_run(struct shop *shop, struct shop_job *job);

/* Can the books be read?  Any thread; for /readyz.  ERR_OK, ERR_DB, ERR_IO. */
enum err shop_check(struct shop *shop);

/* Up to 1, 2, 4, ... 64 jobs, and more. */
#define SHOP_GROUP_BUCKETS 8

/* Counts since shop_open(); for /metrics. */
struct shop_counts {
	uint64_t jobs_done;	/* committed */
	uint64_t jobs_refused;	/* run() returned an error, or they were lost */
	uint64_t groups;	/* that the writer has taken */
	uint64_t groups_by_size[SHOP_GROUP_BUCKETS];
	uint64_t grouped;	/* jobs in them */
	uint64_t groups_lost;	/* rolled back by the database */
	uint64_t checkpoints;
	uint64_t wal_frames;	/* now */
	size_t jobs_waiting;	/* now */
};
void shop_counts_get(struct shop *shop, struct shop_counts *counts);

/* As the options say. */
const char *shop_currency(const struct shop *shop);
const char *shop_commerce_id(const struct shop *shop);
int64_t shop_now_ms(const struct shop *shop);

#endif
