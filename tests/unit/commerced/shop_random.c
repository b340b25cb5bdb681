/* Buying, giving, claiming, refunding, repacking albums, all at random: the
 * balances are those of a model, a quote is kept, and the books hold what must
 * be true of them at any time.  SHOP_OPERATIONS (1500) and SHOP_SEED say how
 * long and which.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/unit/commerced/support/shop_fixture.h"

#define BUYERS 4
#define TRACKS 8
#define ALBUMS 4
#define ITEMS (TRACKS + ALBUMS)
#define CODES 32
#define PURCHASES 64

/* What must come out; and what there is to do something with. */
struct world {
	struct fixture *fixture;
	uint64_t state;			/* of the generator */
	uint64_t step;
	struct uuid items[ITEMS];	/* tracks, then albums */
	int64_t buyers[BUYERS];
	int64_t balances[BUYERS];
	char codes[CODES][CODE_TEXT_SIZE];
	size_t code_count;
	struct {
		struct uuid id;
		size_t buyer;
	} purchases[PURCHASES];
	size_t purchase_count;
	uint64_t done;			/* that were not refused */
};

static size_t
any(struct world *world, size_t below)
{
	/* Knuth's MMIX generator; its high bits. */
	world->state = world->state * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (size_t)((world->state >> 33) % below);
}

static void
name_key(const struct world *world, char key[static 24])
{
	(void)snprintf(key, 24, "%llu", (unsigned long long)world->step);
}

static void
remember_code(struct world *world, const char *code)
{
	memcpy(world->codes[world->code_count++ % CODES], code,
	    CODE_TEXT_SIZE);
}

static void
do_buy(struct world *world)
{
	size_t buyer = any(world, BUYERS);
	struct uuid items[3];
	char key[24];
	struct purchase_request in = { .account = world->buyers[buyer],
	    .items = items, .item_count = 1 + any(world, 3),
	    .is_gift = any(world, 5) == 0, .idempotency_key = key };
	struct purchase_result quote = { 0 }, out = { 0 };
	enum err quoted, e;

	name_key(world, key);
	for (size_t i = 0; i < in.item_count; i++)
		items[i] = world->items[any(world, ITEMS)];
	quoted = purchase_quote(world->fixture->shop, &in, &quote);
	in.has_expected_total = !quoted;
	in.expected_total_minor = quote.purchase.total_minor;
	e = fixture_purchase(world->fixture, &in, &out);
	if (quoted)
		assert_int_equal(e, quoted);
	else if (quote.purchase.total_minor > world->balances[buyer])
		assert_int_equal(e, ERR_PAYMENT_REQUIRED);
	else
		assert_int_equal(e, ERR_OK);
	if (!e) {
		size_t slot = world->purchase_count++ % PURCHASES;

		world->balances[buyer] -= quote.purchase.total_minor;
		world->purchases[slot].id = out.purchase.id;
		world->purchases[slot].buyer = buyer;
		if (in.is_gift)
			remember_code(world, out.claim_code);
		world->done++;
	}
	purchase_result_clear(&out);
	purchase_result_clear(&quote);
}

static void
do_refund(struct world *world)
{
	struct uuid item = world->items[any(world, ITEMS)];
	char key[24];
	struct refund_request in = { .items = &item,
	    .item_count = any(world, 2), .reason = "at random",
	    .request = { .method = "POST", .path = "/refund",
	    .idempotency_key = key } };
	struct refund_result out = { 0 };
	size_t slot;

	if (world->purchase_count == 0)
		return;
	slot = any(world, world->purchase_count < PURCHASES ?
	    world->purchase_count : PURCHASES);
	name_key(world, key);
	in.purchase = world->purchases[slot].id;
	switch ((int)fixture_refund(world->fixture, &in, &out)) {
	case ERR_OK:
		world->balances[world->purchases[slot].buyer] +=
		    out.refund.amount_minor;
		world->done++;
		break;
	case ERR_OUT_OF_RANGE:
	case ERR_ALREADY_REFUNDED:
	case ERR_NOT_REFUNDABLE:
		break;
	default:
		fail();
	}
	refund_result_clear(&out);
}

static enum err
write_fulfilment(struct shop_transaction *tx, const void *in, void *out)
{
	return fulfilment_make(tx, in, out);
}

