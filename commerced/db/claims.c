#include "commerced/db/claims.h"

#include "commerced/db/query.h"
#include "commerced/db/rows.h"

/* 0 stands for null. */
static void
query_int_or_null(struct query *query, int64_t value)
{
	if (value == 0)
		query_null(query);
	else
		query_int(query, value);
}

enum err
db_claim_add(struct db *db, struct claim_row *claim,
    const uint8_t lookup[static DB_CODE_LOOKUP_BYTES], int64_t now_ms)
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_CLAIM_ADD);
	query_uuid(&query, &claim->id);
	query_int(&query, claim->kind);
	query_int_or_null(&query, claim->purchase);
	query_text(&query, claim->reference[0] == '\0' ? NULL :
	    claim->reference);
	query_text(&query, claim->master_key);
	query_bytes(&query, lookup, DB_CODE_LOOKUP_BYTES);
	query_int(&query, claim->sequence);
	query_int(&query, now_ms);
	query_int_or_null(&query, claim->expires_ms);
	e = query_run(&query);
	claim->number = e ? 0 : sqlite3_last_insert_rowid(db->handle);
	return e;
}

enum err
db_claim_item_add(struct db *db, int64_t claim, int64_t position,
    int64_t item)
{
	struct query query;

	query_begin(&query, db, STMT_CLAIM_ITEM_ADD);
	query_int(&query, claim);
	query_int(&query, position);
	query_int(&query, item);
	return query_run(&query);
}

/* The one row of a query for a claim. */
static enum err
db_claim_read(struct query *query, struct claim_row *out)
{
	bool found = query_next(query);
	enum err e;

	*out = (struct claim_row){ 0 };
	if (found) {
		out->number = row_int(query);
		out->id = row_uuid(query);
		out->kind = (enum entitlement_source)row_int(query);
		out->purchase = row_int(query);
		row_text_into(query, out->reference, sizeof(out->reference));
		row_text_into(query, out->master_key,
		    sizeof(out->master_key));
		out->sequence = row_int(query);
		out->expires_ms = row_int(query);
		out->claimed_by = row_int(query);
	}
	e = query_end(query);
	return e || found ? e : ERR_NOT_FOUND;
}

enum err
db_claim_by_number(struct db *db, int64_t number, struct claim_row *out)
{
	struct query query;

	query_begin(&query, db, STMT_CLAIM_BY_NUMBER);
	query_int(&query, number);
	return db_claim_read(&query, out);
}

enum err
db_claim_by_purchase(struct db *db, int64_t purchase, struct claim_row *out)
{
	struct query query;

	query_begin(&query, db, STMT_CLAIM_BY_PURCHASE);
	query_int(&query, purchase);
	return db_claim_read(&query, out);
}

enum err
db_claim_by_lookup(struct db *db,
    const uint8_t lookup[static DB_CODE_LOOKUP_BYTES],
    struct claim_row *out)
{
	struct query query;

	query_begin(&query, db, STMT_CLAIM_BY_LOOKUP);
	query_bytes(&query, lookup, DB_CODE_LOOKUP_BYTES);
	return db_claim_read(&query, out);
}

enum err
db_claim_items(struct db *db, const struct claim_row *claim,
    struct claim_items *out)
{
	struct query query;

	query_begin(&query, db, STMT_CLAIM_ITEMS);
	query_int(&query, claim->number);
	query_int(&query, claim->purchase);
	while (query_next(&query)) {
		struct claim_item *items = db_array_grow(out->items,
		    out->count, sizeof(*items));
		struct claim_item *item;

		if (items == NULL) {
			query.error = ERR_NO_MEMORY;
			break;
		}
		out->items = items;
		item = &items[out->count++];
		item->position = row_int(&query);
		item->item = row_int(&query);
		item->id = row_uuid(&query);
	}
	return query_end(&query);
}

enum err
db_claim_take(struct db *db, int64_t claim, int64_t account, int64_t now_ms)
{
	struct query query;

	query_begin(&query, db, STMT_CLAIM_TAKE);
	query_int(&query, claim);
	query_int(&query, account);
	query_int(&query, now_ms);
	return query_run(&query);
}

enum err
db_claim_item_set(struct db *db, int64_t claim, int64_t position,
    bool is_granted)
{
	struct query query;

	query_begin(&query, db, STMT_CLAIM_ITEM_SET);
	query_int(&query, claim);
	query_int(&query, position);
	query_int(&query, is_granted);
	return query_run(&query);
}
