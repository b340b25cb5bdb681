/* The shapes of api.md. */
#include "commerced/http/shape.h"
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

/* --- items ---------------------------------------------------------------- */

static json_t *
shape_duration(const struct file *file)
{
	return file->duration_ms == 0 ? json_null() :
	    json_integer((json_int_t)file->duration_ms);
}

static json_t *
shape_item_file(const struct file *file, enum shape_view view)
{
	json_t *json = json_pack("{s:o, s:s, s:s, s:I, s:o, s:I}",
	    "id", shape_uuid(&file->id), "name", file->name,
	    "media_type", file->media_type, "size", (json_int_t)file->size,
	    "duration_ms", shape_duration(file),
	    "version", (json_int_t)file->version);

	if (json != NULL && view == SHAPE_PEOPLE &&
	    json_object_set_new(json, "state",
	    json_string(version_state_text(file->state))) != 0) {
		json_decref(json);
		json = NULL;
	}
	return json;
}

static json_t *
shape_item_files(const struct file_list *list, enum shape_view view)
{
	json_t *files = json_array();
	bool is_whole = true;

	for (size_t i = 0; is_whole && i < list->count; i++) {
		const struct file *file = &list->files[i];

		if (file->version == 0)
			continue;
		is_whole = shape_append(files, shape_item_file(file, view));
	}
	return shape_whole(files, is_whole);
}

static json_t *
shape_picture_url(const char *shop_url, const struct picture_place *place)
{
	char item[UUID_TEXT_SIZE];

	uuid_text(item, &place->item);
	return json_sprintf("%s/v1/items/%s/%s", shop_url, item,
	    place->kind == PICTURE_COVER ? "cover" : "preview");
}

static json_t *
shape_item_picture(const struct item *item, const char *shop_url,
    enum picture_kind kind)
{
	const struct picture_place place = { item->id, kind };

	return (item->pictures & 1U << kind) == 0 ? json_null() :
	    shape_picture_url(shop_url, &place);
}

json_t *
shape_picture(const struct picture *picture,
    const struct picture_place *place, const char *shop_url)
{
	char digest[HEX_SIZE(PICTURE_DIGEST_BYTES)];

	hex_encode(digest, picture->digest, sizeof(picture->digest));
	return json_pack("{s:o, s:s, s:I, s:s, s:o}",
	    "url", shape_picture_url(shop_url, place),
	    "media_type", picture->media_type,
	    "size", (json_int_t)picture->size,
	    "sha256", digest,
	    "changed_at", shape_time_ms(picture->changed_ms));
}

json_t *
shape_item(const struct item *item, const struct settings *settings,
    enum shape_view view)
{
	return json_pack("{s:o, s:s, s:s, s:s, s:s?, s:s?, s:o, s:s?, s:o, "
	    "s:o, s:s, s:o, s:o, s:b}",
	    "id", shape_uuid(&item->id),
	    "kind", item_kind_text(item->kind),
	    "title", item->title,
	    "creator", item->creator,
	    "genre", item->genre,
	    "description", item->description,
	    "price", shape_money(settings->currency, item->price_minor),
	    "released", item->released[0] == '\0' ? NULL : item->released,
	    "cover", shape_item_picture(item, settings->shop_url,
	    PICTURE_COVER),
	    "preview", shape_item_picture(item, settings->shop_url,
	    PICTURE_PREVIEW),
	    "state", item_state_text(item->state),
	    "files", shape_item_files(&item->files, view),
	    "contains", shape_uuids(item->contains, item->contains_count),
	    "owned", (int)item->owned);
}

json_t *
shape_item_list(const struct item_list *list,
    const struct settings *settings, enum shape_view view)
{
	json_t *items = json_array();
	bool is_whole = true;

	for (size_t i = 0; is_whole && i < list->count; i++)
		is_whole = shape_append(items, shape_item(&list->items[i],
		    settings, view));
	return shape_page(shape_whole(items, is_whole), list->next);
}

static json_t *
shape_facet_list(const struct facet_list *list)
{
	json_t *values = json_array();
	bool is_whole = true;

	for (size_t i = 0; is_whole && i < list->count; i++)
		is_whole = shape_append(values, json_pack("{s:s, s:I}",
		    "value", list->values[i].value,
		    "count", (json_int_t)list->values[i].count));
	return shape_whole(values, is_whole);
}

json_t *
shape_facets(const struct facets *facets)
{
	return json_pack("{s:o, s:o, s:o}",
	    "kind", shape_facet_list(&facets->lists[FACET_KIND]),
	    "creator", shape_facet_list(&facets->lists[FACET_CREATOR]),
	    "genre", shape_facet_list(&facets->lists[FACET_GENRE]));
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
