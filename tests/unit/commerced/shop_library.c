/* What owners have: library, access, completion. */
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
access_is_signed_and_the_key_fits_the_version(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "Waltz", 0);
	struct signing_keys *keys = fixture_signing_keys(fixture, "2026a");
	const char *const origin = FIXTURE_ORIGIN;
	struct access_list list = { 0 };
	struct token_target target;
	struct token_request request;
	const struct access *access;
	uint8_t identity[SEALED_IDENTITY_BYTES];
	char text[SEALED_IDENTITY_TEXT_SIZE];

	assert_int_equal(access_for_items(fixture->shop, buyer, &item, 1,
	    &list), ERR_OK);
	assert_int_equal(list.count, 0);
	assert_int_equal(fixture_buy(fixture, buyer, &item, "1"), ERR_OK);
	assert_int_equal(access_for_items(fixture->shop, buyer, &item, 1,
	    &list), ERR_OK);
	assert_int_equal(list.count, 1);
	access = &list.entries[0];
	assert_memory_equal(&access->file.item, &item, sizeof(item));
	assert_int_equal(strncmp(access->url, origin, strlen(origin)), 0);
	assert_int_equal(token_target_parse(access->url + strlen(origin),
	    &target), ERR_OK);
	assert_string_equal(target.object, access->file.object);
	assert_string_equal(target.commerce_id, FIXTURE_COMMERCE);
	assert_string_equal(target.key_id, "2026a");
	assert_string_equal(target.name, "Waltz.ogg.age");
	assert_int_equal(target.expires_s, access->expires_s);
	assert_int_equal(strlen(target.grant), 22);
	request = (struct token_request){ .method = TOKEN_GET,
	    .target = access->url + strlen(origin), .parsed = &target,
	    .token = access->token, .token_length = strlen(access->token),
	    .origins = &origin, .origin_count = 1 };
	assert_int_equal(token_verify(keys, &request,
	    access->expires_s - 1), ERR_OK);
	assert_int_equal(token_verify(keys, &request, access->expires_s),
	    ERR_TOKEN_EXPIRED);
	assert_int_equal(keys_download_key(identity, fixture->master_keys,
	    "new", &access->file.version_id), ERR_OK);
	sealed_identity_text(text, identity);
	assert_string_equal(access->download_key, text);
	access_list_clear(&list);
	signing_keys_free(keys);
}

static int64_t
lifetime(struct fixture *fixture, int64_t account, const struct uuid *item)
{
	struct access_list list = { 0 };
	int64_t lifetime_s;

	assert_int_equal(access_for_items(fixture->shop, account, item, 1,
	    &list), ERR_OK);
	assert_int_equal(list.count, 1);
	lifetime_s = list.entries[0].expires_s - FIXTURE_START_MS / 1000;
	access_list_clear(&list);
	return lifetime_s;
}

static void
a_large_file_has_longer_until_a_day(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "Waltz", 0);

	assert_int_equal(fixture_buy(fixture, buyer, &item, "1"), ERR_OK);
	assert_int_equal(lifetime(fixture, buyer, &item), 3600);
	fixture_execute(fixture, "UPDATE version"
	    " SET sealed_size = 102400 * 1000 + 5");
	assert_int_equal(lifetime(fixture, buyer, &item), 4600);
	fixture_execute(fixture, "UPDATE version"
	    " SET sealed_size = 1 << 50");
	assert_int_equal(lifetime(fixture, buyer, &item), 86400);
}

static const char *
grant_of(const struct access *access)
{
	static char grant[GRANT_ID_MAX + 1];
	struct token_target target;

	assert_int_equal(token_target_parse(access->url +
	    strlen(FIXTURE_ORIGIN), &target), ERR_OK);
	memcpy(grant, target.grant, sizeof(grant));
	return grant;
}

