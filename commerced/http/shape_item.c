/* Items and facets as text: a page has hundreds of values. */
#include "commerced/http/shape.h"

#include <stdlib.h>

static void
write_file(struct json_text *text, const struct file *file,
    enum shape_view view)
{
	json_text_open_object(text, NULL);
	shape_write_uuid(text, "id", &file->id);
	json_text_string(text, "name", file->name);
	json_text_string(text, "media_type", file->media_type);
	json_text_integer(text, "size", file->size);
	if (file->duration_ms == 0)
		json_text_string(text, "duration_ms", NULL);
	else
		json_text_integer(text, "duration_ms", file->duration_ms);
	json_text_integer(text, "version", file->version);
	if (view == SHAPE_PEOPLE)
		json_text_string(text, "state",
		    version_state_text(file->state));
	json_text_close_object(text);
}

static void
write_files(struct json_text *text, const struct file_list *list,
    enum shape_view view)
{
	json_text_open_list(text, "files");
	for (size_t i = 0; i < list->count; i++)
		if (list->files[i].version != 0)
			write_file(text, &list->files[i], view);
	json_text_close_list(text);
}

/* Where it is to be had, or null. */
static void
write_picture(struct json_text *text, const struct item *item,
    const char *shop_url, enum picture_kind kind)
{
	const struct picture_place place = { item->id, kind };
	char *url = NULL;

	if ((item->pictures & 1U << kind) != 0) {
		url = shape_picture_url(shop_url, &place);
		text->is_lost = text->is_lost || url == NULL;
	}
	json_text_string(text, shape_picture_name(kind), url);
	free(url);
}

void
shape_write_item(struct json_text *text, const struct item *item,
    const struct settings *settings, enum shape_view view)
{
	json_text_open_object(text, NULL);
	shape_write_uuid(text, "id", &item->id);
	json_text_string(text, "kind", item_kind_text(item->kind));
	json_text_string(text, "title", item->title);
	json_text_string(text, "creator", item->creator);
	json_text_string(text, "genre", item->genre);
	json_text_string(text, "description", item->description);
	shape_write_money(text, "price", settings->currency,
	    item->price_minor);
	json_text_string(text, "released", item->released[0] == '\0' ? NULL :
	    item->released);
	write_picture(text, item, settings->shop_url, PICTURE_COVER);
	write_picture(text, item, settings->shop_url, PICTURE_PREVIEW);
	json_text_string(text, "state", item_state_text(item->state));
	write_files(text, &item->files, view);
	shape_write_uuids(text, "contains", item->contains,
	    item->contains_count);
	json_text_boolean(text, "owned", item->owned);
	json_text_close_object(text);
}

void
shape_write_item_list(struct json_text *text, const struct item_list *list,
    const struct settings *settings, enum shape_view view)
{
	json_text_open_object(text, NULL);
	json_text_open_list(text, "items");
	for (size_t i = 0; i < list->count; i++)
		shape_write_item(text, &list->items[i], settings, view);
	json_text_close_list(text);
	json_text_string(text, "next", list->next);
	json_text_close_object(text);
}

static void
write_facet(struct json_text *text, const char *name,
    const struct facet_list *list)
{
	json_text_open_list(text, name);
	for (size_t i = 0; i < list->count; i++) {
		json_text_open_object(text, NULL);
		json_text_string(text, "value", list->values[i].value);
		json_text_integer(text, "count", list->values[i].count);
		json_text_close_object(text);
	}
	json_text_close_list(text);
}

void
shape_write_facets(struct json_text *text, const struct facets *facets)
{
	json_text_open_object(text, NULL);
	write_facet(text, "kind", &facets->lists[FACET_KIND]);
	write_facet(text, "creator", &facets->lists[FACET_CREATOR]);
	write_facet(text, "genre", &facets->lists[FACET_GENRE]);
	json_text_close_object(text);
}
