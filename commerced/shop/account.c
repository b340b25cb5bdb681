#include "commerced/shop/account.h"

#include <string.h>

#include "commerced/db/accounts.h"
#include "commerced/db/books.h"
#include "commerced/shop/internal.h"
#include "commerced/shop/session.h"

struct password_row
password_to_row(const struct password_hash *hash)
{
	struct password_row row = { .n_log2 = hash->n_log2, .r = hash->r,
	    .p = hash->p };

	memcpy(row.salt, hash->salt, sizeof(row.salt));
	memcpy(row.hash, hash->bytes, sizeof(row.hash));
	return row;
}

static struct password_hash
password_from_row(const struct password_row *row)
{
	struct password_hash hash = { .n_log2 = (uint32_t)row->n_log2,
	    .r = (uint32_t)row->r, .p = (uint32_t)row->p };

	memcpy(hash.salt, row->salt, sizeof(hash.salt));
	memcpy(hash.bytes, row->hash, sizeof(hash.bytes));
	return hash;
}

enum err
account_register(struct shop_transaction *tx,
    const struct account_registration *in, struct session_start *out)
{
	struct account *account = &out->account;
	struct password_row password;
	int64_t other = 0;
	enum err e;

	*out = (struct session_start){ 0 };
	e = db_credentials_by_email(tx->db, in->email, &other, &password);
	if (!e && other != 0)
		e = ERR_EMAIL_TAKEN;
	if (!e)
		e = db_ledger_account_add(tx->db, &account->number);
	if (e)
		return e;
	account->id = shop_uuid(tx->shop, tx->now_ms);
	account->created_ms = tx->now_ms;
	memcpy(account->email, in->email, sizeof(account->email));
	password = password_to_row(&in->password);
	e = db_account_add(tx->db, account, &password);
	return e ? e : session_begin(tx, account->number, out);
}

enum err
account_credentials_get(struct shop *shop, const char *email,
    struct credentials *out)
{
	struct password_row row = { 0 };
	struct db *db;
	enum err e;

	*out = (struct credentials){ 0 };
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_credentials_by_email(db, email, &out->account, &row);
	reader_return(shop, db);
	if (out->account != 0)
		out->password = password_from_row(&row);
	else
		password_hash_dummy(&out->password);
	return e;
}

enum err
account_password_get(struct shop *shop, int64_t account,
    struct credentials *out)
{
	struct password_row row = { 0 };
	struct db *db;
	enum err e;

	*out = (struct credentials){ .account = account };
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_credentials_get(db, &out->account, &row);
	reader_return(shop, db);
	if (!e && out->account == 0)
		e = ERR_SESSION_EXPIRED;
	out->password = password_from_row(&row);
	return e;
}

/* Another password or none since it was verified: start over. */
static enum err
credentials_check(struct shop_transaction *tx, const struct credentials *in)
{
	struct password_row now = { 0 };
	int64_t account = in->account;
	enum err e;

	if (account == 0)
		return ERR_SIGN_IN_REFUSED;
	e = db_credentials_get(tx->db, &account, &now);
	if (e)
		return e;
	return account == 0 || memcmp(now.hash, in->password.bytes,
	    sizeof(now.hash)) != 0 || memcmp(now.salt, in->password.salt,
	    sizeof(now.salt)) != 0 ? ERR_SIGN_IN_REFUSED : ERR_OK;
}

enum err
session_create(struct shop_transaction *tx, const struct credentials *in,
    struct session_start *out)
{
	enum err e;

	*out = (struct session_start){ 0 };
	e = credentials_check(tx, in);
	if (!e)
		e = db_account_get(tx->db, in->account, &out->account);
	return e ? e : session_begin(tx, in->account, out);
}

/* The old address is to be found nowhere. */
static enum err
account_set_email(struct shop_transaction *tx, int64_t account,
    const char *email)
{
	struct password_row password;
	int64_t other = 0;
	enum err e;

	e = db_credentials_by_email(tx->db, email, &other, &password);
	if (!e && other != 0 && other != account)
		e = ERR_EMAIL_TAKEN;
	if (!e)
		e = db_account_set_email(tx->db, account, email);
	if (!e)
		shop_want_purge(tx);
	return e;
}

enum err
account_change(struct shop_transaction *tx, const struct account_change *in,
    struct account *out)
{
	const struct password_row password = password_to_row(&in->password);
	const int64_t account = in->verified.account;
	enum err e;

	*out = (struct account){ 0 };
	e = credentials_check(tx, &in->verified);
	if (!e && in->email[0] != '\0')
		e = account_set_email(tx, account, in->email);
	if (!e && in->has_password)
		e = db_account_set_password(tx->db, account, &password);
	if (!e)
		e = db_session_end_others(tx->db, account, in->session);
	if (!e)
		e = db_reset_code_remove(tx->db, account);
	return e ? e : db_account_get(tx->db, account, out);
}

enum err
account_get(struct shop *shop, int64_t account, struct account *out)
{
	struct db *db;
	enum err e;

	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_account_get(db, account, out);
	reader_return(shop, db);
	return e;
}
