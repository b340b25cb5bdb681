/* Conditional fields: lists of entity tags, against a reading of their own by
 * the grammar of RFC 9110, section 8.8.3, and If-Range.
 */
#include <stdbool.h>
#include <string.h>

#include "common/condition.h"
#include "tests/fuzz/fuzz.h"

#define OBJECT \
	"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

/* What a list is: malformed, or with the tag strong or weak in it. */
struct reading {
	bool is_sound, has_strong, has_weak;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The list by a machine that takes one character after the other. */
static struct reading
read_list(const char *text)
{
	enum { BEFORE, WEAK, OPEN, INSIDE, BEHIND } state = BEFORE;
	struct reading reading = { .is_sound = true };
	bool is_weak = false;
	size_t begin = 0;

	for (size_t i = 0; text[i] != '\0' && reading.is_sound; i++) {
		unsigned char c = (unsigned char)text[i];

		if (state == BEFORE && c == 'W') {
			state = WEAK;
			is_weak = true;
		} else if (state == WEAK) {
			reading.is_sound = c == '/';
			state = OPEN;
		} else if ((state == BEFORE || state == OPEN) && c == '"') {
			state = INSIDE;
			begin = i + 1;
		} else if (state == INSIDE && c == '"') {
			bool is_it = i - begin == strlen(OBJECT) &&
			    memcmp(text + begin, OBJECT, i - begin) == 0;

			reading.has_strong |= is_it && !is_weak;
			reading.has_weak |= is_it;
			is_weak = false;
			state = BEHIND;
		} else if (state == INSIDE) {
			reading.is_sound = c > 0x20 && c != 0x7f;
		} else if (state == BEHIND && c == ',') {
			state = BEFORE;
		} else {
			reading.is_sound = state != OPEN &&
			    (is_blank((char)c) || (c == ',' &&
			    state == BEFORE));
		}
	}
	reading.is_sound &= state == BEFORE || state == BEHIND;
	return reading;
}

static void
check_list(const char *text)
{
	const struct reading reading = read_list(text);
	bool is_star = strcmp(text + strspn(text, " \t"), "*") == 0;

	PROMISE(condition_list_has(text, OBJECT, CONDITION_STRONG) ==
	    (is_star || (reading.is_sound && reading.has_strong)));
	PROMISE(condition_list_has(text, OBJECT, CONDITION_WEAK) ==
	    (is_star || (reading.is_sound && reading.has_weak)));
}

/* One more element says what it says, whatever stands around it. */
static void
check_longer(const char *text)
{
	const bool is_sound = read_list(text).is_sound;
	char *longer = NULL;

	PROMISE(asprintf(&longer, "%s, W/\"" OBJECT "\"", text) > 0);
	PROMISE(condition_list_has(longer, OBJECT, CONDITION_WEAK) ==
	    is_sound);
	free(longer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = fuzz_text(bytes, size);

	check_list(text);
	check_longer(text);
	PROMISE(condition_is_tag(text, OBJECT) ==
	    (strcmp(text, "\"" OBJECT "\"") == 0));
	free(text);
	return 0;
}
