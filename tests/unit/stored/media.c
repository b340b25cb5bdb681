/* What is kept of objects: found again, given up when the object changes, and
 * never more than the limits say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sys/resource.h>

#include "stored/incoming.h"
#include "stored/media.h"
#include "tests/unit/stored/root.h"

#define NOW_S 1700000000
#define ANSWER_BYTES 1000

/* --- answers as the HTTP layer would make them --------------------------- */

/* Stands in for the HTTP layer's, to see what is freed. */
struct http_cached_reply {
	char alive;
};

static _Atomic int replies_alive;

static struct http_cached_reply *
reply_new(void)
{
	struct http_cached_reply *reply = calloc(1, sizeof(*reply));

	assert_non_null(reply);
	replies_alive++;
	return reply;
}

void
http_cached_reply_free(struct http_cached_reply *reply)
{
	if (reply != NULL)
		replies_alive--;
	free(reply);
}

size_t
http_cached_reply_memory(const struct http_cached_reply *reply)
{
	(void)reply;
	return ANSWER_BYTES;
}

/* --- helpers ------------------------------------------------------------- */

static struct media_cache *
cache_new(struct root *root, size_t files, size_t replies)
{
	const struct media_limits limits = { .files = files,
		.memory_bytes = replies * ANSWER_BYTES, .threads = 1 };
	struct media_cache *cache;

	assert_int_equal(media_cache_new(root->objects, &limits, &cache),
	    ERR_OK);
	return cache;
}

static struct media *
get_at(struct media_cache *cache, const struct object_key *key, int64_t now_s)
{
	struct media *media;

	assert_int_equal(media_get(cache, key, now_s, &media), ERR_OK);
	assert_non_null(media);
	return media;
}

static struct media *
get(struct media_cache *cache, const struct object_key *key)
{
	return get_at(cache, key, NOW_S);
}

static void
assert_bytes(const struct media *media, const char *text)
{
	char bytes[64];

	assert_int_equal(media_size(media), strlen(text));
	assert_int_equal(pread(media_descriptor(media), bytes, sizeof(bytes),
	    0), strlen(text));
	assert_memory_equal(bytes, text, strlen(text));
}

static int
descriptors_open(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = -1;		/* the folder's own */

	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder)) != NULL; )
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

/* --- found again --------------------------------------------------------- */

static void
an_object_is_opened_once_and_found_again(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "hello");
	struct media_cache *cache = cache_new(root, 8, 8);
	struct media *first = get(cache, &key), *second = get(cache, &key);
	struct media_counts counts = media_cache_counts(cache);

	assert_ptr_equal(first, second);
	assert_bytes(first, "hello");
	assert_int_equal(counts.hits, 1);
	assert_int_equal(counts.misses, 1);
	assert_int_equal(counts.files, 1);
	media_release(first);
	media_release(second);
	media_cache_free(cache);
}

static void
the_same_bytes_of_two_issuers_are_two_objects(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "hello"), other = key;
	struct media_cache *cache = cache_new(root, 8, 8);
	struct media *media = get(cache, &key);

	snprintf(other.commerce_id, sizeof(other.commerce_id), OTHER_ISSUER);
	media_release(media);
	assert_int_equal(media_get(cache, &other, NOW_S, &media),
	    ERR_OBJECT_NOT_FOUND);
	assert_null(media);
	media_cache_free(cache);
}

static void
an_answer_is_kept_for_its_name_alone(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "hello");
	struct media_cache *cache = cache_new(root, 8, 8);
	struct media *media = get(cache, &key);
	struct http_cached_reply *plain = reply_new(),
	    *named = reply_new();

	assert_null(media_reply(media, ""));
	assert_int_equal(media_keep_reply(media, "", plain), ERR_OK);
	assert_int_equal(media_keep_reply(media, "a.age", named), ERR_OK);
	assert_ptr_equal(media_reply(media, ""), plain);
	assert_ptr_equal(media_reply(media, "a.age"), named);
	assert_null(media_reply(media, "b.age"));
	assert_int_equal(media_cache_counts(cache).replies, 2);
	media_release(media);
	assert_int_equal(replies_alive, 2);
	media_cache_free(cache);
	assert_int_equal(replies_alive, 0);
}

