/* UUIDs of version 7: made from time and random bytes, written, parsed. */
#include <string.h>

#include "common/clock.h"
#include "common/encoding.h"
#include "common/secret.h"
#include "common/uuid.h"

/* Bytes in each group of the text form; they are parted by hyphens. */
static const size_t uuid_groups[] = { 4, 2, 2, 2, 6 };
#define RANDOM_BYTES 10
#define UUID_GROUPS (sizeof(uuid_groups) / sizeof(uuid_groups[0]))

struct uuid
uuid_make(int64_t now_ms, const uint8_t random[static 10])
{
	struct uuid uuid;
	uint64_t ms = (uint64_t)now_ms;

	for (size_t i = 0; i < 6; i++)
		uuid.bytes[i] = (uint8_t)(ms >> (8 * (5 - i)));
	memcpy(&uuid.bytes[6], random, 10);
	uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | 0x70);
	uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80);
	return uuid;
}

struct uuid
uuid_new(void)
{
	uint8_t random[RANDOM_BYTES];

	secret_random(random, sizeof(random));
	return uuid_make(clock_unix_ms(), random);
}

void
uuid_text(char text[static UUID_TEXT_SIZE], const struct uuid *uuid)
{
	const uint8_t *bytes = uuid->bytes;

	for (size_t i = 0; i < UUID_GROUPS; i++) {
		if (i > 0)
			*text++ = '-';
		hex_encode(text, bytes, uuid_groups[i]);
		bytes += uuid_groups[i];
		text += 2 * uuid_groups[i];
	}
}

enum err
uuid_parse(struct uuid *uuid, const char *text)
{
	struct uuid parsed;
	uint8_t *bytes = parsed.bytes;

	if (strnlen(text, UUID_TEXT_SIZE) != UUID_TEXT_SIZE - 1)
		return ERR_ENCODING;
	for (size_t i = 0; i < UUID_GROUPS; i++) {
		size_t size = uuid_groups[i];

		if (i > 0 && *text++ != '-')
			return ERR_ENCODING;
		if (hex_decode(bytes, size, text, 2 * size) != ERR_OK)
			return ERR_ENCODING;
		bytes += size;
		text += 2 * size;
	}
	*uuid = parsed;
	return ERR_OK;
}
