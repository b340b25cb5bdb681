/* Asking the search index: pages of what matches, and facets. */
#include "commerced/db/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/db/facet_count.h"
#include "commerced/db/query.h"
#include "commerced/db/rows.h"

/* --- words that begin so -------------------------------------------------- */

#define INDEXED_LENGTH 3	/* of beginnings that item_search has */
#define BEGUN_MAX 63
#define ALTERNATIVES_MAX 32
#define ALTERNATIVES_SIZE 2048

/*
 * A full-text query, and how many of its first words are alternatives.  For a
 * beginning FTS5 gathers the places of all words that begin so before it gives
 * the first; along whole words it goes as far as it is asked to.
 */
struct match {
	char *made;
	const char *words;
	int64_t alternatives;
};

/* Append to an OR of whole words; false: there is no room. */
static bool
alternatives_add(char text[static ALTERNATIVES_SIZE], const char *word)
{
	size_t length = strlen(text);
	int added = snprintf(text + length, ALTERNATIVES_SIZE - length,
	    "%s\"%s\"", length == 0 ? "" : " OR ", word);

	return added > 0 && (size_t)added < ALTERNATIVES_SIZE - length;
}

/* How many words begin so; beyond ALTERNATIVES_MAX: too many, or too long. */
static enum err
alternatives_find(struct db *index, const char *begun,
    char text[static ALTERNATIVES_SIZE], int64_t *count)
{
	const size_t length = strlen(begun);
	char below[BEGUN_MAX + 1];
	struct query query;

	memcpy(below, begun, length + 1);
	below[length - 1]++;	/* a letter or digit */
	text[0] = '\0';
	*count = 0;
	query_begin(&query, index, STMT_SEARCH_WORDS_BEGUN);
	query_text(&query, begun);
	query_text(&query, below);
	query_int(&query, ALTERNATIVES_MAX + 1);
	while (query_next(&query)) {
		const char *word = row_text_borrow(&query);

		++*count;
		if (word != NULL && !alternatives_add(text, word))
			*count = ALTERNATIVES_MAX + 1;
	}
	return query_end(&query);
}

/*
 * Is there surely a word in the phrases of text?  FTS5 leaves out a phrase
 * without one, but not what is all of a side of AND.
 */
static bool
match_has_word(const char *text)
{
	bool is_quoted = false;

	for (; *text != '\0'; text++) {
		if (*text == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && ((*text >= 'a' && *text <= 'z') ||
		    (*text >= 'A' && *text <= 'Z') ||
		    (*text >= '0' && *text <= '9')))
			return true;
	}
	return false;
}

/* match->made is the caller's to free. */
static enum err
match_make(struct db *index, const struct item_filter *filter,
    struct match *match)
{
	char text[ALTERNATIVES_SIZE];
	int64_t count = 0;
	enum err e;

	match->words = filter->words;
	match->alternatives = 1;
	if (filter->begun == NULL || strlen(filter->begun) <= INDEXED_LENGTH ||
	    strlen(filter->begun) > BEGUN_MAX ||
	    (filter->others[0] != '\0' && !match_has_word(filter->others)))
		return ERR_OK;
	e = alternatives_find(index, filter->begun, text, &count);
	if (e || count == 0 || count > ALTERNATIVES_MAX)
		return e;
	if (asprintf(&match->made, "(%s)%s%s", text,
	    filter->others[0] == '\0' ? "" : " AND ", filter->others) < 0) {
		match->made = NULL;
		return ERR_NO_MEMORY;
	}
	match->words = match->made;
	match->alternatives = count;
	return ERR_OK;
}

/* --- pages ---------------------------------------------------------------- */

/* ?1 to ?9 of the statements. */
static void
query_search(struct query *query, const struct item_filter *filter,
    const char *words, size_t limit)
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
	query_text(query, words);
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
	struct match match = { .words = filter->words };
	struct query query;
	bool is_more = false;
	enum err e = ERR_OK;

	out->count = 0;
	out->last = (struct item_place){ 0 };
	if (filter->order == DB_BY_RELEVANCE)
		e = match_make(index, filter, &match);
	if (e)
		return e;
	query_begin(&query, index, filter->words == NULL ?
	    STMT_SEARCH_POPULAR : (enum statement)(STMT_SEARCH_LIST +
	    (unsigned)filter->order));
	query_search(&query, filter, match.words, filter->limit + 1);
	if (filter->order == DB_BY_RELEVANCE) {
		query_int(&query, filter->after.key);
		query_int(&query, match.alternatives);
	}
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
	e = query_end(&query);
	free(match.made);
	return e;
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
	query_search(&query, filter, filter->words, SEARCH_COUNTED_MAX);
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
