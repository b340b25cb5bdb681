/* Files, versions, and their way to the storage host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/commerced/support/shop_fixture.h"

static struct file
file_get(struct fixture *fixture, const struct uuid *item, const char *name)
{
	struct file file = { 0 };

	assert_int_equal(publish_file_get(fixture->shop, item, name, &file),
	    ERR_OK);
	return file;
}

static size_t
pushes(struct fixture *fixture, enum push_kind kind, struct push *out)
{
	size_t count = 0;

	assert_int_equal(push_list(fixture->shop, kind, out, 32, &count),
	    ERR_OK);
	return count;
}

static enum err
write_stored(struct shop_transaction *tx, const void *in, void *out)
{
	(void)out;
	return push_stored(tx, *(const int64_t *)in);
}

static enum err
write_deleted(struct shop_transaction *tx, const void *in, void *out)
{
	(void)out;
	return push_deleted(tx, *(const int64_t *)in);
}

static enum err
write_dropped(struct shop_transaction *tx, const void *in, void *out)
{
	(void)out;
	return push_dropped(tx, *(const int64_t *)in);
}

struct failure {
	int64_t version;
	int64_t not_before_ms;
};

static enum err
write_failed(struct shop_transaction *tx, const void *in, void *out)
{
	const struct failure *failure = in;

	(void)out;
	return push_failed(tx, failure->version, failure->not_before_ms);
}

static void
names_and_media_types_have_a_form(void **state)
{
	static const char *const types[] = { "", "audio", "/", "audio/",
	    "/ogg", "audio/ogg\r\nX: y", "audio/ogg,text/html", "a b/c",
	    "audio/ogg; x=\x80" };
	char name[PUBLISHED_NAME_MAX + 2];

	(void)state;
	assert_true(publish_name_is_valid("waltz.ogg", 9));
	assert_false(publish_name_is_valid("", 0));
	assert_false(publish_name_is_valid("..", 2));
	assert_false(publish_name_is_valid("a/b", 3));
	memset(name, 'x', sizeof(name));
	assert_true(publish_name_is_valid(name, PUBLISHED_NAME_MAX));
	assert_false(publish_name_is_valid(name, PUBLISHED_NAME_MAX + 1));
	assert_true(publish_media_type_is_valid("audio/ogg", 9));
	assert_true(publish_media_type_is_valid("audio/ogg; codecs=opus",
	    22));
	assert_true(publish_media_type_is_valid("image/svg+xml", 13));
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		assert_false(publish_media_type_is_valid(types[i],
		    strlen(types[i])));
}

static void
an_upload_is_planned_for_an_item_that_exists(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item(fixture, "Waltz", 1);
	struct uuid unknown = { { 1 } };
	struct version_plan one, two;

	assert_int_equal(publish_begin(fixture->shop, &item, "a.ogg",
	    "audio/ogg", &one), ERR_OK);
	assert_string_equal(one.master_key, "new");
	assert_int_equal(publish_begin(fixture->shop, &item, "a.ogg",
	    "audio/ogg", &two), ERR_OK);
	assert_memory_not_equal(&one.version_id, &two.version_id, 16);
	assert_memory_not_equal(one.identity, two.identity, 32);
	assert_int_equal(publish_begin(fixture->shop, &unknown, "a.ogg",
	    "audio/ogg", &one), ERR_NOT_FOUND);
	assert_int_equal(publish_begin(fixture->shop, &item, "a/b",
	    "audio/ogg", &one), ERR_OUT_OF_RANGE);
	assert_int_equal(publish_begin(fixture->shop, &item, "a.ogg",
	    "audio", &one), ERR_OUT_OF_RANGE);
}

static void
a_version_is_pending_until_it_is_stored(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item(fixture, "Waltz", 1);
	struct push out[64];
	struct file file;
	int64_t count, oldest;

	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "one"),
	    ERR_OK);
	file = file_get(fixture, &item, "a.ogg");
	assert_int_equal(file.version, 1);
	assert_int_equal(file.state, VERSION_PENDING);
	assert_int_equal(file.size, 3);
	assert_int_equal(file.sealed_size, sealed_size(3));
	assert_int_equal(pushes(fixture, PUSH_STORE, out), 1);
	assert_string_equal(out[0].object, file.object);
	assert_true(out[0].is_local);
	assert_int_equal(push_backlog(fixture->shop, &count, &oldest),
	    ERR_OK);
	assert_int_equal(count, 1);
	assert_int_equal(oldest, FIXTURE_START_MS);
	file_clear(&file);

	/* Across a restart. */
	fixture_reopen(fixture);
	assert_int_equal(pushes(fixture, PUSH_STORE, out), 1);
	assert_int_equal(fixture_run(fixture, write_stored, &out[0].version,
	    NULL), ERR_OK);
	assert_int_equal(fixture_run(fixture, write_stored, &out[0].version,
	    NULL), ERR_OK);
	assert_int_equal(pushes(fixture, PUSH_STORE, out), 0);
	file = file_get(fixture, &item, "a.ogg");
	assert_int_equal(file.state, VERSION_STORED);
	file_clear(&file);
	assert_int_equal(push_backlog(fixture->shop, &count, &oldest),
	    ERR_OK);
	assert_int_equal(count, 0);
	assert_int_equal(oldest, 0);
}

