/* Accounts and sessions.  Every function: the errors of db.h. */
#ifndef COMMERCED_DB_ACCOUNTS_H
#define COMMERCED_DB_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/db/db.h"
#include "commerced/model.h"

#define DB_TOKEN_HASH_BYTES 32

/* A password's hash as the row keeps it. */
struct password_row {
	int64_t n_log2, r, p;
	uint8_t salt[16];
	uint8_t hash[32];
};

/* Where a list of sessions goes; the caller's memory. */
struct session_rows {
	struct session *sessions;
	size_t capacity;
	size_t count;
};

/* account->number is that of a ledger account without a person. */
enum err db_account_add(struct db *db, const struct account *account,
    const struct password_row *password);

/* ERR_NOT_FOUND. */
enum err db_account_get(struct db *db, int64_t number, struct account *out);

/* *number is 0 when there is none. */
enum err db_credentials_by_email(struct db *db, const char *email,
    int64_t *number, struct password_row *out);
enum err db_credentials_get(struct db *db, int64_t *number,
    struct password_row *out);

/*
 * Sets session->number, which is of the token's hash.  *is_taken: another
 * session has that number, and this one was not added.
 */
enum err db_session_add(struct db *db, struct session *session,
    const uint8_t token_hash[static DB_TOKEN_HASH_BYTES], bool *is_taken);
/* Expired or not.  ERR_NOT_FOUND. */
enum err db_session_by_token(struct db *db,
    const uint8_t token_hash[static DB_TOKEN_HASH_BYTES],
    struct session *out);
enum err db_session_touch(struct db *db, int64_t number, int64_t used_ms,
    int64_t expires_ms);
/*
 * Those that have not expired at now_ms, in no order, up to out->capacity.
 */
enum err db_session_list(struct db *db, int64_t account, int64_t now_ms,
    struct session_rows *out);
/* ERR_NOT_FOUND when there is none that has not expired. */
enum err db_session_end(struct db *db, int64_t account,
    const struct uuid *id, int64_t now_ms);
enum err db_session_forget_expired(struct db *db, int64_t account,
    int64_t now_ms);
/* All of the account but the one with that number; 0: all. */
enum err db_session_end_others(struct db *db, int64_t account,
    int64_t session);

/* The number of an account by its outward id.  ERR_NOT_FOUND. */
enum err db_account_by_id(struct db *db, const struct uuid *id,
    int64_t *number);
/* ERR_DB when another account has that address. */
enum err db_account_set_email(struct db *db, int64_t account,
    const char *email);
enum err db_account_set_password(struct db *db, int64_t account,
    const struct password_row *password);

#define DB_RESET_LOOKUP_BYTES 32

struct reset_row {
	int64_t account;
	int64_t expires_ms;
};
/* In place of the account's code before. */
enum err db_reset_code_set(struct db *db,
    const uint8_t lookup[static DB_RESET_LOOKUP_BYTES],
    const struct reset_row *row);
/* ERR_NOT_FOUND. */
enum err db_reset_code_get(struct db *db,
    const uint8_t lookup[static DB_RESET_LOOKUP_BYTES],
    struct reset_row *out);
enum err db_reset_code_remove(struct db *db, int64_t account);

#endif
