/* A queue of jobs in the callers' memory, and the threads that run them.
 *
 * A job is     waiting   linked into the queue, the pool's
 *              running   out of the queue, run() has it; not touched again
 * The pool is  open      submit and submit_cleanup take jobs
 *              stopping  submit refuses; threads end when the queue is empty
 *              joined    what came in last runs in the thread that frees
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/log.h"
#include "common/worker_pool.h"

#define LOW_NICE 5		/* below the others of the process */
#define MOST_NICE 19
#define THREAD_NAME_SIZE 16	/* the kernel's limit, with the NUL */

struct worker_pool {
	pthread_mutex_t lock;	/* over everything down to is_stopping */
	pthread_cond_t wake;
	struct worker_job *first;
	struct worker_job **last;	/* where the next one is linked in */
	size_t waiting;
	bool is_stopping;
	size_t queue_max;
	bool is_low;		/* set before they are started */
	unsigned threads;	/* how many were started */
	pthread_t thread[];
};

static void
worker_pool_append(struct worker_pool *pool, struct worker_job *job)
{
	job->next = NULL;
	*pool->last = job;
	pool->last = &job->next;
	pool->waiting++;
}

/* The job that waits longest; NULL when none does. */
static struct worker_job *
worker_pool_take(struct worker_pool *pool)
{
	struct worker_job *job = pool->first;

	if (job == NULL)
		return NULL;
	pool->first = job->next;
	if (pool->first == NULL)
		pool->last = &pool->first;
	pool->waiting--;
	job->next = NULL;
	return job;
}

/*
 * Of the kernel's threads each has a priority of its own.  Where a sandbox
 * does not allow it, all is as well, but slower for the others.
 */
static void
worker_lower(void)
{
	const id_t self = (id_t)gettid();
	int nice_value = getpriority(PRIO_PROCESS, self) + LOW_NICE;

	if (nice_value > MOST_NICE)
		nice_value = MOST_NICE;
	if (setpriority(PRIO_PROCESS, self, nice_value) != 0)
		log_errno("a thread keeps its priority");
}

/*
 * Until the pool stops and nothing waits. A job that submits cleanup work
 * while stopping finds it run at the latest by its own thread, which comes
 * back here afterwards.
 */
static void *
worker_run(void *argument)
{
	struct worker_pool *pool = argument;
	struct worker_job *job;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		job = worker_pool_take(pool);
		if (job != NULL) {
			pthread_mutex_unlock(&pool->lock);
			job->run(job);
			pthread_mutex_lock(&pool->lock);
		} else if (pool->is_stopping) {
			break;
		} else {
			pthread_cond_wait(&pool->wake, &pool->lock);
		}
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static void *
worker_thread(void *argument)
{
	const struct worker_pool *pool = argument;

	if (pool->is_low)
		worker_lower();
	return worker_run(argument);
}

/* name-INDEX; a long name is cut so that the index stays. */
static void
worker_name(char text[static THREAD_NAME_SIZE], const char *name,
    unsigned index)
{
	char number[12];
	int room;

	snprintf(number, sizeof(number), "-%u", index);
	room = THREAD_NAME_SIZE - 1 - (int)strlen(number);
	snprintf(text, THREAD_NAME_SIZE, "%.*s%s", room, name, number);
}

static enum err
worker_pool_start(struct worker_pool *pool, const char *name,
    unsigned threads)
{
	for (unsigned i = 0; i < threads; i++) {
		char text[THREAD_NAME_SIZE];
		int result = pthread_create(&pool->thread[i], NULL,
		    worker_thread, pool);

		if (result != 0) {
			log_error("%s: worker thread %u cannot be started:"
			    " error %d", name, i, result);
			return ERR_INTERNAL;
		}
		pool->threads++;
		worker_name(text, name, i);
		(void)pthread_setname_np(pool->thread[i], text);
	}
	return ERR_OK;
}

static enum err
worker_pool_make(const char *name, unsigned threads, size_t queue_max,
    bool is_low, struct worker_pool **out)
{
	struct worker_pool *pool;
	enum err e;

	*out = NULL;
	if (threads == 0)
		return ERR_INTERNAL;	/* jobs would wait for ever */
	pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->thread[0]));
	if (pool == NULL)
		return ERR_NO_MEMORY;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->wake, NULL);
	pool->last = &pool->first;
	pool->queue_max = queue_max;
	pool->is_low = is_low;
	e = worker_pool_start(pool, name, threads);
	if (e)
		worker_pool_free(pool);
	else
		*out = pool;
	return e;
}

enum err
worker_pool_new(const char *name, unsigned threads, size_t queue_max,
    struct worker_pool **out)
{
	return worker_pool_make(name, threads, queue_max, false, out);
}

enum err
worker_pool_new_low(const char *name, unsigned threads, size_t queue_max,
    struct worker_pool **out)
{
	return worker_pool_make(name, threads, queue_max, true, out);
}

enum err
worker_pool_submit(struct worker_pool *pool, struct worker_job *job)
{
	enum err e = ERR_BUSY;

	pthread_mutex_lock(&pool->lock);
	if (!pool->is_stopping && pool->waiting < pool->queue_max) {
		worker_pool_append(pool, job);
		pthread_cond_signal(&pool->wake);
		e = ERR_OK;
	}
	pthread_mutex_unlock(&pool->lock);
	return e;
}

void
worker_pool_submit_cleanup(struct worker_pool *pool, struct worker_job *job)
{
	pthread_mutex_lock(&pool->lock);
	worker_pool_append(pool, job);
	pthread_cond_signal(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
}

size_t
worker_pool_waiting(struct worker_pool *pool)
{
	size_t waiting;

	pthread_mutex_lock(&pool->lock);
	waiting = pool->waiting;
	pthread_mutex_unlock(&pool->lock);
	return waiting;
}

void
worker_pool_free(struct worker_pool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->is_stopping = true;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->threads; i++)
		pthread_join(pool->thread[i], NULL);
	/* What another thread submitted after the last worker had looked. */
	worker_run(pool);
	pthread_cond_destroy(&pool->wake);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}
