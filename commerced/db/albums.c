#include "commerced/db/albums.h"

#include "commerced/db/query.h"
#include "commerced/db/rows.h"

/* Every row of a query is an id. */
static enum err
db_ids_read(struct query *query, struct id_list *out)
{
	while (query_next(query)) {
		struct uuid *ids = db_array_grow(out->ids, out->count,
		    sizeof(*ids));

		if (ids == NULL) {
			query->error = ERR_NO_MEMORY;
			break;
		}
		out->ids = ids;
		ids[out->count++] = row_uuid(query);
	}
	return query_end(query);
}

enum err
db_contents_take_out(struct db *db, int64_t container, int64_t sequence)
{
	struct query query;

	query_begin(&query, db, STMT_CONTENTS_TAKE_OUT);
	query_int(&query, container);
	query_int(&query, sequence);
	return query_run(&query);
}

enum err
db_contents_put_in(struct db *db, const struct content_row *row, bool *found)
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_CONTENTS_PUT_IN);
	query_int(&query, row->container);
	query_uuid(&query, &row->item);
	query_int(&query, row->position);
	query_int(&query, row->sequence);
	e = query_run(&query);
	*found = !e && sqlite3_changes(db->handle) > 0;
	return e;
}

enum err
db_contents_settle(struct db *db, int64_t container)
{
	struct query query;
	enum err e;

	query_begin(&query, db, STMT_INSIDE_FORGET);
	query_int(&query, container);
	e = query_run(&query);
	if (e)
		return e;
	query_begin(&query, db, STMT_INSIDE_MAKE);
	query_int(&query, container);
	return query_run(&query);
}

enum err
db_contents_empty(struct db *db, int64_t container, struct id_list *out)
{
	struct query query;

	query_begin(&query, db, STMT_CONTENTS_EMPTY);
	query_int(&query, container);
	return db_ids_read(&query, out);
}

enum err
db_contents_too_deep(struct db *db, int64_t container, bool *out)
{
	struct query query;

	query_begin(&query, db, STMT_CONTENTS_TOO_DEEP);
	query_int(&query, container);
	*out = query_next(&query);
	return query_end(&query);
}

enum err
db_item_offer(struct db *db, int64_t item, struct offer_row *out)
{
	struct query query;

	*out = (struct offer_row){ 0 };
	query_begin(&query, db, STMT_ITEM_OFFER);
	query_int(&query, item);
	if (query_next(&query)) {
		out->is_on_sale = row_int(&query) != 0;
		out->is_sold = row_int(&query) != 0;
	}
	return query_end(&query);
}

enum err
db_item_is_inside(struct db *db, int64_t container, int64_t item, bool *out)
{
	struct query query;

	query_begin(&query, db, STMT_ITEM_IS_INSIDE);
	query_int(&query, container);
	query_int(&query, item);
	*out = query_next(&query);
	return query_end(&query);
}

enum err
db_deduction_list(struct db *db, int64_t account, int64_t container,
    struct deduction_list *out)
{
	struct query query;

	query_begin(&query, db, STMT_DEDUCTION_LIST);
	query_int(&query, account);
	query_int(&query, container);
	while (query_next(&query)) {
		struct deduction *deductions = db_array_grow(
		    out->deductions, out->count, sizeof(*deductions));
		struct deduction *deduction;

		if (deductions == NULL) {
			query.error = ERR_NO_MEMORY;
			break;
		}
		out->deductions = deductions;
		deduction = &deductions[out->count++];
		deduction->purchase = row_int(&query);
		deduction->position = row_int(&query);
		deduction->amount_minor = row_int(&query);
	}
	return query_end(&query);
}

enum err
db_deduction_add(struct db *db, int64_t purchase, int64_t position,
    const struct deduction *deduction)
{
	struct query query;

	query_begin(&query, db, STMT_DEDUCTION_ADD);
	query_int(&query, purchase);
	query_int(&query, position);
	query_int(&query, deduction->purchase);
	query_int(&query, deduction->position);
	query_int(&query, deduction->amount_minor);
	return query_run(&query);
}
