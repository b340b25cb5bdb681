/* Opening the books: whose they are, and which release wrote them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "commerced/db/schema.h"
#include "tests/unit/commerced/support/shop_fixture.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void
sql(const struct fixture *fixture, const char *text)
{
	sqlite3 *handle = NULL;

	assert_int_equal(sqlite3_open(fixture->database, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, text, NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

/* Close, open with what options say now; the shop stays closed on error. */
static enum err
open_again(struct fixture *fixture)
{
	shop_close(fixture->shop);
	fixture->shop = NULL;
	fixture->options.signing_keys = fixture_signing_keys(fixture, "2026b");
	return shop_open(&fixture->options, &fixture->shop);
}

static void
books_are_kept_when_opened_again(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "waltz", 99);

	fixture_give(fixture, buyer, 100);
	assert_int_equal(fixture_buy(fixture, buyer, &item, "1"), ERR_OK);
	fixture_reopen(fixture);
	assert_int_equal(fixture_balance(fixture, buyer), 1);
	assert_int_equal(fixture_buy(fixture, buyer, &item, "2"),
	    ERR_ALREADY_OWNED);
	assert_int_equal(fixture_number(fixture, "PRAGMA user_version"),
	    db_migration_count);
	assert_int_equal(fixture_number(fixture, "SELECT count(*)"
	    " FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 1);
}

static void
books_of_another_shop_or_currency_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct shop *none;

	fixture->options.currency = "USD";
	assert_int_equal(open_again(fixture), ERR_CONFIG);
	assert_null(fixture->shop);
	fixture->options.currency = "EUR";
	assert_int_equal(open_again(fixture), ERR_OK);
	shop_close(fixture->shop);
	fixture->shop = NULL;
	sql(fixture, "UPDATE shop SET commerce_id = 'other.example.com'");
	fixture->options.signing_keys = fixture_signing_keys(fixture, "a");
	assert_int_equal(shop_open(&fixture->options, &none), ERR_CONFIG);
	assert_null(none);
}

static void
books_of_a_later_release_are_refused_and_left_alone(void **state)
{
	struct fixture *fixture = *state;

	shop_close(fixture->shop);
	fixture->shop = NULL;
	sql(fixture, "PRAGMA user_version = 99");
	assert_int_equal(open_again(fixture), ERR_SCHEMA_NEWER);
	assert_int_equal(fixture_number(fixture, "PRAGMA user_version"), 99);
}

