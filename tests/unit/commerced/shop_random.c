/* Every operation of the shop at random, beside a model (support/shop_model.h):
 * each is answered as the model says, balances and what is owned are the
 * model's, and after each the books hold what must be true of them at any time.
 * SHOP_OPERATIONS (400) and SHOP_SEED say how many and which; each few hundred
 * have a shop of their own, so that the look at all books stays short.
 */
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/commerced/support/random_world.h"

#define WORLD_OPERATIONS 400

/* That it lasts is for others: here it need not wait for the disk. */
int
fdatasync(int descriptor)
{
	(void)descriptor;
	return 0;
}

int
fsync(int descriptor)
{
	(void)descriptor;
	return 0;
}

/* --- writes ------------------------------------------------------------- */

#define WRITE(name, function) \
	static enum err \
	name(struct shop_transaction *tx, const void *in, void *out) \
	{ \
		return function(tx, in, out); \
	}
WRITE(write_fulfilment, fulfilment_make)
WRITE(write_claim, claim_take)
WRITE(write_redeem, gift_code_redeem)

static enum err
write_complete(struct shop_transaction *tx, const void *in, void *out)
{
	(void)out;
	return library_complete(tx, in);
}

static enum err
write_issue(struct shop_transaction *tx, const void *in, void *out)
{
	const char *member;

	return gift_codes_issue(tx, in, out, &member);
}

/* --- buying ------------------------------------------------------------- */

/* Two purchases that are asked for at the same time. */
struct twin {
	struct shop_job job;
	const struct purchase_request *in;
	struct purchase_result out;
	sem_t *done;
};

static enum err
twin_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct twin *twin = (struct twin *)job;

	return purchase_buy(tx, twin->in, &twin->out);
}

static void
twin_done(struct shop_job *job)
{
	(void)sem_post(((struct twin *)job)->done);
}

/* Both with the same key: one buys, the other one is told of it. */
static enum err
buy_twice(struct world *world, const struct purchase_request *in,
    struct purchase_result *out)
{
	struct twin twins[2];
	sem_t done;
	enum err e;

	assert_int_equal(sem_init(&done, 0, 0), 0);
	for (size_t i = 0; i < 2; i++) {
		twins[i] = (struct twin){ .job = { .run = twin_run,
		    .done = twin_done }, .in = in, .done = &done };
		assert_int_equal(shop_submit(world->fixture->shop,
		    &twins[i].job), ERR_OK);
	}
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(sem_wait(&done), 0);
	(void)sem_destroy(&done);
	e = twins[0].job.result;
	assert_int_equal(e, twins[1].job.result);
	if (!e) {
		assert_false(twins[0].out.is_replayed);
		assert_true(twins[1].out.is_replayed);
		assert_memory_equal(&twins[0].out.purchase.id,
		    &twins[1].out.purchase.id, sizeof(struct uuid));
	}
	purchase_result_clear(&twins[1].out);
	*out = twins[0].out;
	return e;
}

/* An album costs its price but for what it contains; all else its price. */
static void
check_line(const struct world *world, const struct purchase_line *line,
    size_t item, bool is_gift)
{
	int64_t most = 0;

	assert_int_equal(line->price_minor, world->model.price[item]);
	for (size_t i = 0; i < MODEL_ITEMS && !is_gift; i++) {
		if (model_contains(&world->model, item, i))
			most += world->model.price[i];
	}
	assert_in_range(line->deducted_minor, 0, most);
	assert_true(line->deducted_minor <= line->price_minor);
}

static void
remember_purchase(struct world *world, size_t buyer,
    const struct purchase_request *in, const struct purchase_result *out)
{
	struct made *made =
	    &world->purchases[world->purchase_count++ % PURCHASES];
	struct model_buyer *who = &world->model.buyers[buyer];

	*made = (struct made){ .id = out->purchase.id,
	    .serial = ++world->purchases_ever, .buyer = (int)buyer,
	    .is_gift = in->is_gift, .line_count = in->item_count };
	memcpy(made->key, in->idempotency_key,
	    strlen(in->idempotency_key) + 1);
	assert_int_equal(out->purchase.number, made->serial);
	who->receipts++;
	who->balance -= out->purchase.total_minor;
	for (size_t i = 0; i < in->item_count; i++) {
		const struct purchase_line *line = &out->purchase.lines[i];

		made->items[i] = item_index(world, &in->items[i]);
		check_line(world, line, made->items[i], in->is_gift);
		made->costs[i] = line->price_minor - line->deducted_minor;
		if (!in->is_gift)
			who->owned[made->items[i]] = model_entitle(
			    &world->model, made->items[i], made->serial);
	}
}

