/* The shapes of api.md. */
#include "commerced/http/shape.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/encoding.h"

json_t *
shape_money(const char *currency, int64_t minor)
{
	return json_pack("{s:I, s:s}", "amount", (json_int_t)minor,
	    "currency", currency);
}

json_t *
shape_time_s(int64_t unix_s)
{
	char text[CLOCK_TEXT_SIZE];

	clock_text(text, unix_s);
	return json_string(text);
}

json_t *
shape_time_ms(int64_t unix_ms)
{
	return shape_time_s(unix_ms / 1000);
}

json_t *
shape_uuid(const struct uuid *uuid)
{
	char text[UUID_TEXT_SIZE];

	uuid_text(text, uuid);
	return json_string(text);
}

json_t *
shape_page(json_t *items, const char *next)
{
	return json_pack("{s:o, s:s?}", "items", items, "next", next);
}

/* Append taken to array; false without memory, when array is of no use. */
static bool
shape_append(json_t *array, json_t *taken)
{
	return json_array_append_new(array, taken) == 0;
}

/* array, or NULL after it was given back when it is not whole. */
static json_t *
shape_whole(json_t *array, bool is_whole)
{
	if (is_whole)
		return array;
	json_decref(array);
	return NULL;
}

json_t *
shape_uuids(const struct uuid *ids, size_t count)
{
	json_t *array = json_array();
	bool is_whole = true;

	for (size_t i = 0; is_whole && i < count; i++)
		is_whole = shape_append(array, shape_uuid(&ids[i]));
	return shape_whole(array, is_whole);
}

/* --- parts of items ------------------------------------------------------- */

static json_t *
shape_duration(const struct file *file)
{
	return file->duration_ms == 0 ? json_null() :
	    json_integer((json_int_t)file->duration_ms);
}

const char *
shape_picture_name(enum picture_kind kind)
{
	return kind == PICTURE_COVER ? "cover" : "preview";
}

char *
shape_picture_url(const char *shop_url, const struct picture_place *place)
{
	char item[UUID_TEXT_SIZE], *url;

	uuid_text(item, &place->item);
	if (asprintf(&url, "%s/v1/items/%s/%s", shop_url, item,
	    shape_picture_name(place->kind)) < 0)
		return NULL;
	return url;
}

json_t *
shape_picture(const struct picture *picture,
    const struct picture_place *place, const char *shop_url)
{
	char digest[HEX_SIZE(PICTURE_DIGEST_BYTES)];
	char *url = shape_picture_url(shop_url, place);
	json_t *json = NULL;

	hex_encode(digest, picture->digest, sizeof(picture->digest));
	if (url != NULL)
		json = json_pack("{s:s, s:s, s:I, s:s, s:o}",
		    "url", url,
		    "media_type", picture->media_type,
		    "size", (json_int_t)picture->size,
		    "sha256", digest,
		    "changed_at", shape_time_ms(picture->changed_ms));
	free(url);
	return json;
}

/* --- accounts ------------------------------------------------------------- */

json_t *
shape_account(const struct account *account, const char *currency)
{
	return json_pack("{s:o, s:s, s:o, s:o}",
	    "id", shape_uuid(&account->id),
	    "email", account->email,
	    "balance", shape_money(currency, account->balance_minor),
	    "created_at", shape_time_ms(account->created_ms));
}

json_t *
shape_session_start(const struct session_start *start, const char *currency,
    bool with_token)
{
	return json_pack("{s:o, s:o, s:o, s:s*}",
	    "id", shape_uuid(&start->session.id),
	    "account", shape_account(&start->account, currency),
	    "expires_at", shape_time_ms(start->session.expires_ms),
	    "session_token", with_token ? start->token : NULL);
}

/* --- what was bought ------------------------------------------------------ */

json_t *
shape_fulfilment(const struct fulfilment *fulfilment)
{
	return json_pack("{s:o, s:s, s:o, s:s, s:o}",
	    "id", shape_uuid(&fulfilment->id),
	    "reference", fulfilment->reference,
	    "items", shape_uuids(fulfilment->items, fulfilment->item_count),
	    "claim_code", fulfilment->claim_code,
	    "expires_at", shape_time_ms(fulfilment->expires_ms));
}

static json_t *
shape_library_entry(const struct library_entry *entry)
{
	const struct file *file = &entry->file;

	return json_pack("{s:o, s:o, s:s, s:s, s:I, s:o, s:s, s:I, s:I, s:o, "
	    "s:o}",
	    "file", shape_uuid(&file->id),
	    "item", shape_uuid(&file->item),
	    "name", file->name,
	    "media_type", file->media_type,
	    "size", (json_int_t)file->size,
	    "duration_ms", shape_duration(file),
	    "object", file->object,
	    "version", (json_int_t)file->version,
	    "bought_version", (json_int_t)entry->bought_version,
	    "bought_at", shape_time_ms(entry->bought_ms),
	    "completed_at", entry->completed_ms == 0 ? json_null() :
	    shape_time_ms(entry->completed_ms));
}

json_t *
shape_library(const struct library_list *list)
{
	json_t *items = json_array();
	bool is_whole = true;

	for (size_t i = 0; is_whole && i < list->count; i++)
		is_whole = shape_append(items,
		    shape_library_entry(&list->entries[i]));
	return shape_page(shape_whole(items, is_whole), list->next);
}

json_t *
shape_file(const struct file *file)
{
	return json_pack("{s:o, s:s, s:s, s:I, s:o, s:s, s:I, s:I, s:o, s:s}",
	    "id", shape_uuid(&file->id),
	    "name", file->name,
	    "media_type", file->media_type,
	    "size", (json_int_t)file->size,
	    "duration_ms", shape_duration(file),
	    "object", file->object,
	    "sealed_size", (json_int_t)file->sealed_size,
	    "version", (json_int_t)file->version,
	    "version_id", shape_uuid(&file->version_id),
	    "state", version_state_text(file->state));
}