/* --- given up ------------------------------------------------------------ */

static void
a_removed_object_is_gone_but_readable_while_it_is_held(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "hello");
	struct media_cache *cache = cache_new(root, 8, 8);
	int before = descriptors_open();
	struct media *held = get(cache, &key), *media;

	assert_int_equal(media_keep_reply(held, "", reply_new()), ERR_OK);
	assert_int_equal(objects_remove(root->objects, &key), ERR_OK);
	assert_int_equal(media_get(cache, &key, NOW_S, &media),
	    ERR_OBJECT_NOT_FOUND);
	assert_bytes(held, "hello");
	assert_int_equal(media_cache_counts(cache).files, 0);
	assert_int_equal(media_cache_counts(cache).memory_bytes, 0);
	media_release(held);
	assert_int_equal(replies_alive, 0);
	assert_int_equal(descriptors_open(), before);
	media_cache_free(cache);
}

/* Nobody holds it: then its space is free before the removal returns. */
static void
a_removed_object_is_closed_at_once(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "hello");
	struct media_cache *cache = cache_new(root, 8, 8);
	int before = descriptors_open();
	struct media *media = get(cache, &key);

	assert_int_equal(media_keep_reply(media, "", reply_new()),
	    ERR_OK);
	media_release(media);
	assert_int_equal(descriptors_open(), before + 1);
	assert_int_equal(objects_remove(root->objects, &key), ERR_OK);
	assert_int_equal(descriptors_open(), before);
	assert_int_equal(replies_alive, 0);
	media_cache_free(cache);
}

static void
a_replaced_object_is_read_anew(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "hello");
	struct media_cache *cache = cache_new(root, 8, 8);
	struct media *media;
	char path[256];

	snprintf(path, sizeof(path), "objects/" ISSUER "/%.2s/%.2s/%s",
	    key.object, key.object + 2, key.object);
	root_write(root, path, "dam");
	media = get(cache, &key);
	assert_bytes(media, "dam");
	assert_int_equal(media_keep_reply(media, "", reply_new()),
	    ERR_OK);
	media_release(media);
	root_store(root, ISSUER, "hello");
	media = get(cache, &key);
	assert_bytes(media, "hello");
	assert_null(media_reply(media, ""));
	media_release(media);
	media_cache_free(cache);
}

static void
an_object_put_into_quarantine_is_gone_at_once(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "hello");
	struct media_cache *cache = cache_new(root, 8, 8);
	struct media *held = get(cache, &key), *media;

	assert_int_equal(media_keep_reply(held, "", reply_new()), ERR_OK);
	assert_int_equal(objects_quarantine(root->objects, &key,
	    media_descriptor(held)), ERR_OK);
	assert_int_equal(media_get(cache, &key, NOW_S, &media),
	    ERR_OBJECT_NOT_FOUND);
	media_release(held);
	assert_int_equal(replies_alive, 0);
	media_cache_free(cache);
}

static void
an_answer_made_before_a_change_is_not_kept_behind_it(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "hello");
	struct media_cache *cache = cache_new(root, 8, 8);
	struct media *media = get(cache, &key);

	root_store(root, ISSUER, "hello");
	assert_int_equal(media_keep_reply(media, "", reply_new()),
	    ERR_OK);
	assert_int_equal(media_cache_counts(cache).replies, 0);
	assert_int_equal(replies_alive, 1);
	media_release(media);
	assert_int_equal(replies_alive, 0);
	media_cache_free(cache);
}