static void
remember_claim(struct world *world, const char *code, int64_t purchase,
    const struct uuid *items, size_t count)
{
	size_t slot = world->claim_count++ % CODES;
	struct model_claim *claim = &world->claims[slot].claim;

	memcpy(world->claims[slot].code, code, CODE_TEXT_SIZE);
	*claim = (struct model_claim){ .purchase = purchase,
	    .claimed_by = MODEL_NOBODY, .item_count = count };
	for (size_t i = 0; i < count; i++) {
		claim->items[i] = item_index(world, &items[i]);
		claim->given[i] = model_entitle(&world->model,
		    claim->items[i], purchase);
	}
}

static void
do_buy(struct world *world)
{
	size_t buyer = any(world, MODEL_BUYERS), wanted[MODEL_LINES];
	struct uuid items[MODEL_LINES];
	char key[24];
	struct purchase_request in = { .account = world->buyers[buyer].number,
	    .items = items, .item_count = 1 + any(world, MODEL_LINES),
	    .is_gift = any(world, 5) == 0, .idempotency_key = key };
	struct purchase_result quote = { 0 }, out = { 0 };
	enum err expected, e;

	name_key(world, key);
	for (size_t i = 0; i < in.item_count; i++) {
		wanted[i] = any(world, MODEL_ITEMS);
		items[i] = world->items[wanted[i]];
	}
	expected = model_buy(&world->model, buyer, in.is_gift, wanted,
	    in.item_count);
	assert_int_equal(purchase_quote(world->fixture->shop, &in, &quote),
	    expected);
	in.has_expected_total = !expected;
	in.expected_total_minor = quote.purchase.total_minor;
	if (!expected && quote.purchase.total_minor >
	    world->model.buyers[buyer].balance)
		expected = ERR_PAYMENT_REQUIRED;
	e = any(world, 4) == 0 ? buy_twice(world, &in, &out) :
	    fixture_purchase(world->fixture, &in, &out);
	assert_int_equal(e, expected);
	if (!e) {
		assert_int_equal(out.purchase.total_minor,
		    quote.purchase.total_minor);
		remember_purchase(world, buyer, &in, &out);
		if (in.is_gift)
			remember_claim(world, out.claim_code,
			    world->purchases_ever, items, in.item_count);
		world->done++;
	}
	purchase_result_clear(&out);
	purchase_result_clear(&quote);
}

/* The same key again: told of it; with something else in it: refused. */
static void
do_repeat(struct world *world)
{
	struct uuid items[MODEL_LINES];
	struct purchase_request in = { .items = items };
	struct purchase_result out = { 0 };
	const struct made *made;

	if (world->purchase_count == 0)
		return;
	made = &world->purchases[any_of(world, world->purchase_count,
	    PURCHASES)];
	if (made->buyer == MODEL_GONE)
		return;
	in.account = world->buyers[made->buyer].number;
	in.idempotency_key = made->key;
	in.item_count = made->line_count;
	in.is_gift = made->is_gift;
	for (size_t i = 0; i < made->line_count; i++)
		items[i] = world->items[made->items[i]];
	assert_int_equal(fixture_purchase(world->fixture, &in, &out), ERR_OK);
	assert_true(out.is_replayed);
	assert_memory_equal(&out.purchase.id, &made->id, sizeof(made->id));
	in.request_hash[0] = 1;
	assert_int_equal(fixture_purchase(world->fixture, &in, &out),
	    ERR_IDEMPOTENCY_KEY_REUSED);
	purchase_result_clear(&out);
	world->done++;
}

/* --- money back --------------------------------------------------------- */

static void
refund_line(struct world *world, struct made *made, size_t line)
{
	assert_false(made->is_refunded[line]);
	made->is_refunded[line] = true;
	if (made->buyer != MODEL_GONE)
		world->model.buyers[made->buyer].balance += made->costs[line];
	model_refund_item(&world->model, made->serial, made->items[line]);
	for (size_t i = 0; i < CODES && made->is_gift; i++) {
		struct model_claim *claim = &world->claims[i].claim;
		size_t kept = 0;

		if (claim->purchase != made->serial)
			continue;
		for (size_t j = 0; j < claim->item_count; j++) {
			if (claim->items[j] == made->items[line])
				continue;
			claim->items[kept] = claim->items[j];
			claim->given[kept++] = claim->given[j];
		}
		claim->item_count = kept;
	}
}

