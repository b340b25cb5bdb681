/* Scrubbing: what is damaged goes, what replaced it stays, and how far it has
 * come is read back.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include "stored/incoming.h"
#include "stored/scrub.h"
#include "stored/scrub_read.h"
#include "tests/unit/stored/root.h"

/* The path of an object or, with "quarantine", of what was put away. */
static void
path_of(char path[256], const struct object_key *key, const char *folder)
{
	if (strcmp(folder, "objects") == 0)
		snprintf(path, 256, "objects/%s/%.2s/%.2s/%s",
		    key->commerce_id, key->object, key->object + 2,
		    key->object);
	else
		snprintf(path, 256, "%s/%s/%s", folder, key->commerce_id,
		    key->object);
}

static void
damage(struct root *root, const struct object_key *key)
{
	char path[256];
	int file;

	path_of(path, key, "objects");
	file = open(root_path(root, path), O_WRONLY);
	assert_int_not_equal(file, -1);
	assert_int_equal(pwrite(file, "#", 1, 3), 1);
	close(file);
}

static struct scrub_status
scrub(struct root *root)
{
	struct scrub_options options = { .objects = root->objects };
	struct scrub_status status;

	assert_int_equal(metrics_new(&options.metrics), ERR_OK);
	assert_int_equal(scrub_run(&options, &status), ERR_OK);
	metrics_free(options.metrics);
	return status;
}

static void
a_damaged_object_of_any_issuer_is_put_away(void **state)
{
	struct root *root = *state;
	struct object_key whole = root_store(root, ISSUER, "whole");
	struct object_key bad = root_store(root, OTHER_ISSUER, "damaged");
	struct scrub_status status;
	char path[256];

	status = scrub(root);
	assert_int_equal(status.rounds.last.objects, 2);
	assert_int_equal(status.rounds.last.bytes, 12);
	assert_int_equal(status.rounds.last.damaged, 0);
	damage(root, &bad);
	status = scrub(root);
	assert_int_equal(status.rounds.last.number, 2);
	assert_int_equal(status.rounds.last.damaged, 1);
	assert_int_equal(status.finding_count, 1);
	assert_string_equal(status.findings[0].key.object, bad.object);
	assert_string_equal(status.findings[0].key.commerce_id, OTHER_ISSUER);
	assert_false(status.findings[0].is_unreadable);
	path_of(path, &bad, "objects");
	assert_false(root_has(root, path));
	path_of(path, &bad, "quarantine");
	assert_true(root_has(root, path));
	path_of(path, &whole, "objects");
	assert_true(root_has(root, path));
}

/* In place of the C library's: so many folders cannot be read. */
static int folders_failing, folders_error;

DIR *
fdopendir(int descriptor)
{
	DIR *(*real)(int);

	if (folders_failing > 0) {
		folders_failing--;
		errno = folders_error;
		return NULL;
	}
	/* ISO C has no cast from an object pointer to a function pointer. */
	*(void **)(&real) = dlsym(RTLD_NEXT, "fdopendir");
	return real(descriptor);
}

static void
a_lack_of_descriptors_is_waited_out(void **state)
{
	struct root *root = *state;
	struct scrub_status status;

	root_store(root, ISSUER, "whole");
	folders_error = EMFILE;
	folders_failing = 1;
	status = scrub(root);
	assert_int_equal(folders_failing, 0);
	assert_int_equal(status.rounds.last.objects, 1);
	assert_int_equal(status.rounds.last.unreadable, 0);
}

static void
a_folder_that_cannot_be_read_is_told(void **state)
{
	struct root *root = *state;
	struct scrub_status status;

	root_store(root, ISSUER, "whole");
	folders_error = EIO;
	folders_failing = 1;
	status = scrub(root);
	assert_int_equal(status.rounds.last.objects, 0);
	assert_int_equal(status.rounds.last.unreadable, 1);
}

