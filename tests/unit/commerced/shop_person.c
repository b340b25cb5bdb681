/* What a person may change, ask for, and take away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "commerced/shop/person.h"
#include "commerced/shop/reset.h"
#include "tests/unit/commerced/support/shop_fixture.h"

static enum err
write_change(struct shop_transaction *tx, const void *in, void *out)
{
	return account_change(tx, in, out);
}

static enum err
write_session(struct shop_transaction *tx, const void *in, void *out)
{
	return session_create(tx, in, out);
}

static enum err
write_delete(struct shop_transaction *tx, const void *in, void *out)
{
	return account_delete(tx, in, out);
}

static enum err
write_reset_code(struct shop_transaction *tx, const void *in, void *out)
{
	return reset_code_issue(tx, in, out);
}

static enum err
write_reset(struct shop_transaction *tx, const void *in, void *out)
{
	(void)out;
	return password_reset(tx, in);
}

static bool
is_live(struct fixture *fixture, const struct session_start *start)
{
	struct session session;

	return session_authenticate(fixture->shop, start->token,
	    SESSION_TOKEN_LENGTH, &session) == ERR_OK;
}

static struct credentials
credentials_of(struct fixture *fixture, const char *email)
{
	struct credentials credentials;

	assert_int_equal(account_credentials_get(fixture->shop, email,
	    &credentials), ERR_OK);
	return credentials;
}

static struct session_start
sign_in(struct fixture *fixture, const char *email)
{
	const struct credentials in = credentials_of(fixture, email);
	struct session_start start;

	assert_int_equal(fixture_run(fixture, write_session, &in, &start),
	    ERR_OK);
	return start;
}

static void
a_change_ends_the_other_sessions(void **state)
{
	struct fixture *fixture = *state;
	struct session_start one, two, other;
	struct account_change change = { .has_password = true,
	    .password = { .n_log2 = 14, .r = 8, .p = 5, .bytes = { 7 } } };
	struct account account;

	(void)fixture_account(fixture, "a@example.com", &one);
	(void)fixture_account(fixture, "b@example.com", &other);
	two = sign_in(fixture, "a@example.com");
	change.verified = credentials_of(fixture, "a@example.com");
	change.session = two.session.number;
	assert_int_equal(fixture_run(fixture, write_change, &change,
	    &account), ERR_OK);
	assert_string_equal(account.email, "a@example.com");
	assert_false(is_live(fixture, &one));
	assert_true(is_live(fixture, &two));
	assert_true(is_live(fixture, &other));
	assert_int_equal(credentials_of(fixture,
	    "a@example.com").password.bytes[0], 7);
	/* What was verified is the old password. */
	assert_int_equal(fixture_run(fixture, write_change, &change,
	    &account), ERR_SIGN_IN_REFUSED);
}

static void
an_address_moves_to_nobody_else(void **state)
{
	struct fixture *fixture = *state;
	struct account_change change = { .email = "b@example.com" };
	struct session_start one;
	struct account account;

	(void)fixture_account(fixture, "a@example.com", &one);
	(void)fixture_account(fixture, "b@example.com", NULL);
	change.verified = credentials_of(fixture, "a@example.com");
	change.session = one.session.number;
	assert_int_equal(fixture_run(fixture, write_change, &change,
	    &account), ERR_EMAIL_TAKEN);
	memcpy(change.email, "c@example.com", 14);
	assert_int_equal(fixture_run(fixture, write_change, &change,
	    &account), ERR_OK);
	assert_string_equal(account.email, "c@example.com");
	assert_int_equal(credentials_of(fixture, "a@example.com").account, 0);
	assert_int_equal(credentials_of(fixture, "c@example.com").account,
	    one.account.number);
	/* Its own address again is taken by nobody. */
	assert_int_equal(fixture_run(fixture, write_change, &change,
	    &account), ERR_OK);
}

static void
a_reset_code_works_once_and_for_a_day(void **state)
{
	struct fixture *fixture = *state;
	struct session_start start;
	struct reset_code first, code;
	struct uuid nobody = { { 0 } };
	struct password_reset reset = { .password = { .n_log2 = 14, .r = 8,
	    .p = 5, .bytes = { 9 } } };

	(void)fixture_account(fixture, "a@example.com", &start);
	assert_int_equal(fixture_run(fixture, write_reset_code, &nobody,
	    &code), ERR_NOT_FOUND);
	assert_int_equal(fixture_run(fixture, write_reset_code,
	    &start.account.id, &first), ERR_OK);
	assert_int_equal(fixture_run(fixture, write_reset_code,
	    &start.account.id, &code), ERR_OK);
	assert_string_not_equal(first.code, code.code);
	assert_int_equal(reset_code_check(fixture->shop, first.code,
	    strlen(first.code)), ERR_CODE_UNKNOWN);
	assert_int_equal(reset_code_check(fixture->shop, "no code", 7),
	    ERR_CODE_UNKNOWN);
	fixture->now_ms = code.expires_ms - 1;
	assert_int_equal(reset_code_check(fixture->shop, code.code,
	    strlen(code.code)), ERR_OK);
	reset.code = code.code;
	reset.code_length = strlen(code.code);
	fixture->now_ms = code.expires_ms;
	assert_int_equal(fixture_run(fixture, write_reset, &reset, NULL),
	    ERR_CODE_EXPIRED);
	assert_true(is_live(fixture, &start));
	fixture->now_ms = code.expires_ms - 1;
	assert_int_equal(fixture_run(fixture, write_reset, &reset, NULL),
	    ERR_OK);
	assert_false(is_live(fixture, &start));
	assert_int_equal(credentials_of(fixture,
	    "a@example.com").password.bytes[0], 9);
	assert_int_equal(fixture_run(fixture, write_reset, &reset, NULL),
	    ERR_CODE_UNKNOWN);
}