static void
an_old_file_is_opened_anew_and_one_from_the_future(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "hello");
	struct media_cache *cache = cache_new(root, 8, 8);

	media_release(get_at(cache, &key, NOW_S));
	media_release(get_at(cache, &key, NOW_S + MEDIA_REOPEN_S - 1));
	assert_int_equal(media_cache_counts(cache).misses, 1);
	media_release(get_at(cache, &key, NOW_S + MEDIA_REOPEN_S));
	assert_int_equal(media_cache_counts(cache).misses, 2);
	media_release(get_at(cache, &key, NOW_S));
	assert_int_equal(media_cache_counts(cache).misses, 3);
	assert_int_equal(media_cache_counts(cache).files, 1);
	media_cache_free(cache);
}

/* --- limits -------------------------------------------------------------- */

static void
no_more_files_are_open_than_the_limit_and_the_oldest_go(void **state)
{
	struct root *root = *state;
	struct object_key keys[10];
	struct media_cache *cache = cache_new(root, 4, 100);
	int before = descriptors_open();
	char text[16];

	for (int i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "object %d", i);
		keys[i] = root_store(root, ISSUER, text);
		media_release(get(cache, &keys[i]));
		media_release(get(cache, &keys[0]));	/* stays */
		assert_true(descriptors_open() <= before + 4);
	}
	assert_int_equal(media_cache_counts(cache).files, 4);
	assert_int_equal(media_cache_counts(cache).misses, 10);
	media_release(get(cache, &keys[7]));
	assert_int_equal(media_cache_counts(cache).misses, 10);
	media_release(get(cache, &keys[6]));
	assert_int_equal(media_cache_counts(cache).misses, 11);
	media_cache_free(cache);
	assert_int_equal(descriptors_open(), before);
}

static void
answers_take_no_more_memory_than_the_limit(void **state)
{
	struct root *root = *state;
	struct media_cache *cache = cache_new(root, 100, 3);
	struct object_key keys[10];
	struct media *media;
	char text[16];

	for (int i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "object %d", i);
		keys[i] = root_store(root, ISSUER, text);
		media = get(cache, &keys[i]);
		assert_int_equal(media_keep_reply(media, "",
		    reply_new()), ERR_OK);
		media_release(media);
		assert_true(replies_alive <= 3);
	}
	assert_int_equal(media_cache_counts(cache).memory_bytes,
	    3 * ANSWER_BYTES);
	media = get(cache, &keys[9]);
	assert_non_null(media_reply(media, ""));
	media_release(media);
	media = get(cache, &keys[0]);
	assert_null(media_reply(media, ""));
	media_release(media);
	media_cache_free(cache);
}

/* With no memory to keep any, the one that is being sent lives on. */
static void
an_answer_that_is_not_kept_lives_until_the_next_call(void **state)
{
	struct root *root = *state;
	struct object_key key = root_store(root, ISSUER, "hello");
	struct media_cache *cache = cache_new(root, 8, 0);
	struct media *media = get(cache, &key);

	for (int i = 0; i < 3; i++) {
		assert_null(media_reply(media, ""));
		assert_int_equal(replies_alive, 0);
		assert_int_equal(media_keep_reply(media, "",
		    reply_new()), ERR_OK);
		assert_int_equal(replies_alive, 1);
	}
	assert_int_equal(media_cache_counts(cache).memory_bytes, 0);
	media_release(media);
	media_cache_free(cache);
	assert_int_equal(replies_alive, 0);
}

/* --- out of descriptors -------------------------------------------------- */

static void
kept_files_give_way_when_descriptors_run_out(void **state)
{
	struct root *root = *state;
	struct media_cache *cache = cache_new(root, 100, 100);
	struct object_key keys[20];
	struct rlimit old, few;
	char text[16];

	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof(text), "object %d", i);
		keys[i] = root_store(root, ISSUER, text);
	}
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = (rlim_t)descriptors_open() + 10;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (int i = 0; i < 20; i++)
		media_release(get(cache, &keys[i]));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_in_range(media_cache_counts(cache).files, 1, 13);
	media_cache_free(cache);
}

/* --- threads ------------------------------------------------------------- */

#define READERS 3
#define CHANGES 300

struct readers {
	struct media_cache *cache;
	struct object_key key;
	_Atomic unsigned step;		/* % 4: there, going, gone, coming */
	_Atomic bool ends;
	_Atomic int wrong;
};

