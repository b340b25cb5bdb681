#include "commerced/db/purchases.h"

#include "commerced/db/items.h"
#include "commerced/db/query.h"
#include "commerced/db/rows.h"
#include "commerced/db/sale_items.h"

enum err
db_buyer_get(struct db *db, int64_t account, const char *key,
    struct buyer_row *out)
{
	struct query query;

	*out = (struct buyer_row){ 0 };
	query_begin(&query, db, STMT_BUYER_GET);
	query_int(&query, account);
	query_text(&query, key);
	if (query_next(&query)) {
		out->is_there = true;
		out->balance_minor = row_int(&query);
		out->purchase = row_int(&query);
		if (out->purchase != 0)
			row_bytes(&query, out->request_hash,
			    REQUEST_HASH_BYTES);
	}
	return query_end(&query);
}

enum err
db_purchase_key_add(struct db *db, const struct purchase *purchase,
    const char *key)
{
	struct query query;

	query_begin(&query, db, STMT_PURCHASE_KEY_ADD);
	query_int(&query, purchase->account);
	query_text(&query, key);
	query_int(&query, purchase->number);
	return query_run(&query);
}

enum err
db_item_for_sale(struct db *db, const struct uuid *id, const char *today,
    int64_t account, struct sale_row *out)
{
	char released[DATE_SIZE] = "";
	struct query query;
	enum err e;

	if (sale_items_get(db->sale_items, id, today, out))
		return out->title == NULL ? ERR_NO_MEMORY :
		    db_item_is_entitled(db, account, out->item,
		    &out->is_entitled);
	*out = (struct sale_row){ 0 };
	query_begin(&query, db, STMT_ITEM_FOR_SALE);
	query_uuid(&query, id);
	query_text(&query, today);
	query_int(&query, account);
	if (query_next(&query)) {
		out->item = row_int(&query);
		out->title = row_text(&query);
		out->price_minor = row_int(&query);
		row_text_into(&query, released, sizeof(released));
		out->sold_sequence = row_int(&query);
		out->is_container = row_int(&query) != 0;
		out->is_contained = row_int(&query) != 0;
		out->is_entitled = row_int(&query) != 0;
		out->sequence = row_int(&query);
	}
	e = query_end(&query);
	if (!e && out->item != 0)
		sale_items_put(db->sale_items, id, released, out);
	return e;
}

enum err
db_purchase_add(struct db *db, struct purchase *purchase,
    const uint8_t request_hash[static REQUEST_HASH_BYTES])
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_PURCHASE_ADD);
	query_uuid(&query, &purchase->id);
	query_int(&query, purchase->account);
	query_int(&query, purchase->created_ms);
	query_int(&query, purchase->total_minor);
	query_int(&query, purchase->seller.number);
	query_int(&query, purchase->is_gift);
	query_bytes(&query, request_hash, REQUEST_HASH_BYTES);
	e = query_run(&query);
	purchase->number = e ? 0 : sqlite3_last_insert_rowid(db->handle);
	return e;
}

enum err
db_purchase_line_add(struct db *db, int64_t purchase, int64_t position,
    const struct sale_row *line)
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_PURCHASE_LINE_ADD);
	query_int(&query, purchase);
	query_int(&query, position);
	query_int(&query, line->item);
	query_text(&query, line->title);
	query_int(&query, line->price_minor);
	query_int(&query, line->deducted_minor);
	e = query_run(&query);
	if (e)
		return e;
	query_begin(&query, db, STMT_ITEM_SALES_ADD);
	query_int(&query, line->item);
	query_int(&query, line->price_minor - line->deducted_minor);
	return query_run(&query);
}

enum err
db_entitlement_add(struct db *db, const struct entitlement *entitlement)
{
	struct query query;

	query_begin(&query, db, STMT_ENTITLEMENT_ADD);
	query_int(&query, entitlement->account);
	query_int(&query, entitlement->item);
	query_int(&query, entitlement->source);
	if (entitlement->purchase == 0)
		query_null(&query);
	else
		query_int(&query, entitlement->purchase);
	query_int(&query, entitlement->created_ms);
	query_int(&query, entitlement->sequence);
	query_bytes(&query, entitlement->grant_seed, GRANT_SEED_BYTES);
	return query_run(&query);
}

static enum err
db_item_mark(struct db *db, const enum statement statements[static 2],
    int64_t item, int64_t sequence)
{
	struct query query;
	enum err e;

	query_begin(&query, db, statements[0]);
	query_int(&query, item);
	e = query_run(&query);
	if (e)
		return e;
	query_begin(&query, db, statements[1]);
	query_int(&query, item);
	query_int(&query, sequence);
	return query_run(&query);
}

enum err
db_item_sold(struct db *db, int64_t item, int64_t sequence)
{
	static const enum statement statements[] = { STMT_VERSIONS_BOUGHT,
	    STMT_ITEM_SOLD };

	return db_item_mark(db, statements, item, sequence);
}