static void
a_file_that_is_not_ours_is_refused_and_left_alone(void **state)
{
	struct fixture *fixture = *state;
	char kept[128];
	FILE *file;

	(void)snprintf(kept, sizeof(kept), "%s/kept.db", fixture->folder);
	shop_close(fixture->shop);
	fixture->shop = NULL;
	sql(fixture, "PRAGMA application_id = 7");
	assert_int_equal(open_again(fixture), ERR_DB);
	sql(fixture, "PRAGMA application_id = 0");
	assert_int_equal(open_again(fixture), ERR_DB);
	sql(fixture, "PRAGMA application_id = 1128680526");
	assert_int_equal(open_again(fixture), ERR_OK);
	shop_close(fixture->shop);
	fixture->shop = NULL;

	assert_int_equal(rename(fixture->database, kept), 0);
	file = fopen(fixture->database, "w");
	assert_non_null(file);
	for (int i = 0; i < 5000; i++)
		(void)fputs("not a database ", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(open_again(fixture), ERR_DB);
	assert_int_equal(rename(kept, fixture->database), 0);
}

static void
a_migration_that_was_cut_short_is_made_again(void **state)
{
	struct fixture *fixture = *state;

	/* What a crash before the first COMMIT leaves: an empty file in WAL. */
	shop_close(fixture->shop);
	fixture->shop = NULL;
	assert_int_equal(remove(fixture->database), 0);
	sql(fixture, "PRAGMA journal_mode = WAL; CREATE TABLE t (x);"
	    "DROP TABLE t");
	assert_int_equal(open_again(fixture), ERR_OK);
	assert_int_equal(fixture_number(fixture, "PRAGMA user_version"),
	    db_migration_count);
}

/* Books of the first release with one of everything that was sold then; 4 has
 * bought, too, and has gone. */
static const char first_books[] =
    "INSERT INTO shop (id, commerce_id, currency, created_ms, sequence)"
    " VALUES (1, '" FIXTURE_COMMERCE "', 'EUR', 1, 1);"
    "INSERT INTO ledger_account (id, kind, balance) VALUES (3, 3, 401),"
    " (4, 3, 0);"
    "INSERT INTO account VALUES (3, zeroblob(16), 'a@example.com', 14, 8, 5,"
    " zeroblob(16), zeroblob(32), 1);"
    /* Tokens of zeros but for the last byte, of 0 and 1; the third is one
     * that no shop has seen, whose hash begins like the first's. */
    "INSERT INTO session (id, account, uuid, token_hash, created_ms, used_ms,"
    " expires_ms) SELECT column1, 3, randomblob(16), column2, 1, 2,"
    " 9000000000000 FROM (VALUES (1, x'66687aadf862bd776c8fc18b8e9f8e20"
    "089714856ee233b3902a591d0d5f2925'), (2, x'ec4916dd28fc4c10d78e287ca5d9cc51"
    "ee1ae73cbfde08c6b37324cbfaac8bc5'), (3, x'66687aadf862bd77"
    "000000000000000000000000000000000000000000000000'));"
    "INSERT INTO gift_batch VALUES (1, zeroblob(16), 500, 2, NULL, 'new', 1);"
    "INSERT INTO gift_code VALUES (1, 1, 0, zeroblob(32), 3, 1),"
    " (2, 1, 1, randomblob(32), 4, 1);"
    "INSERT INTO item (id, uuid, kind, state, title, creator, price,"
    " created_ms, published_ms, sold_sequence) VALUES (1, zeroblob(16), 0, 1,"
    " 'waltz', 'Somebody', 99, 1, 1, 1);"
    "INSERT INTO item_search (rowid, title, creator, genre, description)"
    " SELECT id, title, creator, genre, description FROM item;"
    "INSERT INTO file VALUES (1, zeroblob(16), 1, 'waltz.ogg', 'audio/ogg',"
    " 1, NULL);"
    "INSERT INTO version VALUES (1, zeroblob(16), 1, 1, 1, 5, zeroblob(32),"
    " zeroblob(32), 205, 'new', 1, 1, 1, 1, 0, 0);"
    "INSERT INTO transfer VALUES (1, 1, 1, 3, 500, 1, 1), (2, 1, 3, 2, 99,"
    " 2, 1), (3, 1, 1, 4, 500, 1, 2), (4, 1, 4, 2, 99, 2, 2),"
    " (5, 1, 4, 2, 401, 4, 4);"
    "INSERT INTO purchase (id, uuid, account, created_ms, total)"
    " VALUES (1, x'00000000000170008000000000000001', 3, 1, 99),"
    " (2, x'00000000000170008000000000000002', 4, 1, 99);"
    "INSERT INTO purchase_line VALUES (1, 0, 1, 'waltz', 99, 0, 0),"
    " (2, 0, 1, 'waltz', 99, 0, 0);"
    "INSERT INTO purchase_key VALUES (3, 'key', zeroblob(32), 1);"
    "INSERT INTO entitlement VALUES (3, 1, 1, 1, 1, 1, zeroblob(16));";

static void
close_and_leave_first_books(struct fixture *fixture)
{
	shop_close(fixture->shop);
	fixture->shop = NULL;
	assert_int_equal(remove(fixture->database), 0);
	sql(fixture, db_migrations[0]);
	sql(fixture, first_books);
	assert_int_equal(fixture_number(fixture, "PRAGMA user_version"), 1);
}

static void
books_of_the_first_release_are_brought_up_to_date(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = { { 0 } };
	struct purchase_list list = { 0 };
	struct library_list library = { 0 };
	const struct library_query query = { .account = 3, .limit = 10 };

	close_and_leave_first_books(fixture);
	assert_int_equal(open_again(fixture), ERR_OK);
	assert_int_equal(fixture_number(fixture, "PRAGMA user_version"),
	    db_migration_count);
	assert_int_equal(fixture_balance(fixture, 3), 401);
	assert_int_equal(fixture_number(fixture, "SELECT sold FROM item_sales"
	    " WHERE item = 1"), 2);
	assert_int_equal(fixture_number(fixture, "SELECT count(*)"
	    " FROM purchase_key k JOIN purchase p ON p.id = k.purchase"
	    " WHERE k.account = 3 AND key = 'key' AND purchase = 1"
	    " AND request_hash = zeroblob(32)"), 1);
	assert_int_equal(fixture_number(fixture, "SELECT count(*)"
	    " FROM purchase WHERE id = 2 AND request_hash IS NULL"), 1);
	assert_int_equal(fixture_number(fixture, "SELECT count(*)"
	    " FROM holding WHERE account = 4"), 0);
	assert_int_equal(purchase_list(fixture->shop, 3, 10, NULL, &list),
	    ERR_OK);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.purchases[0].total_minor, 99);
	assert_int_equal(list.purchases[0].lines[0].price_minor, 99);
	assert_int_equal(library_list(fixture->shop, &query, &library),
	    ERR_OK);
	assert_int_equal(library.count, 1);
	assert_string_equal(library.entries[0].file.name, "waltz.ogg");
	assert_int_equal(fixture_buy(fixture, 3, &item, "2"),
	    ERR_ALREADY_OWNED);
	library_list_clear(&library);
	purchase_list_clear(&list);
}

