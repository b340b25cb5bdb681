/* Configuration files: what is accepted is printed as a file that reads back
 * as the same.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/config.h"
#include "common/log.h"
#include "tests/fuzz/fuzz.h"

struct settings {
	char *text, *path, *address, *origin;
	bool yes;
	int64_t number, seconds, size;
	struct config_list list;
	int choice;
};

#define KEY(n, k, f, i) .name = (n), .kind = (k), \
	.offset = offsetof(struct settings, f), .initial = (i), .help = "-"

static const struct config_key keys[] = {
	{ KEY("text", CONFIG_TEXT, text, NULL) },
	{ KEY("path", CONFIG_PATH, path, "") },
	{ KEY("yes", CONFIG_BOOLEAN, yes, "no") },
	{ KEY("number", CONFIG_NUMBER, number, "5"), .least = 1, .most = 9 },
	{ KEY("seconds", CONFIG_SECONDS, seconds, "1h") },
	{ KEY("size", CONFIG_SIZE, size, "1MiB") },
	{ KEY("address", CONFIG_ADDRESS, address, "127.0.0.1:80") },
	{ KEY("origin", CONFIG_ORIGIN, origin, "") },
	{ KEY("list", CONFIG_LIST, list, "127.0.0.1:80"), .least = 1,
	    .most = 4, .words = CONFIG_ADDRESS },
	{ KEY("choice", CONFIG_CHOICE, choice, "a"), .choices = "a|b|c" },
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* The file by its descriptor: config_load() wants a path. */
static enum err
load(int fd, struct settings *settings)
{
	char path[40];

	memset(settings, 0, sizeof(*settings));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return config_load(path, keys, KEYS, settings);
}

/* Print settings into a new file in memory. */
static int
print(const struct settings *settings, char **text, size_t *size)
{
	int fd = memfd_create("printed", MFD_CLOEXEC);
	FILE *out = open_memstream(text, size);

	if (fd < 0 || out == NULL)
		abort();
	PROMISE(config_print(out, keys, KEYS, settings) == ERR_OK);
	fclose(out);
	if (write(fd, *text, *size) != (ssize_t)*size)
		abort();
	return fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct settings first, second;
	char *once = NULL, *twice = NULL;
	size_t once_size = 0, twice_size = 0;
	int fd = memfd_create("config", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	log_init("fuzz", LOG_FORMAT_TEXT, LOG_LEVEL_ERROR);
	if (load(fd, &first) == ERR_OK) {
		int printed = print(&first, &once, &once_size);
		int again;

		PROMISE(load(printed, &second) == ERR_OK);
		again = print(&second, &twice, &twice_size);
		PROMISE(once_size == twice_size);
		PROMISE(memcmp(once, twice, once_size) == 0);
		config_clear(keys, KEYS, &second);
		close(printed);
		close(again);
	}
	config_clear(keys, KEYS, &first);
	close(fd);
	free(once);
	free(twice);
	return 0;
}
