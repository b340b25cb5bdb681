/* Keys and origins behind one pointer, swapped under a lock. */
#include "stored/authority.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What is replaced as a whole; never changed once it is in place. */
struct snapshot {
	struct signing_keys *keys;
	char *origins[TOKEN_ORIGINS_MAX];
	size_t origin_count;
};

struct authority {
	/*
	 * Held for reading while a token is verified (a microsecond), for
	 * writing while the pointer changes.
	 */
	pthread_rwlock_t lock;
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
	e = snapshot_new(settings, &authority->snapshot);
	if (e != ERR_OK) {
		free(authority);
		return e;
	}
	pthread_rwlock_init(&authority->lock, NULL);
	*out = authority;
	return ERR_OK;
}

void
authority_free(struct authority *authority)
{
	if (authority == NULL)
		return;
	snapshot_free(authority->snapshot);
	pthread_rwlock_destroy(&authority->lock);
	free(authority);
}

enum err
authority_reload(struct authority *authority, const struct settings *settings)
{
	struct snapshot *fresh, *old;
	enum err e = snapshot_new(settings, &fresh);

	if (e != ERR_OK)
		return e;
	pthread_rwlock_wrlock(&authority->lock);
	old = authority->snapshot;
	authority->snapshot = fresh;
	pthread_rwlock_unlock(&authority->lock);
	/* Every reader of the old one held the lock until it was done. */
	snapshot_free(old);
	return ERR_OK;
}

enum err
authority_verify(struct authority *authority, struct token_request *request,
    int64_t now_s)
{
	const struct snapshot *snapshot;
	enum err e;

	pthread_rwlock_rdlock(&authority->lock);
	snapshot = authority->snapshot;
	request->origins = (const char *const *)snapshot->origins;
	request->origin_count = snapshot->origin_count;
	e = token_verify(snapshot->keys, request, now_s);
	request->origins = NULL;
	request->origin_count = 0;
	pthread_rwlock_unlock(&authority->lock);
	return e;
}

size_t
authority_key_count(struct authority *authority)
{
	size_t count;

	pthread_rwlock_rdlock(&authority->lock);
	count = signing_keys_count(authority->snapshot->keys);
	pthread_rwlock_unlock(&authority->lock);
	return count;
}