static void
do_refund(struct world *world)
{
	struct uuid item = world->items[any(world, MODEL_ITEMS)];
	char key[24];
	struct refund_request in = { .items = &item,
	    .item_count = any(world, 2), .reason = "at random",
	    .request = { .method = "POST", .path = "/refund",
	    .idempotency_key = key } };
	struct refund_result out = { 0 };
	struct made *made;
	enum err e;

	if (world->purchase_count == 0)
		return;
	made = &world->purchases[any_of(world, world->purchase_count,
	    PURCHASES)];
	name_key(world, key);
	in.purchase = made->id;
	e = fixture_refund(world->fixture, &in, &out);
	if (e == ERR_OK) {
		/* Of who has gone only what cost nothing can go back. */
		if (made->buyer == MODEL_GONE)
			assert_int_equal(out.refund.amount_minor, 0);
		for (size_t i = 0; i < out.refund.item_count; i++) {
			size_t line = 0;

			while (made->items[line] != item_index(world,
			    &out.refund.items[i]))
				line++;
			refund_line(world, made, line);
		}
		/* With the same key again nothing more goes back. */
		assert_int_equal(fixture_refund(world->fixture, &in, &out),
		    ERR_OK);
		assert_true(out.is_replayed);
		world->done++;
	} else {
		assert_true(e == ERR_OUT_OF_RANGE ||
		    e == ERR_ALREADY_REFUNDED || e == ERR_NOT_REFUNDABLE);
	}
	refund_result_clear(&out);
}

/* --- codes -------------------------------------------------------------- */

/* One code, made or shown again. */
static void
issue(struct world *world, const struct gift_codes_request *in,
    bool is_replayed, char code[static CODE_TEXT_SIZE])
{
	struct gift_codes codes = { 0 };

	assert_int_equal(gift_codes_prepare(world->fixture->shop, in, &codes),
	    ERR_OK);
	assert_int_equal(fixture_run(world->fixture, write_issue, in, &codes),
	    ERR_OK);
	assert_int_equal(codes.is_replayed, is_replayed);
	if (is_replayed)
		assert_int_equal(gift_codes_recall(world->fixture->shop,
		    &codes), ERR_OK);
	memcpy(code, codes.codes[0], CODE_TEXT_SIZE);
	gift_codes_clear(&codes);
}

/* An album that was withdrawn may be emptied: it has nothing to give. */
static bool
has_nothing(const struct model *model, size_t item)
{
	for (size_t i = 0; i < MODEL_ITEMS; i++) {
		if (item < MODEL_TRACKS || model->is_in[item][i])
			return false;
	}
	return true;
}

static void
do_fulfil(struct world *world)
{
	struct uuid items[2];
	char key[24];
	const size_t first = any(world, MODEL_ITEMS);
	const size_t second = (first + 1) % MODEL_ITEMS;
	const struct fulfilment_request in = { .items = items,
	    .item_count = 1 + any(world, 2), .reference = "r", .request = {
	    .method = "POST", .path = "/fulfil", .idempotency_key = key } };
	struct fulfilment out, again;
	enum err expected = has_nothing(&world->model, first) ||
	    (in.item_count == 2 && has_nothing(&world->model, second)) ?
	    ERR_ITEM_NOT_ON_SALE : ERR_OK;

	name_key(world, key);
	items[0] = world->items[first];
	items[1] = world->items[second];
	assert_int_equal(fixture_run(world->fixture, write_fulfilment, &in,
	    &out), expected);
	if (expected)
		return;
	assert_int_equal(fixture_run(world->fixture, write_fulfilment, &in,
	    &again), ERR_OK);
	assert_true(again.is_replayed);
	assert_string_equal(again.claim_code, out.claim_code);
	remember_claim(world, out.claim_code, 0, items, in.item_count);
	world->done++;
}

static void
do_claim(struct world *world)
{
	struct claim_request in = { .code_length = CODE_TEXT_SIZE - 1 };
	struct claim_result out;
	size_t buyer = any(world, MODEL_BUYERS), slot;
	enum err e;

	if (world->claim_count == 0)
		return;
	slot = any_of(world, world->claim_count, CODES);
	in.account = world->buyers[buyer].number;
	in.code = world->claims[slot].code;
	e = fixture_run(world->fixture, write_claim, &in, &out);
	assert_int_equal(e, model_claim(&world->model,
	    &world->claims[slot].claim, buyer));
	world->done += e == ERR_OK;
}

