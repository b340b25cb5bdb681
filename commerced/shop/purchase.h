/* Buying, and receipts. */
#ifndef COMMERCED_SHOP_PURCHASE_H
#define COMMERCED_SHOP_PURCHASE_H

#include <stdbool.h>

#include "commerced/model.h"
#include "commerced/shop/shop.h"
#include "common/encoding.h"

#define PURCHASE_ITEMS_MAX 100
#define PURCHASE_LIMIT_MAX 100

/* Is it 1 to 64 printable ASCII characters?  ERR_OUT_OF_RANGE. */
enum err idempotency_key_check(const char *key, size_t length);

/* All pointers are borrowed until done(). */
struct purchase_request {
	int64_t account;
	const struct uuid *items;
	size_t item_count;		/* 1 to PURCHASE_ITEMS_MAX */
	bool has_expected_total;
	int64_t expected_total_minor;
	bool is_gift;			/* for who has the claim code */
	const char *idempotency_key;
	uint8_t request_hash[REQUEST_HASH_BYTES];	/* method, path, body */
};

/* What a sale gave, for access_for_sale(). */
struct sale {
	int64_t sequence;	/* of the shop, when it was made */
	bool is_plain;		/* no item of it contains others */
	uint8_t grant_seeds[PURCHASE_ITEMS_MAX][GRANT_SEED_BYTES];
};

struct purchase_result {
	struct purchase purchase;
	struct sale sale;	/* unless it is replayed, or a gift */
	bool is_replayed;	/* this key had bought it already */
	char claim_code[CODE_TEXT_SIZE];	/* of a gift */
	/* With an error: */
	/* ALREADY_OWNED: all that are owned; ITEM_NOT_ON_SALE: all that are
	 * not; DUPLICATE_ITEM: the first */
	struct uuid refused[PURCHASE_ITEMS_MAX];
	size_t refused_count;
	int64_t total_minor;	/* PRICE_CHANGED: of now; PAYMENT_REQUIRED */
	int64_t missing_minor;	/* PAYMENT_REQUIRED */
};

/*
 * Buy all the items with the account's credit, or nothing.  A gift costs the
 * full price, whatever the account owns; a repetition shows its code again.
 * Looked at in this order: ERR_OUT_OF_RANGE (form of the key),
 * ERR_IDEMPOTENCY_KEY_REUSED, ERR_OUT_OF_RANGE (number of items),
 * ERR_DUPLICATE_ITEM,
 * ERR_ITEM_NOT_ON_SALE (also: unknown, not released yet),
 * ERR_ALREADY_OWNED (also: with an album, be it of the same request),
 * ERR_PRICE_CHANGED, ERR_PAYMENT_REQUIRED.  The result is to be cleared in
 * every case.
 */
enum err purchase_buy(struct shop_transaction *tx,
    const struct purchase_request *in, struct purchase_result *out);
void purchase_result_clear(struct purchase_result *result);

/*
 * What it would come to now: lines and total of out->purchase, and nothing
 * else of it; the key and the expected total are not looked at.  The errors
 * of purchase_buy() from ERR_OUT_OF_RANGE (number of items) to
 * ERR_ALREADY_OWNED.  The result is to be cleared in every case.
 */
enum err purchase_quote(struct shop *shop, const struct purchase_request *in,
    struct purchase_result *out);

/* The account's receipt; another's is ERR_NOT_FOUND. */
enum err purchase_get(struct shop *shop, int64_t account,
    const struct uuid *id, struct purchase *out);

/*
 * Newest first, limit 1 to PURCHASE_LIMIT_MAX, cursor NULL for the start.
 * ERR_MALFORMED_CURSOR, ERR_OUT_OF_RANGE.
 */
enum err purchase_list(struct shop *shop, int64_t account, size_t limit,
    const char *cursor, struct purchase_list *out);

#endif
