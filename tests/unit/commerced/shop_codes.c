/* Gift codes: issued, repeated, redeemed once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/commerced/support/shop_fixture.h"

static const char *faulty_member;

static enum err
write_issue(struct shop_transaction *tx, const void *in, void *out)
{
	return gift_codes_issue(tx, in, out, &faulty_member);
}

/* Prepared, issued, and where it is a repetition recalled. */
static enum err
issue(struct fixture *fixture, const struct gift_codes_request *in,
    struct gift_codes *out)
{
	enum err e = gift_codes_prepare(fixture->shop, in, out);

	if (!e)
		e = fixture_run(fixture, write_issue, in, out);
	return e ? e : gift_codes_recall(fixture->shop, out);
}

static struct gift_codes_request
request(const char *key, int64_t count)
{
	return (struct gift_codes_request){ .amount_minor = 500,
	    .count = count, .request = { .method = "POST",
	    .path = "/admin/v1/gift-codes", .idempotency_key = key } };
}

static enum err
write_redeem(struct shop_transaction *tx, const void *in, void *out)
{
	return gift_code_redeem(tx, in, out);
}

static enum err
redeem(struct fixture *fixture, int64_t account, const char *code,
    struct gift_redeemed *out)
{
	const struct gift_redemption in = { .account = account,
	    .code = code, .code_length = strlen(code) };
	struct gift_redeemed mine;

	return fixture_run(fixture, write_redeem, &in,
	    out == NULL ? &mine : out);
}

static void
a_code_is_taken_once_however_it_is_typed(void **state)
{
	struct fixture *fixture = *state;
	int64_t one = fixture_account(fixture, "a@example.com", NULL);
	int64_t two = fixture_account(fixture, "b@example.com", NULL);
	const struct gift_codes_request in = request("1", 2);
	struct gift_codes codes = { 0 };
	struct gift_redeemed out;
	char typed[CODE_TEXT_SIZE];

	assert_int_equal(issue(fixture, &in, &codes),
	    ERR_OK);
	assert_int_equal(codes.count, 2);
	assert_string_not_equal(codes.codes[0], codes.codes[1]);
	for (size_t i = 0; i < sizeof(typed); i++) {
		char c = codes.codes[0][i];

		typed[i] = c == '-' ? ' ' : c >= 'A' && c <= 'Z' ?
		    (char)(c + 32) : c == '0' ? 'o' : c == '1' ? 'L' : c;
	}
	assert_int_equal(redeem(fixture, one, typed, &out), ERR_OK);
	assert_false(out.is_replayed);
	assert_int_equal(out.balance_minor, 500);
	assert_int_equal(redeem(fixture, one, codes.codes[0], &out), ERR_OK);
	assert_true(out.is_replayed);
	assert_int_equal(out.balance_minor, 500);
	assert_int_equal(fixture_balance(fixture, one), 500);
	assert_int_equal(redeem(fixture, two, codes.codes[0], NULL),
	    ERR_CODE_USED);
	assert_int_equal(redeem(fixture, two, codes.codes[1], NULL), ERR_OK);
	gift_codes_clear(&codes);
}

static void
what_is_no_code_is_unknown(void **state)
{
	struct fixture *fixture = *state;
	int64_t account = fixture_account(fixture, "a@example.com", NULL);

	assert_int_equal(redeem(fixture, account, "", NULL),
	    ERR_CODE_UNKNOWN);
	assert_int_equal(redeem(fixture, account, "0000-0000-0000-0000",
	    NULL), ERR_CODE_UNKNOWN);
	assert_int_equal(redeem(fixture, account, "0000-0000-0000-000U",
	    NULL), ERR_CODE_UNKNOWN);
	assert_int_equal(redeem(fixture, account,
	    "0000-0000-0000-0000-0000", NULL), ERR_CODE_UNKNOWN);
}

