/* Linked into a daemon that is fuzzed from outside: what clang counts of its
 * edges is written to a file that the fuzzer maps too, named by FUZZ_COUNTERS
 * in the environment.  The first page says where the counters are.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/fuzz/daemon/counters.h"

/* What clang calls at the start, once or more, with all counters. */
void __sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop);

/*
 * Put the file under the pages that hold the counters.  What else lies in the
 * first and the last of them is copied, and is shared without harm, since
 * nobody else writes there.
 */
static void
counters_share(int fd, uint8_t *start, uint8_t *stop)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t first = (uintptr_t)start / page * page;
	const uintptr_t end = ((uintptr_t)stop + page - 1) / page * page;
	const struct counters_head head = {
		.offset = page + ((uintptr_t)start - first),
		.count = (uint64_t)(stop - start),
	};
	size_t size = end - first;

	/* Past the sanitizer, which guards what lies between variables. */
	if (ftruncate(fd, (off_t)(page + size)) != 0 ||
	    syscall(SYS_pwrite64, fd, first, size, page) != (long)size ||
	    pwrite(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    mmap((void *)first, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_FIXED, fd, (off_t)page) == MAP_FAILED)
		abort();
}

void
__sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop)
{
	static uint8_t *known;
	const char *path = getenv("FUZZ_COUNTERS");
	int fd;

	if (path == NULL || start == stop || start == known)
		return;
	known = start;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		abort();
	counters_share(fd, start, stop);
	(void)close(fd);
}
