#include "commerced/shop/code.h"

#include <stdlib.h>
#include <string.h>

#include "commerced/db/books.h"
#include "commerced/db/codes.h"
#include "commerced/shop/code_find.h"
#include "commerced/shop/internal.h"
#include "common/secret.h"

void
gift_codes_clear(struct gift_codes *codes)
{
	if (codes->codes != NULL)
		secret_wipe(codes->codes,
		    codes->count * sizeof(codes->codes[0]));
	free(codes->codes);
	*codes = (struct gift_codes){ 0 };
}

static enum err
gift_codes_check(const struct gift_codes_request *in, int64_t now_ms,
    const char **member)
{
	*member = "amount";
	if (in->amount_minor < 1 || in->amount_minor > MONEY_MAX)
		return ERR_OUT_OF_RANGE;
	*member = "count";
	if (in->count < 1 || in->count > GIFT_CODES_MAX)
		return ERR_OUT_OF_RANGE;
	*member = "expires_at";
	if (in->expires_ms < 0 ||
	    (in->expires_ms != 0 && in->expires_ms <= now_ms))
		return ERR_OUT_OF_RANGE;
	*member = NULL;
	return ERR_OK;
}

/* The codes of a batch, which are kept nowhere, as text. */
static enum err
gift_codes_compute(struct shop_transaction *tx,
    const struct gift_batch *batch, struct gift_codes *out)
{
	struct code_name name = { .kind = CODE_GIFT, .owner = batch->id };
	size_t count = (size_t)batch->count;
	enum err e = ERR_OK;

	out->codes = calloc(count, sizeof(out->codes[0]));
	if (out->codes == NULL)
		return ERR_NO_MEMORY;
	out->count = count;
	out->amount_minor = batch->amount_minor;
	out->expires_ms = batch->expires_ms;
	for (size_t i = 0; !e && i < count; i++) {
		name.index = (uint32_t)i;
		e = keys_code(out->codes[i], tx->shop->options.master_keys,
		    batch->master_key, &name);
	}
	return e;
}

/* One row for each code: what it is looked up by. */
static enum err
gift_codes_write(struct shop_transaction *tx, const struct gift_batch *batch,
    const struct gift_codes *codes)
{
	char characters[CODE_CHARACTERS + 1];
	uint8_t lookup[CODE_LOOKUP_BYTES];
	enum err e = ERR_OK;

	for (size_t i = 0; !e && i < codes->count; i++) {
		e = code_normalise(characters, codes->codes[i],
		    strlen(codes->codes[i]));
		if (!e)
			e = keys_code_lookup(lookup,
			    tx->shop->options.master_keys, batch->master_key,
			    CODE_GIFT, characters);
		if (!e)
			e = db_gift_code_add(tx->db, batch->number,
			    (int64_t)i, lookup);
	}
	secret_wipe(characters, sizeof(characters));
	return e;
}

static enum err
gift_codes_issue_new(struct shop_transaction *tx,
    const struct gift_codes_request *in, struct gift_codes *out,
    int64_t *number)
{
	struct gift_batch batch = { .id = shop_uuid(tx->shop, tx->now_ms),
	    .amount_minor = in->amount_minor, .count = in->count,
	    .expires_ms = in->expires_ms, .created_ms = tx->now_ms };
	enum err e;

	(void)stpncpy(batch.master_key,
	    keys_first_id(tx->shop->options.master_keys),
	    sizeof(batch.master_key) - 1);
	e = db_gift_batch_add(tx->db, &batch);
	if (!e)
		e = gift_codes_compute(tx, &batch, out);
	if (!e)
		e = gift_codes_write(tx, &batch, out);
	*number = batch.number;
	return e;
}

static enum err
gift_codes_replay(struct shop_transaction *tx, int64_t number,
    struct gift_codes *out)
{
	struct gift_batch batch;
	enum err e;

	e = db_gift_batch_get(tx->db, number, &batch);
	out->is_replayed = true;
	return e ? e : gift_codes_compute(tx, &batch, out);
}

enum err
gift_codes_issue(struct shop_transaction *tx,
    const struct gift_codes_request *in, struct gift_codes *out,
    const char **member)
{
	int64_t number = 0;
	enum err e;

	gift_codes_clear(out);
	*member = NULL;
	e = admin_request_find(tx, &in->request, &number);
	if (!e && number != 0)
		return gift_codes_replay(tx, number, out);
	if (!e)
		e = gift_codes_check(in, tx->now_ms, member);
	if (!e)
		e = gift_codes_issue_new(tx, in, out, &number);
	return e ? e : admin_request_remember(tx, &in->request, number);
}

enum err
code_find(struct shop_transaction *tx, const struct code_typed *typed,
    code_row *find, void *row)
{
	const struct master_keys *keys = tx->shop->options.master_keys;
	char characters[CODE_CHARACTERS + 1];
	uint8_t lookup[CODE_LOOKUP_BYTES];
	enum err e;

	if (code_normalise(characters, typed->text, typed->length))
		return ERR_CODE_UNKNOWN;
	e = ERR_NOT_FOUND;
	for (size_t i = 0; e == ERR_NOT_FOUND && i < keys_count(keys); i++) {
		e = keys_code_lookup(lookup, keys, keys_id(keys, i),
		    typed->kind, characters);
		if (!e)
			e = find(tx->db, lookup, row);
	}
	secret_wipe(characters, sizeof(characters));
	return e == ERR_NOT_FOUND ? ERR_CODE_UNKNOWN : e;
}

static enum err
gift_code_find(struct db *db,
    const uint8_t lookup[static CODE_LOOKUP_BYTES], void *row)
{
	return db_gift_code_get(db, lookup, row);
}

static enum err
gift_code_take(struct shop_transaction *tx, int64_t account,
    const struct gift_code_row *code)
{
	const struct transfer transfer = { .at_ms = tx->now_ms,
	    .debit_account = LEDGER_GIFT_ISSUE, .credit_account = account,
	    .amount_minor = code->amount_minor, .kind = TRANSFER_GIFT,
	    .reference = code->number };
	enum err e;

	e = db_gift_code_take(tx->db, code->number, account, tx->now_ms);
	return e ? e : db_transfer_add(tx->db, &transfer);
}

enum err
gift_code_redeem(struct shop_transaction *tx,
    const struct gift_redemption *in, struct gift_redeemed *out)
{
	const struct code_typed typed = { .kind = CODE_GIFT,
	    .text = in->code, .length = in->code_length };
	struct gift_code_row code = { 0 };
	enum err e;

	*out = (struct gift_redeemed){ 0 };
	e = db_balance_get(tx->db, in->account, &out->balance_minor);
	if (e == ERR_NOT_FOUND)		/* the account was deleted meanwhile */
		e = ERR_SESSION_EXPIRED;
	if (!e)
		e = code_find(tx, &typed, gift_code_find, &code);
	if (e)
		return e;
	if (code.redeemed_by != 0) {
		out->is_replayed = code.redeemed_by == in->account;
		return out->is_replayed ? ERR_OK : ERR_CODE_USED;
	}
	if (code.expires_ms != 0 && code.expires_ms <= tx->now_ms)
		return ERR_CODE_EXPIRED;
	if (out->balance_minor > MONEY_MAX - code.amount_minor)
		return ERR_OUT_OF_RANGE;
	out->balance_minor += code.amount_minor;
	return gift_code_take(tx, in->account, &code);
}
