/* Gift codes: made in batches by the shop's people, each taken once.  A code
 * is never stored (docs/protocol.md, section 3).
 */
#ifndef COMMERCED_SHOP_CODE_H
#define COMMERCED_SHOP_CODE_H

#include <stdbool.h>

#include "commerced/keys.h"
#include "commerced/model.h"
#include "commerced/shop/admin_request.h"
#include "commerced/shop/shop.h"

#define GIFT_CODES_MAX 1000		/* of one batch */

/* Pointers are borrowed until done(). */
struct gift_codes_request {
	int64_t amount_minor;		/* each; 1 to MONEY_MAX */
	int64_t count;			/* 1 to GIFT_CODES_MAX */
	int64_t expires_ms;		/* 0: never; else in the future */
	struct admin_request request;
};

struct gift_codes {
	char (*codes)[CODE_TEXT_SIZE];	/* XXXX-XXXX-XXXX-XXXX */
	uint8_t (*lookups)[CODE_LOOKUP_BYTES];	/* by which each is found */
	size_t count;
	struct uuid batch;
	char master_key[MASTER_KEY_ID_SIZE];
	int64_t amount_minor;
	int64_t expires_ms;		/* 0: never */
	bool is_replayed;
};

/*
 * Compute the codes of a new batch, which takes some milliseconds: any thread
 * but the writer's.  ERR_CRYPTO, ERR_NO_MEMORY.  Cleared (and wiped) by
 * gift_codes_clear().
 */
enum err gift_codes_prepare(struct shop *shop,
    const struct gift_codes_request *in, struct gift_codes *codes);

/*
 * Issue what was prepared; or, for a repetition, say which batch it was.
 * ERR_OUT_OF_RANGE, ERR_IDEMPOTENCY_KEY_REUSED.  *member, where
 * ERR_OUT_OF_RANGE, names the member at fault.
 */
enum err gift_codes_issue(struct shop_transaction *tx,
    const struct gift_codes_request *in, struct gift_codes *codes,
    const char **member);

/*
 * Of a repetition compute the codes again; else nothing is left to be done.
 * As gift_codes_prepare(); ERR_KEY_FILE: the batch's master key is gone.
 */
enum err gift_codes_recall(struct shop *shop, struct gift_codes *codes);
void gift_codes_clear(struct gift_codes *codes);

struct gift_redemption {
	int64_t account;
	const char *code;		/* as typed; borrowed until done() */
	size_t code_length;
};

struct gift_redeemed {
	int64_t balance_minor;		/* after */
	bool is_replayed;		/* this account had taken it already */
};

/*
 * Add a code's amount to the balance, once.  ERR_CODE_UNKNOWN (also: no code
 * by its form), ERR_CODE_USED (by another account), ERR_CODE_EXPIRED,
 * ERR_OUT_OF_RANGE when the balance would pass MONEY_MAX, ERR_CRYPTO.
 * Wrong attempts are the caller's to count.
 */
enum err gift_code_redeem(struct shop_transaction *tx,
    const struct gift_redemption *in, struct gift_redeemed *out);

#endif
