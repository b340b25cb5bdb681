#include "commerced/shop/basket.h"

#include <stdlib.h>
#include <string.h>

#include "commerced/db/items.h"
#include "commerced/shop/internal.h"

void
basket_clear(struct basket *basket)
{
	for (size_t i = 0; i < basket->count; i++)
		free(basket->lines[i].title);
	free(basket->deductions.deductions);
}

static void
basket_refuse(struct purchase_result *out, const struct uuid *item)
{
	out->refused[out->refused_count++] = *item;
}

static enum err
basket_check_form(const struct purchase_request *in,
    struct purchase_result *out)
{
	if (in->item_count < 1 || in->item_count > PURCHASE_ITEMS_MAX)
		return ERR_OUT_OF_RANGE;
	for (size_t i = 1; i < in->item_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (memcmp(&in->items[i], &in->items[j],
			    sizeof(in->items[i])) == 0) {
				basket_refuse(out, &in->items[i]);
				return ERR_DUPLICATE_ITEM;
			}
		}
	}
	return ERR_OK;
}

/* Every item on sale, at today's price. */
static enum err
basket_find(struct db *db, int64_t now_ms, const struct purchase_request *in,
    struct basket *basket, struct purchase_result *out)
{
	char today[DATE_SIZE];
	enum err e = ERR_OK;

	shop_date(today, now_ms);
	while (!e && basket->count < in->item_count) {
		const struct uuid *item = &in->items[basket->count];
		struct sale_row *line = &basket->lines[basket->count];

		basket->deducted[basket->count] = 0;
		e = db_item_for_sale(db, item, today, in->account, line);
		if (!e && line->item == 0)
			basket_refuse(out, item);
		basket->count++;
	}
	if (!e && out->refused_count > 0)
		e = ERR_ITEM_NOT_ON_SALE;
	return e;
}

/* Owned by itself, or with an album; most items stand in none. */
static enum err
basket_line_is_owned(struct db *db, int64_t account,
    const struct sale_row *line, bool *out)
{
	*out = line->is_entitled;
	return *out || !line->is_contained ? ERR_OK :
	    db_item_is_owned(db, account, line->item, out);
}

/* Part of what another line of the same basket gives. */
static enum err
basket_line_is_inside(struct db *db, const struct basket *basket,
    const struct sale_row *line, bool *out)
{
	enum err e = ERR_OK;

	if (!line->is_contained)
		return ERR_OK;
	for (size_t i = 0; !e && !*out && i < basket->count; i++) {
		const struct sale_row *other = &basket->lines[i];

		if (other->is_container && other != line)
			e = db_item_is_inside(db, other->item, line->item,
			    out);
	}
	return e;
}

static enum err
basket_check_owned(struct db *db, const struct purchase_request *in,
    const struct basket *basket, struct purchase_result *out)
{
	enum err e = ERR_OK;

	for (size_t i = 0; !e && i < basket->count; i++) {
		const struct sale_row *line = &basket->lines[i];
		bool is_owned = false;

		if (!in->is_gift)
			e = basket_line_is_owned(db, in->account, line,
			    &is_owned);
		if (!e && !is_owned)
			e = basket_line_is_inside(db, basket, line,
			    &is_owned);
		if (is_owned)
			basket_refuse(out, &in->items[i]);
	}
	if (!e && out->refused_count > 0)
		e = ERR_ALREADY_OWNED;
	return e;
}

/*
 * What the account paid for parts of an album makes the album cheaper, down
 * to nothing: what exceeds its price is not deducted, and stays refundable.
 */
static enum err
basket_deduct_line(struct db *db, int64_t account, struct basket *basket,
    size_t index)
{
	struct deduction_list *list = &basket->deductions;
	struct sale_row *line = &basket->lines[index];
	size_t kept = list->count;
	const size_t first = kept;
	enum err e;

	e = db_deduction_list(db, account, line->item, list);
	for (size_t i = first; !e && i < list->count; i++) {
		struct deduction deduction = list->deductions[i];
		int64_t left = line->price_minor - line->deducted_minor;

		if (deduction.amount_minor > left)
			deduction.amount_minor = left;
		if (deduction.amount_minor == 0)
			continue;
		line->deducted_minor += deduction.amount_minor;
		list->deductions[kept++] = deduction;
	}
	list->count = kept;
	basket->deducted[index] = kept - first;
	return e;
}

static enum err
basket_deduct(struct db *db, const struct purchase_request *in,
    struct basket *basket)
{
	enum err e = ERR_OK;

	for (size_t i = 0; !e && i < basket->count; i++) {
		const struct sale_row *line = &basket->lines[i];

		if (line->is_container && !in->is_gift)
			e = basket_deduct_line(db, in->account, basket, i);
		/* At most 100 lines of at most 10^12. */
		basket->total_minor += line->price_minor -
		    line->deducted_minor;
	}
	return e;
}

enum err
basket_fill(struct db *db, int64_t now_ms, const struct purchase_request *in,
    struct basket *basket, struct purchase_result *out)
{
	enum err e;

	/* Not the lines: nearly all requests are for one, of a hundred. */
	basket->count = 0;
	basket->total_minor = 0;
	basket->deductions = (struct deduction_list){ 0 };
	e = basket_check_form(in, out);
	if (!e)
		e = basket_find(db, now_ms, in, basket, out);
	if (!e)
		e = basket_check_owned(db, in, basket, out);
	if (!e)
		e = basket_deduct(db, in, basket);
	return e;
}

enum err
basket_take_lines(struct basket *basket, const struct purchase_request *in,
    struct purchase *out)
{
	out->lines = calloc(basket->count, sizeof(*out->lines));
	if (out->lines == NULL)
		return ERR_NO_MEMORY;
	for (; out->line_count < basket->count; out->line_count++) {
		struct sale_row *line = &basket->lines[out->line_count];
		int64_t tax_minor = tax_contained(line->price_minor -
		    line->deducted_minor, out->seller.tax_rate);

		out->tax_minor += tax_minor;
		out->lines[out->line_count] = (struct purchase_line){
			.tax_minor = tax_minor,
			.item = in->items[out->line_count],
			.title = line->title,
			.price_minor = line->price_minor,
			.deducted_minor = line->deducted_minor,
			.status = PURCHASE_PAID };
		line->title = NULL;
	}
	out->total_minor = basket->total_minor;
	return ERR_OK;
}
