/* A JSON value as text: what json_dumps() with JSON_COMPACT gives, byte for
 * byte, in less than half of its time.
 */
#include "common/http_internal.h"

#include <stdlib.h>
#include <string.h>

static void put_value(struct json_text *text, const json_t *value);

static void
put_real(struct json_text *text, const json_t *real)
{
	char *number = json_dumps(real, JSON_ENCODE_ANY);

	if (number == NULL)
		text->is_lost = true;
	else
		json_text_raw(text, NULL, number, strlen(number));
	free(number);
}

static void
put_object(struct json_text *text, const json_t *object)
{
	/* The iterator is not for changing anything here. */
	json_t *members = (json_t *)(uintptr_t)object;

	json_text_open_object(text, NULL);
	for (void *member = json_object_iter(members); member != NULL;
	    member = json_object_iter_next(members, member)) {
		json_text_name(text, json_object_iter_key(member));
		put_value(text, json_object_iter_value(member));
	}
	json_text_close_object(text);
}

static void
put_array(struct json_text *text, const json_t *array)
{
	size_t count = json_array_size(array);

	json_text_open_list(text, NULL);
	for (size_t i = 0; i < count; i++)
		put_value(text, json_array_get(array, i));
	json_text_close_list(text);
}

/* As deep as our own answers are. */
static void
put_value(struct json_text *text, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		put_object(text, value);
		break;
	case JSON_ARRAY:
		put_array(text, value);
		break;
	case JSON_STRING:
		json_text_bytes(text, NULL, json_string_value(value),
		    json_string_length(value));
		break;
	case JSON_INTEGER:
		json_text_integer(text, NULL, json_integer_value(value));
		break;
	case JSON_REAL:
		put_real(text, value);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		json_text_boolean(text, NULL, json_is_true(value));
		break;
	case JSON_NULL:
		json_text_string(text, NULL, NULL);
		break;
	}
}

char *
http_json_text(const json_t *json, size_t *length)
{
	struct json_text text;

	json_text_begin(&text);
	put_value(&text, json);
	return json_text_take(&text, length);
}