static void
a_new_password_voids_the_reset_code(void **state)
{
	struct fixture *fixture = *state;
	struct account_change change = { .has_password = true,
	    .password = { .n_log2 = 14, .r = 8, .p = 5 } };
	struct session_start start;
	struct reset_code code;
	struct account account;

	(void)fixture_account(fixture, "a@example.com", &start);
	assert_int_equal(fixture_run(fixture, write_reset_code,
	    &start.account.id, &code), ERR_OK);
	change.verified = credentials_of(fixture, "a@example.com");
	assert_int_equal(fixture_run(fixture, write_change, &change,
	    &account), ERR_OK);
	assert_int_equal(reset_code_check(fixture->shop, code.code,
	    strlen(code.code)), ERR_CODE_UNKNOWN);
}

static void
a_balance_is_not_lost_by_mistake(void **state)
{
	struct fixture *fixture = *state;
	struct session_start start;
	struct account_deletion in = { 0 };
	int64_t balance = 0;

	in.account = fixture_account(fixture, "a@example.com", &start);
	fixture_give(fixture, in.account, 250);
	assert_int_equal(fixture_run(fixture, write_delete, &in, &balance),
	    ERR_BALANCE_LEFT);
	assert_int_equal(balance, 250);
	assert_true(is_live(fixture, &start));
	in.forfeit = true;
	assert_int_equal(fixture_run(fixture, write_delete, &in, &balance),
	    ERR_OK);
	assert_false(is_live(fixture, &start));
	assert_int_equal(fixture_number(fixture, "SELECT amount FROM transfer"
	    " WHERE kind = 4 AND credit_account = 2"), 250);
	assert_int_equal(fixture_run(fixture, write_delete, &in, &balance),
	    ERR_SESSION_EXPIRED);
}

static void
the_books_keep_the_number_of_who_has_gone(void **state)
{
	struct fixture *fixture = *state;
	struct uuid free_one = fixture_item_on_sale(fixture, "march", 0);
	struct uuid item = fixture_item_on_sale(fixture, "waltz", 99);
	struct session_start start;
	struct account_deletion in = { .forfeit = true };
	struct account account;
	int64_t balance;
	char sql[128];

	in.account = fixture_account(fixture, "a@example.com", &start);
	fixture_give(fixture, in.account, 100);
	assert_int_equal(fixture_buy(fixture, in.account, &item, "key"),
	    ERR_OK);
	assert_int_equal(fixture_run(fixture, write_delete, &in, &balance),
	    ERR_OK);
	assert_int_equal(account_get(fixture->shop, in.account, &account),
	    ERR_NOT_FOUND);
	(void)snprintf(sql, sizeof(sql), "SELECT total FROM purchase"
	    " WHERE account = %d", (int)in.account);
	assert_int_equal(fixture_number(fixture, sql), 99);
	assert_int_equal(fixture_number(fixture, "SELECT count(*)"
	    " FROM transfer"), 3);
	/* What was under way buys and redeems nothing. */
	assert_int_equal(fixture_buy(fixture, in.account, &free_one, "key"),
	    ERR_SESSION_EXPIRED);
	assert_int_equal(fixture_buy(fixture, in.account, &item, "new"),
	    ERR_SESSION_EXPIRED);
	/* The address is free again, and a number is not used twice. */
	assert_true(fixture_account(fixture, "a@example.com", NULL) >
	    in.account);
}

/* How often text lies in a file of the database. */
static int
found_in(const struct fixture *fixture, const char *suffix, const char *text)
{
	size_t length = strlen(text), size = 0;
	char path[128], *bytes;
	int count = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s%s", fixture->database, suffix);
	file = fopen(path, "rb");
	if (file == NULL)
		return 0;
	bytes = malloc(64 << 20);
	assert_non_null(bytes);
	size = fread(bytes, 1, 64 << 20, file);
	(void)fclose(file);
	for (const char *at = bytes; (at = memmem(at, size -
	    (size_t)(at - bytes), text, length)) != NULL; at++)
		count++;
	free(bytes);
	return count;
}

