/* What is given for a sale, as text: a shop that is busy writes little else. */
#include "commerced/http/shape.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"

#define RATE_TEXT_SIZE 32

void
shape_write_uuid(struct json_text *text, const char *name,
    const struct uuid *uuid)
{
	char id[UUID_TEXT_SIZE];

	uuid_text(id, uuid);
	json_text_bytes(text, name, id, UUID_TEXT_SIZE - 1);
}

void
shape_write_uuids(struct json_text *text, const char *name,
    const struct uuid *uuids, size_t count)
{
	json_text_open_list(text, name);
	for (size_t i = 0; i < count; i++)
		shape_write_uuid(text, NULL, &uuids[i]);
	json_text_close_list(text);
}

static void
write_time_s(struct json_text *text, const char *name, int64_t unix_s)
{
	char time[CLOCK_TEXT_SIZE];

	clock_text(time, unix_s);
	json_text_string(text, name, time);
}

void
shape_write_money(struct json_text *text, const char *name,
    const char *currency, int64_t minor)
{
	json_text_open_object(text, name);
	json_text_integer(text, "amount", minor);
	json_text_string(text, "currency", currency);
	json_text_close_object(text);
}

/* --- access --------------------------------------------------------------- */

static void
write_access(struct json_text *text, const struct access *access)
{
	const struct file *file = &access->file;

	json_text_open_object(text, NULL);
	shape_write_uuid(text, "item", &file->item);
	shape_write_uuid(text, "file", &file->id);
	json_text_integer(text, "version", file->version);
	shape_write_uuid(text, "version_id", &file->version_id);
	json_text_string(text, "name", file->name);
	json_text_string(text, "media_type", file->media_type);
	json_text_integer(text, "size", file->size);
	json_text_string(text, "object", file->object);
	json_text_integer(text, "sealed_size", file->sealed_size);
	write_time_s(text, "expires_at", access->expires_s);
	json_text_string(text, "url", access->url);
	json_text_string(text, "security_token", access->token);
	json_text_string(text, "download_key", access->download_key);
	json_text_close_object(text);
}

static void
write_access_list(struct json_text *text, const struct access_list *list)
{
	json_text_open_list(text, "access");
	for (size_t i = 0; i < list->count; i++)
		write_access(text, &list->entries[i]);
	json_text_close_list(text);
}

void
shape_write_access(struct json_text *text, const struct access *access)
{
	write_access(text, access);
}

void
shape_write_claim(struct json_text *text, const struct claim_result *claim,
    const struct access_list *access)
{
	json_text_open_object(text, NULL);
	shape_write_uuids(text, "items", claim->items, claim->item_count);
	write_access_list(text, access);
	json_text_close_object(text);
}

/* --- purchases ------------------------------------------------------------ */

static void
write_line(struct json_text *text, const struct purchase_line *line,
    const char *currency, bool is_sold)
{
	json_text_open_object(text, NULL);
	shape_write_uuid(text, "item", &line->item);
	json_text_string(text, "title", line->title);
	shape_write_money(text, "price", currency, line->price_minor);
	shape_write_money(text, "deducted", currency, line->deducted_minor);
	if (is_sold) {
		shape_write_money(text, "tax", currency, line->tax_minor);
		json_text_string(text, "status",
		    purchase_status_text(line->status));
	}
	json_text_close_object(text);
}

static void
write_lines(struct json_text *text, const struct purchase *purchase,
    const char *currency, bool is_sold)
{
	json_text_open_list(text, "lines");
	for (size_t i = 0; i < purchase->line_count; i++)
		write_line(text, &purchase->lines[i], currency, is_sold);
	json_text_close_list(text);
}

void
shape_write_quote(struct json_text *text, const struct purchase *quote,
    const char *currency)
{
	json_text_open_object(text, NULL);
	write_lines(text, quote, currency, false);
	shape_write_money(text, "total", currency, quote->total_minor);
	json_text_close_object(text);
}

/* The rate in hundredths of a percent as percent: 1900 is "19.00". */
static void
write_seller(struct json_text *text, const struct seller *seller)
{
	char rate[RATE_TEXT_SIZE];

	(void)snprintf(rate, sizeof(rate), "%d.%02d",
	    (int)(seller->tax_rate / 100), (int)(seller->tax_rate % 100));
	json_text_string(text, "tax_rate", rate);
	json_text_open_object(text, "seller");
	json_text_string(text, "legal_name", seller->legal_name);
	json_text_string(text, "tax_id", seller->tax_id);
	json_text_close_object(text);
}

/* All that a purchase has; the object stays open. */
static void
open_purchase(struct json_text *text, const struct purchase *purchase,
    const char *currency)
{
	json_text_open_object(text, NULL);
	shape_write_uuid(text, "id", &purchase->id);
	json_text_integer(text, "number", purchase->number);
	json_text_string(text, "status",
	    purchase_status_text(purchase->status));
	write_time_s(text, "created_at", purchase->created_ms / 1000);
	shape_write_money(text, "total", currency, purchase->total_minor);
	shape_write_money(text, "refunded", currency, purchase->refunded_minor);
	shape_write_money(text, "tax", currency, purchase->tax_minor);
	write_seller(text, &purchase->seller);
	json_text_boolean(text, "as_gift", purchase->is_gift);
	write_lines(text, purchase, currency, true);
}

void
shape_write_purchase(struct json_text *text, const struct purchase *purchase,
    const char *currency, const struct access_list *access)
{
	open_purchase(text, purchase, currency);
	if (access != NULL)
		write_access_list(text, access);
	json_text_close_object(text);
}

void
shape_write_gift(struct json_text *text, const struct purchase *purchase,
    const char *currency, const char *claim_code)
{
	open_purchase(text, purchase, currency);
	json_text_string(text, "claim_code", claim_code);
	json_text_close_object(text);
}

void
shape_write_refunded(struct json_text *text, const struct purchase *purchase,
    const struct refund *refund, const char *currency)
{
	open_purchase(text, purchase, currency);
	json_text_open_object(text, "refund");
	shape_write_uuid(text, "id", &refund->id);
	shape_write_money(text, "amount", currency, refund->amount_minor);
	json_text_string(text, "reason", refund->reason);
	write_time_s(text, "created_at", refund->created_ms / 1000);
	shape_write_uuids(text, "lines", refund->items, refund->item_count);
	json_text_close_object(text);
	json_text_close_object(text);
}

void
shape_write_purchase_list(struct json_text *text,
    const struct purchase_list *list, const char *currency)
{
	json_text_open_object(text, NULL);
	json_text_open_list(text, "items");
	for (size_t i = 0; i < list->count; i++)
		shape_write_purchase(text, &list->purchases[i], currency,
		    NULL);
	json_text_close_list(text);
	json_text_string(text, "next", list->next);
	json_text_close_object(text);
}

json_t *
shape_purchase(const struct purchase *purchase, const char *currency)
{
	struct json_text text;
	size_t length = 0;
	json_t *json;
	char *bytes;

	json_text_begin(&text);
	shape_write_purchase(&text, purchase, currency, NULL);
	bytes = json_text_take(&text, &length);
	json = bytes == NULL ? NULL : json_loadb(bytes, length, 0, NULL);
	free(bytes);
	return json;
}
