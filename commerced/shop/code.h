/* Gift codes: made in batches by the shop's people, each taken once.  A code
 * is never stored (docs/protocol.md, section 3).
 */
#ifndef COMMERCED_SHOP_CODE_H
#define COMMERCED_SHOP_CODE_H

#include <stdbool.h>

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
	size_t count;
	int64_t amount_minor;
	int64_t expires_ms;		/* 0: never */
	bool is_replayed;
};

/*
 * Issue a batch; a repetition computes the same codes again.
 * ERR_OUT_OF_RANGE, ERR_IDEMPOTENCY_KEY_REUSED, ERR_KEY_FILE (the master key
 * of a repeated batch is gone), ERR_CRYPTO.  *member, where ERR_OUT_OF_RANGE,
 * names the member at fault.  Cleared (and wiped) by gift_codes_clear().
 */
enum err gift_codes_issue(struct shop_transaction *tx,
    const struct gift_codes_request *in, struct gift_codes *out,
    const char **member);
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