static void
a_grant_is_of_one_account_and_file_and_stays(void **state)
{
	struct fixture *fixture = *state;
	int64_t one = fixture_account(fixture, "a@example.com", NULL);
	int64_t two = fixture_account(fixture, "b@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "Waltz", 0);
	struct access_list list = { 0 };
	char first[GRANT_ID_MAX + 1];

	assert_int_equal(fixture_buy(fixture, one, &item, "1"), ERR_OK);
	assert_int_equal(fixture_buy(fixture, two, &item, "1"), ERR_OK);
	assert_int_equal(fixture_upload(fixture, &item, "b.ogg", "b"),
	    ERR_OK);
	fixture_store_all(fixture);
	assert_int_equal(access_for_items(fixture->shop, one, &item, 1,
	    &list), ERR_OK);
	assert_int_equal(list.count, 2);
	memcpy(first, grant_of(&list.entries[0]), sizeof(first));
	assert_string_not_equal(first, grant_of(&list.entries[1]));
	/* A new version and a restart later. */
	assert_int_equal(fixture_upload(fixture, &item, "Waltz.ogg", "2"),
	    ERR_OK);
	fixture_store_all(fixture);
	fixture_reopen(fixture);
	assert_int_equal(access_for_items(fixture->shop, one, &item, 1,
	    &list), ERR_OK);
	assert_int_equal(list.entries[0].file.version, 2);
	assert_string_equal(first, grant_of(&list.entries[0]));
	assert_int_equal(access_for_items(fixture->shop, two, &item, 1,
	    &list), ERR_OK);
	assert_string_not_equal(first, grant_of(&list.entries[0]));
	access_list_clear(&list);
}

static void
versions_back_to_the_bought_one_are_the_owners(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	int64_t other = fixture_account(fixture, "b@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "Waltz", 0);
	struct access_list list = { 0 };
	struct uuid file;

	assert_int_equal(fixture_upload(fixture, &item, "Waltz.ogg", "2"),
	    ERR_OK);
	fixture_store_all(fixture);
	assert_int_equal(fixture_buy(fixture, buyer, &item, "1"), ERR_OK);
	for (const char *content = "34"; *content != '\0'; content++) {
		const char text[] = { *content, '\0' };

		assert_int_equal(fixture_upload(fixture, &item, "Waltz.ogg",
		    text), ERR_OK);
		fixture_store_all(fixture);
	}
	assert_int_equal(fixture_upload(fixture, &item, "Waltz.ogg", "5"),
	    ERR_OK);
	assert_int_equal(access_for_items(fixture->shop, buyer, &item, 1,
	    &list), ERR_OK);
	assert_int_equal(list.entries[0].file.version, 4);
	file = list.entries[0].file.id;
	for (int64_t version = -1; version <= 6; version++) {
		enum err e = access_for_file(fixture->shop, buyer, &file,
		    version, &list);

		if (version == 0 || (version >= 2 && version <= 4)) {
			assert_int_equal(e, ERR_OK);
			assert_int_equal(list.count, 1);
			assert_int_equal(list.entries[0].file.version,
			    version == 0 ? 4 : version);
		} else {
			assert_int_equal(e, ERR_NOT_FOUND);
		}
	}
	assert_int_equal(access_for_file(fixture->shop, other, &file, 0,
	    &list), ERR_NOT_FOUND);
	access_list_clear(&list);
}

static void
signing_keys_change_while_the_shop_is_open(void **state)
{
	struct fixture *fixture = *state;
	struct storage_request request;
	struct token_target target;

	assert_int_equal(shop_replace_signing_keys(fixture->shop,
	    fixture_signing_keys(fixture, "2026b")), ERR_OK);
	assert_int_equal(access_storage_request(fixture->shop,
	    TOKEN_LIST_OBJECTS, NULL, &request), ERR_OK);
	assert_int_equal(token_target_parse(request.url +
	    strlen(FIXTURE_ORIGIN), &target), ERR_OK);
	assert_string_equal(target.key_id, "2026b");
	assert_string_equal(target.grant, "audit");
	assert_int_equal(target.expires_s, FIXTURE_START_MS / 1000 + 600);
	assert_int_equal(shop_replace_signing_keys(fixture->shop, NULL),
	    ERR_CONFIG);
	assert_int_equal(access_storage_request(fixture->shop, TOKEN_GET,
	    "x", &request), ERR_MALFORMED_URL);
	assert_int_equal(access_storage_request(fixture->shop, TOKEN_PUT,
	    "x", &request), ERR_MALFORMED_URL);
}

static void
a_master_key_that_is_gone_is_an_error_not_a_wrong_key(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "Waltz", 0);
	struct access_list list = { 0 };

	assert_int_equal(fixture_buy(fixture, buyer, &item, "1"), ERR_OK);
	fixture_execute(fixture,
	    "UPDATE version SET master_key = 'lost'");
	assert_int_equal(access_for_items(fixture->shop, buyer, &item, 1,
	    &list), ERR_KEY_FILE);
	assert_int_equal(list.count, 0);
}

/* "name version bought [done]" of all pages, parted by commas. */
static const char *
library(struct fixture *fixture, int64_t account, bool unfinished,
    size_t limit)
{
	static char text[2048];
	struct library_query query = { .account = account,
	    .unfinished = unfinished, .limit = limit };
	struct library_list page = { 0 };
	char *cursor = NULL;

	text[0] = '\0';
	do {
		query.cursor = cursor;
		assert_int_equal(library_list(fixture->shop, &query, &page),
		    ERR_OK);
		for (size_t i = 0; i < page.count; i++) {
			const struct library_entry *entry = &page.entries[i];
			size_t length = strlen(text);

			(void)snprintf(text + length, sizeof(text) - length,
			    "%s%s %d %d%s", length == 0 ? "" : ", ",
			    entry->file.name, (int)entry->file.version,
			    (int)entry->bought_version,
			    entry->completed_ms == 0 ? "" : " done");
		}
		free(cursor);
		cursor = page.next;
		page.next = NULL;
	} while (cursor != NULL);
	library_list_clear(&page);
	return text;
}

static enum err
write_complete(struct shop_transaction *tx, const void *in, void *out)
{
	(void)out;
	return library_complete(tx, in);
}

/* Report the version (0: the newest) of a file of the item as complete. */
static enum err
complete(struct fixture *fixture, int64_t account, const struct uuid *item,
    int64_t version)
{
	struct library_completion in = { .account = account };
	struct access_list list = { 0 };

	assert_int_equal(access_for_items(fixture->shop, account, item, 1,
	    &list), ERR_OK);
	in.file = list.entries[0].file.id;
	assert_int_equal(access_for_file(fixture->shop, account, &in.file,
	    version, &list), ERR_OK);
	memcpy(in.object, list.entries[0].file.object, sizeof(in.object));
	in.sealed_size = list.entries[0].file.sealed_size;
	access_list_clear(&list);
	return fixture_run(fixture, write_complete, &in, NULL);
}

static void
the_library_is_newest_first_and_pages(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid one = fixture_item_on_sale(fixture, "one", 0);
	struct uuid two = fixture_item_on_sale(fixture, "two", 0);

	assert_string_equal(library(fixture, buyer, false, 1), "");
	assert_int_equal(fixture_buy(fixture, buyer, &one, "1"), ERR_OK);
	fixture->now_ms += 1;
	assert_int_equal(fixture_buy(fixture, buyer, &two, "2"), ERR_OK);
	/* A file that came later, and one that is not stored yet. */
	assert_int_equal(fixture_upload(fixture, &two, "extra.ogg", "x"),
	    ERR_OK);
	fixture_store_all(fixture);
	assert_int_equal(fixture_upload(fixture, &two, "late.ogg", "x"),
	    ERR_OK);
	for (size_t limit = 1; limit <= 4; limit++)
		assert_string_equal(library(fixture, buyer, false, limit),
		    "two.ogg 1 1, extra.ogg 1 1, one.ogg 1 1");
	fixture_store_all(fixture);
	assert_string_equal(library(fixture, buyer, false, 4),
	    "two.ogg 1 1, extra.ogg 1 1, late.ogg 1 1, one.ogg 1 1");
}

static void
unfinished_is_what_has_a_newer_version_than_was_completed(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "a", 0);

	assert_int_equal(fixture_buy(fixture, buyer, &item, "1"), ERR_OK);
	assert_string_equal(library(fixture, buyer, true, 9), "a.ogg 1 1");
	assert_int_equal(complete(fixture, buyer, &item, 0), ERR_OK);
	assert_string_equal(library(fixture, buyer, true, 9), "");
	assert_string_equal(library(fixture, buyer, false, 9),
	    "a.ogg 1 1 done");
	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "2"),
	    ERR_OK);
	assert_string_equal(library(fixture, buyer, true, 9), "");
	fixture_store_all(fixture);
	assert_string_equal(library(fixture, buyer, true, 9), "a.ogg 2 1");
	/* The old one again does not finish the new one. */
	assert_int_equal(complete(fixture, buyer, &item, 1), ERR_OK);
	assert_string_equal(library(fixture, buyer, true, 9), "a.ogg 2 1");
	assert_int_equal(complete(fixture, buyer, &item, 2), ERR_OK);
	assert_int_equal(complete(fixture, buyer, &item, 2), ERR_OK);
	/* ... nor takes it back. */
	assert_int_equal(complete(fixture, buyer, &item, 1), ERR_OK);
	assert_string_equal(library(fixture, buyer, true, 9), "");
}

