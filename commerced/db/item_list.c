/* Pages of items in each order: where a page begins, and reading one. */
#include <float.h>

#include "commerced/db/items.h"
#include "commerced/db/query.h"
#include "commerced/db/rows.h"

struct item_place
db_item_first_place(enum db_order order)
{
	struct item_place place = { 0 };

	switch (order) {
	case DB_BY_PUBLICATION:
	case DB_BY_MAKING:
		place.key = INT64_MAX;
		place.number = INT64_MAX;
		break;
	case DB_BY_TITLE:
	case DB_BY_CREATOR:
		place.text = "";
		break;
	case DB_BY_PRICE:
		place.key = -1;
		break;
	case DB_BY_RELEVANCE:
		place.score = -DBL_MAX;
		break;
	}
	return place;
}

/* Which of the statements: for each order, all, a creator's, matching. */
static enum statement
db_item_list_statement(const struct item_filter *filter)
{
	unsigned which = 0;

	if (filter->order == DB_BY_RELEVANCE)
		return STMT_ITEM_LIST_RELEVANT;
	if (filter->words != NULL)
		which = 2;
	else if (filter->creator != NULL)
		which = 1;
	return (enum statement)(STMT_ITEM_LIST +
	    3 * (unsigned)filter->order + which);
}

static void
query_item_filter(struct query *query, const struct item_filter *filter)
{
	const struct item_place *after = &filter->after;

	if (filter->has_kind)
		query_int(query, filter->kind);
	else
		query_null(query);
	query_text(query, filter->creator);
	query_text(query, filter->genre);
	query_int(query, filter->any_state);
	query_int(query, (int64_t)filter->limit + 1);
	if (filter->order == DB_BY_RELEVANCE)
		query_real(query, after->score);
	else if (after->text != NULL)
		query_text(query, after->text);
	else
		query_int(query, after->key);
	query_int(query, after->number);
	query_text(query, filter->words);
	query_text(query, filter->today);
}

/* Where an item stands in an order. */
static struct item_place
db_item_place(enum db_order order, const struct item *item, double score)
{
	struct item_place place = { .number = item->number };

	switch (order) {
	case DB_BY_PUBLICATION:
		place.key = item->published_ms;
		break;
	case DB_BY_TITLE:
		place.text = item->title;
		break;
	case DB_BY_CREATOR:
		place.text = item->creator;
		break;
	case DB_BY_PRICE:
		place.key = item->price_minor;
		break;
	case DB_BY_MAKING:
		break;
	case DB_BY_RELEVANCE:
		place.score = score;
		break;
	}
	return place;
}

enum err
db_item_list(struct db *db, const struct item_filter *filter,
    struct item_list *out, struct item_place *last)
{
	struct query query;
	double score = 0;

	*last = (struct item_place){ 0 };
	query_begin(&query, db, db_item_list_statement(filter));
	query_item_filter(&query, filter);
	while (query_next(&query)) {
		struct item *items;

		if (out->count == filter->limit) {
			*last = db_item_place(filter->order,
			    &out->items[out->count - 1], score);
			break;
		}
		items = db_array_grow(out->items, out->count,
		    sizeof(*items));
		if (items == NULL) {
			query.error = ERR_NO_MEMORY;
			break;
		}
		out->items = items;
		items[out->count] = (struct item){ 0 };
		db_item_read(&query, &items[out->count++]);
		if (filter->order == DB_BY_RELEVANCE)
			score = row_real(&query);
	}
	return query_end(&query);
}
