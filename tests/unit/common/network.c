/* Addresses, networks, and what a list of X-Forwarded-For says. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/http_internal.h"
#include "common/network.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
has(const char *network_text, const char *address_text)
{
	struct network_address address;
	struct network network;

	assert_true(network_parse(network_text, &network));
	assert_true(network_address_parse(address_text, strlen(address_text),
	    &address));
	return network_has(&network, &address);
}

static void
a_network_has_what_shares_its_prefix(void **state)
{
	static const struct {
		const char *network, *address;
		bool has;
	} cases[] = {
		{ "10.0.0.1", "10.0.0.1", true },
		{ "10.0.0.1", "10.0.0.2", false },
		{ "10.0.0.1", "::ffff:10.0.0.1", true },
		{ "10.0.0.0/8", "10.255.255.255", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "10.128.0.0/9", "10.127.255.255", false },
		{ "10.128.0.0/9", "10.128.0.0", true },
		{ "192.0.2.252/30", "192.0.2.255", true },
		{ "192.0.2.252/30", "192.0.2.251", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "203.0.113.9", true },
		{ "::/0", "2001:db8::1", true },
		{ "2001:db8::/32", "2001:db8:ffff::1", true },
		{ "2001:db8::/32", "2001:db9::1", false },
		{ "2001:db8::1", "2001:DB8:0::1", true },
		{ "::1/128", "::1", true },
		{ "unix", "::1", false },
		{ "unix", "0.0.0.0", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(has(cases[i].network, cases[i].address),
		    cases[i].has);
}

static void
what_is_no_network_is_refused(void **state)
{
	static const char *const cases[] = {
		"", "/", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/8",
		"10.0.0.0/-8", "10.0.0.0/08", "10.0.0.0/ 8", "10.0.0.0/8 ",
		"10.0.0.0/8/8", "10.0.0", "10.0.0.256", "10.0.0.0/1000",
		"2001:db8::/129", "2001:db8::1/32", "[::1]", "::1%lo",
		"localhost", "UNIX", "unix/8", "10.0.0.1:80",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999",
		"0000000000000000000000000000000000000000000000000000000",
	};
	struct network network;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (network_parse(cases[i], &network))
			fail_msg("accepted: %s", cases[i]);
}

static void
the_last_address_that_is_no_proxy_of_ours_is_the_client(void **state)
{
	static const struct {
		const char *list, *client;	/* NULL: it does not say */
	} cases[] = {
		{ "203.0.113.9", "203.0.113.9" },
		{ "198.51.100.1, 203.0.113.9", "203.0.113.9" },
		{ "198.51.100.1,203.0.113.9", "203.0.113.9" },
		{ "203.0.113.9, 10.1.2.3", "203.0.113.9" },
		{ "203.0.113.9 ,\t10.1.2.3, 10.9.9.9 ", "203.0.113.9" },
		{ "10.1.2.3, 10.1.2.4", "10.1.2.3" },
		{ "10.1.2.3", "10.1.2.3" },
		{ "forged, 203.0.113.9", "203.0.113.9" },
		{ "forged, 10.1.2.3", "10.1.2.3" },
		{ ", 10.1.2.3", "10.1.2.3" },
		{ "203.0.113.9:4711", "203.0.113.9" },
		{ "[2001:db8::9]:4711", "2001:db8::9" },
		{ "[2001:db8::9]", "2001:db8::9" },
		{ "2001:DB8::9", "2001:db8::9" },
		{ "::ffff:203.0.113.9", "203.0.113.9" },
		{ "203.0.113.9, ", NULL },
		{ "203.0.113.9, unknown", NULL },
		{ "", NULL }, { ",", NULL }, { "[", NULL }, { "[]", NULL },
		{ ":", NULL }, { "203.0.113.9 203.0.113.8", NULL },
		{ "203.0.113.9\n", NULL },
	};
	struct network ours;
	struct http_server server = { .proxies = &ours, .proxy_count = 1 };
	char text[INET6_ADDRSTRLEN];

	(void)state;
	assert_true(network_parse("10.0.0.0/8", &ours));
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool says = http_peer_forwarded(&server, cases[i].list, text);
		assert_int_equal(says, cases[i].client != NULL);
		if (says)
			assert_string_equal(text, cases[i].client);
	}
}

static void
connections_are_counted_by_address_and_by_64_of_ipv6(void **state)
{
	static const struct {
		const char *address;
		unsigned open;
	} cases[] = {
		{ "192.0.2.1", 1 }, { "192.0.2.1", 2 }, { "192.0.2.2", 1 },
		{ "::ffff:192.0.2.1", 3 }, { "2001:db8::1", 1 },
		{ "2001:db8::ffff:1", 2 }, { "2001:db8:0:1::1", 1 },
		{ "::1", 1 },
	};
	struct http_peers *peers = http_peers_new();
	struct http_peer *entered[COUNT(cases)], *again;
	struct network_address address;
	unsigned open;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(network_address_parse(cases[i].address,
		    strlen(cases[i].address), &address));
		entered[i] = http_peers_enter(peers, &address, &open);
		assert_non_null(entered[i]);
		assert_int_equal(open, cases[i].open);
	}
	http_peers_leave(peers, entered[COUNT(cases) - 1]);
	again = http_peers_enter(peers, &address, &open);
	assert_int_equal(open, 1);
	entered[COUNT(cases) - 1] = again;
	for (size_t i = 0; i < COUNT(cases); i++)
		http_peers_leave(peers, entered[i]);
	http_peers_free(peers);
}

/* Addresses in order, as an attacker would have them: no bucket is long. */
static void
many_addresses_come_and_go(void **state)
{
	enum { MANY = 20000 };
	struct http_peers *peers = http_peers_new();
	struct http_peer **entered = calloc(MANY, sizeof(struct http_peer *));
	struct sockaddr_in ipv4 = { .sin_family = AF_INET };
	struct network_address address;
	unsigned open;

	(void)state;
	assert_non_null(entered);
	for (unsigned i = 0; i < MANY; i++) {
		ipv4.sin_addr.s_addr = htonl(0x0a000000u + i);
		assert_true(network_address_of((struct sockaddr *)&ipv4,
		    &address));
		entered[i] = http_peers_enter(peers, &address, &open);
		assert_int_equal(open, 1);
	}
	for (unsigned i = 0; i < MANY; i++)
		http_peers_leave(peers, entered[i]);
	http_peers_free(peers);
	free(entered);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_network_has_what_shares_its_prefix),
		cmocka_unit_test(what_is_no_network_is_refused),
		cmocka_unit_test(
		    the_last_address_that_is_no_proxy_of_ours_is_the_client),
		cmocka_unit_test(
		    connections_are_counted_by_address_and_by_64_of_ipv6),
		cmocka_unit_test(many_addresses_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
