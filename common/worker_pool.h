/* Threads for what may wait: fsync, rename, unlink, scrypt, requests to other
 * hosts.  The queue is bounded and jobs are the callers' memory.
 */
#ifndef COMMON_WORKER_POOL_H
#define COMMON_WORKER_POOL_H

#include <stddef.h>

#include "common/err.h"

/*
 * A job, usually the first member of a larger struct.  From submit until
 * run() is called the pool owns it; run() may free it.
 */
struct worker_job {
	void (*run)(struct worker_job *job);
	struct worker_job *next;	/* the pool's */
};

struct worker_pool;

/*
 * threads of them, named name-0, ... (15 characters at most), and a queue of
 * at most queue_max waiting jobs.  ERR_NO_MEMORY, ERR_INTERNAL.
 */
enum err worker_pool_new(const char *name, unsigned threads,
    size_t queue_max, struct worker_pool **out);

/* The same, of threads that give way to all others of the system. */
enum err worker_pool_new_low(const char *name, unsigned threads,
    size_t queue_max, struct worker_pool **out);

/* ERR_BUSY when the queue is full or the pool stops; the job was not taken. */
enum err worker_pool_submit(struct worker_pool *pool, struct worker_job *job);

/*
 * The same without a bound and also while stopping: for jobs that give
 * something back (close and unlink after a cut upload) and are bounded by
 * what was admitted before.
 */
void worker_pool_submit_cleanup(struct worker_pool *pool,
    struct worker_job *job);

/* Jobs waiting now; for metrics. */
size_t worker_pool_waiting(struct worker_pool *pool);

/*
 * Run every job that is queued, also what these jobs submit as cleanup, then
 * end the threads and free the pool, which nobody may use any more then: the
 * caller sees to it that other threads submit nothing once a job of theirs
 * no longer holds this up.
 * NULL is allowed.
 */
void worker_pool_free(struct worker_pool *pool);

#endif