static void
what_is_no_version_of_the_file_cannot_be_completed(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	int64_t other = fixture_account(fixture, "b@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "a", 0);
	struct uuid second = fixture_item_on_sale(fixture, "b", 0);
	struct library_completion in = { .account = buyer }, good;
	struct access_list list = { 0 };

	assert_int_equal(fixture_buy(fixture, buyer, &item, "1"), ERR_OK);
	assert_int_equal(fixture_buy(fixture, buyer, &second, "2"), ERR_OK);
	assert_int_equal(access_for_items(fixture->shop, buyer, &item, 1,
	    &list), ERR_OK);
	in.file = list.entries[0].file.id;
	in.sealed_size = list.entries[0].file.sealed_size;
	memcpy(in.object, list.entries[0].file.object, sizeof(in.object));
	good = in;
	in.sealed_size++;
	assert_int_equal(fixture_run(fixture, write_complete, &in, NULL),
	    ERR_OBJECT_MISMATCH);
	in = good;
	in.object[0] = in.object[0] == 'a' ? 'b' : 'a';
	assert_int_equal(fixture_run(fixture, write_complete, &in, NULL),
	    ERR_OBJECT_MISMATCH);
	in.object[0] = 'G';
	assert_int_equal(fixture_run(fixture, write_complete, &in, NULL),
	    ERR_OBJECT_MISMATCH);
	in = good;
	in.account = other;
	assert_int_equal(fixture_run(fixture, write_complete, &in, NULL),
	    ERR_NOT_FOUND);
	assert_int_equal(access_for_items(fixture->shop, buyer, &second, 1,
	    &list), ERR_OK);
	in = good;
	in.file = list.entries[0].file.id;
	assert_int_equal(fixture_run(fixture, write_complete, &in, NULL),
	    ERR_OBJECT_MISMATCH);
	assert_int_equal(fixture_run(fixture, write_complete, &good, NULL),
	    ERR_OK);
	access_list_clear(&list);
}

static void
library_cursors_are_checked(void **state)
{
	struct fixture *fixture = *state;
	int64_t buyer = fixture_account(fixture, "a@example.com", NULL);
	struct library_query query = { .account = buyer, .limit = 1 };
	struct purchase_list purchases = { 0 };
	struct library_list page = { 0 };
	char title[8];

	for (int i = 0; i < 2; i++) {
		struct uuid item;

		(void)snprintf(title, sizeof(title), "%d", i);
		item = fixture_item_on_sale(fixture, title, 0);
		assert_int_equal(fixture_buy(fixture, buyer, &item, title),
		    ERR_OK);
	}
	query.cursor = "x";
	assert_int_equal(library_list(fixture->shop, &query, &page),
	    ERR_MALFORMED_CURSOR);
	/* One of the receipts is none of the library. */
	assert_int_equal(purchase_list(fixture->shop, buyer, 1, NULL,
	    &purchases), ERR_OK);
	query.cursor = purchases.next;
	assert_non_null(query.cursor);
	assert_int_equal(library_list(fixture->shop, &query, &page),
	    ERR_MALFORMED_CURSOR);
	query.cursor = NULL;
	query.limit = 0;
	assert_int_equal(library_list(fixture->shop, &query, &page),
	    ERR_OUT_OF_RANGE);
	query.limit = LIBRARY_LIMIT_MAX + 1;
	assert_int_equal(library_list(fixture->shop, &query, &page),
	    ERR_OUT_OF_RANGE);
	purchase_list_clear(&purchases);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(access_is_signed_and_the_key_fits_the_version),
		TEST(a_large_file_has_longer_until_a_day),
		TEST(a_grant_is_of_one_account_and_file_and_stays),
		TEST(versions_back_to_the_bought_one_are_the_owners),
		TEST(signing_keys_change_while_the_shop_is_open),
		TEST(a_master_key_that_is_gone_is_an_error_not_a_wrong_key),
		TEST(the_library_is_newest_first_and_pages),
		TEST(unfinished_is_what_has_a_newer_version_than_was_completed),
		TEST(what_is_no_version_of_the_file_cannot_be_completed),
		TEST(library_cursors_are_checked),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
