/* Keys and origins behind one pointer, swapped under locks: one for each
 * stripe of threads, so that verifying never waits for another thread.
 */
#include "stored/authority.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/stripe.h"

/* What is replaced as a whole; never changed once it is in place. */
struct snapshot {
	struct signing_keys *keys;
	char *origins[TOKEN_ORIGINS_MAX];
	size_t origin_count;
};

struct stripe {
	_Alignas(STRIPE_BYTES) pthread_rwlock_t lock;
};

struct authority {
	/*
	 * The thread's own is held for reading while a token is verified (a
	 * microsecond), all for writing while the pointer changes.
	 */
	struct stripe *stripes;
	struct snapshot *snapshot;
};

static void
snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	signing_keys_free(snapshot->keys);
	for (size_t i = 0; i < snapshot->origin_count; i++)
		free(snapshot->origins[i]);
	free(snapshot);
}

static enum err
snapshot_new(const struct settings *settings, struct snapshot **out)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	const struct config_list *origins = &settings->public_origins;
	enum err e;

	*out = NULL;
	if (snapshot == NULL)
		return ERR_NO_MEMORY;
	e = signing_keys_load(settings->signing_keys, &snapshot->keys);
	for (size_t i = 0; e == ERR_OK && i < origins->count &&
	    i < TOKEN_ORIGINS_MAX; i++) {
		snapshot->origins[i] = strdup(origins->words[i]);
		if (snapshot->origins[i] == NULL)
			e = ERR_NO_MEMORY;
		else
			snapshot->origin_count++;
	}
	if (e == ERR_OK)
		*out = snapshot;
	else
		snapshot_free(snapshot);
	return e;
}

enum err
authority_new(const struct settings *settings, struct authority **out)
{
	struct authority *authority = calloc(1, sizeof(*authority));
	enum err e;

	*out = NULL;
	if (authority == NULL)
		return ERR_NO_MEMORY;
	authority->stripes = stripes_new(sizeof(*authority->stripes));
	e = authority->stripes == NULL ? ERR_NO_MEMORY :
	    snapshot_new(settings, &authority->snapshot);
	if (e != ERR_OK) {
		free(authority->stripes);
		free(authority);
		return e;
	}
	for (size_t i = 0; i < STRIPES; i++)
		pthread_rwlock_init(&authority->stripes[i].lock, NULL);
	*out = authority;
	return ERR_OK;
}

void
authority_free(struct authority *authority)
{
	if (authority == NULL)
		return;
	snapshot_free(authority->snapshot);
	for (size_t i = 0; i < STRIPES; i++)
		pthread_rwlock_destroy(&authority->stripes[i].lock);
	free(authority->stripes);
	free(authority);
}

enum err
authority_reload(struct authority *authority, const struct settings *settings)
{
	struct snapshot *fresh, *old;
	enum err e = snapshot_new(settings, &fresh);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < STRIPES; i++)
		pthread_rwlock_wrlock(&authority->stripes[i].lock);
	old = authority->snapshot;
	authority->snapshot = fresh;
	for (size_t i = STRIPES; i > 0; i--)
		pthread_rwlock_unlock(&authority->stripes[i - 1].lock);
	/* Every reader of the old one held its lock until it was done. */
	snapshot_free(old);
	return ERR_OK;
}

enum err
authority_verify(struct authority *authority, struct token_request *request,
    int64_t now_s)
{
	pthread_rwlock_t *lock = &authority->stripes[stripe_mine()].lock;
	const struct snapshot *snapshot;
	enum err e;

	pthread_rwlock_rdlock(lock);
	snapshot = authority->snapshot;
	request->origins = (const char *const *)snapshot->origins;
	request->origin_count = snapshot->origin_count;
	e = token_verify(snapshot->keys, request, now_s);
	request->origins = NULL;
	request->origin_count = 0;
	pthread_rwlock_unlock(lock);
	return e;
}

void
authority_tell_keys(struct authority *authority, struct metrics *metrics)
{
	pthread_rwlock_t *lock = &authority->stripes[stripe_mine()].lock;
	const struct signing_keys *keys;
	const struct signing_key *key;

	pthread_rwlock_rdlock(lock);
	keys = authority->snapshot->keys;
	for (size_t i = 0; i < signing_keys_count(keys); i++) {
		key = signing_keys_at(keys, i);
		metrics_know_key(metrics, key->commerce_id, key->key_id);
	}
	pthread_rwlock_unlock(lock);
}

size_t
authority_key_count(struct authority *authority)
{
	pthread_rwlock_t *lock = &authority->stripes[stripe_mine()].lock;
	size_t count;

	pthread_rwlock_rdlock(lock);
	count = signing_keys_count(authority->snapshot->keys);
	pthread_rwlock_unlock(lock);
	return count;
}
