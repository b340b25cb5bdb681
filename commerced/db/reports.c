#include "commerced/db/reports.h"

#include <stdlib.h>

#include "commerced/db/query.h"
#include "commerced/db/rows.h"

#define DAY_MS INT64_C(86400000)

static void
db_report_read_cell(struct query *query, enum report_cell_kind kind,
    struct report_cell *cell)
{
	*cell = (struct report_cell){ .is_null = row_is_null(query) };
	if (cell->is_null) {
		row_skip(query);
		return;
	}
	switch (kind) {
	case CELL_TEXT:
		cell->text = row_text(query);
		break;
	case CELL_ID:
		cell->id = row_uuid(query);
		break;
	case CELL_NUMBER:
	case CELL_BOOLEAN:
	case CELL_MONEY:
	case CELL_TIME:
		cell->number = row_int(query);
		break;
	}
}

/* One more row; false without memory. */
static bool
db_report_read_row(struct query *query, struct report *out)
{
	struct report_cell **rows = db_array_grow(out->rows, out->row_count,
	    sizeof(*rows));

	if (rows == NULL)
		return false;
	out->rows = rows;
	rows[out->row_count] = calloc(out->column_count, sizeof(**rows));
	if (rows[out->row_count] == NULL)
		return false;
	out->row_count++;
	for (size_t i = 0; i < out->column_count; i++)
		db_report_read_cell(query, out->columns[i].kind,
		    &rows[out->row_count - 1][i]);
	return true;
}

/* Rows of one statement; *last is the key of the last one read. */
static enum err
db_report_read(struct query *query, int64_t limit, struct report *out,
    int64_t *last)
{
	int64_t key = 0;

	*last = 0;
	while (query_next(query)) {
		if ((int64_t)out->row_count == limit) {
			*last = key;
			break;
		}
		key = row_int(query);
		if (!db_report_read_row(query, out)) {
			query->error = ERR_NO_MEMORY;
			break;
		}
	}
	return query_end(query);
}

/*
 * Where the ids of that time begin: a UUID's first 48 bits are its time
 * (RFC 9562, version 7), that of a purchase is its created_ms.
 */
struct id_time {
	uint8_t bytes[6];
};

static struct id_time
id_time_make(int64_t at_ms)
{
	const int64_t last = (INT64_C(1) << 48) - 1;
	struct id_time time;

	at_ms = at_ms < 0 ? 0 : at_ms > last ? last : at_ms;
	for (unsigned i = 0; i < sizeof(time.bytes); i++)
		time.bytes[i] = (uint8_t)(at_ms >> (40 - 8 * i));
	return time;
}

static enum err
db_report_run(struct db *db, enum statement number,
    const struct report_filter *filter, struct report *out, int64_t *last)
{
	const struct id_time from = id_time_make(filter->from_ms);
	const struct id_time until = id_time_make(filter->until_ms);
	struct query query;

	query_begin(&query, db, number);
	query_int(&query, filter->before);
	query_int(&query, filter->limit + 1);
	if (number == STMT_REPORT + REPORT_SALES_BY_DAY ||
	    number == STMT_REPORT + REPORT_SALES_BY_ITEM) {
		query_int(&query, filter->from_ms);
		query_int(&query, filter->until_ms);
		query_bytes(&query, from.bytes, sizeof(from.bytes));
		query_bytes(&query, until.bytes, sizeof(until.bytes));
	}
	return db_report_read(&query, filter->limit, out, last);
}

/* The last day before a time; -1: nothing was sold before. */
static enum err
db_day_before(struct db *db, int64_t before_ms, int64_t *day)
{
	const struct id_time before = id_time_make(before_ms);
	struct query query;

	*day = -1;
	query_begin(&query, db, STMT_REPORT_DAY_BEFORE);
	query_int(&query, before_ms);
	query_bytes(&query, before.bytes, sizeof(before.bytes));
	if (query_next(&query) && !row_is_null(&query))
		*day = row_int(&query);
	return query_end(&query);
}

/* Day by day from the last, so that a page looks at no more than its own. */
static enum err
db_report_days(struct db *db, const struct report_filter *filter,
    struct report *out, int64_t *last)
{
	struct report_filter one = *filter;
	int64_t day = 0, shown = 0, more;
	enum err e = ERR_OK;

	if (filter->before < filter->until_ms / DAY_MS)
		one.until_ms = filter->before * DAY_MS;
	one.before = INT64_MAX;
	*last = 0;
	while (!e) {
		e = db_day_before(db, one.until_ms, &day);
		if (e || day < 0 || (day + 1) * DAY_MS <= filter->from_ms)
			break;
		if ((int64_t)out->row_count == filter->limit) {
			*last = shown;
			break;
		}
		one.from_ms = day * DAY_MS < filter->from_ms ?
		    filter->from_ms : day * DAY_MS;
		e = db_report_run(db, STMT_REPORT + REPORT_SALES_BY_DAY, &one,
		    out, &more);
		one.until_ms = day * DAY_MS;
		shown = day;
	}
	return e;
}

enum err
db_report_list(struct db *db, const struct report_filter *filter,
    struct report *out, int64_t *last)
{
	if (filter->kind == REPORT_SALES_BY_DAY)
		return db_report_days(db, filter, out, last);
	if (filter->kind == REPORT_SALES_BY_ITEM && filter->from_ms == 0 &&
	    filter->until_ms == INT64_MAX)
		return db_report_run(db, STMT_REPORT_ITEMS_EVER, filter, out,
		    last);
	return db_report_run(db, (enum statement)(STMT_REPORT +
	    (unsigned)filter->kind), filter, out, last);
}
