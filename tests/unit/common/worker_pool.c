/* Jobs run once each, in order, within bounds, and all of them before the
 * pool is gone.
 */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/worker_pool.h"

#define DEADLINE_MS 60000

static struct worker_pool *pool;
static atomic_size_t ran;
static sem_t done;
static pthread_key_t at_end;

/* A job that counts and frees itself, as jobs of handlers do. */
static void
count_and_free(struct worker_job *job)
{
	atomic_fetch_add(&ran, 1);
	free(job);
}

static struct worker_job *
new_job(void)
{
	struct worker_job *job = malloc(sizeof(*job));

	if (job == NULL)
		abort();
	memset(job, 0xa5, sizeof(*job));
	job->run = count_and_free;
	return job;
}

/* A job that holds its thread until it is let go. */
struct gate {
	struct worker_job job;
	sem_t entered, open;
};

static void
gate_run(struct worker_job *job)
{
	struct gate *gate = (struct gate *)job;

	sem_post(&gate->entered);
	sem_wait(&gate->open);
}

static void
gate_close(struct gate *gate)
{
	gate->job.run = gate_run;
	sem_init(&gate->entered, 0, 0);
	sem_init(&gate->open, 0, 0);
	assert_int_equal(worker_pool_submit(pool, &gate->job), ERR_OK);
	sem_wait(&gate->entered);
}

static void
gate_clear(struct gate *gate)
{
	sem_destroy(&gate->entered);
	sem_destroy(&gate->open);
}

static int
set_up(void **state)
{
	(void)state;
	pool = NULL;
	atomic_store(&ran, 0);
	return 0;
}

static void
a_pool_that_never_worked_is_freed(void **state)
{
	(void)state;
	worker_pool_free(NULL);
	assert_int_equal(worker_pool_new("unit", 3, 10, &pool), ERR_OK);
	assert_non_null(pool);
	assert_int_equal(worker_pool_waiting(pool), 0);
	worker_pool_free(pool);
}

static void
a_pool_without_threads_is_refused(void **state)
{
	struct worker_pool *none = (struct worker_pool *)&ran;

	(void)state;
	assert_int_equal(worker_pool_new("unit", 0, 10, &none), ERR_INTERNAL);
	assert_null(none);
}

static void
threads_that_cannot_be_started_are_an_error(void **state)
{
	pthread_attr_t normal, huge;

	(void)state;
	assert_int_equal(pthread_getattr_default_np(&normal), 0);
	assert_int_equal(pthread_getattr_default_np(&huge), 0);
	assert_int_equal(pthread_attr_setstacksize(&huge,
	    (size_t)1 << 47), 0);
	assert_int_equal(pthread_setattr_default_np(&huge), 0);
	assert_int_equal(worker_pool_new("unit", 2, 10, &pool), ERR_INTERNAL);
	assert_null(pool);
	assert_int_equal(pthread_setattr_default_np(&normal), 0);
	pthread_attr_destroy(&normal);
	pthread_attr_destroy(&huge);
}

static void
post_and_free(struct worker_job *job)
{
	sem_post(&done);
	free(job);
}

static void
jobs_run_while_the_pool_is_open_also_after_it_was_idle(void **state)
{
	struct timespec limit;

	(void)state;
	assert_int_equal(sem_init(&done, 0, 0), 0);
	assert_int_equal(worker_pool_new("unit", 2, 10, &pool), ERR_OK);
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &limit), 0);
	limit.tv_sec += DEADLINE_MS / 1000;
	for (size_t i = 0; i < 50; i++) {
		struct worker_job *job = new_job();

		job->run = post_and_free;
		if (i % 2 == 0)
			worker_pool_submit_cleanup(pool, job);
		else
			assert_int_equal(worker_pool_submit(pool, job),
			    ERR_OK);
		assert_int_equal(sem_timedwait(&done, &limit), 0);
	}
	worker_pool_free(pool);
	sem_destroy(&done);
}

struct numbered {
	struct worker_job job;
	size_t number;
};

static size_t order[100];

static void
note_order(struct worker_job *job)
{
	order[atomic_fetch_add(&ran, 1)] = ((struct numbered *)job)->number;
}