static void
an_object_that_replaced_the_damaged_one_stays(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "bytes");
	uint64_t size;
	char path[256];
	int old;

	damage(root, &key);
	assert_int_equal(objects_get(root->objects, &key, &old, &size),
	    ERR_OK);
	root_store(root, ISSUER, "bytes");
	assert_int_equal(objects_quarantine(root->objects, &key, old),
	    ERR_OBJECT_NOT_FOUND);
	close(old);
	path_of(path, &key, "objects");
	assert_true(root_has(root, path));
	assert_int_equal(objects_remove(root->objects, &key), ERR_OK);
	assert_int_equal(objects_quarantine(root->objects, &key, 0),
	    ERR_OBJECT_NOT_FOUND);
}

static bool
count_bytes(void *context, size_t bytes)
{
	*(size_t *)context += bytes;
	return true;
}

static bool
stop_at_once(void *context, size_t bytes)
{
	(void)context;
	(void)bytes;
	return false;
}

/* Around the blocks of the disk and of the reader. */
static void
files_of_every_size_are_read_to_the_end(void **state)
{
	static const size_t sizes[] = { 0, 1, 511, 4095, 4096, 4097, 524287,
	    524288, 524289, 1048576 + 17 };
	struct root *root = *state;
	struct scrub_reader *reader;
	uint8_t *bytes = calloc(1, 2 * 1048576);
	uint64_t size;
	int file;

	assert_int_equal(scrub_reader_new(&reader), ERR_OK);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t read_bytes = 0;
		struct object_key key;

		memset(bytes, (int)i, sizes[i]);
		key = root_store_bytes(root, ISSUER, bytes, sizes[i]);
		assert_int_equal(objects_get(root->objects, &key, &file,
		    &size), ERR_OK);
		assert_int_equal(scrub_reader_check(reader, file, key.object,
		    count_bytes, &read_bytes), ERR_OK);
		assert_int_equal(read_bytes, sizes[i]);
		key.object[0] ^= 1;
		assert_int_equal(scrub_reader_check(reader, file, key.object,
		    count_bytes, &read_bytes), ERR_DIGEST_MISMATCH);
		if (sizes[i] > 0)
			assert_int_equal(scrub_reader_check(reader, file,
			    key.object, stop_at_once, NULL), ERR_BUSY);
		close(file);
	}
	scrub_reader_free(reader);
	free(bytes);
}

static void
how_far_it_has_come_is_read_back(void **state)
{
	struct root *root = *state;
	struct scrub_rounds rounds, back;

	assert_int_equal(scrub_rounds_load(root->objects, &back), ERR_OK);
	assert_int_equal(back.current.number + back.last.began_s, 0);
	memset(&rounds, 0, sizeof(rounds));
	rounds.last = (struct scrub_round){ .number = 7, .began_s = 100,
	    .ended_s = 200, .objects = 3, .bytes = UINT64_MAX };
	rounds.current = (struct scrub_round){ .number = 8, .began_s = 300,
	    .damaged = 1, .unreadable = 2,
	    .position = root_key(ISSUER, "x", 1) };
	assert_int_equal(scrub_rounds_save(root->objects, &rounds), ERR_OK);
	assert_int_equal(scrub_rounds_load(root->objects, &back), ERR_OK);
	assert_int_equal(back.last.number, 7);
	assert_int_equal(back.last.ended_s, 200);
	assert_true(back.last.bytes == UINT64_MAX);
	assert_string_equal(back.last.position.object, "");
	assert_int_equal(back.current.unreadable, 2);
	assert_string_equal(back.current.position.commerce_id, ISSUER);
	assert_string_equal(back.current.position.object,
	    rounds.current.position.object);
}

