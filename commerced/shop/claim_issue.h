/* Between claim.c, purchase.c and refund.c; others include claim.h. */
#ifndef COMMERCED_SHOP_CLAIM_ISSUE_H
#define COMMERCED_SHOP_CLAIM_ISSUE_H

#include "commerced/db/claims.h"
#include "commerced/shop/claim.h"

/*
 * A code for items (their numbers) as they are sold now.  Of claim the kind,
 * purchase, reference and expires_ms are given, the rest is set.
 */
enum err claim_issue(struct shop_transaction *tx, struct claim_row *claim,
    const int64_t *items, size_t count, char code[static CODE_TEXT_SIZE]);

/* The code that a gift was given with, computed again. */
enum err claim_code_of_gift(struct shop_transaction *tx, int64_t purchase,
    char code[static CODE_TEXT_SIZE]);

#endif
