#include "tests/unit/commerced/support/random_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "commerced/shop/person.h"
#include "commerced/shop/reset.h"

#define WRITE(name, function) \
	static enum err \
	name(struct shop_transaction *tx, const void *in, void *out) \
	{ \
		return function(tx, in, out); \
	}
WRITE(write_change, account_change)
WRITE(write_session, session_create)
WRITE(write_delete, account_delete)
WRITE(write_reset_code, reset_code_issue)

static enum err
write_reset(struct shop_transaction *tx, const void *in, void *out)
{
	(void)out;
	return password_reset(tx, in);
}

size_t
any(struct world *world, size_t below)
{
	/* Knuth's MMIX generator; its high bits. */
	world->state = world->state * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (size_t)((world->state >> 33) % below);
}

/* One of the last few; the caller has seen that there is one. */
size_t
any_of(struct world *world, size_t count, size_t room)
{
	return any(world, count < room ? count : room);
}

void
name_key(const struct world *world, char key[static 24])
{
	(void)snprintf(key, 24, "%lld", (long long)world->model.step);
}

size_t
item_index(const struct world *world, const struct uuid *id)
{
	for (size_t i = 0; i < MODEL_ITEMS; i++) {
		if (memcmp(&world->items[i], id, sizeof(*id)) == 0)
			return i;
	}
	fail();
	return 0;
}

/* --- accounts ---------------------------------------------------------- */

void
register_buyer(struct world *world, size_t buyer)
{
	struct session_start *last = &world->buyers[buyer].last;

	(void)snprintf(world->buyers[buyer].email,
	    sizeof(world->buyers[buyer].email), "%zu-%lld@example.com", buyer,
	    (long long)world->model.step);
	world->buyers[buyer].number = fixture_account(world->fixture,
	    world->buyers[buyer].email, last);
	world->buyers[buyer].id = last->account.id;
	world->model.buyers[buyer] = (struct model_buyer){ .sessions = 1 };
}

static void
sign_in(struct world *world, size_t buyer)
{
	struct credentials in;

	assert_int_equal(account_credentials_get(world->fixture->shop,
	    world->buyers[buyer].email, &in), ERR_OK);
	assert_int_equal(in.account, world->buyers[buyer].number);
	assert_int_equal(fixture_run(world->fixture, write_session, &in,
	    &world->buyers[buyer].last), ERR_OK);
	if (world->model.buyers[buyer].sessions < SESSIONS_MAX)
		world->model.buyers[buyer].sessions++;
	world->fixture->now_ms += 10;
}

void
do_session(struct world *world)
{
	size_t buyer = any(world, MODEL_BUYERS);

	if (any(world, 2) == 0 || world->model.buyers[buyer].sessions == 0) {
		sign_in(world, buyer);
	} else if (fixture_end_session(world->fixture,
	    world->buyers[buyer].number,
	    &world->buyers[buyer].last.session.id) == ERR_OK) {
		world->model.buyers[buyer].sessions--;
	}
	world->done++;
}

void
do_change(struct world *world)
{
	size_t buyer = any(world, MODEL_BUYERS);
	size_t other = any(world, MODEL_BUYERS);
	struct account_change in = { .has_password = any(world, 2) == 0,
	    .password = { .n_log2 = 14, .r = 8, .p = 5 } };
	struct account out;
	char email[40];
	enum err e;

	sign_in(world, buyer);
	assert_int_equal(account_password_get(world->fixture->shop,
	    world->buyers[buyer].number, &in.verified), ERR_OK);
	in.session = world->buyers[buyer].last.session.number;
	in.password.bytes[0] = (uint8_t)any(world, 256);
	(void)snprintf(email, sizeof(email), "%lld@example.com",
	    (long long)world->model.step);
	memcpy(in.email, other != buyer ? world->buyers[other].email : email,
	    sizeof(email));
	e = fixture_run(world->fixture, write_change, &in, &out);
	assert_int_equal(e, other != buyer ? ERR_EMAIL_TAKEN : ERR_OK);
	if (!e) {
		assert_string_equal(out.email, email);
		memcpy(world->buyers[buyer].email, email, sizeof(email));
		world->model.buyers[buyer].sessions = 1;
		world->done++;
	}
}

