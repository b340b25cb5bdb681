#include "commerced/db/books.h"

#include <inttypes.h>

#include "commerced/db/query.h"
#include "common/log.h"

enum err
db_shop_get(struct db *db, char commerce_id[static COMMERCE_ID_MAX + 1],
    char currency[static CURRENCY_SIZE], bool *found)
{
	struct query query;

	query_begin(&query, db, STMT_SHOP_GET);
	*found = query_next(&query);
	if (*found) {
		row_text_into(&query, commerce_id, COMMERCE_ID_MAX + 1);
		row_text_into(&query, currency, CURRENCY_SIZE);
	}
	return query_end(&query);
}

enum err
db_shop_add(struct db *db, const char *commerce_id, const char *currency,
    int64_t now_ms)
{
	struct query query;

	query_begin(&query, db, STMT_SHOP_ADD);
	query_text(&query, commerce_id);
	query_text(&query, currency);
	query_int(&query, now_ms);
	return query_run(&query);
}

static enum err
db_sequence(struct db *db, enum statement number, int64_t *sequence)
{
	struct query query;
	bool found;
	enum err e;

	query_begin(&query, db, number);
	found = query_next(&query);
	*sequence = found ? row_int(&query) : 0;
	/* An UPDATE with RETURNING is done only when stepped to its end. */
	if (found)
		(void)query_next(&query);
	e = query_end(&query);
	return e || found ? e : ERR_DB;
}

enum err
db_sequence_get(struct db *db, int64_t *sequence)
{
	return db_sequence(db, STMT_SEQUENCE_GET, sequence);
}

enum err
db_sequence_next(struct db *db, int64_t *sequence)
{
	return db_sequence(db, STMT_SEQUENCE_NEXT, sequence);
}

enum err
db_ledger_account_add(struct db *db, int64_t *number)
{
	struct query query;
	enum err e;

	*number = 0;
	query_begin(&query, db, STMT_LEDGER_ACCOUNT_ADD);
	e = query_run(&query);
	if (e)
		return e;
	*number = sqlite3_last_insert_rowid(db->handle);
	query_begin(&query, db, STMT_BALANCE_ADD);
	query_int(&query, *number);
	return query_run(&query);
}

enum err
db_balance_get(struct db *db, int64_t account, int64_t *balance)
{
	struct query query;
	bool found;
	enum err e;

	query_begin(&query, db, STMT_BALANCE_GET);
	query_int(&query, account);
	found = query_next(&query);
	*balance = found ? row_int(&query) : 0;
	e = query_end(&query);
	return e || found ? e : ERR_NOT_FOUND;
}

/*
 * The ledger's own two accounts keep no balance; a buyer's must be there, and
 * so the ledger names no other account.
 */
static enum err
db_balance_change(struct db *db, int64_t account, int64_t amount_minor)
{
	struct query query;
	enum err e;

	if (account == LEDGER_GIFT_ISSUE || account == LEDGER_SALES)
		return ERR_OK;
	query_begin(&query, db, STMT_BALANCE_CHANGE);
	query_int(&query, account);
	query_int(&query, amount_minor);
	e = query_run(&query);
	if (!e && sqlite3_changes(db->handle) != 1) {
		log_error("ledger has no balance account=%" PRId64, account);
		e = ERR_DB;
	}
	return e;
}

enum err
db_transfer_add(struct db *db, const struct transfer *transfer)
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_TRANSFER_ADD);
	query_int(&query, transfer->at_ms);
	query_int(&query, transfer->debit_account);
	query_int(&query, transfer->credit_account);
	query_int(&query, transfer->amount_minor);
	query_int(&query, transfer->kind);
	query_int(&query, transfer->reference);
	e = query_run(&query);
	if (!e)
		e = db_balance_change(db, transfer->debit_account,
		    -transfer->amount_minor);
	if (!e)
		e = db_balance_change(db, transfer->credit_account,
		    transfer->amount_minor);
	return e;
}

enum err
db_admin_key_get(struct db *db, struct admin_key *key, bool *found)
{
	struct query query;

	query_begin(&query, db, STMT_ADMIN_KEY_GET);
	query_text(&query, key->scope);
	query_text(&query, key->key);
	*found = query_next(&query);
	if (*found) {
		row_bytes(&query, key->request_hash, REQUEST_HASH_BYTES);
		key->reference = row_int(&query);
	}
	return query_end(&query);
}

enum err
db_admin_key_add(struct db *db, const struct admin_key *key, int64_t now_ms)
{
	struct query query;

	query_begin(&query, db, STMT_ADMIN_KEY_ADD);
	query_text(&query, key->scope);
	query_text(&query, key->key);
	query_bytes(&query, key->request_hash, REQUEST_HASH_BYTES);
	query_int(&query, key->reference);
	query_int(&query, now_ms);
	return query_run(&query);
}

enum err
db_admin_key_forget(struct db *db, int64_t until_ms)
{
	struct query query;

	query_begin(&query, db, STMT_ADMIN_KEY_FORGET);
	query_int(&query, until_ms);
	return query_run(&query);
}
