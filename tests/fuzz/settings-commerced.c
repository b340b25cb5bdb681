/* The configuration of commerced. */
#include "commerced/settings.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/support/settings.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	settings_check(sizeof(struct settings), bytes, size);
	return 0;
}
