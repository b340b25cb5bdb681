/* Request targets: whatever is accepted has exactly one spelling. */
#include <string.h>

#include "common/token.h"
#include "tests/fuzz/fuzz.h"

static const char *
text_or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char origin[] = "https://media.example.com";
	char *target = fuzz_text(bytes, size);
	char url[TOKEN_TARGET_MAX + 300];
	struct token_target parts;

	memset(&parts, 0, sizeof(parts));
	if (token_target_parse(target, &parts) == ERR_OK) {
		const struct token_url built = {
			.origin = origin, .resource = parts.resource,
			.object = text_or_null(parts.object),
			.commerce_id = parts.commerce_id,
			.key_id = parts.key_id, .expires_s = parts.expires_s,
			.grant = parts.grant, .name = text_or_null(parts.name),
			.after = text_or_null(parts.after),
		};

		PROMISE(parts.signed_length <= strlen(target));
		PROMISE(token_url_build(url, sizeof(url), &built) == ERR_OK);
		PROMISE(strlen(url) ==
		    strlen(origin) + parts.signed_length);
		PROMISE(strncmp(url + strlen(origin), target,
		    parts.signed_length) == 0);
	}
	free(target);
	return 0;
}
