#include "tests/fuzz/support/settings.h"

#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/support/memory.h"

/* Load bytes; where that goes well, *text is what they print as, else NULL. */
static void
load_and_print(size_t settings_size, const void *bytes, size_t size,
    char **text)
{
	struct settings *settings = calloc(1, settings_size);
	char path[MEMORY_PATH_SIZE];
	int fd = memory_file(bytes, size, path);
	size_t length = 0;
	enum err e;

	*text = NULL;
	PROMISE(settings != NULL);
	e = settings_load(path, settings);
	PROMISE(e == ERR_OK || e == ERR_CONFIG || e == ERR_IO);
	if (e == ERR_OK) {
		FILE *out = open_memstream(text, &length);

		PROMISE(out != NULL);
		PROMISE(settings_print(out, settings) == ERR_OK);
		PROMISE(fclose(out) == 0);
		PROMISE(strlen(*text) == length);
	}
	settings_clear(settings);
	free(settings);
	close(fd);
}

void
settings_check(size_t settings_size, const uint8_t *bytes, size_t size)
{
	char *once, *twice;

	log_init("fuzz", LOG_FORMAT_TEXT, LOG_LEVEL_ERROR);
	load_and_print(settings_size, bytes, size, &once);
	if (once == NULL)
		return;
	load_and_print(settings_size, once, strlen(once), &twice);
	PROMISE(twice != NULL);
	PROMISE(strcmp(once, twice) == 0);
	free(once);
	free(twice);
}
