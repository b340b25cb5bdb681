/* Asking the search index: pages of what matches, and facets. */
#include "commerced/db/search.h"

#include "commerced/db/facet_count.h"
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

/* One row of the statements: kind, creator, genre or nothing, and how often. */
static enum err
facets_count(struct query *query, struct facet_count counted[FACET__COUNT])
{
	int64_t kind = row_int(query);
	const char *creator = row_text_borrow(query);
	const char *genre = row_text_borrow(query);
	int64_t n = row_int(query);
	enum err e = query->error;

	if (!e && (kind < 0 || kind >= ITEM_KIND__COUNT))
		e = ERR_DB;
	if (!e)
		e = facet_count_add(&counted[FACET_KIND],
		    item_kind_text((enum item_kind)kind), n);
	if (!e && creator != NULL)
		e = facet_count_add(&counted[FACET_CREATOR], creator, n);
	if (!e && genre != NULL && genre[0] != '\0')
		e = facet_count_add(&counted[FACET_GENRE], genre, n);
	return e;
}

enum err
db_search_facets(struct db *index, const struct item_filter *filter,
    struct facets *out)
{
	struct facet_count counted[FACET__COUNT] = { 0 };
	struct query query;
	enum err e;

	query_begin(&query, index, (enum statement)(STMT_SEARCH_FACETS +
	    (filter->words != NULL)));
	query_search(&query, filter, SEARCH_COUNTED_MAX);
	while (query_next(&query))
		query.error = facets_count(&query, counted);
	e = query_end(&query);
	for (int i = 0; i < FACET__COUNT; i++) {
		if (!e)
			e = facet_count_take(&counted[i], filter->limit,
			    &out->lists[i]);
		facet_count_clear(&counted[i]);
	}
	return e;
}
