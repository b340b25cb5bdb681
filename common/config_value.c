/* One row for each kind of value: how it is checked, parsed, printed. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/config_value.h"

#define BLANKS " \t"

static enum err
config_refuse(char why[static CONFIG_WHY_SIZE], const char *sentence)
{
	snprintf(why, CONFIG_WHY_SIZE, "%s", sentence);
	return ERR_CONFIG;
}

/* --- kinds that stay text ------------------------------------------------ */

static enum err
config_parse_text(const struct config_key *key, const char *text, void *field,
    char why[static CONFIG_WHY_SIZE])
{
	const char *sentence = config_value_check(key->kind, text);
	char **out = field;

	if (sentence != NULL)
		return config_refuse(why, sentence);
	*out = strdup(text);
	return *out == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* --- lists --------------------------------------------------------------- */

static size_t
count_words(const char *text)
{
	size_t count = 0;

	for (text += strspn(text, BLANKS); *text != '\0';
	    text += strspn(text, BLANKS)) {
		text += strcspn(text, BLANKS);
		count++;
	}
	return count;
}

static void
config_list_clear(struct config_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->words[i]);
	free(list->words);
	list->words = NULL;
	list->count = 0;
}

static enum err
config_list_add(struct config_list *list, const char *word, size_t length)
{
	char *copy = strndup(word, length);

	if (copy == NULL)
		return ERR_NO_MEMORY;
	list->words[list->count++] = copy;
	return ERR_OK;
}

static enum err
config_list_fill(struct config_list *list, enum config_kind kind,
    const char *text, char why[static CONFIG_WHY_SIZE])
{
	for (text += strspn(text, BLANKS); *text != '\0';
	    text += strspn(text, BLANKS)) {
		size_t length = strcspn(text, BLANKS);
		const char *sentence;
		enum err e = config_list_add(list, text, length);

		if (e)
			return e;
		sentence = config_value_check(kind,
		    list->words[list->count - 1]);
		if (sentence != NULL) {
			snprintf(why, CONFIG_WHY_SIZE, "%s (word %zu)",
			    sentence, list->count);
			return ERR_CONFIG;
		}
		text += length;
	}
	return ERR_OK;
}

static enum err
config_parse_list(const struct config_key *key, const char *text, void *field,
    char why[static CONFIG_WHY_SIZE])
{
	struct config_list *list = field;
	size_t count = count_words(text);
	bool is_bounded = key->least != 0 || key->most != 0;

	if (is_bounded && text[0] != '\0' && ((int64_t)count < key->least ||
	    (int64_t)count > key->most)) {
		snprintf(why, CONFIG_WHY_SIZE, "write %" PRId64 " to %" PRId64
		    " words parted by blanks", key->least, key->most);
		return ERR_CONFIG;
	}
	list->words = calloc(count + 1, sizeof(*list->words));
	if (list->words == NULL)
		return ERR_NO_MEMORY;
	return config_list_fill(list, key->words, text, why);
}

static void
config_print_list(FILE *out, const struct config_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		fprintf(out, "%s%s", i > 0 ? " " : "", list->words[i]);
}

/* --- numbers ------------------------------------------------------------- */

struct config_unit {
	const char *name;
	int64_t factor;
};

static const struct config_unit config_units_none[] = { { "", 1 } };

/* The greatest first; printing takes the first that divides the value. */
static const struct config_unit config_units_seconds[] = {
	{ "d", 86400 }, { "h", 3600 }, { "m", 60 }, { "s", 1 }, { "", 1 }
};

static const struct config_unit config_units_size[] = {
	{ "TiB", INT64_C(1) << 40 }, { "GiB", INT64_C(1) << 30 },
	{ "MiB", INT64_C(1) << 20 }, { "KiB", INT64_C(1) << 10 }, { "", 1 }
};

struct config_units {
	const struct config_unit *units;
	size_t count;
	const char *sentence;
};

