/* What people and programs are called by: e-mail addresses, ids, download
 * keys, addresses of the network, byte ranges on the command line.  What is
 * accepted has one form, and that form is accepted again as itself.
 */
#include <string.h>
#include <strings.h>

#include "commerced/shop/account.h"
#include "common/network.h"
#include "common/sealed_header.h"
#include "common/uuid.h"
#include "player/range.h"
#include "tests/fuzz/fuzz.h"

static void
check_email(const char *text, size_t length)
{
	char once[EMAIL_MAX + 1], twice[EMAIL_MAX + 1];
	const char *at;

	if (email_normalise(once, text, length) != ERR_OK)
		return;
	PROMISE(strlen(once) == length && length <= EMAIL_MAX);
	PROMISE(strcasecmp(once, text) == 0);
	for (const char *c = once; *c != '\0'; c++)
		PROMISE(*c > ' ' && *c < 0x7f && (*c < 'A' || *c > 'Z'));
	at = strchr(once, '@');
	PROMISE(at != NULL && at != once && strchr(at + 1, '@') == NULL);
	PROMISE(strchr(at, '.') != NULL && strstr(once, "..") == NULL);
	PROMISE(email_normalise(twice, once, length) == ERR_OK);
	PROMISE(strcmp(once, twice) == 0);
}

static void
check_uuid(const char *text)
{
	char again[UUID_TEXT_SIZE];
	struct uuid id;

	if (uuid_parse(&id, text) != ERR_OK)
		return;
	uuid_text(again, &id);
	PROMISE(strcmp(again, text) == 0);
}

static void
check_identity(const char *text)
{
	uint8_t identity[SEALED_IDENTITY_BYTES];
	uint8_t recipient[SEALED_RECIPIENT_BYTES];
	char again[SEALED_IDENTITY_TEXT_SIZE];

	if (sealed_identity_parse(identity, text) != ERR_OK)
		return;
	sealed_identity_text(again, identity);
	PROMISE(strcasecmp(again, text) == 0);
	PROMISE(sealed_recipient(recipient, identity) == ERR_OK);
}

static void
check_network(const char *text)
{
	struct network_address address;
	struct network network;

	if (network_address_parse(text, strlen(text), &address)) {
		PROMISE(network_parse(text, &network));
		PROMISE(network.bits == 128);
		PROMISE(network_has(&network, &address));
	}
	if (network_parse(text, &network) && !network.is_unix) {
		PROMISE(network.bits <= 128);
		PROMISE(network_has(&network, &network.address));
	}
}

static void
check_range(const char *text, uint64_t size)
{
	struct byte_range range;
	uint64_t from, count;

	if (range_parse(text, &range) != ERR_OK ||
	    range_resolve(&range, size, &from, &count) != ERR_OK)
		return;
	PROMISE(count > 0 && from < size && count <= size - from);
}

static void
check_url(const char *text)
{
	char object[65];

	if (!range_url_object(text, object))
		return;
	PROMISE(strlen(object) == 64 && strstr(text, object) != NULL);
	PROMISE(strspn(object, "0123456789abcdef") == 64);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = fuzz_text(bytes, size);

	if (strlen(text) == size)
		check_email(text, size);
	check_uuid(text);
	check_identity(text);
	check_network(text);
	check_range(text, 0);
	check_range(text, 1000);
	check_range(text, UINT64_MAX);
	check_url(text);
	free(text);
	return 0;
}
