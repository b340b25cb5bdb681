/*
 * The writer thread.  It takes several jobs at once, at most options.group_max,
 * and commits them together.
 *
 *   group       BEGIN, every job, COMMIT: all are answered
 *   torn        a job failed after it wrote: the group is rolled back, and runs
 *               again, every job in a savepoint of its own.  Most look before
 *               they write; a savepoint for each of them, which copies every
 *               page that is written, costs more than it saves
 *   refused     BEGIN failed: nothing ran, all are told why
 *   lost        the database rolled the group back (full, I/O error, memory):
 *               nobody is answered; each job runs once more, alone
 *   alone       the same with one job; lost again is its answer
 *   unknown     COMMIT failed and may have reached the disk: all are told so,
 *               no more jobs are run, options.fatal() ends the process, and
 *               recovery decides
 */
#include <inttypes.h>
#include <stdlib.h>

#include "commerced/shop/internal.h"
#include "common/clock.h"
#include "common/log.h"

#define GROUP_FEW 28		/* jobs: all of them are taken at once */
#define COMMIT_SLOW_US 1500	/* one takes 0.4 to 0.8 ms on a quick disk */
#define COMMIT_SMOOTHING 8

enum outcome { OUTCOME_COMMITTED, OUTCOME_TORN, OUTCOME_REFUSED, OUTCOME_LOST,
	OUTCOME_UNKNOWN };

/* The error says that the group cannot go on. */
static enum err
writer_run_job(struct shop *shop, struct shop_job *job)
{
	struct db *db = shop->writer.db;
	struct shop_transaction tx = { .shop = shop, .db = db,
	    .now_ms = shop_now_ms(shop) };

	job->result = job->run(&tx, job);
	if (db_in_transaction(db))
		return ERR_OK;
	return job->result ? job->result : ERR_DB;
}

/* In a savepoint. */
static enum err
writer_run_apart(struct shop *shop, struct shop_job *job)
{
	struct db *db = shop->writer.db;
	enum err e = db_savepoint(db);

	if (!e)
		e = writer_run_job(shop, job);
	if (e)
		return e;
	return job->result ? db_savepoint_undo(db) : db_savepoint_release(db);
}

static enum outcome
writer_run_jobs(struct shop *shop, struct shop_job *jobs[], size_t count,
    enum err *error)
{
	const struct db *db = shop->writer.db;

	for (size_t i = 0; !*error && i < count; i++) {
		int64_t changes = db_changes(db);

		*error = writer_run_job(shop, jobs[i]);
		if (!*error && jobs[i]->result && db_changes(db) != changes)
			return OUTCOME_TORN;
	}
	return *error ? OUTCOME_LOST : OUTCOME_COMMITTED;
}

static enum outcome
writer_run_jobs_apart(struct shop *shop, struct shop_job *jobs[], size_t count,
    enum err *error)
{
	for (size_t i = 0; !*error && i < count; i++)
		*error = writer_run_apart(shop, jobs[i]);
	return *error ? OUTCOME_LOST : OUTCOME_COMMITTED;
}

/*
 * And note how long it takes of late.  Where all were refused before they wrote
 * (the count of changes is what it was) nothing is said of the disk.
 */
static enum err
writer_commit(struct writer *writer, int64_t changes)
{
	int64_t began_us = clock_monotonic_us();
	enum err e = db_commit(writer->db);

	if (db_changes(writer->db) != changes)
		writer->commit_us += (clock_monotonic_us() - began_us -
		    writer->commit_us) / COMMIT_SMOOTHING;
	return e;
}

typedef enum outcome writer_run_fn(struct shop *shop, struct shop_job *jobs[],
    size_t count, enum err *error);

/*
 * All jobs in one transaction.  *error is what went wrong with it, if not
 * OUTCOME_COMMITTED.
 */
static enum outcome
writer_attempt_as(struct shop *shop, struct shop_job *jobs[], size_t count,
    writer_run_fn *run, enum err *error)
{
	struct db *db = shop->writer.db;
	int64_t changes = db_changes(db);
	enum outcome outcome;
	enum err e;

	*error = db_begin_write(db);
	if (*error)
		return OUTCOME_REFUSED;
	outcome = run(shop, jobs, count, error);
	if (outcome != OUTCOME_COMMITTED) {
		db_rollback(db);
		return outcome;
	}
	e = writer_commit(&shop->writer, changes);
	if (!e)
		return OUTCOME_COMMITTED;
	db_rollback(db);
	*error = e;
	/* Full and busy come before the frame that would make it last. */
	return e == ERR_STORAGE_FULL || e == ERR_BUSY ? OUTCOME_LOST :
	    OUTCOME_UNKNOWN;
}

/* Each job's failure undoes that job alone.  Never OUTCOME_TORN. */
static enum outcome
writer_attempt(struct shop *shop, struct shop_job *jobs[], size_t count,
    enum err *error)
{
	enum outcome outcome = writer_attempt_as(shop, jobs, count,
	    writer_run_jobs, error);

	return outcome != OUTCOME_TORN ? outcome : writer_attempt_as(shop,
	    jobs, count, writer_run_jobs_apart, error);
}

