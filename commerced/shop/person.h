/* An account's end, and all that is held about its person. */
#ifndef COMMERCED_SHOP_PERSON_H
#define COMMERCED_SHOP_PERSON_H

#include <stdbool.h>

#include "commerced/model.h"
#include "commerced/shop/shop.h"

struct account_deletion {
	int64_t account;
	bool forfeit;		/* what is left of the balance */
};

/*
 * The person goes, with address, password, sessions and what they owned; the
 * books keep the account's number, its receipts and transfers.  Within
 * seconds nothing of it is left in the files of the database either.
 * ERR_BALANCE_LEFT, with the balance in *balance_minor, unless forfeit: then
 * it goes to the sales.  ERR_SESSION_EXPIRED when the account is gone.
 */
enum err account_delete(struct shop_transaction *tx,
    const struct account_deletion *in, int64_t *balance_minor);

/*
 * All of it, as of one moment; to be cleared by person_clear().  Looks at the
 * whole ledger: for worker threads.  ERR_NOT_FOUND.
 */
enum err person_get(struct shop *shop, int64_t account, struct person *out);

#endif
