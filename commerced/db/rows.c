#include "commerced/db/rows.h"

#include <stdint.h>
#include <stdlib.h>

#include "common/encoding.h"

#define OBJECT_BYTES (OBJECT_ID_LENGTH / 2)

void
row_object(struct query *query, char object[static OBJECT_ID_LENGTH + 1])
{
	uint8_t bytes[OBJECT_BYTES];

	row_bytes(query, bytes, sizeof(bytes));
	hex_encode(object, bytes, sizeof(bytes));
}

void
query_object(struct query *query, const char *object,
    uint8_t bytes[static OBJECT_ID_LENGTH / 2])
{
	if (query->error)
		return;
	query->error = hex_decode(bytes, OBJECT_BYTES, object,
	    OBJECT_ID_LENGTH);
	query_bytes(query, bytes, OBJECT_BYTES);
}

void
db_file_read(struct query *query, struct file *out)
{
	out->item = row_uuid(query);
	db_file_read_own(query, out);
}

void
db_file_read_own(struct query *query, struct file *out)
{
	out->number = row_int(query);
	out->id = row_uuid(query);
	out->name = row_text(query);
	out->media_type = row_text(query);
	out->version = row_int(query);
	if (out->version == 0)
		return;
	out->version_id = row_uuid(query);
	out->state = (enum version_state)row_int(query);
	out->size = row_int(query);
	out->sealed_size = row_int(query);
	row_object(query, out->object);
	row_text_into(query, out->master_key, sizeof(out->master_key));
	out->duration_ms = row_int(query);
}

void
db_item_read(struct query *query, struct item *out)
{
	out->number = row_int(query);
	out->id = row_uuid(query);
	out->kind = (enum item_kind)row_int(query);
	out->state = (enum item_state)row_int(query);
	out->title = row_text(query);
	out->creator = row_text(query);
	out->genre = row_text(query);
	out->description = row_text(query);
	row_text_into(query, out->released, sizeof(out->released));
	out->price_minor = row_int(query);
	out->created_ms = row_int(query);
	out->published_ms = row_int(query);
	out->pictures = (unsigned)row_int(query);
}

void *
db_array_grow(void *array, size_t count, size_t size)
{
	size_t capacity;

	/* Full at 0, 4, 8, 16, ... */
	if (count != 0 && (count < 4 || (count & (count - 1)) != 0))
		return array;
	capacity = count == 0 ? 4 : count * 2;
	if (capacity > SIZE_MAX / size)
		return NULL;
	return realloc(array, capacity * size);
}