/* Each job alone, after their group was lost. */
static enum outcome
writer_run_alone(struct shop *shop, struct shop_job *jobs[], size_t count)
{
	enum outcome outcome = OUTCOME_COMMITTED;

	for (size_t i = 0; i < count; i++) {
		enum err error = ERR_OK;

		if (outcome == OUTCOME_UNKNOWN) {
			jobs[i]->result = ERR_BUSY;
			continue;
		}
		switch (writer_attempt(shop, &jobs[i], 1, &error)) {
		case OUTCOME_COMMITTED:
		case OUTCOME_TORN:
			break;
		case OUTCOME_REFUSED:
		case OUTCOME_LOST:
			jobs[i]->result = error;
			break;
		case OUTCOME_UNKNOWN:
			jobs[i]->result = ERR_OUTCOME_UNKNOWN;
			outcome = OUTCOME_UNKNOWN;
			break;
		}
	}
	return outcome;
}

/* Run a group to the point where every job's result is certain. */
static enum outcome
writer_decide(struct shop *shop, struct shop_job *jobs[], size_t count)
{
	enum err error = ERR_OK;
	enum outcome outcome = writer_attempt(shop, jobs, count, &error);

	switch (outcome) {
	case OUTCOME_COMMITTED:
	case OUTCOME_TORN:
		break;
	case OUTCOME_REFUSED:
		for (size_t i = 0; i < count; i++)
			jobs[i]->result = error;
		break;
	case OUTCOME_LOST:
		log_warning("group of writes was rolled back jobs=%zu: %s",
		    count, err_text(error));
		(void)pthread_mutex_lock(&shop->writer.lock);
		shop->writer.counts.groups_lost++;
		(void)pthread_mutex_unlock(&shop->writer.lock);
		outcome = writer_run_alone(shop, jobs, count);
		break;
	case OUTCOME_UNKNOWN:
		for (size_t i = 0; i < count; i++)
			jobs[i]->result = ERR_OUTCOME_UNKNOWN;
		break;
	}
	return outcome;
}

static void
writer_count(struct writer *writer, struct shop_job *jobs[], size_t count)
{
	uint64_t done = 0;
	size_t bucket = 0;
	int64_t frames = db_log_frames(writer->db);

	for (size_t i = 0; i < count; i++)
		done += jobs[i]->result == ERR_OK;
	while (bucket < SHOP_GROUP_BUCKETS - 1 && count > (size_t)1 << bucket)
		bucket++;
	(void)pthread_mutex_lock(&writer->lock);
	writer->counts.groups++;
	writer->counts.groups_by_size[bucket]++;
	writer->counts.grouped += count;
	writer->counts.jobs_done += done;
	writer->counts.jobs_refused += count - done;
	writer->counts.wal_frames = frames > 0 ? (uint64_t)frames : 0;
	(void)pthread_mutex_unlock(&writer->lock);
}

void
shop_want_purge(struct shop_transaction *tx)
{
	tx->shop->writer.is_purge_due = true;
}

/*
 * With all that wait in one group the event threads would rest while it is
 * committed, and the writer while they answer: a third of them is enough, or a
 * few.  All of them where the disk is what everybody waits for.
 */
size_t
writer_share(size_t waiting, int64_t commit_us)
{
	if (commit_us >= COMMIT_SLOW_US)
		return waiting;
	return waiting / 3 > GROUP_FEW ? waiting / 3 : GROUP_FEW;
}

/* The next group into jobs; 0: time to end. */
static size_t
writer_take(struct shop *shop, struct shop_job *jobs[])
{
	struct writer *writer = &shop->writer;
	size_t count = 0, most;

	(void)pthread_mutex_lock(&writer->lock);
	writer->is_running = false;
	while (writer->first == NULL && !writer->is_stopping) {
		(void)pthread_cond_broadcast(&writer->idle);
		(void)pthread_cond_wait(&writer->wake, &writer->lock);
	}
	most = writer_share(writer->counts.jobs_waiting, writer->commit_us);
	if (most > shop->options.group_max)
		most = shop->options.group_max;
	while (writer->first != NULL && count < most) {
		jobs[count++] = writer->first;
		writer->first = writer->first->next;
	}
	if (writer->first == NULL)
		writer->last = NULL;
	writer->counts.jobs_waiting -= count;
	writer->is_running = count > 0;
	(void)pthread_cond_broadcast(&writer->idle);
	(void)pthread_mutex_unlock(&writer->lock);
	return count;
}

/* Whoever is told of the group finds it: what was read before is out. */
static void
writer_tell(struct shop *shop)
{
	unsigned changes = db_take_changes(shop->writer.db);

	readers_note_commit(&shop->readers);
	if ((changes & DB_SESSIONS) != 0)
		readers_note_commit(&shop->authenticators);
	if ((changes & DB_CATALOGUE) == 0)
		return;
	shop_note_catalogue(shop);
	indexer_wake(shop);
}

