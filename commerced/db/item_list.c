/* Pages of items in each order: where a page begins, and reading one; and what
 * their items have in common.
 */
#include <float.h>
#include <string.h>

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
		break;
	}
	return place;
}

/* Which of three statements: all, a creator's, matching. */
static unsigned
db_item_filter_kind(const struct item_filter *filter)
{
	if (filter->words != NULL)
		return 2;
	return filter->creator != NULL ? 1 : 0;
}

static enum statement
db_item_list_statement(const struct item_filter *filter)
{
	unsigned which = db_item_filter_kind(filter);

	if (filter->order == DB_BY_RELEVANCE)
		return STMT_ITEM_LIST_RELEVANT;
	if (filter->order == DB_BY_POPULARITY)
		return (enum statement)(STMT_ITEM_LIST_POPULAR + which);
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

/* What a page reads beside an item: by which it is ordered. */
struct item_rank {
	double score;
	int64_t sold;
};

static struct item_rank
db_item_rank_read(struct query *query, enum db_order order)
{
	struct item_rank rank = { 0 };

	if (order == DB_BY_RELEVANCE)
		rank.score = row_real(query);
	else if (order == DB_BY_POPULARITY)
		rank.sold = row_int(query);
	return rank;
}

/* Where an item stands in an order. */
static struct item_place
db_item_place(enum db_order order, const struct item *item,
    const struct item_rank *rank)
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
		place.score = rank->score;
		break;
	case DB_BY_POPULARITY:
		place.key = rank->sold;
		break;
	}
	return place;
}

enum err
db_item_list(struct db *db, const struct item_filter *filter,
    struct item_list *out, struct item_place *last)
{
	struct query query;
	struct item_rank rank = { 0 };

	*last = (struct item_place){ 0 };
	query_begin(&query, db, db_item_list_statement(filter));
	query_item_filter(&query, filter);
	while (query_next(&query)) {
		struct item *items;

		if (out->count == filter->limit) {
			*last = db_item_place(filter->order,
			    &out->items[out->count - 1], &rank);
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
		rank = db_item_rank_read(&query, filter->order);
	}
	return query_end(&query);
}

/* --- facets --------------------------------------------------------------- */

/* The value of a row; of a kind its word. */
static char *
db_facet_value_read(struct query *query, int64_t facet)
{
	char *value;

	if (facet != FACET_KIND)
		return row_text(query);
	value = strdup(item_kind_text((enum item_kind)row_int(query)));
	if (value == NULL)
		query->error = ERR_NO_MEMORY;
	return value;
}

static void
db_facet_read(struct query *query, struct facets *out)
{
	int64_t facet = row_int(query);
	struct facet_list *list = &out->lists[facet];
	struct facet_value *values = db_array_grow(list->values, list->count,
	    sizeof(*values));

	if (values == NULL) {
		query->error = ERR_NO_MEMORY;
		return;
	}
	list->values = values;
	values[list->count].value = db_facet_value_read(query, facet);
	values[list->count++].count = row_int(query);
}

enum err
db_facets_get(struct db *db, const struct item_filter *filter,
    struct facets *out)
{
	struct item_filter exact = *filter;
	struct query query;

	exact.limit--;		/* a page reads one more, to see its end */
	query_begin(&query, db, (enum statement)(STMT_FACETS +
	    db_item_filter_kind(filter)));
	query_item_filter(&query, &exact);
	while (query_next(&query))
		db_facet_read(&query, out);
	return query_end(&query);
}