static void
do_fulfil(struct world *world)
{
	struct uuid items[1] = { world->items[any(world, ITEMS)] };
	char key[24];
	const struct fulfilment_request in = { .items = items,
	    .item_count = 1, .reference = "r", .request = {
	    .method = "POST", .path = "/fulfil", .idempotency_key = key } };
	struct fulfilment out;

	name_key(world, key);
	assert_int_equal(fixture_run(world->fixture, write_fulfilment, &in,
	    &out), ERR_OK);
	remember_code(world, out.claim_code);
	world->done++;
}

static enum err
write_claim(struct shop_transaction *tx, const void *in, void *out)
{
	return claim_take(tx, in, out);
}

static void
do_claim(struct world *world)
{
	struct claim_request in = { .code_length = CODE_TEXT_SIZE - 1 };
	struct claim_result out;

	if (world->code_count == 0)
		return;
	in.account = world->buyers[any(world, BUYERS)];
	in.code = world->codes[any(world, world->code_count < CODES ?
	    world->code_count : CODES)];
	switch ((int)fixture_run(world->fixture, write_claim, &in, &out)) {
	case ERR_OK:
		world->done++;
		break;
	case ERR_CODE_USED:
	case ERR_CODE_EXPIRED:
	case ERR_ALREADY_OWNED:
		break;
	default:
		fail();
	}
}

/* Other contents of an album: tracks, and of the last also an album. */
static void
do_repack(struct world *world)
{
	size_t album = any(world, ALBUMS), count = 0;
	struct uuid items[TRACKS + 1];
	enum err e;

	for (size_t i = 0; i < TRACKS; i++) {
		if (any(world, 2) == 0)
			items[count++] = world->items[i];
	}
	if (any(world, 3) == 0)
		items[count++] = world->items[TRACKS + any(world, ALBUMS)];
	e = fixture_contain(world->fixture, &world->items[TRACKS + album],
	    items, count);
	assert_true(e == ERR_OK || e == ERR_NOT_PUBLISHABLE ||
	    e == ERR_OUT_OF_RANGE);
	world->done += e == ERR_OK;
}

static void
do_price(struct world *world)
{
	const struct item_fields fields = { .given = ITEM_PRICE,
	    .price_minor = (int64_t)any(world, 40) };

	assert_int_equal(fixture_change(world->fixture,
	    &world->items[any(world, ITEMS)], &fields, NULL), ERR_OK);
	world->fixture->now_ms += 1000;
}

static void
do_give(struct world *world)
{
	size_t buyer = any(world, BUYERS);

	fixture_give(world->fixture, world->buyers[buyer], 100);
	world->balances[buyer] += 100;
}

static void
make_world(struct world *world)
{
	char name[32];

	for (size_t i = 0; i < TRACKS; i++) {
		(void)snprintf(name, sizeof(name), "track %zu", i);
		world->items[i] = fixture_item_on_sale(world->fixture, name,
		    (int64_t)(5 + i));
	}
	for (size_t i = 0; i < ALBUMS; i++)
		world->items[TRACKS + i] = fixture_album_on_sale(
		    world->fixture, 30, &world->items[i], 3);
	for (size_t i = 0; i < BUYERS; i++) {
		(void)snprintf(name, sizeof(name), "%zu@example.com", i);
		world->buyers[i] = fixture_account(world->fixture, name,
		    NULL);
	}
}

static void
anything_at_random_keeps_the_books_true(void **state)
{
	static void (*const deeds[])(struct world *) = { do_buy, do_buy,
	    do_buy, do_buy, do_refund, do_refund, do_fulfil, do_claim,
	    do_claim, do_repack, do_price, do_give };
	const char *seed = getenv("SHOP_SEED");
	const char *operations = getenv("SHOP_OPERATIONS");
	struct world world = { .fixture = *state };
	uint64_t steps, period = 50;

	world.state = seed != NULL ? strtoull(seed, NULL, 10) :
	    (uint64_t)time(NULL);
	steps = operations != NULL ? strtoull(operations, NULL, 10) : 1500;
	print_message("# SHOP_SEED=%llu\n", (unsigned long long)world.state);
	/* A look at all the books takes the longer the more there is. */
	if (steps > 2000)
		period = steps / 20;
	make_world(&world);
	while (world.step++ < steps) {
		size_t buyer = any(&world, BUYERS);

		deeds[any(&world, sizeof(deeds) / sizeof(deeds[0]))](&world);
		assert_int_equal(fixture_balance(world.fixture,
		    world.buyers[buyer]), world.balances[buyer]);
		if (world.step % period == 0)
			fixture_check_books(world.fixture);
	}
	/* Not all of it was refused. */
	assert_true(world.done > steps / 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    anything_at_random_keeps_the_books_true, fixture_make,
		    fixture_remove),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