/* What is true before and after the look must be what it sees. */
static void *
read_on(void *context)
{
	struct readers *readers = context;
	char bytes[8];

	while (!readers->ends) {
		unsigned step = readers->step;
		struct media *media;
		enum err e = media_get(readers->cache, &readers->key, NOW_S,
		    &media);

		if (e == ERR_OK) {
			if (pread(media_descriptor(media), bytes, 8, 0) != 5)
				readers->wrong++;
			if (media_reply(media, "") == NULL)
				media_keep_reply(media, "", reply_new());
			if (step % 4 == 2 && step == readers->step)
				readers->wrong++;
		} else if (step % 4 == 0 && step == readers->step) {
			readers->wrong++;
		}
		media_release(media);
	}
	return NULL;
}

static void
half_is_given_back_on_demand_and_what_is_held_stays(void **state)
{
	struct root *root = *state;
	struct object_key keys[4] = { root_store(root, ISSUER, "one"),
		root_store(root, ISSUER, "two"),
		root_store(root, ISSUER, "three"),
		root_store(root, ISSUER, "four") };
	struct media_cache *cache = cache_new(root, 10, 10);
	struct media *held;

	for (int i = 0; i < 4; i++)
		media_release(get(cache, &keys[i]));
	held = get(cache, &keys[3]);
	assert_int_equal(media_keep_reply(held, "", reply_new()), ERR_OK);
	assert_int_equal(media_cache_halve(cache), 2);
	assert_int_equal(media_cache_counts(cache).files, 2);
	assert_int_equal(media_cache_counts(cache).replies, 1);
	assert_int_equal(media_cache_halve(cache), 1);
	assert_int_equal(media_cache_halve(cache), 1);
	assert_int_equal(media_cache_halve(cache), 0);
	assert_int_equal(media_cache_counts(cache).replies, 0);
	assert_bytes(held, "four");
	media_release(held);
	assert_int_equal(replies_alive, 0);
	media_cache_free(cache);
}

static void
no_thread_finds_an_object_once_its_removal_returned(void **state)
{
	struct root *root = *state;
	const struct media_limits limits = { .files = 30,
		.memory_bytes = 30 * ANSWER_BYTES, .threads = READERS };
	struct readers readers = { .key = root_store(root, ISSUER, "hello") };
	pthread_t threads[READERS];

	assert_int_equal(media_cache_new(root->objects, &limits,
	    &readers.cache), ERR_OK);
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on,
		    &readers), 0);
	for (int i = 0; i < CHANGES; i++) {
		readers.step++;
		assert_int_equal(objects_remove(root->objects, &readers.key),
		    ERR_OK);
		readers.step++;
		sched_yield();
		readers.step++;
		root_store(root, ISSUER, "hello");
		readers.step++;
		sched_yield();
	}
	readers.ends = true;
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(readers.wrong, 0);
	media_cache_free(readers.cache);
	assert_int_equal(replies_alive, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, root_make, \
    root_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_object_is_opened_once_and_found_again),
		TEST(the_same_bytes_of_two_issuers_are_two_objects),
		TEST(an_answer_is_kept_for_its_name_alone),
		TEST(a_removed_object_is_gone_but_readable_while_it_is_held),
		TEST(a_removed_object_is_closed_at_once),
		TEST(a_replaced_object_is_read_anew),
		TEST(an_object_put_into_quarantine_is_gone_at_once),
		TEST(an_answer_made_before_a_change_is_not_kept_behind_it),
		TEST(an_old_file_is_opened_anew_and_one_from_the_future),
		TEST(no_more_files_are_open_than_the_limit_and_the_oldest_go),
		TEST(answers_take_no_more_memory_than_the_limit),
		TEST(an_answer_that_is_not_kept_lives_until_the_next_call),
		TEST(kept_files_give_way_when_descriptors_run_out),
		TEST(half_is_given_back_on_demand_and_what_is_held_stays),
		TEST(no_thread_finds_an_object_once_its_removal_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
