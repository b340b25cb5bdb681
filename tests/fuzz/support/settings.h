/* Configuration files of a daemon: what is accepted is printed as a file that
 * reads back as the same.
 */
#ifndef TESTS_FUZZ_SUPPORT_SETTINGS_H
#define TESTS_FUZZ_SUPPORT_SETTINGS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"

/* What settings.h of both daemons has; the one that is linked is looked at. */
struct settings;
enum err settings_load(const char *path, struct settings *settings);
enum err settings_print(FILE *out, const struct settings *settings);
void settings_clear(struct settings *settings);

/* Of so many bytes is the daemon's struct. */
void settings_check(size_t settings_size, const uint8_t *bytes, size_t size);

#endif
