/* Members by table: which are there, of which type, within which bounds. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/http/member.h"

/* One member on its way into the struct. */
struct member_value {
	const struct member *row;
	const struct member_source *source;
	json_t *json;
	void *field;
	struct member_fault *fault;
};

/* --- faults --------------------------------------------------------------- */

void
member_fault_name(struct member_fault *fault, const char *name,
    const char *suffix)
{
	size_t length = strlen(name);

	if (length >= sizeof(fault->member)) {
		length = sizeof(fault->member) - 1;
		while (length > 0 && (name[length] & 0xc0) == 0x80)
			length--;
	}
	(void)snprintf(fault->member, sizeof(fault->member), "%.*s%s",
	    (int)length, name, suffix);
}

static enum err member_fail(const struct member_value *value, enum err e,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

static enum err
member_fail(const struct member_value *value, enum err e,
    const char *format, ...)
{
	va_list arguments;

	member_fault_name(value->fault, value->row->name, "");
	va_start(arguments, format);
	(void)vsnprintf(value->fault->detail, sizeof(value->fault->detail),
	    format, arguments);
	va_end(arguments);
	return e;
}

/* --- texts ---------------------------------------------------------------- */

static bool
member_character_is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

/* C1 controls are two bytes of UTF-8: C2 80 to C2 9F. */
static bool
member_text_has_control(const char *text, bool allow_lines)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p != '\0'; p++) {
		if (allow_lines && (*p == '\n' || *p == '\r' || *p == '\t'))
			continue;
		if (member_character_is_control(*p))
			return true;
		if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
			return true;
	}
	return false;
}

static enum err
member_get_text(const struct member_value *value)
{
	const char *text = json_string_value(value->json);
	int64_t length;

	if (text == NULL)
		return member_fail(value, ERR_WRONG_TYPE, "a string is needed");
	length = (int64_t)json_string_length(value->json);
	if (strlen(text) != (size_t)length)
		return member_fail(value, ERR_OUT_OF_RANGE,
		    "the string must not hold U+0000");
	if (length < value->row->least || length > value->row->most)
		return member_fail(value, ERR_OUT_OF_RANGE,
		    "%lld to %lld bytes are taken",
		    (long long)value->row->least, (long long)value->row->most);
	if (value->row->kind != MEMBER_SECRET &&
	    member_text_has_control(text, value->row->kind == MEMBER_TEXT))
		return member_fail(value, ERR_OUT_OF_RANGE,
		    "control characters are not taken");
	*(const char **)value->field = text;
	return ERR_OK;
}

static enum err
member_get_date(const struct member_value *value)
{
	const char *text = json_string_value(value->json);

	if (text == NULL)
		return member_fail(value, ERR_WRONG_TYPE, "a string is needed");
	if (!member_date_is_valid(text))
		return member_fail(value, ERR_OUT_OF_RANGE,
		    "a date such as 2026-11-22 is needed");
	*(const char **)value->field = text;
	return ERR_OK;
}

static enum err
member_get_time(const struct member_value *value)
{
	const char *text = json_string_value(value->json);

	if (text == NULL)
		return member_fail(value, ERR_WRONG_TYPE, "a string is needed");
	if (member_time_parse(text, value->field) != ERR_OK)
		return member_fail(value, ERR_OUT_OF_RANGE,
		    "a time such as 2026-11-22T15:00:00Z is needed");
	return ERR_OK;
}

static enum err
member_get_choice(const struct member_value *value)
{
	const char *text = json_string_value(value->json);

	if (text == NULL)
		return member_fail(value, ERR_WRONG_TYPE, "a string is needed");
	for (int i = 0; value->row->choices[i] != NULL; i++) {
		if (strcmp(value->row->choices[i], text) == 0) {
			*(int *)value->field = i;
			return ERR_OK;
		}
	}
	return member_fail(value, ERR_OUT_OF_RANGE,
	    "that is none of the values that are known here");
}

/* --- numbers, money, ids -------------------------------------------------- */

static enum err
member_get_integer(const struct member_value *value)
{
	json_int_t number;

	if (!json_is_integer(value->json))
		return member_fail(value, ERR_WRONG_TYPE,
		    "an integer is needed");
	number = json_integer_value(value->json);
	if (number < value->row->least || number > value->row->most)
		return member_fail(value, ERR_OUT_OF_RANGE,
		    "from %lld to %lld", (long long)value->row->least,
		    (long long)value->row->most);
	*(int64_t *)value->field = number;
	return ERR_OK;
}

static enum err
member_get_boolean(const struct member_value *value)
{
	if (!json_is_boolean(value->json))
		return member_fail(value, ERR_WRONG_TYPE,
		    "true or false is needed");
	*(bool *)value->field = json_is_true(value->json);
	return ERR_OK;
}

/* The fault lies in a member of the money itself. */
static enum err
member_fail_inner(const struct member_value *value, enum err e,
    const char *inner, const char *detail)
{
	char suffix[MEMBER_NAME_SIZE];
	int length;

	/* What a client made up may be long: its first bytes name it. */
	length = snprintf(suffix, sizeof(suffix), ".%.20s", inner);
	while (length > 0 && (suffix[length - 1] & 0x80) != 0)
		suffix[--length] = '\0';
	member_fault_name(value->fault, value->row->name, suffix);
	(void)snprintf(value->fault->detail, sizeof(value->fault->detail),
	    "%s", detail);
	return e;
}

