/* The log of the books: that it stays short, and what a failed sync ends. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "commerced/db/query.h"
#include "commerced/shop/internal.h"
#include "tests/unit/commerced/support/shop_fixture.h"

#define JOBS 8
#define GROUP 2
#define GROUP_FRAMES 100	/* more than a group of large items has */
#define LOADS 4
#define NEVER 100000000

/* In place of the C library's, for SQLite too. */
static atomic_bool books_sync_fails;	/* not the log's */

static bool
sync_is_to_fail(int descriptor)
{
	const char *const books = "/counterfoil.db";
	const size_t size = strlen(books);
	char link[64], path[256];
	ssize_t length;

	if (!atomic_load(&books_sync_fails))
		return false;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
	length = readlink(link, path, sizeof(path));
	return length > (ssize_t)size &&
	    memcmp(path + length - (ssize_t)size, books, size) == 0;
}

int
fdatasync(int descriptor)
{
	if (sync_is_to_fail(descriptor)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, descriptor);
}

int
fsync(int descriptor)
{
	if (sync_is_to_fail(descriptor)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, descriptor);
}

/* --- writes that never pause ---------------------------------------------- */

/* Items that are made one behind the other, each job again when it is done. */
struct stream {
	struct shop *shop;
	int wanted;		/* items; or ... */
	int enough;		/* ... until the log began anew so often */
	int made;		/* the four: writer thread only */
	int beginnings;
	int64_t longest, last;	/* frames */
	int failures;

	pthread_mutex_t lock;
	pthread_cond_t ended;
	int running;		/* jobs */
};

struct stream_job {
	struct shop_job job;
	struct stream *stream;
	struct item item;
};

static enum err
stream_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct stream_job *mine = (struct stream_job *)job;
	static char large[30000];
	const struct item_fields fields = {
		.given = ITEM_REQUIRED | ITEM_DESCRIPTION, .title = "title",
		.creator = "creator", .description = large };

	memset(large, 'x', sizeof(large) - 1);
	return item_create(tx, &fields, &mine->item);
}

static void
stream_done(struct shop_job *job)
{
	struct stream_job *mine = (struct stream_job *)job;
	struct stream *stream = mine->stream;
	struct shop_counts counts;
	int64_t frames;

	shop_counts_get(stream->shop, &counts);
	frames = (int64_t)counts.wal_frames;
	stream->beginnings += frames < stream->last;
	stream->longest = frames > stream->longest ? frames : stream->longest;
	stream->last = frames;
	stream->failures += job->result != ERR_OK;
	item_clear(&mine->item);
	if (++stream->made < stream->wanted &&
	    stream->beginnings < stream->enough &&
	    shop_submit(stream->shop, job) == ERR_OK)
		return;
	(void)pthread_mutex_lock(&stream->lock);
	stream->running--;
	(void)pthread_cond_signal(&stream->ended);
	(void)pthread_mutex_unlock(&stream->lock);
}

static void
stream_of_items(struct fixture *fixture, struct stream *stream, int wanted,
    int enough)
{
	static struct stream_job jobs[JOBS];

	*stream = (struct stream){ .shop = fixture->shop, .wanted = wanted,
	    .enough = enough, .lock = PTHREAD_MUTEX_INITIALIZER,
	    .ended = PTHREAD_COND_INITIALIZER, .running = JOBS };
	for (int i = 0; i < JOBS; i++) {
		jobs[i] = (struct stream_job){ .stream = stream,
		    .job = { .run = stream_run, .done = stream_done } };
		assert_int_equal(shop_submit(fixture->shop, &jobs[i].job),
		    ERR_OK);
	}
	(void)pthread_mutex_lock(&stream->lock);
	while (stream->running > 0)
		(void)pthread_cond_wait(&stream->ended, &stream->lock);
	(void)pthread_mutex_unlock(&stream->lock);
	assert_int_equal(stream->failures, 0);
}

static void
open_with_pace(struct fixture *fixture, struct log_pace pace)
{
	shop_close(fixture->shop);
	fixture->shop = NULL;
	fixture->options.log_pace = pace;
	fixture->options.group_max = GROUP;
	fixture->options.signing_keys = fixture_signing_keys(fixture, "a");
	assert_int_equal(shop_open(&fixture->options, &fixture->shop),
	    ERR_OK);
}

/* --- a machine that has other things to do -------------------------------- */

struct load {
	atomic_bool is_ending;
	pthread_t threads[LOADS];
};

static void *
load_main(void *argument)
{
	struct load *load = argument;

	while (!atomic_load(&load->is_ending))
		continue;
	return NULL;
}

static void
load_begin(struct load *load)
{
	atomic_init(&load->is_ending, false);
	for (int i = 0; i < LOADS; i++)
		assert_int_equal(pthread_create(&load->threads[i], NULL,
		    load_main, load), 0);
}

static void
load_end(struct load *load)
{
	atomic_store(&load->is_ending, true);
	for (int i = 0; i < LOADS; i++)
		(void)pthread_join(load->threads[i], NULL);
}

/* --- tests ---------------------------------------------------------------- */

static void
the_log_begins_anew_though_writes_never_pause(void **state)
{
	struct fixture *fixture = *state;
	struct stream stream;
	struct load load;

	open_with_pace(fixture, (struct log_pace){ .pass = 50, .near = 300,
	    .few = 30, .passes = 4, .must = NEVER, .wait_ms = 1000 });
	stream_of_items(fixture, &stream, 20000, 3);
	assert_int_equal(stream.beginnings, 3);
	load_begin(&load);
	stream_of_items(fixture, &stream, 20000, 3);
	load_end(&load);
	assert_int_equal(stream.beginnings, 3);
}

