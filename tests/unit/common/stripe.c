/* Counters in stripes: exact, however many threads count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>

#include "common/stripe.h"

#define THREADS (STRIPES + 16)
#define ROUNDS 20000

struct counter {
	_Alignas(STRIPE_BYTES) _Atomic uint64_t count;
	_Atomic unsigned threads;	/* that have this stripe */
};

static struct counter *counters;
static pthread_barrier_t all_there;

static void *
count(void *unused)
{
	struct counter *mine = &counters[stripe_mine()];

	(void)unused;
	atomic_fetch_add(&mine->threads, 1);
	pthread_barrier_wait(&all_there);	/* all at the same time */
	for (unsigned i = 0; i < ROUNDS; i++) {
		stripe_add(&mine->count, 3);
		stripe_add(&mine->count, UINT64_MAX);	/* one less */
	}
	return NULL;
}

static void
run(unsigned how_many)
{
	pthread_t threads[THREADS];

	assert_int_equal(pthread_barrier_init(&all_there, NULL, how_many), 0);
	for (unsigned i = 0; i < how_many; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count,
		    NULL), 0);
	for (unsigned i = 0; i < how_many; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&all_there);
}

static uint64_t
sum(void)
{
	uint64_t all = 0;

	for (size_t i = 0; i < STRIPES; i++)
		all += atomic_load(&counters[i].count);
	return all;
}

static void
every_thread_counts_right_alone_or_not(void **state)
{
	(void)state;
	counters = stripes_new(sizeof(*counters));
	assert_non_null(counters);
	run(THREADS);
	assert_int_equal(sum(), 2 * (uint64_t)THREADS * ROUNDS);
	for (size_t i = 0; i < STRIPES - 1; i++)
		assert_int_equal(atomic_load(&counters[i].threads), 1);
	/* Those that ended leave theirs to nobody. */
	run(4);
	assert_int_equal(sum(), 2 * (uint64_t)(THREADS + 4) * ROUNDS);
	assert_int_equal(atomic_load(&counters[STRIPES - 1].threads),
	    THREADS + 4 - (STRIPES - 1));
	free(counters);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_thread_counts_right_alone_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
