#include "commerced/shop/sale_files.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SETS 1024		/* an item has its place in one of them */
#define SLOTS 8			/* of a set */
#define FILES_MAX 8		/* of an item; more are read each time */

struct slot {
	struct uuid item;
	int64_t sequence;
	struct owned_file *files;
	size_t count;		/* 0: empty */
};

struct set {
	pthread_mutex_t lock;
	struct slot slots[SLOTS];
	unsigned next;		/* to be given to another item */
};

struct sale_files {
	struct set sets[SETS];
};

/* The last bytes of an id are random. */
static struct set *
sale_files_set(struct sale_files *memory, const struct uuid *item)
{
	uint32_t bits;

	memcpy(&bits, item->bytes + UUID_BYTES - sizeof(bits), sizeof(bits));
	return &memory->sets[bits % SETS];
}

/* NULL: not there. */
static struct slot *
set_find(struct set *set, const struct uuid *item)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (set->slots[i].count > 0 && memcmp(&set->slots[i].item,
		    item, sizeof(*item)) == 0)
			return &set->slots[i];
	return NULL;
}

static void
slot_clear(struct slot *slot)
{
	for (size_t i = 0; i < slot->count; i++)
		file_clear(&slot->files[i].file);
	free(slot->files);
	*slot = (struct slot){ 0 };
}

enum err
sale_files_new(struct sale_files **out)
{
	struct sale_files *memory = calloc(1, sizeof(*memory));

	*out = memory;
	if (memory == NULL)
		return ERR_NO_MEMORY;
	for (size_t i = 0; i < SETS; i++)
		(void)pthread_mutex_init(&memory->sets[i].lock, NULL);
	return ERR_OK;
}

void
sale_files_free(struct sale_files *memory)
{
	if (memory == NULL)
		return;
	for (size_t i = 0; i < SETS; i++) {
		for (size_t j = 0; j < SLOTS; j++)
			slot_clear(&memory->sets[i].slots[j]);
		(void)pthread_mutex_destroy(&memory->sets[i].lock);
	}
	free(memory);
}

/* Copies of files into to, which has room; false without memory. */
static bool
owned_files_copy(struct owned_file *to, const struct owned_file *files,
    size_t count)
{
	bool is_whole = true;

	for (size_t i = 0; i < count; i++) {
		to[i] = files[i];
		to[i].file.name = strdup(files[i].file.name);
		to[i].file.media_type = strdup(files[i].file.media_type);
		is_whole = is_whole && to[i].file.name != NULL &&
		    to[i].file.media_type != NULL;
	}
	for (size_t i = 0; !is_whole && i < count; i++)
		file_clear(&to[i].file);
	return is_whole;
}

static bool
slot_copy(const struct slot *slot,
    const uint8_t seed[static GRANT_SEED_BYTES], struct owned_files *out)
{
	struct owned_file *files = realloc(out->files,
	    (out->count + slot->count) * sizeof(*files));

	if (files == NULL)
		return false;
	out->files = files;
	files += out->count;
	if (!owned_files_copy(files, slot->files, slot->count))
		return false;
	for (size_t i = 0; i < slot->count; i++)
		memcpy(files[i].grant_seed, seed, GRANT_SEED_BYTES);
	out->count += slot->count;
	return true;
}

bool
sale_files_get(struct sale_files *memory, const struct uuid *item,
    int64_t sequence, const uint8_t seed[static GRANT_SEED_BYTES],
    struct owned_files *out)
{
	struct set *set = sale_files_set(memory, item);
	const struct slot *slot;
	bool is_found;

	(void)pthread_mutex_lock(&set->lock);
	slot = set_find(set, item);
	is_found = slot != NULL && slot->sequence == sequence &&
	    slot_copy(slot, seed, out);
	(void)pthread_mutex_unlock(&set->lock);
	return is_found;
}

void
sale_files_put(struct sale_files *memory, const struct uuid *item,
    int64_t sequence, const struct owned_file *files, size_t count)
{
	struct set *set = sale_files_set(memory, item);
	struct slot *slot, made = { .item = *item, .sequence = sequence,
	    .count = count };

	if (count < 1 || count > FILES_MAX)
		return;
	made.files = calloc(count, sizeof(*made.files));
	if (made.files == NULL)
		return;
	if (!owned_files_copy(made.files, files, count)) {
		free(made.files);
		return;
	}
	/* Whose seed it was is nobody else's. */
	for (size_t i = 0; i < count; i++)
		memset(made.files[i].grant_seed, 0, GRANT_SEED_BYTES);
	(void)pthread_mutex_lock(&set->lock);
	slot = set_find(set, item);
	if (slot == NULL)
		slot = &set->slots[set->next++ % SLOTS];
	slot_clear(slot);
	*slot = made;
	(void)pthread_mutex_unlock(&set->lock);
}
