/* Migrations of our own: a step that leaves a row that refers to none is
 * undone, in whatever way it did so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "commerced/db/db.h"
#include "commerced/db/schema.h"

/* In place of those of schema/.  What plan has for a step, the step breaks. */
const char *const db_migrations[] = {
	"PRAGMA application_id = 1128680526;"
	"CREATE TABLE plan (step INTEGER);"
	"CREATE TABLE parent (id INTEGER PRIMARY KEY);"
	"CREATE TABLE child (parent REFERENCES parent (id));"
	"CREATE TABLE apart (parent);"
	"CREATE TRIGGER apart_is_child AFTER INSERT ON apart BEGIN"
	" INSERT INTO child VALUES (new.parent); END;"
	"INSERT INTO parent VALUES (1), (2), (3);"
	"INSERT INTO child SELECT id FROM parent;"
	"PRAGMA user_version = 1;",
	"CREATE INDEX child_by_parent ON child (parent);"
	"PRAGMA user_version = 2;",
	"INSERT INTO child SELECT 99 FROM plan WHERE step = 3;"
	"PRAGMA user_version = 3;",
	"DELETE FROM parent WHERE id IN (SELECT 1 FROM plan WHERE step = 4);"
	"PRAGMA user_version = 4;",
	"CREATE TABLE made (parent REFERENCES Parent (id));"
	"INSERT INTO made SELECT 99 FROM plan WHERE step = 5;"
	"ALTER TABLE made RENAME TO kept;"
	"PRAGMA user_version = 5;",
	"INSERT INTO apart SELECT 99 FROM plan WHERE step = 6;"
	"PRAGMA user_version = 6;",
	"CREATE TABLE other (id INTEGER PRIMARY KEY);"
	"INSERT INTO other SELECT id FROM parent"
	" WHERE id NOT IN (SELECT 3 FROM plan WHERE step = 7);"
	"DROP TABLE parent; ALTER TABLE other RENAME TO parent;"
	"PRAGMA user_version = 7;",
	"DROP INDEX child_by_parent;"
	"PRAGMA user_version = 8;",
	NULL
};
const int db_migration_count = 8;

struct books {
	char path[64];
};

static int
books_make(void **state)
{
	struct books *books = calloc(1, sizeof(*books));
	int file;

	if (books == NULL)
		return -1;
	(void)snprintf(books->path, sizeof(books->path),
	    "/tmp/migrate-unit-XXXXXX");
	file = mkstemp(books->path);
	*state = books;
	return file == -1 ? -1 : close(file);
}

static int
books_remove(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	struct books *books = *state;
	char path[80];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", books->path,
		    ends[i]);
		(void)unlink(path);
	}
	free(books);
	return 0;
}

/* Without foreign keys, as by other hands. */
static int64_t
sql(const struct books *books, const char *text)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *handle = NULL;
	int64_t number = 0;

	assert_int_equal(sqlite3_open(books->path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle, text, -1, &statement,
	    NULL), SQLITE_OK);
	if (sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
	return number;
}

static enum err
migrate(const struct books *books)
{
	struct db *db;
	enum err e;

	assert_int_equal(db_open(books->path, DB_WRITER, &db), ERR_OK);
	e = db_migrate(db);
	db_close(db);
	return e;
}

static void
leave_at_1(const struct books *books)
{
	sqlite3 *handle = NULL;

	assert_int_equal(sqlite3_open(books->path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, db_migrations[0], NULL, NULL,
	    NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

/* Its rows written, those of a parent deleted, another name, a trigger, the
 * parent made anew. */
static void
a_step_that_breaks_a_reference_in_whatever_way_is_undone(void **state)
{
	const struct books *books = *state;
	char text[64];

	leave_at_1(books);
	for (int step = 3; step <= 7; step++) {
		(void)snprintf(text, sizeof(text),
		    "INSERT INTO plan VALUES (%d)", step);
		(void)sql(books, text);
		assert_int_equal(migrate(books), ERR_DB);
		assert_int_equal(sql(books, "PRAGMA user_version"), step - 1);
		assert_int_equal(sql(books, "SELECT count(*)"
		    " FROM pragma_foreign_key_check"), 0);
		assert_int_equal(sql(books, "SELECT count(*) FROM child"), 3);
		(void)sql(books, "DELETE FROM plan");
	}
	assert_int_equal(migrate(books), ERR_OK);
	assert_int_equal(sql(books, "PRAGMA user_version"), 8);
}

/* The same, when another step of the same start has read all of it. */
static void
a_later_step_of_a_start_is_undone_too(void **state)
{
	const struct books *books = *state;
	char text[64];

	for (int step = 3; step <= 7; step++) {
		leave_at_1(books);
		(void)snprintf(text, sizeof(text),
		    "INSERT INTO plan VALUES (%d)", step);
		(void)sql(books, text);
		assert_int_equal(migrate(books), ERR_DB);
		assert_int_equal(sql(books, "PRAGMA user_version"), step - 1);
		assert_int_equal(sql(books, "SELECT count(*)"
		    " FROM pragma_foreign_key_check"), 0);
		assert_int_equal(unlink(books->path), 0);
	}
	leave_at_1(books);
	assert_int_equal(migrate(books), ERR_OK);
	assert_int_equal(sql(books, "PRAGMA user_version"), 8);
}

static void
books_that_were_damaged_before_are_left_at_any_step(void **state)
{
	const struct books *books = *state;

	leave_at_1(books);
	(void)sql(books, "INSERT INTO child VALUES (99)");
	assert_int_equal(migrate(books), ERR_DB);
	assert_int_equal(sql(books, "PRAGMA user_version"), 1);
	(void)sql(books, "DELETE FROM child WHERE parent = 99");
	assert_int_equal(migrate(books), ERR_OK);
	/* Before a step that touches nothing of it. */
	(void)sql(books, "CREATE INDEX child_by_parent ON child (parent)");
	(void)sql(books, "INSERT INTO child VALUES (99)");
	(void)sql(books, "PRAGMA user_version = 7");
	assert_int_equal(migrate(books), ERR_DB);
	assert_int_equal(sql(books, "PRAGMA user_version"), 7);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, books_make, books_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_step_that_breaks_a_reference_in_whatever_way_is_undone),
		TEST(a_later_step_of_a_start_is_undone_too),
		TEST(books_that_were_damaged_before_are_left_at_any_step),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
