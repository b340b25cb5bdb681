/* The writer: groups, savepoints, and what it says when the disk fails. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "commerced/db/query.h"
#include "commerced/shop/internal.h"
#include "common/clock.h"
#include "tests/unit/commerced/support/shop_fixture.h"

#define JOBS 12
#define MANY 60

/* In place of the C library's, for SQLite too: fails while told so. */
static atomic_bool sync_fails;

int
fdatasync(int descriptor)
{
	if (atomic_load(&sync_fails)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, descriptor);
}

int
fsync(int descriptor)
{
	if (atomic_load(&sync_fails)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, descriptor);
}

/* Holds the writer until it is let go, so that what follows is one group. */
struct gate {
	struct shop_job job;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_open;
	bool is_reached;
};

static enum err
gate_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct gate *gate = (struct gate *)job;

	(void)tx;
	(void)pthread_mutex_lock(&gate->lock);
	gate->is_reached = true;
	(void)pthread_cond_broadcast(&gate->changed);
	while (!gate->is_open)
		(void)pthread_cond_wait(&gate->changed, &gate->lock);
	(void)pthread_mutex_unlock(&gate->lock);
	return ERR_OK;
}

static void
gate_done(struct shop_job *job)
{
	(void)job;
}

static struct gate gate;

static void
gate_close(struct fixture *fixture)
{
	gate = (struct gate){ .job = { .run = gate_run, .done = gate_done },
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .changed = PTHREAD_COND_INITIALIZER };
	assert_int_equal(shop_submit(fixture->shop, &gate.job), ERR_OK);
	(void)pthread_mutex_lock(&gate.lock);
	while (!gate.is_reached)
		(void)pthread_cond_wait(&gate.changed, &gate.lock);
	(void)pthread_mutex_unlock(&gate.lock);
}

static void
gate_open(void)
{
	(void)pthread_mutex_lock(&gate.lock);
	gate.is_open = true;
	(void)pthread_cond_broadcast(&gate.changed);
	(void)pthread_mutex_unlock(&gate.lock);
}

/* A job that makes an item, large or small, and may fail at its end. */
struct item_job {
	struct shop_job job;
	const char *description;
	enum err fails_with;
	bool writes_nothing;
	int runs;
	atomic_bool is_done;
	struct item item;
};

static enum err
item_job_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct item_job *mine = (struct item_job *)job;
	const struct item_fields fields = {
		.given = ITEM_REQUIRED | ITEM_DESCRIPTION, .title = "title",
		.creator = "creator", .description = mine->description };
	enum err e;

	mine->runs++;
	if (mine->writes_nothing)
		return mine->fails_with;
	e = item_create(tx, &fields, &mine->item);
	return e ? e : mine->fails_with;
}

static void
item_job_done(struct shop_job *job)
{
	atomic_store(&((struct item_job *)job)->is_done, true);
}

static void
item_jobs_submit(struct fixture *fixture, struct item_job jobs[], int count)
{
	for (int i = 0; i < count; i++) {
		jobs[i].job.run = item_job_run;
		jobs[i].job.done = item_job_done;
		assert_int_equal(shop_submit(fixture->shop, &jobs[i].job),
		    ERR_OK);
	}
}

/* Everything submitted before is done when this returns. */
static void
writer_wait(struct fixture *fixture)
{
	struct item_job last = { .job = { .run = item_job_run },
	    .fails_with = ERR_INTERNAL, .writes_nothing = true };

	(void)shop_run(fixture->shop, &last.job);
	item_clear(&last.item);
}

static int64_t
items_in_books(const struct fixture *fixture)
{
	return fixture_number(fixture, "SELECT count(*) FROM item");
}

