/* Objects by name on disk: apart by issuer, below the root only, listed in
 * order page by page.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "stored/incoming.h"
#include "tests/unit/stored/root.h"

static enum err
find(struct root *root, const struct object_key *key)
{
	uint64_t size;

	return objects_find(root->objects, key, &size);
}

static void
an_object_is_read_back_as_it_was_stored(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "hello");
	char path[256], bytes[16];
	uint64_t size = 0;
	int descriptor = -1;

	assert_int_equal(objects_get(root->objects, &key, &descriptor, &size),
	    ERR_OK);
	assert_int_equal(size, 5);
	assert_int_equal(read(descriptor, bytes, sizeof(bytes)), 5);
	assert_memory_equal(bytes, "hello", 5);
	close(descriptor);
	snprintf(path, sizeof(path), "objects/" ISSUER "/%.2s/%.2s/%s",
	    key.object, key.object + 2, key.object);
	assert_true(root_has(root, path));
	assert_int_equal(root_incoming_count(root), 0);
}

/* The first fsync behind the name of this object fails, after somebody else
 * has stored the same.
 */
static struct {
	struct root *root;		/* NULL: nothing fails */
	const char *text;
	char path[256];
} rival;

/* In place of the C library's, also for what is tested. */
int
fsync(int descriptor)
{
	struct root *root = rival.root;

	if (root == NULL || !root_has(root, rival.path))
		return (int)syscall(SYS_fsync, descriptor);
	rival.root = NULL;
	if (rival.text != NULL)
		root_store(root, ISSUER, rival.text);
	errno = EIO;
	return -1;
}

/* Store "hello" so that its name cannot be made durable. */
static struct object_key
store_in_vain(struct root *root, const char *rival_text)
{
	struct object_key key = root_key(ISSUER, "hello", 5);
	struct incoming *incoming;
	bool is_new;

	assert_int_equal(incoming_create(root->objects, &key, 5, &incoming),
	    ERR_OK);
	assert_int_equal(incoming_write(incoming, (const uint8_t *)"hello",
	    5), ERR_OK);
	snprintf(rival.path, sizeof(rival.path), "objects/" ISSUER
	    "/%.2s/%.2s/%s", key.object, key.object + 2, key.object);
	rival.text = rival_text;
	rival.root = root;
	assert_int_equal(incoming_commit(incoming, &is_new),
	    ERR_STORAGE_ERROR);
	assert_null(rival.root);
	return key;
}

static void
a_name_that_may_not_last_is_taken_back(void **state)
{
	struct root *root = *state;
	struct object_key key = store_in_vain(root, NULL);

	assert_int_equal(find(root, &key), ERR_OBJECT_NOT_FOUND);
	assert_int_equal(root_incoming_count(root), 0);
}

static void
a_name_that_somebody_else_was_promised_is_not(void **state)
{
	struct root *root = *state;
	struct object_key key = store_in_vain(root, "hello");

	assert_int_equal(find(root, &key), ERR_OK);
	assert_int_equal(root_incoming_count(root), 0);
}

static void
issuers_see_nothing_of_each_other(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "hello"), other = key;
	struct object_page *page = malloc(sizeof(*page));

	snprintf(other.commerce_id, sizeof(other.commerce_id), OTHER_ISSUER);
	assert_int_equal(find(root, &other), ERR_OBJECT_NOT_FOUND);
	assert_int_equal(objects_remove(root->objects, &other),
	    ERR_OBJECT_NOT_FOUND);
	root_store(root, OTHER_ISSUER, "hello");
	assert_int_equal(objects_remove(root->objects, &other), ERR_OK);
	assert_int_equal(find(root, &key), ERR_OK);
	assert_int_equal(objects_list(root->objects, OTHER_ISSUER, "", page),
	    ERR_OK);
	assert_int_equal(page->count, 0);
	assert_int_equal(objects_list(root->objects, "nobody", "", page),
	    ERR_OK);
	assert_int_equal(page->count, 0);
	free(page);
}

static void
a_removed_object_is_gone(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "hello");

	assert_int_equal(objects_remove(root->objects, &key), ERR_OK);
	assert_int_equal(find(root, &key), ERR_OBJECT_NOT_FOUND);
	assert_int_equal(objects_remove(root->objects, &key),
	    ERR_OBJECT_NOT_FOUND);
}