static void
the_same_content_again_is_nothing_new(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item(fixture, "Waltz", 1);
	struct file first, file;

	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "one"),
	    ERR_OK);
	first = file_get(fixture, &item, "a.ogg");
	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "one"),
	    ERR_OK);
	fixture_store_all(fixture);
	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "one"),
	    ERR_OK);
	file = file_get(fixture, &item, "a.ogg");
	assert_int_equal(file.version, 1);
	assert_string_equal(file.object, first.object);
	file_clear(&file);

	/* Other content, then the first again: two versions more. */
	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "two"),
	    ERR_OK);
	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "one"),
	    ERR_OK);
	file = file_get(fixture, &item, "a.ogg");
	assert_int_equal(file.version, 3);
	assert_memory_equal(&file.id, &first.id, sizeof(file.id));
	assert_memory_not_equal(&file.version_id, &first.version_id, 16);
	file_clear(&file);
	file_clear(&first);
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM file"), 1);
}

static void
an_older_version_stored_late_does_not_go_before_a_newer(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item(fixture, "Waltz", 1);
	struct push out[64];
	struct item seen = { 0 };

	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "one"),
	    ERR_OK);
	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "two"),
	    ERR_OK);
	assert_int_equal(pushes(fixture, PUSH_STORE, out), 2);
	assert_int_equal(fixture_run(fixture, write_stored, &out[1].version,
	    NULL), ERR_OK);
	assert_int_equal(fixture_publish(fixture, &item), ERR_OK);
	assert_int_equal(fixture_run(fixture, write_stored, &out[0].version,
	    NULL), ERR_OK);
	assert_int_equal(item_get(fixture->shop, &item, 0, &seen), ERR_OK);
	assert_int_equal(seen.files.files[0].version, 2);
	item_clear(&seen);
}

static void
what_failed_waits_behind_what_did_not(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item(fixture, "Waltz", 1);
	struct push out[64];
	struct failure failure;

	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "a"),
	    ERR_OK);
	assert_int_equal(fixture_upload(fixture, &item, "b.ogg", "b"),
	    ERR_OK);
	assert_int_equal(pushes(fixture, PUSH_STORE, out), 2);
	failure = (struct failure){ out[0].version, FIXTURE_START_MS + 9 };
	assert_int_equal(fixture_run(fixture, write_failed, &failure, NULL),
	    ERR_OK);
	assert_int_equal(fixture_run(fixture, write_failed, &failure, NULL),
	    ERR_OK);
	assert_int_equal(pushes(fixture, PUSH_STORE, out), 2);
	assert_int_equal(out[1].version, failure.version);
	assert_int_equal(out[1].attempts, 2);
	assert_int_equal(out[1].not_before_ms, FIXTURE_START_MS + 9);
	assert_int_equal(out[0].attempts, 0);
}

