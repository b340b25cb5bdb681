/* The values of a configuration: text to field, field to text, for each kind
 * of config.h.  Private to config.c.
 */
#ifndef COMMON_CONFIG_VALUE_H
#define COMMON_CONFIG_VALUE_H

#include <stdio.h>

#include "common/config.h"
#include "common/err.h"

#define CONFIG_VALUE_MAX 4096	/* bytes of a value */
#define CONFIG_WHY_SIZE 160

/*
 * Fill the all-zero field from text, which is trimmed.  Empty text leaves the
 * field zero, and fits only a key whose default is "".  ERR_CONFIG with a
 * sentence in why that says what to write instead; ERR_NO_MEMORY.
 */
enum err config_value_parse(const struct config_key *key, const char *text,
    void *field, char why[static CONFIG_WHY_SIZE]);

/*
 * NULL when text is of a kind that stays text (TEXT, PATH, ADDRESS, LISTEN,
 * NETWORK, ORIGIN), else what to write instead; static.  Aborts for the other
 * kinds.
 */
const char *config_value_check(enum config_kind kind, const char *text);

/* The text that config_value_parse() turns into this field. */
void config_value_print(FILE *out, const struct config_key *key,
    const void *field);

/* Free what the field holds and make it zero. */
void config_value_clear(const struct config_key *key, void *field);

#endif
