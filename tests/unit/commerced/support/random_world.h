/* A shop and the model of it, for operations at random (shop_random.c), and
 * those that are about accounts.
 */
#ifndef TESTS_UNIT_COMMERCED_RANDOM_WORLD_H
#define TESTS_UNIT_COMMERCED_RANDOM_WORLD_H

#include "tests/unit/commerced/support/shop_fixture.h"
#include "tests/unit/commerced/support/shop_model.h"

#define CODES 32
#define PURCHASES 64

struct made {				/* a purchase */
	struct uuid id;
	int64_t serial;
	int buyer;			/* or MODEL_GONE */
	bool is_gift;
	char key[24];
	size_t line_count;
	size_t items[MODEL_LINES];
	int64_t costs[MODEL_LINES];
	bool is_refunded[MODEL_LINES];
};

struct world {
	struct fixture *fixture;
	struct model model;
	uint64_t state;			/* of the generator */
	struct uuid items[MODEL_ITEMS];	/* tracks, then albums */
	struct {
		int64_t number;
		struct uuid id;
		char email[40];
		struct session_start last;	/* sign-in */
	} buyers[MODEL_BUYERS];
	struct {
		char code[CODE_TEXT_SIZE];
		struct model_claim claim;
	} claims[CODES];
	size_t claim_count;
	struct {
		char code[CODE_TEXT_SIZE];
		int64_t amount;
		int redeemed_by;
	} gifts[CODES];
	size_t gift_count;
	struct made purchases[PURCHASES];
	size_t purchase_count;
	int64_t purchases_ever;
	uint64_t done;			/* that were not refused */
};

/* A number below another. */
size_t any(struct world *world, size_t below);

/* The place of one of the last few; the caller has seen that there is one. */
size_t any_of(struct world *world, size_t count, size_t room);

/* An idempotency key of this step's own. */
void name_key(const struct world *world, char key[static 24]);

/* Which of the world's items is it?  The test fails when it is none. */
size_t item_index(const struct world *world, const struct uuid *id);

/* Somebody new in the place of a buyer. */
void register_buyer(struct world *world, size_t buyer);

/* Each does it to a buyer at random, and looks at what comes out. */
void do_session(struct world *world);
void do_change(struct world *world);
void do_reset(struct world *world);
void do_delete(struct world *world);
void do_export(struct world *world);

#endif
