/* Addresses and networks of the internet, as bytes to compare.  IPv4 is kept
 * as IPv6 has it: ::ffff:a.b.c.d.
 */
#ifndef COMMON_NETWORK_H
#define COMMON_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define NETWORK_ADDRESS_BYTES 16
#define NETWORK_UNIX "unix"	/* how the peer of a Unix socket is called */

struct network_address {
	uint8_t bytes[NETWORK_ADDRESS_BYTES];
};

struct network {
	struct network_address address;
	unsigned bits;		/* of it that count: 0 to 128 */
	bool is_unix;		/* no network: all who come by Unix sockets */
};

/* length bytes of text, without a port.  False: not an address. */
bool network_address_parse(const char *text, size_t length,
    struct network_address *out);

/* Of what accept() gave; false: neither IPv4 nor IPv6. */
bool network_address_of(const struct sockaddr *socket_address,
    struct network_address *out);

/*
 * "10.0.0.1", "10.0.0.0/8", "2001:db8::/32", "unix".  False: none of these,
 * or bits behind the prefix are set.
 */
bool network_parse(const char *text, struct network *out);

bool network_has(const struct network *network,
    const struct network_address *address);

#endif
