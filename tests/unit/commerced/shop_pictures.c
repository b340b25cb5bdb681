/* Covers and previews: one of each, shown to who may see the item. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "commerced/shop/picture.h"
#include "tests/unit/commerced/support/shop_fixture.h"

struct setting {
	struct picture_place place;
	struct picture picture;
};

static enum err
write_set(struct shop_transaction *tx, const void *in, void *out)
{
	const struct setting *setting = in;

	return picture_set(tx, &setting->place, &setting->picture, out);
}

static enum err
write_remove(struct shop_transaction *tx, const void *in, void *out)
{
	return picture_remove(tx, in, out);
}

/* Show one that is told apart by salt. */
static struct picture_change
set(struct fixture *fixture, const struct picture_place *place, uint8_t salt)
{
	struct setting setting = { .place = *place, .picture = {
	    .media_type = "image/png", .size = 10, .digest = { salt } } };
	struct picture_change change;

	assert_int_equal(picture_begin(fixture->shop, &place->item,
	    &setting.picture.id), ERR_OK);
	assert_int_equal(fixture_run(fixture, write_set, &setting, &change),
	    ERR_OK);
	return change;
}

static void
a_picture_takes_the_place_of_the_one_before(void **state)
{
	struct fixture *fixture = *state;
	const struct picture_place cover = { fixture_item(fixture, "It", 1),
	    PICTURE_COVER };
	const struct picture_place preview = { cover.item, PICTURE_PREVIEW };
	struct picture_change first, again, second;
	struct picture shown;
	struct item item = { 0 };

	first = set(fixture, &cover, 1);
	assert_false(first.has_before);
	assert_int_equal(picture_get_any(fixture->shop, &preview, &shown),
	    ERR_NOT_FOUND);
	(void)set(fixture, &preview, 1);
	again = set(fixture, &cover, 1);
	assert_true(again.is_unchanged);
	assert_memory_equal(&again.now.id, &first.now.id,
	    sizeof(first.now.id));
	fixture->now_ms += 5000;
	second = set(fixture, &cover, 2);
	assert_false(second.is_unchanged);
	assert_true(second.has_before);
	assert_memory_equal(&second.before, &first.now.id,
	    sizeof(second.before));
	assert_int_equal(picture_get_any(fixture->shop, &cover, &shown),
	    ERR_OK);
	assert_int_equal(shown.digest[0], 2);
	assert_int_equal(shown.changed_ms, FIXTURE_START_MS + 5000);
	assert_string_equal(shown.media_type, "image/png");
	assert_int_equal(fixture_number(fixture,
	    "SELECT count(*) FROM picture"), 2);
	assert_int_equal(item_get_any(fixture->shop, &cover.item, &item),
	    ERR_OK);
	assert_int_equal(item.pictures, 3);
	item_clear(&item);
}

static void
only_who_sees_the_item_sees_its_picture(void **state)
{
	struct fixture *fixture = *state;
	struct session_start session = { 0 };
	int64_t owner = fixture_account(fixture, "o@example.com", &session);
	struct picture_place place = { fixture_item_on_sale(fixture, "It", 1),
	    PICTURE_COVER };
	struct picture shown;

	(void)set(fixture, &place, 1);
	assert_int_equal(picture_get(fixture->shop, &place, 0, &shown),
	    ERR_OK);
	assert_true(shown.is_public);
	fixture_give(fixture, owner, 1);
	assert_int_equal(fixture_buy(fixture, owner, &place.item, "k"),
	    ERR_OK);
	assert_int_equal(fixture_withdraw(fixture, &place.item), ERR_OK);
	assert_int_equal(picture_get(fixture->shop, &place, 0, &shown),
	    ERR_NOT_FOUND);
	assert_int_equal(picture_get(fixture->shop, &place, owner, &shown),
	    ERR_OK);
	assert_false(shown.is_public);
	place.item = fixture_item(fixture, "A draft", 1);
	(void)set(fixture, &place, 1);
	assert_int_equal(picture_get(fixture->shop, &place, owner, &shown),
	    ERR_NOT_FOUND);
	assert_int_equal(picture_get_any(fixture->shop, &place, &shown),
	    ERR_OK);
}

static void
what_is_taken_off_is_shown_by_nothing(void **state)
{
	struct fixture *fixture = *state;
	const struct picture_place place = { fixture_item(fixture, "It", 1),
	    PICTURE_PREVIEW };
	struct picture_change change = set(fixture, &place, 1), removed;
	struct setting nowhere = { .picture = change.now };
	bool is_shown = false;

	assert_int_equal(picture_is_shown(fixture->shop, &change.now.id,
	    &is_shown), ERR_OK);
	assert_true(is_shown);
	assert_int_equal(fixture_run(fixture, write_remove, &place,
	    &removed), ERR_OK);
	assert_memory_equal(&removed.before, &change.now.id,
	    sizeof(removed.before));
	assert_int_equal(picture_is_shown(fixture->shop, &change.now.id,
	    &is_shown), ERR_OK);
	assert_false(is_shown);
	assert_int_equal(fixture_run(fixture, write_remove, &place,
	    &removed), ERR_NOT_FOUND);
	assert_int_equal(fixture_run(fixture, write_set, &nowhere, &removed),
	    ERR_NOT_FOUND);
	assert_int_equal(picture_begin(fixture->shop, &nowhere.place.item,
	    &nowhere.picture.id), ERR_NOT_FOUND);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_make, fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_picture_takes_the_place_of_the_one_before),
		TEST(only_who_sees_the_item_sees_its_picture),
		TEST(what_is_taken_off_is_shown_by_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
