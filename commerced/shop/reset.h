/* A new password by a code that the shop's people issued. */
#ifndef COMMERCED_SHOP_RESET_H
#define COMMERCED_SHOP_RESET_H

#include "commerced/model.h"
#include "commerced/shop/password.h"
#include "commerced/shop/shop.h"

#define RESET_CODE_LIFETIME_S (INT64_C(24) * 3600)

struct reset_code {
	char code[CODE_TEXT_SIZE];	/* shown once, kept nowhere */
	int64_t expires_ms;
};

/* A code for the account; the one before is void.  ERR_NOT_FOUND. */
enum err reset_code_issue(struct shop_transaction *tx,
    const struct uuid *account, struct reset_code *out);

struct password_reset {
	const char *code;		/* as typed; borrowed until done() */
	size_t code_length;
	struct password_hash password;
};

/* Is it one?  ERR_CODE_UNKNOWN (used, too), ERR_CODE_EXPIRED. */
enum err reset_code_check(struct shop *shop, const char *code,
    size_t length);

/*
 * Set the password, end all sessions of the account, and the code.  The
 * errors of reset_code_check().
 */
enum err password_reset(struct shop_transaction *tx,
    const struct password_reset *in);

#endif
