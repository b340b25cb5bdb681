#include "commerced/shop/reset.h"

#include <string.h>

#include "commerced/db/accounts.h"
#include "commerced/shop/internal.h"
#include "commerced/shop/session.h"
#include "common/secret.h"

/* What the row of a code has, under whichever master key it was issued. */
static enum err
reset_code_find(struct shop *shop, struct db *db, const char *code,
    size_t length, struct reset_row *row)
{
	const struct master_keys *keys = shop_master_keys(shop);
	char characters[CODE_CHARACTERS + 1];
	uint8_t lookup[CODE_LOOKUP_BYTES];
	enum err e = ERR_NOT_FOUND;

	if (code_normalise(characters, code, length))
		return ERR_CODE_UNKNOWN;
	for (size_t i = 0; e == ERR_NOT_FOUND && i < keys_count(keys); i++) {
		e = keys_code_lookup(lookup, keys, keys_id(keys, i),
		    CODE_RESET, characters);
		if (!e)
			e = db_reset_code_get(db, lookup, row);
	}
	secret_wipe(characters, sizeof(characters));
	if (!e && row->expires_ms <= shop_now_ms(shop))
		e = ERR_CODE_EXPIRED;
	return e == ERR_NOT_FOUND ? ERR_CODE_UNKNOWN : e;
}

enum err
reset_code_issue(struct shop_transaction *tx, const struct uuid *account,
    struct reset_code *out)
{
	const struct master_keys *keys = shop_master_keys(tx->shop);
	const struct code_name name = { .kind = CODE_RESET,
	    .owner = shop_uuid(tx->shop, tx->now_ms) };
	char characters[CODE_CHARACTERS + 1];
	uint8_t lookup[CODE_LOOKUP_BYTES];
	struct reset_row row = { .expires_ms = tx->now_ms +
	    RESET_CODE_LIFETIME_S * 1000 };
	enum err e;

	*out = (struct reset_code){ .expires_ms = row.expires_ms };
	e = db_account_by_id(tx->db, account, &row.account);
	if (!e)
		e = keys_code(out->code, keys, keys_first_id(keys), &name);
	if (!e)
		e = code_normalise(characters, out->code, strlen(out->code));
	if (!e)
		e = keys_code_lookup(lookup, keys, keys_first_id(keys),
		    CODE_RESET, characters);
	secret_wipe(characters, sizeof(characters));
	return e ? e : db_reset_code_set(tx->db, lookup, &row);
}

enum err
reset_code_check(struct shop *shop, const char *code, size_t length)
{
	struct reset_row row;
	struct db *db;
	enum err e;

	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = reset_code_find(shop, db, code, length, &row);
	reader_return(shop, db);
	return e;
}

enum err
password_reset(struct shop_transaction *tx, const struct password_reset *in)
{
	const struct password_row password = password_to_row(&in->password);
	struct reset_row row;
	enum err e;

	e = reset_code_find(tx->shop, tx->db, in->code, in->code_length,
	    &row);
	if (!e)
		e = db_account_set_password(tx->db, row.account, &password);
	if (!e)
		e = db_session_end_others(tx->db, row.account, 0);
	return e ? e : db_reset_code_remove(tx->db, row.account);
}
