#include "tests/unit/commerced/support/shop_model.h"

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Until when the item is in the container, over all ways of two levels. */
static int64_t
model_until(const struct model *model, size_t container, size_t item)
{
	int64_t until = model->until[container][item];

	for (size_t album = MODEL_TRACKS; album < MODEL_ITEMS; album++) {
		int64_t way = smaller(model->until[container][album],
		    model->until[album][item]);

		if (way > until)
			until = way;
	}
	return container == item ? 0 : until;
}

bool
model_contains(const struct model *model, size_t container, size_t item)
{
	return model_until(model, container, item) == MODEL_NOW;
}

int64_t
model_owned_since(const struct model *model, size_t buyer, size_t item)
{
	const struct model_entitlement *owned = model->buyers[buyer].owned;
	int64_t since = 0;

	for (size_t i = 0; i < MODEL_ITEMS; i++) {
		if (!owned[i].is_there || (i != item &&
		    model_until(model, i, item) <= owned[i].since))
			continue;
		if (since == 0 || owned[i].since < since)
			since = owned[i].since;
	}
	return since;
}

enum err
model_buy(const struct model *model, size_t buyer, bool is_gift,
    const size_t *items, size_t count)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (items[i] == items[j])
				return ERR_DUPLICATE_ITEM;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (!model->on_sale[items[i]])
			return ERR_ITEM_NOT_ON_SALE;
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_gift && model_owned_since(model, buyer, items[i]) != 0)
			e = ERR_ALREADY_OWNED;
		for (size_t j = 0; j < count; j++) {
			if (model_contains(model, items[j], items[i]))
				e = ERR_ALREADY_OWNED;
		}
	}
	return e;
}

enum err
model_claim(struct model *model, struct model_claim *claim, size_t buyer)
{
	struct model_entitlement *owned = model->buyers[buyer].owned;
	bool is_all_owned = true;

	if (claim->claimed_by == (int)buyer)
		return ERR_OK;
	if (claim->claimed_by != MODEL_NOBODY)
		return ERR_CODE_USED;
	if (claim->item_count == 0)
		return ERR_CODE_EXPIRED;
	for (size_t i = 0; i < claim->item_count; i++) {
		if (model_owned_since(model, buyer, claim->items[i]) == 0)
			is_all_owned = false;
	}
	if (is_all_owned)
		return ERR_ALREADY_OWNED;
	claim->claimed_by = (int)buyer;
	for (size_t i = 0; i < claim->item_count; i++) {
		if (!owned[claim->items[i]].is_there)
			owned[claim->items[i]] = (struct model_entitlement){
			    true, claim->made, claim->purchase };
	}
	return ERR_OK;
}

void
model_repack(struct model *model, size_t album, const bool *items)
{
	for (size_t i = 0; i < MODEL_ITEMS; i++) {
		if (items[i])
			model->until[album][i] = MODEL_NOW;
		else if (model->until[album][i] == MODEL_NOW)
			model->until[album][i] = model->step;
	}
}

void
model_refund_item(struct model *model, int64_t purchase, size_t item)
{
	for (size_t i = 0; i < MODEL_BUYERS; i++) {
		struct model_entitlement *owned =
		    &model->buyers[i].owned[item];

		if (owned->is_there && owned->purchase == purchase)
			owned->is_there = false;
	}
}
