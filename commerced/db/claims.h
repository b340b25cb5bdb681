/* What claim codes stand for: gifts, fulfilments.  Every function: the errors
 * of db.h.
 */
#ifndef COMMERCED_DB_CLAIMS_H
#define COMMERCED_DB_CLAIMS_H

#include <stddef.h>
#include <stdint.h>

#include "commerced/db/codes.h"
#include "commerced/db/db.h"
#include "commerced/db/purchases.h"
#include "commerced/model.h"

#define CLAIM_REFERENCE_MAX 200		/* bytes */

struct claim_row {
	int64_t number;
	struct uuid id;
	enum entitlement_source kind;	/* GIFT or FULFILMENT */
	int64_t purchase;		/* of a gift; else 0 */
	char reference[CLAIM_REFERENCE_MAX + 1];	/* "": none */
	char master_key[MASTER_KEY_ID_SIZE];
	int64_t sequence;
	int64_t expires_ms;		/* 0: never */
	int64_t claimed_by;		/* account; 0: nobody */
};

/* Sets claim->number; claimed_by is not looked at. */
enum err db_claim_add(struct db *db, struct claim_row *claim,
    const uint8_t lookup[static DB_CODE_LOOKUP_BYTES], int64_t now_ms);
enum err db_claim_item_add(struct db *db, int64_t claim, int64_t position,
    int64_t item);

/* ERR_NOT_FOUND. */
enum err db_claim_by_number(struct db *db, int64_t number,
    struct claim_row *out);
enum err db_claim_by_purchase(struct db *db, int64_t purchase,
    struct claim_row *out);
enum err db_claim_by_lookup(struct db *db,
    const uint8_t lookup[static DB_CODE_LOOKUP_BYTES],
    struct claim_row *out);

struct claim_item {
	int64_t position;
	int64_t item;
	struct uuid id;
};

struct claim_items {
	struct claim_item *items;	/* the caller frees them */
	size_t count;
};
/* What it stands for still. */
enum err db_claim_items(struct db *db, const struct claim_row *claim,
    struct claim_items *out);

enum err db_claim_take(struct db *db, int64_t claim, int64_t account,
    int64_t now_ms);
/* Whether the claim made the entitlement to the item at position. */
enum err db_claim_item_set(struct db *db, int64_t claim, int64_t position,
    bool is_granted);

#endif
