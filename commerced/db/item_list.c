/* Pages of items in each order, as the books have them: where a page begins,
 * and reading one.  By words and by popularity: search.c.
 */
#include <float.h>

#include "commerced/db/items.h"
#include "commerced/db/query.h"
#include "commerced/db/rows.h"

#define FEW_ITEMS 2000

struct item_place
db_item_first_place(enum db_order order)
{
	struct item_place place = { 0 };

	switch (order) {
	case DB_BY_PUBLICATION:
	case DB_BY_MAKING:
	case DB_BY_POPULARITY:
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
		place.key = INT64_MAX;
		break;
	}
	return place;
}

/* Are there so few of a genre, or else of a kind, that sorting them is less
 * work than to look for them among all? */
static enum err
db_item_are_few(struct db *db, const struct item_filter *filter, bool *out)
{
	struct query query;

	query_begin(&query, db, filter->genre != NULL ?
	    STMT_ITEM_COUNT_GENRE : STMT_ITEM_COUNT_KIND);
	if (filter->genre != NULL)
		query_text(&query, filter->genre);
	else
		query_int(&query, filter->kind);
	query_int(&query, FEW_ITEMS);
	*out = query_next(&query) && row_int(&query) < FEW_ITEMS;
	return query_end(&query);
}

/* Which of an order's statements: all, a creator's, a genre's, a kind's. */
static enum err
db_item_list_statement(struct db *db, const struct item_filter *filter,
    enum statement *number)
{
	bool is_narrow = filter->genre != NULL || filter->has_kind;
	unsigned which = 0;
	enum err e = ERR_OK;

	*number = STMT_ITEM_LIST_POPULAR;
	if (filter->order == DB_BY_POPULARITY)
		return ERR_OK;
	if (filter->creator != NULL)
		which = 1;
	else if (is_narrow && filter->order != DB_BY_PUBLICATION)
		e = db_item_are_few(db, filter, &is_narrow);
	if (which == 0 && is_narrow)
		which = filter->genre != NULL ? 2 : 3;
	*number = (enum statement)(STMT_ITEM_LIST +
	    4 * (unsigned)filter->order + which);
	return e;
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
	if (after->text != NULL)
		query_text(query, after->text);
	else
		query_int(query, after->key);
	query_int(query, after->number);
	query_text(query, filter->words);
	query_text(query, filter->today);
}

/* Where an item stands in an order. */
static struct item_place
db_item_place(enum db_order order, const struct item *item, int64_t sold)
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
		break;
	case DB_BY_POPULARITY:
		place.key = sold;
		break;
	}
	return place;
}

enum err
db_item_list(struct db *db, const struct item_filter *filter,
    struct item_list *out, struct item_place *last)
{
	struct query query;
	enum statement number;
	int64_t sold = 0;
	enum err e;

	*last = (struct item_place){ 0 };
	e = db_item_list_statement(db, filter, &number);
	if (e)
		return e;
	query_begin(&query, db, number);
	query_item_filter(&query, filter);
	while (query_next(&query)) {
		struct item *items;

		if (out->count == filter->limit) {
			*last = db_item_place(filter->order,
			    &out->items[out->count - 1], sold);
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
		if (filter->order == DB_BY_POPULARITY)
			sold = row_int(&query);
	}
	return query_end(&query);
}