static void
do_issue(struct world *world)
{
	char key[24], again[CODE_TEXT_SIZE];
	size_t slot = world->gift_count++ % CODES;
	const struct gift_codes_request in = {
	    .amount_minor = 1 + (int64_t)any(world, 150), .count = 1,
	    .request = { .method = "POST", .path = "/gift-codes",
	    .idempotency_key = key } };

	name_key(world, key);
	issue(world, &in, false, world->gifts[slot].code);
	issue(world, &in, true, again);
	assert_string_equal(again, world->gifts[slot].code);
	world->gifts[slot].amount = in.amount_minor;
	world->gifts[slot].redeemed_by = MODEL_NOBODY;
	world->done++;
}

static void
do_redeem(struct world *world)
{
	size_t buyer = any(world, MODEL_BUYERS), slot;
	struct gift_redemption in = { .account = world->buyers[buyer].number,
	    .code_length = CODE_TEXT_SIZE - 1 };
	struct gift_redeemed out;
	enum err e;
	int by;

	if (world->gift_count == 0)
		return;
	slot = any_of(world, world->gift_count, CODES);
	by = world->gifts[slot].redeemed_by;
	in.code = world->gifts[slot].code;
	e = fixture_run(world->fixture, write_redeem, &in, &out);
	if (by != MODEL_NOBODY && by != (int)buyer) {
		assert_int_equal(e, ERR_CODE_USED);
		return;
	}
	assert_int_equal(e, ERR_OK);
	assert_int_equal(out.is_replayed, by == (int)buyer);
	if (by == MODEL_NOBODY)
		world->model.buyers[buyer].balance += world->gifts[slot].amount;
	world->gifts[slot].redeemed_by = (int)buyer;
	assert_int_equal(out.balance_minor,
	    world->model.buyers[buyer].balance);
	world->done++;
}

/* --- the catalogue ------------------------------------------------------ */

static void
repack_model(struct world *world, size_t album, const bool *items)
{
	model_repack(&world->model, album, items);
	for (size_t i = 0; i < CODES; i++) {
		struct model_claim *claim = &world->claims[i].claim;

		for (size_t j = 0; j < claim->item_count; j++)
			model_follow(&world->model, claim->items[j],
			    &claim->given[j]);
	}
}

/* Other contents of an album: tracks, and sometimes another album. */
static void
do_repack(struct world *world)
{
	size_t album = MODEL_TRACKS + any(world, MODEL_ALBUMS), count = 0;
	struct uuid items[MODEL_ITEMS];
	bool is_in[MODEL_ITEMS] = { false };
	enum err e;

	for (size_t i = 0; i < MODEL_TRACKS; i++)
		is_in[i] = any(world, 2) == 0;
	if (any(world, 2) == 0)
		is_in[MODEL_TRACKS + any(world, MODEL_ALBUMS)] = true;
	for (size_t i = 0; i < MODEL_ITEMS; i++) {
		if (is_in[i])
			items[count++] = world->items[i];
	}
	e = fixture_contain(world->fixture, &world->items[album], items,
	    count);
	assert_true(e == ERR_OK || e == ERR_NOT_PUBLISHABLE ||
	    (e == ERR_OUT_OF_RANGE && is_in[album]));
	if (!e)
		repack_model(world, album, is_in);
	world->done += e == ERR_OK;
}

/* Free ones among them. */
static void
do_price(struct world *world)
{
	size_t item = any(world, MODEL_ITEMS);
	const struct item_fields fields = { .given = ITEM_PRICE,
	    .price_minor = (int64_t)(any(world, 4) == 0 ? 0 :
	    any(world, 40)) };

	assert_int_equal(fixture_change(world->fixture, &world->items[item],
	    &fields, NULL), ERR_OK);
	world->model.price[item] = fields.price_minor;
	world->fixture->now_ms += 1000;
	world->done++;
}

static void
do_sale(struct world *world)
{
	size_t item = any(world, MODEL_ITEMS);
	enum err e = ERR_OK;

	if (any(world, 3) == 0) {
		assert_int_equal(fixture_withdraw(world->fixture,
		    &world->items[item]), ERR_OK);
		world->model.on_sale[item] = false;
	} else {
		e = fixture_publish(world->fixture, &world->items[item]);
		/* A track always has a file; an album may be too deep. */
		assert_true(e == ERR_OK || (e == ERR_NOT_PUBLISHABLE &&
		    item >= MODEL_TRACKS && !world->model.on_sale[item]));
		world->model.on_sale[item] = e == ERR_OK;
	}
	world->done += e == ERR_OK;
}

