/* The shop's own row, the ledger, and the remembered requests of its people.
 * Every function: the errors of db.h.
 */
#ifndef COMMERCED_DB_BOOKS_H
#define COMMERCED_DB_BOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/db/db.h"
#include "commerced/model.h"

enum ledger_number { LEDGER_GIFT_ISSUE = 1, LEDGER_SALES = 2 };
enum transfer_kind { TRANSFER_GIFT = 1, TRANSFER_SALE = 2,
	TRANSFER_REFUND = 3, TRANSFER_FORFEIT = 4 };

/* Whose books these are; *found is false for new ones. */
enum err db_shop_get(struct db *db, char commerce_id[static COMMERCE_ID_MAX
    + 1], char currency[static CURRENCY_SIZE], bool *found);
enum err db_shop_add(struct db *db, const char *commerce_id,
    const char *currency, int64_t now_ms);

/* shop.sequence, and the next one. */
enum err db_sequence_get(struct db *db, int64_t *sequence);
enum err db_sequence_next(struct db *db, int64_t *sequence);

/* A buyer's ledger account with balance 0. */
enum err db_ledger_account_add(struct db *db, int64_t *number);

/* A buyer's balance.  ERR_NOT_FOUND, also when the person has gone. */
enum err db_balance_get(struct db *db, int64_t account, int64_t *balance);

struct transfer {
	int64_t at_ms;
	int64_t debit_account;
	int64_t credit_account;
	int64_t amount_minor;
	enum transfer_kind kind;
	int64_t reference;
};

/*
 * Record a transfer and change the balances of the buyers in it; ERR_DB when
 * one would leave 0 to MONEY_MAX, which callers look at before.
 */
enum err db_transfer_add(struct db *db, const struct transfer *transfer);

struct admin_key {
	const char *scope;
	const char *key;
	uint8_t request_hash[REQUEST_HASH_BYTES];
	int64_t reference;
};

/* Fills request_hash and reference for scope and key. */
enum err db_admin_key_get(struct db *db, struct admin_key *key, bool *found);
enum err db_admin_key_add(struct db *db, const struct admin_key *key,
    int64_t now_ms);
/* Those made at that time or before. */
enum err db_admin_key_forget(struct db *db, int64_t until_ms);

#endif
