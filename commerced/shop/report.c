#include "commerced/shop/report.h"

#include "commerced/db/purchases.h"
#include "commerced/db/reports.h"
#include "commerced/shop/cursor.h"
#include "commerced/shop/internal.h"

#define COLUMNS_MAX 9

/* In the order of the statements' columns. */
static const struct report_column report_columns[REPORT__COUNT]
    [COLUMNS_MAX + 1] = {
	[REPORT_PURCHASES] = { { "id", CELL_ID }, { "number", CELL_NUMBER },
	    { "account", CELL_ID }, { "status", CELL_TEXT },
	    { "created_at", CELL_TIME }, { "total", CELL_MONEY },
	    { "refunded", CELL_MONEY }, { "tax", CELL_MONEY },
	    { "as_gift", CELL_BOOLEAN } },
	[REPORT_ACCOUNTS] = { { "id", CELL_ID }, { "number", CELL_NUMBER },
	    { "email", CELL_TEXT }, { "balance", CELL_MONEY },
	    { "purchases", CELL_NUMBER }, { "created_at", CELL_TIME } },
	[REPORT_LEDGER] = { { "number", CELL_NUMBER }, { "at", CELL_TIME },
	    { "kind", CELL_TEXT }, { "debit", CELL_TEXT },
	    { "credit", CELL_TEXT }, { "amount", CELL_MONEY },
	    { "reference", CELL_NUMBER } },
	[REPORT_SALES_BY_DAY] = { { "day", CELL_TEXT },
	    { "sold", CELL_NUMBER }, { "paid", CELL_MONEY },
	    { "returned", CELL_NUMBER }, { "refunded", CELL_MONEY } },
	[REPORT_SALES_BY_ITEM] = { { "item", CELL_ID },
	    { "title", CELL_TEXT }, { "creator", CELL_TEXT },
	    { "sold", CELL_NUMBER }, { "paid", CELL_MONEY },
	    { "returned", CELL_NUMBER }, { "refunded", CELL_MONEY } },
};

static enum err
report_cursor(enum report_kind kind, int64_t last, char **next)
{
	const struct cursor cursor = {
	    .kind = CURSOR_REPORTS + (unsigned)kind, .numbers = { last } };

	return last == 0 ? ERR_OK : cursor_encode(&cursor, next);
}

enum err
report_list(struct shop *shop, const struct report_query *query,
    struct report *out)
{
	struct cursor cursor = { .numbers = { INT64_MAX } };
	struct report_filter filter = { .kind = query->kind,
	    .from_ms = query->from_ms,
	    .until_ms = query->until_ms == 0 ? INT64_MAX : query->until_ms,
	    .limit = (int64_t)query->limit };
	int64_t last = 0;
	struct db *db;
	enum err e = ERR_OK;

	report_clear(out);
	if (query->limit < 1 || query->limit > REPORT_LIMIT_MAX)
		return ERR_OUT_OF_RANGE;
	if (query->cursor != NULL)
		e = cursor_decode(query->cursor, CURSOR_REPORTS +
		    (unsigned)query->kind, &cursor);
	if (!e && cursor.numbers[0] < 1)	/* never given out */
		e = ERR_MALFORMED_CURSOR;
	if (!e)
		e = reader_borrow(shop, &db);
	if (e)
		return e;
	filter.before = cursor.numbers[0];
	out->columns = report_columns[query->kind];
	while (out->columns[out->column_count].name != NULL)
		out->column_count++;
	e = db_report_list(db, &filter, out, &last);
	reader_return(shop, db);
	if (!e)
		e = report_cursor(query->kind, last, &out->next);
	if (e)
		report_clear(out);
	return e;
}

enum err
report_purchase_get(struct shop *shop, const struct uuid *id,
    struct purchase *out)
{
	struct db *db;
	enum err e;

	purchase_clear(out);
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_purchase_get_any(db, id, out);
	reader_return(shop, db);
	if (e)
		purchase_clear(out);
	return e;
}
