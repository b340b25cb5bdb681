/* Search and browse, page by page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commerced/db/search.h"
#include "commerced/shop/catalogue.h"
#include "commerced/shop/cursor.h"
#include "commerced/shop/internal.h"
#include "commerced/shop/item.h"

enum err
item_sort_parse(const char *text, enum item_sort *sort)
{
	static const char *const texts[ITEM_SORT__COUNT] = {
		[ITEM_SORT_NEWEST] = "newest", [ITEM_SORT_TITLE] = "title",
		[ITEM_SORT_CREATOR] = "creator", [ITEM_SORT_PRICE] = "price",
		[ITEM_SORT_RELEVANCE] = "relevance",
		[ITEM_SORT_POPULARITY] = "popularity"
	};

	for (int i = 0; i < ITEM_SORT__COUNT; i++) {
		if (strcmp(text, texts[i]) == 0) {
			*sort = (enum item_sort)i;
			return ERR_OK;
		}
	}
	return ERR_OUT_OF_RANGE;
}

/* Drafts have no publication: the shop's people list by making. */
static enum db_order
item_order(const struct item_query *query)
{
	switch (query->sort) {
	case ITEM_SORT_NEWEST:
		return query->any_state ? DB_BY_MAKING : DB_BY_PUBLICATION;
	case ITEM_SORT_TITLE:
		return DB_BY_TITLE;
	case ITEM_SORT_CREATOR:
		return DB_BY_CREATOR;
	case ITEM_SORT_PRICE:
		return DB_BY_PRICE;
	case ITEM_SORT_POPULARITY:
		return DB_BY_POPULARITY;
	case ITEM_SORT_RELEVANCE:
	case ITEM_SORT__COUNT:
		break;
	}
	return DB_BY_RELEVANCE;
}

/* How many bytes of what parts words stand at text; 0: none. */
static size_t
blank_length(const char *text)
{
	if (*text == ' ' || (*text >= '\t' && *text <= '\r'))
		return 1;
	return strncmp(text, SEARCH_KIND_MARK, strlen(SEARCH_KIND_MARK)) == 0 ?
	    strlen(SEARCH_KIND_MARK) : 0;
}

/* One in quotes, in which nothing but a quote is syntax.  The end of out. */
static char *
match_phrase(char *out, const char *text, size_t length)
{
	*out++ = '"';
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"')
			*out++ = '"';
		*out++ = text[i];
	}
	*out++ = '"';
	*out = '\0';
	return out;
}

/* The length of the next word, at which *text is then; 0: there is none. */
static size_t
word_next(const char **text)
{
	size_t length = 0;

	while (blank_length(*text) > 0)
		*text += blank_length(*text);
	while ((*text)[length] != '\0' && blank_length(*text + length) == 0)
		length++;
	return length;
}

/* Words are twice as long at worst, and each has quotes and a blank. */
#define MATCH_SIZE (ITEM_QUERY_MAX * 4 + ITEM_CREATOR_MAX * 2 + \
    ITEM_GENRE_MAX * 2 + 128)
#define BEGUN_SIZE 64

/* What filter->words, ->begun and ->others are. */
struct match_text {
	char words[MATCH_SIZE];
	char begun[BEGUN_SIZE];
};

/* As the index has it, when that is plain. */
static const char *
match_begun(char begun[static BEGUN_SIZE], const char *word, size_t length)
{
	if (length >= BEGUN_SIZE)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		if (word[i] >= 'A' && word[i] <= 'Z')
			begun[i] = (char)(word[i] - 'A' + 'a');
		else if ((word[i] >= 'a' && word[i] <= 'z') ||
		    (word[i] >= '0' && word[i] <= '9'))
			begun[i] = word[i];
		else
			return NULL;
	}
	begun[length] = '\0';
	return begun;
}

/*
 * The words of q as phrases: the last, as a prefix, comes first.  The end of
 * out; NULL when there is no word.
 */
static char *
match_words(struct match_text *match, const char *q,
    struct item_filter *filter)
{
	const char *last = NULL, *at = q;
	char *out = match->words;
	size_t length, last_length = 0;

