/* Claim codes: what was bought for somebody else (a gift), or elsewhere (a
 * fulfilment), waits for who has the code.  A code is never stored
 * (docs/protocol.md, section 3).
 */
#ifndef COMMERCED_SHOP_CLAIM_H
#define COMMERCED_SHOP_CLAIM_H

#include <stdbool.h>

#include "commerced/model.h"
#include "commerced/shop/admin_request.h"
#include "commerced/shop/purchase.h"
#include "commerced/shop/shop.h"
#include "common/encoding.h"

#define FULFILMENT_REFERENCE_MAX 200			/* bytes */
#define FULFILMENT_LIFETIME_S (INT64_C(30) * 24 * 3600)

/* All pointers are borrowed until done(). */
struct fulfilment_request {
	const struct uuid *items;	/* published, or withdrawn since */
	size_t item_count;		/* 1 to PURCHASE_ITEMS_MAX */
	const char *reference;		/* of the other shop */
	struct admin_request request;
};

struct fulfilment {
	struct uuid id;
	char reference[FULFILMENT_REFERENCE_MAX + 1];
	struct uuid items[PURCHASE_ITEMS_MAX];
	size_t item_count;
	char claim_code[CODE_TEXT_SIZE];
	int64_t expires_ms;
	bool is_replayed;
	/* DUPLICATE_ITEM: the first; ITEM_NOT_ON_SALE: the first that is a
	 * draft, does not exist or has nothing to give */
	struct uuid refused;
};

/*
 * A claim code for what was sold elsewhere; a repetition shows it again.
 * ERR_OUT_OF_RANGE, ERR_IDEMPOTENCY_KEY_REUSED, ERR_DUPLICATE_ITEM,
 * ERR_ITEM_NOT_ON_SALE, ERR_KEY_FILE, ERR_CRYPTO.  The caller wipes out.
 */
enum err fulfilment_make(struct shop_transaction *tx,
    const struct fulfilment_request *in, struct fulfilment *out);

struct claim_request {
	int64_t account;
	const char *code;		/* as typed; borrowed until done() */
	size_t code_length;
};

struct claim_result {
	struct uuid items[PURCHASE_ITEMS_MAX];	/* what it stands for; with
						 * ALREADY_OWNED: what is
						 * owned */
	size_t item_count;
};

/*
 * Take what a code stands for, once; again by the same account is ERR_OK.
 * What the account has already is left out; when that is all of it,
 * ERR_ALREADY_OWNED, and the code can be given to somebody else.
 * ERR_CODE_UNKNOWN, ERR_CODE_USED (by another account), ERR_CODE_EXPIRED
 * (also: a gift that was refunded), ERR_CRYPTO.  Wrong attempts are the
 * caller's to count.
 */
enum err claim_take(struct shop_transaction *tx,
    const struct claim_request *in, struct claim_result *out);

#endif