/* No more writes in this process. */
static void
writer_fail(struct shop *shop)
{
	log_error("a commit failed and its outcome is not known; "
	    "start again: recovery will decide");
	(void)pthread_mutex_lock(&shop->writer.lock);
	shop->writer.is_failed = true;
	(void)pthread_mutex_unlock(&shop->writer.lock);
}

/* Each job's end, when it is certain. */
static void
writer_end_jobs(struct shop *shop, struct shop_job *jobs[], size_t count)
{
	const struct shop_options *options = &shop->options;

	if (options->telling != NULL)
		options->telling(options->context, true);
	for (size_t i = 0; i < count; i++)
		jobs[i]->done(jobs[i]);
	if (options->telling != NULL)
		options->telling(options->context, false);
}

static void *
writer_main(void *argument)
{
	struct shop *shop = argument;
	struct writer *writer = &shop->writer;
	struct shop_job *jobs[SHOP_GROUP_MAX];
	size_t count;
	bool is_failed = false;

	while ((count = writer_take(shop, jobs)) > 0) {
		bool was_failed = is_failed;

		if (is_failed) {
			for (size_t i = 0; i < count; i++)
				jobs[i]->result = ERR_BUSY;
		} else if (writer_decide(shop, jobs, count) ==
		    OUTCOME_UNKNOWN) {
			is_failed = true;
			writer_fail(shop);
		}
		writer_count(writer, jobs, count);
		writer_tell(shop);
		writer_end_jobs(shop, jobs, count);
		if (is_failed && !was_failed && shop->options.fatal != NULL)
			shop->options.fatal(shop->options.context);
		if (is_failed)
			continue;
		checkpointer_note(shop, db_log_frames(writer->db));
		if (writer->is_purge_due)
			checkpointer_purge(shop);
		writer->is_purge_due = false;
	}
	return NULL;
}

enum err
shop_submit(struct shop *shop, struct shop_job *job)
{
	struct writer *writer = &shop->writer;
	enum err e = ERR_OK;

	job->next = NULL;
	job->result = ERR_OK;
	(void)pthread_mutex_lock(&writer->lock);
	if (writer->is_draining || writer->is_failed ||
	    writer->counts.jobs_waiting >= shop->options.queue_max) {
		e = ERR_BUSY;
	} else {
		if (writer->last == NULL)
			writer->first = job;
		else
			writer->last->next = job;
		writer->last = job;
		writer->counts.jobs_waiting++;
		(void)pthread_cond_signal(&writer->wake);
	}
	(void)pthread_mutex_unlock(&writer->lock);
	return e;
}

/* A job that wakes who waits for it. */
struct waited_job {
	struct shop_job job;
	struct shop_job *inner;
	pthread_mutex_t lock;
	pthread_cond_t done;
	bool is_done;
};

static enum err
waited_job_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct waited_job *waited = (struct waited_job *)job;

	return waited->inner->run(tx, waited->inner);
}

static void
waited_job_done(struct shop_job *job)
{
	struct waited_job *waited = (struct waited_job *)job;

	(void)pthread_mutex_lock(&waited->lock);
	waited->is_done = true;
	(void)pthread_cond_signal(&waited->done);
	(void)pthread_mutex_unlock(&waited->lock);
}

enum err
shop_run(struct shop *shop, struct shop_job *job)
{
	struct waited_job waited = {
		.job = { .run = waited_job_run, .done = waited_job_done },
		.inner = job,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.done = PTHREAD_COND_INITIALIZER
	};
	enum err e;

	e = shop_submit(shop, &waited.job);
	if (!e) {
		(void)pthread_mutex_lock(&waited.lock);
		while (!waited.is_done)
			(void)pthread_cond_wait(&waited.done, &waited.lock);
		(void)pthread_mutex_unlock(&waited.lock);
		e = waited.job.result;
	}
	job->result = e;
	(void)pthread_cond_destroy(&waited.done);
	(void)pthread_mutex_destroy(&waited.lock);
	return e;
}

void
shop_drain(struct shop *shop)
{
	struct writer *writer = &shop->writer;

	(void)pthread_mutex_lock(&writer->lock);
	writer->is_draining = true;
	while (writer->is_started &&
	    (writer->first != NULL || writer->is_running))
		(void)pthread_cond_wait(&writer->idle, &writer->lock);
	(void)pthread_mutex_unlock(&writer->lock);
}

enum err
writer_start(struct shop *shop)
{
	struct writer *writer = &shop->writer;

	if (pthread_create(&writer->thread, NULL, writer_main, shop) != 0) {
		log_error("writer thread cannot be started");
		return ERR_INTERNAL;
	}
	writer->is_started = true;
	(void)pthread_setname_np(writer->thread, "writer");
	return ERR_OK;
}

void
writer_stop(struct shop *shop)
{
	struct writer *writer = &shop->writer;

	if (!writer->is_started)
		return;
	shop_drain(shop);
	(void)pthread_mutex_lock(&writer->lock);
	writer->is_stopping = true;
	(void)pthread_cond_signal(&writer->wake);
	(void)pthread_mutex_unlock(&writer->lock);
	(void)pthread_join(writer->thread, NULL);
	writer->is_started = false;
}