enum err
db_item_kept(struct db *db, int64_t item, int64_t sequence)
{
	static const enum statement statements[] = { STMT_VERSIONS_KEPT,
	    STMT_ITEM_KEPT };

	return db_item_mark(db, statements, item, sequence);
}

static void
db_purchase_read(struct query *query, struct purchase *out)
{
	out->number = row_int(query);
	out->id = row_uuid(query);
	out->account = row_int(query);
	out->status = (enum purchase_status)row_int(query);
	out->created_ms = row_int(query);
	out->total_minor = row_int(query);
	out->is_gift = row_int(query) != 0;
	out->seller.number = row_int(query);
	out->seller.legal_name = row_text(query);
	out->seller.tax_id = row_text(query);
	out->seller.tax_rate = row_int(query);
}

/* What follows from the other members of a line. */
static void
db_purchase_count_line(struct purchase *purchase, struct purchase_line *line)
{
	const int64_t paid = line->price_minor - line->deducted_minor;

	line->tax_minor = tax_contained(paid, purchase->seller.tax_rate);
	purchase->tax_minor += line->tax_minor;
	if (line->status == PURCHASE_REFUNDED)
		purchase->refunded_minor += paid;
}

static enum err
db_purchase_lines(struct db *db, struct purchase *out)
{
	struct query query;

	query_begin(&query, db, STMT_PURCHASE_LINES);
	query_int(&query, out->number);
	while (query_next(&query)) {
		struct purchase_line *lines = db_array_grow(out->lines,
		    out->line_count, sizeof(*lines));
		struct purchase_line *line;

		if (lines == NULL) {
			query.error = ERR_NO_MEMORY;
			break;
		}
		out->lines = lines;
		line = &lines[out->line_count++];
		line->item = row_uuid(&query);
		line->title = row_text(&query);
		line->price_minor = row_int(&query);
		line->deducted_minor = row_int(&query);
		line->status = (enum purchase_status)row_int(&query);
		db_purchase_count_line(out, line);
	}
	return query_end(&query);
}

/* The one row of a query for a purchase, then its lines. */
static enum err
db_purchase_read_one(struct query *query, struct purchase *out)
{
	struct db *db = query->db;
	bool found = query_next(query);
	enum err e;

	if (found)
		db_purchase_read(query, out);
	e = query_end(query);
	if (!e && !found)
		e = ERR_NOT_FOUND;
	return e ? e : db_purchase_lines(db, out);
}

enum err
db_purchase_by_number(struct db *db, int64_t number, struct purchase *out)
{
	struct query query;

	query_begin(&query, db, STMT_PURCHASE_BY_NUMBER);
	query_int(&query, number);
	return db_purchase_read_one(&query, out);
}

enum err
db_purchase_get(struct db *db, int64_t account, const struct uuid *id,
    struct purchase *out)
{
	struct query query;

	query_begin(&query, db, STMT_PURCHASE_GET);
	query_uuid(&query, id);
	query_int(&query, account);
	return db_purchase_read_one(&query, out);
}

enum err
db_purchase_get_any(struct db *db, const struct uuid *id,
    struct purchase *out)
{
	struct query query;

	query_begin(&query, db, STMT_PURCHASE_GET_ANY);
	query_uuid(&query, id);
	return db_purchase_read_one(&query, out);
}

enum err
db_purchase_set_status(struct db *db, const struct purchase *purchase)
{
	struct query query;

	query_begin(&query, db, STMT_PURCHASE_SET_STATUS);
	query_int(&query, purchase->number);
	query_int(&query, purchase->status);
	return query_run(&query);
}

static void
query_seller(struct query *query, const struct seller *seller)
{
	query_text(query, seller->legal_name);
	query_text(query, seller->tax_id);
	query_int(query, seller->tax_rate);
}

enum err
db_seller_find(struct db *db, struct seller *seller)
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_SELLER_FIND);
	query_seller(&query, seller);
	seller->number = query_next(&query) ? row_int(&query) : 0;
	e = query_end(&query);
	if (e || seller->number != 0)
		return e;
	query_begin(&query, db, STMT_SELLER_ADD);
	query_seller(&query, seller);
	e = query_run(&query);
	seller->number = e ? 0 : sqlite3_last_insert_rowid(db->handle);
	return e;
}

enum err
db_purchase_list(struct db *db, int64_t account, int64_t before,
    size_t limit, struct purchase_list *out)
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_PURCHASE_LIST);
	query_int(&query, account);
	query_int(&query, before);
	query_int(&query, (int64_t)limit);
	while (query_next(&query)) {
		struct purchase *purchases = db_array_grow(out->purchases,
		    out->count, sizeof(*purchases));

		if (purchases == NULL) {
			query.error = ERR_NO_MEMORY;
			break;
		}
		out->purchases = purchases;
		purchases[out->count] = (struct purchase){ 0 };
		db_purchase_read(&query, &purchases[out->count++]);
	}
	e = query_end(&query);
	for (size_t i = 0; !e && i < out->count; i++)
		e = db_purchase_lines(db, &out->purchases[i]);
	return e;
}
