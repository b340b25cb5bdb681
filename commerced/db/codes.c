#include "commerced/db/codes.h"

#include "commerced/db/query.h"

enum err
db_gift_batch_add(struct db *db, struct gift_batch *batch)
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_GIFT_BATCH_ADD);
	query_uuid(&query, &batch->id);
	query_int(&query, batch->amount_minor);
	query_int(&query, batch->count);
	if (batch->expires_ms == 0)
		query_null(&query);
	else
		query_int(&query, batch->expires_ms);
	query_text(&query, batch->master_key);
	query_int(&query, batch->created_ms);
	e = query_run(&query);
	batch->number = e ? 0 : sqlite3_last_insert_rowid(db->handle);
	return e;
}

enum err
db_gift_batch_get(struct db *db, int64_t number, struct gift_batch *out)
{
	struct query query;
	bool found;
	enum err e;

	*out = (struct gift_batch){ .number = number };
	query_begin(&query, db, STMT_GIFT_BATCH_GET);
	query_int(&query, number);
	found = query_next(&query);
	if (found) {
		out->id = row_uuid(&query);
		out->amount_minor = row_int(&query);
		out->count = row_int(&query);
		out->expires_ms = row_int(&query);
		row_text_into(&query, out->master_key,
		    sizeof(out->master_key));
	}
	e = query_end(&query);
	return e || found ? e : ERR_NOT_FOUND;
}

enum err
db_gift_code_add(struct db *db, int64_t batch, int64_t position,
    const uint8_t lookup[static DB_CODE_LOOKUP_BYTES])
{
	struct query query;

	query_begin(&query, db, STMT_GIFT_CODE_ADD);
	query_int(&query, batch);
	query_int(&query, position);
	query_bytes(&query, lookup, DB_CODE_LOOKUP_BYTES);
	return query_run(&query);
}

enum err
db_gift_code_get(struct db *db,
    const uint8_t lookup[static DB_CODE_LOOKUP_BYTES],
    struct gift_code_row *out)
{
	struct query query;
	bool found;
	enum err e;

	*out = (struct gift_code_row){ 0 };
	query_begin(&query, db, STMT_GIFT_CODE_GET);
	query_bytes(&query, lookup, DB_CODE_LOOKUP_BYTES);
	found = query_next(&query);
	if (found) {
		out->number = row_int(&query);
		out->amount_minor = row_int(&query);
		out->expires_ms = row_int(&query);
		out->redeemed_by = row_int(&query);
	}
	e = query_end(&query);
	return e || found ? e : ERR_NOT_FOUND;
}

enum err
db_gift_code_take(struct db *db, int64_t code, int64_t account,
    int64_t now_ms)
{
	struct query query;

	query_begin(&query, db, STMT_GIFT_CODE_TAKE);
	query_int(&query, code);
	query_int(&query, account);
	query_int(&query, now_ms);
	return query_run(&query);
}
