#include "tests/fuzz/support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int
memory_file(const void *bytes, size_t size, char path[static MEMORY_PATH_SIZE])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || fchmod(fd, 0600) != 0 ||
	    write(fd, bytes, size) != (ssize_t)size)
		abort();
	(void)snprintf(path, MEMORY_PATH_SIZE, "/proc/self/fd/%d", fd);
	return fd;
}
