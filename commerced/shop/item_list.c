/* Search and browse, page by page. */
#include <stdlib.h>
#include <string.h>

#include "commerced/db/items.h"
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

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/*
 * Words as a full-text query: each in quotes, so that nothing of it is
 * syntax; the last as a prefix.  out has room for every byte to become two
 * and to stand alone.  false when there is no word.
 */
static bool
item_match_words(const char *q, char *out)
{
	bool in_word = false, any = false;

	for (; *q != '\0'; q++) {
		if (is_blank(*q)) {
			if (in_word)
				*out++ = '"';
			in_word = false;
			continue;
		}
		if (!in_word) {
			if (any)
				*out++ = ' ';
			*out++ = '"';
		}
		if (*q == '"')
			*out++ = '"';
		*out++ = *q;
		in_word = any = true;
	}
	if (in_word)
		*out++ = '"';
	if (any)
		*out++ = '*';
	*out = '\0';
	return any;
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

static enum err
item_list_read(struct db *db, const struct item_filter *filter,
    struct item_list *out)
{
	const enum db_files which = filter->any_state ? DB_FILES_NEWEST :
	    DB_FILES_FOR_SALE;
	struct item_place last = { 0 };
	enum err e;

	e = db_item_list(db, filter, out, &last);
	for (size_t i = 0; !e && i < out->count; i++)
		e = item_parts_get(db, which, &out->items[i]);
	if (!e && last.number != 0)
		e = item_place_encode(&last, filter->order, &out->next);
	return e;
}

enum err
item_list(struct shop *shop, const struct item_query *query,
    struct item_list *out)
{
	struct item_filter filter = { .creator = query->creator,
	    .genre = query->genre, .has_kind = query->has_kind,
	    .kind = query->kind, .any_state = query->any_state,
	    .order = item_order(query), .limit = query->limit };
	char words[ITEM_QUERY_MAX * 3 + 3], today[DATE_SIZE];
	struct cursor cursor;
	struct db *db;
	enum err e = ERR_OK;

	item_list_clear(out);
	if (query->limit < 1 || query->limit > ITEM_LIMIT_MAX ||
	    (query->q != NULL && strlen(query->q) > ITEM_QUERY_MAX))
		return ERR_OUT_OF_RANGE;
	if (query->q != NULL && item_match_words(query->q, words))
		filter.words = words;
	if (filter.order == DB_BY_RELEVANCE && filter.words == NULL)
		return query->q == NULL ? ERR_OUT_OF_RANGE : ERR_OK;
	shop_date(today, shop_now_ms(shop));
	filter.today = today;
	filter.after = db_item_first_place(filter.order);
	if (query->cursor != NULL)
		e = item_place_decode(query->cursor, filter.order, &cursor,
		    &filter.after);
	if (!e)
		e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = item_list_read(db, &filter, out);
	reader_return(shop, db);
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
	char words[ITEM_QUERY_MAX * 3 + 3], today[DATE_SIZE];
	struct db *db;
	enum err e;

	facets_clear(out);
	if (query->limit < 1 || query->limit > ITEM_LIMIT_MAX ||
	    (query->q != NULL && strlen(query->q) > ITEM_QUERY_MAX))
		return ERR_OUT_OF_RANGE;
	if (query->q != NULL && item_match_words(query->q, words))
		filter.words = words;
	shop_date(today, shop_now_ms(shop));
	filter.today = today;
	e = reader_borrow(shop, &db);
	if (e)
		return e;
	e = db_facets_get(db, &filter, out);
	reader_return(shop, db);
	if (e)
		facets_clear(out);
	return e;
}