static void
local_copies_are_known_until_they_are_dropped(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item(fixture, "Waltz", 1);
	struct push out[64];
	bool is_local = false;

	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "a"),
	    ERR_OK);
	assert_int_equal(pushes(fixture, PUSH_STORE, out), 1);
	assert_int_equal(pushes(fixture, PUSH_DROP, out + 1), 0);
	assert_int_equal(publish_object_is_local(fixture->shop,
	    out[0].object, &is_local), ERR_OK);
	assert_true(is_local);
	/* Pending: the only copy there is stays. */
	assert_int_equal(fixture_run(fixture, write_dropped, &out[0].version,
	    NULL), ERR_OK);
	fixture_store_all(fixture);
	assert_int_equal(pushes(fixture, PUSH_DROP, out), 1);
	assert_int_equal(fixture_run(fixture, write_dropped, &out[0].version,
	    NULL), ERR_OK);
	assert_int_equal(pushes(fixture, PUSH_DROP, out + 1), 0);
	assert_int_equal(publish_object_is_local(fixture->shop,
	    out[0].object, &is_local), ERR_OK);
	assert_false(is_local);
	out[0].object[0] = out[0].object[0] == '0' ? '1' : '0';
	assert_int_equal(publish_object_is_local(fixture->shop,
	    out[0].object, &is_local), ERR_OK);
	assert_false(is_local);
	assert_int_equal(publish_object_is_local(fixture->shop,
	    "lost+found", &is_local), ERR_OK);
	assert_false(is_local);
}

static void
a_file_that_nobody_bought_goes_with_its_objects(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item(fixture, "Waltz", 1);
	struct push out[64];
	struct file file = { 0 };

	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "one"),
	    ERR_OK);
	fixture_store_all(fixture);
	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "two"),
	    ERR_OK);
	assert_int_equal(fixture_remove_file(fixture, &item, "b.ogg"),
	    ERR_NOT_FOUND);
	assert_int_equal(fixture_remove_file(fixture, &item, "a.ogg"),
	    ERR_OK);
	assert_int_equal(fixture_remove_file(fixture, &item, "a.ogg"),
	    ERR_NOT_FOUND);
	assert_int_equal(publish_file_get(fixture->shop, &item, "a.ogg",
	    &file), ERR_NOT_FOUND);
	assert_int_equal(pushes(fixture, PUSH_STORE, out), 0);
	assert_int_equal(pushes(fixture, PUSH_DELETE, out), 2);
	/* A push that was under way changes nothing. */
	assert_int_equal(fixture_run(fixture, write_stored, &out[1].version,
	    NULL), ERR_OK);
	assert_int_equal(pushes(fixture, PUSH_DELETE, out), 2);
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM file"
	    " WHERE removed_sequence IS NULL"), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(fixture_run(fixture, write_deleted,
		    &out[i].version, NULL), ERR_OK);
	assert_int_equal(pushes(fixture, PUSH_DELETE, out), 0);
	assert_int_equal(fixture_publish(fixture, &item),
	    ERR_NOT_PUBLISHABLE);
}