static void
what_cannot_be_understood_begins_anew(void **state)
{
	static const char *const texts[] = { "", "nonsense\n",
	    "counterfoil-scrub 1\n", "counterfoil-scrub 2\ncurrent 1 1 0 0 0 "
	    "0 0 - -\nlast 0 0 0 0 0 0 0 - -\n",
	    "counterfoil-scrub 1\ncurrent 1 1 0 0 0 0 0 - -\n",
	    "counterfoil-scrub 1\ncurrent 1 1 0 0 0 0 0 .. -\n"
	    "last 0 0 0 0 0 0 0 - -\n",
	    "counterfoil-scrub 1\ncurrent 1 1 0 0 0 0 0 shop abc\n"
	    "last 0 0 0 0 0 0 0 - -\n",
	    "counterfoil-scrub 1\ncurrent -1 1 0 0 0 0 0 - -\n"
	    "last 0 0 0 0 0 0 0 - -\n" };
	struct root *root = *state;
	struct scrub_rounds rounds;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		root_write(root, "scrub", texts[i]);
		assert_int_equal(scrub_rounds_load(root->objects, &rounds),
		    ERR_OK);
		assert_int_equal(rounds.current.number, 0);
		assert_int_equal(rounds.last.began_s, 0);
	}
}

static void
a_round_goes_on_behind_its_last_object(void **state)
{
	struct root *root = *state;
	struct object_key keys[3] = { root_store(root, ISSUER, "a"),
	    root_store(root, ISSUER, "b"), root_store(root, ISSUER, "c") };
	struct scrub_rounds rounds;
	struct scrub_status status;

	memset(&rounds, 0, sizeof(rounds));
	rounds.current = (struct scrub_round){ .number = 4, .began_s = 1,
	    .objects = 10, .bytes = 10 };
	/* Behind the smallest id two are left. */
	rounds.current.position = keys[0];
	for (size_t i = 1; i < 3; i++)
		if (strcmp(keys[i].object,
		    rounds.current.position.object) < 0)
			rounds.current.position = keys[i];
	assert_int_equal(scrub_rounds_save(root->objects, &rounds), ERR_OK);
	status = scrub(root);
	assert_int_equal(status.rounds.current.number, 0);
	assert_int_equal(status.rounds.last.number, 4);
	assert_int_equal(status.rounds.last.objects, 12);
	assert_int_equal(status.rounds.last.bytes, 12);
}

static void
a_new_root_is_due_only_after_the_interval(void **state)
{
	struct root *root = *state;
	struct scrub_options options = { .objects = root->objects,
	    .interval_s = 3600 };
	struct scrub_status status;
	struct scrub *thread;

	root_store(root, ISSUER, "a");
	assert_int_equal(metrics_new(&options.metrics), ERR_OK);
	assert_int_equal(scrub_start(&options, &thread), ERR_OK);
	scrub_status_get(thread, &status);
	assert_int_equal(status.rounds.current.number, 0);
	assert_int_equal(scrub_ask(thread), 1);
	do
		scrub_status_get(thread, &status);
	while (status.rounds.last.number < 1);
	assert_int_equal(status.rounds.last.objects, 1);
	scrub_stop(thread);
	/* An hour and a second later, as the file says. */
	status.rounds.last.began_s = clock_unix_s() - 3601;
	assert_int_equal(scrub_rounds_save(root->objects, &status.rounds),
	    ERR_OK);
	assert_int_equal(scrub_start(&options, &thread), ERR_OK);
	do
		scrub_status_get(thread, &status);
	while (status.rounds.last.number < 2);
	scrub_stop(thread);
	metrics_free(options.metrics);
}

#define ON_A_ROOT(test) \
	cmocka_unit_test_setup_teardown(test, root_make, root_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_ROOT(a_damaged_object_of_any_issuer_is_put_away),
		ON_A_ROOT(a_lack_of_descriptors_is_waited_out),
		ON_A_ROOT(a_folder_that_cannot_be_read_is_told),
		ON_A_ROOT(an_object_that_replaced_the_damaged_one_stays),
		ON_A_ROOT(files_of_every_size_are_read_to_the_end),
		ON_A_ROOT(how_far_it_has_come_is_read_back),
		ON_A_ROOT(what_cannot_be_understood_begins_anew),
		ON_A_ROOT(a_round_goes_on_behind_its_last_object),
		ON_A_ROOT(a_new_root_is_due_only_after_the_interval),
	};

	log_init("scrub-test", LOG_FORMAT_TEXT, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
