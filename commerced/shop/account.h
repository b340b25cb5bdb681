/* Accounts and their sessions. */
#ifndef COMMERCED_SHOP_ACCOUNT_H
#define COMMERCED_SHOP_ACCOUNT_H

#include <stdbool.h>

#include "commerced/model.h"
#include "commerced/shop/password.h"
#include "commerced/shop/shop.h"

#define SESSION_TOUCH_S INT64_C(3600)	/* used_ms is on disk to this */
#define SESSIONS_MAX 20			/* of one account */

/*
 * The one spelling under which an address is kept and looked up: ASCII
 * letters in lower case; local part a dot-atom of at most 64 bytes, domain
 * of two or more LDH labels.  ERR_EMAIL_MALFORMED.
 */
enum err email_normalise(char email[static EMAIL_MAX + 1], const char *text,
    size_t length);

/* What registration and sign-in answer. */
struct session_start {
	struct account account;
	struct session session;
	char token[SESSION_TOKEN_LENGTH + 1];	/* known to nobody else */
};

struct account_registration {
	char email[EMAIL_MAX + 1];	/* from email_normalise() */
	struct password_hash password;
};

/* A new account and its first session.  ERR_EMAIL_TAKEN. */
enum err account_register(struct shop_transaction *tx,
    const struct account_registration *in, struct session_start *out);

/* What a password is checked against. */
struct credentials {
	int64_t account;		/* 0: there is no such account */
	struct password_hash password;	/* then one that no password opens, at
					 * the same cost: verify all the same */
};

/*
 * For a normalised address.  An unknown one is ERR_OK with account 0.
 * Errors: those of the database.
 */
enum err account_credentials_get(struct shop *shop, const char *email,
    struct credentials *out);

/*
 * A new session, after password_verify() said ERR_OK for these credentials.
 * The least recently used session beyond SESSIONS_MAX ends.
 * ERR_SIGN_IN_REFUSED when account is 0 or the password changed meanwhile.
 */
enum err session_create(struct shop_transaction *tx,
    const struct credentials *in, struct session_start *out);

/*
 * Whose token is this?  Takes a few microseconds.  ERR_SESSION_EXPIRED for
 * everything that is not a session now.
 */
enum err session_authenticate(struct shop *shop, const char *token,
    size_t length, struct session *out);

/* Is it time to run session_touch()?  (At most once an hour and session.) */
bool session_wants_touch(const struct shop *shop,
    const struct session *session);

/* Slide the session's end.  ERR_OK also when it ended meanwhile. */
enum err session_touch(struct shop_transaction *tx,
    const struct session *session);

/* End one session of an account.  ERR_NOT_FOUND. */
enum err session_end(struct shop_transaction *tx, int64_t account,
    const struct uuid *session);

struct session_page {
	struct session sessions[SESSIONS_MAX];
	size_t count;
	char *next;		/* cursor; NULL: there are no more */
};

/*
 * The live ones, most recently used first: at most limit (1 or more) after
 * cursor, NULL for the start.  out->next is the caller's to free.
 * ERR_MALFORMED_CURSOR.
 */
enum err session_list(struct shop *shop, int64_t account, size_t limit,
    const char *cursor, struct session_page *out);

/* What the account's own password is checked against.  ERR_SESSION_EXPIRED:
 * the account is gone. */
enum err account_password_get(struct shop *shop, int64_t account,
    struct credentials *out);

struct account_change {
	struct credentials verified;	/* password_verify() said ERR_OK */
	int64_t session;		/* number of the one that goes on */
	char email[EMAIL_MAX + 1];	/* normalised; "": stays */
	bool has_password;
	struct password_hash password;
};

/*
 * A new address, password or both; all other sessions and a reset code end.
 * ERR_EMAIL_TAKEN; ERR_SIGN_IN_REFUSED when the password changed meanwhile.
 */
enum err account_change(struct shop_transaction *tx,
    const struct account_change *in, struct account *out);

/* ERR_NOT_FOUND. */
enum err account_get(struct shop *shop, int64_t account,
    struct account *out);

#endif