static void
a_job_that_fails_in_a_group_is_undone_alone(void **state)
{
	struct fixture *fixture = *state;
	static struct item_job jobs[JOBS];
	struct shop_counts before, after;

	memset(jobs, 0, sizeof(jobs));
	gate_close(fixture);
	shop_counts_get(fixture->shop, &before);
	jobs[3].fails_with = ERR_PRICE_CHANGED;
	jobs[JOBS - 1].fails_with = ERR_CODE_USED;
	item_jobs_submit(fixture, jobs, JOBS);
	for (int i = 0; i < JOBS; i++)
		assert_false(atomic_load(&jobs[i].is_done));
	gate_open();
	writer_wait(fixture);
	for (int i = 0; i < JOBS; i++) {
		assert_true(atomic_load(&jobs[i].is_done));
		/* Those up to the first that failed had run before. */
		assert_int_equal(jobs[i].runs, i <= 3 ? 2 : 1);
		assert_int_equal(jobs[i].job.result, jobs[i].fails_with);
		item_clear(&jobs[i].item);
	}
	assert_int_equal(items_in_books(fixture), JOBS - 2);
	/* The gate's group, theirs, and the one that waited for them. */
	shop_counts_get(fixture->shop, &after);
	assert_true(after.groups - before.groups <= 3);
	assert_int_equal(after.jobs_refused - before.jobs_refused, 3);
	assert_int_equal(after.groups_lost, before.groups_lost);
}

static void
a_job_that_fails_before_it_writes_repeats_no_other(void **state)
{
	struct fixture *fixture = *state;
	static struct item_job jobs[JOBS];

	memset(jobs, 0, sizeof(jobs));
	gate_close(fixture);
	jobs[3].fails_with = ERR_PRICE_CHANGED;
	jobs[3].writes_nothing = true;
	item_jobs_submit(fixture, jobs, JOBS);
	gate_open();
	writer_wait(fixture);
	for (int i = 0; i < JOBS; i++) {
		assert_int_equal(jobs[i].runs, 1);
		assert_int_equal(jobs[i].job.result, jobs[i].fails_with);
		item_clear(&jobs[i].item);
	}
	assert_int_equal(items_in_books(fixture), JOBS - 1);
}

/* What the writer said around the ends of jobs. */
static struct telling {
	int begins, ends;
	int untold;		/* ended outside */
} telling;

static void
note_telling(void *context, bool begins)
{
	(void)context;
	if (begins)
		telling.begins++;
	else
		telling.ends++;
}

static void
told_job_done(struct shop_job *job)
{
	telling.untold += telling.begins != telling.ends + 1;
	item_job_done(job);
}

static void
the_ends_of_a_group_are_told_together(void **state)
{
	struct fixture *fixture = *state;
	static struct item_job jobs[JOBS];

	shop_close(fixture->shop);
	fixture->options.telling = note_telling;
	fixture->options.signing_keys = fixture_signing_keys(fixture, "2026a");
	assert_int_equal(shop_open(&fixture->options, &fixture->shop),
	    ERR_OK);
	memset(jobs, 0, sizeof(jobs));
	gate_close(fixture);
	telling = (struct telling){ 0 };
	item_jobs_submit(fixture, jobs, JOBS);
	for (int i = 0; i < JOBS; i++)
		jobs[i].job.done = told_job_done;
	gate_open();
	writer_wait(fixture);
	/* Its end waits for the writer's: the last group's too is told. */
	shop_drain(fixture->shop);
	assert_int_equal(telling.untold, 0);
	/* The gate's, theirs, and the one that waited for them. */
	assert_in_range(telling.begins, 2, 3);
	assert_int_equal(telling.begins, telling.ends);
	for (int i = 0; i < JOBS; i++) {
		assert_true(atomic_load(&jobs[i].is_done));
		item_clear(&jobs[i].item);
	}
}

