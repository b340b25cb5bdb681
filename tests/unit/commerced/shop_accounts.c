/* Accounts, passwords and sessions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/secret.h"
#include "tests/unit/commerced/support/shop_fixture.h"

static enum err
normalise(const char *text)
{
	char email[EMAIL_MAX + 1];

	return email_normalise(email, text, strlen(text));
}

static void
addresses_are_kept_in_one_spelling(void **state)
{
	char email[EMAIL_MAX + 1];

	(void)state;
	assert_int_equal(email_normalise(email, "Ada.L+x@Example.COM", 19),
	    ERR_OK);
	assert_string_equal(email, "ada.l+x@example.com");
	assert_int_equal(normalise("o'neil@xn--bcher-kva.example"), ERR_OK);
	assert_int_equal(normalise("1@2.3"), ERR_OK);
}

static void
what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = { "", "@", "a@", "@b.c", "a@b",
	    "a@b.", "a@.b", "a@b..c", "a@-b.c", "a@b-.c", "a@b.c-", "a.@b.c",
	    ".a@b.c", "a..b@c.d", "a b@c.d", "a@b c.d", "a@b@c.d", "a@b.c\n",
	    "a\r@b.c", "a@[1.2.3.4]", "\"a\"@b.c", "a@b_c.d", "\xc3\xa9@b.c",
	    "a<b@c.d", "a,b@c.d",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "@b.c",
	    "a@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "a.c" };
	char email[EMAIL_MAX + 1], text[EMAIL_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (normalise(texts[i]) != ERR_EMAIL_MALFORMED)
			print_error("accepted: %s\n", texts[i]);
		assert_int_equal(normalise(texts[i]), ERR_EMAIL_MALFORMED);
	}
	assert_int_equal(email_normalise(email, "a@b.c\0x", 7),
	    ERR_EMAIL_MALFORMED);
	assert_int_equal(email_normalise(email, "a\0b@c.d", 7),
	    ERR_EMAIL_MALFORMED);
	memset(text, 'a', sizeof(text));
	memcpy(text, "a@", 2);
	for (size_t i = 33; i < sizeof(text); i += 32)
		text[i] = '.';
	text[sizeof(text) - 1] = 'a';
	assert_int_equal(email_normalise(email, text, EMAIL_MAX + 1),
	    ERR_EMAIL_MALFORMED);
	assert_int_equal(email_normalise(email, text, EMAIL_MAX), ERR_OK);
}

static void
passwords_are_counted_in_characters(void **state)
{
	static char most[PASSWORD_BYTES_MAX + 1];

	(void)state;
	memset(most, 'x', sizeof(most));
	assert_int_equal(password_check("123456789", 9),
	    ERR_PASSWORD_TOO_SHORT);
	assert_int_equal(password_check("1234567890", 10), ERR_OK);
	/* nine letters in eighteen bytes */
	assert_int_equal(password_check("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
	    "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 18),
	    ERR_PASSWORD_TOO_SHORT);
	assert_int_equal(password_check(most, PASSWORD_BYTES_MAX), ERR_OK);
	assert_int_equal(password_check(most, PASSWORD_BYTES_MAX + 1),
	    ERR_OUT_OF_RANGE);
}

static void
a_password_opens_its_own_hash_only(void **state)
{
	const uint8_t salt[PASSWORD_SALT_BYTES] = { 1, 2, 3 };
	struct password_hash hash, other;

	(void)state;
	assert_int_equal(password_hash_make("correct horse", 13, salt, &hash),
	    ERR_OK);
	assert_int_equal(hash.n_log2, 14);
	assert_int_equal(hash.r, 8);
	assert_int_equal(hash.p, 5);
	assert_int_equal(password_verify("correct horse", 13, &hash), ERR_OK);
	assert_int_equal(password_verify("correct horsf", 13, &hash),
	    ERR_SIGN_IN_REFUSED);
	assert_int_equal(password_verify("correct horse ", 14, &hash),
	    ERR_SIGN_IN_REFUSED);
	other = hash;
	other.salt[15] ^= 1;
	assert_int_equal(password_verify("correct horse", 13, &other),
	    ERR_SIGN_IN_REFUSED);
	/* Parameters are the row's own; absurd ones do not take the memory. */
	other = hash;
	other.n_log2 = 24;
	assert_int_equal(password_verify("correct horse", 13, &other),
	    ERR_CRYPTO);
	password_hash_dummy(&other);
	assert_int_equal(password_verify("correct horse", 13, &other),
	    ERR_SIGN_IN_REFUSED);
}

