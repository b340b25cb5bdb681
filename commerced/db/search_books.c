/* What the search index is made from, and held against when it answers. */
#include "commerced/db/query.h"
#include "commerced/db/rows.h"
#include "commerced/db/search.h"

enum err
db_era_get(struct db *db, uint8_t era[static SEARCH_ERA_BYTES], bool *found)
{
	struct query query;

	query_begin(&query, db, STMT_ERA_GET);
	*found = query_next(&query);
	if (*found)
		row_bytes(&query, era, SEARCH_ERA_BYTES);
	return query_end(&query);
}

enum err
db_era_set(struct db *db, const uint8_t era[static SEARCH_ERA_BYTES])
{
	struct query query;

	query_begin(&query, db, STMT_ERA_SET);
	query_bytes(&query, era, SEARCH_ERA_BYTES);
	return query_run(&query);
}

static enum err
db_number_get(struct db *db, enum statement number, int64_t *out)
{
	struct query query;

	query_begin(&query, db, number);
	*out = query_next(&query) ? row_int(&query) : 0;
	return query_end(&query);
}

enum err
db_change_last(struct db *db, int64_t *change)
{
	return db_number_get(db, STMT_CHANGE_LAST, change);
}

enum err
db_purchase_last(struct db *db, int64_t *purchase)
{
	return db_number_get(db, STMT_PURCHASE_LAST, purchase);
}

enum err
db_sold_list(struct db *db, int64_t after, struct item_sold *out,
    size_t *count)
{
	struct query query;
	size_t most = *count;

	*count = 0;
	query_begin(&query, db, STMT_SOLD_LIST);
	query_int(&query, after);
	query_int(&query, (int64_t)most);
	while (query_next(&query) && *count < most) {
		out[*count].item = row_int(&query);
		out[(*count)++].sold = row_int(&query);
	}
	return query_end(&query);
}

enum err
db_item_get_number(struct db *db, int64_t number, struct item *out)
{
	struct query query;
	bool found;
	enum err e;

	query_begin(&query, db, STMT_ITEM_GET_NUMBER);
	query_int(&query, number);
	found = query_next(&query);
	if (found)
		db_item_read(&query, out);
	e = query_end(&query);
	return e || found ? e : ERR_NOT_FOUND;
}

enum err
db_item_get_changed(struct db *db, int64_t *change, struct item *out)
{
	struct query query;
	bool found;
	enum err e;

	query_begin(&query, db, STMT_ITEM_GET_CHANGED);
	query_int(&query, *change);
	found = query_next(&query);
	if (found) {
		db_item_read(&query, out);
		*change = row_int(&query);
	}
	e = query_end(&query);
	return e || found ? e : ERR_NOT_FOUND;
}