static void
a_group_is_no_larger_than_the_option(void **state)
{
	struct fixture *fixture = *state;
	static struct item_job jobs[JOBS];
	struct shop_counts before, after;

	shop_close(fixture->shop);
	fixture->options.group_max = 1;
	fixture->options.signing_keys = fixture_signing_keys(fixture, "2026a");
	assert_int_equal(shop_open(&fixture->options, &fixture->shop),
	    ERR_OK);
	memset(jobs, 0, sizeof(jobs));
	gate_close(fixture);
	shop_counts_get(fixture->shop, &before);
	item_jobs_submit(fixture, jobs, JOBS);
	gate_open();
	writer_wait(fixture);
	shop_counts_get(fixture->shop, &after);
	/* The gate's, theirs, and the one that waited for them. */
	assert_int_equal(after.groups - before.groups, JOBS + 2);
	for (int i = 0; i < JOBS; i++)
		item_clear(&jobs[i].item);
}

/* Groups made of the gate, MANY jobs, and the one that waited for them. */
static uint64_t
groups_of_many(struct fixture *fixture, int64_t commit_us)
{
	static struct item_job jobs[MANY];
	struct shop_counts before, after;

	memset(jobs, 0, sizeof(jobs));
	gate_close(fixture);
	shop_counts_get(fixture->shop, &before);
	fixture->shop->writer.commit_us = commit_us;
	for (int i = 0; i < MANY; i++)
		jobs[i].writes_nothing = true;
	item_jobs_submit(fixture, jobs, MANY);
	gate_open();
	writer_wait(fixture);
	shop_drain(fixture->shop);
	shop_counts_get(fixture->shop, &after);
	for (int i = 0; i < MANY; i++)
		assert_true(atomic_load(&jobs[i].is_done));
	/* None of them wrote. */
	assert_int_equal(fixture->shop->writer.commit_us, commit_us);
	return after.groups - before.groups;
}

static void
where_commits_are_quick_jobs_are_left_for_the_next_group(void **state)
{
	struct fixture *fixture = *state;

	assert_in_range(groups_of_many(fixture, 0), 4, 5);
	assert_int_equal(writer_share(0, 100), writer_share(84, 100));
	assert_true(writer_share(84, 100) < 84 / 2);
	assert_int_equal(writer_share(300, 100), 100);
}

static void
where_commits_are_slow_a_group_takes_all_that_wait(void **state)
{
	struct fixture *fixture = *state;

	assert_in_range(groups_of_many(fixture, 5000), 2, 3);
	assert_int_equal(writer_share(300, 5000), 300);
}

static void
set_page_limit(struct fixture *fixture, int64_t more)
{
	sqlite3 *handle = fixture->shop->writer.db->handle;
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %lld",
	    (long long)(more < 0 ? 1073741823 : fixture_number(fixture,
	    "PRAGMA page_count") + more));
	assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL),
	    SQLITE_OK);
}

static void
a_full_disk_in_mid_group_refuses_only_what_does_not_fit(void **state)
{
	struct fixture *fixture = *state;
	static struct item_job jobs[JOBS];
	static char large[30000];
	struct shop_counts counts;
	int done = 0, full = 0;

	memset(jobs, 0, sizeof(jobs));
	memset(large, 'x', sizeof(large) - 1);
	writer_wait(fixture);
	set_page_limit(fixture, 12);
	gate_close(fixture);
	for (int i = 0; i < JOBS; i++)
		jobs[i].description = i == 2 || i == 7 ? large : NULL;
	jobs[2].description = large;
	item_jobs_submit(fixture, jobs, JOBS);
	gate_open();
	writer_wait(fixture);
	for (int i = 0; i < JOBS; i++) {
		assert_true(atomic_load(&jobs[i].is_done));
		done += jobs[i].job.result == ERR_OK;
		full += jobs[i].job.result == ERR_STORAGE_FULL;
		item_clear(&jobs[i].item);
	}
	assert_int_equal(done + full, JOBS);
	assert_true(done >= JOBS - 2);
	assert_true(full >= 1);
	assert_int_equal(items_in_books(fixture), done);
	shop_counts_get(fixture->shop, &counts);
	assert_int_equal(atomic_load(&fixture->fatal_calls), 0);

	set_page_limit(fixture, -1);
	memset(jobs, 0, sizeof(jobs));
	for (int i = 0; i < JOBS; i++)
		jobs[i].description = large;
	item_jobs_submit(fixture, jobs, JOBS);
	writer_wait(fixture);
	for (int i = 0; i < JOBS; i++) {
		assert_int_equal(jobs[i].job.result, ERR_OK);
		item_clear(&jobs[i].item);
	}
}

