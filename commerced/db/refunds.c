#include "commerced/db/refunds.h"

#include "commerced/db/query.h"
#include "commerced/db/rows.h"

enum err
db_refund_add(struct db *db, struct refund *refund)
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_REFUND_ADD);
	query_uuid(&query, &refund->id);
	query_int(&query, refund->purchase);
	query_int(&query, refund->amount_minor);
	query_text(&query, refund->reason);
	query_int(&query, refund->created_ms);
	e = query_run(&query);
	refund->number = e ? 0 : sqlite3_last_insert_rowid(db->handle);
	return e;
}

static enum err
db_refund_items(struct db *db, struct refund *out)
{
	struct query query;

	query_begin(&query, db, STMT_REFUND_ITEMS);
	query_int(&query, out->purchase);
	query_int(&query, out->number);
	while (query_next(&query)) {
		struct uuid *items = db_array_grow(out->items,
		    out->item_count, sizeof(*items));

		if (items == NULL) {
			query.error = ERR_NO_MEMORY;
			break;
		}
		out->items = items;
		items[out->item_count++] = row_uuid(&query);
	}
	return query_end(&query);
}

enum err
db_refund_get(struct db *db, int64_t number, struct refund *out)
{
	struct query query;
	bool found;
	enum err e;

	*out = (struct refund){ .number = number };
	query_begin(&query, db, STMT_REFUND_GET);
	query_int(&query, number);
	found = query_next(&query);
	if (found) {
		out->id = row_uuid(&query);
		out->purchase = row_int(&query);
		out->amount_minor = row_int(&query);
		out->reason = row_text(&query);
		out->created_ms = row_int(&query);
	}
	e = query_end(&query);
	if (!e && !found)
		e = ERR_NOT_FOUND;
	return e ? e : db_refund_items(db, out);
}

enum err
db_line_is_deducted(struct db *db, int64_t purchase, int64_t position,
    bool *out)
{
	struct query query;

	query_begin(&query, db, STMT_LINE_IS_DEDUCTED);
	query_int(&query, purchase);
	query_int(&query, position);
	*out = query_next(&query);
	return query_end(&query);
}

enum err
db_line_refund(struct db *db, const struct refund *refund, int64_t position,
    int64_t account)
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_LINE_REFUND);
	query_int(&query, refund->purchase);
	query_int(&query, position);
	query_int(&query, refund->number);
	e = query_run(&query);
	if (e)
		return e;
	query_begin(&query, db, STMT_ENTITLEMENT_END);
	query_int(&query, account);
	query_int(&query, refund->purchase);
	query_int(&query, position);
	return query_run(&query);
}
