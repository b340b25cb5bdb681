/* Runs a fuzz target over the seeds it is kept with, as a TAP program: one
 * test for each file of tests/fuzz/corpus/NAME, NAME being the argument, or the
 * program's.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define SEED_MAX (1024 * 1024)

/* Of those targets that have one. */
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static int
replay_seed(const char *folder, const char *name)
{
	char path[PATH_MAX];
	uint8_t *bytes = NULL;
	ssize_t size = -1;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
	    (int)sizeof(path))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	bytes = malloc(SEED_MAX);
	if (fd >= 0 && bytes != NULL)
		size = read(fd, bytes, SEED_MAX);
	if (size >= 0) {
		/* A copy of the exact size: reading past it is seen. */
		uint8_t *exact = malloc(size > 0 ? (size_t)size : 1);

		if (exact == NULL)
			abort();
		memcpy(exact, bytes, (size_t)size);
		LLVMFuzzerTestOneInput(exact, (size_t)size);
		free(exact);
	}
	if (fd >= 0)
		close(fd);
	free(bytes);
	return size >= 0;
}

static int
is_seed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int
main(int argc, char *argv[])
{
	char folder[PATH_MAX];
	const char *name = argc > 1 ? argv[1] : strrchr(argv[0], '/');
	struct dirent **entries = NULL;
	int count, failed = 0;

	if (name == NULL || snprintf(folder, sizeof(folder),
	    "tests/fuzz/corpus/%s", name) >= (int)sizeof(folder))
		return 1;
	if (LLVMFuzzerInitialize != NULL)
		LLVMFuzzerInitialize(&argc, &argv);
	count = scandir(folder, &entries, is_seed, alphasort);
	if (count <= 0) {
		printf("Bail out! %s holds no seed\n", folder);
		return 1;
	}
	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		int ok = replay_seed(folder, entries[i]->d_name);

		printf("%s %d - %s\n", ok ? "ok" : "not ok", i + 1,
		    entries[i]->d_name);
		fflush(stdout);
		failed |= !ok;
		free(entries[i]);
	}
	free(entries);
	return failed;
}