static void
versions_that_owners_have_stay_when_a_file_goes(void **state)
{
	struct fixture *fixture = *state;
	int64_t early = fixture_account(fixture, "a@example.com", NULL);
	int64_t late = fixture_account(fixture, "b@example.com", NULL);
	struct uuid item = fixture_item_on_sale(fixture, "Waltz", 0);
	struct access_list access = { 0 };
	struct push out[64];
	struct uuid file;

	assert_int_equal(fixture_buy(fixture, early, &item, "1"), ERR_OK);
	for (const char *content = "234"; *content != '\0'; content++) {
		const char text[] = { *content, '\0' };

		assert_int_equal(fixture_upload(fixture, &item, "Waltz.ogg",
		    text), ERR_OK);
		fixture_store_all(fixture);
	}
	assert_int_equal(fixture_upload(fixture, &item, "Waltz.ogg", "5"),
	    ERR_OK);
	/* The last file of an item on sale stays. */
	assert_int_equal(fixture_remove_file(fixture, &item, "Waltz.ogg"),
	    ERR_NOT_PUBLISHABLE);
	assert_int_equal(fixture_upload(fixture, &item, "b.ogg", "b"),
	    ERR_OK);
	assert_int_equal(fixture_remove_file(fixture, &item, "Waltz.ogg"),
	    ERR_NOT_PUBLISHABLE);
	{
		struct push pending[64];

		assert_int_equal(pushes(fixture, PUSH_STORE, pending), 2);
		assert_int_equal(fixture_run(fixture, write_stored,
		    &pending[1].version, NULL), ERR_OK);
	}
	assert_int_equal(fixture_remove_file(fixture, &item, "Waltz.ogg"),
	    ERR_OK);
	/* Bought: 1.  The owners' newest: 4.  Neither: 2 and 3, and 5. */
	assert_int_equal(pushes(fixture, PUSH_DELETE, out), 3);
	assert_int_equal(fixture_number(fixture, "SELECT sum(number)"
	    " FROM version JOIN file ON file.id = version.file"
	    " WHERE name = 'Waltz.ogg' AND state = 1"), 5);

	assert_int_equal(fixture_buy(fixture, late, &item, "1"), ERR_OK);
	assert_int_equal(access_for_items(fixture->shop, late, &item, 1,
	    &access), ERR_OK);
	assert_int_equal(access.count, 1);
	assert_string_equal(access.entries[0].file.name, "b.ogg");
	assert_int_equal(access_for_items(fixture->shop, early, &item, 1,
	    &access), ERR_OK);
	assert_int_equal(access.count, 2);
	assert_int_equal(access.entries[0].file.version, 4);
	file = access.entries[0].file.id;
	assert_int_equal(access_for_file(fixture->shop, early, &file, 1,
	    &access), ERR_OK);
	assert_int_equal(access_for_file(fixture->shop, early, &file, 2,
	    &access), ERR_NOT_FOUND);
	assert_int_equal(access_for_file(fixture->shop, late, &file, 0,
	    &access), ERR_NOT_FOUND);
	access_list_clear(&access);
}

static void
a_name_taken_off_comes_back_as_the_same_file(void **state)
{
	struct fixture *fixture = *state;
	struct uuid item = fixture_item(fixture, "Waltz", 0);
	struct item seen = { 0 };
	struct file before, after;

	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "one"),
	    ERR_OK);
	assert_int_equal(fixture_upload(fixture, &item, "b.ogg", "b"),
	    ERR_OK);
	fixture_store_all(fixture);
	assert_int_equal(fixture_publish(fixture, &item), ERR_OK);
	before = file_get(fixture, &item, "a.ogg");
	assert_int_equal(fixture_remove_file(fixture, &item, "a.ogg"),
	    ERR_OK);
	/* The same content is new after that: the old object may be gone. */
	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "one"),
	    ERR_OK);
	after = file_get(fixture, &item, "a.ogg");
	assert_memory_equal(&before.id, &after.id, sizeof(after.id));
	assert_int_equal(after.version, 2);
	assert_int_equal(after.state, VERSION_PENDING);
	assert_int_equal(item_get(fixture->shop, &item, 0, &seen), ERR_OK);
	assert_int_equal(seen.files.count, 1);
	fixture_store_all(fixture);
	assert_int_equal(item_get(fixture->shop, &item, 0, &seen), ERR_OK);
	assert_int_equal(seen.files.count, 2);
	assert_int_equal(seen.files.files[0].version, 2);
	/* And is taken off again while pending. */
	assert_int_equal(fixture_remove_file(fixture, &item, "a.ogg"),
	    ERR_OK);
	assert_int_equal(fixture_upload(fixture, &item, "a.ogg", "x"),
	    ERR_OK);
	assert_int_equal(fixture_remove_file(fixture, &item, "a.ogg"),
	    ERR_OK);
	fixture_store_all(fixture);
	assert_int_equal(item_get(fixture->shop, &item, 0, &seen), ERR_OK);
	assert_int_equal(seen.files.count, 1);
	item_clear(&seen);
	file_clear(&before);
	file_clear(&after);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_and_media_types_have_a_form),
		TEST(an_upload_is_planned_for_an_item_that_exists),
		TEST(a_version_is_pending_until_it_is_stored),
		TEST(the_same_content_again_is_nothing_new),
		TEST(an_older_version_stored_late_does_not_go_before_a_newer),
		TEST(what_failed_waits_behind_what_did_not),
		TEST(local_copies_are_known_until_they_are_dropped),
		TEST(a_file_that_nobody_bought_goes_with_its_objects),
		TEST(versions_that_owners_have_stay_when_a_file_goes),
		TEST(a_name_taken_off_comes_back_as_the_same_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