static void
what_is_no_regular_file_is_not_served(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "hello");
	char path[1024];

	snprintf(path, sizeof(path), "%s/objects/" ISSUER "/%.2s/%.2s/%s",
	    root->path, key.object, key.object + 2, key.object);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(find(root, &key), ERR_STORAGE_ERROR);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(find(root, &key), ERR_STORAGE_ERROR);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(find(root, &key), ERR_STORAGE_ERROR);
}

static void
a_link_on_the_way_does_not_lead_out_of_the_root(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "hello"), other = key;
	char link[1024];

	snprintf(link, sizeof(link), "%s/objects/" OTHER_ISSUER, root->path);
	assert_int_equal(symlink(ISSUER, link), 0);
	snprintf(other.commerce_id, sizeof(other.commerce_id), OTHER_ISSUER);
	assert_int_equal(find(root, &key), ERR_OK);
	assert_int_equal(find(root, &other), ERR_STORAGE_ERROR);
	assert_int_equal(objects_remove(root->objects, &other),
	    ERR_STORAGE_ERROR);
	assert_int_equal(find(root, &key), ERR_OK);
}

static void
a_second_process_is_refused(void **state)
{
	struct root *root = *state;
	struct objects *second = (struct objects *)root;

	assert_int_equal(objects_open(root->path, &second), ERR_LOCKED);
	assert_null(second);
}

static void
a_missing_root_is_refused(void **state)
{
	struct root *root = *state;
	struct objects *none;

	assert_int_equal(objects_open(root_path(root, "nothing"), &none),
	    ERR_IO);
	assert_null(none);
}

/* Makes an object file without its content's digest; the list looks at
 * names.
 */
static void
make_named(const struct root *root, const char *object)
{
	char command[512];

	snprintf(command, sizeof(command), "d=%s/objects/" ISSUER
	    "/%.2s/%.2s; mkdir -p $d && printf x > $d/%s", root->path,
	    object, object + 2, object);
	assert_int_equal(system(command), 0);
}

static void
a_list_is_in_order_and_goes_on_after_an_object(void **state)
{
	static const char *const objects[] = {
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "0000000000000000000000000000000000000000000000000000000000000001",
	    "00ff000000000000000000000000000000000000000000000000000000000000",
	    "7f00000000000000000000000000000000000000000000000000000000000000",
	    "ffff00000000000000000000000000000000000000000000000000000000000f",
	    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	struct root *root = *state;
	struct object_page *page = malloc(sizeof(*page));

	for (size_t i = 6; i-- > 0;)
		make_named(root, objects[i]);
	/* what does not belong there is passed over */
	root_write(root, "objects/" ISSUER "/stray", "x");
	root_write(root, "objects/" ISSUER "/00/zz", "x");
	root_write(root, "objects/" ISSUER "/00/00/short", "x");
	assert_int_equal(objects_list(root->objects, ISSUER, "", page),
	    ERR_OK);
	assert_int_equal(page->count, 6);
	assert_false(page->has_more);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(page->entries[i].object, objects[i]);
		assert_int_equal(page->entries[i].size_bytes, 1);
	}
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(objects_list(root->objects, ISSUER,
		    objects[i], page), ERR_OK);
		assert_int_equal(page->count, 5 - i);
		if (page->count > 0)
			assert_string_equal(page->entries[0].object,
			    objects[i + 1]);
	}
	/* after what does not exist */
	assert_int_equal(objects_list(root->objects, ISSUER, "00ff0000000"
	    "00000000000000000000000000000000000000000000000000001", page),
	    ERR_OK);
	assert_int_equal(page->count, 3);
	free(page);
}

static void
the_root_can_be_probed_without_a_trace(void **state)
{
	struct root *root = *state;

	assert_int_equal(objects_probe(root->objects), ERR_OK);
	assert_int_equal(root_incoming_count(root), 0);
}

#define WITH_ROOT(test) \
	cmocka_unit_test_setup_teardown(test, root_make, root_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ROOT(an_object_is_read_back_as_it_was_stored),
		WITH_ROOT(a_name_that_may_not_last_is_taken_back),
		WITH_ROOT(a_name_that_somebody_else_was_promised_is_not),
		WITH_ROOT(issuers_see_nothing_of_each_other),
		WITH_ROOT(a_removed_object_is_gone),
		WITH_ROOT(what_is_no_regular_file_is_not_served),
		WITH_ROOT(a_link_on_the_way_does_not_lead_out_of_the_root),
		WITH_ROOT(a_second_process_is_refused),
		WITH_ROOT(a_missing_root_is_refused),
		WITH_ROOT(a_list_is_in_order_and_goes_on_after_an_object),
		WITH_ROOT(the_root_can_be_probed_without_a_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
