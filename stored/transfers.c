/* Counters by hash, without locks or allocations: a grant has two, and its
 * transfers are no more than the lesser one says.  Two grants that share a
 * counter share no limit unless they share both, or others crowd the second;
 * with some thousand connections that is one in millions, and costs a client
 * a 503 and a second.
 */
#include "stored/transfers.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/secret.h"

#define SLOTS (1u << 17)	/* of each of the two */

struct transfers {
	unsigned most;
	uint64_t key;		/* nobody knows who shares with whom */
	_Atomic uint32_t counts[2][SLOTS];
};

enum err
transfers_new(unsigned most, struct transfers **out)
{
	*out = calloc(1, sizeof(**out));
	if (*out == NULL)
		return ERR_NO_MEMORY;
	(*out)->most = most;
	secret_random(&(*out)->key, sizeof((*out)->key));
	return ERR_OK;
}

void
transfers_free(struct transfers *transfers)
{
	free(transfers);
}

static uint64_t
mix(uint64_t hash, const char *text)
{
	size_t size = strlen(text) + 1;	/* the end, too */

	while (size > 0) {
		size_t part = size < sizeof(hash) ? size : sizeof(hash);
		uint64_t word = 0;

		memcpy(&word, text, part);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
		text += part;
		size -= part;
	}
	return hash;
}

static uint64_t
hash_of(const struct transfers *transfers, const char *commerce_id,
    const char *grant)
{
	uint64_t hash = mix(mix(transfers->key, commerce_id), grant);

	hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	return hash ^ (hash >> 33);
}

void
transfers_find(const struct transfers *transfers, const char *commerce_id,
    const char *grant, struct transfer *out)
{
	uint64_t hash = hash_of(transfers, commerce_id, grant);

	for (int i = 0; i < 2; i++, hash >>= 32) {
		out->slots[i] = (unsigned)(hash % SLOTS);
		__builtin_prefetch(&transfers->counts[i][out->slots[i]], 1);
	}
}

enum err
transfers_begin(struct transfers *transfers, const struct transfer *transfer)
{
	uint32_t counts[2];

	for (int i = 0; i < 2; i++)
		counts[i] = atomic_fetch_add_explicit(
		    &transfers->counts[i][transfer->slots[i]], 1,
		    memory_order_relaxed);
	if (transfers->most == 0 || counts[0] < transfers->most ||
	    counts[1] < transfers->most)
		return ERR_OK;
	transfers_end(transfers, transfer);
	return ERR_BUSY;
}

void
transfers_end(struct transfers *transfers, const struct transfer *transfer)
{
	for (int i = 0; i < 2; i++)
		atomic_fetch_sub_explicit(
		    &transfers->counts[i][transfer->slots[i]], 1,
		    memory_order_relaxed);
}
