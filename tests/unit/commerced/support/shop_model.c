#include "tests/unit/commerced/support/shop_model.h"

bool
model_contains(const struct model *model, size_t container, size_t item)
{
	bool is_in = model->is_in[container][item];

	for (size_t album = MODEL_TRACKS; album < MODEL_ITEMS; album++)
		is_in = is_in || (model->is_in[container][album] &&
		    model->is_in[album][item]);
	return is_in && container != item;
}

void
model_follow(const struct model *model, size_t item,
    struct model_entitlement *entitlement)
{
	for (size_t i = 0; i < MODEL_ITEMS; i++) {
		if (model->is_in[item][i] && entitlement->with_it[i] == 0)
			entitlement->with_it[i] = model->step;
	}
	/* What came with it stays, and so does what comes with that. */
	for (size_t album = MODEL_TRACKS; album < MODEL_ITEMS; album++) {
		for (size_t i = 0; i < MODEL_ITEMS; i++) {
			if (entitlement->with_it[album] != 0 &&
			    model->is_in[album][i] && i != item &&
			    entitlement->deeper[i] == 0)
				entitlement->deeper[i] = model->step;
		}
	}
}

struct model_entitlement
model_entitle(const struct model *model, size_t item, int64_t purchase)
{
	struct model_entitlement entitlement = { .is_there = true,
	    .since = model->step, .purchase = purchase };

	model_follow(model, item, &entitlement);
	return entitlement;
}

static void
earlier(int64_t *since, int64_t step)
{
	if (step != 0 && (*since == 0 || step < *since))
		*since = step;
}

int64_t
model_owned_since(const struct model *model, size_t buyer, size_t item)
{
	const struct model_entitlement *owned = model->buyers[buyer].owned;
	int64_t since = 0;

	for (size_t i = 0; i < MODEL_ITEMS; i++) {
		if (!owned[i].is_there)
			continue;
		earlier(&since, i == item ? owned[i].since : 0);
		earlier(&since, owned[i].with_it[item]);
		earlier(&since, owned[i].deeper[item]);
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
			owned[claim->items[i]] = claim->given[i];
	}
	return ERR_OK;
}

void
model_repack(struct model *model, size_t album, const bool *items)
{
	for (size_t i = 0; i < MODEL_ITEMS; i++)
		model->is_in[album][i] = items[i];
	for (size_t buyer = 0; buyer < MODEL_BUYERS; buyer++) {
		for (size_t i = 0; i < MODEL_ITEMS; i++)
			model_follow(model, i, &model->buyers[buyer].owned[i]);
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