	while ((length = word_next(&at)) > 0) {
		last = at;
		last_length = length;
		at += length;
	}
	if (last == NULL)
		return NULL;
	filter->begun = match_begun(match->begun, last, last_length);
	out = match_phrase(out, last, last_length);
	out = stpcpy(out, " *");
	filter->others = out;
	at = q;
	while ((length = word_next(&at)) > 0 && at != last) {
		*out++ = ' ';
		out = match_phrase(out, at, length);
		at += length;
	}
	return out;
}

/*
 * A full-text query for what the filter finds with the words of q: filters are
 * words too, so that the index need not go through what they leave out.
 * Without a word in q the filter stays as it is.
 */
static void
item_match(const struct item_query *query, struct match_text *match,
    struct item_filter *filter)
{
	char *out = query->q == NULL ? NULL :
	    match_words(match, query->q, filter);

	if (out == NULL)
		return;
	filter->words = match->words;
	if (query->creator != NULL) {
		out = stpcpy(out, " creator : ");
		out = match_phrase(out, query->creator,
		    strlen(query->creator));
	}
	if (query->genre != NULL) {
		out = stpcpy(out, " genre : ");
		out = match_phrase(out, query->genre, strlen(query->genre));
	}
	if (query->has_kind)
		(void)snprintf(out, MATCH_SIZE - (size_t)(out - match->words),
		    " kind : \"" SEARCH_KIND_MARK "%c\"",
		    'a' + (int)query->kind);
}

/* The place that a cursor names. */
static enum err
item_place_decode(const char *text, enum db_order order,
    struct cursor *cursor, struct item_place *place)
{
	enum err e;

	e = cursor_decode(text, CURSOR_ITEMS + (unsigned)order, cursor);
	if (e)
		return e;
	place->key = cursor->numbers[0];
	place->number = cursor->numbers[1];
	memcpy(&place->score, &cursor->numbers[2], sizeof(place->score));
	if (order == DB_BY_TITLE || order == DB_BY_CREATOR)
		place->text = cursor->text;
	return ERR_OK;
}

static enum err
item_place_encode(const struct item_place *place, enum db_order order,
    char **out)
{
	struct cursor cursor = { .kind = CURSOR_ITEMS + (unsigned)order,
	    .numbers = { place->key, place->number } };

	memcpy(&cursor.numbers[2], &place->score, sizeof(place->score));
	if (place->text != NULL)
		(void)stpncpy(cursor.text, place->text, CURSOR_TEXT_MAX);
	return cursor_encode(&cursor, out);
}

/* Items that the index found, but those that the books say are not there. */
static enum err
item_list_fill(struct db *db, const struct item_filter *filter,
    const struct search_page *page, struct item_list *out)
{
	size_t kept = 0;
	enum err e;

	out->items = calloc(page->count + 1, sizeof(out->items[0]));
	if (out->items == NULL)
		return ERR_NO_MEMORY;
	out->count = page->count;
	for (size_t i = 0; i < out->count; i++)
		out->items[i].number = page->items[i];
	e = db_items_listed(db, filter,
	    &(struct item_span){ out->items, out->count });
	for (size_t i = 0; !e && i < out->count; i++)
		if (out->items[i].title != NULL)
			out->items[kept++] = out->items[i];
	if (!e)
		out->count = kept;
	return e;
}

/* From the index.  A page is shorter than asked for when it is behind. */
static enum err
item_list_search(struct shop *shop, struct db *db,
    const struct item_filter *filter, struct item_list *out)
{
	struct search_page page;
	struct db *index;
	enum err e;

	e = searcher_borrow(shop, &index);
	if (e)
		return e;
	e = db_search_list(index, filter, &page);
	searcher_return(shop, index, e);
	if (e)
		return e == ERR_DB || e == ERR_IO ? ERR_BUSY : e;
	e = item_list_fill(db, filter, &page, out);
	return e || page.last.number == 0 ? e :
	    item_place_encode(&page.last, filter->order, &out->next);
}