/* COMMIT's own sync fails: nobody can say whether the group is there. */
static void
a_failed_commit_is_an_unknown_outcome_and_the_end(void **state)
{
	struct fixture *fixture = *state;
	static struct item_job jobs[JOBS], late;
	int64_t items, give_up_ms;

	memset(jobs, 0, sizeof(jobs));
	gate_close(fixture);
	jobs[5].fails_with = ERR_ALREADY_OWNED;
	item_jobs_submit(fixture, jobs, JOBS);
	atomic_store(&sync_fails, true);
	gate_open();
	give_up_ms = clock_monotonic_ms() + 60000;
	while (atomic_load(&fixture->fatal_calls) == 0 &&
	    clock_monotonic_ms() < give_up_ms)
		(void)sched_yield();
	assert_int_equal(atomic_load(&fixture->fatal_calls), 1);
	atomic_store(&sync_fails, false);
	/* The gate's own commit wrote nothing, so it did not fail. */
	for (int i = 0; i < JOBS; i++) {
		assert_true(atomic_load(&jobs[i].is_done));
		assert_int_equal(jobs[i].job.result, ERR_OUTCOME_UNKNOWN);
		item_clear(&jobs[i].item);
	}
	late.job = (struct shop_job){ .run = item_job_run,
	    .done = item_job_done };
	assert_int_equal(shop_submit(fixture->shop, &late.job), ERR_BUSY);

	/* Recovery decides: all of the group, or nothing. */
	fixture_reopen(fixture);
	items = items_in_books(fixture);
	assert_true(items == 0 || items == JOBS - 1);
	fixture_check_books(fixture);
}

static void
a_full_queue_and_a_draining_shop_take_no_more(void **state)
{
	struct fixture *fixture = *state;
	static struct item_job jobs[JOBS], more;

	memset(jobs, 0, sizeof(jobs));
	memset(&more, 0, sizeof(more));
	shop_close(fixture->shop);
	fixture->options.queue_max = JOBS;
	fixture->options.signing_keys = fixture_signing_keys(fixture, "a");
	assert_int_equal(shop_open(&fixture->options, &fixture->shop),
	    ERR_OK);
	gate_close(fixture);
	item_jobs_submit(fixture, jobs, JOBS);
	more.job = (struct shop_job){ .run = item_job_run,
	    .done = item_job_done };
	assert_int_equal(shop_submit(fixture->shop, &more.job), ERR_BUSY);
	gate_open();
	shop_drain(fixture->shop);
	for (int i = 0; i < JOBS; i++) {
		assert_true(atomic_load(&jobs[i].is_done));
		assert_int_equal(jobs[i].job.result, ERR_OK);
		item_clear(&jobs[i].item);
	}
	assert_int_equal(shop_submit(fixture->shop, &more.job), ERR_BUSY);
	assert_int_equal(shop_run(fixture->shop, &more.job), ERR_BUSY);
	assert_int_equal(more.runs, 0);
	assert_int_equal(shop_check(fixture->shop), ERR_OK);
}

static void
what_is_read_after_done_includes_the_job(void **state)
{
	struct fixture *fixture = *state;
	struct item item = { 0 };

	for (int i = 0; i < 50; i++) {
		struct uuid id = fixture_item(fixture, "title", i);

		assert_int_equal(item_get_any(fixture->shop, &id, &item),
		    ERR_OK);
		assert_int_equal(item.price_minor, i);
	}
	item_clear(&item);
}

