/* The configuration of commerced. */
#include "commerced/settings.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/support/settings.h"

static enum err
load(const char *path, void *settings)
{
	return settings_load(path, settings);
}

static enum err
print(FILE *out, const void *settings)
{
	return settings_print(out, settings);
}

static void
clear(void *settings)
{
	settings_clear(settings);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct settings_target target = {
		sizeof(struct settings), load, print, clear
	};

	settings_check(&target, bytes, size);
	return 0;
}