static void
a_repetition_shows_the_same_codes_for_a_day(void **state)
{
	struct fixture *fixture = *state;
	struct gift_codes_request in = request("1", 3);
	struct gift_codes first = { 0 }, again = { 0 };

	assert_int_equal(issue(fixture, &in, &first),
	    ERR_OK);
	assert_false(first.is_replayed);
	fixture->now_ms += IDEMPOTENCY_ADMIN_S * 1000 - 1;
	fixture_reopen(fixture);
	assert_int_equal(issue(fixture, &in, &again),
	    ERR_OK);
	assert_true(again.is_replayed);
	assert_int_equal(again.count, 3);
	assert_int_equal(again.amount_minor, 500);
	assert_memory_equal(first.codes, again.codes, 3 * CODE_TEXT_SIZE);
	in.request.request_hash[0] = 1;
	assert_int_equal(issue(fixture, &in, &again),
	    ERR_IDEMPOTENCY_KEY_REUSED);
	/* Another path is another scope. */
	in.request.path = "/admin/v1/gift-codes?x";
	assert_int_equal(issue(fixture, &in, &again),
	    ERR_OK);
	assert_false(again.is_replayed);
	in.request.path = "/admin/v1/gift-codes";
	fixture->now_ms += 1;
	assert_int_equal(issue(fixture, &in, &again),
	    ERR_OK);
	assert_false(again.is_replayed);
	assert_memory_not_equal(first.codes, again.codes,
	    3 * CODE_TEXT_SIZE);
	gift_codes_clear(&first);
	gift_codes_clear(&again);
}

static void
a_code_expires_to_the_millisecond(void **state)
{
	struct fixture *fixture = *state;
	int64_t account = fixture_account(fixture, "a@example.com", NULL);
	struct gift_codes_request in = request("1", 2);
	struct gift_codes codes = { 0 };

	in.expires_ms = FIXTURE_START_MS + 1000;
	assert_int_equal(issue(fixture, &in, &codes),
	    ERR_OK);
	assert_int_equal(codes.expires_ms, in.expires_ms);
	fixture->now_ms = in.expires_ms - 1;
	assert_int_equal(redeem(fixture, account, codes.codes[0], NULL),
	    ERR_OK);
	fixture->now_ms = in.expires_ms;
	assert_int_equal(redeem(fixture, account, codes.codes[1], NULL),
	    ERR_CODE_EXPIRED);
	/* Redeemed in time, asked again: still the same answer. */
	assert_int_equal(redeem(fixture, account, codes.codes[0], NULL),
	    ERR_OK);
	assert_int_equal(fixture_balance(fixture, account), 500);
	gift_codes_clear(&codes);
}

static enum err
issue_named(struct fixture *fixture, struct gift_codes_request in)
{
	struct gift_codes codes = { 0 };
	enum err e = issue(fixture, &in, &codes);

	gift_codes_clear(&codes);
	return e;
}

static void
batches_have_bounds_and_name_the_member_at_fault(void **state)
{
	struct fixture *fixture = *state;
	struct gift_codes_request in = request("1", 1);

	in.amount_minor = 0;
	assert_int_equal(issue_named(fixture, in), ERR_OUT_OF_RANGE);
	assert_string_equal(faulty_member, "amount");
	in.amount_minor = MONEY_MAX + 1;
	assert_int_equal(issue_named(fixture, in), ERR_OUT_OF_RANGE);
	in = request("1", 0);
	assert_int_equal(issue_named(fixture, in), ERR_OUT_OF_RANGE);
	assert_string_equal(faulty_member, "count");
	in.count = GIFT_CODES_MAX + 1;
	assert_int_equal(issue_named(fixture, in), ERR_OUT_OF_RANGE);
	in = request("1", 1);
	in.expires_ms = FIXTURE_START_MS;
	assert_int_equal(issue_named(fixture, in), ERR_OUT_OF_RANGE);
	assert_string_equal(faulty_member, "expires_at");
	in = request("", 1);
	assert_int_equal(issue_named(fixture, in), ERR_OUT_OF_RANGE);
	assert_null(faulty_member);
	in = request("1", GIFT_CODES_MAX);
	assert_int_equal(issue_named(fixture, in), ERR_OK);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM gift_code"), GIFT_CODES_MAX);
}

static void
no_balance_passes_the_bound(void **state)
{
	struct fixture *fixture = *state;
	int64_t account = fixture_account(fixture, "a@example.com", NULL);
	const struct gift_codes_request in = request("1", 1);
	struct gift_codes codes = { 0 };

	fixture_give(fixture, account, MONEY_MAX - 499);
	assert_int_equal(issue(fixture, &in, &codes),
	    ERR_OK);
	assert_int_equal(redeem(fixture, account, codes.codes[0], NULL),
	    ERR_OUT_OF_RANGE);
	assert_int_equal(fixture_balance(fixture, account), MONEY_MAX - 499);
	gift_codes_clear(&codes);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_code_is_taken_once_however_it_is_typed),
		TEST(what_is_no_code_is_unknown),
		TEST(a_repetition_shows_the_same_codes_for_a_day),
		TEST(a_code_expires_to_the_millisecond),
		TEST(batches_have_bounds_and_name_the_member_at_fault),
		TEST(no_balance_passes_the_bound),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
