#include "commerced/shop/person.h"

#include "commerced/db/accounts.h"
#include "commerced/db/books.h"
#include "commerced/db/library.h"
#include "commerced/db/person.h"
#include "commerced/db/purchases.h"
#include "commerced/shop/internal.h"

#define PERSON_ROWS_MAX ((size_t)INT32_MAX)	/* of receipts and files */

/* Forfeited credit is the shop's income. */
static enum err
account_forfeit(struct shop_transaction *tx, int64_t account,
    int64_t balance_minor)
{
	const struct transfer transfer = { .at_ms = tx->now_ms,
	    .debit_account = account, .credit_account = LEDGER_SALES,
	    .amount_minor = balance_minor, .kind = TRANSFER_FORFEIT,
	    .reference = account };

	return db_transfer_add(tx->db, &transfer);
}

enum err
account_delete(struct shop_transaction *tx, const struct account_deletion *in,
    int64_t *balance_minor)
{
	enum err e;

	e = db_balance_get(tx->db, in->account, balance_minor);
	if (e == ERR_NOT_FOUND)
		return ERR_SESSION_EXPIRED;
	if (!e && *balance_minor > 0)
		e = in->forfeit ? account_forfeit(tx, in->account,
		    *balance_minor) : ERR_BALANCE_LEFT;
	if (!e)
		e = db_person_forget(tx->db, in->account);
	if (!e)
		shop_want_purge(tx);
	return e;
}

static enum err
person_read(struct db *db, int64_t account, int64_t now_ms,
    struct person *out)
{
	struct session_rows sessions = { .sessions = out->sessions,
	    .capacity = PERSON_SESSIONS_MAX };
	const struct library_filter library = { .account = account,
	    .limit = PERSON_ROWS_MAX, .after = { .bought_ms = INT64_MAX,
	    .item = INT64_MAX } };
	struct library_place last = { 0 };
	enum err e;

	e = db_account_get(db, account, &out->account);
	if (!e)
		e = db_session_list(db, account, now_ms, &sessions);
	out->session_count = sessions.count;
	if (!e)
		e = db_purchase_list(db, account, INT64_MAX, PERSON_ROWS_MAX,
		    &out->purchases);
	if (!e)
		e = db_library_list(db, &library, &out->library, &last);
	return e ? e : db_person_read(db, account, out);
}

enum err
person_get(struct shop *shop, int64_t account, struct person *out)
{
	struct db *db;
	enum err e;

	person_clear(out);
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = person_read(db, account, shop_now_ms(shop), out);
	reader_return(shop, db);
	if (e)
		person_clear(out);
	return e;
}
