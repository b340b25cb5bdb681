/* Configuration files of a daemon: what is accepted is printed as a file that
 * reads back as the same.
 */
#ifndef TESTS_FUZZ_SUPPORT_SETTINGS_H
#define TESTS_FUZZ_SUPPORT_SETTINGS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"

/* The daemon's functions of settings.h; settings_size bytes hold its struct. */
struct settings_target {
	size_t settings_size;
	enum err (*load)(const char *path, void *settings);
	enum err (*print)(FILE *out, const void *settings);
	void (*clear)(void *settings);
};

void settings_check(const struct settings_target *target,
    const uint8_t *bytes, size_t size);

#endif
