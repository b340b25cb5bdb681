/* Sealed files: whole under their object id, or not there at all. */
#include <sys/stat.h>

#include <fcntl.h>
#include <ftw.h>
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
#include <openssl/sha.h>

#include "commerced/spool.h"
#include "tests/unit/capture.h"

static char folder[64];
static struct spool *spool;
static const uint8_t identity[SEALED_IDENTITY_BYTES] = { 1, 2, 3 };
static unsigned files;

static int
remove_entry(const char *path, const struct stat *status, int type,
    struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static int
count_entry(const char *path, const struct stat *status, int type,
    struct FTW *walk)
{
	(void)path;
	(void)status;
	(void)walk;
	files += type == FTW_F;
	return 0;
}

static unsigned
count_files(void)
{
	files = 0;
	assert_int_equal(nftw(folder, count_entry, 8, FTW_PHYS), 0);
	return files;
}

static int
make_spool(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/counterfoil-spool-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	return spool_open(folder, &spool) == ERR_OK ? 0 : -1;
}

static int
remove_spool(void **state)
{
	(void)state;
	spool_close(spool);
	return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static struct spool_upload *
begin(uint64_t size_max)
{
	struct spool_upload *upload = NULL;

	assert_int_equal(spool_upload_begin(spool, identity, size_max,
	    &upload), ERR_OK);
	return upload;
}

/* One committed file of size bytes. */
static struct spool_object
store(size_t size)
{
	struct spool_upload *upload = begin(size);
	struct spool_object object;
	char *bytes = calloc(1, size + 1);

	assert_non_null(bytes);
	assert_int_equal(spool_upload_write(upload, bytes, size), ERR_OK);
	assert_int_equal(spool_upload_finish(upload, &object), ERR_OK);
	assert_int_equal(spool_upload_commit(upload), ERR_OK);
	spool_upload_free(upload);
	free(bytes);
	return object;
}

static void
a_committed_upload_lies_under_the_digest_of_its_bytes(void **state)
{
	struct spool_upload *upload = begin(200000);
	uint8_t plain[200000], digest[32], *sealed;
	struct spool_object object;
	char hex[HEX_SIZE(32)];
	int descriptor;
	uint64_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 7);
	assert_int_equal(spool_upload_write(upload, plain, 1), ERR_OK);
	assert_int_equal(spool_upload_write(upload, plain + 1, 65535), ERR_OK);
	assert_int_equal(spool_upload_write(upload, plain + 65536, 134464),
	    ERR_OK);
	assert_int_equal(spool_upload_finish(upload, &object), ERR_OK);
	assert_int_equal(spool_object_open(spool, object.object, &descriptor,
	    &size), ERR_OBJECT_NOT_FOUND);
	assert_int_equal(spool_upload_commit(upload), ERR_OK);
	spool_upload_free(upload);
	assert_int_equal(object.size, 200000);
	assert_int_equal(object.sealed_size, sealed_size(200000));
	SHA256(plain, sizeof(plain), digest);
	assert_memory_equal(digest, object.plain_digest, sizeof(digest));
	assert_int_equal(spool_object_open(spool, object.object, &descriptor,
	    &size), ERR_OK);
	assert_int_equal(size, object.sealed_size);
	sealed = malloc(size);
	assert_non_null(sealed);
	assert_int_equal(read(descriptor, sealed, size), size);
	SHA256(sealed, size, digest);
	hex_encode(hex, digest, sizeof(digest));
	assert_string_equal(hex, object.object);
	free(sealed);
	close(descriptor);
	assert_int_equal(count_files(), 1);
}

/* Only some of them have a thread of their own. */
static void
uploads_at_once_are_apart(void **state)
{
	enum { COUNT = 40, PARTS = 9, PART = 50000 };
	struct spool_upload *uploads[COUNT];
	uint8_t part[PART], digest[32], plain[PARTS * PART];
	struct spool_object object;

	(void)state;
	for (int i = 0; i < COUNT; i++)
		uploads[i] = begin(sizeof(plain));
	for (int j = 0; j < PARTS; j++)
		for (int i = 0; i < COUNT; i++) {
			memset(part, i + j, sizeof(part));
			assert_int_equal(spool_upload_write(uploads[i], part,
			    sizeof(part)), ERR_OK);
		}
	for (int i = 0; i < COUNT; i++) {
		for (int j = 0; j < PARTS; j++)
			memset(plain + j * PART, i + j, PART);
		SHA256(plain, sizeof(plain), digest);
		assert_int_equal(spool_upload_finish(uploads[i], &object),
		    ERR_OK);
		assert_memory_equal(digest, object.plain_digest,
		    sizeof(digest));
		assert_int_equal(spool_upload_commit(uploads[i]), ERR_OK);
		spool_upload_free(uploads[i]);
	}
	assert_int_equal(count_files(), COUNT);
}

static void
an_upload_that_is_not_committed_leaves_nothing(void **state)
{
	struct spool_upload *upload = begin(100);
	struct spool_object object;

	(void)state;
	assert_int_equal(count_files(), 1);
	spool_upload_free(upload);
	assert_int_equal(count_files(), 0);
	upload = begin(100);
	assert_int_equal(spool_upload_write(upload, "x", 1), ERR_OK);
	assert_int_equal(spool_upload_finish(upload, &object), ERR_OK);
	spool_upload_free(upload);
	assert_int_equal(count_files(), 0);
	spool_upload_free(NULL);
}

static void
one_byte_over_the_limit_is_too_large(void **state)
{
	struct spool_upload *upload = begin(10);

	(void)state;
	assert_int_equal(spool_upload_write(upload, "0123456789", 10), ERR_OK);
	assert_int_equal(spool_upload_write(upload, "", 0), ERR_OK);
	assert_int_equal(spool_upload_write(upload, "x", 1), ERR_TOO_LARGE);
	spool_upload_free(upload);
	upload = begin(10);
	assert_int_equal(spool_upload_write(upload, "0123456789a", 11),
	    ERR_TOO_LARGE);
	spool_upload_free(upload);
}

static void
a_start_removes_what_was_cut_and_keeps_the_rest(void **state)
{
	struct spool_object object = store(5);
	char path[256];
	FILE *left;

	(void)state;
	snprintf(path, sizeof(path), "%s/sealed/incoming/left", folder);
	left = fopen(path, "w");
	assert_non_null(left);
	fclose(left);
	spool_close(spool);
	capture_start();
	assert_int_equal(spool_open(folder, &spool), ERR_OK);
	capture_end();
	assert_int_equal(count_files(), 1);
	assert_int_equal(spool_object_remove(spool, object.object), ERR_OK);
	assert_int_equal(spool_object_remove(spool, object.object), ERR_OK);
	assert_int_equal(count_files(), 0);
}

static char wanted[OBJECT_ID_LENGTH + 1];

static enum err
is_wanted(void *context, const char *object, bool *out)
{
	if (context != NULL)
		return *(enum err *)context;
	*out = strcmp(object, wanted) == 0;
	return ERR_OK;
}

static void
a_sweep_takes_old_files_that_nobody_wants(void **state)
{
	struct spool_object kept = store(1), lost = store(2);
	int64_t later_s = (int64_t)time(NULL) + 10;
	enum err failure = ERR_DB;
	int descriptor;
	uint64_t size;

	(void)state;
	memcpy(wanted, kept.object, sizeof(wanted));
	/* Not old enough: an upload of now may not have its row yet. */
	assert_int_equal(spool_sweep(spool, later_s - 3600, is_wanted, NULL),
	    ERR_OK);
	assert_int_equal(count_files(), 2);
	assert_int_equal(spool_sweep(spool, later_s, is_wanted, &failure),
	    ERR_DB);
	assert_int_equal(count_files(), 2);
	capture_start();
	assert_int_equal(spool_sweep(spool, later_s, is_wanted, NULL), ERR_OK);
	capture_end();
	assert_int_equal(spool_object_open(spool, lost.object, &descriptor,
	    &size), ERR_OBJECT_NOT_FOUND);
	assert_int_equal(spool_object_open(spool, kept.object, &descriptor,
	    &size), ERR_OK);
	close(descriptor);
}

#define SPOOL_TEST(f) \
	cmocka_unit_test_setup_teardown(f, make_spool, remove_spool)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SPOOL_TEST(
		    a_committed_upload_lies_under_the_digest_of_its_bytes),
		SPOOL_TEST(uploads_at_once_are_apart),
		SPOOL_TEST(an_upload_that_is_not_committed_leaves_nothing),
		SPOOL_TEST(one_byte_over_the_limit_is_too_large),
		SPOOL_TEST(a_start_removes_what_was_cut_and_keeps_the_rest),
		SPOOL_TEST(a_sweep_takes_old_files_that_nobody_wants),
	};

	return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
