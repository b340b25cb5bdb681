/* The strict reader of request heads: what it takes has one reading, byte for
 * byte, and passes for laid out exactly by the gate's own measure.
 */
#include <string.h>

#include "common/http_head.h"
#include "tests/fuzz/fuzz.h"

/* Put together again, it is what it was. */
static void
compare(const struct http_head *head, const uint8_t *bytes, size_t size)
{
	char text[HTTP_HEAD_MAX + 1];
	size_t used = (size_t)snprintf(text, sizeof(text), "%s %s %s\r\n",
	    head->method, head->target, head->version);

	for (size_t i = 0; i < head->field_count; i++) {
		const struct http_field *field = &head->fields[i];

		PROMISE(strlen(field->name) == field->name_length);
		PROMISE(strlen(field->value) == field->value_length);
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s: %s\r\n", field->name, field->value);
	}
	used += (size_t)snprintf(text + used, sizeof(text) - used, "\r\n");
	PROMISE(used == size);
	PROMISE(memcmp(text, bytes, size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = fuzz_text(bytes, size);
	struct http_head head;
	struct http_gate_input input;

	if (http_head_read(text, size, &head)) {
		input = (struct http_gate_input){
			.method = head.method, .target = head.target,
			.version = head.version, .fields = head.fields,
			.field_count = head.field_count,
		};
		PROMISE(size <= HTTP_HEAD_MAX);
		PROMISE(strcmp(head.version, "HTTP/1.1") == 0);
		PROMISE(strcmp(head.method, "GET") == 0 ||
		    strcmp(head.method, "HEAD") == 0);
		PROMISE(http_gate_layout_is_exact(&input,
		    (uintptr_t)head.target, (uintptr_t)text + size));
		compare(&head, bytes, size);
	}
	free(text);
	return 0;
}