static void
passes_that_do_not_catch_up_are_the_writers_turn(void **state)
{
	struct fixture *fixture = *state;
	struct stream stream;

	/* few: less than none. */
	open_with_pace(fixture, (struct log_pace){ .pass = 50, .near = 300,
	    .few = -NEVER, .passes = 4, .must = NEVER, .wait_ms = 1000 });
	stream_of_items(fixture, &stream, 20000, 3);
	assert_int_equal(stream.beginnings, 3);
}

static void
the_log_is_bounded_on_a_loaded_machine(void **state)
{
	struct fixture *fixture = *state;
	const struct log_pace pace = { .pass = 50, .near = 300, .few = 30,
	    .passes = 4, .must = 600, .wait_ms = 5, .must_wait_ms = 60000 };
	struct stream stream;
	struct load load;

	open_with_pace(fixture, pace);
	load_begin(&load);
	stream_of_items(fixture, &stream, 600, NEVER);
	load_end(&load);
	assert_true(stream.beginnings >= 600 / 60);
	assert_true(stream.longest <= pace.must + pace.pass + GROUP_FRAMES);
}

static void
without_any_pass_the_writer_begins_the_log_anew(void **state)
{
	struct fixture *fixture = *state;
	const struct log_pace pace = { .pass = 50, .near = NEVER,
	    .few = -NEVER, .passes = NEVER, .must = 600, .wait_ms = 5,
	    .must_wait_ms = 60000 };
	struct stream stream;

	open_with_pace(fixture, pace);
	stream_of_items(fixture, &stream, 400, NEVER);
	assert_true(stream.beginnings >= 3);
	assert_true(stream.longest >= pace.must);
	assert_true(stream.longest <= pace.must + pace.pass + GROUP_FRAMES);
}

static void
a_reader_that_stays_holds_the_log_and_no_sale(void **state)
{
	struct fixture *fixture = *state;
	struct stream stream;
	sqlite3 *reader;

	open_with_pace(fixture, (struct log_pace){ .pass = 50, .near = 200,
	    .few = 30, .passes = 4, .must = 400, .wait_ms = 1,
	    .must_wait_ms = 1 });
	(void)fixture_item(fixture, "title", 1);
	assert_int_equal(sqlite3_open(fixture->database, &reader), SQLITE_OK);
	assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) "
	    "FROM item", NULL, NULL, NULL), SQLITE_OK);
	stream_of_items(fixture, &stream, 100, NEVER);
	assert_int_equal(stream.beginnings, 0);
	assert_true(stream.longest > 600);
	assert_int_equal(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_close(reader), SQLITE_OK);
	stream_of_items(fixture, &stream, 20000, 1);
	assert_int_equal(stream.beginnings, 1);
}

/* The life of a child: write until a pass cannot sync the books. */
static void
child_writes(struct fixture *fixture, int descriptor)
{
	struct stream stream;

	fixture->options.signing_keys = fixture_signing_keys(fixture, "a");
	if (shop_open(&fixture->options, &fixture->shop))
		_exit(2);
	atomic_store(&books_sync_fails, true);
	for (;;) {
		stream_of_items(fixture, &stream, 1, NEVER);
		if (write(descriptor, "x", 1) != 1)
			_exit(3);
	}
}

static int64_t
items_in_books(const struct fixture *fixture)
{
	return fixture_number(fixture, "SELECT count(*) FROM item");
}

static void
books_end_intact(struct fixture *fixture, struct log_pace pace)
{
	int pipes[2], status = 0;
	int64_t before = items_in_books(fixture), answered = 0;
	char byte;
	pid_t child;

	shop_close(fixture->shop);
	fixture->shop = NULL;
	fixture->options.log_pace = pace;
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)close(pipes[0]);
		child_writes(fixture, pipes[1]);
	}
	(void)close(pipes[1]);
	while (answered < 10000 && read(pipes[0], &byte, 1) == 1)
		answered++;
	(void)close(pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);

	fixture->options.log_pace = (struct log_pace){ 0 };
	fixture->options.signing_keys = fixture_signing_keys(fixture, "a");
	assert_int_equal(shop_open(&fixture->options, &fixture->shop),
	    ERR_OK);
	fixture_check_books(fixture);
	/* Each of the child's streams has JOBS items. */
	assert_in_range(items_in_books(fixture) - before, answered * JOBS,
	    (answered + 1) * JOBS);
}

static void
a_pass_that_cannot_be_synced_ends_the_process(void **state)
{
	books_end_intact(*state, (struct log_pace){ .pass = 50, .near = 1,
	    .few = -NEVER, .passes = NEVER, .must = NEVER });
}

static void
a_writers_turn_that_cannot_be_synced_ends_the_process(void **state)
{
	books_end_intact(*state, (struct log_pace){ .pass = 300,
	    .near = NEVER, .must = 1, .must_wait_ms = 1000 });
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_log_begins_anew_though_writes_never_pause),
		TEST(passes_that_do_not_catch_up_are_the_writers_turn),
		TEST(the_log_is_bounded_on_a_loaded_machine),
		TEST(without_any_pass_the_writer_begins_the_log_anew),
		TEST(a_reader_that_stays_holds_the_log_and_no_sale),
		TEST(a_pass_that_cannot_be_synced_ends_the_process),
		TEST(a_writers_turn_that_cannot_be_synced_ends_the_process),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