/* As a token it is zeros, but for its last character. */
static void
is_session_of_3(const struct fixture *fixture, char last)
{
	char token[SESSION_TOKEN_LENGTH + 1];
	struct session session;

	memset(token, 'A', SESSION_TOKEN_LENGTH);
	token[SESSION_TOKEN_LENGTH - 1] = last;
	token[SESSION_TOKEN_LENGTH] = '\0';
	assert_int_equal(session_authenticate(fixture->shop, token,
	    SESSION_TOKEN_LENGTH, &session), ERR_OK);
	assert_int_equal(session.account, 3);
	assert_int_equal(session.created_ms, 1);
	assert_int_equal(session.used_ms, 2);
	assert_int_equal(session.expires_ms, INT64_C(9000000000000));
}

static void
sessions_of_the_first_release_go_on(void **state)
{
	struct fixture *fixture = *state;

	close_and_leave_first_books(fixture);
	assert_int_equal(open_again(fixture), ERR_OK);
	is_session_of_3(fixture, 'A');
	is_session_of_3(fixture, 'E');
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM session"), 2);
}

/* As a process does that ends amid the migration of sessions. */
static void
migrate_half_way(const struct fixture *fixture)
{
	sqlite3 *handle = NULL;
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child > 0) {
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		return;
	}
	if (sqlite3_open(fixture->database, &handle) != SQLITE_OK ||
	    sqlite3_exec(handle, "PRAGMA journal_mode = WAL;"
	    "PRAGMA cache_size = 1; BEGIN IMMEDIATE", NULL, NULL, NULL) !=
	    SQLITE_OK || sqlite3_exec(handle, db_migrations[13], NULL, NULL,
	    NULL) != SQLITE_OK)
		_exit(1);
	_exit(0);
}

