#include "commerced/db/reports.h"

#include <stdlib.h>

#include "commerced/db/query.h"
#include "commerced/db/rows.h"

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

enum err
db_report_list(struct db *db, const struct report_filter *filter,
    struct report *out, int64_t *last)
{
	const bool is_sales = filter->kind == REPORT_SALES_BY_DAY ||
	    filter->kind == REPORT_SALES_BY_ITEM;
	struct query query;
	int64_t key = 0;

	*last = 0;
	query_begin(&query, db, (enum statement)(STMT_REPORT +
	    (unsigned)filter->kind));
	query_int(&query, filter->before);
	query_int(&query, filter->limit + 1);
	if (is_sales) {
		query_int(&query, filter->from_ms);
		query_int(&query, filter->until_ms);
	}
	while (query_next(&query)) {
		if ((int64_t)out->row_count == filter->limit) {
			*last = key;
			break;
		}
		key = row_int(&query);
		if (!db_report_read_row(&query, out)) {
			query.error = ERR_NO_MEMORY;
			break;
		}
	}
	return query_end(&query);
}