#define UNITS(array, text) \
	{ array, sizeof(array) / sizeof((array)[0]), text }

static const struct config_units *
config_units(enum config_kind kind)
{
	static const struct config_units
	    none = UNITS(config_units_none, "write a whole number"),
	    seconds = UNITS(config_units_seconds,
	    "write seconds, or a number with s, m, h or d, such as 90s"),
	    size = UNITS(config_units_size,
	    "write bytes, or a number with KiB, MiB, GiB or TiB, such as"
	    " 64MiB");

	if (kind == CONFIG_SECONDS)
		return &seconds;
	return kind == CONFIG_SIZE ? &size : &none;
}

/* The factor of the unit; 0 when there is none of that name. */
static int64_t
config_unit_factor(const struct config_units *units, const char *name)
{
	for (size_t i = 0; i < units->count; i++)
		if (strcmp(units->units[i].name, name) == 0)
			return units->units[i].factor;
	return 0;
}

#define CONFIG_NUMBER_SIZE 32

static void
config_number_text(char text[static CONFIG_NUMBER_SIZE],
    const struct config_units *units, int64_t value)
{
	size_t i = 0;

	if (value == 0)
		i = units->count - 1;
	while (value % units->units[i].factor != 0)
		i++;
	snprintf(text, CONFIG_NUMBER_SIZE, "%" PRId64 "%s",
	    value / units->units[i].factor, units->units[i].name);
}

static enum err
config_check_range(const struct config_key *key, int64_t value,
    char why[static CONFIG_WHY_SIZE])
{
	const struct config_units *units = config_units(key->kind);
	int64_t most = key->least == 0 && key->most == 0 ? INT64_MAX :
	    key->most;
	char low[CONFIG_NUMBER_SIZE], high[CONFIG_NUMBER_SIZE];

	if (value >= key->least && value <= most)
		return ERR_OK;
	config_number_text(low, units, key->least);
	config_number_text(high, units, most);
	if (most == INT64_MAX)
		snprintf(why, CONFIG_WHY_SIZE, "write %s or more", low);
	else
		snprintf(why, CONFIG_WHY_SIZE, "write a value from %s to %s",
		    low, high);
	return ERR_CONFIG;
}

static enum err
config_parse_number(const struct config_key *key, const char *text,
    void *field, char why[static CONFIG_WHY_SIZE])
{
	const struct config_units *units = config_units(key->kind);
	const char *digits = text[0] == '-' ? text + 1 : text;
	char *end = NULL;
	long long number = 0;
	int64_t factor, value = 0;

	if (!isdigit((unsigned char)digits[0]))
		return config_refuse(why, units->sentence);
	errno = 0;
	number = strtoll(text, &end, 10);
	factor = config_unit_factor(units, end);
	if (factor == 0)
		return config_refuse(why, units->sentence);
	if (errno != 0 || __builtin_mul_overflow(number, factor, &value))
		return config_refuse(why, "write a smaller number");
	*(int64_t *)field = value;
	return config_check_range(key, value, why);
}

static void
config_print_number(FILE *out, const struct config_key *key, int64_t value)
{
	char text[CONFIG_NUMBER_SIZE];

	config_number_text(text, config_units(key->kind), value);
	fputs(text, out);
}

/* --- words out of a few -------------------------------------------------- */

static enum err
config_parse_boolean(const char *text, bool *field,
    char why[static CONFIG_WHY_SIZE])
{
	if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
		return config_refuse(why, "write yes or no");
	*field = text[0] == 'y';
	return ERR_OK;
}

static enum err
config_parse_choice(const char *choices, const char *text, int *field,
    char why[static CONFIG_WHY_SIZE])
{
	size_t length = strlen(text);
	int index = 0;

	for (const char *choice = choices;; choice++, index++) {
		size_t size = strcspn(choice, "|");

		if (size == length && memcmp(choice, text, size) == 0) {
			*field = index;
			return ERR_OK;
		}
		choice += size;
		if (*choice == '\0')
			break;
	}
	snprintf(why, CONFIG_WHY_SIZE, "write one of %s", choices);
	return ERR_CONFIG;
}