void
do_reset(struct world *world)
{
	size_t buyer = any(world, MODEL_BUYERS);
	struct reset_code old, code;
	struct password_reset in = { .code_length = CODE_TEXT_SIZE - 1,
	    .password = { .n_log2 = 14, .r = 8, .p = 5 } };

	assert_int_equal(fixture_run(world->fixture, write_reset_code,
	    &world->buyers[buyer].id, &old), ERR_OK);
	assert_int_equal(fixture_run(world->fixture, write_reset_code,
	    &world->buyers[buyer].id, &code), ERR_OK);
	in.code = old.code;
	assert_int_equal(fixture_run(world->fixture, write_reset, &in, NULL),
	    ERR_CODE_UNKNOWN);
	in.code = code.code;
	assert_int_equal(fixture_run(world->fixture, write_reset, &in, NULL),
	    ERR_OK);
	assert_int_equal(fixture_run(world->fixture, write_reset, &in, NULL),
	    ERR_CODE_UNKNOWN);
	world->model.buyers[buyer].sessions = 0;
	world->done++;
}

/* What was theirs is nobody's any more. */
static void
forget_buyer(struct world *world, int buyer)
{
	for (size_t i = 0; i < PURCHASES; i++) {
		if (world->purchases[i].buyer == buyer)
			world->purchases[i].buyer = MODEL_GONE;
	}
	for (size_t i = 0; i < CODES; i++) {
		if (world->claims[i].claim.claimed_by == buyer)
			world->claims[i].claim.claimed_by = MODEL_GONE;
		if (world->gifts[i].redeemed_by == buyer)
			world->gifts[i].redeemed_by = MODEL_GONE;
	}
}

void
do_delete(struct world *world)
{
	size_t buyer = any(world, MODEL_BUYERS);
	int64_t balance = world->model.buyers[buyer].balance, left = -1;
	const struct account_deletion in = { .forfeit = any(world, 2) == 0,
	    .account = world->buyers[buyer].number };
	bool is_kept = balance > 0 && !in.forfeit;

	assert_int_equal(fixture_run(world->fixture, write_delete, &in,
	    &left), is_kept ? ERR_BALANCE_LEFT : ERR_OK);
	if (is_kept) {
		assert_int_equal(left, balance);
		return;
	}
	assert_int_equal(fixture_run(world->fixture, write_delete, &in,
	    &left), ERR_SESSION_EXPIRED);
	forget_buyer(world, (int)buyer);
	register_buyer(world, buyer);
	world->done++;
}

void
do_export(struct world *world)
{
	size_t buyer = any(world, MODEL_BUYERS), direct = 0;
	const struct model_buyer *model = &world->model.buyers[buyer];
	struct person person = { 0 };
	int64_t sum = 0;

	assert_int_equal(person_get(world->fixture->shop,
	    world->buyers[buyer].number, &person), ERR_OK);
	assert_string_equal(person.account.email, world->buyers[buyer].email);
	assert_int_equal(person.account.balance_minor, model->balance);
	assert_int_equal(person.session_count, model->sessions);
	assert_int_equal(person.purchases.count, model->receipts);
	for (size_t i = 0; i < person.transfer_count; i++)
		sum += person.transfers[i].amount_minor;
	assert_int_equal(sum, model->balance);
	for (size_t i = 0; i < MODEL_ITEMS; i++)
		direct += model->owned[i].is_there;
	assert_int_equal(person.owned_count, direct);
	for (size_t i = 0; i < person.owned_count; i++)
		assert_true(model->owned[item_index(world,
		    &person.owned[i].item)].is_there);
	person_clear(&person);
	world->done++;
}

