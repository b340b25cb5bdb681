/* A table of values by their hashes, each in the first free slot from its own
 * on; at least a quarter of the slots is free.
 */
#include "commerced/db/facet_count.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIRST_CAPACITY 256

/* FNV-1a of the letters in lower case. */
static uint64_t
facet_hash(const char *value)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *value != '\0'; value++) {
		unsigned char c = (unsigned char)*value;

		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c + ('a' - 'A'));
		hash = (hash ^ c) * UINT64_C(1099511628211);
	}
	return hash ^ hash >> 32;
}

/* Where a value is, or is to be: there is a free slot. */
static struct facet_slot *
facet_slot(const struct facet_count *counted, uint64_t hash,
    const char *value)
{
	size_t at = (size_t)hash & (counted->capacity - 1);

	for (;;) {
		struct facet_slot *slot = &counted->slots[at];

		if (slot->value == NULL || (slot->hash == hash &&
		    strcasecmp(slot->value, value) == 0))
			return slot;
		at = (at + 1) & (counted->capacity - 1);
	}
}

static enum err
facet_grow(struct facet_count *counted)
{
	struct facet_count grown = { .used = counted->used };

	grown.capacity = counted->capacity == 0 ? FIRST_CAPACITY :
	    counted->capacity * 2;
	grown.slots = calloc(grown.capacity, sizeof(grown.slots[0]));
	if (grown.slots == NULL)
		return ERR_NO_MEMORY;
	for (size_t i = 0; i < counted->capacity; i++) {
		const struct facet_slot *slot = &counted->slots[i];

		if (slot->value != NULL)
			*facet_slot(&grown, slot->hash, slot->value) = *slot;
	}
	free(counted->slots);
	*counted = grown;
	return ERR_OK;
}

enum err
facet_count_add(struct facet_count *counted, const char *value, int64_t n)
{
	uint64_t hash = facet_hash(value);
	struct facet_slot *slot;
	enum err e = ERR_OK;

	if (counted->used >= counted->capacity / 4 * 3)
		e = facet_grow(counted);
	if (e)
		return e;
	slot = facet_slot(counted, hash, value);
	if (slot->value == NULL) {
		slot->value = strdup(value);
		if (slot->value == NULL)
			return ERR_NO_MEMORY;
		slot->hash = hash;
		counted->used++;
	}
	slot->count += n;
	return ERR_OK;
}

static bool
facet_comes_before(const struct facet_slot *slot,
    const struct facet_value *value)
{
	return slot->count > value->count || (slot->count == value->count &&
	    strcasecmp(slot->value, value->value) < 0);
}

/* Among the best so far, or not: most values are behind the last of them. */
static void
facet_insert(struct facet_list *best, size_t limit, struct facet_slot *slot)
{
	size_t at = best->count;

	while (at > 0 && facet_comes_before(slot, &best->values[at - 1]))
		at--;
	if (at == limit)
		return;
	if (best->count == limit)
		free(best->values[--best->count].value);
	memmove(&best->values[at + 1], &best->values[at],
	    (best->count - at) * sizeof(best->values[0]));
	best->values[at].value = slot->value;
	best->values[at].count = slot->count;
	best->count++;
	slot->value = NULL;
}

enum err
facet_count_take(struct facet_count *counted, size_t limit,
    struct facet_list *out)
{
	out->values = calloc(limit + 1, sizeof(out->values[0]));
	if (out->values == NULL)
		return ERR_NO_MEMORY;
	for (size_t i = 0; limit > 0 && i < counted->capacity; i++)
		if (counted->slots[i].value != NULL)
			facet_insert(out, limit, &counted->slots[i]);
	return ERR_OK;
}

void
facet_count_clear(struct facet_count *counted)
{
	for (size_t i = 0; i < counted->capacity; i++)
		free(counted->slots[i].value);
	free(counted->slots);
	*counted = (struct facet_count){ 0 };
}
