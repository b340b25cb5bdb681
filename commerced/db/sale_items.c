#include "commerced/db/sale_items.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/model.h"

#define SLOTS 4096	/* an item has its place in one of them */

struct slot {
	struct uuid item;
	uint64_t era;		/* believed in this one alone; 0: empty */
	struct sale_row row;	/* with a title of its own */
	char released[DATE_SIZE];
};

struct sale_items {
	uint64_t era;		/* from 1 */
	struct slot slots[SLOTS];
};

enum err
sale_items_new(struct sale_items **out)
{
	struct sale_items *memory = calloc(1, sizeof(*memory));

	*out = memory;
	if (memory == NULL)
		return ERR_NO_MEMORY;
	memory->era = 1;
	return ERR_OK;
}

void
sale_items_free(struct sale_items *memory)
{
	if (memory == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		free(memory->slots[i].row.title);
	free(memory);
}

void
sale_items_forget(struct sale_items *memory)
{
	if (memory != NULL)
		memory->era++;
}

/* The last bytes of an id are random. */
static size_t
sale_items_place(const struct uuid *id)
{
	uint32_t bits;

	memcpy(&bits, id->bytes + UUID_BYTES - sizeof(bits), sizeof(bits));
	return bits % SLOTS;
}

bool
sale_items_get(const struct sale_items *memory, const struct uuid *id,
    const char *today, struct sale_row *out)
{
	const struct slot *slot;

	if (memory == NULL)
		return false;
	slot = &memory->slots[sale_items_place(id)];
	if (slot->era != memory->era ||
	    memcmp(&slot->item, id, sizeof(*id)) != 0 ||
	    strcmp(slot->released, today) > 0)
		return false;
	*out = slot->row;
	out->title = strdup(slot->row.title);
	return true;
}

void
sale_items_put(struct sale_items *memory, const struct uuid *id,
    const char *released, const struct sale_row *row)
{
	struct slot *slot;
	char *title;

	if (memory == NULL || row->is_container ||
	    row->sold_sequence < row->sequence ||
	    strlen(released) >= sizeof(slot->released))
		return;
	title = strdup(row->title);
	if (title == NULL)
		return;
	slot = &memory->slots[sale_items_place(id)];
	free(slot->row.title);
	*slot = (struct slot){ .item = *id, .era = memory->era, .row = *row };
	slot->row.title = title;
	slot->row.is_entitled = false;
	memcpy(slot->released, released, strlen(released) + 1);
}
