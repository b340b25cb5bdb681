#include "commerced/model.h"

#include <stdlib.h>
#include <string.h>

#define MODEL_TEXT(name, text) text,
static const char *const item_kind_texts[] = { ITEM_KINDS(MODEL_TEXT) };
static const char *const item_state_texts[] = { ITEM_STATES(MODEL_TEXT) };
static const char *const version_state_texts[] = {
	VERSION_STATES(MODEL_TEXT)
};
static const char *const purchase_status_texts[] = {
	PURCHASE_STATUSES(MODEL_TEXT)
};

const char *
item_kind_text(enum item_kind kind)
{
	return item_kind_texts[kind];
}

const char *
item_state_text(enum item_state state)
{
	return item_state_texts[state];
}

const char *
version_state_text(enum version_state state)
{
	return version_state_texts[state];
}

const char *
purchase_status_text(enum purchase_status status)
{
	return purchase_status_texts[status];
}

enum err
item_kind_parse(const char *text, enum item_kind *kind)
{
	for (int i = 0; i < ITEM_KIND__COUNT; i++) {
		if (strcmp(text, item_kind_texts[i]) == 0) {
			*kind = (enum item_kind)i;
			return ERR_OK;
		}
	}
	return ERR_OUT_OF_RANGE;
}

void
file_clear(struct file *file)
{
	free(file->name);
	free(file->media_type);
	*file = (struct file){ 0 };
}

void
file_list_clear(struct file_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		file_clear(&list->files[i]);
	free(list->files);
	*list = (struct file_list){ 0 };
}

void
item_clear(struct item *item)
{
	free(item->title);
	free(item->creator);
	free(item->genre);
	free(item->description);
	free(item->contains);
	file_list_clear(&item->files);
	*item = (struct item){ 0 };
}

void
item_list_clear(struct item_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		item_clear(&list->items[i]);
	free(list->items);
	free(list->next);
	*list = (struct item_list){ 0 };
}

int64_t
tax_contained(int64_t amount_minor, int64_t rate)
{
	const int64_t whole = 10000 + rate;

	/* At most 10^12 * 10^4 * 2. */
	return (2 * amount_minor * rate + whole) / (2 * whole);
}

void
seller_clear(struct seller *seller)
{
	free(seller->legal_name);
	free(seller->tax_id);
	*seller = (struct seller){ 0 };
}

void
facets_clear(struct facets *facets)
{
	for (size_t i = 0; i < FACET__COUNT; i++) {
		struct facet_list *list = &facets->lists[i];

		for (size_t j = 0; j < list->count; j++)
			free(list->values[j].value);
		free(list->values);
	}
	*facets = (struct facets){ 0 };
}

void
purchase_clear(struct purchase *purchase)
{
	seller_clear(&purchase->seller);
	for (size_t i = 0; i < purchase->line_count; i++)
		free(purchase->lines[i].title);
	free(purchase->lines);
	*purchase = (struct purchase){ 0 };
}

void
refund_clear(struct refund *refund)
{
	free(refund->reason);
	free(refund->items);
	*refund = (struct refund){ 0 };
}

void
report_clear(struct report *report)
{
	for (size_t i = 0; i < report->row_count; i++) {
		for (size_t j = 0; j < report->column_count; j++)
			free(report->rows[i][j].text);
		free(report->rows[i]);
	}
	free(report->rows);
	free(report->next);
	*report = (struct report){ 0 };
}

void
purchase_list_clear(struct purchase_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		purchase_clear(&list->purchases[i]);
	free(list->purchases);
	free(list->next);
	*list = (struct purchase_list){ 0 };
}

void
library_list_clear(struct library_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		file_clear(&list->entries[i].file);
	free(list->entries);
	free(list->next);
	*list = (struct library_list){ 0 };
}

void
person_clear(struct person *person)
{
	purchase_list_clear(&person->purchases);
	library_list_clear(&person->library);
	for (size_t i = 0; i < person->owned_count; i++)
		free(person->owned[i].title);
	free(person->owned);
	for (size_t i = 0; i < person->claim_count; i++)
		free(person->claims[i].reference);
	free(person->claims);
	for (size_t i = 0; i < person->refund_count; i++)
		free(person->refunds[i].reason);
	free(person->refunds);
	free(person->transfers);
	for (size_t i = 0; i < person->key_count; i++)
		free(person->keys[i]);
	free(person->keys);
	*person = (struct person){ 0 };
}
