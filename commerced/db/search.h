/* The search index: a database of its own, derived from the books, made anew
 * when it is lost.  An entry stands at a place, its row in item_search; places
 * grow from the most sold item to the least sold, so that the first found are
 * the most popular.
 *
 * Every function: the errors of db.h; ERR_DB and ERR_IO of an index mean that
 * it is damaged.
 */
#ifndef COMMERCED_DB_SEARCH_H
#define COMMERCED_DB_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commerced/db/items.h"

#define SEARCH_ERA_BYTES 16
#define SEARCH_PAGE_MAX 101
#define SEARCH_TEXT_MAX 500
/* A character that no text has words of: see search_match_words(). */
#define SEARCH_KIND_MARK "\xee\x80\x80"

/* What the index is of. */
struct search_state {
	uint8_t era[SEARCH_ERA_BYTES];	/* as in the books: see db_era_get() */
	uint8_t next_era[SEARCH_ERA_BYTES];	/* about to be the books' */
	int64_t change;			/* item.change up to which it is */
	char day[DATE_SIZE];		/* on which entries were for sale */
};

/* --- the books' side ------------------------------------------------------ */

/*
 * The era is another one at each start, so that books brought back from a
 * backup are told from those the index is of; *found is false before the
 * first.
 */
enum err db_era_get(struct db *db, uint8_t era[static SEARCH_ERA_BYTES],
    bool *found);
enum err db_era_set(struct db *db,
    const uint8_t era[static SEARCH_ERA_BYTES]);

/* The last change of an item; 0: none. */
enum err db_change_last(struct db *db, int64_t *change);

/* The last purchase's number; 0: none. */
enum err db_purchase_last(struct db *db, int64_t *purchase);

/* An item of the books, and how often it was sold. */
struct item_sold {
	int64_t item;
	int64_t sold;
};
/* Up to count of those with greater numbers, in their order. */
enum err db_sold_list(struct db *db, int64_t after, struct item_sold *out,
    size_t *count);

/* Without files.  ERR_NOT_FOUND. */
enum err db_item_get_number(struct db *db, int64_t number, struct item *out);

/*
 * The next item that changed after *change, which becomes its change.
 * ERR_NOT_FOUND: no more.
 */
enum err db_item_get_changed(struct db *db, int64_t *change,
    struct item *out);

/* --- making and keeping an index ------------------------------------------ */

/* The tables of an empty one, inside a transaction. */
enum err db_search_create(struct db *index);

/* One more entry behind all others.  today: what is for sale then. */
enum err db_search_append(struct db *index, const struct item *item,
    int64_t sold, const char *today);

/* All are there: what is made of them together, and fewer, larger pieces. */
enum err db_search_finish(struct db *index,
    const struct search_state *state);

/* ERR_DB when it is of another release. */
enum err db_search_state_get(struct db *index, struct search_state *out);
enum err db_search_state_set(struct db *index,
    const struct search_state *state);

/*
 * An entry as its item is now, new or changed.  *is_crowded is set, and else
 * left alone, when it could not stay near its place.
 */
enum err db_search_put(struct db *index, const struct item *item,
    const char *today, bool *is_crowded);

/* Entries whose day of release has come. */
enum err db_search_release(struct db *index, const char *today);

/* ERR_DB: its tables are damaged, as far as that shows.  Reads all of it. */
enum err db_search_check(struct db *index);

/* --- asking --------------------------------------------------------------- */

struct search_page {
	int64_t items[SEARCH_PAGE_MAX];	/* numbers */
	size_t count;
	struct item_place last;	/* of the last, where more follow; else its
				 * number is 0 */
	char text[SEARCH_TEXT_MAX + 1];	/* last's */
};

/*
 * Up to filter->limit items as the index knows them.  filter->words is a
 * full-text query; NULL only by popularity.
 */
enum err db_search_list(struct db *index, const struct item_filter *filter,
    struct search_page *out);

/*
 * What is for sale, counted by facet: all of it without words; with words at
 * most the first SEARCH_COUNTED_MAX that match.
 */
#define SEARCH_COUNTED_MAX 10000
enum err db_search_facets(struct db *index, const struct item_filter *filter,
    struct facets *out);

#endif
