#include "commerced/shop/cursor.h"

#include <stdlib.h>
#include <string.h>

#include "common/encoding.h"

/* kind, three numbers (big-endian), text, and a sum that betrays typing. */
#define CURSOR_FIXED (1 + 3 * 8)
#define CURSOR_SUM 4
#define CURSOR_BYTES_MAX (CURSOR_FIXED + CURSOR_TEXT_MAX + CURSOR_SUM)

/* FNV-1a: an accident is noticed; a forger gains nothing by a forgery. */
static uint32_t
cursor_sum(const uint8_t *bytes, size_t size)
{
	uint32_t sum = UINT32_C(2166136261);

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ bytes[i]) * UINT32_C(16777619);
	return sum;
}

static void
cursor_put(uint8_t *bytes, uint64_t value, size_t size)
{
	while (size-- > 0) {
		bytes[size] = (uint8_t)(value & 0xff);
		value >>= 8;
	}
}

static uint64_t
cursor_take(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

enum err
cursor_encode(const struct cursor *cursor, char **out)
{
	uint8_t bytes[CURSOR_BYTES_MAX];
	size_t length = strlen(cursor->text);
	size_t size = CURSOR_FIXED + length;

	bytes[0] = (uint8_t)cursor->kind;
	for (size_t i = 0; i < 3; i++)
		cursor_put(bytes + 1 + 8 * i, (uint64_t)cursor->numbers[i], 8);
	memcpy(bytes + CURSOR_FIXED, cursor->text, length);
	cursor_put(bytes + size, cursor_sum(bytes, size), CURSOR_SUM);
	size += CURSOR_SUM;
	*out = malloc(BASE64URL_SIZE(size));
	if (*out == NULL)
		return ERR_NO_MEMORY;
	base64url_encode(*out, bytes, size);
	return ERR_OK;
}

enum err
cursor_decode(const char *text, unsigned kind, struct cursor *out)
{
	uint8_t bytes[CURSOR_BYTES_MAX];
	size_t length = strnlen(text, BASE64URL_SIZE(CURSOR_BYTES_MAX));
	size_t size = length * 3 / 4;

	*out = (struct cursor){ .kind = kind };
	if (size < CURSOR_FIXED + CURSOR_SUM || size > CURSOR_BYTES_MAX ||
	    base64url_decode(bytes, size, text, length))
		return ERR_MALFORMED_CURSOR;
	size -= CURSOR_SUM;
	if (bytes[0] != kind || cursor_take(bytes + size, CURSOR_SUM) !=
	    cursor_sum(bytes, size))
		return ERR_MALFORMED_CURSOR;
	for (size_t i = 0; i < 3; i++)
		out->numbers[i] = (int64_t)cursor_take(bytes + 1 + 8 * i, 8);
	if (memchr(bytes + CURSOR_FIXED, 0, size - CURSOR_FIXED) != NULL)
		return ERR_MALFORMED_CURSOR;
	memcpy(out->text, bytes + CURSOR_FIXED, size - CURSOR_FIXED);
	return ERR_OK;
}
