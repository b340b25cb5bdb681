/* Secret files are refused when others can use them; bytes are compared,
 * wiped and drawn.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/secret.h"
#include "tests/unit/capture.h"

static char folder[] = "/tmp/counterfoil-secret-XXXXXX";
static char path[128];

static int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/key", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static int
remove_file(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static void
write_file(const void *bytes, size_t size, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* Read path, expect a failure, and that its line says what to do. */
static void
assert_refused(enum err expected, const char *said)
{
	char *text = path;
	size_t length = 99;
	enum err e;
	const char *line;

	capture_start();
	e = secret_file_read(path, &text, &length);
	line = capture_end();
	assert_int_equal(e, expected);
	assert_null(text);
	assert_int_equal(length, 0);
	assert_non_null(strstr(line, path));
	assert_non_null(strstr(line, said));
	assert_int_equal(strchr(line, '\n')[1], '\0');
}

static void
assert_read(const char *expected)
{
	char *text = NULL;
	size_t length = 0;

	assert_int_equal(secret_file_read(path, &text, &length), ERR_OK);
	assert_int_equal(length, strlen(expected));
	assert_string_equal(text, expected);
	secret_free(text, length);
}

static void
a_file_of_its_owner_alone_is_read(void **state)
{
	(void)state;
	write_file("one line\n", 9, 0600);
	assert_read("one line\n");
	assert_int_equal(chmod(path, 0400), 0);
	assert_read("one line\n");
	write_file("", 0, 0600);
	assert_read("");
}

static void
a_link_to_a_good_file_is_followed(void **state)
{
	char target[sizeof(path) + 8];

	(void)state;
	snprintf(target, sizeof(target), "%s.target", path);
	write_file("linked", 6, 0600);
	assert_int_equal(rename(path, target), 0);
	assert_int_equal(symlink(target, path), 0);
	assert_read("linked");
	assert_int_equal(chmod(target, 0640), 0);
	assert_refused(ERR_PERMISSIONS, "chmod 600");
	unlink(target);
	assert_refused(ERR_IO, "No such file");
}

static void
every_right_of_group_or_others_is_refused(void **state)
{
	(void)state;
	for (mode_t right = 1; right <= 040; right <<= 1) {
		write_file("x", 1, 0600 | right);
		assert_refused(ERR_PERMISSIONS, "chmod 600 ");
	}
}

static void
a_file_of_another_user_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	write_file("x", 1, 0600);
	assert_int_equal(chown(path, 65534, 0), 0);
	assert_refused(ERR_PERMISSIONS, "chown 0 ");
}

static void
another_user_reads_its_own_file_and_not_roots(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	write_file("x", 1, 0600);
	assert_int_equal(chown(path, 65534, 0), 0);
	assert_int_equal(chmod(folder, 0711), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_read("x");
	assert_int_equal(seteuid(0), 0);
	/* Root's file, of mode 0600, cannot even be opened by this user. */
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_refused(ERR_IO, "Permission denied");
	assert_int_equal(seteuid(0), 0);
}

static void
what_is_no_regular_file_is_refused_without_waiting(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(ERR_PERMISSIONS, "not a regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_refused(ERR_PERMISSIONS, "not a regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_refused(ERR_PERMISSIONS, "not a regular file");
	assert_int_equal(rmdir(path), 0);
}

static void
a_missing_file_is_named_with_the_cause(void **state)
{
	(void)state;
	assert_refused(ERR_IO, "No such file or directory");
}

static void
a_nul_or_a_length_beyond_the_limit_is_refused(void **state)
{
	static char large[SECRET_FILE_MAX + 1];
	char *text = NULL;
	size_t length = 0;

	(void)state;
	write_file("a\0b", 3, 0600);
	assert_refused(ERR_KEY_FILE, "NUL");
	write_file("ab\0", 3, 0600);
	assert_refused(ERR_KEY_FILE, "NUL");
	memset(large, '#', sizeof(large));
	write_file(large, SECRET_FILE_MAX + 1, 0600);
	assert_refused(ERR_KEY_FILE, "longer than 1048576 bytes");
	write_file(large, SECRET_FILE_MAX, 0600);
	assert_int_equal(secret_file_read(path, &text, &length), ERR_OK);
	assert_int_equal(length, SECRET_FILE_MAX);
	assert_int_equal(text[length], '\0');
	secret_free(text, length);
}

/* A file of /proc tells a size of 0 and then has bytes. */
static void
a_file_that_has_more_than_its_size_is_refused(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(symlink("/proc/self/environ", path), 0);
	assert_int_equal(setenv("COUNTERFOIL_UNIT", "1", 1), 0);
	assert_int_equal(stat(path, &st), 0);
	if ((st.st_mode & 077) != 0 || st.st_uid != geteuid())
		skip();
	assert_refused(ERR_KEY_FILE, "grew");
}

static void
equal_means_the_same_bytes_and_length(void **state)
{
	uint8_t a[64], b[64];

	(void)state;
	secret_random(a, sizeof(a));
	memcpy(b, a, sizeof(a));
	assert_true(secret_equal(a, 64, b, 64));
	assert_false(secret_equal(a, 64, b, 63));
	assert_false(secret_equal(a, 0, b, 1));
	assert_true(secret_equal(a, 0, b, 0));
	for (size_t bit = 0; bit < 512; bit++) {
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(secret_equal(a, 64, b, 64));
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void
wiping_leaves_zeros_and_touches_nothing_else(void **state)
{
	uint8_t bytes[48];

	(void)state;
	memset(bytes, 0xa5, sizeof(bytes));
	secret_wipe(bytes + 8, 32);
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], i < 8 || i >= 40 ? 0xa5 : 0);
	secret_free(NULL, 10);
}

/* A byte that stays zero in 64 draws: once in 256^64. */
static void
random_bytes_fill_the_whole_size(void **state)
{
	static uint8_t seen[10001], drawn[10001];

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		secret_random(drawn, 10000);
		for (size_t j = 0; j < sizeof(seen); j++)
			seen[j] |= drawn[j];
	}
	for (size_t j = 0; j < 10000; j++)
		assert_int_not_equal(seen[j], 0);
	assert_int_equal(seen[10000], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_file_of_its_owner_alone_is_read,
		    remove_file),
		cmocka_unit_test_teardown(a_link_to_a_good_file_is_followed,
		    remove_file),
		cmocka_unit_test_teardown(
		    every_right_of_group_or_others_is_refused, remove_file),
		cmocka_unit_test_teardown(a_file_of_another_user_is_refused,
		    remove_file),
		cmocka_unit_test_teardown(
		    another_user_reads_its_own_file_and_not_roots, remove_file),
		cmocka_unit_test_teardown(
		    what_is_no_regular_file_is_refused_without_waiting,
		    remove_file),
		cmocka_unit_test(a_missing_file_is_named_with_the_cause),
		cmocka_unit_test_teardown(
		    a_nul_or_a_length_beyond_the_limit_is_refused,
		    remove_file),
		cmocka_unit_test_teardown(
		    a_file_that_has_more_than_its_size_is_refused,
		    remove_file),
		cmocka_unit_test(equal_means_the_same_bytes_and_length),
		cmocka_unit_test(wiping_leaves_zeros_and_touches_nothing_else),
		cmocka_unit_test(random_bytes_fill_the_whole_size),
	};

	return cmocka_run_group_tests_name("secret", tests, make_folder,
	    remove_folder);
}
