/* What the texts of an item may be. */
#include <stdio.h>
#include <string.h>

#include "commerced/shop/catalogue.h"

/* Every byte of a text that stands on one line. */
static bool
text_is_line(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	}
	return true;
}

static bool
text_is_valid(const char *text, size_t most, bool is_line)
{
	size_t length = text == NULL ? 0 : strlen(text);

	return length > 0 && length <= most && (!is_line ||
	    text_is_line(text));
}

/* NULL is none; else as above. */
static bool
text_is_valid_or_none(const char *text, size_t most, bool is_line)
{
	return text == NULL || text_is_valid(text, most, is_line);
}

static bool
date_is_valid(const char *text)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };
	int year, month, day, most;

	if (strlen(text) != DATE_SIZE - 1)
		return false;
	for (int i = 0; i < DATE_SIZE - 1; i++) {
		if (i == 4 || i == 7 ? text[i] != '-' :
		    text[i] < '0' || text[i] > '9')
			return false;
	}
	if (sscanf(text, "%4d-%2d-%2d", &year, &month, &day) != 3 ||
	    month < 1 || month > 12)
		return false;
	most = days[month - 1];
	if (month == 2 && year % 4 == 0 && (year % 100 != 0 ||
	    year % 400 == 0))
		most = 29;
	return day >= 1 && day <= most;
}

static bool
contents_repeat(const struct item_fields *fields)
{
	const struct uuid *contains = fields->contains;

	if ((fields->given & ITEM_CONTAINS) == 0)
		return false;
	for (size_t i = 1; i < fields->contains_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (memcmp(&contains[i], &contains[j],
			    sizeof(contains[i])) == 0)
				return true;
		}
	}
	return false;
}

static bool
item_member_is_valid(const struct item_fields *fields,
    enum item_member member)
{
	switch (member) {
	case ITEM_TITLE:
		return text_is_valid(fields->title, ITEM_TITLE_MAX, true);
	case ITEM_CREATOR:
		return text_is_valid(fields->creator, ITEM_CREATOR_MAX, true);
	case ITEM_KIND:
		return (unsigned)fields->kind < ITEM_KIND__COUNT;
	case ITEM_PRICE:
		return fields->price_minor >= 0 &&
		    fields->price_minor <= MONEY_MAX;
	case ITEM_GENRE:
		return text_is_valid_or_none(fields->genre, ITEM_GENRE_MAX,
		    true);
	case ITEM_DESCRIPTION:
		return text_is_valid_or_none(fields->description,
		    ITEM_DESCRIPTION_MAX, false);
	case ITEM_RELEASED:
		return fields->released == NULL ||
		    date_is_valid(fields->released);
	case ITEM_CONTAINS:
		return fields->contains_count <= ITEM_CONTAINS_MAX;
	}
	return false;
}

enum err
item_fields_check(const struct item_fields *fields, bool creating,
    const char **member)
{
	static const struct {
		enum item_member member;
		const char *name;
	} members[] = {
		{ ITEM_TITLE, "title" }, { ITEM_CREATOR, "creator" },
		{ ITEM_KIND, "kind" }, { ITEM_PRICE, "price" },
		{ ITEM_GENRE, "genre" }, { ITEM_DESCRIPTION, "description" },
		{ ITEM_RELEASED, "released" }, { ITEM_CONTAINS, "contains" }
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		unsigned bit = members[i].member;

		*member = members[i].name;
		if ((fields->given & bit) == 0) {
			if (creating && (ITEM_REQUIRED & bit) != 0)
				return ERR_WRONG_TYPE;
			continue;
		}
		if (!item_member_is_valid(fields, members[i].member))
			return ERR_OUT_OF_RANGE;
	}
	if (contents_repeat(fields))
		return ERR_DUPLICATE_ITEM;
	*member = NULL;
	return ERR_OK;
}
