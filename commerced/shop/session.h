/* Between account.c, reset.c and session.c; others include account.h. */
#ifndef COMMERCED_SHOP_SESSION_H
#define COMMERCED_SHOP_SESSION_H

#include "commerced/db/accounts.h"
#include "commerced/shop/account.h"

/*
 * A session for an account that may have one; fills out->session and
 * out->token.  The least recently used ones beyond SESSIONS_MAX end.
 */
enum err session_begin(struct shop_transaction *tx, int64_t account,
    struct session_start *out);

struct password_row password_to_row(const struct password_hash *hash);

#endif
