/* Attempts in a set-associative table: a key hashes to a group of slots, with
 * a hash that nobody outside can aim.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/http/attempts.h"
#include "common/hmac.h"
#include "common/secret.h"

#define ATTEMPTS_WAYS 8
#define ATTEMPTS_KEY_TEXT 512	/* folded account or address; cut beyond */

struct attempts_slot {
	uint64_t key;		/* 0: free */
	int64_t begin_ms;	/* of the period; an attempt starts it */
	uint32_t count;
};

struct attempts {
	pthread_mutex_t lock;
	unsigned most;
	int64_t period_ms;
	size_t slots;
	uint8_t secret[32];
	struct attempts_slot *table;
};

enum err
attempts_new(unsigned most, int64_t period_ms, size_t slots,
    struct attempts **out)
{
	struct attempts *a = calloc(1, sizeof(*a));

	*out = NULL;
	if (a == NULL)
		return ERR_NO_MEMORY;
	a->most = most;
	a->period_ms = period_ms;
	a->slots = slots < ATTEMPTS_WAYS ? ATTEMPTS_WAYS : slots;
	a->table = calloc(a->slots, sizeof(a->table[0]));
	if (a->table == NULL || pthread_mutex_init(&a->lock, NULL) != 0) {
		free(a->table);
		free(a);
		return ERR_NO_MEMORY;
	}
	secret_random(a->secret, sizeof(a->secret));
	*out = a;
	return ERR_OK;
}

void
attempts_free(struct attempts *attempts)
{
	if (attempts == NULL)
		return;
	(void)pthread_mutex_destroy(&attempts->lock);
	free(attempts->table);
	free(attempts);
}

/* An address as what one customer of a provider has: IPv6 by its /64. */
static size_t
attempts_fold_address(char *out, const char *address)
{
	struct in6_addr six;
	size_t n = strnlen(address, ATTEMPTS_KEY_TEXT);

	if (inet_pton(AF_INET6, address, &six) == 1) {
		memcpy(out, &six, 8);
		return 8;
	}
	memcpy(out, address, n);
	return n;
}

static size_t
attempts_fold_account(char *out, const char *account)
{
	size_t n = 0;

	for (; account[n] != '\0' && n < ATTEMPTS_KEY_TEXT; n++)
		out[n] = (char)tolower((unsigned char)account[n]);
	return n;
}

static uint64_t
attempts_hash(const struct attempts *a, const struct attempts_key *key)
{
	char account[ATTEMPTS_KEY_TEXT], address[ATTEMPTS_KEY_TEXT];
	const struct hmac_part parts[] = {
		{ account, key->account == NULL ? 0 :
		    attempts_fold_account(account, key->account) },
		{ "", 1 },
		{ address, key->address == NULL ? 0 :
		    attempts_fold_address(address, key->address) },
	};
	uint8_t mac[HMAC_BYTES];
	uint64_t hash = 0;

	/* Without a hash all share one slot: too strict, never too lax. */
	if (hmac_sha256(mac, a->secret, sizeof(a->secret), parts, 3) == ERR_OK)
		memcpy(&hash, mac, sizeof(hash));
	return hash == 0 ? 1 : hash;
}

/* The slot of a key; with make the one it takes over when it has none. */
static struct attempts_slot *
attempts_find(struct attempts *a, uint64_t hash, bool make)
{
	struct attempts_slot *group = &a->table[(hash % a->slots) &
	    ~(size_t)(ATTEMPTS_WAYS - 1)];
	struct attempts_slot *oldest = &group[0];

	for (size_t i = 0; i < ATTEMPTS_WAYS; i++) {
		if (group[i].key == hash)
			return &group[i];
		if (group[i].begin_ms < oldest->begin_ms)
			oldest = &group[i];
	}
	if (!make)
		return NULL;
	oldest->key = hash;
	oldest->count = 0;
	return oldest;
}

enum err
attempts_take(struct attempts *attempts, const struct attempts_key *key,
    int64_t now_ms, int64_t *retry_s)
{
	uint64_t hash = attempts_hash(attempts, key);
	struct attempts_slot *slot;
	enum err e = ERR_OK;

	(void)pthread_mutex_lock(&attempts->lock);
	slot = attempts_find(attempts, hash, true);
	if (slot->count == 0 ||
	    now_ms - slot->begin_ms >= attempts->period_ms) {
		slot->begin_ms = now_ms;
		slot->count = 0;
	}
	if (slot->count < attempts->most) {
		slot->count++;
	} else {
		int64_t left_ms = slot->begin_ms + attempts->period_ms - now_ms;

		*retry_s = (left_ms + 999) / 1000;
		e = ERR_TOO_MANY_ATTEMPTS;
	}
	(void)pthread_mutex_unlock(&attempts->lock);
	return e;
}

void
attempts_give_back(struct attempts *attempts, const struct attempts_key *key,
    int64_t now_ms)
{
	uint64_t hash = attempts_hash(attempts, key);
	struct attempts_slot *slot;

	(void)pthread_mutex_lock(&attempts->lock);
	slot = attempts_find(attempts, hash, false);
	if (slot != NULL && slot->count > 0 &&
	    now_ms - slot->begin_ms < attempts->period_ms)
		slot->count--;
	(void)pthread_mutex_unlock(&attempts->lock);
}