static void
do_version(struct world *world)
{
	size_t track = any(world, MODEL_TRACKS);
	char name[32], content[48];

	(void)snprintf(name, sizeof(name), "track %zu.ogg", track);
	(void)snprintf(content, sizeof(content), "version of step %lld",
	    (long long)world->model.step);
	assert_int_equal(fixture_upload(world->fixture, &world->items[track],
	    name, content), ERR_OK);
	fixture_store_all(world->fixture);
	world->model.version[track]++;
	world->done++;
}

/* A second file comes, and is taken off again. */
static void
do_bonus(struct world *world)
{
	size_t track = any(world, MODEL_TRACKS);
	int64_t *until = &world->model.bonus_until[track];
	char content[48];

	if (*until == MODEL_NOW) {
		assert_int_equal(fixture_remove_file(world->fixture,
		    &world->items[track], "bonus.ogg"), ERR_OK);
		*until = world->model.step;
	} else {
		assert_int_equal(fixture_remove_file(world->fixture,
		    &world->items[track], "bonus.ogg"), ERR_NOT_FOUND);
		(void)snprintf(content, sizeof(content), "bonus of step %lld",
		    (long long)world->model.step);
		assert_int_equal(fixture_upload(world->fixture,
		    &world->items[track], "bonus.ogg", content), ERR_OK);
		fixture_store_all(world->fixture);
		*until = MODEL_NOW;
	}
	world->done++;
}

/* --- what is owned ------------------------------------------------------ */

/*
 * The second file is given to who had the track when it was taken off, and to
 * nobody else.
 */
static bool
has_bonus(const struct world *world, size_t buyer, size_t track)
{
	int64_t since = model_owned_since(&world->model, buyer, track);

	return since != 0 && world->model.bonus_until[track] > since;
}

/* A file's access, the report that it is here, and that it is finished. */
static void
use_entry(struct world *world, size_t buyer, const struct file *file)
{
	struct library_completion in = { .account =
	    world->buyers[buyer].number, .file = file->id,
	    .sealed_size = file->sealed_size };
	struct library_query query = { .account = in.account,
	    .unfinished = true, .limit = 100 };
	struct library_list list = { 0 };
	struct access_list access = { 0 };

	assert_int_equal(access_for_file(world->fixture->shop, in.account,
	    &file->id, 0, &access), ERR_OK);
	assert_int_equal(access.entries[0].file.version, file->version);
	access_list_clear(&access);
	memcpy(in.object, file->object, sizeof(in.object));
	assert_int_equal(fixture_run(world->fixture, write_complete, &in,
	    NULL), ERR_OK);
	assert_int_equal(library_list(world->fixture->shop, &query, &list),
	    ERR_OK);
	for (size_t i = 0; i < list.count; i++)
		assert_memory_not_equal(&list.entries[i].file.id, &file->id,
		    sizeof(file->id));
	library_list_clear(&list);
}

static void
check_entry(const struct world *world, size_t buyer, const struct file *file)
{
	size_t track = item_index(world, &file->item);

	if (strcmp(file->name, "bonus.ogg") == 0) {
		assert_true(has_bonus(world, buyer, track));
		return;
	}
	assert_true(model_owned_since(&world->model, buyer, track) != 0);
	assert_int_equal(file->version, world->model.version[track]);
}

static void
do_library(struct world *world)
{
	size_t buyer = any(world, MODEL_BUYERS), count = 0;
	const struct library_query query = { .limit = 100,
	    .account = world->buyers[buyer].number };
	struct library_list list = { 0 };

	for (size_t i = 0; i < MODEL_TRACKS; i++) {
		count += model_owned_since(&world->model, buyer, i) != 0;
		count += has_bonus(world, buyer, i);
	}
	assert_int_equal(library_list(world->fixture->shop, &query, &list),
	    ERR_OK);
	assert_int_equal(list.count, count);
	for (size_t i = 0; i < list.count; i++)
		check_entry(world, buyer, &list.entries[i].file);
	if (list.count > 0)
		use_entry(world, buyer,
		    &list.entries[any(world, list.count)].file);
	library_list_clear(&list);
	world->done++;
}

