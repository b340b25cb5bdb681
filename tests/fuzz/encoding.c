/* Decoders: whatever is accepted is the one spelling of its bytes. */
#include <string.h>
#include <strings.h>

#include "common/encoding.h"
#include "tests/fuzz/fuzz.h"

#define BYTES 32

static void
check_hex(const char *text, size_t length)
{
	uint8_t bytes[BYTES];
	char again[HEX_SIZE(BYTES)];

	if (hex_decode(bytes, BYTES, text, length) != ERR_OK)
		return;
	hex_encode(again, bytes, BYTES);
	PROMISE(strlen(again) == length && memcmp(again, text, length) == 0);
}

static void
check_base64url(const char *text, size_t length)
{
	uint8_t bytes[BYTES];
	char again[BASE64URL_SIZE(BYTES)];

	if (base64url_decode(bytes, BYTES, text, length) != ERR_OK)
		return;
	base64url_encode(again, bytes, BYTES);
	PROMISE(strlen(again) == length && memcmp(again, text, length) == 0);
}

static void
check_bech32(const char *text)
{
	uint8_t bytes[BYTES];
	char again[BECH32_SIZE_MAX];

	if (bech32_decode(bytes, BYTES, "age-secret-key-", text) != ERR_OK)
		return;
	PROMISE(bech32_encode(again, sizeof(again), "age-secret-key-", bytes,
	    BYTES, 1) == ERR_OK);
	PROMISE(strcasecmp(again, text) == 0);
}

static void
check_code(const char *text, size_t length)
{
	char once[CODE_CHARACTERS + 1], twice[CODE_CHARACTERS + 1];

	if (code_normalise(once, text, length) != ERR_OK)
		return;
	PROMISE(code_normalise(twice, once, strlen(once)) == ERR_OK);
	PROMISE(strcmp(once, twice) == 0);
}

static void
check_utf8(const char *text, size_t length)
{
	while (length > 0) {
		size_t step = utf8_printable(text, length);

		PROMISE(step <= 4 && step <= length);
		if (step == 0)
			break;
		text += step;
		length -= step;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = fuzz_text(bytes, size);

	check_hex(text, size);
	check_base64url(text, size);
	check_bech32(text);
	check_code(text, size);
	check_utf8(text, size);
	free(text);
	return 0;
}
