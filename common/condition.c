/* Entity tags. */
#include "common/condition.h"

#include <stddef.h>
#include <string.h>

/* One tag of a list; text points into the list. */
struct tag {
	const char *text;	/* between the quotes */
	size_t length;
	bool is_weak;
};

/* etagc of RFC 9110: visible characters but the quote, and obs-text. */
static bool
is_tag_character(char c)
{
	unsigned char byte = (unsigned char)c;

	return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
}

/* What follows the tag; NULL when there is none. */
static const char *
parse_tag(const char *text, struct tag *tag)
{
	tag->is_weak = strncmp(text, "W/", 2) == 0;
	if (tag->is_weak)
		text += 2;
	if (*text++ != '"')
		return NULL;
	tag->text = text;
	while (is_tag_character(*text))
		text++;
	tag->length = (size_t)(text - tag->text);
	return *text == '"' ? text + 1 : NULL;
}

static bool
tag_is(const struct tag *tag, const char *object,
    enum condition_compare compare)
{
	if (tag->is_weak && compare == CONDITION_STRONG)
		return false;
	return tag->length == strlen(object) &&
	    memcmp(tag->text, object, tag->length) == 0;
}

bool
condition_list_has(const char *list, const char *object,
    enum condition_compare compare)
{
	const char *text = list + strspn(list, " \t");
	struct tag tag;
	bool is_found = false;

	if (strcmp(text, "*") == 0)
		return true;
	for (;;) {
		if (*text != ',' && *text != '\0') {
			text = parse_tag(text, &tag);
			if (text == NULL)
				return false;
			is_found |= tag_is(&tag, object, compare);
		}
		text += strspn(text, " \t");
		if (*text == '\0')
			return is_found;
		if (*text != ',')
			return false;
		text++;
		text += strspn(text, " \t");
	}
}

bool
condition_is_tag(const char *value, const char *object)
{
	struct tag tag;
	const char *end = parse_tag(value, &tag);

	return end != NULL && *end == '\0' &&
	    tag_is(&tag, object, CONDITION_STRONG);
}
