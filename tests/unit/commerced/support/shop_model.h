/* What a shop must come to, worked out apart from it: who owns what, by steps
 * counted instead of the books' sequence, and all that is needed for that.
 * Knows nothing of the shop but its words.
 */
#ifndef TESTS_UNIT_COMMERCED_SHOP_MODEL_H
#define TESTS_UNIT_COMMERCED_SHOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define MODEL_BUYERS 4
#define MODEL_TRACKS 8
#define MODEL_ALBUMS 4
#define MODEL_ITEMS (MODEL_TRACKS + MODEL_ALBUMS)
#define MODEL_LINES 3			/* of a purchase, at most */
#define MODEL_NOW INT64_MAX		/* not taken out yet */
#define MODEL_NOBODY (-1)
#define MODEL_GONE (-2)			/* an account that was deleted */

/* To one item; what comes with it is noted when it comes. */
struct model_entitlement {
	bool is_there;
	int64_t since;			/* step */
	int64_t purchase;		/* serial; 0: a fulfilment */
	/* The step at which each came, in it or in an album in it; 0: not. */
	int64_t with_it[MODEL_ITEMS];
	int64_t deeper[MODEL_ITEMS];
};

struct model_buyer {
	int64_t balance;
	struct model_entitlement owned[MODEL_ITEMS];
	size_t receipts;
	size_t sessions;
};

struct model_claim {
	int64_t made;			/* step */
	int64_t purchase;		/* serial; 0: a fulfilment */
	int claimed_by;
	size_t item_count;
	size_t items[MODEL_LINES];	/* those of refunded lines taken out */
	struct model_entitlement given[MODEL_LINES];
};

struct model {
	int64_t step;
	int64_t price[MODEL_ITEMS];
	bool on_sale[MODEL_ITEMS];
	bool is_in[MODEL_ITEMS][MODEL_ITEMS];	/* container, item */
	int64_t version[MODEL_TRACKS];
	/* Of a second file: 0 never there, the step it was taken off, NOW. */
	int64_t bonus_until[MODEL_TRACKS];
	struct model_buyer buyers[MODEL_BUYERS];
};

/* Does the container have the item in it now, in an album of it too? */
bool model_contains(const struct model *model, size_t container, size_t item);

/*
 * Since which step does the buyer own the item, by itself or with what
 * contains it?  0: not at all.
 */
int64_t model_owned_since(const struct model *model, size_t buyer,
    size_t item);

/* What a request to buy these must be answered, but for its price. */
enum err model_buy(const struct model *model, size_t buyer, bool is_gift,
    const size_t *items, size_t count);

/* An entitlement to the item from now on, with what comes with it. */
struct model_entitlement model_entitle(const struct model *model, size_t item,
    int64_t purchase);

/* Contents have changed: what comes with an entitlement to the item now? */
void model_follow(const struct model *model, size_t item,
    struct model_entitlement *entitlement);

/* What a claim must be answered; with ERR_OK it is taken. */
enum err model_claim(struct model *model, struct model_claim *claim,
    size_t buyer);

/*
 * Contents of an album become these; owners have what comes with that.  Claims
 * that are not taken are for the caller to follow.
 */
void model_repack(struct model *model, size_t album, const bool *items);

/* What the purchase gave of an item ends, whoever has it. */
void model_refund_item(struct model *model, int64_t purchase, size_t item);

#endif