/* As buyers see it: what is on sale, and what they own. */
static void
do_look(struct world *world)
{
	size_t buyer = any(world, MODEL_BUYERS);
	size_t index = any(world, MODEL_ITEMS);
	bool is_owned = model_owned_since(&world->model, buyer, index) != 0;
	struct item item = { 0 };
	enum err e;

	e = item_get(world->fixture->shop, &world->items[index],
	    world->buyers[buyer].number, &item);
	assert_int_equal(e, is_owned || world->model.on_sale[index] ? ERR_OK :
	    ERR_NOT_FOUND);
	if (!e) {
		assert_int_equal(item.owned, is_owned);
		assert_int_equal(item.price_minor, world->model.price[index]);
	}
	item_clear(&item);
	world->done++;
}

/* --- all of it ---------------------------------------------------------- */

static void
make_world(struct world *world)
{
	char name[32];

	for (size_t i = 0; i < MODEL_TRACKS; i++) {
		(void)snprintf(name, sizeof(name), "track %zu", i);
		world->model.price[i] = (int64_t)(5 + i);
		world->model.version[i] = 1;
		world->items[i] = fixture_item_on_sale(world->fixture, name,
		    world->model.price[i]);
	}
	for (size_t i = MODEL_TRACKS; i < MODEL_ITEMS; i++) {
		size_t first = i - MODEL_TRACKS;

		world->model.price[i] = 30;
		for (size_t j = first; j < first + 3; j++)
			world->model.is_in[i][j] = true;
		world->items[i] = fixture_album_on_sale(world->fixture, 30,
		    &world->items[first], 3);
	}
	for (size_t i = 0; i < MODEL_ITEMS; i++)
		world->model.on_sale[i] = true;
	for (size_t i = 0; i < MODEL_BUYERS; i++)
		register_buyer(world, i);
}

static void
check_balances(const struct world *world)
{
	for (size_t i = 0; i < MODEL_BUYERS; i++)
		assert_int_equal(fixture_balance(world->fixture,
		    world->buyers[i].number), world->model.buyers[i].balance);
}

static const struct {
	unsigned often;
	void (*run)(struct world *world);
} deeds[] = {
	{ 10, do_buy }, { 2, do_repeat }, { 5, do_refund }, { 2, do_fulfil },
	{ 5, do_claim }, { 3, do_issue }, { 4, do_redeem }, { 6, do_repack },
	{ 3, do_price }, { 2, do_sale }, { 2, do_version }, { 2, do_bonus },
	{ 2, do_session }, { 1, do_change }, { 1, do_reset },
	{ 1, do_delete }, { 2, do_export }, { 4, do_library }, { 3, do_look },
};
#define DEEDS (sizeof(deeds) / sizeof(deeds[0]))

static void
do_something(struct world *world)
{
	size_t all = 0, chosen, i = 0;

	for (size_t j = 0; j < DEEDS; j++)
		all += deeds[j].often;
	chosen = any(world, all);
	while (chosen >= deeds[i].often)
		chosen -= deeds[i++].often;
	deeds[i].run(world);
}

/* A shop of its own; how many of its operations were not refused. */
static uint64_t
run_world(uint64_t seed, int64_t operations)
{
	struct world *world = calloc(1, sizeof(*world));
	void *fixture;
	uint64_t done;

	assert_non_null(world);
	assert_int_equal(fixture_make(&fixture), 0);
	world->fixture = fixture;
	world->state = seed;
	world->model.step = 1;
	make_world(world);
	while (world->model.step++ < operations) {
		do_something(world);
		check_balances(world);
		fixture_check_books(world->fixture);
	}
	done = world->done;
	assert_int_equal(fixture_remove(&fixture), 0);
	free(world);
	return done;
}

static void
anything_at_random_is_as_the_model_says(void **state)
{
	const char *seed_text = getenv("SHOP_SEED");
	const char *operations_text = getenv("SHOP_OPERATIONS");
	uint64_t seed = (uint64_t)time(NULL), done = 0;
	int64_t operations = 400;

	(void)state;
	if (seed_text != NULL)
		seed = strtoull(seed_text, NULL, 10);
	if (operations_text != NULL)
		operations = strtoll(operations_text, NULL, 10);
	for (int64_t left = operations; left > 0; left -= WORLD_OPERATIONS) {
		print_message("# SHOP_SEED=%llu\n", (unsigned long long)seed);
		done += run_world(seed++, left < WORLD_OPERATIONS ? left :
		    WORLD_OPERATIONS);
	}
	/* Not all of it was refused. */
	assert_true(done > (uint64_t)operations / 3);
	print_message("# %lld operations, of which %llu were not refused\n",
	    (long long)operations, (unsigned long long)done);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anything_at_random_is_as_the_model_says),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