static void
a_migration_that_ended_half_way_is_made_again(void **state)
{
	struct fixture *fixture = *state;
	char log[256];
	struct stat left;

	close_and_leave_first_books(fixture);
	for (int i = 1; i < 13; i++)
		sql(fixture, db_migrations[i]);
	sql(fixture, "INSERT INTO session (account, uuid, token_hash,"
	    " created_ms, used_ms, expires_ms) SELECT 3, randomblob(16),"
	    " randomblob(32), 1, 2, 3 FROM (WITH RECURSIVE n (n) AS (SELECT 1"
	    " UNION ALL SELECT n + 1 FROM n WHERE n < 5000) SELECT n FROM n)");
	migrate_half_way(fixture);
	(void)snprintf(log, sizeof(log), "%s-wal", fixture->database);
	assert_int_equal(stat(log, &left), 0);
	assert_true(left.st_size > 100000);
	assert_int_equal(fixture_number(fixture, "PRAGMA user_version"), 13);
	assert_int_equal(open_again(fixture), ERR_OK);
	is_session_of_3(fixture, 'A');
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM session WHERE expires_ms = 3"), 5000);
	sql(fixture, "DELETE FROM session WHERE expires_ms = 3");
}

static void
books_with_a_row_that_refers_to_none_are_left_alone(void **state)
{
	struct fixture *fixture = *state;

	close_and_leave_first_books(fixture);
	sql(fixture, "DELETE FROM file");
	assert_int_equal(open_again(fixture), ERR_DB);
	assert_int_equal(fixture_number(fixture, "PRAGMA user_version"), 1);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM purchase_key"), 1);
	assert_int_equal(remove(fixture->database), 0);
	assert_int_equal(open_again(fixture), ERR_OK);
}

static void
a_folder_that_is_not_there_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	struct shop_options options = fixture->options;
	struct shop *none;

	options.state_path = "/nonexistent/folder";
	options.signing_keys = fixture_signing_keys(fixture, "a");
	assert_int_equal(shop_open(&options, &none), ERR_IO);
	assert_null(none);
}

static void
signing_keys_of_others_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct signing_keys *keys = fixture_signing_keys(fixture, "a");
	struct shop_options options = fixture->options;
	struct shop *none;

	options.commerce_id = "other.example.com";
	options.signing_keys = keys;
	assert_int_equal(shop_open(&options, &none), ERR_CONFIG);
	assert_null(none);
}

static void
no_secret_is_in_the_books(void **state)
{
	struct fixture *fixture = *state;
	struct session_start start;
	int64_t buyer = fixture_account(fixture, "a@example.com", &start);
	struct uuid item = fixture_item_on_sale(fixture, "waltz", 99);
	struct access_list access = { 0 };
	static char bytes[1 << 20];
	size_t size;
	FILE *file;

	fixture_give(fixture, buyer, 100);
	assert_int_equal(fixture_buy(fixture, buyer, &item, "1"), ERR_OK);
	assert_int_equal(access_for_items(fixture->shop, buyer, &item, 1,
	    &access), ERR_OK);
	shop_close(fixture->shop);
	fixture->shop = NULL;
	file = fopen(fixture->database, "r");
	assert_non_null(file);
	size = fread(bytes, 1, sizeof(bytes), file);
	assert_int_equal(fclose(file), 0);
	assert_non_null(memmem(bytes, size, "a@example.com", 13));
	assert_null(memmem(bytes, size, start.token, 20));
	assert_null(memmem(bytes, size, access.entries[0].token, 20));
	assert_null(memmem(bytes, size, access.entries[0].download_key, 30));
	assert_null(memmem(bytes, size, "AGE-SECRET", 10));
	access_list_clear(&access);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(books_are_kept_when_opened_again),
		TEST(books_of_another_shop_or_currency_are_refused),
		TEST(books_of_a_later_release_are_refused_and_left_alone),
		TEST(a_file_that_is_not_ours_is_refused_and_left_alone),
		TEST(a_migration_that_was_cut_short_is_made_again),
		TEST(books_of_the_first_release_are_brought_up_to_date),
		TEST(sessions_of_the_first_release_go_on),
		TEST(a_migration_that_ended_half_way_is_made_again),
		TEST(books_with_a_row_that_refers_to_none_are_left_alone),
		TEST(a_folder_that_is_not_there_is_an_error),
		TEST(signing_keys_of_others_are_refused),
		TEST(no_secret_is_in_the_books),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