static void
one_thread_runs_jobs_in_the_order_of_submission(void **state)
{
	struct numbered jobs[100];

	(void)state;
	assert_int_equal(worker_pool_new("unit", 1, 100, &pool), ERR_OK);
	for (size_t i = 0; i < 100; i++) {
		jobs[i].job.run = note_order;
		jobs[i].number = i;
		if (i % 3 == 0)
			worker_pool_submit_cleanup(pool, &jobs[i].job);
		else
			assert_int_equal(worker_pool_submit(pool,
			    &jobs[i].job), ERR_OK);
	}
	worker_pool_free(pool);
	assert_int_equal(ran, 100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(order[i], i);
}

static void
a_full_queue_refuses_jobs_but_not_cleanup(void **state)
{
	struct worker_job *refused = new_job();
	struct gate gate;

	(void)state;
	assert_int_equal(worker_pool_new("unit", 1, 4, &pool), ERR_OK);
	gate_close(&gate);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(worker_pool_waiting(pool), i);
		assert_int_equal(worker_pool_submit(pool, new_job()), ERR_OK);
	}
	assert_int_equal(worker_pool_submit(pool, refused), ERR_BUSY);
	assert_int_equal(worker_pool_waiting(pool), 4);
	for (size_t i = 0; i < 3; i++)
		worker_pool_submit_cleanup(pool, new_job());
	assert_int_equal(worker_pool_waiting(pool), 7);
	assert_int_equal(worker_pool_submit(pool, refused), ERR_BUSY);
	assert_int_equal(ran, 0);
	sem_post(&gate.open);
	worker_pool_free(pool);
	gate_clear(&gate);
	assert_int_equal(ran, 7);
	free(refused);
}

static void
freeing_runs_every_job_that_waits(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 4; threads++) {
		atomic_store(&ran, 0);
		assert_int_equal(worker_pool_new("unit", threads, 500, &pool),
		    ERR_OK);
		for (size_t i = 0; i < 500; i++)
			assert_int_equal(worker_pool_submit(pool, new_job()),
			    ERR_OK);
		worker_pool_free(pool);
		assert_int_equal(ran, 500);
	}
}

static void *
free_pool(void *argument)
{
	(void)argument;
	worker_pool_free(pool);
	return NULL;
}

/* Wait until the pool refuses for another reason than a full queue. */
static void
wait_until_it_stops(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int64_t deadline_ms = clock_monotonic_ms() + DEADLINE_MS;
	struct worker_job *job = new_job();

	while (worker_pool_submit(pool, job) == ERR_OK) {
		assert_true(clock_monotonic_ms() < deadline_ms);
		nanosleep(&pause, NULL);
		job = new_job();
	}
	free(job);
}

static void
cleanup_is_taken_while_the_pool_stops(void **state)
{
	pthread_t thread;
	struct gate gate;
	size_t before;

	(void)state;
	assert_int_equal(worker_pool_new("unit", 1, 100000, &pool), ERR_OK);
	gate_close(&gate);
	assert_int_equal(pthread_create(&thread, NULL, free_pool, NULL), 0);
	wait_until_it_stops();
	before = worker_pool_waiting(pool);
	for (size_t i = 0; i < 50; i++)
		worker_pool_submit_cleanup(pool, new_job());
	sem_post(&gate.open);
	pthread_join(thread, NULL);
	gate_clear(&gate);
	assert_int_equal(ran, before + 50);
}

/* Like a cut upload: the last job leaves something to give back. */
static void
leave_cleanup(struct worker_job *job)
{
	(void)job;
	for (size_t i = 0; i < 10; i++)
		worker_pool_submit_cleanup(pool, new_job());
}

static void
cleanup_left_by_the_last_jobs_is_run(void **state)
{
	struct worker_job jobs[20];

	(void)state;
	for (unsigned threads = 1; threads <= 3; threads++) {
		atomic_store(&ran, 0);
		/* What the first leave waits in the same queue. */
		assert_int_equal(worker_pool_new("unit", threads, 220, &pool),
		    ERR_OK);
		for (size_t i = 0; i < 20; i++) {
			jobs[i].run = leave_cleanup;
			assert_int_equal(worker_pool_submit(pool, &jobs[i]),
			    ERR_OK);
		}
		worker_pool_free(pool);
		assert_int_equal(ran, 200);
	}
}

/* Runs in a worker that has ended already, while the pool is being freed. */
static void
submit_at_the_end(void *argument)
{
	worker_pool_submit_cleanup(argument, new_job());
}

static void
arm_the_end(struct worker_job *job)
{
	if (pthread_setspecific(at_end, pool) != 0)
		abort();
	free(job);
}

static void
cleanup_that_comes_after_the_last_worker_is_run(void **state)
{
	struct worker_job *job = new_job();

	(void)state;
	assert_int_equal(pthread_key_create(&at_end, submit_at_the_end), 0);
	assert_int_equal(worker_pool_new("unit", 1, 10, &pool), ERR_OK);
	job->run = arm_the_end;
	assert_int_equal(worker_pool_submit(pool, job), ERR_OK);
	worker_pool_free(pool);
	assert_int_equal(ran, 1);
	assert_int_equal(pthread_key_delete(at_end), 0);
}