static enum err
item_list_books(struct db *db, const struct item_filter *filter,
    struct item_list *out)
{
	struct item_place last = { 0 };
	enum err e;

	e = db_item_list(db, filter, out, &last);
	return e || last.number == 0 ? e :
	    item_place_encode(&last, filter->order, &out->next);
}

/* A creator's few need no index. */
static bool
item_filter_is_search(const struct item_filter *filter)
{
	return filter->words != NULL || (filter->creator == NULL &&
	    filter->order == DB_BY_POPULARITY);
}

static enum err
item_list_read(struct shop *shop, const struct item_filter *filter,
    struct item_list *out)
{
	const enum db_files which = filter->any_state ? DB_FILES_NEWEST :
	    DB_FILES_FOR_SALE;
	struct db *db;
	enum err e;

	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = item_filter_is_search(filter) ?
	    item_list_search(shop, db, filter, out) :
	    item_list_books(db, filter, out);
	if (!e)
		e = items_parts_get(db, which,
		    &(struct item_span){ out->items, out->count });
	reader_return(shop, db);
	return e;
}

bool
item_query_is_slow(const struct item_query *query)
{
	/* What is sorted, and what may have to be looked for among all. */
	if (query->q != NULL)
		return query->sort != ITEM_SORT_RELEVANCE;
	if (query->creator != NULL)
		return query->genre != NULL || query->has_kind ||
		    query->sort != ITEM_SORT_NEWEST;
	return (query->genre != NULL || query->has_kind) &&
	    (query->sort != ITEM_SORT_NEWEST ||
	    (query->genre != NULL && query->has_kind));
}

enum err
item_list(struct shop *shop, const struct item_query *query,
    struct item_list *out)
{
	struct item_filter filter = { .creator = query->creator,
	    .genre = query->genre, .has_kind = query->has_kind,
	    .kind = query->kind, .any_state = query->any_state,
	    .order = item_order(query), .limit = query->limit };
	char today[DATE_SIZE];
	struct match_text match;
	struct cursor cursor;
	enum err e = ERR_OK;

	item_list_clear(out);
	if (query->limit < 1 || query->limit > ITEM_LIMIT_MAX ||
	    (query->q != NULL && strlen(query->q) > ITEM_QUERY_MAX))
		return ERR_OUT_OF_RANGE;
	item_match(query, &match, &filter);
	if (filter.order == DB_BY_RELEVANCE && filter.words == NULL)
		return query->q == NULL ? ERR_OUT_OF_RANGE : ERR_OK;
	shop_date(today, shop_now_ms(shop));
	filter.today = today;
	filter.after = db_item_first_place(filter.order);
	if (query->cursor != NULL)
		e = item_place_decode(query->cursor, filter.order, &cursor,
		    &filter.after);
	if (!e)
		e = item_list_read(shop, &filter, out);
	if (e)
		item_list_clear(out);
	return e;
}

enum err
facets_get(struct shop *shop, const struct item_query *query,
    struct facets *out)
{
	struct item_filter filter = { .creator = query->creator,
	    .genre = query->genre, .has_kind = query->has_kind,
	    .kind = query->kind, .order = DB_BY_PUBLICATION,
	    .limit = query->limit };
	char today[DATE_SIZE];
	struct match_text match;
	struct db *index;
	enum err e;

	facets_clear(out);
	if (query->limit < 1 || query->limit > ITEM_LIMIT_MAX ||
	    (query->q != NULL && strlen(query->q) > ITEM_QUERY_MAX))
		return ERR_OUT_OF_RANGE;
	item_match(query, &match, &filter);
	shop_date(today, shop_now_ms(shop));
	filter.today = today;
	e = searcher_borrow(shop, &index);
	if (e)
		return e;
	e = db_search_facets(index, &filter, out);
	searcher_return(shop, index, e);
	if (e)
		facets_clear(out);
	return e == ERR_DB || e == ERR_IO ? ERR_BUSY : e;
}
