/* How long the disk of a folder takes to keep a page: fdatasync() after each
 * of COUNT pages written over, as in a write-ahead log that began anew.
 *
 *	sync FOLDER [COUNT]
 *
 * Prints p50_us p99_us max_us as name=value.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/storage/measure.h"

#define PAGE_BYTES 4096
#define PAGES 256

static bool sync_pages(int fd, unsigned count, struct histogram *histogram)
{
	static const char page[PAGE_BYTES];

	for (unsigned i = 0; i < PAGES + count; i++) {
		off_t at = (off_t)(i % PAGES) * PAGE_BYTES;
		uint64_t from_ns = measure_now_ns();

		if (pwrite(fd, page, sizeof(page), at) != sizeof(page))
			return false;
		if (i + 1 < PAGES)	/* there first, then over it */
			continue;
		if (fdatasync(fd) != 0)
			return false;
		if (i >= PAGES)
			histogram_add(histogram,
			    (measure_now_ns() - from_ns) / 1000);
	}
	return true;
}

int main(int argc, char *argv[])
{
	static struct histogram histogram;
	unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 500;
	bool is_good;
	int fd;

	if (argc < 2) {
		fputs("sync FOLDER [COUNT]\n", stderr);
		return 2;
	}
	fd = open(argv[1], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	is_good = fd >= 0 && sync_pages(fd, count, &histogram);
	if (!is_good)
		perror(argv[1]);
	if (fd >= 0)
		close(fd);
	printf("p50_us=%" PRIu64 " p99_us=%" PRIu64 " max_us=%" PRIu64 "\n",
	    histogram_quantile(&histogram, 0.5),
	    histogram_quantile(&histogram, 0.99), histogram.max_us);
	return is_good ? 0 : 1;
}
