/* Connections for reading: when their snapshots are kept. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "commerced/shop/internal.h"
#include "commerced/shop/session.h"
#include "common/clock.h"
#include "tests/unit/commerced/support/shop_fixture.h"

#define TURNS 5000
#define TURNS_LEAST 500	/* where threads wait for each other, the rest ... */
#define TURNS_MS 5000		/* ... are those of so long */
#define THREADS 4

/* How many that nobody uses hold the log up. */
static size_t
kept(struct readers *readers)
{
	size_t count = 0;

	(void)pthread_mutex_lock(&readers->lock);
	for (size_t i = 0; i < readers->most; i++)
		/* Who has borrowed one writes to has_snapshot. */
		count += !readers->all[i].is_lent &&
		    readers->all[i].has_snapshot;
	(void)pthread_mutex_unlock(&readers->lock);
	return count;
}

static enum err
read_once(struct shop *shop)
{
	struct db *db;
	enum err e = reader_borrow(shop, &db);

	if (!e)
		reader_return(shop, db);
	return e;
}

static void
a_snapshot_is_kept_unless_a_checkpoint_begins(void **state)
{
	struct fixture *fixture = *state;
	struct readers *readers = &fixture->shop->readers;
	struct db *db;

	assert_int_equal(read_once(fixture->shop), ERR_OK);
	assert_int_equal(kept(readers), 1);
	readers_stop_keeping(readers);
	assert_int_equal(kept(readers), 0);
	assert_int_equal(read_once(fixture->shop), ERR_OK);
	assert_int_equal(kept(readers), 0);
	readers_keep_again(readers);

	assert_int_equal(reader_borrow(fixture->shop, &db), ERR_OK);
	readers_stop_keeping(readers);
	reader_return(fixture->shop, db);
	assert_int_equal(kept(readers), 0);
	readers_keep_again(readers);
	assert_int_equal(read_once(fixture->shop), ERR_OK);
	assert_int_equal(kept(readers), 1);
}

static void
the_end_of_one_of_two_checkpoints_keeps_no_snapshot(void **state)
{
	struct fixture *fixture = *state;
	struct readers *readers = &fixture->shop->readers;

	readers_stop_keeping(readers);
	readers_stop_keeping(readers);
	readers_keep_again(readers);
	assert_int_equal(read_once(fixture->shop), ERR_OK);
	assert_int_equal(kept(readers), 0);
	readers_keep_again(readers);
	assert_int_equal(read_once(fixture->shop), ERR_OK);
	assert_int_equal(kept(readers), 1);
}

static void
a_process_beside_the_writer_keeps_none(void **state)
{
	struct fixture *fixture = *state;
	struct shop_options options = fixture->options;
	struct shop *shop;

	options.is_reader = true;
	options.signing_keys = fixture_signing_keys(fixture, "a");
	assert_int_equal(shop_open(&options, &shop), ERR_OK);
	assert_int_equal(read_once(shop), ERR_OK);
	assert_int_equal(kept(&shop->readers), 0);
	shop_close(shop);
}

static void
a_snapshot_for_sessions_outlives_a_sale_and_no_session(void **state)
{
	struct fixture *fixture = *state;
	struct readers *readers = &fixture->shop->authenticators;
	struct uuid item = fixture_item_on_sale(fixture, "waltz", 1);
	struct session_start start;
	struct session session;
	int64_t account = fixture_account(fixture, "a@example.com", &start);
	const struct reader *reader = &readers->all[0];
	int64_t begun_ms;

	fixture_give(fixture, account, 100);
	assert_int_equal(session_authenticate(fixture->shop, start.token,
	    SESSION_TOKEN_LENGTH, &session), ERR_OK);
	begun_ms = reader->begun_ms;
	assert_int_equal(fixture_buy(fixture, account, &item, "k"), ERR_OK);
	assert_int_equal(kept(readers), 1);
	assert_int_equal(reader->commits, atomic_load(&readers->commits));
	assert_int_equal(reader->begun_ms, begun_ms);
	readers_of_books_stop(fixture->shop);
	assert_int_equal(kept(readers), 0);
	readers_of_books_go_on(fixture->shop);
	assert_int_equal(session_authenticate(fixture->shop, start.token,
	    SESSION_TOKEN_LENGTH, &session), ERR_OK);
	assert_int_equal(kept(readers), 1);
	assert_int_equal(fixture_end_session(fixture, account,
	    &start.session.id), ERR_OK);
	assert_int_not_equal(reader->commits, atomic_load(&readers->commits));
	assert_int_equal(session_authenticate(fixture->shop, start.token,
	    SESSION_TOKEN_LENGTH, &session), ERR_SESSION_EXPIRED);
}

struct reading {
	struct shop *shop;
	atomic_bool is_ending;
	atomic_int reads, failures;
};

static void *
read_on(void *argument)
{
	struct reading *reading = argument;

	while (!atomic_load(&reading->is_ending)) {
		if (read_once(reading->shop) != ERR_OK)
			(void)atomic_fetch_add(&reading->failures, 1);
		(void)atomic_fetch_add(&reading->reads, 1);
	}
	return NULL;
}

static void
what_is_given_back_as_a_checkpoint_begins_is_not_kept(void **state)
{
	struct fixture *fixture = *state;
	struct readers *readers = &fixture->shop->readers;
	struct reading reading = { .shop = fixture->shop };
	pthread_t threads[THREADS];
	int64_t end_ms = clock_monotonic_ms() + TURNS_MS;
	size_t held_up = 0;

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on,
		    &reading), 0);
	for (int i = 0; i < TURNS_LEAST || (i < TURNS &&
	    clock_monotonic_ms() < end_ms); i++) {
		int reads = atomic_load(&reading.reads);

		while (atomic_load(&reading.reads) == reads)
			(void)sched_yield();
		readers_stop_keeping(readers);
		(void)sched_yield();
		held_up += kept(readers);
		readers_keep_again(readers);
	}
	atomic_store(&reading.is_ending, true);
	for (size_t i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	assert_int_equal(held_up, 0);
	assert_int_equal(atomic_load(&reading.failures), 0);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_snapshot_is_kept_unless_a_checkpoint_begins),
		TEST(the_end_of_one_of_two_checkpoints_keeps_no_snapshot),
		TEST(a_process_beside_the_writer_keeps_none),
		TEST(a_snapshot_for_sessions_outlives_a_sale_and_no_session),
		TEST(what_is_given_back_as_a_checkpoint_begins_is_not_kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
