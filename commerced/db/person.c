#include "commerced/db/person.h"

#include "commerced/db/query.h"
#include "commerced/db/rows.h"

enum err
db_person_forget(struct db *db, int64_t account)
{
	enum err e = ERR_OK;

	for (unsigned i = STMT_PERSON_FORGET;
	    !e && i <= STMT_PERSON_FORGET_LAST; i++) {
		struct query query;

		query_begin(&query, db, (enum statement)i);
		query_int(&query, account);
		e = query_run(&query);
	}
	return e;
}

static enum err
db_person_read_owned(struct db *db, int64_t account, struct person *out)
{
	struct query query;

	query_begin(&query, db, STMT_PERSON_OWNED);
	query_int(&query, account);
	while (query_next(&query)) {
		struct owned_item *owned = db_array_grow(out->owned,
		    out->owned_count, sizeof(*owned));

		if (owned == NULL) {
			query.error = ERR_NO_MEMORY;
			break;
		}
		out->owned = owned;
		owned += out->owned_count++;
		owned->item = row_uuid(&query);
		owned->title = row_text(&query);
		owned->source = row_int(&query);
		owned->since_ms = row_int(&query);
	}
	return query_end(&query);
}

static enum err
db_person_read_transfers(struct db *db, int64_t account, struct person *out)
{
	struct query query;

	query_begin(&query, db, STMT_PERSON_TRANSFERS);
	query_int(&query, account);
	while (query_next(&query)) {
		struct person_transfer *transfers = db_array_grow(
		    out->transfers, out->transfer_count, sizeof(*transfers));

		if (transfers == NULL) {
			query.error = ERR_NO_MEMORY;
			break;
		}
		out->transfers = transfers;
		transfers += out->transfer_count++;
		transfers->at_ms = row_int(&query);
		transfers->kind = row_int(&query);
		transfers->amount_minor = row_int(&query);
	}
	return query_end(&query);
}

static enum err
db_person_read_claims(struct db *db, int64_t account, struct person *out)
{
	struct query query;

	query_begin(&query, db, STMT_PERSON_CLAIMS);
	query_int(&query, account);
	while (query_next(&query)) {
		struct person_claim *claims = db_array_grow(out->claims,
		    out->claim_count, sizeof(*claims));

		if (claims == NULL) {
			query.error = ERR_NO_MEMORY;
			break;
		}
		out->claims = claims;
		claims += out->claim_count++;
		claims->source = row_int(&query);
		claims->reference = row_text(&query);
		claims->claimed_ms = row_int(&query);
	}
	return query_end(&query);
}

static enum err
db_person_read_refunds(struct db *db, int64_t account, struct person *out)
{
	struct query query;

	query_begin(&query, db, STMT_PERSON_REFUNDS);
	query_int(&query, account);
	while (query_next(&query)) {
		struct person_refund *refunds = db_array_grow(out->refunds,
		    out->refund_count, sizeof(*refunds));

		if (refunds == NULL) {
			query.error = ERR_NO_MEMORY;
			break;
		}
		out->refunds = refunds;
		refunds += out->refund_count++;
		refunds->purchase = row_int(&query);
		refunds->amount_minor = row_int(&query);
		refunds->reason = row_text(&query);
		refunds->at_ms = row_int(&query);
	}
	return query_end(&query);
}

static enum err
db_person_read_keys(struct db *db, int64_t account, struct person *out)
{
	struct query query;

	query_begin(&query, db, STMT_PERSON_KEYS);
	query_int(&query, account);
	while (query_next(&query)) {
		char **keys = db_array_grow(out->keys, out->key_count,
		    sizeof(*keys));

		if (keys == NULL) {
			query.error = ERR_NO_MEMORY;
			break;
		}
		out->keys = keys;
		keys[out->key_count++] = row_text(&query);
	}
	return query_end(&query);
}

static enum err
db_person_read_reset(struct db *db, int64_t account, struct person *out)
{
	struct query query;

	query_begin(&query, db, STMT_PERSON_RESET);
	query_int(&query, account);
	out->reset_expires_ms = query_next(&query) ? row_int(&query) : 0;
	return query_end(&query);
}

enum err
db_person_read(struct db *db, int64_t account, struct person *out)
{
	enum err e;

	e = db_person_read_owned(db, account, out);
	if (!e)
		e = db_person_read_transfers(db, account, out);
	if (!e)
		e = db_person_read_claims(db, account, out);
	if (!e)
		e = db_person_read_refunds(db, account, out);
	if (!e)
		e = db_person_read_keys(db, account, out);
	return e ? e : db_person_read_reset(db, account, out);
}