/* Made with: openssl kdf ... -kdfopt n:16384 -kdfopt r:8 -kdfopt p:5 SCRYPT */
static void
the_hash_is_scrypt_with_those_parameters(void **state)
{
	static const uint8_t expected[PASSWORD_HASH_BYTES] = {
		0x74, 0xc1, 0xac, 0xa1, 0x13, 0xaa, 0xd4, 0x6e,
		0x13, 0x1b, 0x66, 0x5f, 0xbe, 0x3f, 0x9b, 0x0c,
		0xe6, 0x35, 0x85, 0x64, 0x18, 0x7c, 0x35, 0x84,
		0x97, 0x07, 0xe4, 0xb3, 0x93, 0xe4, 0xc1, 0x4c };
	struct password_hash made;

	(void)state;
	assert_int_equal(password_hash_make("pleaseletmein", 13,
	    (const uint8_t *)"SodiumChloride!!", &made), ERR_OK);
	assert_memory_equal(made.bytes, expected, sizeof(expected));
}

static enum err
write_register(struct shop_transaction *tx, const void *in, void *out)
{
	return account_register(tx, in, out);
}

static void
an_address_has_one_account(void **state)
{
	struct fixture *fixture = *state;
	struct account_registration in = { .email = "a@example.com",
	    .password = { .n_log2 = 14, .r = 8, .p = 5 } };
	struct session_start start;
	struct account account;

	(void)fixture_account(fixture, "A@Example.com", &start);
	assert_string_equal(start.account.email, "a@example.com");
	assert_int_equal(start.account.balance_minor, 0);
	assert_int_equal(start.account.created_ms, FIXTURE_START_MS);
	assert_int_equal(strlen(start.token), SESSION_TOKEN_LENGTH);
	assert_int_equal(account_get(fixture->shop, start.account.number,
	    &account), ERR_OK);
	assert_memory_equal(&account, &start.account, sizeof(account));
	assert_int_equal(fixture_run(fixture, write_register, &in, &start),
	    ERR_EMAIL_TAKEN);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM ledger_account WHERE kind = 3"), 1);
	assert_int_equal(account_get(fixture->shop, 999, &account),
	    ERR_NOT_FOUND);
	/* The ledger's own accounts are nobody's. */
	assert_int_equal(account_get(fixture->shop, 1, &account),
	    ERR_NOT_FOUND);
}

static void
an_unknown_address_has_credentials_that_nothing_opens(void **state)
{
	struct fixture *fixture = *state;
	struct credentials credentials;
	struct session_start start;

	(void)fixture_account(fixture, "a@example.com", &start);
	assert_int_equal(account_credentials_get(fixture->shop,
	    "a@example.com", &credentials), ERR_OK);
	assert_int_equal(credentials.account, start.account.number);
	assert_int_equal(account_credentials_get(fixture->shop,
	    "b@example.com", &credentials), ERR_OK);
	assert_int_equal(credentials.account, 0);
	assert_int_equal(credentials.password.n_log2, 14);
	assert_int_equal(credentials.password.r, 8);
	assert_int_equal(credentials.password.p, 5);
}

static enum err
write_session(struct shop_transaction *tx, const void *in, void *out)
{
	return session_create(tx, in, out);
}

static struct session_start
sign_in(struct fixture *fixture, const char *email)
{
	struct credentials credentials;
	struct session_start start;

	assert_int_equal(account_credentials_get(fixture->shop, email,
	    &credentials), ERR_OK);
	assert_int_equal(fixture_run(fixture, write_session, &credentials,
	    &start), ERR_OK);
	return start;
}

static enum err
authenticate(struct fixture *fixture, const char *token)
{
	struct session session;

	return session_authenticate(fixture->shop, token, strlen(token),
	    &session);
}

