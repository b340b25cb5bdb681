/* What is held back of the log is there for whoever may look for it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "commerced/db/log_file.h"

/* In place of the C library's, for SQLite: counted, and fails when told so. */
static atomic_int writes, writes_left = -1;

ssize_t
pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset)
{
	(void)atomic_fetch_add(&writes, 1);
	if (atomic_load(&writes_left) == 0) {
		errno = ENOSPC;
		return -1;
	}
	if (atomic_load(&writes_left) > 0)
		(void)atomic_fetch_sub(&writes_left, 1);
	return syscall(SYS_pwrite64, descriptor, bytes, size, offset);
}

ssize_t
pwrite(int descriptor, const void *bytes, size_t size, off_t offset)
{
	return pwrite64(descriptor, bytes, size, offset);
}

struct story {
	char folder[64], path[80];
	sqlite3 *writer;
	sqlite3 *reader;	/* of the system's VFS */
};

static void
run(sqlite3 *handle, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
}

static int64_t
number(sqlite3 *handle, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t value;

	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement,
	    NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return value;
}

static const char *
writer_vfs(void)
{
	static const char *name;

	if (name == NULL)
		name = log_file_prepare();
	assert_non_null(name);
	return name;
}

static int
story_begin(void **state)
{
	static struct story story;
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

	(void)snprintf(story.folder, sizeof(story.folder),
	    "/tmp/log-file.XXXXXX");
	assert_non_null(mkdtemp(story.folder));
	(void)snprintf(story.path, sizeof(story.path), "%s/books.db",
	    story.folder);
	assert_int_equal(sqlite3_open_v2(story.path, &story.writer, flags,
	    writer_vfs()), SQLITE_OK);
	/* Ten pages of memory: large transactions spill into the log. */
	run(story.writer, "PRAGMA synchronous = FULL;"
	    "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;"
	    "PRAGMA cache_size = 10;"
	    "CREATE TABLE book (id INTEGER PRIMARY KEY, text BLOB)");
	assert_int_equal(sqlite3_open_v2(story.path, &story.reader, flags,
	    NULL), SQLITE_OK);
	*state = &story;
	return 0;
}

static int
story_end(void **state)
{
	struct story *story = *state;
	char command[96];

	assert_int_equal(number(story->reader,
	    "SELECT count(*) FROM pragma_integrity_check()"
	    " WHERE integrity_check = 'ok'"), 1);
	assert_int_equal(sqlite3_close(story->reader), SQLITE_OK);
	assert_int_equal(sqlite3_close(story->writer), SQLITE_OK);
	(void)snprintf(command, sizeof(command), "rm -r '%s'", story->folder);
	assert_int_equal(system(command), 0);
	return 0;
}

#define ADD_BOOKS "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1" \
    " FROM n WHERE n < 2000) INSERT INTO book (text)" \
    " SELECT randomblob(1000) FROM n"

static int64_t
books(sqlite3 *handle)
{
	return number(handle, "SELECT count(*) FROM book"
	    " WHERE length(text) = 1000");
}

static void
a_commit_is_seen_by_other_connections(void **state)
{
	struct story *story = *state;

	for (int i = 1; i <= 50; i++) {
		run(story->writer, "INSERT INTO book (text)"
		    " VALUES (randomblob(1000))");
		assert_int_equal(books(story->reader), i);
	}
	run(story->writer, ADD_BOOKS);
	assert_int_equal(books(story->reader), 2050);
}

static void
what_is_written_is_read_back_before_the_commit(void **state)
{
	struct story *story = *state;

	run(story->writer, "BEGIN; " ADD_BOOKS);
	assert_int_equal(books(story->writer), 2000);
	run(story->writer, "SAVEPOINT more; " ADD_BOOKS
	    "; UPDATE book SET text = randomblob(1000) WHERE id % 7 = 0");
	assert_int_equal(books(story->writer), 4000);
	assert_int_equal(books(story->reader), 0);
	run(story->writer, "ROLLBACK TO more");
	assert_int_equal(books(story->writer), 2000);
	run(story->writer, "COMMIT");
	assert_int_equal(books(story->reader), 2000);
	run(story->writer, "BEGIN; DELETE FROM book; ROLLBACK");
	assert_int_equal(books(story->writer), 2000);
}

static void
a_log_that_begins_anew_is_seen_too(void **state)
{
	struct story *story = *state;

	for (int i = 1; i <= 4; i++) {
		run(story->writer, ADD_BOOKS);
		run(story->writer, i % 2 == 0 ?
		    "PRAGMA wal_checkpoint(TRUNCATE)" :
		    "PRAGMA wal_checkpoint(RESTART)");
		assert_int_equal(books(story->reader), 2000 * i);
	}
}

static void
a_commit_takes_few_large_writes(void **state)
{
	struct story *story = *state;
	int64_t pages;

	run(story->writer, "PRAGMA cache_size = 10000");
	atomic_store(&writes, 0);
	run(story->writer, ADD_BOOKS);
	pages = number(story->writer, "PRAGMA page_count");
	assert_true(pages > 400);
	/* 31 pages in each, and few more for the shared memory. */
	assert_in_range(atomic_load(&writes), 1, pages / 31 + 10);
}

/* Whichever write is the first that fails: all of it is undone. */
static void
a_disk_that_is_full_undoes_the_transaction(void **state)
{
	struct story *story = *state;
	int failed = 0;

	run(story->writer, "PRAGMA cache_size = 10000");
	run(story->writer, ADD_BOOKS);
	for (int left = 0; left < 40; left++) {
		int rc;

		atomic_store(&writes_left, left);
		rc = sqlite3_exec(story->writer, "BEGIN IMMEDIATE; "
		    ADD_BOOKS "; COMMIT", NULL, NULL, NULL);
		atomic_store(&writes_left, -1);
		if (rc == SQLITE_OK) {
			run(story->writer, "DELETE FROM book WHERE id > 2000");
			continue;
		}
		failed++;
		assert_int_equal(rc & 0xff, SQLITE_FULL);
		if (sqlite3_get_autocommit(story->writer) == 0)
			run(story->writer, "ROLLBACK");
		assert_int_equal(books(story->writer), 2000);
		assert_int_equal(books(story->reader), 2000);
	}
	assert_in_range(failed, 10, 39);
	run(story->writer, ADD_BOOKS);
	assert_int_equal(books(story->reader), 4000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, story_begin, story_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_commit_is_seen_by_other_connections),
		TEST(what_is_written_is_read_back_before_the_commit),
		TEST(a_log_that_begins_anew_is_seen_too),
		TEST(a_commit_takes_few_large_writes),
		TEST(a_disk_that_is_full_undoes_the_transaction),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