static void *
submit_many(void *argument)
{
	size_t *taken = argument;

	for (size_t i = 0; i < 2000; i++) {
		struct worker_job *job = new_job();

		if (worker_pool_submit(pool, job) == ERR_OK)
			(*taken)++;
		else
			free(job);
	}
	return NULL;
}

static void
what_many_threads_submit_runs_once_each(void **state)
{
	pthread_t threads[4];
	size_t taken[4] = { 0 }, total = 0;

	(void)state;
	assert_int_equal(worker_pool_new("unit", 3, 64, &pool), ERR_OK);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		    submit_many, &taken[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		total += taken[i];
	}
	worker_pool_free(pool);
	assert_true(total >= 64);
	assert_int_equal(ran, total);
}

struct named {
	struct worker_job job;
	char name[16];
};

static void
note_name(struct worker_job *job)
{
	struct named *named = (struct named *)job;

	pthread_getname_np(pthread_self(), named->name, sizeof(named->name));
}

static void
assert_thread_name(const char *pool_name, const char *expected)
{
	struct named job = { .job.run = note_name };

	assert_int_equal(worker_pool_new(pool_name, 1, 1, &pool), ERR_OK);
	assert_int_equal(worker_pool_submit(pool, &job.job), ERR_OK);
	worker_pool_free(pool);
	assert_string_equal(job.name, expected);
}

static void
threads_carry_the_name_and_their_number(void **state)
{
	(void)state;
	assert_thread_name("disk", "disk-0");
	assert_thread_name("exactly-13-ch", "exactly-13-ch-0");
	assert_thread_name("a-name-that-is-too-long", "a-name-that-i-0");
}

/* A job that looks at the priority of its thread. */
struct look {
	struct worker_job job;
	int nice;
};

static void
look_run(struct worker_job *job)
{
	((struct look *)job)->nice = getpriority(PRIO_PROCESS,
	    (id_t)gettid());
	sem_post(&done);
}

static void
low_threads_give_way_and_nobody_else_does(void **state)
{
	struct look low = { .job = { .run = look_run } };
	struct look high = { .job = { .run = look_run } };
	struct worker_pool *pools[2];
	int before = getpriority(PRIO_PROCESS, 0);

	(void)state;
	assert_int_equal(worker_pool_new_low("low", 1, 1, &pools[0]), ERR_OK);
	assert_int_equal(worker_pool_new("high", 1, 1, &pools[1]), ERR_OK);
	assert_int_equal(worker_pool_submit(pools[0], &low.job), ERR_OK);
	sem_wait(&done);
	assert_int_equal(worker_pool_submit(pools[1], &high.job), ERR_OK);
	sem_wait(&done);
	worker_pool_free(pools[0]);
	worker_pool_free(pools[1]);
	assert_true(low.nice > before || low.nice == 19);
	assert_int_equal(high.nice, before);
	assert_int_equal(getpriority(PRIO_PROCESS, 0), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_pool_that_never_worked_is_freed,
		    set_up),
		cmocka_unit_test_setup(
		    low_threads_give_way_and_nobody_else_does, set_up),
		cmocka_unit_test_setup(a_pool_without_threads_is_refused,
		    set_up),
		cmocka_unit_test_setup(
		    threads_that_cannot_be_started_are_an_error, set_up),
		cmocka_unit_test_setup(
		    jobs_run_while_the_pool_is_open_also_after_it_was_idle,
		    set_up),
		cmocka_unit_test_setup(
		    one_thread_runs_jobs_in_the_order_of_submission, set_up),
		cmocka_unit_test_setup(
		    a_full_queue_refuses_jobs_but_not_cleanup, set_up),
		cmocka_unit_test_setup(freeing_runs_every_job_that_waits,
		    set_up),
		cmocka_unit_test_setup(cleanup_is_taken_while_the_pool_stops,
		    set_up),
		cmocka_unit_test_setup(cleanup_left_by_the_last_jobs_is_run,
		    set_up),
		cmocka_unit_test_setup(
		    cleanup_that_comes_after_the_last_worker_is_run, set_up),
		cmocka_unit_test_setup(
		    what_many_threads_submit_runs_once_each, set_up),
		cmocka_unit_test_setup(
		    threads_carry_the_name_and_their_number, set_up),
	};

	return cmocka_run_group_tests_name("worker_pool", tests, NULL, NULL);
}
