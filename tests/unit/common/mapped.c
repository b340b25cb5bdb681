/* Files in memory, and pages that cannot be had. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/mapped.h"

#define PAGE 4096
#define PAGES 8
#define MORE_THAN_THERE_ARE 5000

/* A file of PAGES pages, each of its own letter. */
static int
make_file(void)
{
	int descriptor = memfd_create("mapped", MFD_CLOEXEC);
	char page[PAGE];

	assert_true(descriptor >= 0);
	for (int i = 0; i < PAGES; i++) {
		memset(page, 'a' + i, sizeof(page));
		assert_int_equal(write(descriptor, page, sizeof(page)), PAGE);
	}
	return descriptor;
}

static void
all_bytes_of_the_file_are_there(void **state)
{
	int descriptor = make_file();
	struct mapped *mapped = mapped_open(descriptor, PAGES * PAGE - 100);

	(void)state;
	assert_non_null(mapped);
	close(descriptor);
	for (int i = 0; i < PAGES * PAGE - 100; i++)
		assert_int_equal(mapped_bytes(mapped)[i], 'a' + i / PAGE);
	assert_true(mapped_is_whole(mapped));
	mapped_close(mapped);
	mapped_close(NULL);
}

static void
a_page_that_cannot_be_had_is_zeros_and_marks_its_mapping(void **state)
{
	int descriptor = make_file(), other = make_file();
	struct mapped *mapped = mapped_open(descriptor, PAGES * PAGE);
	struct mapped *sound = mapped_open(other, PAGES * PAGE);

	(void)state;
	assert_non_null(mapped);
	assert_non_null(sound);
	assert_int_equal(ftruncate(descriptor, 3 * PAGE), 0);
	assert_int_equal(mapped_bytes(mapped)[3 * PAGE - 1], 'c');
	assert_true(mapped_is_whole(mapped));
	assert_int_equal(mapped_bytes(mapped)[5 * PAGE + 17], 0);
	assert_false(mapped_is_whole(mapped));
	assert_int_equal(mapped_bytes(mapped)[7 * PAGE], 0);
	assert_int_equal(mapped_bytes(mapped)[0], 'a');
	assert_int_equal(mapped_bytes(sound)[5 * PAGE], 'f');
	assert_true(mapped_is_whole(sound));
	mapped_close(mapped);
	mapped_close(sound);
	close(descriptor);

	/* Its place is taken by another, which is whole. */
	for (int i = 0; i < MORE_THAN_THERE_ARE; i++) {
		mapped = mapped_open(other, PAGE);
		assert_non_null(mapped);
		assert_true(mapped_is_whole(mapped));
		assert_int_equal(mapped_bytes(mapped)[0], 'a');
		mapped_close(mapped);
	}
	close(other);
}

static void
when_there_are_too_many_the_next_is_refused(void **state)
{
	struct mapped **all = calloc(MORE_THAN_THERE_ARE, sizeof(*all));
	int descriptor = make_file(), count = 0;

	(void)state;
	assert_non_null(all);
	while (count < MORE_THAN_THERE_ARE &&
	    (all[count] = mapped_open(descriptor, PAGE)) != NULL)
		count++;
	assert_in_range(count, 1000, MORE_THAN_THERE_ARE - 1);
	mapped_close(all[--count]);
	all[count] = mapped_open(descriptor, PAGE);
	assert_non_null(all[count++]);
	while (count > 0)
		mapped_close(all[--count]);
	assert_null(mapped_open(descriptor, 0));
	assert_null(mapped_open(-1, PAGE));
	close(descriptor);
	free(all);
}

/* In a child, which it is to kill. */
static void
touch_a_mapping_of_another(void)
{
	static const struct rlimit no_core = { 0 };
	int descriptor = make_file();
	volatile char *bytes = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED,
	    descriptor, 0);

	signal(SIGBUS, SIG_DFL);	/* not that of the test's library */
	setrlimit(RLIMIT_CORE, &no_core);
	if (mapped_open(descriptor, PAGE) == NULL ||
	    ftruncate(descriptor, 0) != 0 || bytes == MAP_FAILED)
		_exit(1);
	_exit(bytes[2 * PAGE] + 2);
}

static void
any_other_bus_error_ends_the_process(void **state)
{
	pid_t child = fork();
	int status = 0;

	(void)state;
	if (child == 0)
		touch_a_mapping_of_another();
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGBUS);
}

int
main(void)
{
	/* In this order: what handles SIGBUS is installed with the first
	 * mapping, and the test library takes it away behind each test. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_other_bus_error_ends_the_process),
		cmocka_unit_test(
		    a_page_that_cannot_be_had_is_zeros_and_marks_its_mapping),
		cmocka_unit_test(all_bytes_of_the_file_are_there),
		cmocka_unit_test(when_there_are_too_many_the_next_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
