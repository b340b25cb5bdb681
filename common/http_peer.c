/* Who is there: how many connections each address has, and for whom a proxy
 * speaks.
 */
#include "common/http_internal.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "common/secret.h"

#define SHARDS 64
#define BUCKETS 128		/* of each */

struct http_peer {
	struct http_peer *next;
	struct network_address address;
	unsigned hash;
	unsigned open;
};

struct http_peers {
	uint64_t key[2];	/* so that nobody can choose one bucket */
	struct shard {
		pthread_mutex_t mutex;
		struct http_peer *buckets[BUCKETS];
	} shards[SHARDS];
};

struct http_peers *
http_peers_new(void)
{
	struct http_peers *peers = calloc(1, sizeof(*peers));

	if (peers == NULL)
		return NULL;
	secret_random(peers->key, sizeof(peers->key));
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&peers->shards[i].mutex, NULL);
	return peers;
}

void
http_peers_free(struct http_peers *peers)
{
	if (peers == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		for (size_t j = 0; j < BUCKETS; j++)
			while (peers->shards[i].buckets[j] != NULL) {
				struct http_peer *peer =
				    peers->shards[i].buckets[j];
				peers->shards[i].buckets[j] = peer->next;
				free(peer);
			}
		pthread_mutex_destroy(&peers->shards[i].mutex);
	}
	free(peers);
}

/* Multilinear, with a secret key: colliding addresses cannot be chosen. */
static unsigned
hash(const struct http_peers *peers, const struct network_address *address)
{
	uint64_t halves[2];

	memcpy(halves, address->bytes, sizeof(halves));
	halves[0] = (halves[0] ^ (halves[0] >> 32)) * (peers->key[0] | 1);
	halves[1] = (halves[1] ^ (halves[1] >> 32)) * (peers->key[1] | 1);
	return (unsigned)((halves[0] + halves[1] + peers->key[0]) >> 32);
}

/* Who has an IPv6 address has 2^64 of them. */
static struct network_address
counted_as(const struct network_address *address)
{
	static const struct network ipv4 = {
		.address.bytes = { [10] = 0xff, [11] = 0xff }, .bits = 96 };
	struct network_address counted = *address;

	if (!network_has(&ipv4, address))
		memset(counted.bytes + 8, 0, 8);
	return counted;
}

struct http_peer *
http_peers_enter(struct http_peers *peers,
    const struct network_address *address, unsigned *open)
{
	struct network_address counted = counted_as(address);
	unsigned hashed = hash(peers, &counted);
	struct shard *shard = &peers->shards[hashed % SHARDS];
	struct http_peer **bucket = &shard->buckets[hashed / SHARDS % BUCKETS];
	struct http_peer *peer;

	pthread_mutex_lock(&shard->mutex);
	for (peer = *bucket; peer != NULL; peer = peer->next)
		if (memcmp(&peer->address, &counted, sizeof(counted)) == 0)
			break;
	if (peer == NULL && (peer = calloc(1, sizeof(*peer))) != NULL) {
		peer->address = counted;
		peer->hash = hashed;
		peer->next = *bucket;
		*bucket = peer;
	}
	if (peer != NULL)
		*open = ++peer->open;
	pthread_mutex_unlock(&shard->mutex);
	return peer;
}

void
http_peers_leave(struct http_peers *peers, struct http_peer *peer)
{
	unsigned hashed = peer->hash;
	struct shard *shard = &peers->shards[hashed % SHARDS];
	struct http_peer **link = &shard->buckets[hashed / SHARDS % BUCKETS];

	pthread_mutex_lock(&shard->mutex);
	if (--peer->open == 0) {
		while (*link != peer)
			link = &(*link)->next;
		*link = peer->next;
		free(peer);
	}
	pthread_mutex_unlock(&shard->mutex);
}

bool
http_peer_is_proxy(const struct http_server *server,
    const struct network_address *address)
{
	for (size_t i = 0; i < server->proxy_count; i++)
		if (address == NULL ? server->proxies[i].is_unix :
		    network_has(&server->proxies[i], address))
			return true;
	return false;
}

/* "a.b.c.d", "v6", "[v6]", with or without a port, blanks around it. */
static bool
parse_hop(const char *text, size_t length, struct network_address *out)
{
	const char *end;

	while (length > 0 && (*text == ' ' || *text == '\t')) {
		text++;
		length--;
	}
	while (length > 0 && (text[length - 1] == ' ' ||
	    text[length - 1] == '\t'))
		length--;
	if (length > 0 && *text == '[') {
		end = memchr(text, ']', length);
		return end != NULL && network_address_parse(text + 1,
		    (size_t)(end - text) - 1, out);
	}
	end = memchr(text, ':', length);
	if (end != NULL && memchr(end + 1, ':', length -
	    (size_t)(end - text) - 1) == NULL)
		length = (size_t)(end - text);
	return network_address_parse(text, length, out);
}

static void
address_text(const struct network_address *address,
    char text[static INET6_ADDRSTRLEN])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (memcmp(address->bytes, mapped, sizeof(mapped)) == 0)
		inet_ntop(AF_INET, address->bytes + sizeof(mapped), text,
		    INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, address->bytes, text, INET6_ADDRSTRLEN);
}

bool
http_peer_forwarded(const struct http_server *server, const char *list,
    char text[static INET6_ADDRSTRLEN])
{
	size_t end = strlen(list);
	struct network_address hop;
	bool is_known = false;

	for (;;) {
		size_t begin = end;
		while (begin > 0 && list[begin - 1] != ',')
			begin--;
		/* Behind what nobody can read, nobody vouches for anything. */
		if (!parse_hop(list + begin, end - begin, &hop))
			return is_known;
		address_text(&hop, text);
		is_known = true;
		if (begin == 0 || !http_peer_is_proxy(server, &hop))
			return true;
		end = begin - 1;
	}
}

void
http_peer_learn(struct http_request *request)
{
	const char *list = http_request_field_list(request, "X-Forwarded-For");
	char text[INET6_ADDRSTRLEN];

	if (list != NULL && http_peer_forwarded(request->server, list, text))
		request->forwarded = strdup(text);
}
