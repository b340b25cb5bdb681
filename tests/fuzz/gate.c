/* The gate: the input is a request's header, a line for
 * each field.
 */
#include <string.h>

#include "common/http_gate.h"
#include "tests/fuzz/fuzz.h"

#define FIELDS 120

/* Cut at the first of separator; NULL when it is not there. */
static char *
cut(char *text, char separator)
{
	char *at = strchr(text, separator);

	if (at == NULL)
		return NULL;
	*at = '\0';
	return at + 1;
}

static void
parse(char *text, struct http_gate_input *input, struct http_field *fields)
{
	char *line = cut(text, '\n'), *next;

	input->method = text;
	input->target = cut(text, ' ');
	if (input->target == NULL)
		input->target = "";
	input->version = cut((char *)(uintptr_t)input->target, ' ');
	if (input->version == NULL)
		input->version = "HTTP/1.1";
	for (; line != NULL && input->field_count < FIELDS; line = next) {
		struct http_field *field = &fields[input->field_count++];

		next = cut(line, '\n');
		field->value = cut(line, ':');
		if (field->value == NULL)
			field->value = "";
		field->name = line;
		field->name_length = strlen(line);
		field->value_length = strlen(field->value);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct http_field fields[FIELDS];
	struct http_gate_input input = { .fields = fields };
	struct http_framing framing = { 0 };
	const char *reason = NULL;
	char *text = fuzz_text(bytes, size);
	enum err e;

	parse(text, &input, fields);
	e = http_gate_check(&input, &framing, &reason);
	if (e == ERR_OK) {
		PROMISE(input.target[0] == '/');
		PROMISE(input.field_count <= HTTP_FIELDS_MAX);
		PROMISE(framing.content_length >= -1);
	} else {
		PROMISE(reason != NULL);
	}
	free(text);
	return 0;
}
