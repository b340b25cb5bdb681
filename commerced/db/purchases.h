/* Purchases, their lines, and what they entitle to.  Every function: the
 * errors of db.h.  What is filled is to be cleared by the caller.
 */
#ifndef COMMERCED_DB_PURCHASES_H
#define COMMERCED_DB_PURCHASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/db/db.h"
#include "commerced/model.h"


/* Who buys, and what was bought before with that idempotency key. */
struct buyer_row {
	bool is_there;		/* the person has not gone */
	int64_t balance_minor;
	int64_t purchase;	/* 0: the key is new */
	uint8_t request_hash[REQUEST_HASH_BYTES];	/* its */
};
enum err db_buyer_get(struct db *db, int64_t account, const char *key,
    struct buyer_row *out);
/* By which the account finds its purchase, and lists it. */
enum err db_purchase_key_add(struct db *db, const struct purchase *purchase,
    const char *key);

/* An item as a line: what is on sale. */
struct sale_row {
	int64_t item;		/* 0: not on sale, or unknown */
	char *title;		/* the caller frees it */
	int64_t price_minor;
	int64_t sold_sequence;
	bool is_container;
	bool is_contained;
	bool is_entitled;	/* the account, by an entitlement to itself */
	int64_t sequence;	/* shop.sequence */
	int64_t deducted_minor;	/* the caller's; 0 here */
};
/* today: YYYY-MM-DD; what is released later is not on sale. */
enum err db_item_for_sale(struct db *db, const struct uuid *id,
    const char *today, int64_t account, struct sale_row *out);

/*
 * id, account, created_ms, total_minor, is_gift and the seller's number; sets
 * the receipt's number.
 */
enum err db_purchase_add(struct db *db, struct purchase *purchase,
    const uint8_t request_hash[static REQUEST_HASH_BYTES]);
/* The line, and one more in the sales of its item. */
enum err db_purchase_line_add(struct db *db, int64_t purchase,
    int64_t position, const struct sale_row *line);

enum entitlement_source { SOURCE_PAID = 1, SOURCE_GIFT = 2,
	SOURCE_FULFILMENT = 3 };

struct entitlement {
	int64_t account;
	int64_t item;
	enum entitlement_source source;
	int64_t purchase;	/* 0: none */
	int64_t created_ms;
	int64_t sequence;
	uint8_t grant_seed[GRANT_SEED_BYTES];
};
/* ERR_DB when the account has the item already. */
enum err db_entitlement_add(struct db *db,
    const struct entitlement *entitlement);
/* Note that the newest stored versions of the item and of what it contains
 * have a buyer. */
enum err db_item_sold(struct db *db, int64_t item, int64_t sequence);

/*
 * The same for what it contained at any time: what stands in an album that is
 * put in was perhaps taken out of that one before, and is given all the same.
 */
enum err db_item_kept(struct db *db, int64_t item, int64_t sequence);

/* The row of a seller, made when there is none like it: sets its number. */
enum err db_seller_find(struct db *db, struct seller *seller);

/* With lines and taxes.  ERR_NOT_FOUND. */
enum err db_purchase_by_number(struct db *db, int64_t number,
    struct purchase *out);
enum err db_purchase_get(struct db *db, int64_t account,
    const struct uuid *id, struct purchase *out);
/* Anybody's. */
enum err db_purchase_get_any(struct db *db, const struct uuid *id,
    struct purchase *out);
enum err db_purchase_set_status(struct db *db,
    const struct purchase *purchase);
/* Newest first, numbers below before. */
enum err db_purchase_list(struct db *db, int64_t account, int64_t before,
    size_t limit, struct purchase_list *out);

#endif