static void
config_print_choice(FILE *out, const char *choices, int index)
{
	for (; index > 0; index--) {
		choices += strcspn(choices, "|");
		choices += *choices == '|';
	}
	fprintf(out, "%.*s", (int)strcspn(choices, "|"), choices);
}

/* --- by kind ------------------------------------------------------------- */

/* Is it an optional value that was left out? */
static bool
config_is_empty(const struct config_key *key, const char *text)
{
	return text[0] == '\0' && key->initial != NULL &&
	    key->initial[0] == '\0';
}

enum err
config_value_parse(const struct config_key *key, const char *text,
    void *field, char why[static CONFIG_WHY_SIZE])
{
	if (config_is_empty(key, text) && key->kind != CONFIG_LIST)
		return ERR_OK;
	if (!config_is_empty(key, text) && text[0] == '\0')
		return config_refuse(why, "write a value");
	if (strlen(text) > CONFIG_VALUE_MAX)
		return config_refuse(why, "write less than 4096 bytes");
	switch (key->kind) {
	case CONFIG_TEXT:
	case CONFIG_PATH:
	case CONFIG_ADDRESS:
	case CONFIG_LISTEN:
	case CONFIG_NETWORK:
	case CONFIG_ORIGIN:
		return config_parse_text(key, text, field, why);
	case CONFIG_BOOLEAN:
		return config_parse_boolean(text, field, why);
	case CONFIG_NUMBER:
	case CONFIG_SECONDS:
	case CONFIG_SIZE:
		return config_parse_number(key, text, field, why);
	case CONFIG_LIST:
		return config_parse_list(key, text, field, why);
	case CONFIG_CHOICE:
		return config_parse_choice(key->choices, text, field, why);
	}
	abort();
}

void
config_value_print(FILE *out, const struct config_key *key, const void *field)
{
	const char *text;
	int64_t number;

	switch (key->kind) {
	case CONFIG_TEXT:
	case CONFIG_PATH:
	case CONFIG_ADDRESS:
	case CONFIG_LISTEN:
	case CONFIG_NETWORK:
	case CONFIG_ORIGIN:
		text = *(char *const *)field;
		fputs(text == NULL ? "" : text, out);
		break;
	case CONFIG_BOOLEAN:
		fputs(*(const bool *)field ? "yes" : "no", out);
		break;
	case CONFIG_NUMBER:
	case CONFIG_SECONDS:
	case CONFIG_SIZE:
		number = *(const int64_t *)field;
		/* Zero is what an optional number is without a value. */
		if (number != 0 || !config_is_empty(key, ""))
			config_print_number(out, key, number);
		break;
	case CONFIG_LIST:
		config_print_list(out, field);
		break;
	case CONFIG_CHOICE:
		config_print_choice(out, key->choices, *(const int *)field);
		break;
	}
}

void
config_value_clear(const struct config_key *key, void *field)
{
	switch (key->kind) {
	case CONFIG_TEXT:
	case CONFIG_PATH:
	case CONFIG_ADDRESS:
	case CONFIG_LISTEN:
	case CONFIG_NETWORK:
	case CONFIG_ORIGIN:
		free(*(char **)field);
		*(char **)field = NULL;
		break;
	case CONFIG_BOOLEAN:
		*(bool *)field = false;
		break;
	case CONFIG_NUMBER:
	case CONFIG_SECONDS:
	case CONFIG_SIZE:
		*(int64_t *)field = 0;
		break;
	case CONFIG_LIST:
		config_list_clear(field);
		break;
	case CONFIG_CHOICE:
		*(int *)field = 0;
		break;
	}
}