static enum err
member_get_money(const struct member_value *value)
{
	json_t *amount = json_object_get(value->json, "amount");
	json_t *currency = json_object_get(value->json, "currency");
	const char *name;
	json_t *inner;

	if (!json_is_object(value->json))
		return member_fail(value, ERR_WRONG_TYPE,
		    "an object with amount and currency is needed");
	json_object_foreach(value->json, name, inner) {
		if (inner != amount && inner != currency)
			return member_fail_inner(value, ERR_UNKNOWN_MEMBER,
			    name, "money has amount and currency alone");
	}
	if (!json_is_integer(amount))
		return member_fail_inner(value, ERR_WRONG_TYPE, "amount",
		    "an integer of minor units is needed");
	if (!json_is_string(currency))
		return member_fail_inner(value, ERR_WRONG_TYPE, "currency",
		    "a string is needed");
	if (json_integer_value(amount) < value->row->least ||
	    json_integer_value(amount) > value->row->most)
		return member_fail_inner(value, ERR_OUT_OF_RANGE, "amount",
		    "the amount is out of bounds");
	if (strcmp(json_string_value(currency), value->source->currency) != 0)
		return member_fail_inner(value, ERR_OUT_OF_RANGE, "currency",
		    "that is not the currency of this shop");
	*(int64_t *)value->field = json_integer_value(amount);
	return ERR_OK;
}

static enum err
member_get_id(const struct member_value *value)
{
	const char *text = json_string_value(value->json);

	if (text == NULL)
		return member_fail(value, ERR_WRONG_TYPE, "a string is needed");
	if (uuid_parse(value->field, text) != ERR_OK)
		return member_fail(value, ERR_OUT_OF_RANGE,
		    "an id of 36 characters is needed");
	return ERR_OK;
}

static enum err
member_get_ids(const struct member_value *value)
{
	struct member_ids *ids = value->field;
	size_t count = json_array_size(value->json);

	if (!json_is_array(value->json))
		return member_fail(value, ERR_WRONG_TYPE,
		    "an array of ids is needed");
	if ((int64_t)count < value->row->least ||
	    (int64_t)count > value->row->most)
		return member_fail(value, ERR_OUT_OF_RANGE,
		    "%lld to %lld ids are taken",
		    (long long)value->row->least, (long long)value->row->most);
	ids->ids = calloc(count + 1, sizeof(ids->ids[0]));
	if (ids->ids == NULL)
		return ERR_NO_MEMORY;
	ids->count = count;
	for (size_t i = 0; i < count; i++) {
		const char *text =
		    json_string_value(json_array_get(value->json, i));

		if (text == NULL)
			return member_fail(value, ERR_WRONG_TYPE,
			    "every id is a string");
		if (uuid_parse(&ids->ids[i], text) != ERR_OK)
			return member_fail(value, ERR_OUT_OF_RANGE,
			    "an id of 36 characters is needed");
	}
	return ERR_OK;
}

/* --- the table ------------------------------------------------------------ */

static enum err
member_get(const struct member_value *value)
{
	switch (value->row->kind) {
	case MEMBER_LINE:
	case MEMBER_TEXT:
	case MEMBER_SECRET:
		return member_get_text(value);
	case MEMBER_INTEGER:
		return member_get_integer(value);
	case MEMBER_BOOLEAN:
		return member_get_boolean(value);
	case MEMBER_MONEY:
		return member_get_money(value);
	case MEMBER_ID:
		return member_get_id(value);
	case MEMBER_IDS:
		return member_get_ids(value);
	case MEMBER_TIME:
		return member_get_time(value);
	case MEMBER_DATE:
		return member_get_date(value);
	case MEMBER_CHOICE:
		return member_get_choice(value);
	}
	return ERR_INTERNAL;
}

static bool
member_is_known(const struct member_source *source, const char *name)
{
	for (size_t i = 0; i < source->count; i++)
		if (strcmp(source->table[i].name, name) == 0)
			return true;
	return false;
}

static enum err
member_refuse_unknown(json_t *object, const struct member_source *source,
    struct member_fault *fault)
{
	const char *name;
	json_t *json;

	json_object_foreach(object, name, json) {
		if (member_is_known(source, name))
			continue;
		member_fault_name(fault, name, "");
		(void)snprintf(fault->detail, sizeof(fault->detail),
		    "this is not known here: leave it out");
		return ERR_UNKNOWN_MEMBER;
	}
	return ERR_OK;
}

static enum err
member_take(const struct member_value *value, uint32_t bit,
    struct member_presence *presence)
{
	if (value->json == NULL) {
		if (value->row->need != MEMBER_REQUIRED)
			return ERR_OK;
		return member_fail(value, ERR_WRONG_TYPE, "this is needed");
	}
	presence->given |= bit;
	if (value->row->need == MEMBER_NULLABLE && json_is_null(value->json)) {
		presence->nulls |= bit;
		return ERR_OK;
	}
	return member_get(value);
}

enum err
member_parse(json_t *object, const struct member_source *source, void *out,
    struct member_presence *presence, struct member_fault *fault)
{
	struct member_presence seen = { 0 };
	enum err e;

	memset(fault, 0, sizeof(*fault));
	e = member_refuse_unknown(object, source, fault);
	for (size_t i = 0; e == ERR_OK && i < source->count; i++) {
		const struct member *row = &source->table[i];
		const struct member_value value = { row, source,
		    json_object_get(object, row->name),
		    (char *)out + row->offset, fault };

		e = member_take(&value, UINT32_C(1) << i, &seen);
	}
	if (presence != NULL)
		*presence = seen;
	return e;
}

void
member_clear(const struct member *table, size_t count, void *out)
{
	for (size_t i = 0; i < count; i++) {
		struct member_ids *ids;

		if (table[i].kind != MEMBER_IDS)
			continue;
		ids = (struct member_ids *)((char *)out + table[i].offset);
		free(ids->ids);
		ids->ids = NULL;
		ids->count = 0;
	}
}