static void
a_long_log_is_moved_into_the_file_while_writes_go_on(void **state)
{
	struct fixture *fixture = *state;
	static char large[30000];
	static struct item_job jobs[JOBS];
	struct shop_counts counts;
	int64_t give_up_ms;

	memset(large, 'x', sizeof(large) - 1);
	for (int i = 0; i < 60; i++) {
		memset(jobs, 0, sizeof(jobs));
		for (int j = 0; j < JOBS; j++)
			jobs[j].description = large;
		item_jobs_submit(fixture, jobs, JOBS);
		writer_wait(fixture);
		for (int j = 0; j < JOBS; j++) {
			assert_int_equal(jobs[j].job.result, ERR_OK);
			item_clear(&jobs[j].item);
		}
	}
	/* The checkpointer is another thread: it may be on its way. */
	give_up_ms = clock_monotonic_ms() + 60000;
	do {
		(void)sched_yield();
		shop_counts_get(fixture->shop, &counts);
	} while (counts.checkpoints == 0 &&
	    clock_monotonic_ms() < give_up_ms);
	assert_true(counts.checkpoints > 0);
	assert_true(counts.wal_frames < 16000);
	assert_int_equal(items_in_books(fixture), 60 * JOBS);
}

/* The life of the child: buy for ever, tell of each sale that was answered. */
static void
child_sells(struct fixture *fixture, int descriptor)
{
	int64_t buyer;
	struct uuid item;
	char title[16];

	fixture->options.signing_keys = fixture_signing_keys(fixture, "a");
	if (shop_open(&fixture->options, &fixture->shop))
		_exit(2);
	buyer = fixture_account(fixture, "a@example.com", NULL);
	fixture_give(fixture, buyer, 1000000);
	for (int i = 1;; i++) {
		(void)snprintf(title, sizeof(title), "item %d", i);
		item = fixture_item_on_sale(fixture, title, 1);
		if (fixture_buy(fixture, buyer, &item, title) ||
		    write(descriptor, "x", 1) != 1)
			_exit(3);
	}
}

static void
what_was_answered_is_there_after_a_kill(void **state)
{
	struct fixture *fixture = *state;
	int pipes[2], status = 0;
	int64_t answered = 0;
	char byte;
	pid_t child;

	shop_close(fixture->shop);
	fixture->shop = NULL;
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)close(pipes[0]);
		child_sells(fixture, pipes[1]);
	}
	(void)close(pipes[1]);
	while (answered < 40 && read(pipes[0], &byte, 1) == 1)
		answered++;
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	while (read(pipes[0], &byte, 1) == 1)
		answered++;
	(void)close(pipes[0]);

	fixture_reopen(fixture);
	fixture_check_books(fixture);
	assert_true(answered >= 40);
	assert_in_range(fixture_number(fixture,
	    "SELECT count(*) FROM purchase"), answered, answered + 1);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_job_that_fails_in_a_group_is_undone_alone),
		TEST(a_job_that_fails_before_it_writes_repeats_no_other),
		TEST(the_ends_of_a_group_are_told_together),
		TEST(a_group_is_no_larger_than_the_option),
		TEST(where_commits_are_quick_jobs_are_left_for_the_next_group),
		TEST(where_commits_are_slow_a_group_takes_all_that_wait),
		TEST(a_full_disk_in_mid_group_refuses_only_what_does_not_fit),
		TEST(a_failed_commit_is_an_unknown_outcome_and_the_end),
		TEST(a_full_queue_and_a_draining_shop_take_no_more),
		TEST(what_is_read_after_done_includes_the_job),
		TEST(a_long_log_is_moved_into_the_file_while_writes_go_on),
		TEST(what_was_answered_is_there_after_a_kill),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
