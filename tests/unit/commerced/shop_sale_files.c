/* What a sale hands out right away, from memory, is what the library gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/commerced/support/shop_fixture.h"

static void
assert_same_access(const struct access_list *a, const struct access_list *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct access *x = &a->entries[i], *y = &b->entries[i];

		assert_memory_equal(&x->file.id, &y->file.id,
		    sizeof(x->file.id));
		assert_memory_equal(&x->file.item, &y->file.item,
		    sizeof(x->file.item));
		assert_memory_equal(&x->file.version_id, &y->file.version_id,
		    sizeof(x->file.version_id));
		assert_int_equal(x->file.version, y->file.version);
		assert_string_equal(x->file.name, y->file.name);
		assert_string_equal(x->file.media_type, y->file.media_type);
		assert_int_equal(x->file.size, y->file.size);
		assert_string_equal(x->url, y->url);
		assert_string_equal(x->token, y->token);
		assert_string_equal(x->download_key, y->download_key);
	}
}

/*
 * A new buyer buys the items; the access of the sale is compared with the
 * library's and left in *out.
 */
static void
sell(struct fixture *fixture, const struct uuid *items, size_t count,
    struct access_list *out)
{
	static int buyers;
	struct purchase_request in = { .items = items, .item_count = count,
	    .idempotency_key = "1" };
	struct purchase_result result = { 0 };
	struct access_list library = { 0 };
	char email[32];

	(void)snprintf(email, sizeof(email), "%d@example.com", buyers++);
	in.account = fixture_account(fixture, email, NULL);
	assert_int_equal(fixture_purchase(fixture, &in, &result), ERR_OK);
	assert_int_equal(access_for_purchase(fixture->shop, &result.purchase,
	    &result.sale, out), ERR_OK);
	assert_int_equal(access_for_purchase(fixture->shop, &result.purchase,
	    NULL, &library), ERR_OK);
	assert_same_access(out, &library);
	access_list_clear(&library);
	purchase_result_clear(&result);
}

static void
each_buyer_gets_a_grant_of_their_own(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item_on_sale(fixture, "Waltz", 0);
	struct access_list first = { 0 }, second = { 0 };

	sell(fixture, &item, 1, &first);
	sell(fixture, &item, 1, &second);
	assert_int_equal(second.count, 1);
	assert_string_equal(first.entries[0].file.object,
	    second.entries[0].file.object);
	assert_string_not_equal(first.entries[0].url, second.entries[0].url);
	access_list_clear(&first);
	access_list_clear(&second);
}

static void
what_changes_is_in_the_next_sale(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item_on_sale(fixture, "Waltz", 0);
	struct access_list list = { 0 };

	sell(fixture, &item, 1, &list);
	assert_int_equal(fixture_upload(fixture, &item, "Waltz.ogg", "anew"),
	    ERR_OK);
	sell(fixture, &item, 1, &list);
	assert_int_equal(list.entries[0].file.version, 1);
	fixture_store_all(fixture);
	sell(fixture, &item, 1, &list);
	assert_int_equal(list.entries[0].file.version, 2);
	assert_int_equal(fixture_upload(fixture, &item, "text.pdf", "text"),
	    ERR_OK);
	fixture_store_all(fixture);
	sell(fixture, &item, 1, &list);
	assert_int_equal(list.count, 2);
	assert_int_equal(fixture_remove_file(fixture, &item, "Waltz.ogg"),
	    ERR_OK);
	sell(fixture, &item, 1, &list);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.entries[0].file.name, "text.pdf");
	access_list_clear(&list);
}

static void
an_item_that_becomes_an_album_gives_its_tracks(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item_on_sale(fixture, "Waltzes", 0);
	struct uuid track = fixture_item_on_sale(fixture, "Waltz", 0);
	struct access_list list = { 0 };

	sell(fixture, &item, 1, &list);
	assert_int_equal(list.count, 1);
	assert_int_equal(fixture_contain(fixture, &item, &track, 1), ERR_OK);
	sell(fixture, &item, 1, &list);
	assert_int_equal(list.count, 2);
	sell(fixture, &item, 1, &list);
	assert_int_equal(list.count, 2);
	assert_int_equal(fixture_contain(fixture, &item, NULL, 0), ERR_OK);
	sell(fixture, &item, 1, &list);
	assert_int_equal(list.count, 1);
	access_list_clear(&list);
}

static void
more_items_and_files_than_are_remembered_are_read(void **state)
{
	struct fixture *fixture = *state;
	static struct uuid items[PURCHASE_ITEMS_MAX];
	struct access_list list = { 0 };
	char text[16];

	for (int i = 0; i < PURCHASE_ITEMS_MAX; i++) {
		(void)snprintf(text, sizeof(text), "item %d", i);
		items[i] = fixture_item_on_sale(fixture, text, 0);
	}
	for (int i = 0; i < 20; i++) {
		(void)snprintf(text, sizeof(text), "file %d", i);
		assert_int_equal(fixture_upload(fixture, &items[7], text,
		    text), ERR_OK);
	}
	fixture_store_all(fixture);
	for (int i = 0; i < 3; i++) {
		sell(fixture, items, PURCHASE_ITEMS_MAX, &list);
		assert_int_equal(list.count, PURCHASE_ITEMS_MAX + 20);
	}
	access_list_clear(&list);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_buyer_gets_a_grant_of_their_own),
		TEST(what_changes_is_in_the_next_sale),
		TEST(an_item_that_becomes_an_album_gives_its_tracks),
		TEST(more_items_and_files_than_are_remembered_are_read),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