static void
a_token_is_its_session_and_nothing_else_is(void **state)
{
	struct fixture *fixture = *state;
	struct session_start start;
	struct session session;
	char token[SESSION_TOKEN_LENGTH + 2];

	(void)fixture_account(fixture, "a@example.com", &start);
	assert_int_equal(session_authenticate(fixture->shop, start.token,
	    SESSION_TOKEN_LENGTH, &session), ERR_OK);
	assert_int_equal(session.account, start.account.number);
	assert_memory_equal(&session.id, &start.session.id,
	    sizeof(session.id));
	assert_int_equal(session.number, start.session.number);
	for (int i = 0; i < SESSION_TOKEN_LENGTH; i++) {
		memcpy(token, start.token, sizeof(start.token));
		token[i] = token[i] == 'A' ? 'E' : 'A';
		assert_int_equal(authenticate(fixture, token),
		    ERR_SESSION_EXPIRED);
	}
	assert_int_equal(session_authenticate(fixture->shop, start.token,
	    SESSION_TOKEN_LENGTH - 1, &session), ERR_SESSION_EXPIRED);
	assert_int_equal(authenticate(fixture, ""), ERR_SESSION_EXPIRED);
	(void)snprintf(token, sizeof(token), "%sA", start.token);
	assert_int_equal(authenticate(fixture, token), ERR_SESSION_EXPIRED);
}

/* Each token comes twice. */
static void
random_repeated(void *context, void *bytes, size_t size)
{
	static int drawn;

	(void)context;
	if (size == 32)
		memset(bytes, drawn++ / 2, size);
	else
		secret_random(bytes, size);
}

static void
a_token_that_begins_like_anothers_is_drawn_again(void **state)
{
	struct fixture *fixture = *state;
	struct session_start one, two;

	shop_close(fixture->shop);
	fixture->options.random = random_repeated;
	fixture->options.signing_keys = fixture_signing_keys(fixture, "a");
	assert_int_equal(shop_open(&fixture->options, &fixture->shop),
	    ERR_OK);
	(void)fixture_account(fixture, "a@example.com", &one);
	(void)fixture_account(fixture, "b@example.com", &two);
	assert_string_not_equal(one.token, two.token);
	assert_int_not_equal(one.session.number, two.session.number);
	assert_int_equal(authenticate(fixture, one.token), ERR_OK);
	assert_int_equal(authenticate(fixture, two.token), ERR_OK);
}

static enum err
write_touch(struct shop_transaction *tx, const void *in, void *out)
{
	(void)out;
	return session_touch(tx, in);
}

static void
a_session_slides_and_expires_to_the_millisecond(void **state)
{
	const int64_t days = INT64_C(30) * 24 * 3600 * 1000;
	struct fixture *fixture = *state;
	struct session_start start;
	struct session session;

	(void)fixture_account(fixture, "a@example.com", &start);
	assert_int_equal(start.session.expires_ms, FIXTURE_START_MS + days);
	assert_false(session_wants_touch(fixture->shop, &start.session));
	fixture->now_ms = FIXTURE_START_MS + days - 1;
	assert_int_equal(session_authenticate(fixture->shop, start.token,
	    SESSION_TOKEN_LENGTH, &session), ERR_OK);
	assert_true(session_wants_touch(fixture->shop, &session));
	fixture->now_ms = FIXTURE_START_MS + days;
	assert_int_equal(authenticate(fixture, start.token),
	    ERR_SESSION_EXPIRED);
	/* Too late to slide. */
	assert_int_equal(fixture_run(fixture, write_touch, &session, NULL),
	    ERR_OK);
	assert_int_equal(authenticate(fixture, start.token),
	    ERR_SESSION_EXPIRED);

	fixture->now_ms = FIXTURE_START_MS + days - 1;
	assert_int_equal(fixture_run(fixture, write_touch, &session, NULL),
	    ERR_OK);
	fixture->now_ms = FIXTURE_START_MS + 2 * days - 2;
	assert_int_equal(authenticate(fixture, start.token), ERR_OK);
	fixture->now_ms = FIXTURE_START_MS + 2 * days - 1;
	assert_int_equal(authenticate(fixture, start.token),
	    ERR_SESSION_EXPIRED);
}

