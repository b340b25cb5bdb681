/* Configuration files: lines to table entries, and back.  Comments, blanks
 * and "key = value" are inih's; what inih passes over in silence (sections,
 * "key: value", overlong lines, NUL bytes) is refused here before inih sees
 * it, so that each fault has its line.
 */
#include <ini.h>

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/config.h"
#include "common/config_value.h"
#include "common/log.h"

/* Room for the key and blanks beside the longest value. */
#define CONFIG_LINE_MAX (2 * CONFIG_VALUE_MAX)
#define CONFIG_NAME_MAX 64
#define CONFIG_FAULT_MAX 1024
#define CONFIG_SHOWN_MAX 200	/* bytes of a wrong value in a message */
#define CONFIG_COMMENT_WIDTH 78

struct config_reader {
	const char *path;
	FILE *file;
	const struct config_key *keys;
	size_t count;
	char *settings;
	size_t *given;		/* for each key the line that gave it, or 0 */
	size_t line;		/* of the line read last, from 1 */
	size_t faults;
	enum err failure;	/* of the machine, not of the file */
};

static void __attribute__((format(printf, 2, 3)))
config_fault(struct config_reader *reader, const char *format, ...)
{
	char text[CONFIG_FAULT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_error("%s:%zu: %s", reader->path,
	    reader->line > 0 ? reader->line : 1, text);
	reader->faults++;
}

/* --- keys ---------------------------------------------------------------- */

static size_t
least_of(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* How many characters to add, remove or replace (Levenshtein). */
static size_t
name_distance(const char *a, const char *b)
{
	size_t row[CONFIG_NAME_MAX + 1];
	size_t a_length = strlen(a), b_length = strlen(b);

	if (a_length > CONFIG_NAME_MAX || b_length > CONFIG_NAME_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t replaced = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = least_of(replaced, row[j] + 1,
			    row[j - 1] + 1);
		}
	}
	return row[b_length];
}

/* The known key that this name may have meant; NULL when none is near. */
static const char *
config_nearest(const struct config_reader *reader, const char *name)
{
	const char *nearest = NULL;
	size_t best = 1 + strlen(name) / 3 + 1;	/* a third may be wrong */

	for (size_t i = 0; i < reader->count; i++) {
		size_t distance = name_distance(name, reader->keys[i].name);

		if (distance < best) {
			best = distance;
			nearest = reader->keys[i].name;
		}
	}
	return nearest;
}

static void
config_unknown_key(struct config_reader *reader, const char *name)
{
	const char *nearest = config_nearest(reader, name);

	if (nearest != NULL)
		config_fault(reader, "unknown key \"%.*s\"; write %s, or"
		    " remove the line", CONFIG_SHOWN_MAX, name, nearest);
	else
		config_fault(reader, "unknown key \"%.*s\"; remove the line",
		    CONFIG_SHOWN_MAX, name);
}

static void
config_assign(struct config_reader *reader, const struct config_key *key,
    const char *text)
{
	char why[CONFIG_WHY_SIZE];
	enum err e = config_value_parse(key, text,
	    reader->settings + key->offset, why);

	if (e == ERR_CONFIG)
		config_fault(reader, "%s: \"%.*s\" is not accepted; %s",
		    key->name, CONFIG_SHOWN_MAX, text, why);
	else if (e)
		reader->failure = e;
}

/* inih's handler; each call is for the line that was read last. */
static int
config_take(void *user, const char *section, const char *name,
    const char *value)
{
	struct config_reader *reader = user;

	(void)section;	/* sections never get this far */
	for (size_t i = 0; i < reader->count; i++) {
		if (strcmp(reader->keys[i].name, name) != 0)
			continue;
		if (reader->given[i] != 0) {
			config_fault(reader, "%s was given in line %zu"
			    " already; remove one of them", name,
			    reader->given[i]);
			return 1;
		}
		reader->given[i] = reader->line;
		config_assign(reader, &reader->keys[i], value);
		return 1;
	}
	config_unknown_key(reader, name);
	return 1;
}

/* What the file did not give: defaults, and complaints about the required. */
static void
config_complete(struct config_reader *reader)
{
	for (size_t i = 0; i < reader->count; i++) {
		const struct config_key *key = &reader->keys[i];

		if (reader->given[i] != 0)
			continue;
		if (key->initial == NULL)
			config_fault(reader, "%s is missing; add a line"
			    " \"%s = ...\" (%s)", key->name, key->name,
			    key->help);
		else
			config_assign(reader, key, key->initial);
	}
}

/* --- lines --------------------------------------------------------------- */

static bool
config_line_is_good(struct config_reader *reader, const char *text)
{
	const char *start = text + strspn(text, " \t\r\v\f");
	size_t length = strcspn(start, "=:");

	if (*start == '\0' || *start == '#' || *start == ';')
		return true;
	if (*start == '[')
		config_fault(reader, "sections are not used; remove the line");
	else if (length == 0 || start[length] != '=')
		config_fault(reader, "no setting; write KEY = VALUE, or #"
		    " before a comment");
	else
		return true;
	return false;
}

/* One line without its end; false at the end of the file. */
static bool
config_get_line(struct config_reader *reader, char *text)
{
	size_t used = 0, seen = 0, nuls = 0;
	int c;

	while ((c = getc(reader->file)) != EOF && c != '\n') {
		seen++;
		nuls += c == '\0';
		if (used < CONFIG_LINE_MAX)
			text[used++] = (char)c;
	}
	if (c == EOF && seen == 0)
		return false;
	text[used] = '\0';
	reader->line++;
	if (nuls > 0)
		config_fault(reader, "a NUL byte; write plain text");
	else if (seen > CONFIG_LINE_MAX)
		config_fault(reader, "a line of more than %d bytes; write"
		    " a shorter one", CONFIG_LINE_MAX);
	else
		return true;
	text[0] = '\0';
	return true;
}

/* inih's reader. A line with a fault reaches inih as an empty one. */
static char *
config_read(char *text, int capacity, void *user)
{
	static const char mark[] = "\xef\xbb\xbf";	/* byte order mark */
	struct config_reader *reader = user;

	if (capacity < CONFIG_LINE_MAX + 1)
		abort();	/* inih took another size than was set */
	if (!config_get_line(reader, text))
		return NULL;
	if (reader->line == 1 && strncmp(text, mark, 3) == 0)
		memmove(text, text + 3, strlen(text + 3) + 1);
	if (!config_line_is_good(reader, text))
		text[0] = '\0';
	return text;
}

/* Debian's inih is set up by variables; the defaults cut values at " ;". */
static void
config_set_up_inih(void)
{
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_allow_no_value = false;
	ini_allow_bom = false;
	ini_stop_on_first_error = false;
	ini_use_stack = false;
	ini_allow_realloc = false;
	ini_initial_alloc = CONFIG_LINE_MAX + 3;
	ini_max_line = CONFIG_LINE_MAX + 3;
}

/* --- the module ---------------------------------------------------------- */

static enum err
config_parse(struct config_reader *reader)
{
	int result;

	config_set_up_inih();
	result = ini_parse_stream(config_read, reader, config_take, reader);
	if (ferror(reader->file)) {
		log_errno("%s: cannot be read", reader->path);
		return ERR_IO;
	}
	if (result == 0)
		config_complete(reader);
	if (result < 0 || reader->failure) {
		log_error("%s: no memory to read it", reader->path);
		return ERR_NO_MEMORY;
	}
	return result > 0 || reader->faults > 0 ? ERR_CONFIG : ERR_OK;
}

enum err
config_load(const char *path, const struct config_key keys[], size_t count,
    void *settings)
{
	struct config_reader reader = { .path = path, .keys = keys,
		.count = count, .settings = settings };
	enum err e = ERR_OK;

	reader.given = calloc(count + 1, sizeof(*reader.given));
	if (reader.given == NULL) {
		log_error("%s: no memory to read it", path);
		e = ERR_NO_MEMORY;
		goto out;
	}
	reader.file = fopen(path, "re");
	if (reader.file == NULL) {
		log_errno("%s: the configuration cannot be opened", path);
		e = ERR_IO;
		goto out;
	}
	e = config_parse(&reader);
out:
	if (reader.file != NULL)
		(void)fclose(reader.file);
	free(reader.given);
	return e;
}

/* A sentence as comment lines. */
static void
config_print_help(FILE *out, const char *help)
{
	size_t column = 1;

	fputc('#', out);
	while (*(help += strspn(help, " \n")) != '\0') {
		size_t length = strcspn(help, " \n");

		if (column > 1 && column + 1 + length > CONFIG_COMMENT_WIDTH) {
			fputs("\n#", out);
			column = 1;
		}
		fprintf(out, " %.*s", (int)length, help);
		column += 1 + length;
		help += length;
	}
	fputc('\n', out);
}

enum err
config_print(FILE *out, const struct config_key keys[], size_t count,
    const void *settings)
{
	for (size_t i = 0; i < count; i++) {
		const char *field = (const char *)settings + keys[i].offset;

		if (i > 0)
			fputc('\n', out);
		if (keys[i].help != NULL)
			config_print_help(out, keys[i].help);
		fprintf(out, "%s = ", keys[i].name);
		config_value_print(out, &keys[i], field);
		fputc('\n', out);
	}
	return fflush(out) == 0 && !ferror(out) ? ERR_OK : ERR_IO;
}

void
config_clear(const struct config_key keys[], size_t count, void *settings)
{
	for (size_t i = 0; i < count; i++)
		config_value_clear(&keys[i],
		    (char *)settings + keys[i].offset);
}
