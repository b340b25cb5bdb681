/* Asking the search index: pages of what matches, and facets. */
#include "commerced/db/search.h"

#include <string.h>

#include "commerced/db/query.h"
#include "commerced/db/rows.h"

/* ?1 to ?9 of the statements. */
static void
query_search(struct query *query, const struct item_filter *filter,
    size_t limit)
{
	const struct item_place *after = &filter->after;

	if (filter->has_kind)
		query_int(query, filter->kind);
	else
		query_null(query);
	query_text(query, filter->creator);
	query_text(query, filter->genre);
	query_int(query, filter->any_state);
	query_int(query, (int64_t)limit);
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

/* Where a row stands in the order. */
static void
search_read_place(struct query *query, enum db_order order,
    struct search_page *out)
{
	switch (order) {
	case DB_BY_TITLE:
	case DB_BY_CREATOR:
		row_text_into(query, out->text, sizeof(out->text));
		out->last.text = out->text;
		break;
	case DB_BY_RELEVANCE:
		out->last.score = row_real(query);
		out->last.key = row_int(query);
		break;
	case DB_BY_PUBLICATION:
	case DB_BY_PRICE:
	case DB_BY_MAKING:
	case DB_BY_POPULARITY:
		out->last.key = row_int(query);
		break;
	}
}

enum err
db_search_list(struct db *index, const struct item_filter *filter,
    struct search_page *out)
{
	struct query query;
	bool is_more = false;

	out->count = 0;
	out->last = (struct item_place){ 0 };
	query_begin(&query, index, filter->words == NULL ?
	    STMT_SEARCH_POPULAR : (enum statement)(STMT_SEARCH_LIST +
	    (unsigned)filter->order));
	query_search(&query, filter, filter->limit + 1);
	if (filter->order == DB_BY_RELEVANCE)
		query_int(&query, filter->after.key);
	while (query_next(&query)) {
		if (out->count == filter->limit ||
		    out->count == SEARCH_PAGE_MAX) {
			is_more = true;
			break;
		}
		out->last.number = row_int(&query);
		out->items[out->count++] = out->last.number;
		search_read_place(&query, filter->order, out);
	}
	if (!is_more)
		out->last = (struct item_place){ 0 };
	return query_end(&query);
}

/* --- facets --------------------------------------------------------------- */

/* The value of a row; of a kind its word. */
static char *
facet_value_read(struct query *query, int64_t facet)
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
facet_read(struct query *query, struct facets *out)
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
	values[list->count].value = facet_value_read(query, facet);
	values[list->count++].count = row_int(query);
}

enum err
db_search_facets(struct db *index, const struct item_filter *filter,
    struct facets *out)
{
	struct query query;

	query_begin(&query, index, (enum statement)(STMT_SEARCH_FACETS +
	    (filter->words != NULL)));
	query_search(&query, filter, filter->limit);
	while (query_next(&query))
		facet_read(&query, out);
	return query_end(&query);
}