static void
the_one_used_longest_ago_makes_room_for_the_next(void **state)
{
	struct fixture *fixture = *state;
	struct session_start starts[SESSIONS_MAX + 1];
	struct session_page page;
	int64_t account = fixture_account(fixture, "a@example.com",
	    &starts[0]);

	for (int i = 1; i < SESSIONS_MAX; i++) {
		fixture->now_ms += 10;
		starts[i] = sign_in(fixture, "a@example.com");
	}
	/* Seconds ago, so only memory knows of it. */
	fixture->now_ms += 10;
	assert_int_equal(authenticate(fixture, starts[0].token), ERR_OK);
	starts[SESSIONS_MAX] = sign_in(fixture, "a@example.com");
	assert_int_equal(authenticate(fixture, starts[1].token),
	    ERR_SESSION_EXPIRED);
	assert_int_equal(authenticate(fixture, starts[0].token), ERR_OK);
	for (int i = 2; i <= SESSIONS_MAX; i++)
		assert_int_equal(authenticate(fixture, starts[i].token),
		    ERR_OK);
	assert_int_equal(session_list(fixture->shop, account, 100, NULL,
	    &page), ERR_OK);
	assert_int_equal(page.count, SESSIONS_MAX);
	assert_null(page.next);
	assert_true(page.sessions[0].used_ms >=
	    page.sessions[page.count - 1].used_ms);
}

static void
sessions_are_told_in_pages_each_once(void **state)
{
	struct fixture *fixture = *state;
	struct session_start first;
	struct session_page all, page;
	char *cursor = NULL;
	size_t seen = 0, pages = 0;
	int64_t account = fixture_account(fixture, "a@example.com", &first);

	/* Some of them used at once. */
	for (int i = 1; i < 7; i++) {
		fixture->now_ms += i % 3 == 0 ? 10 : 0;
		(void)sign_in(fixture, "a@example.com");
	}
	assert_int_equal(session_list(fixture->shop, account, 7, NULL, &all),
	    ERR_OK);
	assert_int_equal(all.count, 7);
	assert_null(all.next);
	do {
		assert_int_equal(session_list(fixture->shop, account, 3,
		    cursor, &page), ERR_OK);
		for (size_t i = 0; i < page.count; i++)
			assert_int_equal(page.sessions[i].number,
			    all.sessions[seen++].number);
		free(cursor);
		cursor = page.next;
		pages++;
	} while (cursor != NULL && pages < 7);
	assert_int_equal(seen, 7);
	assert_int_equal(pages, 3);
	assert_int_equal(session_list(fixture->shop, account, 3, "x", &page),
	    ERR_MALFORMED_CURSOR);
	assert_null(page.next);
}

static void
a_session_ends_for_its_owner_only(void **state)
{
	struct fixture *fixture = *state;
	struct session_start one, two;

	(void)fixture_account(fixture, "a@example.com", &one);
	(void)fixture_account(fixture, "b@example.com", &two);
	assert_int_equal(fixture_end_session(fixture, two.account.number,
	    &one.session.id), ERR_NOT_FOUND);
	assert_int_equal(authenticate(fixture, one.token), ERR_OK);
	assert_int_equal(fixture_end_session(fixture, one.account.number,
	    &one.session.id), ERR_OK);
	assert_int_equal(authenticate(fixture, one.token),
	    ERR_SESSION_EXPIRED);
	assert_int_equal(fixture_end_session(fixture, one.account.number,
	    &one.session.id), ERR_NOT_FOUND);
}

static void
a_password_that_changed_meanwhile_gives_no_session(void **state)
{
	struct fixture *fixture = *state;
	struct credentials credentials;
	struct session_start start;

	(void)fixture_account(fixture, "a@example.com", NULL);
	assert_int_equal(account_credentials_get(fixture->shop,
	    "a@example.com", &credentials), ERR_OK);
	credentials.password.bytes[0] ^= 1;
	assert_int_equal(fixture_run(fixture, write_session, &credentials,
	    &start), ERR_SIGN_IN_REFUSED);
	credentials.account = 0;
	assert_int_equal(fixture_run(fixture, write_session, &credentials,
	    &start), ERR_SIGN_IN_REFUSED);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses_are_kept_in_one_spelling),
		TEST(what_is_no_address_is_refused),
		TEST(passwords_are_counted_in_characters),
		TEST(a_password_opens_its_own_hash_only),
		TEST(the_hash_is_scrypt_with_those_parameters),
		TEST(an_address_has_one_account),
		TEST(an_unknown_address_has_credentials_that_nothing_opens),
		TEST(a_token_is_its_session_and_nothing_else_is),
		TEST(a_token_that_begins_like_anothers_is_drawn_again),
		TEST(a_session_slides_and_expires_to_the_millisecond),
		TEST(the_one_used_longest_ago_makes_room_for_the_next),
		TEST(sessions_are_told_in_pages_each_once),
		TEST(a_session_ends_for_its_owner_only),
		TEST(a_password_that_changed_meanwhile_gives_no_session),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
