#include "common/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define MAPPED_BITS 96u		/* in front of an IPv4 address */

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static void
from_ipv4(struct network_address *out, const struct in_addr *address)
{
	memcpy(out->bytes, mapped_prefix, sizeof(mapped_prefix));
	memcpy(out->bytes + sizeof(mapped_prefix), address,
	    sizeof(*address));
}

/* *is_ipv4: written as one. */
static bool
parse(const char *text, size_t length, struct network_address *out,
    bool *is_ipv4)
{
	char copy[INET6_ADDRSTRLEN];
	struct in_addr ipv4;

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	*is_ipv4 = inet_pton(AF_INET, copy, &ipv4) == 1;
	if (*is_ipv4) {
		from_ipv4(out, &ipv4);
		return true;
	}
	return inet_pton(AF_INET6, copy, out->bytes) == 1;
}

bool
network_address_parse(const char *text, size_t length,
    struct network_address *out)
{
	bool is_ipv4;

	return parse(text, length, out, &is_ipv4);
}

bool
network_address_of(const struct sockaddr *address,
    struct network_address *out)
{
	if (address->sa_family == AF_INET) {
		from_ipv4(out, &((const struct sockaddr_in *)(const void *)
		    address)->sin_addr);
		return true;
	}
	if (address->sa_family != AF_INET6)
		return false;
	memcpy(out->bytes, &((const struct sockaddr_in6 *)(const void *)
	    address)->sin6_addr, sizeof(out->bytes));
	return true;
}

/* One to three digits without a leading zero; false: not up to most. */
static bool
parse_bits(const char *text, unsigned most, unsigned *bits)
{
	size_t digits = strspn(text, "0123456789");

	if (digits < 1 || digits > 3 || text[digits] != '\0' ||
	    (text[0] == '0' && digits > 1))
		return false;
	*bits = 0;
	for (size_t i = 0; i < digits; i++)
		*bits = *bits * 10 + (unsigned)(text[i] - '0');
	return *bits <= most;
}

static bool
bit_is_set(const struct network_address *address, unsigned bit)
{
	return (address->bytes[bit / 8] & (0x80u >> (bit % 8))) != 0;
}

bool
network_parse(const char *text, struct network *out)
{
	size_t length = strcspn(text, "/");
	bool is_ipv4;

	*out = (struct network){ .bits = 8 * NETWORK_ADDRESS_BYTES };
	if (strcmp(text, NETWORK_UNIX) == 0) {
		out->is_unix = true;
		return true;
	}
	if (!parse(text, length, &out->address, &is_ipv4))
		return false;
	if (text[length] == '/') {
		if (!parse_bits(text + length + 1, is_ipv4 ? 32 : 128,
		    &out->bits))
			return false;
		out->bits += is_ipv4 ? MAPPED_BITS : 0;
	}
	for (unsigned bit = out->bits; bit < 8 * NETWORK_ADDRESS_BYTES; bit++)
		if (bit_is_set(&out->address, bit))
			return false;
	return true;
}

bool
network_has(const struct network *network,
    const struct network_address *address)
{
	size_t whole = network->bits / 8;
	unsigned rest = network->bits % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	if (network->is_unix || memcmp(network->address.bytes,
	    address->bytes, whole) != 0)
		return false;
	return rest == 0 || ((network->address.bytes[whole] ^
	    address->bytes[whole]) & mask) == 0;
}