static int
left_of(const struct fixture *fixture, const char *text)
{
	return found_in(fixture, "", text) + found_in(fixture, "-wal", text);
}

/* Within a minute, mostly at once: the purge is another thread's. */
static bool
is_gone(const struct fixture *fixture, const char *text)
{
	for (int i = 0; i < 3000; i++) {
		if (left_of(fixture, text) == 0)
			return true;
		(void)usleep(20000);
	}
	return false;
}

/* Of many, so that pages were split and moved about. */
static void
nothing_of_a_person_is_left_in_the_files(void **state)
{
	struct fixture *fixture = *state;
	char email[400][64], key[128];
	struct account_deletion in[400] = { { 0 } };
	struct uuid item = fixture_item_on_sale(fixture, "waltz", 0);
	int64_t balance;

	for (int i = 0; i < 400; i++) {
		(void)snprintf(email[i], sizeof(email[i]),
		    "%0*x.somebody.%03d@example.com", i % 30 + 1,
		    (unsigned)i * 2654435761u, i);
		in[i].account = fixture_account(fixture, email[i], NULL);
	}
	(void)snprintf(key, sizeof(key), "%s", email[0]);
	assert_int_equal(fixture_buy(fixture, in[0].account, &item, key),
	    ERR_OK);
	assert_true(left_of(fixture, email[0]) > 0);
	for (int i = 0; i < 400; i += 3)
		assert_int_equal(fixture_run(fixture, write_delete, &in[i],
		    &balance), ERR_OK);
	for (int i = 0; i < 400; i++) {
		if (i % 3 == 0)
			assert_true(is_gone(fixture, email[i]));
		else
			assert_true(left_of(fixture, email[i]) > 0);
	}
}

static void
an_old_address_is_left_nowhere(void **state)
{
	struct fixture *fixture = *state;
	struct account_change change = { .email = "new@example.com" };
	struct account account;

	(void)fixture_account(fixture, "the.old.one@example.com", NULL);
	change.verified = credentials_of(fixture, "the.old.one@example.com");
	assert_int_equal(fixture_run(fixture, write_change, &change,
	    &account), ERR_OK);
	assert_true(is_gone(fixture, "the.old.one@example.com"));
	assert_true(left_of(fixture, "new@example.com") > 0);
}

static void
an_export_has_what_is_held(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item_on_sale(fixture, "waltz", 99);
	struct session_start start;
	struct reset_code code;
	struct person person = { 0 };
	int64_t account = fixture_account(fixture, "a@example.com", &start);
	int64_t other = fixture_account(fixture, "b@example.com", NULL);

	fixture_give(fixture, account, 100);
	fixture_give(fixture, other, 500);
	assert_int_equal(fixture_buy(fixture, account, &item, "my key"),
	    ERR_OK);
	assert_int_equal(fixture_buy(fixture, other, &item, "their key"),
	    ERR_OK);
	(void)sign_in(fixture, "a@example.com");
	assert_int_equal(fixture_run(fixture, write_reset_code,
	    &start.account.id, &code), ERR_OK);
	assert_int_equal(person_get(fixture->shop, account, &person), ERR_OK);
	assert_string_equal(person.account.email, "a@example.com");
	assert_int_equal(person.account.balance_minor, 1);
	assert_int_equal(person.session_count, 2);
	assert_int_equal(person.purchases.count, 1);
	assert_int_equal(person.purchases.purchases[0].line_count, 1);
	assert_int_equal(person.library.count, 1);
	assert_int_equal(person.owned_count, 1);
	assert_memory_equal(&person.owned[0].item, &item, sizeof(item));
	assert_string_equal(person.owned[0].title, "waltz");
	assert_int_equal(person.owned[0].source, 1);
	assert_int_equal(person.transfer_count, 2);
	assert_int_equal(person.transfers[0].amount_minor, 100);
	assert_int_equal(person.transfers[1].amount_minor, -99);
	assert_int_equal(person.key_count, 1);
	assert_string_equal(person.keys[0], "my key");
	assert_int_equal(person.reset_expires_ms, code.expires_ms);
	person_clear(&person);
	assert_int_equal(person_get(fixture->shop, 999, &person),
	    ERR_NOT_FOUND);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_change_ends_the_other_sessions),
		TEST(an_address_moves_to_nobody_else),
		TEST(a_reset_code_works_once_and_for_a_day),
		TEST(a_new_password_voids_the_reset_code),
		TEST(a_balance_is_not_lost_by_mistake),
		TEST(the_books_keep_the_number_of_who_has_gone),
		TEST(nothing_of_a_person_is_left_in_the_files),
		TEST(an_old_address_is_left_nowhere),
		TEST(an_export_has_what_is_held),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
